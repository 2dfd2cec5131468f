//! What follows from the points: when each design breaks, what a fault does to it, which is better.

use super::grid::{Cell, Grid, Tone};
use super::{Page, UNBROKEN, cell, day, design};
use crate::outcome::*;
use crate::report::{checked, classes_that_matter, distinct, figure, lasting};
use indexmap::IndexMap;

/// More pairs of designs than these share one table, unless it would have more rows than these.
const PAIRS_MAX: usize = 3;
const ROWS_MAX: usize = 60;

/// Of how many independent replications pairs are worth, what is more tells nothing.
const WORTH_MAX: f64 = 1000.0;

/// When each design breaks, what is busiest then, and what it costs.
pub fn breaks(page: &mut Page, outcome: &Outcome) {
    let last = outcome.points.iter().filter_map(|it| it.day).max_by(f64::total_cmp);
    let Some(last) = last else { return };
    let heads = ["model", "breaks", "objective missed first", "busiest then", "cost a month"];
    let mut grid = Grid::new(1, heads);
    for design in
        outcome.designs().iter().filter(|it| it.points.iter().any(|it| it.fault.is_none()))
    {
        let broken =
            outcome.summary(design.model, design.factors()).and_then(|it| it.breaks_on.as_ref());
        let until = || not_broken(outcome, design, last);
        let mut of_days = design.points.iter().rev().filter(|it| it.fault.is_none());
        let costliest = of_days.find(|it| it.metric("cost.month").is_some());
        grid.rows.push(vec![
            Cell::words(&design.label),
            broken.map_or_else(until, |it| Cell::words(when(it)).tone(Tone::Bad)),
            Cell::words(broken.map(|it| it.objective.replace('.', " ")).unwrap_or_default()),
            Cell::words(broken.and_then(|it| it.by.clone()).unwrap_or_default()),
            costliest.map(|it| cell(it, "cost.month")).unwrap_or_default(),
        ]);
    }
    let mut all = outcome.points.iter().filter(|it| it.fault.is_none());
    let whole = all.clone().any(|it| it.day.is_none());
    let cost = if all.any(|it| it.metric("cost.month").is_some()) {
        if whole { " Cost: of all days." } else { " Cost: on the last day." }
    } else {
        ""
    };
    let sampled = if whole { "" } else { "sampled " };
    let note = format!(
        "Between the last {sampled}day on which all objectives are kept and the first on which one is missed, \
         each told by the whole interval; by that day, where they were never all kept before.{cost}"
    );
    page.table("When it breaks", grid, &note);
}

/// What to say of a design that is not known to break.
fn not_broken(outcome: &Outcome, design: &Design, last: f64) -> Cell {
    let objectives = outcome
        .summary(design.model, design.factors())
        .map(|it| it.objectives.iter().collect::<Vec<_>>())
        .unwrap_or_default();
    if objectives.is_empty() {
        return Cell::words("no objectives");
    }
    let ordinary = design.points.iter().filter(|it| it.fault.is_none());
    let doubtful =
        |point: &&&Point| objectives.iter().any(|(name, bound)| point.seems_to_miss(name, **bound));
    match ordinary.clone().find(doubtful) {
        Some(point) => {
            let since = point.day.map(|day| format!(", from {}", figure::on_day(day)));
            Cell::words(format!("cannot tell{}", since.unwrap_or_default()))
        }
        None => Cell::words(format!("not by {}", figure::on_day(last))).tone(Tone::Good),
    }
}

/// `between day 10 and day 14`, or `by day 6`.
fn when(it: &BreaksOn) -> String {
    let missed = figure::on_day(it.missed_on());
    match it.kept_on() {
        Some(kept) => format!("between {} and {missed}", figure::on_day(kept)),
        None => format!("by {missed}"),
    }
}

