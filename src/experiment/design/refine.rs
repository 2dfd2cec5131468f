//! Levels that are added where something happens: where an objective comes to be missed, or a metric bends.

use super::Design;
use super::levels::{End, Levels, Range};
use crate::experiment::conduct::Conducted;
use crate::experiment::file::Experiment;
use crate::experiment::point::Point;
use crate::experiment::summary::{limits, reported};
use crate::outcome::{Point as Reported, level_number};
use crate::problem::{Code, Findings};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Where levels are added, and until when.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refine {
    /// The metric whose bends are looked at; if absent, levels are added only where an objective comes to
    /// be missed or an overload begins.
    #[serde(default)]
    pub metric: Option<String>,
    /// Levels no farther apart than this get none in between, in the unit of the range.
    pub within: End,
    /// Levels in all, at most, for each combination of what else is varied.
    #[serde(default = "twenty")]
    #[schemars(range(min = 3))]
    pub points: u32,
}

/// Levels of one axis, at most.
const POINTS_MAX: u32 = 1000;

impl Refine {
    pub fn check(&self, range: &Range, findings: &mut Findings) {
        let (from, to) = range.ends();
        let unit = range.unit();
        match self.width(&unit) {
            None => {
                let rule = "must be a number in the unit of the range";
                findings.wrong_at("within", Code::E006, rule, format!("\"1{unit}\""));
            }
            Some(within) if within <= 0.0 || within >= to - from => {
                let rule =
                    format!("must be more than nothing and less than the range, {}", to - from);
                findings.wrong_at("within", Code::E007, rule, "a hundredth of the range will do");
            }
            Some(_) => {}
        }
        let levels = range.levels.unwrap_or(2);
        if self.points <= levels {
            let rule = format!("must be more than the levels at first, {levels}");
            findings.wrong_at("points", Code::E007, rule, "");
        }
        if self.points > POINTS_MAX {
            let rule = format!("{} levels; at most {POINTS_MAX} can be run", self.points);
            findings.wrong_at("points", Code::E012, rule, "\"points\": 20");
        }
    }

    /// How close levels may come; none if it has another unit than the range.
    pub fn width(&self, unit: &str) -> Option<f64> {
        let value = match &self.within {
            End::Number(number) => return unit.is_empty().then_some(*number),
            End::Text(text) => Value::String(text.clone()),
        };
        level_number(&value).filter(|it| it.1 == unit).map(|it| it.0)
    }
}

fn twenty() -> u32 {
    20
}

/// A bend between two levels is told well enough when the line between them is no farther from the metric
/// than this share of what the metric spans.
const STRAIGHT: f64 = 0.01;

/// What is refined: its key in the experiment, its path and its range.
pub struct Axis<'e> {
    pub key: &'e str,
    pub path: &'e str,
    pub range: &'e Range,
    pub refine: &'e Refine,
    within: f64,
}

/// A design that is to be added.
pub struct Wanted {
    pub model: String,
    pub factors: IndexMap<String, Value>,
}

