//! Trials: one replication of a point, and the figures that it yields.

use super::design::Design;
use super::point::Point;
use crate::ids::{Id, MapIds};
use crate::network::{ClassId, GroupId, LockId, Names, Network, PoolGroupId, UNLIMITED};
use crate::outcome::Unit;
use crate::sim::{Counters, Failure, Measure, Plan, Reason, Slice, Usage, run};
use crate::stats::histogram::Histogram;
use crate::units::{HOURS_PER_MONTH, Span};

/// A figure of one replication; none where it has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub name: String,
    pub unit: Unit,
    pub value: Option<f64>,
    /// What must be in a steady state for it to mean anything.
    pub steady: Option<Steady>,
    /// For a share of requests: how many there were, and what it is where there is no steady state.
    pub share: Option<Share>,
}

/// Whose steady state a figure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steady {
    /// That of one class.
    Class(usize),
    /// That of all.
    System,
}

/// A share of requests that were answered, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub requests: u64,
    /// The share if what piled up inside counts as not answered.
    pub with_piled_up: Option<f64>,
}

/// What one replication yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub figures: Vec<Figure>,
    /// The devices and pools with the shares of them that were busy.
    pub utilizations: Vec<(String, f64)>,
    /// Attempts under way at the end of each slice, by class.
    pub backlog: Vec<Vec<f64>>,
    /// Requests per second that came, by class.
    pub arrivals_per_s: Vec<f64>,
    pub slices: Vec<SliceSeen>,
    pub events: u64,
}

/// What happened in one slice of a window, all classes together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SliceSeen {
    /// When it began and how long it was, in seconds since the window opened.
    pub at_s: f64,
    pub length_s: f64,
    pub born: f64,
    pub answered: f64,
    pub failed: f64,
    pub response_s: f64,
}

/// Runs one replication of a point.
pub fn trial(point: &Point, design: &Design, plan: &Plan) -> Result<Trial, Failure> {
    let slices = (plan.window.nanos() / plan.slice.nanos()) as usize + 2;
    let measure = Measure::new(&point.network, slices);
    let (seen, usage) = run(&point.network, plan, measure)?;
    Ok(Reading { point, design, seen: &seen, usage: &usage, window: plan.window }.trial())
}

/// Everything that figures are read from.
struct Reading<'a> {
    point: &'a Point,
    design: &'a Design,
    seen: &'a Measure,
    usage: &'a Usage,
    window: Span,
}

#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    fn add(&mut self, name: String, unit: Unit, value: impl Into<Option<f64>>) {
        self.0.push(Figure { name, unit, value: value.into(), steady: None, share: None });
    }

    /// A figure that depends on when one stopped looking, if the backlog grows.
    fn add_steady(&mut self, of: Steady, name: String, unit: Unit, value: impl Into<Option<f64>>) {
        self.0.push(Figure { name, unit, value: value.into(), steady: Some(of), share: None });
    }

    /// A share of the requests whose fate was decided in the window.
    fn add_share(&mut self, of: Steady, name: String, decided: &Decided, failed: bool) {
        let turn = |share: f64| if failed { 1.0 - share } else { share };
        let all = decided.answered + decided.failed;
        self.0.push(Figure {
            name,
            unit: Unit::Ratio,
            value: share(decided.answered, all).map(turn),
            steady: Some(of),
            share: Some(Share {
                requests: all,
                with_piled_up: share(decided.answered, all + decided.piled_up()).map(turn),
            }),
        });
    }
}

/// What became of requests in a window.
#[derive(Clone, Copy, Default)]
struct Decided {
    born: u64,
    answered: u64,
    failed: u64,
}

impl Decided {
    /// By how many more requests are inside at the end than were at the start.
    fn piled_up(&self) -> u64 {
        self.born.saturating_sub(self.answered + self.failed)
    }
}

/// Quantiles by the names that they have in metrics.
pub const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