/// What each fault does to each design.
pub fn faults(page: &mut Page, outcome: &Outcome) {
    let points: Vec<&Point> = outcome.points.iter().filter(|it| it.fault.is_some()).collect();
    let classes = classes_that_matter(outcome, &points);
    let mut heads: Vec<String> =
        ["day", "what fails", "model", "availability"].map(str::to_owned).into();
    // Where each class has its own, the one of all together says what the largest class suffers.
    let has_own = |it: &&str| points.iter().any(|point| point.metric(&down(it)).is_some());
    let downtimes: Vec<String> = match classes.iter().any(has_own) {
        true => classes.iter().map(|it| down(it)).collect(),
        false => vec!["downtime".to_owned()],
    };
    heads.extend(downtimes.iter().map(|it| it.replace(".downtime", " down")));
    heads.extend(classes.iter().map(|it| format!("{it} failed")));
    heads.extend(["lost revenue", "lost users", "lost writes"].map(str::to_owned));
    let mut grid = Grid::new(3, heads);
    for point in &points {
        let Some(fault) = &point.fault else { continue };
        let what = format!("{} {}", fault.what, lasting(fault));
        let mut row = vec![
            point.day.map(day).unwrap_or_default(),
            Cell::words(what),
            design(outcome, point),
            cell(point, "availability"),
        ];
        row.extend(downtimes.iter().map(|it| cell(point, it)));
        row.extend(classes.iter().map(|it| failed_count(point, it)));
        row.extend(["revenue.lost", "users.lost", "lost_writes"].map(|it| cell(point, it)));
        grid.rows.push(row);
    }
    // A second table only for how many failed is not worth it: the downtime tells as much.
    let is_count = |head: &str| head.ends_with(" failed");
    let heads = grid.heads.clone();
    let without = heads.iter().filter(|it| is_count(it)).fold(grid.clone(), Grid::without);
    let grid = if !grid.fits(&page.look) && without.fits(&page.look) { without } else { grid };
    let counts =
        if grid.heads.iter().any(|it| is_count(it)) { " Failed: number of requests." } else { "" };
    let window = points.first().map_or(0.0, |it| it.window_s);
    let window = match points.iter().all(|it| it.window_s == window) {
        true => format!("a window of {}", figure::exact(window, Some(Unit::Seconds))),
        // From before it to the end of its aftermath, whose lengths are in the experiment.
        false => "a window".to_owned(),
    };
    let (word, whose) = match downtimes.len() {
        1 if downtimes[0] == "downtime" => ("Downtime", "requests"),
        _ => ("Down", "class's requests"),
    };
    let legend = format!(
        "Over {window} around the fault. {word}: the time in which fewer than half of the {whose} are \
         answered.{counts}"
    );
    page.table("When something fails", grid, &legend);
    page.note_unsettled(points.into_iter());
}

fn down(class: &str) -> String {
    format!("{class}.downtime")
}

/// What each fault does to the messages of each design.
pub fn queues(page: &mut Page, outcome: &Outcome) {
    let heads = ["day", "what fails", "model", "queue", "longest lag", "redelivered", "dead"];
    let mut grid = Grid::new(4, heads.into_iter().chain(["dropped"]));
    for point in &outcome.points {
        let Some(fault) = &point.fault else { continue };
        let what = format!("{} {}", fault.what, lasting(fault));
        for queue in point.metrics.keys().filter_map(|it| it.strip_suffix(".lag.max")) {
            let mut row = vec![
                point.day.map(day).unwrap_or_default(),
                Cell::words(&what),
                design(outcome, point),
                Cell::words(queue),
                cell(point, &format!("{queue}.lag.max")),
            ];
            let counted = ["redelivered", "dead", "dropped"];
            row.extend(counted.map(|it| count(point, &format!("{queue}.{it}"))));
            grid.rows.push(row);
        }
    }
    page.table(
        "Messages when something fails",
        grid,
        "Lag: from being sent to being acknowledged. Redelivered: deliveries after a failed one. Dead: given up.",
    );
}

/// How many requests of a class failed in the window.
fn failed_count(point: &Point, class: &str) -> Cell {
    count(point, &format!("{class}.failed"))
}

/// A rate, as a number over the window.
fn count(point: &Point, metric: &str) -> Cell {
    let rate = point.metric(metric);
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
    if pairs.len() > PAIRS_MAX {
        return all_together(page, outcome, &pairs);
    }
    for (of, against, compared) in &pairs {
        let (grid, metrics) = differences(compared);
        let told = told(of, against, compared, &metrics);
        let title = format!("{of} less {against}, {}", in_common(outcome));
        page.table(&title, grid, &told);
    }
}

