//! Many points under each other: by day for a story, by level for a sweep.

use super::grid::{Cell, Grid, Tone};
use super::{FULLEST, Page, UNSETTLED, cell, day, design, judged, number, objective_text};
use crate::outcome::{Estimate, Kept, ModelSummary, Outcome, Point, Verb, level_text};
use crate::report::figure::{self, Figure};
use crate::report::{classes_that_matter, distinct};
use indexmap::IndexMap;

/// More rows than these are thinned to fewer days.
const ROWS_MAX: usize = 48;
/// From this many attempts for a request on, retries are worth a column.
const ATTEMPTS_WORTH_TELLING: f64 = 1.05;
/// From this share of work in vain on, it is worth a column.
const WASTE_WORTH_TELLING: f64 = 0.005;
/// The metric of those who are there where users leave.
const LEFT: &str = "users.left";
/// Columns that are left out where there is no room for them, the first first.
const LEFT_OUT: [&str; 2] = ["least answered", "headroom"];

/// How rows of whole stories are to be read.
const ALL: &str = " All: the whole story, of which day 0 is the first.";

/// A row for each design on each sampled day, or on each of a whole story after that as such.
pub fn by_day(page: &mut Page, outcome: &Outcome) {
    let designs = outcome.designs();
    let days = shown_days(outcome, designs.len());
    let is_shown = |it: &&Point| it.fault.is_none() && it.day.is_none_or(|day| days.contains(&day));
    let mut points: Vec<&Point> = outcome.points.iter().filter(is_shown).collect();
    // A whole story comes before its days.
    let place = |it: &Point| it.day.unwrap_or(f64::NEG_INFINITY);
    points.sort_by(|a, b| place(a).total_cmp(&place(b)));
    let columns = Columns::of(outcome);
    let mut grid = Grid::new(
        3,
        ["day", "users", "model"].map(str::to_owned).into_iter().chain(columns.heads()),
    );
    let mut previous: Option<&Point> = None;
    for point in points {
        let has_day = point.day.is_some() || has_wholes(outcome);
        let same_day = has_day && previous.is_some_and(|it| it.day == point.day);
        let same_users = same_day && previous.is_some_and(|it| it.users == point.users);
        let mut row = vec![
            match point.day {
                _ if same_day => Cell::default(),
                Some(of) => day(of),
                None if has_wholes(outcome) => Cell::words("all"),
                None => Cell::default(),
            },
            point.users.filter(|_| !same_users).map(people).unwrap_or_default(),
            design(outcome, point),
        ];
        row.extend(columns.cells(outcome, point));
        grid.rows.push(row);
        previous = Some(point);
    }
    let grid = fitted(page, grid);
    let mut legend = columns.legend(outcome, &grid);
    if days.len() < all_days(outcome).len() {
        legend.push_str(" Not every sampled day is shown here; --format csv has them all.");
    }
    if has_wholes(outcome) {
        legend.push_str(ALL);
    }
    page.table(if days.is_empty() { "Side by side" } else { "Day by day" }, grid, &legend);
    page.note_unsettled(outcome.points.iter().filter(|it| it.fault.is_none()));
}

fn fitted(page: &Page, grid: Grid) -> Grid {
    LEFT_OUT.iter().fold(grid, |grid, it| grid.if_it_fits(it, &page.look))
}

fn people(users: f64) -> Cell {
    number(figure::users(users))
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
    let has_wholes = has_wholes(outcome);
    for point in points() {
        let mut row = vec![match several_models || factors.is_empty() {
            true if factors.is_empty() => design(outcome, point),
            true => Cell::words(&point.model),
            false => Cell::default(),
        }];
        row.push(match point.day {
            Some(of) => day(of),
            None if has_wholes => Cell::words("all"),
            None => Cell::default(),
        });
        row.push(point.users.map(people).unwrap_or_default());
        let last = factors.last().filter(|_| !point.settled);
        row.extend(factors.iter().map(|it| level(point, it, last == Some(it))));
        row.extend(columns.cells(outcome, point));
        grid.rows.push(row);
    }
    let grid = fitted(page, grid);
    let mut legend = columns.legend(outcome, &grid);
    if has_wholes {
        legend.push_str(ALL);
    }
    for factor in factors.iter().filter(|it| outcome.short_name(it) != **it) {
        legend.push_str(&format!(" {} is {factor}.", outcome.short_name(factor)));
    }
    page.table("Point by point", grid, &legend);
    page.note_unsettled(points());
}

