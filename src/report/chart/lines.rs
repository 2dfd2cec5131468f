//! Response percentiles and goodput of each class, a line for each design, in bands of confidence.

use super::axis::{Axis, short};
use super::colour::{DESIGNS, RULE, SHADE, SOFT};
use super::panel::{self, LEFT, Panel, RIGHT, SMALL, Sign, WIDTH};
use super::sheet::{Anchor, Chart, DASHED, DOTTED, Dash, Place, SOLID};
use super::story::{Along, Line, Story};
use crate::outcome::{Estimate, Outcome, Point, Unit};
use crate::report::figure;
use plotters::style::{Color, RGBAColor as Colour};

const HEIGHT: f64 = 580.0;
/// Height of a row of crosses for the points without a steady state.
const STRIP: f64 = 17.0;
/// More designs than these are shown with one percentile each.
const FANS_MAX: usize = 3;

/// How each percentile is drawn: dash and width.
const PERCENTILES: [(&str, Dash, f64); 3] =
    [("p50", DOTTED, 2.0), ("p95", SOLID, 2.6), ("p99", DASHED, 1.8)];

pub fn charts(outcome: &Outcome, story: &Story) -> Vec<Chart> {
    let mut charts = Vec::new();
    for class in story.classes() {
        charts.extend(response(outcome, story, class));
        charts.extend(goodput(outcome, story, class));
    }
    charts
}

/// One estimated quantity along one line of the story.
struct Trace<'a> {
    line: usize,
    dash: Dash,
    width: f64,
    /// Runs without a gap; where there is no steady state there is one.
    runs: Vec<Vec<(f64, &'a Estimate)>>,
}

impl<'a> Trace<'a> {
    fn of(line: usize, from: &Line<'a>, metric: &str, dash: Dash, width: f64) -> Self {
        let mut runs = vec![Vec::new()];
        for (x, point) in &from.points {
            match point.metric(metric).filter(|it| it.value.is_finite()) {
                Some(estimate) => runs.last_mut().expect("never empty").push((*x, estimate)),
                None => runs.push(Vec::new()),
            }
        }
        runs.retain(|it| !it.is_empty());
        Trace { line, dash, width, runs }
    }

    /// All values with the ends of their intervals.
    fn values(&self) -> impl Iterator<Item = f64> {
        let ends = |it: &Estimate| {
            let half_width = it.half_width.unwrap_or(0.0);
            // A very wide interval may leave the panel rather than squeeze all else.
            [
                it.value,
                (it.value - half_width).max(it.value / 2.0),
                (it.value + half_width).min(it.value * 2.0),
            ]
        };
        self.runs.iter().flatten().flat_map(move |it| ends(it.1))
    }
}

fn response(outcome: &Outcome, story: &Story, class: &str) -> Option<Chart> {
    let shown: &[(&str, Dash, f64)] =
        if story.lines.len() > FANS_MAX { &PERCENTILES[1..2] } else { &PERCENTILES };
    let mut traces = Vec::new();
    for (quantile, dash, width) in shown {
        for (i, line) in story.lines.iter().enumerate() {
            traces.push(Trace::of(i, line, &format!("{class}.response.{quantile}"), *dash, *width));
        }
    }
    let overloaded = overloaded(story);
    if traces.iter().all(|it| it.runs.is_empty()) && overloaded.is_empty() {
        return None;
    }
    let which = if shown.len() == 1 { "p95" } else { "p50, p95 and p99" };
    let title = titled(&format!("Response time of {class}: {which}"), story);
    let mut chart = Chart::new(format!("response-{}", file_name(class)), title, WIDTH, HEIGHT);
    panel::head(&mut chart, &notes(outcome, story));
    let mut legend = design_legend(story);
    if shown.len() > 1 {
        let lines = shown.iter().rev();
        legend.extend(lines.map(|it| (Sign::Line(it.1, it.2), SOFT, it.0.to_owned())));
    }
    if !overloaded.is_empty() {
        legend.push((Sign::Cross, SOFT, "overloaded, no steady state".to_owned()));
    }
    let end = panel::legend(&mut chart, 86.0, &legend);
    let strip = overloaded.len() as f64 * STRIP;
    let panel = Panel { left: LEFT, top: end + 38.0 + strip, right: RIGHT, bottom: HEIGHT - 76.0 };
    let objectives = objectives(outcome, class, shown);
    let bounds = objectives.iter().map(|it| it.1);
    let y = Axis::of_times(traces.iter().flat_map(Trace::values).chain(bounds));
    let x = x_axis(story);
    let scale = if y.is_log { "response time (logarithmic)" } else { "response time" };
    let title_only = Panel { top: panel.top - strip, ..panel };
    title_only.draw_y_title(&mut chart, scale);
    panel.draw_y(&mut chart, &y);
    panel.draw_x(&mut chart, &x, &x_title(story));
    draw_strip(&mut chart, &panel, &x, story, &overloaded);
    for (text, bound) in &objectives {
        draw_bound(&mut chart, &panel, panel.y(&y, *bound), text);
    }
    traces.iter().for_each(|it| draw_band(&mut chart, &panel, (&x, &y), it));
    traces.iter().for_each(|it| draw_line(&mut chart, &panel, (&x, &y), it));
    Some(chart)
}