/// What designs that are held against each other have in common: not all requests where users have left
/// one of them.
fn in_common(outcome: &Outcome) -> &'static str {
    let have_left = |it: &Point| {
        let left = it.metric("users.left").zip(it.users);
        left.is_some_and(|(left, users)| left.value < users)
    };
    match outcome.points.iter().any(have_left) {
        true => "on the same luck, each with the users who are left",
        false => "on the same requests",
    }
}

/// Many designs against the first in one table, each in rows of its own; or in words where these would
/// be too many to read.
fn all_together(page: &mut Page, outcome: &Outcome, pairs: &[(String, String, Vec<&Comparison>)]) {
    let against = &pairs[0].1;
    let title = format!("Each less {against}, {}", in_common(outcome));
    let all: Vec<&Comparison> = pairs.iter().flat_map(|it| it.2.iter().copied()).collect();
    let metrics = distinct(all.iter().map(|it| it.metric.as_str()));
    let keys = ["design", "day", "what fails"].map(str::to_owned);
    let mut grid = Grid::new(3, keys.into_iter().chain(metrics.iter().map(|it| metric_text(it))));
    for (of, _, compared) in pairs {
        let mut name = of.as_str();
        for (on, fault, cells) in by_instant(compared, &metrics) {
            let keys = [Cell::words(name), on.map(day).unwrap_or_default(), Cell::words(fault)];
            grid.rows.push(keys.into_iter().chain(cells).collect());
            name = "";
        }
    }
    if grid.rows.len() <= ROWS_MAX {
        return page.table(&title, grid, &(meaning("", against) + &at_once(&all)));
    }
    let heading = page.bold(&title);
    page.text.push_str(&format!("\n{heading}\n"));
    for (of, against, compared) in pairs {
        page.text.push('\n');
        page.note(&told(of, against, compared, &metrics));
    }
}

/// A row of figures for each day and fault.
fn by_instant<'a>(
    compared: &[&'a Comparison],
    metrics: &[&str],
) -> Vec<(Option<f64>, &'a str, Vec<Cell>)> {
    let rows = distinct(compared.iter().map(|it| (it.day, it.fault.as_deref())));
    let cells = |on: Option<f64>, fault: Option<&str>| {
        let cell = |metric: &&str| {
            let same = |it: &&&Comparison| {
                it.metric == *metric && it.day == on && it.fault.as_deref() == fault
            };
            compared.iter().find(same).map(|it| difference(it)).unwrap_or_default()
        };
        metrics.iter().map(cell).collect()
    };
    let row = |(on, fault): (_, Option<&'a str>)| (on, fault.unwrap_or_default(), cells(on, fault));
    rows.into_iter().map(row).collect()
}

/// Which design is the best, or which may be.
pub fn selections(page: &mut Page, outcome: &Outcome) {
    if outcome.selections.is_empty() {
        return;
    }
    let title = page.bold("Selection");
    page.text.push_str(&format!("\n{title}\n\n"));
    for it in &outcome.selections {
        let on = it.day.map(|it| format!("On {}: ", figure::on_day(it))).unwrap_or_default();
        let (of, metric) = (it.of, metric_text(&it.metric));
        let text = match it.left.as_slice() {
            [] => format!("{on}none of {of} designs has a steady {metric}."),
            [best] => format!("{on}{best} is the best of {of} by {metric}."),
            several => {
                let needed = it.replications_needed;
                let needed =
                    needed.map(|it| format!(", which {it} replications of each would decide"));
                let needed = needed.unwrap_or_default();
                format!(
                    "{on}of {of}, these may be the best by {metric}{needed}: {}.",
                    several.join("; ")
                )
            }
        };
        page.note(&text);
    }
    let first = &outcome.selections[0];
    page.note(&format!(
        "{} sure, all comparisons of a day together, unless others come within {} of the best.",
        figure::share(first.confidence),
        figure::exact(first.within, Some(crate::outcome::Unit::Ratio)),
    ));
}

/// A row for each day and fault, a column for each metric.
fn differences<'a>(compared: &[&'a Comparison]) -> (Grid, Vec<&'a str>) {
    let metrics = distinct(compared.iter().map(|it| it.metric.as_str()));
    let keys = ["day", "what fails"].map(str::to_owned);
    let mut grid = Grid::new(2, keys.into_iter().chain(metrics.iter().map(|it| metric_text(it))));
    for (on, fault, cells) in by_instant(compared, &metrics) {
        let keys = [on.map(day).unwrap_or_default(), Cell::words(fault)];
        grid.rows.push(keys.into_iter().chain(cells).collect());
    }
    (grid, metrics)
}

