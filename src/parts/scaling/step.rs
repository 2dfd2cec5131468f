//! Adds or removes by steps: the further a metric is off, the more.
//!
//! "Step and simple scaling policies for Amazon EC2 Auto Scaling" (user guide), whose steps are told as
//! distances from an alarm's threshold; here they are told as values of the metric. Instances in
//! their warm-up do not count when a step adds to those that there are, and nothing is removed while
//! there are any.

use super::alarms::{self, Alarm, Group};
use super::metric::Measure;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// As many as a policy may have.
const STEPS_MAX: usize = 20;

/// Instances are added and removed by steps.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepScaling {
    /// At least so many instances.
    #[serde(default = "super::one")]
    pub min: u32,
    /// At most so many instances.
    pub max: u32,
    /// What is looked at, on average over instances.
    pub metric: Measure,
    /// What is done at which values.
    pub steps: Vec<Adjustment>,
    /// The time over which the metric is measured, again and again.
    #[serde(default = "super::a_minute")]
    #[schemars(example = "1m")]
    pub period: Span,
    /// After so many periods in a row beyond the nearest step something is done.
    #[serde(default = "super::one")]
    pub datapoints: u32,
    /// So long after it came to run an instance does not count yet.
    #[serde(default = "super::five_minutes")]
    #[schemars(example = "5m")]
    pub warm_up: Span,
}

/// What is done at which values; of several that fit, the one that is furthest off goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// At this value of the metric and above.
    #[serde(default)]
    pub above: Option<f64>,
    /// At this value of the metric and below.
    #[serde(default)]
    pub below: Option<f64>,
    /// So many instances are added.
    #[serde(default)]
    pub add: Option<u32>,
    /// So many percent of those that there are, rounded down, but one at least.
    #[serde(default)]
    pub add_percent: Option<u32>,
    /// So many instances are removed.
    #[serde(default)]
    pub remove: Option<u32>,
    /// So many percent of those that there are, rounded down, but one at least.
    #[serde(default)]
    pub remove_percent: Option<u32>,
}

impl Adjustment {
    fn check(&self, findings: &mut Findings) {
        let Adjustment { above, below, add, add_percent, remove, remove_percent } = *self;
        let (more, less) = ([add, add_percent], [remove, remove_percent]);
        let (adds, removes) = (more.iter().flatten().count(), less.iter().flatten().count());
        let mend = r#"{ "above": 70, "add": 2 } or { "below": 30, "remove": 1 }"#;
        match (above, below, adds, removes) {
            (Some(_), None, 1, 0) | (None, Some(_), 0, 1) => {}
            _ => {
                let rule = "must say above which value how many are added, or below which removed";
                findings.wrong(Code::E010, rule, mend);
            }
        }
        for (key, bound) in [("above", above), ("below", below)] {
            if let Some(bound) = bound.filter(|it| !(0.0..=1e6).contains(it)) {
                let rule = format!("must be from 0 to 1000000, not {bound}");
                findings.wrong_at(key, Code::E007, rule, "");
            }
        }
        let counts = [("add", add), ("remove", remove)].map(|(key, it)| (key, it, super::MAX));
        let most = [("add_percent", add_percent, 10_000), ("remove_percent", remove_percent, 100)];
        for (key, count, most) in counts.into_iter().chain(most) {
            if let Some(count) = count.filter(|it| !(1..=most).contains(it)) {
                let rule = format!("must be from 1 to {most}, not {count}");
                findings.wrong_at(key, Code::E007, rule, "");
            }
        }
    }

    /// By how much so many instances change.
    fn change(&self, count: u32) -> u32 {
        let share = |percent: u32| (u64::from(count) * u64::from(percent) / 100).max(1) as u32;
        let fixed = self.add.or(self.remove);
        let percent = self.add_percent.or(self.remove_percent);
        fixed.or(percent.map(share)).unwrap_or(0)
    }
}

impl StepScaling {
    pub fn check(&self, findings: &mut Findings) {
        super::check_bounds(self.min, self.max, findings);
        findings.inside("steps", |it| {
            if self.steps.is_empty() || self.steps.len() > STEPS_MAX {
                let rule = format!("there must be 1 to {STEPS_MAX}, not {}", self.steps.len());
                it.wrong(Code::E007, rule, "");
            }
            for (i, step) in self.steps.iter().enumerate() {
                it.inside(i, |it| step.check(it));
            }
            let (low, high) = (self.low(), self.high());
            if let (Some(low), Some(high)) = (low, high)
                && low >= high
            {
                let rule = format!("{low} and below removes, {high} and above adds");
                it.wrong(Code::E010, rule, "leave room between them");
            }
            let twice = |of: fn(&Adjustment) -> Option<f64>| {
                let mut all: Vec<f64> = self.steps.iter().filter_map(of).collect();
                all.sort_by(f64::total_cmp);
                all.windows(2).any(|it| it[0] == it[1])
            };
            if twice(|it| it.above) || twice(|it| it.below) {
                it.wrong(Code::E010, "two steps begin at the same value", "");
            }
        });
        super::check_period("period", self.period, findings);
        alarms::check_datapoints("datapoints", self.datapoints, findings);
        alarms::check_warm_up(self.warm_up, findings);
    }

