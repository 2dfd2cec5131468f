//! Levels of what is varied: a list of them, or a range with its ends.

use super::refine::Refine;
use crate::outcome::level_number;
use crate::problem::{Code, Findings};
use crate::units::same_quantity;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Number, Value};

/// Levels of something that is varied: a list, or a range.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Levels {
    /// These.
    List(Vec<Value>),
    /// Numbers between two ends.
    Range(Range),
}

/// Numbers from one end to another.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Where it begins: a number, or a text with the unit that such a value has, as in "20/s".
    pub from: End,
    /// Where it ends, in the same unit.
    pub to: End,
    /// Whether equal ratios lie equally far apart, in place of equal differences.
    #[serde(default)]
    pub log: bool,
    /// Whether only whole numbers may stand there, as for instances.
    #[serde(default)]
    pub whole: bool,
    /// How many levels, both ends among them, where levels are combined one by one.
    #[serde(default)]
    #[schemars(range(min = 2))]
    pub levels: Option<u32>,
    /// Adds levels where something happens.
    #[serde(default)]
    pub refine: Option<Refine>,
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum End {
    /// A bare number.
    Number(f64),
    /// A number and its unit.
    Text(String),
}

/// Levels are rounded to this share of the range, so that tables can show them.
const DIGITS: i32 = 5;
/// Levels of a range, at most.
const LEVELS_MAX: u32 = 1000;

impl End {
    fn value(&self) -> Value {
        match self {
            End::Number(number) => bare(*number),
            End::Text(text) => Value::String(text.clone()),
        }
    }
}

impl Levels {
    /// Where on the way from the first to the last a level lies: from 0 to 1.
    pub fn position(&self, level: &Value) -> f64 {
        match self {
            Levels::List(all) => {
                let place = all.iter().position(|it| it == level).unwrap_or(0);
                place as f64 / (all.len().max(2) - 1) as f64
            }
            Levels::Range(range) => level_number(level).map_or(0.0, |it| range.position(it.0)),
        }
    }

    /// The level at a share of the way: of a list the nearest one, counted by places.
    pub fn at(&self, share: f64) -> Value {
        match self {
            Levels::List(all) => all[(share * (all.len() - 1) as f64).round() as usize].clone(),
            Levels::Range(range) => range.at(share),
        }
    }

    /// The level of a draw between 0 and 1, so that all are equally likely.
    pub fn drawn(&self, unit: f64) -> Value {
        match self {
            Levels::List(all) => {
                all[((unit * all.len() as f64) as usize).min(all.len() - 1)].clone()
            }
            Levels::Range(range) => range.drawn(unit),
        }
    }

    /// The first and the last.
    pub fn ends(&self) -> (Option<Value>, Option<Value>) {
        match self {
            Levels::List(all) => (all.first().cloned(), all.last().cloned()),
            Levels::Range(range) => (Some(range.from.value()), Some(range.to.value())),
        }
    }

    /// The metric whose bends levels are added to.
    pub fn bend(&self) -> Option<&str> {
        match self {
            Levels::Range(Range { refine: Some(refine), .. }) => refine.metric.as_deref(),
            _ => None,
        }
    }

    /// Whether levels are added to it.
    pub fn refined(&self) -> bool {
        matches!(self, Levels::Range(it) if it.refine.is_some())
    }

    /// Its levels, one by one.
    pub fn all(&self) -> Vec<Value> {
        match self {
            Levels::List(all) => all.clone(),
            Levels::Range(range) => range.evenly(),
        }
    }

    /// `one_by_one`: whether its levels are combined one by one, and not drawn.
    pub fn check(&self, one_by_one: bool, findings: &mut Findings) {
        match self {
            Levels::List(levels) => check_list(levels, findings),
            Levels::Range(range) => range.check(one_by_one, findings),
        }
    }
}

