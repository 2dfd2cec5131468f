//! The points of one design, and its levels as they are shown.

use super::Point;
use indexmap::IndexMap;
use serde_json::Value;

/// One model with one choice of levels: its points are one line of a chart.
#[derive(Clone, Debug)]
pub struct Design<'a> {
    /// `monolith`, or `monolith, cores 16` where something is varied.
    pub label: String,
    pub model: &'a str,
    /// In the order of the outcome, those with a fault too.
    pub points: Vec<&'a Point>,
}

/// The number that a level is or begins with, and the unit behind it.
pub fn level_number(level: &Value) -> Option<(f64, &str)> {
    let Some(text) = level.as_str() else { return level.as_f64().map(|it| (it, "")) };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let is_unit = !unit.is_empty() && !unit.contains(|c: char| c.is_ascii_digit());
    number.parse().ok().filter(|_| is_unit).map(|it| (it, unit))
}

/// A level as it is shown: text without quotes, all else as JSON.
pub fn level_text(level: &Value) -> String {
    level.as_str().map_or_else(|| level.to_string(), str::to_owned)
}

impl Design<'_> {
    pub(super) fn has(&self, model: &str, factors: &IndexMap<String, Value>) -> bool {
        self.model == model && self.factors() == factors
    }

    /// The levels that all its points share.
    pub fn factors(&self) -> &IndexMap<String, Value> {
        &self.points[0].factors
    }
}
