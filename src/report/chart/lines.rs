//! Response percentiles and goodput of each class, a line for each design, in bands of confidence.

use super::axis::{Axis, short};
use super::colour::{DESIGNS, HALO, PAPER, RULE, SHADE, SOFT};
use super::font;
use super::panel::{self, LEFT, Panel, RIGHT, SMALL, Sign, WIDTH};
use super::sheet::{Anchor, Chart, DASHED, DOTTED, Dash, Place, SOLID};
use super::story::{Along, Line, Story};
use crate::outcome::{Estimate, Outcome, Point, Unit};
use crate::report::figure;
use plotters::style::{Color, RGBAColor as Colour};

const HEIGHT: f64 = 580.0;
/// Height of a row of crosses for the points without a steady state.
const STRIP: f64 = 17.0;
/// The offered load lies behind the goodput as a wide faint line.
const OFFERED_WIDTH: f64 = 9.0;
/// More designs than these are shown with one percentile each.
const FANS_MAX: usize = 3;

/// A percentile and how it is drawn: dash and width.
type Percentile = (&'static str, Dash, f64);
const PERCENTILES: [Percentile; 3] =
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
    let shown: &[Percentile] =
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
    panel::head(&mut chart, &notes(outcome, story, Shown::Intervals));
    let mut legend = design_legend(story);
    if shown.len() > 1 && story.along != Along::Design {
        let lines = shown.iter().rev();
        legend.extend(lines.map(|it| (Sign::Line(it.1, it.2), SOFT, it.0.to_owned())));
    }
    if !overloaded.is_empty() {
        legend.push((Sign::Cross, SOFT, "overloaded, no steady state".to_owned()));
    }
    let end = panel::legend(&mut chart, 86.0, &legend);
    let strip = overloaded.len() as f64 * STRIP;
    let panel = Panel { left: LEFT, top: end + 38.0 + strip, right: RIGHT, bottom: HEIGHT - 62.0 };
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
    for (_, bound) in &objectives {
        let across = panel.y(&y, *bound);
        chart.path(&[(panel.left, across), (panel.right, across)], 1.4, (10.0, 4.0), RULE);
    }
    traces.iter().for_each(|it| draw_band(&mut chart, &panel, (&x, &y), it));
    traces.iter().for_each(|it| draw_line(&mut chart, &panel, (&x, &y), it));
    let mut taken: Vec<Place> = traces.iter().flat_map(|it| taken(&panel, (&x, &y), it)).collect();
    for (text, bound) in &objectives {
        label_bound(&mut chart, &panel, panel.y(&y, *bound), text, &mut taken);
    }
    if story.along == Along::Design {
        label_dots(&mut chart, &panel, (&x, &y), &traces, shown);
    }
    Some(chart)
}