fn check_list(levels: &[Value], findings: &mut Findings) {
    if levels.is_empty() {
        findings.wrong(Code::E007, "must have at least one level", "");
    }
    for (i, level) in levels.iter().enumerate() {
        if levels[..i].contains(level) {
            let rule = format!("the level {level} stands twice");
            findings.wrong_at(i, Code::E002, rule, "leave one out");
        } else if let Some(other) = levels[..i].iter().find(|it| same_size(it, level)) {
            let rule = format!("the level {level} is the same as {other}");
            findings.wrong_at(i, Code::E002, rule, "leave one out");
        }
    }
}

/// Whether both are the same quantity, written in two ways.
fn same_size(level: &Value, other: &Value) -> bool {
    level.as_str().zip(other.as_str()).is_some_and(|(level, other)| same_quantity(level, other))
}

impl Range {
    /// Both ends and their unit, once it is checked.
    pub fn ends(&self) -> (f64, f64) {
        let number = |it: &End| level_number(&it.value()).map_or(0.0, |it| it.0);
        (number(&self.from), number(&self.to))
    }

    pub fn unit(&self) -> String {
        level_number(&self.from.value()).map(|it| it.1.to_owned()).unwrap_or_default()
    }

    /// Which of its ends a level is.
    pub fn end_at(&self, level: &Value) -> Option<&'static str> {
        let ends = [("from", &self.from), ("to", &self.to)];
        ends.into_iter().find(|(_, end)| end.value() == *level).map(|(key, _)| key)
    }

    fn check(&self, one_by_one: bool, findings: &mut Findings) {
        let mut ends = Vec::new();
        for (key, end) in [("from", &self.from), ("to", &self.to)] {
            let value = end.value();
            match level_number(&value) {
                Some((number, unit)) if number.is_finite() => ends.push((number, unit.to_owned())),
                _ => findings.wrong_at(
                    key,
                    Code::E005,
                    "must be a number, or a number and its unit",
                    "20, or \"20/s\"",
                ),
            }
        }
        let [(from, unit), (to, its_unit)] = ends.as_slice() else { return };
        if unit != its_unit {
            let rule = format!("must have the unit of from, \"{unit}\", not \"{its_unit}\"");
            findings.wrong_at("to", Code::E006, rule, "write both in one unit");
        } else if to <= from {
            let rule = format!("must be more than from, {from}, not {to}");
            findings.wrong_at("to", Code::E007, rule, "");
        }
        if self.log && *from <= 0.0 {
            let rule = format!("ratios begin at more than nothing, not at {from}");
            findings.wrong_at("from", Code::E007, rule, "leave \"log\" out, or begin higher");
        }
        let fractions = [("from", from), ("to", to)];
        for (key, end) in fractions.iter().filter(|it| self.whole && it.1.fract() != 0.0) {
            findings.wrong_at(*key, Code::E007, format!("must be whole, not {end}"), "");
        }
        self.check_levels(one_by_one, findings);
        if let Some(refine) = &self.refine {
            findings.inside("refine", |it| refine.check(self, it));
        }
    }

    fn check_levels(&self, one_by_one: bool, findings: &mut Findings) {
        match self.levels {
            None if one_by_one => {
                let rule = "levels are combined one by one, and nothing says how many there are";
                findings.wrong(Code::E004, rule, "add \"levels\": 5");
            }
            Some(_) if !one_by_one => {
                let rule = "has no effect where levels are drawn from all of the range";
                findings.wrong_at("levels", Code::E010, rule, "leave it out");
            }
            Some(levels) if levels > LEVELS_MAX => {
                let rule = format!("{levels} levels; at most {LEVELS_MAX} can be run");
                findings.wrong_at("levels", Code::E012, rule, "\"levels\": 10");
            }
            _ => {}
        }
        if self.refine.is_some() && !one_by_one {
            let rule = "adds levels, and these are drawn from all of the range";
            findings.wrong_at("refine", Code::E010, rule, "leave it out");
        }
    }

    fn position(&self, number: f64) -> f64 {
        let (from, to) = self.ends();
        match self.log {
            true => libm::log(number / from) / libm::log(to / from),
            false => (number - from) / (to - from),
        }
    }

    pub fn at(&self, share: f64) -> Value {
        let (from, to) = self.ends();
        let number = self.between(from, to, share);
        self.written(if self.whole { number.round() } else { self.rounded(number) })
    }

    fn drawn(&self, unit: f64) -> Value {
        if !self.whole {
            return self.at(unit);
        }
        let (from, to) = self.ends();
        self.written(self.between(from, to + 1.0, unit).floor().clamp(from, to))
    }

    fn between(&self, from: f64, to: f64, share: f64) -> f64 {
        match self.log {
            true => from * libm::exp(libm::log(to / from) * share),
            false => from + share * (to - from),
        }
    }

    /// The level in the middle of two others.
    pub fn middle(&self, low: f64, high: f64) -> Value {
        let number = self.between(low, high, 0.5);
        self.written(if self.whole { number.round() } else { self.rounded(number) })
    }

    /// To a few digits of what lies between the ends, or of the number itself where ratios count.
    fn rounded(&self, number: f64) -> f64 {
        let (from, to) = self.ends();
        let size = if self.log { number.min(to - from) } else { to - from };
        let exponent = format!("{size:e}").split('e').nth(1).and_then(|it| it.parse().ok());
        let places = DIGITS - exponent.unwrap_or(0);
        let rounded = format!("{number:.*}", places.clamp(0, 300) as usize);
        rounded.parse().unwrap_or(number).clamp(from, to)
    }

    /// As many levels as asked for, equally far apart; whole ones that fall together count once.
    pub fn evenly(&self) -> Vec<Value> {
        let steps = self.levels.unwrap_or(2).max(2) - 1;
        let mut all: Vec<Value> =
            (0..=steps).map(|it| self.at(f64::from(it) / f64::from(steps))).collect();
        all.dedup();
        all
    }

    /// As it would stand in a file.
    pub fn written(&self, number: f64) -> Value {
        match &self.from {
            End::Text(_) => Value::String(format!("{number}{}", self.unit())),
            End::Number(_) => bare(number),
        }
    }
}

