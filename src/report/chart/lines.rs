//! Response percentiles and goodput of each class, a line for each design, in bands of confidence.

use super::axis::{Axis, short};
use super::colour::{DESIGNS, HALO, RULE, SHADE, SOFT};
use super::panel::{self, LEFT, Panel, RIGHT, SMALL, Sign, WIDTH};
use super::sheet::{Anchor, Chart, DASHED, DOTTED, Dash, SOLID};
use super::story::{Along, Line, Story};
use super::trace::{Plot, Trace};
use crate::outcome::{Outcome, Point, Unit};
use crate::report::{confidence, distinct, figure, replications};
use plotters::style::{Color, RGBAColor as Colour};

const HEIGHT: f64 = 580.0;
/// Height of a row of crosses for the points without a response time.
const STRIP: f64 = 17.0;
/// More designs than these are shown with one percentile each.
const FANS_MAX: usize = 3;

/// A quantity and how it is drawn: name, dash, width.
type Style = (&'static str, Dash, f64);
const PERCENTILES: [Style; 3] = [("p50", DOTTED, 2.0), ("p95", SOLID, 2.6), ("p99", DASHED, 1.8)];
const GOODPUT: Style = ("goodput", SOLID, 2.6);
/// It lies behind the goodput as a wide faint line.
const OFFERED: Style = ("arrivals", SOLID, 9.0);

pub fn charts(outcome: &Outcome, story: &Story) -> Vec<Chart> {
    let mut charts = Vec::new();
    for class in story.classes() {
        charts.extend(response(outcome, story, class));
        charts.extend(goodput(outcome, story, class));
    }
    charts
}

fn response(outcome: &Outcome, story: &Story, class: &str) -> Option<Chart> {
    let shown = if story.lines.len() > FANS_MAX { &PERCENTILES[1..2] } else { &PERCENTILES };
    let mut traces: Vec<Trace> = shown
        .iter()
        .flat_map(|it| traces(story, &format!("{class}.response.{}", it.0), *it))
        .collect();
    if story.along == Along::Design {
        traces.iter_mut().for_each(|it| it.aside = aside(it.name));
    }
    let silent = silent(story, class, shown);
    if traces.iter().all(Trace::is_empty) && silent.is_empty() {
        return None;
    }
    let which = if shown.len() == 1 { "p95" } else { "p50, p95 and p99" };
    let title = titled(&format!("Response time of {class}: {which}"), story);
    let mut chart = Chart::new(format!("response-{}", file_name(class)), title, WIDTH, HEIGHT);
    let legend = response_legend(story, shown, !silent.is_empty());
    let objectives = objectives(outcome, class, shown);
    let bounds = objectives.iter().map(|it| it.1);
    let y = Axis::of_times(traces.iter().flat_map(Trace::values).chain(bounds));
    let strip = silent.len() as f64 * STRIP;
    let title = y.titled("response time");
    let plot = frame(&mut chart, outcome, story, &legend, (y, &title, strip));
    draw_strip(&mut chart, &plot, &silent);
    for (_, bound) in &objectives {
        let across = plot.panel.y(&plot.y, *bound);
        let ends = [(plot.panel.left, across), (plot.panel.right, across)];
        chart.path(&ends, 1.4, (10.0, 4.0), RULE);
    }
    traces.iter().for_each(|it| plot.draw_band(&mut chart, it));
    traces.iter().for_each(|it| plot.draw_line(&mut chart, it));
    let mut taken: Vec<_> = traces.iter().flat_map(|it| plot.taken(it)).collect();
    for (text, bound) in &objectives {
        plot.label_across(&mut chart, *bound, text, &mut taken);
    }
    if story.along == Along::Design {
        plot.label_dots(&mut chart, &traces);
    }
    Some(chart)
}

fn goodput(outcome: &Outcome, story: &Story, class: &str) -> Option<Chart> {
    let good = traces(story, &format!("{class}.goodput"), GOODPUT);
    let offered = traces(story, &format!("{class}.arrivals"), OFFERED);
    if good.iter().all(Trace::is_empty) {
        return None;
    }
    let title = titled(&format!("Goodput of {class} against offered load"), story);
    let mut chart = Chart::new(format!("goodput-{}", file_name(class)), title, WIDTH, HEIGHT);
    let mut legend = design_legend(story);
    legend.push((Sign::Line(OFFERED.1, OFFERED.2), HALO, "offered load".to_owned()));
    let y = Axis::from_zero(good.iter().chain(&offered).flat_map(Trace::values));
    let plot = frame(&mut chart, outcome, story, &legend, (y, "requests per second", 0.0));
    if offered.iter().all(|it| it.is_like(&offered[0])) {
        offered.iter().take(1).for_each(|it| plot.draw_plain(&mut chart, it, HALO));
    } else {
        offered.iter().for_each(|it| plot.draw_plain(&mut chart, it, DESIGNS[it.line].mix(0.3)));
    }
    good.iter().for_each(|it| plot.draw_band(&mut chart, it));
    good.iter().for_each(|it| plot.draw_line(&mut chart, it));
    Some(chart)
}

/// With one point for each design, its percentiles stand beside each other: their bars may overlap.
fn aside(percentile: &str) -> f64 {
    match percentile {
        "p50" => -13.0,
        "p99" => 13.0,
        _ => 0.0,
    }
}

/// A metric along each line of the story.
fn traces<'a>(story: &Story<'a>, metric: &str, style: Style) -> Vec<Trace<'a>> {
    let lines = story.lines.iter().enumerate();
    lines.map(|(i, line)| Trace::of(i, line, metric, style)).collect()
}

