//! What follows from the points: when each design breaks, what a fault does to it, which is better.

use super::grid::{Cell, Grid, Tone};
use super::{Page, cell, number};
use crate::outcome::*;
use crate::report::distinct;
use crate::report::figure::{self, Figure};
use indexmap::IndexMap;

/// More pairs of designs than these are told in sentences only.
const PAIRS_MAX: usize = 3;

/// When each design breaks, and what is busiest then.
pub fn breaks(page: &mut Page, outcome: &Outcome) {
    let last = outcome.points.iter().filter_map(|it| it.day).max_by(f64::total_cmp);
    let Some(last) = last else { return };
    let heads =
        ["model", "breaks on day", "objective missed first", "busiest then", "cost a month"];
    let mut grid = Grid::new(1, heads);
    for design in
        outcome.designs().iter().filter(|it| it.points.iter().any(|it| it.fault.is_none()))
    {
        let broken =
            outcome.summary(design.model, design.factors()).and_then(|it| it.breaks_on.as_ref());
        let day = |it: &BreaksOn| {
            let exact = |it| figure::exact(it, None);
            let half_width = it.half_width.map(exact).unwrap_or_default();
            let day = Figure { value: exact(it.value), half_width, unit: String::new() };
            Cell::figure(day).tone(Tone::Bad)
        };
        let until =
            || Cell::words(format!("not by day {}", figure::exact(last, None))).tone(Tone::Good);
        let costliest = design.points.iter().rev().find(|it| it.metric("cost.month").is_some());
        grid.rows.push(vec![
            Cell::words(&design.label),
            broken.map_or_else(until, day),
            Cell::words(broken.map(|it| it.objective.replace('.', " ")).unwrap_or_default()),
            Cell::words(broken.and_then(|it| it.by.clone()).unwrap_or_default()),
            costliest.map(|it| cell(it, "cost.month")).unwrap_or_default(),
        ]);
    }
    page.table(
        "When it breaks",
        grid,
        "The first sampled day on which the whole interval of a metric lies beyond its objective; ± is the \
         distance to the sampled days around it. Cost: on the last day.",
    );
}

/// What each fault does to each design.
pub fn faults(page: &mut Page, outcome: &Outcome) {
    let points: Vec<&Point> = outcome.points.iter().filter(|it| it.fault.is_some()).collect();
    let classes = classes_that_matter(outcome, &points);
    let mut heads: Vec<String> =
        ["day", "what fails", "model", "availability", "downtime"].map(str::to_owned).into();
    heads.extend(classes.iter().map(|it| format!("{it} failed")));
    heads.extend(["lost revenue", "lost users", "lost writes"].map(str::to_owned));
    let mut grid = Grid::new(3, heads);
    for point in &points {
        let Some(fault) = &point.fault else { continue };
        let what =
            format!("{} for {}", fault.what, figure::exact(fault.for_s, Some(Unit::Seconds)));
        let mut row = vec![
            point.day.map(number).unwrap_or_default(),
            Cell::words(what),
            Cell::words(outcome.label(&point.model, &point.factors)),
        ];
        row.extend(["availability", "downtime"].map(|it| cell(point, it)));
        row.extend(classes.iter().map(|it| failed_count(point, it)));
        row.extend(["revenue.lost", "users.lost", "lost_writes"].map(|it| cell(point, it)));
        grid.rows.push(row);
    }
    let window = points.first().map_or(0.0, |it| it.window_s);
    let legend = format!(
        "Over a window of {} around the fault. Downtime: the time in which fewer than half of the requests \
         are answered. Failed: number of requests.",
        figure::exact(window, Some(Unit::Seconds))
    );
    page.table("When something fails", grid, &legend);
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

/// How many requests of a class failed in the window.
fn failed_count(point: &Point, class: &str) -> Cell {
    let rate = point.metric(&format!("{class}.failed"));
    let count = rate.map(|it| it.scaled(point.window_s, Unit::Count));
    count.map(|it| Cell::figure(figure::figure(&it))).unwrap_or_default()
}

/// Each pair of designs: the differences by day, and how often which is better.
pub fn comparisons(page: &mut Page, outcome: &Outcome) {
    let mut pairs: Vec<(String, String, Vec<&Comparison>)> = Vec::new();
    for it in &outcome.comparisons {
        let of = outcome.label(&it.of, &it.of_factors);
        let against = outcome.label(&it.against, &it.against_factors);
        match pairs.iter_mut().find(|pair| pair.0 == of && pair.1 == against) {
            Some(pair) => pair.2.push(it),
            None => pairs.push((of, against, vec![it])),
        }
    }
    for (of, against, compared) in &pairs {
        let (grid, metrics) = differences(compared);
        let told = told(of, against, compared, &metrics);
        if pairs.len() > PAIRS_MAX {
            page.text.push('\n');
            page.note(&told);
        } else {
            let title = format!("{of} less {against}, on the same requests");
            page.table(&title, grid, &told);
        }
    }
}

/// A row for each day and fault, a column for each metric.
fn differences<'a>(compared: &[&'a Comparison]) -> (Grid, Vec<&'a str>) {
    let metrics = distinct(compared.iter().map(|it| it.metric.as_str()));
    let rows = distinct(compared.iter().map(|it| (it.day, it.fault.as_deref())));
    let keys = ["day", "what fails"].map(str::to_owned);
    let mut grid = Grid::new(2, keys.into_iter().chain(metrics.iter().map(|it| metric_text(it))));
    for (day, fault) in rows {
        let mut row =
            vec![day.map(number).unwrap_or_default(), Cell::words(fault.unwrap_or_default())];
        for metric in &metrics {
            let same = |it: &&&Comparison| {
                it.metric == *metric && it.day == day && it.fault.as_deref() == fault
            };
            row.push(compared.iter().find(same).map(|it| difference(it)).unwrap_or_default());
        }
        grid.rows.push(row);
    }
    (grid, metrics)
}

