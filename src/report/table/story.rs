//! Many points under each other: by day for a story, by level for a sweep.

use super::grid::{Cell, Grid, Tone};
use super::{Page, cell, judged, number, objective_text};
use crate::outcome::{Kept, ModelSummary, Outcome, Point, level_text};
use crate::report::{distinct, figure};
use indexmap::IndexMap;

/// More rows than these are thinned to fewer days.
const ROWS_MAX: usize = 48;

/// A row for each design on each sampled day.
pub fn by_day(page: &mut Page, outcome: &Outcome) {
    let designs = outcome.designs();
    let days = shown_days(outcome, designs.len());
    let is_shown = |it: &&Point| it.fault.is_none() && it.day.is_none_or(|day| days.contains(&day));
    let mut points: Vec<&Point> = outcome.points.iter().filter(is_shown).collect();
    points.sort_by(|a, b| a.day.unwrap_or(0.0).total_cmp(&b.day.unwrap_or(0.0)));
    let columns = Columns::of(outcome);
    let mut grid = Grid::new(
        3,
        ["day", "users", "model"].map(str::to_owned).into_iter().chain(columns.heads()),
    );
    let mut previous: Option<&Point> = None;
    for point in points {
        let same_day = previous.is_some_and(|it| it.day.is_some() && it.day == point.day);
        let same_users = same_day && previous.is_some_and(|it| it.users == point.users);
        let unless = |same: bool, value: Option<f64>| match value {
            Some(value) if !same => number(value),
            _ => Cell::default(),
        };
        let mut row = vec![unless(same_day, point.day), unless(same_users, point.users)];
        row.push(Cell::words(outcome.label(&point.model, &point.factors)));
        row.extend(columns.cells(outcome, point));
        grid.rows.push(row);
        previous = Some(point);
    }
    let grid = grid.if_it_fits("headroom", &page.look);
    let mut legend = columns.legend(outcome, grid.has("headroom"));
    if days.len() < all_days(outcome).len() {
        legend.push_str(" Not every sampled day is shown here; --format csv has them all.");
    }
    page.table(if days.is_empty() { "Side by side" } else { "Day by day" }, grid, &legend);
}

/// A row for each point, with its levels in front.
pub fn by_factor(page: &mut Page, outcome: &Outcome) {
    let points = || outcome.points.iter().filter(|it| it.fault.is_none());
    let factors = distinct(points().flat_map(|it| it.factors.keys()).map(String::as_str));
    let columns = Columns::of(outcome);
    let mut heads: Vec<String> = ["model", "day", "users"].map(str::to_owned).into();
    heads.extend(factors.iter().map(|it| outcome.short_name(it).to_owned()));
    let mut grid = Grid::new(heads.len(), heads.into_iter().chain(columns.heads()));
    let several_models = points().any(|it| it.model != outcome.points[0].model);
    for point in points() {
        let mut row = vec![match several_models || factors.is_empty() {
            true => Cell::words(&point.model),
            false => Cell::default(),
        }];
        row.extend([point.day, point.users].map(|it| it.map(number).unwrap_or_default()));
        row.extend(factors.iter().map(|it| level(point, it)));
        row.extend(columns.cells(outcome, point));
        grid.rows.push(row);
    }
    let grid = grid.if_it_fits("headroom", &page.look);
    let mut legend = columns.legend(outcome, grid.has("headroom"));
    for factor in factors.iter().filter(|it| outcome.short_name(it) != **it) {
        legend.push_str(&format!(" {} is {factor}.", outcome.short_name(factor)));
    }
    page.table("Point by point", grid, &legend);
}

fn level(point: &Point, factor: &str) -> Cell {
    match point.factors.get(factor) {
        Some(level) => level.as_f64().map_or_else(|| Cell::words(level_text(level)), number),
        None => Cell::default(),
    }
}

fn all_days(outcome: &Outcome) -> Vec<f64> {
    let mut days: Vec<f64> =
        outcome.points.iter().filter(|it| it.fault.is_none()).filter_map(|it| it.day).collect();
    days.sort_by(f64::total_cmp);
    days.dedup();
    days
}

/// All sampled days, or every second, third, … with the last and those on which something breaks.
fn shown_days(outcome: &Outcome, designs: usize) -> Vec<f64> {
    let days = all_days(outcome);
    let stride = (days.len() * designs).div_ceil(ROWS_MAX).max(1);
    let breaks: Vec<f64> =
        outcome.models.values().filter_map(|it| Some(it.breaks_on.as_ref()?.value)).collect();
    let last = days.last().copied();
    let keep = |(i, day): (usize, &f64)| {
        (i % stride == 0 || Some(*day) == last || breaks.contains(day)).then_some(*day)
    };
    days.iter().enumerate().filter_map(keep).collect()
}

