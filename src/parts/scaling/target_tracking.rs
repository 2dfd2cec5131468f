//! Keeps a metric near a target, as target tracking policies of Amazon EC2 Auto Scaling do.
//!
//! "Target tracking scaling policies for Amazon EC2 Auto Scaling" (user guide): out is rounded up, in
//! removes the rounded-down number; instances in their warm-up count neither in the metric nor as
//! capacity when more are asked for, and nothing is removed while there are any. When the alarms go
//! off is not in the manual; users see 3 minutes above the target, and 15 minutes below nine tenths
//! of it.

use super::alarms::{self, Alarm, Group};
use super::metric::Metric;
use crate::problem::Findings;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Below this share of the target there are too many instances.
const LOW: f64 = 0.9;
/// Products that are whole but for the last digit of a float are whole.
const WHOLE: f64 = 1e-9;

/// As many instances as keep a metric near a target.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTracking {
    /// At least so many instances.
    #[serde(default = "super::one")]
    pub min: u32,
    /// At most so many instances.
    pub max: u32,
    /// What is looked at, and what it should be on average.
    pub metric: Metric,
    /// The time over which the metric is measured, again and again.
    #[serde(default = "super::a_minute")]
    #[schemars(example = "1m")]
    pub period: Span,
    /// After so many periods in a row above the target instances are added.
    #[serde(default = "three")]
    pub out_after: u32,
    /// After so many periods in a row below nine tenths of the target instances are removed.
    #[serde(default = "fifteen")]
    pub in_after: u32,
    /// So long after it came to run an instance does not count yet.
    #[serde(default = "super::five_minutes")]
    #[schemars(example = "5m")]
    pub warm_up: Span,
    /// Whether instances are ever removed.
    #[serde(default = "yes")]
    pub scale_in: bool,
}

fn three() -> u32 {
    3
}
fn fifteen() -> u32 {
    15
}
fn yes() -> bool {
    true
}

impl TargetTracking {
    pub fn check(&self, findings: &mut Findings) {
        super::check_bounds(self.min, self.max, findings);
        findings.inside("metric", |it| self.metric.check(it));
        super::check_period("period", self.period, findings);
        alarms::check_datapoints("out_after", self.out_after, findings);
        alarms::check_datapoints("in_after", self.in_after, findings);
        alarms::check_warm_up(self.warm_up, findings);
    }
}

/// What the policy remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    high: Alarm,
    low: Alarm,
}

impl Tracking {
    /// How many instances are wanted from now on.
    pub fn decide(&mut self, spec: &TargetTracking, current: u32, group: Group) -> u32 {
        let (_, target) = spec.metric.parts();
        let Some(shows) = group.shows else { return current.clamp(spec.min, spec.max) };
        let high = self.high.takes_in(shows > target, spec.out_after);
        let low = self.low.takes_in(shows < LOW * target, spec.in_after);
        let wanted = if high {
            let wanted = (f64::from(group.warm) * shows / target - WHOLE).ceil();
            current.max(wanted.min(f64::from(spec.max)) as u32)
        } else if low && spec.scale_in && group.warming == 0 {
            let spare = f64::from(current) * (1.0 - shows / target);
            current - (spare + WHOLE).floor() as u32
        } else {
            current
        };
        wanted.clamp(spec.min, spec.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> TargetTracking {
        serde_json::from_str(text).unwrap()
    }

    fn shows(warm: u32, warming: u32, shows: f64) -> Group {
        Group { warm, warming, shows: Some(shows) }
    }

    const SPEC: &str = r#"{ "max": 20, "metric": { "cpu": 50 } }"#;

    #[test]
    fn it_waits_for_three_high_values_and_then_rounds_up() {
        let (spec, mut tracking) = (spec(SPEC), Tracking::default());
        // 4 instances at 70 % are 5.6 at 50 %.
        let decided = [70.0, 70.0, 50.0, 70.0, 70.0, 70.0]
            .map(|it| tracking.decide(&spec, 4, shows(4, 0, it)));
        assert_eq!(decided, [4, 4, 4, 4, 4, 6]);
    }

    #[test]
    fn it_removes_the_rounded_down_number_after_fifteen_low_values() {
        let (spec, mut tracking) = (spec(SPEC), Tracking::default());
        // 10 at 40 % are 8 at 50 %; 10 at 42 % are 8.4, and 1.6 to remove are 1.
        for shown in [40.0, 42.0] {
            let mut tracking = tracking;
            let decided: Vec<u32> =
                (0..15).map(|_| tracking.decide(&spec, 10, shows(10, 0, shown))).collect();
            let last = if shown == 40.0 { 8 } else { 9 };
            assert_eq!((&decided[..14], decided[14]), (&[10; 14][..], last));
        }
        // Nine tenths of the target are enough.
        assert!((0..99).all(|_| tracking.decide(&spec, 10, shows(10, 0, 45.0)) == 10));
    }

    #[test]
    fn those_in_their_warm_up_are_not_counted_and_keep_all_from_being_removed() {
        let (spec, mut tracking) = (spec(SPEC), Tracking::default());
        let decided = [0; 3].map(|_| tracking.decide(&spec, 6, shows(4, 2, 70.0)));
        assert_eq!(decided, [6, 6, 6], "4 at 70 % ask for 6, which there are");
        let decided = [0; 3].map(|_| tracking.decide(&spec, 6, shows(4, 2, 90.0)));
        assert_eq!(decided, [8, 8, 8]);
        assert!((0..99).all(|_| tracking.decide(&spec, 8, shows(4, 4, 5.0)) == 8));
        assert_eq!(tracking.decide(&spec, 8, shows(8, 0, 5.0)), 1);
    }

    #[test]
    fn bounds_hold_and_what_shows_nothing_changes_nothing() {
        let spec = spec(r#"{ "min": 3, "max": 7, "metric": { "line": 1 }, "scale_in": false }"#);
        let mut tracking = Tracking::default();
        let decided = [0; 3].map(|_| tracking.decide(&spec, 5, shows(5, 0, 1e6)));
        assert_eq!(decided, [5, 5, 7]);
        assert!((0..99).all(|_| tracking.decide(&spec, 7, shows(7, 0, 0.0)) == 7));
        assert_eq!(tracking.decide(&spec, 2, Group::default()), 3);
    }
}