/// A level of a point, with the mark of unsettled points if it is asked for.
fn level(point: &Point, factor: &str, is_marked: bool) -> Cell {
    let unit = if is_marked { UNSETTLED.to_owned() } else { String::new() };
    match point.factors.get(factor) {
        Some(level) => match level.as_f64() {
            Some(level) => {
                let value = figure::exact(level, None);
                Cell::figure(Figure { value, unit, ..Figure::default() })
            }
            None => Cell::words(level_text(level) + &unit),
        },
        None => Cell::words(unit),
    }
}

/// Whether stories were simulated as wholes, which are told beside their days.
fn has_wholes(outcome: &Outcome) -> bool {
    let ordinary = || outcome.points.iter().filter(|it| it.fault.is_none());
    ordinary().any(|it| it.day.is_none()) && ordinary().any(|it| it.day.is_some())
}

fn all_days(outcome: &Outcome) -> Vec<f64> {
    let mut days: Vec<f64> =
        outcome.points.iter().filter(|it| it.fault.is_none()).filter_map(|it| it.day).collect();
    days.sort_by(f64::total_cmp);
    days.dedup();
    days
}

/// All sampled days, or every second, third, … with the last and those between which
/// something breaks.
fn shown_days(outcome: &Outcome, designs: usize) -> Vec<f64> {
    let days = all_days(outcome);
    let stride = (days.len() * designs).div_ceil(ROWS_MAX).max(1);
    let broken = || outcome.models.values().filter_map(|it| it.breaks_on.as_ref());
    let breaks: Vec<f64> =
        broken().flat_map(|it| [Some(it.missed_on()), it.kept_on()]).flatten().collect();
    let last = days.last().copied();
    // Their sums and halves may be a last bit away from the day itself.
    let is_breaking = |day: f64| breaks.iter().any(|it| (it - day).abs() < 1e-6);
    let keep = |(i, day): (usize, &f64)| {
        (i % stride == 0 || Some(*day) == last || is_breaking(*day)).then_some(*day)
    };
    days.iter().enumerate().filter_map(keep).collect()
}