/// A number as JSON, without a point where it is whole.
fn bare(number: f64) -> Value {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => Value::from(number as i64),
        false => Number::from_f64(number).map_or(Value::Null, Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn range(value: Value) -> Levels {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_range_is_written_in_its_unit_and_read_back_to_its_place() {
        let rate = range(json!({ "from": "20/s", "to": "80/s" }));
        assert_eq!(rate.at(0.5), json!("50/s"));
        assert_eq!(rate.at(1.0 / 3.0), json!("40/s"));
        assert_eq!(rate.drawn(0.123_456_789), json!("27.4074/s"));
        assert!((rate.position(&json!("35/s")) - 0.25).abs() < 1e-12);
        let log = range(json!({ "from": "1ms", "to": "100ms", "log": true, "levels": 3 }));
        assert_eq!(log.all(), [json!("1ms"), json!("10ms"), json!("100ms")]);
        assert!((log.position(&json!("10ms")) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn whole_numbers_are_drawn_equally_often() {
        let whole = range(json!({ "from": 2, "to": 5, "whole": true, "levels": 9 }));
        assert_eq!(whole.all(), [2, 3, 4, 5].map(Value::from));
        let mut counts = [0; 6];
        for i in 0..400 {
            let level = whole.drawn((f64::from(i) + 0.5) / 400.0);
            counts[level.as_u64().unwrap() as usize] += 1;
        }
        assert_eq!(counts, [0, 0, 100, 100, 100, 100]);
    }

    #[test]
    fn levels_of_a_list_have_places_at_equal_distances() {
        let list = range(json!(["a", "b", "c"]));
        assert_eq!(list.position(&json!("b")), 0.5);
        assert_eq!(list.at(1.0), json!("c"));
        assert_eq!(
            [0.0, 0.34, 0.99].map(|it| list.drawn(it)),
            [json!("a"), json!("b"), json!("c")]
        );
    }
}