fn goodput(outcome: &Outcome, story: &Story, class: &str) -> Option<Chart> {
    let metric = |what: &str| format!("{class}.{what}");
    let lines = || story.lines.iter().enumerate();
    let good: Vec<Trace> =
        lines().map(|(i, it)| Trace::of(i, it, &metric("goodput"), SOLID, 2.6)).collect();
    let offered: Vec<Trace> = lines()
        .map(|(i, it)| Trace::of(i, it, &metric("arrivals"), SOLID, OFFERED_WIDTH))
        .collect();
    if good.iter().all(|it| it.runs.is_empty()) {
        return None;
    }
    let title = titled(&format!("Goodput of {class} against offered load"), story);
    let mut chart = Chart::new(format!("goodput-{}", file_name(class)), title, WIDTH, HEIGHT);
    panel::head(&mut chart, &notes(outcome, story, Shown::Intervals));
    let mut legend = design_legend(story);
    legend.push((Sign::Line(SOLID, OFFERED_WIDTH), HALO, "offered load".to_owned()));
    let end = panel::legend(&mut chart, 86.0, &legend);
    let panel = Panel { left: LEFT, top: end + 38.0, right: RIGHT, bottom: HEIGHT - 62.0 };
    let y = Axis::from_zero(good.iter().chain(&offered).flat_map(Trace::values));
    let x = x_axis(story);
    panel.draw_y_title(&mut chart, "requests per second");
    panel.draw_y(&mut chart, &y);
    panel.draw_x(&mut chart, &x, &x_title(story));
    let axes = (&x, &y);
    match are_alike(&offered) {
        true => {
            offered.iter().take(1).for_each(|it| draw_plain(&mut chart, &panel, axes, it, HALO))
        }
        false => offered
            .iter()
            .for_each(|it| draw_plain(&mut chart, &panel, axes, it, DESIGNS[it.line].mix(0.3))),
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

pub fn titled(what: &str, story: &Story) -> String {
    match story.along.phrase().as_str() {
        "" => what.to_owned(),
        phrase => format!("{what}, {phrase}"),
    }
}

/// The experiment, what is `shown` of how many replications, the seed.
pub fn notes(outcome: &Outcome, story: &Story, shown: Shown) -> String {
    let points = || story.lines.iter().flat_map(|it| &it.points).map(|it| it.1);
    let least = points().map(|it| it.replications).min().unwrap_or(0);
    let most = points().map(|it| it.replications).max().unwrap_or(0);
    let estimates = points().flat_map(|it| it.metrics.values());
    let confidence = estimates.map(|it| it.confidence).next().unwrap_or(0.95);
    let confidence = figure::exact(confidence, Some(Unit::Ratio));
    let over = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    let runs = match shown {
        _ if most <= 1 => "one run of each point".to_owned(),
        Shown::Means => format!("means over {over} replications"),
        Shown::Intervals if story.along == Along::Design => {
            format!("bars: {confidence} intervals over {over} replications")
        }
        Shown::Intervals => format!("shaded: {confidence} intervals over {over} replications"),
    };
    let left_out = match story.left_out {
        0 => String::new(),
        n => format!(" · {n} further designs are not drawn"),
    };
    format!("{} · {runs} · seed {}{left_out}", outcome.experiment, outcome.seed)
}

/// What a chart shows of its estimates.
pub enum Shown {
    Intervals,
    Means,
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
fn x_axis(story: &Story) -> Axis {
    let label = |place: f64| match users(story, place) {
        Some(users) if story.along == Along::Day => {
            format!("{}\n{}", story.label(place), short(users))
        }
        _ => story.label(place),
    };
    let places = story.places();
    let span = places.last().zip(places.first()).map_or(0.0, |(last, first)| last - first);
    let beside = if story.along == Along::Design { 0.5 } else { span * 0.025 };
    Axis::at_places(&places, beside, label)
}

/// How many users there are on a day, if all designs have the same.
fn users(story: &Story, day: f64) -> Option<f64> {
    let on_day = story.lines.iter().flat_map(|it| &it.points).filter(|it| it.0 == day);
    let users: Option<Vec<f64>> = on_day.map(|it| it.1.users).collect();
    let users = users?;
    users.iter().all(|it| *it == users[0]).then(|| users.first().copied())?
}

fn x_title(story: &Story) -> String {
    let has_users = story.places().iter().any(|it| users(story, *it).is_some());
    match story.along == Along::Day && has_users {
        true => "day\nusers".to_owned(),
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
fn objectives(outcome: &Outcome, class: &str, shown: &[Percentile]) -> Vec<(String, f64)> {
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

/// Places along a trace and its band, close enough to each other that no label fits between.
fn taken(panel: &Panel, (x, y): (&Axis, &Axis), trace: &Trace) -> Vec<Place> {
    let mut taken = Vec::new();
    for (run, sign) in trace.runs.iter().flat_map(|it| [(it, -1.0), (it, 0.0), (it, 1.0)]) {
        let place = |it: &(f64, &Estimate)| -> Place {
            let value = it.1.value + sign * it.1.half_width.unwrap_or(0.0);
            (panel.x(x, it.0), panel.y(y, value))
        };
        taken.extend(run.first().map(place));
        for pair in run.windows(2) {
            let (from, to) = (place(&pair[0]), place(&pair[1]));
            let (right, down) = (to.0 - from.0, to.1 - from.1);
            let steps = (right.abs().max(down.abs()) / 5.0).ceil().max(1.0);
            let step = |i: f64| (from.0 + right * i / steps, from.1 + down * i / steps);
            taken.extend((1..=steps as usize).map(|i| step(i as f64)));
        }
    }
    taken
}

/// Writes on a line across the panel where nothing is in the way, if there is such a place.
fn label_bound(chart: &mut Chart, panel: &Panel, y: f64, text: &str, taken: &mut Vec<Place>) {
    let width = font::width(text, SMALL.size, false);
    let room = panel.width() - width - 16.0;
    let lefts = || (0..=8).map(|i| panel.left + 8.0 + room * f64::from(i) / 8.0);
    let mut spots = lefts().map(|it| (it, y - 6.0)).chain(lefts().map(|it| (it, y + 15.0)));
    let is_free = |(left, baseline): &Place| {
        let near = |it: &Place| {
            (left - 6.0..=left + width + 6.0).contains(&it.0)
                && (baseline - 14.0..=baseline + 7.0).contains(&it.1)
        };
        *baseline < panel.bottom && !taken.iter().any(near)
    };
    let spot = spots.find(is_free).unwrap_or_else(|| {
        let spot = (panel.left + 8.0, y - 6.0);
        let below = (spot.0 + width + 4.0, spot.1 + 4.0);
        chart.rect((spot.0 - 4.0, spot.1 - 11.0), below, PAPER.mix(0.85));
        spot
    });
    chart.text(spot, text, SMALL, Anchor::Left);
    taken.extend((0..=(width / 8.0) as usize).map(|i| (spot.0 + i as f64 * 8.0, spot.1 - 4.0)));
}

/// Says which percentile each dot is, where lines do not tell it.
fn label_dots(
    chart: &mut Chart,
    panel: &Panel,
    (x, y): (&Axis, &Axis),
    traces: &[Trace],
    shown: &[Percentile],
) {
    let mut labelled: Vec<Place> = Vec::new();
    for trace in traces {
        let Some((quantile, ..)) = shown.iter().find(|it| it.1 == trace.dash) else { continue };
        for (at, estimate) in trace.runs.iter().flatten() {
            let place = (panel.x(x, *at), panel.y(y, estimate.value) + 4.0);
            let is_near = |it: &Place| it.0 == place.0 && (it.1 - place.1).abs() < 13.0;
            if !labelled.iter().any(is_near) {
                let text = format!("{quantile} {}", figure::figure(estimate));
                let is_near_the_end =
                    place.0 + 24.0 + font::width(&text, SMALL.size, false) > chart.width;
                match is_near_the_end {
                    true => chart.text((place.0 - 12.0, place.1), text, SMALL, Anchor::Right),
                    false => chart.text((place.0 + 12.0, place.1), text, SMALL, Anchor::Left),
                }
                labelled.push(place);
            }
        }
    }
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