fn goodput(outcome: &Outcome, story: &Story, class: &str) -> Option<Chart> {
    let metric = |what: &str| format!("{class}.{what}");
    let lines = || story.lines.iter().enumerate();
    let good: Vec<Trace> =
        lines().map(|(i, it)| Trace::of(i, it, &metric("goodput"), SOLID, 2.6)).collect();
    let offered: Vec<Trace> =
        lines().map(|(i, it)| Trace::of(i, it, &metric("arrivals"), DASHED, 1.8)).collect();
    if good.iter().all(|it| it.runs.is_empty()) {
        return None;
    }
    let title = titled(&format!("Goodput of {class} against offered load"), story);
    let mut chart = Chart::new(format!("goodput-{}", file_name(class)), title, WIDTH, HEIGHT);
    panel::head(&mut chart, &notes(outcome, story));
    let mut legend = design_legend(story);
    legend.push((Sign::Line(DASHED, 1.8), SOFT, "offered load".to_owned()));
    let end = panel::legend(&mut chart, 86.0, &legend);
    let panel = Panel { left: LEFT, top: end + 38.0, right: RIGHT, bottom: HEIGHT - 76.0 };
    let y = Axis::from_zero(good.iter().chain(&offered).flat_map(Trace::values));
    let x = x_axis(story);
    panel.draw_y_title(&mut chart, "requests per second");
    panel.draw_y(&mut chart, &y);
    panel.draw_x(&mut chart, &x, &x_title(story));
    let axes = (&x, &y);
    match are_alike(&offered) {
        true => {
            offered.iter().take(1).for_each(|it| draw_plain(&mut chart, &panel, axes, it, SOFT))
        }
        false => {
            offered.iter().for_each(|it| draw_plain(&mut chart, &panel, axes, it, DESIGNS[it.line]))
        }
    }
    good.iter().for_each(|it| draw_band(&mut chart, &panel, axes, it));
    good.iter().for_each(|it| draw_line(&mut chart, &panel, axes, it));
    Some(chart)
}

/// Whether all designs meet the same load, to half a per cent.
fn are_alike(offered: &[Trace]) -> bool {
    let of = |it: &Trace| it.runs.iter().flatten().map(|it| (it.0, it.1.value)).collect::<Vec<_>>();
    let all: Vec<Vec<(f64, f64)>> = offered.iter().map(of).collect();
    all.iter().all(|it| {
        it.len() == all[0].len()
            && it
                .iter()
                .zip(&all[0])
                .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= 0.005 * b.1.abs())
    })
}

fn titled(what: &str, story: &Story) -> String {
    match story.along.phrase().as_str() {
        "" => what.to_owned(),
        phrase => format!("{what}, {phrase}"),
    }
}

/// What to know before reading the lines.
pub fn notes(outcome: &Outcome, story: &Story) -> String {
    let points = || story.lines.iter().flat_map(|it| &it.points).map(|it| it.1);
    let least = points().map(|it| it.replications).min().unwrap_or(0);
    let most = points().map(|it| it.replications).max().unwrap_or(0);
    let confidence =
        points().flat_map(|it| it.metrics.values()).next().map_or(0.95, |it| it.confidence);
    let runs = match (least, most) {
        (1, 1) => "one run of each point, so there are no intervals".to_owned(),
        _ => {
            let runs =
                if least == most { format!("{least}") } else { format!("{least} to {most}") };
            let confidence = figure::exact(confidence, Some(Unit::Ratio));
            format!("bands: {confidence} intervals over {runs} replications")
        }
    };
    let left_out = match story.left_out {
        0 => String::new(),
        n => format!("; {n} further designs are not drawn"),
    };
    format!("{}: {runs}, seed {}{left_out}", outcome.experiment, outcome.seed)
}

fn design_legend(story: &Story) -> Vec<(Sign, Colour, String)> {
    let entry = |(i, it): (usize, &Line)| (Sign::Dotted(i), DESIGNS[i], it.label.clone());
    story.lines.iter().enumerate().map(entry).collect()
}

pub fn file_name(name: &str) -> String {
    let safe = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    name.chars().map(safe).collect()
}

/// Ticks at what was simulated; days tell how many users there are.
pub fn x_axis(story: &Story) -> Axis {
    let label = |place: f64| match story.along {
        Along::Design => {
            story.lines.get(place as usize).map(|it| it.label.clone()).unwrap_or_default()
        }
        Along::Users => short(place),
        Along::Factor(_) => figure::exact(place, None),
        Along::Day => {
            let day = figure::exact(place, None);
            users(story, place).map_or(day.clone(), |it| format!("{day}\n{}", short(it)))
        }
    };
    Axis::at_places(&story.places(), label)
}