impl Reading<'_> {
    fn network(&self) -> &Network {
        &self.point.network
    }

    fn names(&self) -> &Names {
        &self.point.names
    }

    fn window_s(&self) -> f64 {
        self.window.as_secs()
    }

    fn trial(&self) -> Trial {
        let mut figures = Figures::default();
        for class in self.network().classes.ids() {
            self.class(class, &mut figures);
        }
        let slices = self.slices();
        self.system(&slices, &mut figures);
        let mut utilizations = Vec::new();
        self.pools(&mut figures, &mut utilizations);
        self.rows(&mut figures);
        self.cpus(&mut figures, &mut utilizations);
        let busiest = utilizations.iter().map(|it| it.1).fold(0.0, f64::max);
        figures.add("headroom".to_owned(), Unit::Ratio, 1.0 - busiest);
        let window_s = self.window_s();
        let of_class = |class: ClassId| -> Vec<f64> {
            self.seen.slices.iter().map(|it| f64::from(it.classes[class].backlog)).collect()
        };
        Trial {
            figures: figures.0,
            utilizations,
            backlog: self.network().classes.ids().map(of_class).collect(),
            arrivals_per_s: self.decided().map(|it| it.born as f64 / window_s).collect(),
            slices,
            events: self.usage.events,
        }
    }

    /// What became of the requests of each class.
    fn decided(&self) -> impl Iterator<Item = Decided> + '_ {
        self.seen.classes.as_slice().iter().map(|it| Decided {
            born: it.born,
            answered: it.response.count(),
            failed: it.failed.iter().sum(),
        })
    }

    fn class(&self, class: ClassId, figures: &mut Figures) {
        let seen = &self.seen.classes[class];
        let name = &self.names().classes[class.index()];
        let per_s = |count: u64| count as f64 / self.window_s();
        let failed: u64 = seen.failed.iter().sum();
        let answered = seen.response.count();
        figures.add(format!("{name}.arrivals"), Unit::PerSecond, per_s(seen.born));
        figures.add(format!("{name}.goodput"), Unit::PerSecond, per_s(answered));
        figures.add(format!("{name}.failed"), Unit::PerSecond, per_s(failed));
        for (reason, count) in Reason::NAMES.iter().zip(seen.failed) {
            figures.add(format!("{name}.failed.{reason}"), Unit::PerSecond, per_s(count));
        }
        let decided = Decided { born: seen.born, answered, failed };
        let own = Steady::Class(class.index());
        figures.add_share(own, format!("{name}.failure_ratio"), &decided, true);
        figures.add_share(own, format!("{name}.availability"), &decided, false);
        figures.add(format!("{name}.attempts"), Unit::Count, share(seen.attempts, seen.born));
        figures.add(format!("{name}.downtime"), Unit::Seconds, self.downtime_s(class));
        times(own, &format!("{name}.response"), &seen.response, figures);
    }

    /// The length of all slices in which fewer than half as many requests of a class were answered
    /// as were born.
    fn downtime_s(&self, class: ClassId) -> f64 {
        let (mut down_s, mut from) = (0.0, self.seen.opened);
        let (mut answered, mut born) = (0, 0);
        for slice in &self.seen.slices {
            let now = &slice.classes[class];
            if 2 * (now.answered - answered) < now.born - born {
                down_s += (slice.at - from).as_secs();
            }
            (from, answered, born) = (slice.at, now.answered, now.born);
        }
        down_s
    }

    fn system(&self, slices: &[SliceSeen], figures: &mut Figures) {
        let all = self.decided().fold(Decided::default(), |sum, it| Decided {
            born: sum.born + it.born,
            answered: sum.answered + it.answered,
            failed: sum.failed + it.failed,
        });
        figures.add_share(Steady::System, "availability".to_owned(), &all, false);
        let down = slices.iter().filter(|it| 2.0 * it.answered < it.born).map(|it| it.length_s);
        figures.add("downtime".to_owned(), Unit::Seconds, down.sum::<f64>());
        if let Some(failing) = &self.point.fault {
            let recovery = recovery_s(slices, failing.at.as_secs(), failing.duration.as_secs());
            figures.add("recovery".to_owned(), Unit::Seconds, recovery);
        }
        self.money(figures);
    }

    fn money(&self, figures: &mut Figures) {
        let groups = self.network().groups.as_slice();
        let hosts = |it: &crate::network::Group| it.hosts.end.index() - it.hosts.start.index();
        let per_hour: f64 = groups.iter().map(|it| hosts(it) as f64 * it.price_per_hour).sum();
        if per_hour > 0.0 {
            figures.add("cost.hour".to_owned(), Unit::MoneyPerHour, per_hour);
            figures.add("cost.month".to_owned(), Unit::MoneyPerMonth, per_hour * HOURS_PER_MONTH);
        }
        let Some(business) = &self.design.model.file.business else { return };
        let failed =
            |class: usize| -> u64 { self.seen.classes.as_slice()[class].failed.iter().sum() };
        if let Some(revenue) = &business.revenue
            && let Some(class) = self.names().classes.iter().position(|it| *it == revenue.per)
        {
            let lost = failed(class) as f64 * revenue.amount;
            figures.add("revenue.lost".to_owned(), Unit::Money, lost);
        }
        if let (Some(churn), Some(users)) = (&business.churn, self.point.users) {
            let failures: u64 = (0..self.names().classes.len()).map(failed).sum();
            let days = self.window_s() / 86_400.0;
            let most = users * churn.cap_per_day * days.max(1.0);
            let lost = (failures as f64 * churn.per_failed_request).min(most);
            figures.add("users.lost".to_owned(), Unit::Users, lost);
        }
    }

    /// Lines, holders and waits of workers, named pools and disks.
    fn pools(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (i, name) in self.names().pool_groups.iter().enumerate() {
            let group = PoolGroupId::new(i);
            let (mut busy, mut line, mut places, mut fullest) = (0u128, 0u128, 0u64, 0.0);
            let mean = |area: u128| area as f64 / self.window.nanos() as f64;
            for pool in self.network().pools.ids() {
                let spec = &self.network().pools[pool];
                if spec.group == group {
                    busy += self.usage.pools[pool].busy;
                    line += self.usage.pools[pool].line;
                    let full = mean(self.usage.pools[pool].busy) / f64::from(spec.size);
                    fullest = f64::max(fullest, full);
                    places = match spec.size {
                        UNLIMITED => u64::MAX,
                        size => places.saturating_add(u64::from(size)),
                    };
                }
            }
            figures.add_steady(Steady::System, format!("{name}.line"), Unit::Count, mean(line));
            figures.add(format!("{name}.busy"), Unit::Count, mean(busy));
            if places < u64::MAX {
                let utilization = mean(busy) / places as f64;
                figures.add(format!("{name}.utilization"), Unit::Ratio, utilization);
                utilizations.push((name.clone(), fullest));
            }
            times(Steady::System, &format!("{name}.waiting"), &self.seen.waits[group], figures);
        }
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            let instances = self.network().services[service].instances.clone().map_ids().count();
            figures.add(format!("{name}.instances"), Unit::Count, instances as f64);
        }
    }

    fn rows(&self, figures: &mut Figures) {
        for (i, name) in self.names().locks.iter().enumerate() {
            let lock = LockId::new(i);
            let line = self.usage.rows[lock] as f64 / self.window.nanos() as f64;
            figures.add_steady(Steady::System, format!("{name}.line"), Unit::Count, line);
            let waits = &self.seen.row_waits[lock];
            times(Steady::System, &format!("{name}.waiting"), waits, figures);
        }
    }

    fn cpus(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (i, name) in self.names().groups.iter().enumerate() {
            let hosts = self.network().groups[GroupId::new(i)].hosts.clone();
            let (mut used_ns, mut cores, mut busiest) = (0.0, 0.0, 0.0);
            for host in hosts.map_ids() {
                let own = f64::from(self.network().hosts[host].cores);
                used_ns += self.usage.cpus[host];
                cores += own;
                busiest = f64::max(busiest, self.usage.cpus[host] / own);
            }
            let utilization = used_ns / (cores * self.window.nanos() as f64);
            let name = format!("{name}.cpu");
            figures.add(format!("{name}.utilization"), Unit::Ratio, utilization);
            utilizations.push((name, busiest / self.window.nanos() as f64));
        }
        self.limits(figures, utilizations);
    }

    /// How much of their CPU limits containers use.
    fn limits(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            let instances = self.network().services[service].instances.clone();
            let limit = self.network().instances[instances.start].cpu_limit;
            if limit.is_infinite() {
                continue;
            }
            let of = |id| self.usage.instances[id] / (limit * self.window.nanos() as f64);
            let shares: Vec<f64> = instances.map_ids().map(of).collect();
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            figures.add(format!("{name}.cpu.utilization"), Unit::Ratio, mean);
            let busiest = shares.iter().copied().fold(0.0, f64::max);
            utilizations.push((format!("{name}.cpu"), busiest));
        }
    }

    fn slices(&self) -> Vec<SliceSeen> {
        let mut before = Counters::default();
        let mut from = self.seen.opened;
        let per_slice = self.seen.slices.iter().map(|slice| {
            let now = all_classes(slice);
            let seen = SliceSeen {
                at_s: (from - self.seen.opened).as_secs(),
                length_s: (slice.at - from).as_secs(),
                born: (now.born - before.born) as f64,
                answered: (now.answered - before.answered) as f64,
                failed: (now.failed - before.failed) as f64,
                response_s: (now.response_ns - before.response_ns) as f64 / 1e9,
            };
            (before, from) = (now, slice.at);
            seen
        });
        per_slice.collect()
    }
}

