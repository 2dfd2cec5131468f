//! An outcome as text, table and chart.
//!
//! Nothing here simulates or knows a model: a report can be made again from a stored outcome.

use crate::outcome::{Fault, Outcome, Point, Unit};
use crate::parts::fault::FOR_GOOD;

pub mod annotations;
pub mod chart;
pub mod checked;
pub mod csv;
pub mod figure;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod table;

#[cfg(test)]
pub(crate) mod fixture;

/// How many replications the points have: `12`, `5 to 12`.
fn replications<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let counts: Vec<u32> = points.map(|it| it.replications).collect();
    let least = counts.iter().min().copied().unwrap_or(0);
    let most = counts.iter().max().copied().unwrap_or(0);
    if least == most { least.to_string() } else { format!("{least} to {most}") }
}

/// How long something fails: `for 20 min`, `for good`.
fn lasting(fault: &Fault) -> String {
    match fault.style.as_str() {
        FOR_GOOD => FOR_GOOD.to_owned(),
        _ => format!("for {}", figure::exact(fault.for_s, Some(Unit::Seconds))),
    }
}

/// The confidence of the points' intervals: `95 %`.
fn confidence<'a>(mut points: impl Iterator<Item = &'a Point>) -> String {
    let first = points.find_map(|it| it.metrics.values().next());
    figure::exact(first.map_or(0.95, |it| it.confidence), Some(Unit::Ratio))
}

/// The classes for which something is promised, or all if nothing is.
fn classes_that_matter<'a>(outcome: &Outcome, points: &[&'a Point]) -> Vec<&'a str> {
    let mut classes = distinct(points.iter().flat_map(|it| it.classes()));
    let objectives = || outcome.models.values().flat_map(|it| it.objectives.keys());
    let is_promised =
        |class: &&str| objectives().any(|it| it.rsplit_once('.').is_some_and(|it| it.0 == *class));
    if classes.iter().any(is_promised) {
        classes.retain(is_promised);
    }
    classes
}

/// Each item once, where it comes first.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}