/// How many users there are on a day, if all designs have the same.
fn users(story: &Story, day: f64) -> Option<f64> {
    let on_day = story.lines.iter().flat_map(|it| &it.points).filter(|it| it.0 == day);
    let users: Option<Vec<f64>> = on_day.map(|it| it.1.users).collect();
    let users = users?;
    users.iter().all(|it| *it == users[0]).then(|| users.first().copied())?
}

pub fn x_title(story: &Story) -> String {
    let has_users = story.places().iter().any(|it| users(story, *it).is_some());
    match story.along == Along::Day && has_users {
        true => "day, and users on that day".to_owned(),
        false => story.along.title(),
    }
}

/// The lines with points that have no steady state.
fn overloaded(story: &Story) -> Vec<usize> {
    let has = |it: &Line| it.points.iter().any(|it| it.1.overloaded.is_some());
    (0..story.lines.len()).filter(|i| has(&story.lines[*i])).collect()
}

/// Crosses above the panel, a row for each design.
fn draw_strip(chart: &mut Chart, panel: &Panel, x: &Axis, story: &Story, lines: &[usize]) {
    for (row, line) in lines.iter().enumerate() {
        let bottom = panel.top - STRIP * (lines.len() - row - 1) as f64;
        chart.rect((panel.left, bottom - STRIP), (panel.right, bottom), SHADE);
        let is_overloaded = |it: &&(f64, &Point)| it.1.overloaded.is_some();
        for (place, _) in story.lines[*line].points.iter().filter(is_overloaded) {
            chart.cross((panel.x(x, *place), bottom - STRIP / 2.0), 4.2, DESIGNS[*line]);
        }
    }
    if !lines.is_empty() {
        let top = panel.top - STRIP * lines.len() as f64;
        chart.text(
            (panel.left - 9.0, (top + panel.top) / 2.0 + 4.0),
            "overload",
            SMALL,
            Anchor::Right,
        );
    }
}

/// The objectives on the shown percentiles of a class, each once.
fn objectives(outcome: &Outcome, class: &str, shown: &[(&str, Dash, f64)]) -> Vec<(String, f64)> {
    let mut objectives: Vec<(String, f64)> = Vec::new();
    for (name, bound) in outcome.models.values().flat_map(|it| &it.objectives) {
        let Some((of, quantile)) = name.rsplit_once('.') else { continue };
        if of == class && shown.iter().any(|it| it.0 == quantile) {
            let text = format!(
                "objective: {quantile} at most {}",
                figure::exact(*bound, Some(Unit::Seconds))
            );
            if !objectives.iter().any(|it| it.0 == text) {
                objectives.push((text, *bound));
            }
        }
    }
    objectives
}

fn draw_bound(chart: &mut Chart, panel: &Panel, y: f64, text: &str) {
    chart.path(&[(panel.left, y), (panel.right, y)], 1.4, (10.0, 4.0), RULE);
    chart.text((panel.left + 8.0, y - 6.0), text, SMALL, Anchor::Left);
}

/// The intervals of a trace: a band, or a whisker where a point stands alone.
fn draw_band(chart: &mut Chart, panel: &Panel, (x, y): (&Axis, &Axis), trace: &Trace) {
    let colour = DESIGNS[trace.line];
    for run in &trace.runs {
        let end = |it: &(f64, &Estimate), sign: f64| -> Place {
            let value = it.1.value + sign * it.1.half_width.unwrap_or(0.0);
            (panel.x(x, it.0), panel.y(y, value))
        };
        if let [alone] = run.as_slice() {
            let (low, high) = (end(alone, -1.0), end(alone, 1.0));
            for tip in [low, high] {
                chart.path(&[(tip.0 - 5.0, tip.1), (tip.0 + 5.0, tip.1)], 1.6, SOLID, colour);
            }
            chart.path(&[low, high], 1.6, SOLID, colour);
            continue;
        }
        let upper = run.iter().map(|it| end(it, 1.0));
        let lower = run.iter().rev().map(|it| end(it, -1.0));
        chart.area(upper.chain(lower).collect(), colour.mix(0.17));
    }
}

fn draw_line(chart: &mut Chart, panel: &Panel, axes: (&Axis, &Axis), trace: &Trace) {
    let colour = DESIGNS[trace.line];
    draw_plain(chart, panel, axes, trace, colour);
    for (x, estimate) in trace
        .runs
        .iter()
        .flatten()
        .filter(|_| trace.dash == SOLID || trace.runs.iter().any(|it| it.len() == 1))
    {
        let place = (panel.x(axes.0, *x), panel.y(axes.1, estimate.value));
        chart.dot(place, 3.2, trace.line, colour);
    }
}

fn draw_plain(
    chart: &mut Chart,
    panel: &Panel,
    (x, y): (&Axis, &Axis),
    trace: &Trace,
    colour: Colour,
) {
    for run in &trace.runs {
        let place = |it: &(f64, &Estimate)| (panel.x(x, it.0), panel.y(y, it.1.value));
        let places: Vec<Place> = run.iter().map(place).collect();
        chart.path(&places, trace.width, trace.dash, colour);
    }
}