fn all_classes(slice: &Slice) -> Counters {
    slice.classes.as_slice().iter().fold(Counters::default(), |sum, it| Counters {
        born: sum.born + it.born,
        answered: sum.answered + it.answered,
        failed: sum.failed + it.failed,
        response_ns: sum.response_ns + it.response_ns,
        backlog: sum.backlog + it.backlog,
    })
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Mean, quantiles and maximum; a quantile only where at least one value lies beyond it.
fn times(of: Steady, name: &str, seen: &Histogram, figures: &mut Figures) {
    let count = seen.count();
    let mean = seen.mean().map(|ns| ns / 1e9);
    figures.add_steady(of, format!("{name}.mean"), Unit::Seconds, mean);
    for (suffix, q) in QUANTILES {
        let enough = count as f64 * (1.0 - q) >= 1.0;
        let value = seen.quantile(q).filter(|_| enough).map(|ns| ns / 1e9);
        figures.add_steady(of, format!("{name}.{suffix}"), Unit::Seconds, value);
    }
    let max = seen.max().map(|ns| ns as f64 / 1e9);
    figures.add_steady(of, format!("{name}.max"), Unit::Seconds, max);
}

/// From the end of the fault until the first slice after which as large a share is answered as
/// before it, less one twentieth; nothing if that does not happen in the window, nor if fewer than
/// half were answered before it: then there is nothing to come back to.
fn recovery_s(slices: &[SliceSeen], at_s: f64, for_s: f64) -> Option<f64> {
    let answered = |slices: &mut dyn Iterator<Item = &SliceSeen>| {
        let (good, all) = slices.fold((0.0, 0.0), |(good, all), it| {
            (good + it.answered, all + it.answered + it.failed)
        });
        (all > 0.0).then(|| good / all)
    };
    let before = answered(&mut slices.iter().filter(|it| it.at_s + it.length_s <= at_s))?;
    if before < 0.5 {
        return None;
    }
    let end_s = at_s + for_s;
    let after: Vec<&SliceSeen> = slices.iter().filter(|it| it.at_s >= end_s).collect();
    let bad = |it: &&SliceSeen| {
        answered(&mut std::iter::once(*it)).is_none_or(|share| share < before - 0.05)
    };
    match after.iter().rposition(bad) {
        None => Some(0.0),
        Some(last) => after.get(last + 1).map(|it| it.at_s - end_s),
    }
}
