//! Leaving out an instance whose callers saw it fail again and again, without waiting for a check.
//!
//! Envoy's outlier detection by consecutive failures ("Outlier detection", Envoy documentation, and
//! its defaults in `outlier_detection.proto`). An instance is left out for the base time, times how
//! often it has been left out; that count falls by one for each interval that it stays in. Simplified:
//! it comes back when its time is up, not at the next interval; its callers share one count, as they
//! share one balancer.

use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// When and for how long callers leave an instance out. What they see as a failure: it could not be
/// reached, refused, was reset, answered with a failure, or did not answer within their timeout.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutlierEjection {
    /// How many failures in a row.
    #[serde(default = "five")]
    #[schemars(range(min = 1))]
    pub consecutive: u32,
    /// For how long it is left out the first time.
    #[serde(default = "half_a_minute")]
    #[schemars(example = "30s")]
    pub base: Span,
    /// The longest that it is left out.
    #[serde(default = "five_minutes")]
    #[schemars(example = "5m")]
    pub max: Span,
    /// How many of the instances may be left out at a time, as a share; one may always be.
    #[serde(default = "a_tenth")]
    pub share: f64,
    /// How long it must stay in for one time that it was left out to be forgiven.
    #[serde(default = "ten_seconds")]
    #[schemars(example = "10s")]
    pub interval: Span,
}

fn five() -> u32 {
    5
}
fn half_a_minute() -> Span {
    Span::from_whole_secs(30)
}
fn five_minutes() -> Span {
    Span::from_whole_secs(300)
}
fn a_tenth() -> f64 {
    0.1
}
fn ten_seconds() -> Span {
    Span::from_whole_secs(10)
}

impl OutlierEjection {
    pub fn check(&self, findings: &mut Findings) {
        if self.consecutive == 0 {
            findings.wrong_at("consecutive", Code::E007, "must be at least 1, not 0", "");
        }
        for (key, span) in [("base", self.base), ("interval", self.interval)] {
            if span < Span::from_nanos(1_000_000) {
                findings.wrong_at(key, Code::E007, format!("must be at least 1ms, not {span}"), "");
            }
        }
        if self.max < self.base {
            let rule = format!("cannot be shorter than the base time, {}", self.base);
            findings.wrong_at("max", Code::E010, rule, "");
        }
        if !(0.0..=1.0).contains(&self.share) {
            let rule = format!("must be from 0 to 1, not {}", self.share);
            findings.wrong_at("share", Code::E007, rule, "\"share\": 0.5");
        }
    }

    /// How many of so many instances may be left out at a time.
    ///
    /// A whole number counts as one although its share may be a little less in binary: 0.29 of 100.
    pub fn most(&self, instances: u32) -> u32 {
        ((self.share * f64::from(instances) * (1.0 + 1e-12)) as u32).max(1)
    }
}

/// What callers have seen of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Record {
    failures: u32,
    times: u32,
    pub is_out: bool,
    back: Time,
}

impl Record {
    /// How a call went; true if the instance is to be left out, if others allow it.
    pub fn saw(&mut self, spec: &OutlierEjection, failed: bool) -> bool {
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        self.failures >= spec.consecutive && !self.is_out
    }

    /// It is left out; returns for how long.
    pub fn leave_out(&mut self, spec: &OutlierEjection, now: Time) -> Span {
        let forgiven = (now - self.back).nanos() / spec.interval.nanos();
        self.times = u64::from(self.times).saturating_sub(forgiven) as u32 + 1;
        (self.failures, self.is_out) = (0, true);
        let ns = spec.base.nanos().saturating_mul(u64::from(self.times));
        Span::from_nanos(ns.min(spec.max.nanos()))
    }

    pub fn take_back(&mut self, now: Time) {
        (self.failures, self.is_out, self.back) = (0, false, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> OutlierEjection {
        OutlierEjection {
            consecutive: 3,
            base: half_a_minute(),
            max: five_minutes(),
            share: 0.1,
            interval: ten_seconds(),
        }
    }

    #[test]
    fn failures_in_a_row_count_and_a_success_wipes_them_out() {
        let mut record = Record::default();
        let seen = [true, true, false, true, true, true].map(|failed| record.saw(&spec(), failed));
        assert_eq!(seen, [false, false, false, false, false, true]);
    }

    #[test]
    fn it_is_left_out_longer_each_time_and_forgiven_while_it_stays_in() {
        let (mut record, mut now) = (Record::default(), Time::ZERO);
        let mut out = |stays: u64| {
            now = now + Span::from_whole_secs(stays);
            let span = record.leave_out(&spec(), now);
            now = now + span;
            record.take_back(now);
            span.as_secs()
        };
        assert_eq!([0, 5, 5, 25, 0].map(&mut out), [30.0, 60.0, 90.0, 60.0, 90.0]);
        let longest = (0..20).map(|_| out(0)).fold(0.0, f64::max);
        assert_eq!(longest, 300.0);
    }

    #[test]
    fn one_may_always_be_left_out() {
        assert_eq!([1, 9, 10, 25].map(|it| spec().most(it)), [1, 1, 1, 2]);
    }
}