/// The measured columns: availability, the response that matters, what is busiest.
struct Columns {
    /// `generate.p95`, with its bound where all models have the same.
    responses: IndexMap<String, Option<f64>>,
    /// Whether users who left are missing from then on.
    with_left: bool,
    /// Whether some class tries much more often than once.
    with_tries: bool,
    /// Whether there are policies that may spare work in vain, and some is done.
    with_waste: bool,
    /// Whether some answers are not what was asked for.
    with_degraded: bool,
    /// The kinds of session there are.
    sessions: Vec<String>,
    /// Whether the cost has no other place.
    with_cost: bool,
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
        let all_attempts = outcome.points.iter().filter_map(worst_attempts);
        let with_tries =
            all_attempts.fold(1.0, |most, it| it.value.max(most)) > ATTEMPTS_WORTH_TELLING;
        let metrics = || outcome.points.iter().flat_map(|it| &it.metrics);
        let spare = [".rejected", ".denied", ".hedged"];
        let with_waste = metrics().any(|it| spare.iter().any(|kind| it.0.ends_with(kind)))
            && metrics().any(|it| it.0 == "wasted" && it.1.value >= WASTE_WORTH_TELLING);
        let with_degraded = metrics().any(|it| it.0.ends_with(".degraded") && it.1.value > 0.0);
        let with_left = metrics().any(|it| it.0 == LEFT);
        let has_days = outcome.points.iter().any(|it| it.day.is_some());
        let with_cost = outcome.verb == Verb::Sweep && !has_days;
        let sessions = distinct(metrics().filter_map(|it| it.0.strip_suffix(".begun")));
        let sessions = sessions.into_iter().map(str::to_owned).collect();
        Columns { responses, with_left, with_tries, with_waste, with_degraded, sessions, with_cost }
    }

    fn heads(&self) -> Vec<String> {
        let mut heads = vec!["users left".to_owned(), "availability".to_owned()];
        heads.extend(self.responses.keys().map(|it| it.replace('.', " ")));
        heads.extend(self.sessions.iter().map(|it| format!("{it} completed")));
        let more = [
            "degraded",
            "tries",
            "wasted",
            "busiest",
            "least answered",
            "headroom",
            "cost a month",
        ];
        heads.extend(more.map(str::to_owned));
        heads
    }

    fn cells(&self, outcome: &Outcome, point: &Point) -> Vec<Cell> {
        let summary = outcome.summary(&point.model, &point.factors);
        let mut cells = vec![left(point), availability(point, summary)];
        for objective in self.responses.keys() {
            let bound = summary.and_then(|it| it.objectives.get(objective));
            cells.push(response(point, objective, bound.copied()));
        }
        cells.extend(self.sessions.iter().map(|it| cell(point, &format!("{it}.completed"))));
        cells.push(match self.with_degraded {
            true => Cell::words(figure::share(degraded(point))),
            false => Cell::default(),
        });
        let tries = worst_attempts(point).filter(|_| self.with_tries);
        cells.push(tries.map_or_else(Cell::default, |it| {
            Cell::figure(Figure { value: figure::rounded(it.value, 2), ..Figure::default() })
        }));
        let wasted = point.metric("wasted").filter(|_| self.with_waste);
        cells.push(wasted.map_or_else(Cell::default, |it| Cell::words(figure::share(it.value))));
        let busiest = point.bottleneck.as_ref();
        cells.push(busiest.map_or_else(Cell::default, |it| {
            let own = format!("{} {}", it.name, figure::share(it.utilization));
            // What piles up elsewhere is not to be seen in any other column.
            match point.overloaded.as_ref().filter(|overload| overload.by != it.name) {
                Some(overload) => Cell::words(format!("{own}, {} overloaded", overload.by)),
                None => Cell::words(own),
            }
        }));
        cells.push(match self.with_tries {
            true => least_answered(outcome, point),
            false => Cell::default(),
        });
        cells.push(cell(point, "headroom"));
        cells.push(match self.with_cost {
            true => cell(point, "cost.month"),
            false => Cell::default(),
        });
        cells
    }

    fn legend(&self, outcome: &Outcome, grid: &Grid) -> String {
        let mut legend = String::new();
        if self.with_left {
            legend.push_str(
                "Users left: those of the users whom failed requests so far have not made leave; they make \
                 the traffic. ",
            );
        }
        legend.push_str("Availability: the share of requests answered correctly and in time. ");
        if self.responses.keys().any(|it| it.ends_with(".p95")) {
            legend.push_str("p95: 95 of 100 answers come sooner. ");
        }
        if !self.sessions.is_empty() {
            legend.push_str("Completed: sessions that went to their end. ");
        }
        if self.with_degraded {
            legend.push_str(
                "Degraded: the share of answers with something in place of what was asked. ",
            );
        }
        if self.with_tries {
            legend.push_str("Tries: attempts per request of the class that tries most. ");
        }
        if self.with_waste {
            legend.push_str(
                "Wasted: the share of the work of CPUs and disks that nobody waited for any more. ",
            );
        }
        let several = |it: &Point| it.metrics.keys().any(|name| name.ends_with(FULLEST));
        legend.push_str("Busiest: the device or pool that is used most");
        let several = outcome.points.iter().any(several);
        legend.push_str(if several { ", of several alike the fullest." } else { "." });
        if self.with_tries && grid.has("least answered") {
            legend.push_str(
                " Least answered: the class with the least goodput for what arrives, and its share.",
            );
        }
        if grid.has("headroom") {
            legend.push_str(" Headroom: the idle share of the device or pool that has the least.");
        }
        let objectives = outcome.models.values().flat_map(|it| &it.objectives);
        let told = distinct(objectives.map(|(name, bound)| objective_text(name, *bound)));
        if !told.is_empty() {
            let told = told.join(", ");
            legend.push_str(&format!(" Objectives: {told}; ✗ missed, ? cannot tell."));
        }
        if outcome.points.iter().any(|it| it.overloaded.is_some()) {
            legend.push_str(
                " Overloaded: work arrives faster than it can be done, so that what waits there has no steady \
                 response time.",
            );
        }
        let few =
            |it: &Point| self.responses.keys().any(|objective| has_few_answers(it, objective));
        if outcome.points.iter().any(few) {
            legend.push_str(
                " Few answers: not one in every replication, so that there is no figure.",
            );
        }
        legend
    }
}

