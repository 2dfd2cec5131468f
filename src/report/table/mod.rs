//! An outcome as tables for people: every figure with its half-width, every table with a line that
//! says how to read it.

mod capacity;
mod found;
pub(crate) mod grid;
mod over_time;
mod run;
mod sensitivity;
mod story;
mod theory;
mod versus;

use crate::outcome::{Estimate, Kept, Outcome, Point, Unit, Unrefined, Verb};
use crate::report::figure::{self, Figure};
use crate::report::{confidence, replications};
use grid::{Cell, Tone, width};
use indexmap::IndexMap;

/// How wide a table may be, and whether it has colours.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal, or of the page where there is none.
    pub width: usize,
    /// Escape sequences for colour; only for terminals.
    pub colour: bool,
}

impl Default for Look {
    /// What fits a page: 116 columns, no colours.
    fn default() -> Self {
        Look { width: 116, colour: false }
    }
}

/// The tables that suit the outcome's verb.
pub fn text(outcome: &Outcome, look: &Look) -> String {
    let mut page = Page { text: String::new(), look: *look };
    page.heading(outcome);
    match outcome.verb {
        Verb::Run => outcome.points.iter().for_each(|it| run::point(&mut page, outcome, it)),
        // What was expected is told, and not all that was seen on the way.
        Verb::Check => {}
        // Of points that were drawn each tells little: what they tell together is in their place.
        Verb::Sweep if !outcome.sensitivities.is_empty() => {}
        Verb::Sweep => story::by_factor(&mut page, outcome),
        Verb::Capacity => capacity::capacity(&mut page, outcome),
        _ => story::by_day(&mut page, outcome),
    }
    if ![Verb::Run, Verb::Capacity, Verb::Check].contains(&outcome.verb) {
        sensitivity::tables(&mut page, outcome);
        versus::breaks(&mut page, outcome);
        found::smallest(&mut page, outcome);
        versus::faults(&mut page, outcome);
        over_time::table(&mut page, outcome);
        versus::queues(&mut page, outcome);
        versus::comparisons(&mut page, outcome);
        versus::selections(&mut page, outcome);
    }
    versus::expectations(&mut page, outcome);
    versus::baseline(&mut page, outcome);
    if page.text.contains(figure::TOO_SHORT) {
        page.note(
            "† too short: the runs are worth too few independent requests for this figure, whose interval holds the \
             true one less often than it says. Measure for longer, or more replications.",
        );
    }
    page.text
}

/// A blank at which no line is broken.
const UNBROKEN: char = '\u{a0}';

/// The text so far.
struct Page {
    text: String,
    look: Look,
}

impl Page {
    fn heading(&mut self, outcome: &Outcome) {
        let name = self.bold(&outcome.experiment);
        self.text.push_str(&format!("{name}\n"));
        if !outcome.about.is_empty() {
            self.note(&outcome.about);
        }
        self.note(&method(outcome));
        let unmet = outcome.points.iter().flat_map(|it| it.unmet.iter().map(move |of| (it, of)));
        if let Some((point, worst)) =
            unmet.max_by(|a, b| (a.1.reached / a.1.wanted).total_cmp(&(b.1.reached / b.1.wanted)))
        {
            self.note(&format!(
                "The most replications that are allowed, {}, ended it before all was known as asked: {} of {} to ± {} \
                 in place of ± {}. About {} would do.",
                point.replications,
                worst.metric,
                outcome.label(&point.model, &point.factors),
                figure::share(worst.reached),
                figure::share(worst.wanted),
                worst.replications_needed,
            ));
        }
        if let Some(it) = &outcome.unrefined {
            self.note(&unrefined(it));
        }
    }

    /// A table with its title above and how to read it below.
    fn table(&mut self, title: &str, grid: grid::Grid, legend: &str) {
        if grid.rows.is_empty() {
            return;
        }
        let title = self.bold(title);
        let grid = grid.without_empty_columns().text(&self.look);
        self.text.push_str(&format!("\n{title}\n\n{grid}"));
        if !legend.is_empty() {
            self.note(legend);
        }
    }