impl<'e> Axis<'e> {
    pub fn of(experiment: &'e Experiment) -> Option<Axis<'e>> {
        experiment.vary.iter().find_map(|(key, levels)| {
            let Levels::Range(range) = levels else { return None };
            let refine = range.refine.as_ref()?;
            let path = key.split_once(':').map_or(key.as_str(), |it| it.1).trim();
            Some(Axis { key, path, range, refine, within: refine.width(&range.unit())? })
        })
    }

    fn level(&self, design: &Design) -> Option<f64> {
        level_number(design.factors.get(self.path)?).map(|it| it.0)
    }

    /// The level in the middle of two; none where they are close enough.
    pub fn middle(&self, low: f64, high: f64) -> Option<Value> {
        let level = self.range.middle(low, high);
        let number = level_number(&level)?.0;
        (high - low > self.within && low < number && number < high).then_some(level)
    }
}

/// What is seen at one level on all days.
struct Seen {
    level: f64,
    /// What holds there: overloads, and objectives that are missed.
    states: Vec<bool>,
    /// The metric on each day, with its half-width.
    metric: Vec<Option<(f64, f64)>>,
}

/// The designs that differ by their level of the axis alone, by their places.
pub fn groups(axis: &Axis, designs: &[Design]) -> Vec<Vec<usize>> {
    let mut groups: IndexMap<String, Vec<usize>> = IndexMap::new();
    for (i, design) in designs.iter().enumerate() {
        let mut others = design.factors.clone();
        if others.shift_remove(axis.path).is_some() {
            let others = serde_json::to_string(&others).unwrap_or_default();
            groups.entry(design.name().to_owned() + &others).or_default().push(i);
        }
    }
    groups.into_values().collect()
}

/// The designs to be added.
pub fn added(
    axis: &Axis,
    designs: &[Design],
    points: &[Point],
    conducted: &[Conducted],
) -> Vec<Wanted> {
    let of_group = |members: Vec<usize>| {
        let seen = |design: &usize| {
            let level = axis.level(&designs[*design])?;
            Some(seen(axis, level, &designs[*design], *design, points, conducted))
        };
        let mut all: Vec<Seen> = members.iter().filter_map(seen).collect();
        all.sort_by(|a, b| a.level.total_cmp(&b.level));
        let first = &designs[members[0]];
        let wanted = |level: Value| {
            let mut factors = first.factors.clone();
            factors.insert(axis.path.to_owned(), level);
            Wanted { model: first.name().to_owned(), factors }
        };
        levels_between(axis, &all).into_iter().map(wanted).collect::<Vec<_>>()
    };
    groups(axis, designs).into_iter().flat_map(of_group).collect()
}

fn seen(
    axis: &Axis,
    level: f64,
    design: &Design,
    number: usize,
    points: &[Point],
    conducted: &[Conducted],
) -> Seen {
    let own = points.iter().zip(conducted).filter(|it| it.0.design == number);
    let own: Vec<Reported> = own
        .filter(|it| it.0.fault.is_none())
        .map(|(point, conducted)| reported(point, design, conducted))
        .collect();
    let limits = limits(design);
    let states = |it: &Reported| {
        let missed = limits.iter().map(|of| it.seems_to_miss(&of.objective, of.limit));
        std::iter::once(it.overloaded.is_some()).chain(missed).collect::<Vec<_>>()
    };
    let metric = |it: &Reported| {
        let estimate = it.metric(axis.refine.metric.as_ref()?)?;
        Some((estimate.value, estimate.half_width.unwrap_or(0.0)))
    };
    Seen {
        level,
        states: own.iter().flat_map(states).collect(),
        metric: own.iter().map(metric).collect(),
    }
}

/// New levels: one in each gap across which something comes to be missed, and one where the metric bends
/// most; no more than may be.
fn levels_between(axis: &Axis, seen: &[Seen]) -> Vec<Value> {
    let room = (axis.refine.points as usize).saturating_sub(seen.len());
    let middle = |gap: usize| axis.middle(seen[gap].level, seen[gap + 1].level);
    let mut gaps: Vec<usize> = (1..seen.len())
        .map(|it| it - 1)
        .filter(|gap| seen[*gap].states != seen[gap + 1].states && middle(*gap).is_some())
        .collect();
    let bends = (1..seen.len()).map(|it| it - 1).filter(|it| middle(*it).is_some());
    let bends = bends.filter_map(|gap| Some((gap, bend(seen, gap)?)));
    // Of equal ones the first.
    let most = bends.reduce(|a, b| if b.1 > a.1 { b } else { a });
    gaps.extend(most.map(|it| it.0).filter(|it| !gaps.contains(it)));
    gaps.truncate(room);
    gaps.into_iter().filter_map(middle).collect()
}

/// How far the line across a gap may be from the metric, as a share of what the metric spans: h² |f''| / 8,
/// with the larger of the second differences at both ends (de Boor, *A Practical Guide to Splines*, chapter
/// III). Nothing where it is straight enough, or no farther than chance.
fn bend(seen: &[Seen], gap: usize) -> Option<f64> {
    let days = 0..seen[gap].metric.len();
    let of_day = |day: usize| {
        let value = |i: usize| seen.get(i).and_then(|it| *it.metric.get(day)?);
        let second = |i: usize| {
            let (a, b, c) = (value(i.checked_sub(1)?)?, value(i)?, value(i + 1)?);
            let (x, y, z) = (seen[i - 1].level, seen[i].level, seen[i + 1].level);
            let slopes = ((c.0 - b.0) / (z - y), (b.0 - a.0) / (y - x));
            Some(2.0 * (slopes.0 - slopes.1) / (z - x))
        };
        let curved = [second(gap), second(gap + 1)].into_iter().flatten().map(f64::abs);
        let width = seen[gap + 1].level - seen[gap].level;
        let off = curved.reduce(f64::max)? * width * width / 8.0;
        let values = (0..seen.len()).filter_map(value).map(|it| it.0);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
            (low.min(it), high.max(it))
        });
        let chance = value(gap)?.1.max(value(gap + 1)?.1);
        let share = off / (high - low);
        (share > STRAIGHT && off > chance).then_some(share)
    };
    days.filter_map(of_day).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn range() -> Levels {
        serde_json::from_value(json!({
            "from": 0, "to": 16, "levels": 5, "refine": { "metric": "m", "within": 1, "points": 12 }
        }))
        .unwrap()
    }

    fn at(level: f64, missed: bool, metric: f64) -> Seen {
        Seen { level, states: vec![missed], metric: vec![Some((metric, 0.0))] }
    }

    fn new(seen: &[Seen]) -> Vec<Value> {
        let Levels::Range(range) = &range() else { panic!("a range") };
        let refine = range.refine.as_ref().unwrap();
        levels_between(&Axis { key: "x", path: "x", range, refine, within: 1.0 }, seen)
    }

    #[test]
    fn a_gap_across_which_an_objective_comes_to_be_missed_is_halved_down_to_the_width() {
        let mut levels = vec![0.0, 4.0, 8.0, 12.0, 16.0];
        loop {
            let seen: Vec<Seen> = levels.iter().map(|it| at(*it, *it > 9.3, 0.0)).collect();
            let added = new(&seen);
            if added.is_empty() {
                break;
            }
            levels.extend(added.iter().map(|it| it.as_f64().unwrap()));
            levels.sort_by(f64::total_cmp);
        }
        assert_eq!(levels, [0.0, 4.0, 8.0, 9.0, 10.0, 12.0, 16.0]);
    }

    #[test]
    fn a_metric_is_looked_at_where_it_bends_most_and_a_straight_one_nowhere() {
        let levels = [0.0, 4.0, 8.0, 12.0, 16.0];
        let knee: Vec<Seen> = levels.map(|it| at(it, false, (it - 11.0).max(0.0))).into();
        assert_eq!(new(&knee), [json!(10)]);
        let line: Vec<Seen> = levels.map(|it| at(it, false, 3.0 * it)).into();
        assert_eq!(new(&line), Vec::<Value>::new());
    }

    #[test]
    fn what_bends_no_more_than_chance_is_left_alone() {
        let levels = [0.0, 4.0, 8.0, 12.0, 16.0];
        let mut seen: Vec<Seen> = levels.map(|it| at(it, false, (it - 11.0).max(0.0))).into();
        seen.iter_mut().flat_map(|it| &mut it.metric).flatten().for_each(|it| it.1 = 9.0);
        assert_eq!(new(&seen), Vec::<Value>::new());
    }

    #[test]
    fn no_more_levels_are_added_than_may_be() {
        let seen: Vec<Seen> = (0..12).map(|it| at(f64::from(it) * 1.4, it % 2 == 0, 0.0)).collect();
        assert_eq!(new(&seen), Vec::<Value>::new());
        assert_eq!(new(&seen[..10]).len(), 2);
    }
}