/// Users who have not left, by their number alone.
fn left(point: &Point) -> Cell {
    let Some(left) = point.metric(LEFT) else { return Cell::default() };
    Cell::figure(Figure { unit: String::new(), ..figure::figure(left) })
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

/// A percentile, or why there is none.
fn response(point: &Point, objective: &str, bound: Option<f64>) -> Cell {
    match (point.outcome_of(objective), bound) {
        (Some(it), Some(bound)) => judged(&it, point.keeps(objective, bound), bound, false),
        (Some(it), None) => Cell::figure(figure::figure(&it)),
        (None, _) if point.overloaded.is_some() => Cell::words("overloaded").tone(Tone::Bad),
        (None, _) if has_few_answers(point, objective) => {
            Cell::words("few answers").tone(Tone::Bad)
        }
        (None, _) => Cell::default(),
    }
}

/// Whether the class of an objective on the response came but was not answered often enough to
/// tell it, though nothing grows.
fn has_few_answers(point: &Point, objective: &str) -> bool {
    let class = objective.rsplit_once('.').map_or("", |it| it.0);
    let came = point.metric(&format!("{class}.arrivals")).is_some_and(|it| it.value > 0.0);
    came && point.fault.is_none()
        && point.overloaded.is_none()
        && point.outcome_of(objective).is_none()
}

/// Answers that went the way of a fallback, of all answers.
fn degraded(point: &Point) -> f64 {
    let sum = |what: &str| -> f64 {
        let all = point.classes().filter_map(|it| point.metric(&format!("{it}.{what}")));
        all.map(|it| it.value).sum()
    };
    let answered = sum("goodput");
    if answered > 0.0 { (sum("degraded") / answered).min(1.0) } else { 0.0 }
}

/// The attempts per request of the class that tries most.
fn worst_attempts(point: &Point) -> Option<&Estimate> {
    let attempts = point.classes().filter_map(|it| point.metric(&format!("{it}.attempts")));
    attempts.max_by(|a, b| a.value.total_cmp(&b.value))
}

/// The class of which the least share is answered in time, of those that matter: `generate 46 %`.
fn least_answered(outcome: &Outcome, point: &Point) -> Cell {
    let share = |class: &str| {
        let rate = |what| point.metric(&format!("{class}.{what}")).map(|it| it.value);
        Some(rate("goodput")? / rate("arrivals").filter(|it| *it > 0.0)?)
    };
    let shares = classes_that_matter(outcome, &[point]).into_iter();
    let least = shares.filter_map(|it| Some((it, share(it)?))).min_by(|a, b| a.1.total_cmp(&b.1));
    // By chance a few more are answered than come in the window.
    least.map_or_else(Cell::default, |(class, share)| {
        Cell::words(format!("{class} {}", figure::share(share.min(1.0))))
    })
}
