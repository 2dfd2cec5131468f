//! Bounds in the units of metrics, and which way metrics are wanted.

use super::file::Bound;
use crate::outcome::Unit;
use crate::stats::Aim;
use crate::units::{Bandwidth, Price, Rate, Share, Span};

/// A bound in the unit of the metric; else what is wrong with it, and how to write it.
pub fn base(bound: &Bound, unit: Unit) -> Result<f64, (String, &'static str)> {
    let mend = match unit {
        Unit::Seconds => "\"300ms\"",
        Unit::PerSecond => "\"200/s\"",
        Unit::BytesPerSecond => "\"20MB/s\"",
        Unit::Ratio => "\"99.9%\" or 0.999",
        Unit::MoneyPerHour => "\"0.95/h\"",
        Unit::MoneyPerMonth => "\"95/mo\"",
        Unit::Count | Unit::Users | Unit::Days | Unit::Money => "a number",
    };
    let text = match bound {
        Bound::Number(_) if unit == Unit::Seconds => {
            return Err(("the unit is missing: the metric is a length of time".to_owned(), mend));
        }
        Bound::Number(number) if unit == Unit::Ratio && !(-1.0..=1.0).contains(number) => {
            return Err((format!("the metric is a share of one, never {number}"), mend));
        }
        Bound::Number(number) => return Ok(*number),
        Bound::Text(text) => text,
    };
    let parsed = match unit {
        Unit::Seconds => Span::parse(text).map(Span::as_secs),
        Unit::PerSecond => Rate::parse(text).map(Rate::as_per_s),
        Unit::BytesPerSecond => Bandwidth::parse(text).map(Bandwidth::as_bytes_per_s),
        Unit::Ratio => Share::parse(text).map(Share::as_ratio),
        Unit::MoneyPerHour => Price::parse(text).map(Price::as_per_hour),
        Unit::MoneyPerMonth => {
            Price::parse(text).map(|it| it.as_per_hour() * crate::units::HOURS_PER_MONTH)
        }
        Unit::Count | Unit::Users | Unit::Days | Unit::Money => {
            Err("the metric is a bare number".to_owned())
        }
    };
    parsed.map_err(|rule| (rule, mend))
}

/// Which way a metric is wanted, if everybody wants it the same way.
pub fn aim(metric: &str) -> Option<Aim> {
    const LOWER: [&str; 13] = [
        "abandoned",
        "abandoned_ratio",
        "failed",
        "failure_ratio",
        "downtime",
        "recovery",
        "lost",
        "hour",
        "month",
        "egress",
        "attempts",
        "line",
        "shed",
    ];
    const HIGHER: [&str; 4] = ["availability", "goodput", "headroom", "completed"];
    if metric == "users.left" {
        return Some(Aim::Higher);
    }
    let mut words = metric.split('.').rev();
    let last = words.next().unwrap_or_default();
    if LOWER.contains(&last) || words.any(|it| ["response", "waiting", "failed"].contains(&it)) {
        return Some(Aim::Lower);
    }
    HIGHER.contains(&last).then_some(Aim::Higher)
}