    /// A paragraph no wider than the page.
    fn note(&mut self, text: &str) {
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && width(&line) + 1 + width(word) > self.look.width {
                self.line(&line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line);
    }

    /// What the mark of unsettled points means, if there is one.
    fn note_unsettled<'a>(&mut self, mut points: impl Iterator<Item = &'a Point>) {
        if points.any(|it| !it.settled) {
            self.note(
                "° the start-up transient had not ended within the pilot runs: give a longer window or warm-up",
            );
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(&line.replace(UNBROKEN, " "));
        self.text.push('\n');
    }

    fn bold(&self, text: &str) -> String {
        if self.look.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Why levels were added no further.
fn unrefined(of: &Unrefined) -> String {
    const SHOWN: usize = 5;
    let mut wanted = of.wanted.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if of.wanted.len() > SHOWN {
        wanted.push_str(&format!(" and {} more", of.wanted.len() - SHOWN));
    }
    let mend = match of.mend.as_str() {
        "" => String::new(),
        mend => format!(" What would help: {mend}."),
    };
    format!(
        "{} got no more levels, though {wanted} would have been next: {}. What was run before stands.{mend}",
        of.path, of.why
    )
}

/// How the figures were got: replications, window, warm-up, seed.
fn method(outcome: &Outcome) -> String {
    let Some(first) = outcome.points.first() else {
        return "Nothing was simulated.".to_owned();
    };
    // Where nothing but faults was played, those are what is told of.
    let only_faults = outcome.points.iter().all(|it| it.fault.is_some());
    let whole = outcome.points.iter().any(|it| it.fault.is_none() && it.day.is_none());
    let ordinary = || {
        let all = outcome.points.iter().filter(move |it| only_faults || it.fault.is_none());
        // The days of a whole story were not simulated apart.
        all.filter(move |it| !whole || it.day.is_none())
    };
    let seconds = |it: f64| figure::exact(it, Some(Unit::Seconds));
    let same = |get: fn(&Point) -> f64| ordinary().all(|it| get(it) == get(first));
    let window = match same(|it| it.window_s) {
        true => format!(" of {}", seconds(first.window_s)),
        false => String::new(),
    };
    let warm_up = match same(|it| it.warm_up_s) {
        true if first.warm_up_s > 0.0 => format!(" after {} of warm-up", seconds(first.warm_up_s)),
        _ => String::new(),
    };
    let by = |it: &Point| it.warm_up_by.clone();
    let warm_up = match by(first) {
        Some(signal) if !warm_up.is_empty() && ordinary().all(|it| by(it) == by(first)) => {
            format!("{warm_up} (until {signal} settled)")
        }
        _ => warm_up,
    };
    let points = outcome.points.iter().filter(|it| !whole || it.day.is_none());
    let each = if points.count() > 1 { " for each point" } else { "" };
    let (runs, means) = match replications(ordinary()).as_str() {
        "1" => (
            "One run".to_owned(),
            "there are no intervals, since one run cannot tell how far it is from the next"
                .to_owned(),
        ),
        several => (
            format!("{several} replications"),
            format!("± is {} confidence", confidence(ordinary())),
        ),
    };
    let gain = gain(outcome).map(|it| format!(" {it}")).unwrap_or_default();
    format!("{runs}{window}{warm_up}{each}, seed {}; {means}.{gain}", outcome.seed)
}

/// What control variates or antithetic pairs have gained, metric by metric in the middle of the points.
fn gain(outcome: &Outcome) -> Option<String> {
    let mut worth: IndexMap<&str, Vec<f64>> = IndexMap::new();
    for (metric, estimate) in outcome.points.iter().flat_map(|it| &it.metrics) {
        if let Some(it) = estimate.worth {
            worth.entry(metric).or_default().push(it);
        }
    }
    let middle = |(metric, mut all): (&str, Vec<f64>)| {
        all.sort_by(f64::total_cmp);
        format!("{} for {}", all[all.len() / 2].round(), metric.replace(".response.", " "))
    };
    let told: Vec<String> = worth.into_iter().map(middle).collect();
    let text = told.join(", ");
    let by = match outcome.points.iter().any(|it| it.antithetic) {
        true => "Antithetic pairs make them worth as many independent ones",
        false => "Control variates make them worth as many replications",
    };
    (!told.is_empty()).then(|| format!("{by}: {text}."))
}

/// A metric of a point as a cell, empty if it was not measured.
fn cell(point: &Point, metric: &str) -> Cell {
    point.metric(metric).map(|it| Cell::figure(figure::figure(it))).unwrap_or_default()
}

/// A figure with a mark that tells whether an objective is missed.
fn judged(estimate: &Estimate, kept: Kept, bound: f64, at_least: bool) -> Cell {
    let figure = figure::figure(estimate);
    let beyond = if at_least { estimate.value < bound } else { estimate.value > bound };
    match kept {
        Kept::Fail => Cell::marked(figure, "✗").tone(Tone::Bad),
        Kept::CannotTell if estimate.half_width.is_some() || beyond => {
            Cell::marked(figure, "?").tone(Tone::Unsure)
        }
        _ => Cell::figure(figure),
    }
}

/// A day that a column aligns to the right.
fn day(value: f64) -> Cell {
    Cell::figure(Figure { value: figure::day(value), ..Figure::default() })
}

/// The design of a point, marked if its warm-up may have been too short.
fn design(outcome: &Outcome, point: &Point) -> Cell {
    let mark = if point.settled { "" } else { UNSETTLED };
    Cell::words(format!("{}{mark}", outcome.label(&point.model, &point.factors)))
}

/// Marks a point whose warm-up may have been too short.
const UNSETTLED: &str = "°";
/// Ends the metric of the busiest of several hosts or instances.
const FULLEST: &str = ".utilization.fullest";

/// A number that a column aligns to the right.
fn number(value: f64) -> Cell {
    let value = figure::exact(value, None);
    Cell::figure(Figure { value, ..Figure::default() })
}

/// `generate p95 at most 3 s`, as an objective is told.
fn objective_text(objective: &str, bound: f64) -> String {
    let name = objective.replace('.', " ");
    let text = match objective.rsplit_once('.').map(|it| it.1) {
        Some("availability") => {
            format!("{name} at least {}", figure::exact(bound, Some(Unit::Ratio)))
        }
        Some("failure_ratio") => {
            format!("{name} at most {}", figure::exact(bound, Some(Unit::Ratio)))
        }
        Some("goodput") => {
            format!("{name} at least {}", figure::exact(bound, Some(Unit::PerSecond)))
        }
        _ => format!("{name} at most {}", figure::exact(bound, Some(Unit::Seconds))),
    };
    text.replace(' ', &UNBROKEN.to_string())
}

#[cfg(test)]
mod tests;