fn difference(it: &Comparison) -> Cell {
    let mut figure = figure::difference(&it.difference);
    if it.difference.value > 0.0 {
        figure.value.insert(0, '+');
    }
    match it.verdict {
        Verdict::Same => Cell::marked(figure, "="),
        Verdict::Better => Cell::marked(figure, "better").tone(Tone::Good),
        Verdict::Worse => Cell::marked(figure, "worse").tone(Tone::Bad),
        Verdict::CannotTell => Cell::marked(figure, "?").tone(Tone::Unsure),
    }
}

fn meaning(of: &str, against: &str) -> String {
    format!(
        "Better, worse: {of}than {against}, by the whole interval. ? cannot tell. = the same in every replication."
    )
}

/// What the intervals of several designs hold together; nothing where there is but one.
fn at_once(compared: &[&Comparison]) -> String {
    let several = compared.iter().find_map(|it| it.together);
    several.map_or(String::new(), |several| {
        format!(" ± is so wide that the differences of all {several} designs hold at once with 95 % confidence (Bonferroni).")
    })
}

/// The verdicts counted, in a sentence for each metric.
fn told(of: &str, against: &str, compared: &[&Comparison], metrics: &[&str]) -> String {
    let mut text = meaning(&format!("{of} "), against);
    text.push_str(&at_once(compared));
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
    let worth = |metric: &&&str| {
        let of_metric = compared.iter().filter(|it| it.metric == ***metric);
        let mut all: Vec<f64> = of_metric.filter_map(|it| it.independent).collect();
        all.sort_by(f64::total_cmp);
        let text = |it: &f64| match it.round() {
            more if more > WORTH_MAX => format!("over {WORTH_MAX}"),
            some => some.to_string(),
        };
        all.get(all.len() / 2).map(|it| format!("{} for {}", text(it), metric_text(metric)))
    };
    let worth: Vec<String> = metrics.iter().filter_map(|it| worth(&it)).collect();
    if !worth.is_empty() {
        text.push_str(&format!(
            " The same requests make the replications worth as many independent ones: {}.",
            worth.join(", ")
        ));
    }
    text
}

fn verdict_word(it: &Comparison) -> &'static str {
    match it.verdict {
        Verdict::Same => "the same",
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
        let about = Some(it.about.clone()).filter(|it| !it.is_empty());
        for remark in about.into_iter().chain(checked::remarks(it)) {
            page.note(&format!("{UNBROKEN}{UNBROKEN}{remark}"));
        }
    }
}

/// What is better or worse than before.
pub fn baseline(page: &mut Page, outcome: &Outcome) {
    let Some(baseline) = &outcome.baseline else { return };
    let mut grid = Grid::new(1, ["figure", "before", "now", "difference", ""]);
    for it in &baseline.changes {
        let tone = match it.verdict {
            Verdict::Better => Tone::Good,
            Verdict::Worse => Tone::Bad,
            Verdict::Same | Verdict::CannotTell => Tone::Unsure,
        };
        grid.rows.push(vec![
            Cell::words(format!("{} {}", it.place, it.metric)),
            Cell::figure(figure::figure(&it.before)),
            Cell::figure(figure::figure(&it.now)),
            Cell::figure(figure::difference(&it.difference)),
            Cell::words(it.verdict_text()).tone(tone),
        ]);
    }
    page.table("Against the baseline", grid, &baseline.method());
}