/// The measured columns: availability, the response that matters, what is busiest.
struct Columns {
    /// `generate.p95`, with its bound where all models have the same.
    responses: IndexMap<String, Option<f64>>,
}

impl Columns {
    /// A column for each objective on the response, or for the p95 of each class if there is none.
    fn of(outcome: &Outcome) -> Self {
        let mut responses: IndexMap<String, Option<f64>> = IndexMap::new();
        for (objective, bound) in outcome.models.values().flat_map(|it| &it.objectives) {
            if is_response(objective) {
                let kept = responses.entry(objective.clone()).or_insert(Some(*bound));
                *kept = kept.filter(|it| it == bound);
            }
        }
        if responses.is_empty() {
            let classes = outcome.points.iter().flat_map(Point::classes);
            responses.extend(classes.map(|it| (format!("{it}.p95"), None)));
        }
        Columns { responses }
    }

    fn heads(&self) -> Vec<String> {
        let mut heads = vec!["availability".to_owned()];
        heads.extend(self.responses.keys().map(|it| it.replace('.', " ")));
        heads.extend(["busiest", "headroom", "cost a month"].map(str::to_owned));
        heads
    }

    fn cells(&self, outcome: &Outcome, point: &Point) -> Vec<Cell> {
        let summary = outcome.summary(&point.model, &point.factors);
        let mut cells = vec![availability(point, summary)];
        for objective in self.responses.keys() {
            let bound = summary.and_then(|it| it.objectives.get(objective));
            cells.push(response(point, objective, bound.copied()));
        }
        let busiest = point.bottleneck.as_ref();
        cells.push(busiest.map_or_else(Cell::default, |it| {
            Cell::words(format!("{} {}", it.name, figure::share(it.utilization)))
        }));
        cells.push(cell(point, "headroom"));
        cells.push(match outcome.verb == crate::outcome::Verb::Sweep {
            true => cell(point, "cost.month"),
            false => Cell::default(),
        });
        cells
    }

    fn legend(&self, outcome: &Outcome, with_headroom: bool) -> String {
        let mut legend =
            String::from("Availability: the share of requests answered correctly and in time. ");
        if self.responses.keys().any(|it| it.ends_with(".p95")) {
            legend.push_str("p95: 95 of 100 answers come sooner. ");
        }
        legend.push_str("Busiest: the device or pool that is used most.");
        if with_headroom {
            legend.push_str(" Headroom: the idle share of that.");
        }
        let objectives = outcome.models.values().flat_map(|it| &it.objectives);
        let told = distinct(objectives.map(|(name, bound)| objective_text(name, *bound)));
        if !told.is_empty() {
            let told = told.join(", ");
            legend.push_str(&format!(" Objectives: {told}; ✗ missed, ? cannot tell."));
        }
        if outcome.points.iter().any(|it| it.overloaded.is_some()) {
            legend.push_str(
                " Overloaded: work arrives faster than it can be done, so there is no steady response time.",
            );
        }
        legend
    }
}

fn is_response(objective: &str) -> bool {
    let what = objective.rsplit_once('.').map_or("", |it| it.1);
    what == "mean" || what == "max" || what.starts_with('p')
}

/// Over all classes; marked if the availability that is promised for a class is missed.
fn availability(point: &Point, summary: Option<&ModelSummary>) -> Cell {
    let Some(estimate) = point.metric("availability") else { return Cell::default() };
    let objectives = summary.iter().flat_map(|it| &it.objectives);
    let promised = objectives.filter(|it| it.0.ends_with(".availability"));
    let kept: Vec<Kept> = promised.map(|(name, bound)| point.keeps(name, *bound)).collect();
    let worst = match () {
        () if kept.contains(&Kept::Fail) => Kept::Fail,
        () if kept.contains(&Kept::CannotTell) => Kept::CannotTell,
        () => Kept::Pass,
    };
    judged(estimate, worst, f64::NAN, true)
}

fn response(point: &Point, objective: &str, bound: Option<f64>) -> Cell {
    match (point.outcome_of(objective), bound) {
        _ if point.overloaded.is_some() => Cell::words("overloaded").tone(Tone::Bad),
        (Some(it), Some(bound)) => judged(&it, point.keeps(objective, bound), bound, false),
        (Some(it), None) => Cell::figure(figure::figure(&it)),
        (None, _) => Cell::default(),
    }
}