fn difference(it: &Comparison) -> Cell {
    let mut figure = figure::figure(&it.difference);
    if it.difference.value > 0.0 {
        figure.value.insert(0, '+');
    }
    match it.verdict {
        _ if is_same(it) => Cell::marked(figure, "="),
        Verdict::Better => Cell::marked(figure, "better").tone(Tone::Good),
        Verdict::Worse => Cell::marked(figure, "worse").tone(Tone::Bad),
        Verdict::CannotTell => Cell::marked(figure, "?").tone(Tone::Unsure),
    }
}

/// Whether the two came out alike in every replication.
fn is_same(it: &Comparison) -> bool {
    it.difference.value == 0.0 && it.difference.half_width == Some(0.0)
}

/// The verdicts counted, in a sentence for each metric.
fn told(of: &str, against: &str, compared: &[&Comparison], metrics: &[&str]) -> String {
    let mut text = format!(
        "Better, worse: {of} than {against}, by the whole interval. ? cannot tell. = the same in every replication."
    );
    for metric in metrics {
        let of_metric: Vec<&&Comparison> =
            compared.iter().filter(|it| it.metric == *metric).collect();
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        for it in &of_metric {
            *counts.entry(verdict_word(it)).or_default() += 1;
        }
        let counted: Vec<String> =
            counts.iter().map(|(word, n)| format!("{word} in {n}")).collect();
        let open = of_metric.iter().filter(|it| verdict_word(it) == "cannot tell");
        let needed = open.filter_map(|it| it.replications_needed).max();
        let needed = needed.map(|it| format!(" (about {it} replications would tell)"));
        text.push_str(&format!(
            " {}: {} of {}{}.",
            metric_text(metric),
            counted.join(", "),
            of_metric.len(),
            needed.unwrap_or_default()
        ));
    }
    text
}

fn verdict_word(it: &Comparison) -> &'static str {
    match it.verdict {
        _ if is_same(it) => "the same",
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::CannotTell => "cannot tell",
    }
}

/// `generate p95` for `generate.response.p95`.
fn metric_text(metric: &str) -> String {
    metric.replace(".response.", " ").replace('.', " ")
}

/// What had to hold.
pub fn expectations(page: &mut Page, outcome: &Outcome) {
    if outcome.expectations.is_empty() {
        return;
    }
    let title = page.bold("Expectations");
    page.text.push_str(&format!("\n{title}\n\n"));
    for it in &outcome.expectations {
        let verdict = match it.verdict {
            Kept::Pass => "✓ holds:",
            Kept::Fail => "✗ fails:",
            Kept::CannotTell => "? cannot tell:",
        };
        page.note(&format!("{verdict} {}", it.text));
    }
}
