//! How many instances one metric asks for.

use super::Hpa;
use crate::parts::scaling::metric::{Instance, Metric, Reading, State, thousandths};
use crate::units::{Span, Time};

/// What a metric should be on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Percent of what instances request of a CPU.
    Utilization { percent: u32 },
    /// Of a CPU, in thousandths of a core.
    Cores { thousandths: u64 },
    /// Of anything else.
    Average { thousandths: u64 },
}

impl Metric {
    /// What it is compared with.
    pub fn target(self) -> Target {
        match self {
            Metric::Cpu(percent) => Target::Utilization { percent },
            Metric::Cores(target) => Target::Cores { thousandths: thousandths(target) },
            Metric::Outstanding(target) | Metric::Line(target) => {
                Target::Average { thousandths: thousandths(target) }
            }
        }
    }
}

impl Target {
    /// Whether an instance's measurements count only once it has been ready.
    fn is_cpu(self) -> bool {
        !matches!(self, Target::Average { .. })
    }

    /// What an instance shows that is at the target. Of one that was not measured the documentation
    /// supposes that when there would be fewer; the program, of percents, at least a hundred.
    fn met_by(self, instance: &Instance) -> u64 {
        match self {
            Target::Utilization { percent } => instance.request * u64::from(percent) / 100,
            Target::Cores { thousandths } | Target::Average { thousandths } => thousandths,
        }
    }
}

/// All that one metric's proposal depends on.
#[derive(Clone, Copy, Debug)]
pub struct Proposal {
    pub now: Time,
    pub current: u32,
    pub target: Target,
    /// Downwards and upwards.
    pub tolerances: [f64; 2],
    pub initial_readiness_delay: Span,
    pub cpu_initialization_period: Span,
}

/// Instances and what they use together, as whole numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    value: u64,
    request: u64,
    count: u64,
}

impl Sum {
    fn add(&mut self, value: u64, instance: &Instance) {
        self.value += value;
        self.request += instance.request;
        self.count += 1;
    }
}

/// The metric by its target.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    metric: u64,
    target: u64,
}

impl Ratio {
    /// None where there is nothing to divide by.
    fn of(sum: Sum, target: Target) -> Option<Ratio> {
        match target {
            _ if sum.count == 0 => None,
            Target::Utilization { .. } if sum.request == 0 => None,
            Target::Utilization { percent } => {
                let whole = u128::from(sum.value) * 100 / u128::from(sum.request);
                Some(Ratio { metric: whole as u64, target: u64::from(percent) })
            }
            Target::Cores { thousandths } | Target::Average { thousandths } => {
                Some(Ratio { metric: sum.value / sum.count, target: thousandths })
            }
        }
    }

    fn is_above(self) -> bool {
        self.metric > self.target
    }
    fn is_below(self) -> bool {
        self.metric < self.target
    }

    fn is_within(self, [down, up]: [f64; 2]) -> bool {
        let ratio = self.metric as f64 / self.target as f64;
        1.0 - down <= ratio && ratio <= 1.0 + up
    }

    /// So many instances, times the ratio, rounded up.
    fn of_count(self, count: u64) -> u32 {
        let product = u128::from(self.metric) * u128::from(count);
        product.div_ceil(u128::from(self.target)).min(u128::from(u32::MAX)) as u32
    }
}

impl Proposal {
    /// What a metric of a controller proposes now.
    pub fn new(spec: &Hpa, metric: Metric, now: Time, current: u32) -> Proposal {
        Proposal {
            now,
            current,
            target: metric.target(),
            tolerances: spec.tolerances(),
            initial_readiness_delay: spec.initial_readiness_delay,
            cpu_initialization_period: spec.cpu_initialization_period,
        }
    }

    /// How many instances the metric asks for, by what was measured of each; none if it cannot be
    /// told.
    pub fn count(&self, seen: impl Iterator<Item = (Instance, Option<Reading>)>) -> Option<u32> {
        let (mut ready, mut missing, mut unready) =
            (Sum::default(), Sum::default(), Sum::default());
        for (instance, reading) in seen {
            match (instance.state, reading) {
                (State::Leaving, _) => {}
                (State::Pending, _) => unready.add(0, &instance),
                (_, None) => missing.add(self.target.met_by(&instance), &instance),
                (_, Some(reading)) if self.is_unready(&instance, reading) => {
                    unready.add(0, &instance);
                }
                (_, Some(reading)) => ready.add(reading.value, &instance),
            }
        }
        let ratio = Ratio::of(ready, self.target)?;
        let dampens = unready.count > 0 && ratio.is_above();
        if !dampens && missing.count == 0 {
            let unchanged = ratio.is_within(self.tolerances);
            return Some(if unchanged { self.current } else { ratio.of_count(ready.count) });
        }
        let mut all = ready;
        if ratio.is_below() {
            all = all.with(missing);
        } else if ratio.is_above() {
            all = all.with(Sum { value: 0, ..missing });
        }
        if dampens {
            all = all.with(unready);
        }
        let dampened = Ratio::of(all, self.target)?;
        let turns =
            ratio.is_below() && dampened.is_above() || ratio.is_above() && dampened.is_below();
        if turns || dampened.is_within(self.tolerances) {
            return Some(self.current);
        }
        // Where fewer instances are seen than are wanted by now, the count may point the other way.
        let count = dampened.of_count(all.count);
        let contradicts = dampened.is_below() && count > self.current
            || dampened.is_above() && count < self.current;
        Some(if contradicts { self.current } else { count })
    }

    /// Whether an instance's CPU is not to be looked at: it has not been ready yet, or what was
    /// measured goes back to before it was.
    fn is_unready(&self, instance: &Instance, reading: Reading) -> bool {
        let State::Running { ready, since } = instance.state else { return true };
        if !self.target.is_cpu() {
            return false;
        }
        if self.now < instance.started + self.cpu_initialization_period {
            !ready || reading.at < since + reading.over
        } else {
            !ready && since < instance.started + self.initial_readiness_delay
        }
    }
}

impl Sum {
    fn with(self, other: Sum) -> Sum {
        Sum {
            value: self.value + other.value,
            request: self.request + other.request,
            count: self.count + other.count,
        }
    }
}
