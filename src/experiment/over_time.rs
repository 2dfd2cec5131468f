//! Availability over a long time in which outages are rare, by conditioning on them: ordinary times
//! and each outage are simulated by themselves, and weighted by how much of the time they are.
//!
//! A renewal-reward argument (S. M. Ross, "Introduction to Probability Models", chapter 7): where an
//! outage with all its aftermath comes once in a time on average, requests answered in the long run
//! are those of ordinary times and, for each outage, those in its window divided by that time. A
//! simulation of the whole would spend nearly all of its time on what is known already. The same is
//! done for each replication, and the interval is that over the replications.

use super::summary::{CONFIDENCE, Known, told};
use super::trial::Trial;
use super::values::independent;
use crate::outcome::{OverTime, Unit};
use crate::stats::Estimate;
use crate::units::HOURS_PER_MONTH;

/// How the figures and their intervals are got, as it is told.
const METHOD: &str = "conditioned on outages: ordinary times, and each outage weighted by how often it comes; Student's t over \
                      replications, each of which gives one value of the whole";

const MONTH_S: f64 = HOURS_PER_MONTH * 3600.0;

/// What a design does over a long time, if its experiment says how often something fails.
pub fn over_time(own: &[&Known]) -> Option<OverTime> {
    let ordinary: Vec<&Known> = own.iter().filter(|it| it.point.fault.is_none()).copied().collect();
    let outages: Vec<Outage> = own.iter().filter_map(|it| Outage::of(it)).collect();
    let trials = own.iter().map(|it| it.conducted.trials.len()).min()?;
    if outages.is_empty() || ordinary.is_empty() {
        return None;
    }
    let all: Option<Vec<LongRun>> =
        (0..trials).map(|replication| long_run(&ordinary, &outages, replication)).collect();
    let all = all?;
    let estimate = |of: fn(&LongRun) -> f64, unit| {
        let values = independent(&ordinary[0].conducted.trials, all.iter().map(of).collect());
        Estimate::from_replications(&values, CONFIDENCE).map(|it| told(&it, Some(unit)))
    };
    let outages_per_month: f64 = outages.iter().map(|it| MONTH_S / it.once_in_s).sum();
    Some(OverTime {
        availability: estimate(|it| it.availability, Unit::Ratio)?,
        downtime_per_month: estimate(|it| it.downtime_per_month_s, Unit::Seconds)?,
        outages_per_month,
        month_without: libm::exp(-outages_per_month),
        method: METHOD.to_owned(),
    })
}

/// A point at which something fails that is known to do so every so often.
struct Outage<'k> {
    known: &'k Known<'k>,
    once_in_s: f64,
}

impl<'k> Outage<'k> {
    fn of(known: &'k Known<'k>) -> Option<Outage<'k>> {
        let once_in = known.point.fault.as_ref()?.once_in?;
        Some(Outage { known, once_in_s: once_in.as_secs() })
    }
}

/// What one replication says.
struct LongRun {
    availability: f64,
    downtime_per_month_s: f64,
}

/// What became of requests in a window.
#[derive(Clone, Copy, Default)]
struct Fate {
    length_s: f64,
    requests: f64,
    answered: f64,
    down_s: f64,
}

impl Fate {
    /// What piled up and is not decided when an outage's window ends was not answered.
    fn of(trial: &Trial) -> Fate {
        let mut fate = Fate::default();
        let (mut born, mut failed) = (0.0, 0.0);
        for slice in &trial.slices {
            fate.length_s += slice.length_s;
            fate.answered += slice.answered;
            failed += slice.failed;
            born += slice.born;
            if 2.0 * slice.answered < slice.born {
                fate.down_s += slice.length_s;
            }
        }
        fate.requests = f64::max(born, fate.answered + failed);
        fate
    }

    /// The same where everything is decided sooner or later.
    fn of_ordinary(trial: &Trial) -> Fate {
        let failed: f64 = trial.slices.iter().map(|it| it.failed).sum();
        let fate = Fate::of(trial);
        Fate { requests: fate.answered + failed, ..fate }
    }

    fn add(self, more: Fate, weight: f64) -> Fate {
        Fate {
            length_s: self.length_s + weight * more.length_s,
            requests: self.requests + weight * more.requests,
            answered: self.answered + weight * more.answered,
            down_s: self.down_s + weight * more.down_s,
        }
    }
}

fn long_run(ordinary: &[&Known], outages: &[Outage], replication: usize) -> Option<LongRun> {
    let usual = ordinary.iter().map(|it| Fate::of_ordinary(&it.conducted.trials[replication]));
    let usual = usual.fold(Fate::default(), |sum, it| sum.add(it, 1.0));
    // All outages of one second, on average.
    let outages = outages.iter().fold(Fate::default(), |sum, it| {
        sum.add(Fate::of(&it.known.conducted.trials[replication]), 1.0 / it.once_in_s)
    });
    let ordinary_share = 1.0 - outages.length_s;
    if ordinary_share <= 0.0 || usual.length_s <= 0.0 {
        return None;
    }
    let all = outages.add(usual, ordinary_share / usual.length_s);
    (all.requests > 0.0).then(|| LongRun {
        availability: all.answered / all.requests,
        downtime_per_month_s: all.down_s * MONTH_S,
    })
}