    /// From here on instances are added.
    fn high(&self) -> Option<f64> {
        self.steps.iter().filter_map(|it| it.above).reduce(f64::min)
    }

    /// From here down instances are removed.
    fn low(&self) -> Option<f64> {
        self.steps.iter().filter_map(|it| it.below).reduce(f64::max)
    }

    /// The step upwards that is furthest off and fits.
    fn up(&self, shows: f64) -> Option<&Adjustment> {
        let fits = self.steps.iter().filter_map(|it| Some((it, it.above?)));
        let best = fits.filter(|it| shows >= it.1).max_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|it| it.0)
    }

    fn down(&self, shows: f64) -> Option<&Adjustment> {
        let fits = self.steps.iter().filter_map(|it| Some((it, it.below?)));
        let best = fits.filter(|it| shows <= it.1).min_by(|a, b| a.1.total_cmp(&b.1));
        best.map(|it| it.0)
    }
}

/// What the policy remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stepping {
    high: Alarm,
    low: Alarm,
}

impl Stepping {
    /// How many instances are wanted from now on.
    pub fn decide(&mut self, spec: &StepScaling, current: u32, group: Group) -> u32 {
        let Some(shows) = group.shows else { return current.clamp(spec.min, spec.max) };
        let (up, down) = (spec.up(shows), spec.down(shows));
        let high = self.high.takes_in(up.is_some(), spec.datapoints);
        let low = self.low.takes_in(down.is_some(), spec.datapoints);
        let wanted = match (up.filter(|_| high), down.filter(|_| low && group.warming == 0)) {
            (Some(step), _) => group.warm.saturating_add(step.change(group.warm)).max(current),
            (None, Some(step)) => current.saturating_sub(step.change(current)),
            (None, None) => current,
        };
        wanted.clamp(spec.min, spec.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The user guide's example: a group of ten, changed by percents.
    const GUIDE: &str = r#"{ "max": 100, "metric": "cpu", "steps": [
        { "above": 60, "add_percent": 10 }, { "above": 70, "add_percent": 30 },
        { "below": 40, "remove_percent": 10 }, { "below": 30, "remove_percent": 30 }] }"#;

    fn decided(current: u32, warm: u32, shows: f64) -> u32 {
        let spec: StepScaling = serde_json::from_str(GUIDE).unwrap();
        let group = Group { warm, warming: current - warm, shows: Some(shows) };
        Stepping::default().decide(&spec, current, group)
    }

    #[test]
    fn steps_change_a_group_as_the_user_guide_tells() {
        assert_eq!(decided(10, 10, 60.0), 11);
        // Still in its warm-up, the eleventh does not count: 30 % of 10 are 3, so 2 more.
        assert_eq!(decided(11, 10, 72.0), 13);
        assert_eq!(decided(13, 13, 45.0), 13);
        assert_eq!(decided(13, 13, 40.0), 12);
        assert_eq!(decided(12, 12, 29.0), 9);
        assert_eq!(decided(12, 10, 29.0), 12, "nothing goes while something comes");
    }

    #[test]
    fn percents_are_rounded_down_but_one_changes_at_least() {
        assert_eq!(
            [decided(1, 1, 65.0), decided(15, 15, 65.0), decided(19, 19, 65.0)],
            [2, 16, 20]
        );
        assert_eq!([decided(2, 2, 35.0), decided(19, 19, 20.0)], [1, 14]);
    }

    #[test]
    fn several_values_in_a_row_are_needed_if_it_says_so() {
        let text = r#"{ "max": 9, "metric": "line", "datapoints": 2, "steps": [{ "above": 5, "add": 3 }] }"#;
        let spec: StepScaling = serde_json::from_str(text).unwrap();
        let mut stepping = Stepping::default();
        let shows = |it| Group { warm: 4, warming: 0, shows: Some(it) };
        let all = [6.0, 4.0, 6.0, 5.0].map(|it| stepping.decide(&spec, 4, shows(it)));
        assert_eq!(all, [4, 4, 4, 7]);
    }
}