/// Head, legend and axes of a sheet, with a strip of the given height kept free above the panel.
fn frame(
    chart: &mut Chart,
    outcome: &Outcome,
    story: &Story,
    legend: &[(Sign, Colour, String)],
    (y, y_title, strip): (Axis, &str, f64),
) -> Plot {
    panel::head(chart, &notes(outcome, story, Shown::Intervals));
    let top = panel::legend(chart, 86.0, legend) + 38.0;
    Panel { left: LEFT, top, right: RIGHT, bottom: top }.draw_y_title(chart, y_title);
    let panel = Panel { left: LEFT, top: top + strip, right: RIGHT, bottom: HEIGHT - 62.0 };
    let x = x_axis(story);
    panel.draw_y(chart, &y);
    panel.draw_x(chart, &x, &x_title(story));
    Plot { panel, x, y }
}

fn response_legend(
    story: &Story,
    shown: &[Style],
    has_crosses: bool,
) -> Vec<(Sign, Colour, String)> {
    let mut legend = design_legend(story);
    if shown.len() > 1 && story.along != Along::Design {
        let lines = shown.iter().rev();
        legend.extend(lines.map(|it| (Sign::Line(it.1, it.2), SOFT, it.0.to_owned())));
    }
    if has_crosses {
        legend.push((
            Sign::Cross,
            SOFT,
            "no line: no steady state, or hardly any answer".to_owned(),
        ));
    }
    legend
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
    let over = replications(points());
    let confidence = confidence(points());
    let runs = match shown {
        _ if over == "1" => "one run of each point".to_owned(),
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
            format!("{}\n{}", story.label(place), short(figure::users(users)))
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

/// A line of the story, and the places on it where a class has none of the shown percentiles.
type Silent = (usize, Vec<f64>);

/// Where requests of a class come but no response time can be told: there is no steady state, or
/// hardly any request is answered.
fn silent(story: &Story, class: &str, shown: &[Style]) -> Vec<Silent> {
    let is_silent = |point: &Point| {
        let has = |it: &Style| point.metric(&format!("{class}.response.{}", it.0)).is_some();
        let came = point.metric(&format!("{class}.arrivals")).is_some_and(|it| it.value > 0.0);
        came && !shown.iter().any(has)
    };
    let places = |it: &Line| -> Vec<f64> {
        it.points.iter().filter(|it| is_silent(it.1)).map(|it| it.0).collect()
    };
    let lines = story.lines.iter().enumerate().map(|(i, it)| (i, places(it)));
    lines.filter(|it| !it.1.is_empty()).collect()
}

/// Open crosses at the top edge, a row for each design.
fn draw_strip(chart: &mut Chart, plot: &Plot, lines: &[Silent]) {
    let panel = &plot.panel;
    for (row, (line, places)) in lines.iter().enumerate() {
        let bottom = panel.top - STRIP * (lines.len() - row - 1) as f64;
        chart.rect((panel.left, bottom - STRIP), (panel.right, bottom), SHADE);
        for place in places {
            let middle = (panel.x(&plot.x, *place), bottom - STRIP / 2.0);
            chart.cross(middle, 4.2, DESIGNS[*line]);
        }
    }
    if !lines.is_empty() {
        let middle = panel.top - STRIP * lines.len() as f64 / 2.0;
        chart.text((panel.left - 9.0, middle + 4.0), "no value", SMALL, Anchor::Right);
    }
}

/// The objectives on the shown percentiles of a class, each once.
fn objectives(outcome: &Outcome, class: &str, shown: &[Style]) -> Vec<(String, f64)> {
    let objective = |(name, bound): (&String, &f64)| {
        let (of, quantile) = name.rsplit_once('.')?;
        let is_shown = of == class && shown.iter().any(|it| it.0 == quantile);
        let at_most = figure::exact(*bound, Some(Unit::Seconds));
        is_shown.then(|| (format!("objective: {quantile} at most {at_most}"), *bound))
    };
    distinct(outcome.models.values().flat_map(|it| &it.objectives).filter_map(objective))
}
