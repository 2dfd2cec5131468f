//! What runs from left to right in the charts of an outcome, and which line each point is on.

use super::axis::short;
use crate::outcome::{Outcome, Point, level_number};
use crate::report::{distinct, figure};

/// More lines than these cannot be told apart.
pub const LINES_MAX: usize = 7;

/// What runs from left to right.
#[derive(Clone, Debug, PartialEq)]
pub enum Along {
    Day,
    Users,
    /// A factor with numbers as levels, all in one unit, by its path.
    Factor {
        path: String,
        unit: String,
    },
    /// Nothing that is a number: the designs stand side by side.
    Design,
}

/// The points on which nothing fails, as lines.
#[derive(Debug)]
pub struct Story<'a> {
    pub along: Along,
    pub lines: Vec<Line<'a>>,
    /// How many lines are not drawn.
    pub left_out: usize,
}

#[derive(Debug)]
pub struct Line<'a> {
    pub label: String,
    /// From left to right.
    pub points: Vec<(f64, &'a Point)>,
}

impl<'a> Story<'a> {
    pub fn of(outcome: &'a Outcome) -> Self {
        let mut points: Vec<&Point> =
            outcome.points.iter().filter(|it| it.fault.is_none()).collect();
        // Of whole stories their days are drawn.
        let by_day = points.iter().any(|it| it.day.is_some());
        points.retain(|it| !by_day || it.day.is_some());
        let along = along(&points);
        let mut lines: Vec<Line> = Vec::new();
        for point in points {
            let label = label(outcome, point, &along);
            let place = match lines.iter().position(|it| it.label == label) {
                Some(place) => place,
                None => {
                    lines.push(Line { label, points: Vec::new() });
                    lines.len() - 1
                }
            };
            let x = x(point, &along).unwrap_or(place as f64);
            lines[place].points.push((x, point));
        }
        for line in &mut lines {
            line.points.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let left_out = lines.len().saturating_sub(LINES_MAX);
        lines.truncate(LINES_MAX);
        Story { along, lines, left_out }
    }

    /// All places from left to right, each once.
    pub fn places(&self) -> Vec<f64> {
        let mut places: Vec<f64> =
            self.lines.iter().flat_map(|it| &it.points).map(|it| it.0).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        places
    }

    /// What to write at a place.
    pub fn label(&self, place: f64) -> String {
        match self.along {
            Along::Design => {
                self.lines.get(place as usize).map(|it| it.label.clone()).unwrap_or_default()
            }
            Along::Users => short(figure::users(place)),
            Along::Day => figure::day(place),
            Along::Factor { .. } => figure::exact(place, None),
        }
    }

    /// The classes of all points, in the order of the outcome.
    pub fn classes(&self) -> Vec<&'a str> {
        let points = self.lines.iter().flat_map(|it| &it.points);
        distinct(points.flat_map(|it| it.1.classes()))
    }
}

fn along(points: &[&Point]) -> Along {
    if varies(points, |it| it.day) {
        return Along::Day;
    }
    let mut factors: Vec<&String> = points.iter().flat_map(|it| it.factors.keys()).collect();
    factors.sort();
    factors.dedup();
    for path in factors {
        let numbers: Option<Vec<(f64, &str)>> =
            points.iter().map(|it| level_number(it.factors.get(path)?)).collect();
        let Some(unit) = numbers.as_deref().and_then(|it| Some(it.first()?.1)) else { continue };
        let of_one_unit = numbers.iter().flatten().all(|it| it.1 == unit);
        if of_one_unit && varies(points, |it| level_number(it.factors.get(path)?).map(|it| it.0)) {
            return Along::Factor { path: path.clone(), unit: unit.to_owned() };
        }
    }
    if varies(points, |it| it.users) { Along::Users } else { Along::Design }
}

/// Whether all points have the number and not all have the same.
fn varies(points: &[&Point], get: impl Fn(&Point) -> Option<f64>) -> bool {
    let numbers: Option<Vec<f64>> =
        points.iter().map(|it| get(it).filter(|it| it.is_finite())).collect();
    numbers.is_some_and(|it| it.iter().any(|number| *number != it[0]))
}

fn x(point: &Point, along: &Along) -> Option<f64> {
    match along {
        Along::Day => point.day,
        Along::Users => point.users,
        Along::Factor { path, .. } => level_number(point.factors.get(path)?).map(|it| it.0),
        Along::Design => None,
    }
}

fn label(outcome: &Outcome, point: &Point, along: &Along) -> String {
    let mut others = point.factors.clone();
    if let Along::Factor { path, .. } = along {
        others.shift_remove(path);
    }
    outcome.label(&point.model, &others)
}

impl Along {
    /// What to write under the axis.
    pub fn title(&self) -> String {
        match self {
            Along::Day => "day".to_owned(),
            Along::Users => "users".to_owned(),
            Along::Factor { path, unit } if unit.is_empty() => path.clone(),
            Along::Factor { path, unit } => format!("{path}, in {unit}"),
            Along::Design => String::new(),
        }
    }

    /// The same where there is little room: only the end of a factor's path.
    pub fn short_title(&self) -> String {
        match self {
            Along::Factor { path, .. } => path.rsplit('.').next().unwrap_or_default().to_owned(),
            _ => self.title(),
        }
    }

    /// How a chart's title says it.
    pub fn phrase(&self) -> String {
        match self {
            Along::Day | Along::Factor { .. } => format!("by {}", self.short_title()),
            Along::Users => "by number of users".to_owned(),
            Along::Design => String::new(),
        }
    }
}
