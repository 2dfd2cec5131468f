//! What the scaling policies of Amazon EC2 Auto Scaling have in common: what a group of instances shows
//! on average, one value a period, and alarms that go off after several in a row.
//!
//! "Dynamic scaling for Amazon EC2 Auto Scaling" (user guide). Simplified: a value is there as soon as
//! its period is over, where CloudWatch is late by up to a minute or two; a period in which nothing
//! is measured neither sets an alarm off nor ends it.

use super::metric::{Instance, Measure, Reading, State};
use crate::problem::{Code, Findings};
use crate::units::{Span, Time};

/// A group of instances at the end of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Group {
    /// Those that are past their warm-up, and those that are not, or do not run yet.
    pub warm: u32,
    pub warming: u32,
    /// What the former show on average, if they show anything.
    pub shows: Option<f64>,
}

impl Group {
    pub fn of(
        measure: Measure,
        (now, warm_up): (Time, Span),
        seen: impl Iterator<Item = (Instance, Option<Reading>)>,
    ) -> Group {
        let mut group = Group::default();
        let (mut value, mut request, mut count) = (0.0, 0.0, 0u32);
        for (instance, reading) in seen {
            let warm = instance.runs_since.is_none_or(|since| since + warm_up <= now);
            match instance.state {
                State::Leaving => continue,
                State::Running { .. } if warm => group.warm += 1,
                State::Running { .. } | State::Pending => {
                    group.warming += 1;
                    continue;
                }
            }
            if let Some(reading) = reading {
                value += reading.value as f64;
                request += instance.request as f64;
                count += 1;
            }
        }
        group.shows = match measure {
            _ if count == 0 => None,
            Measure::Cpu => (request > 0.0).then(|| 100.0 * value / request),
            _ => Some(value / 1000.0 / f64::from(count)),
        };
        group
    }
}

/// Goes off when so many values in a row are on the wrong side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    in_a_row: u32,
}

impl Alarm {
    /// Takes in whether the newest value is wrong; true while it is off.
    pub fn takes_in(&mut self, wrong: bool, datapoints: u32) -> bool {
        self.in_a_row = if wrong { self.in_a_row.saturating_add(1) } else { 0 };
        self.in_a_row >= datapoints
    }
}

pub fn check_datapoints(key: &str, count: u32, findings: &mut Findings) {
    if !(1..=1000).contains(&count) {
        let rule = format!("must be from 1 to 1000, not {count}");
        findings.wrong_at(key, Code::E007, rule, "");
    }
}

pub fn check_warm_up(span: Span, findings: &mut Findings) {
    if span > Span::from_whole_secs(86_400) {
        let rule = format!("must be at most 1d, not {span}");
        findings.wrong_at("warm_up", Code::E007, rule, "");
    }
}
