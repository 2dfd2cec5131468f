//! How a fault went: requests answered and failed, second by second, with the outage shaded.

use super::axis::Axis;
use super::colour::{ANSWERED, FAILED, INK, RULE, SHADE, SOFT};
use super::font;
use super::lines::file_name;
use super::panel::{self, LEFT, MARGIN, Panel, RIGHT, SMALL, Sign, WIDTH};
use super::sheet::{Anchor, Chart, DASHED, Letters, Place, SOLID};
use crate::outcome::{Fault, Outcome, Point, Series, Unit};
use crate::parts::fault::FOR_GOOD;
use crate::report::{classes_that_matter, figure, lasting};
use plotters::style::{Color, RGBAColor as Colour};

const PANEL_HEIGHT: f64 = 190.0;
/// The same where there are many.
const LOW_PANEL_HEIGHT: f64 = 104.0;
/// Where the first panel begins.
const TOP: f64 = 84.0;
/// Room above a panel for its heading.
const ABOVE: f64 = 56.0;
/// More of them are drawn lower, so that all can be seen at a glance.
const HIGH_PANELS_MAX: usize = 6;
/// More do not fit on a sheet, and go on on another.
const PANELS_MAX: usize = 16;
const HEADING: Letters = Letters { size: 13.5, bold: true, colour: INK };

/// A chart for each day on which something fails, a panel for each point.
pub fn charts(outcome: &Outcome) -> Vec<Chart> {
    let mut days: Vec<(Option<f64>, Vec<&Point>)> = Vec::new();
    for point in outcome.points.iter().filter(|it| it.fault.is_some() && has_series(it)) {
        match days.iter_mut().find(|it| it.0 == point.day) {
            Some(day) => day.1.push(point),
            None => days.push((point.day, vec![point])),
        }
    }
    days.iter().flat_map(|(day, points)| sheets(outcome, *day, points)).collect()
}

/// As many sheets as it takes, each with about as many panels, and all on the same scale.
fn sheets(outcome: &Outcome, day: Option<f64>, points: &[&Point]) -> Vec<Chart> {
    let sheets = points.len().div_ceil(PANELS_MAX);
    let axes = (rate_axis(points), minutes(points));
    let each = points.chunks(points.len().div_ceil(sheets)).enumerate();
    each.map(|(i, own)| chart(outcome, day, own, &axes, (i + 1, sheets))).collect()
}

fn rate_axis(points: &[&Point]) -> Axis {
    Axis::from_zero(points.iter().filter_map(|it| it.series.as_ref()).flat_map(rates))
}

fn has_series(point: &Point) -> bool {
    point.series.as_ref().is_some_and(|it| !it.at_s.is_empty())
}

fn chart(
    outcome: &Outcome,
    day: Option<f64>,
    points: &[&Point],
    (y, x): &(Axis, Axis),
    (sheet, sheets): (usize, usize),
) -> Chart {
    let mut name =
        day.map_or("fault".to_owned(), |it| format!("fault-day-{}", file_name(&figure::day(it))));
    if sheet > 1 {
        name.push_str(&format!("-sheet-{sheet}"));
    }
    let height = if points.len() > HIGH_PANELS_MAX { LOW_PANEL_HEIGHT } else { PANEL_HEIGHT };
    let title = match day {
        Some(day) => {
            format!("What a fault does: requests answered and failed, {}", figure::on_day(day))
        }
        None => "What a fault does: requests answered and failed".to_owned(),
    };
    let high = TOP + points.len() as f64 * (height + ABOVE + 14.0) + 42.0;
    let mut chart = Chart::new(name, title, WIDTH, high);
    panel::head(&mut chart, &notes(outcome, points, (sheet, sheets)));
    let entries = [
        (Sign::Line(SOLID, 2.4), ANSWERED, "answered in time".to_owned()),
        (Sign::Line(SOLID, 2.4), FAILED, "failed".to_owned()),
        (Sign::Line(DASHED, 1.6), SOFT, "offered".to_owned()),
        (Sign::Line(SOLID, 6.0), RULE, "down".to_owned()),
    ];
    panel::legend(&mut chart, 86.0, &entries);
    let mut top = TOP;
    for (i, point) in points.iter().enumerate() {
        let panel =
            Panel { left: LEFT, top: top + ABOVE, right: RIGHT, bottom: top + ABOVE + height };
        let is_last = i + 1 == points.len();
        draw(&mut chart, &panel, outcome, point, (x, y));
        panel.draw_x(&mut chart, x, if is_last { "minutes since it failed" } else { "" });
        top = panel.bottom + 14.0;
    }
    chart
}

fn notes(outcome: &Outcome, points: &[&Point], (sheet, sheets): (usize, usize)) -> String {
    let series = points.iter().find_map(|it| it.series.as_ref());
    let slice = figure::exact(series.map_or(0.0, |it| it.slice_s), Some(Unit::Seconds));
    let replications = points.first().map_or(0, |it| it.replications);
    let part = match sheets {
        1 => String::new(),
        _ => format!(" · sheet {sheet} of {sheets}"),
    };
    format!(
        "{} · requests per second in slices of {slice} · means over {replications} replications{part}",
        outcome.experiment
    )
}

fn rates(series: &Series) -> impl Iterator<Item = f64> {
    series.born.iter().chain(&series.answered).chain(&series.failed).copied()
}

/// The axis of minutes that holds all series.
pub fn minutes(points: &[&Point]) -> Axis {
    let mut ends: Vec<f64> = Vec::new();
    for point in points {
        if let (Some(fault), Some(series)) = (&point.fault, &point.series) {
            ends.extend(series.at_s.first().map(|it| (it - fault.at_s) / 60.0));
            ends.extend(series.at_s.last().map(|it| (it + series.slice_s - fault.at_s) / 60.0));
        }
    }
    let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Axis::between(low, high, |it| figure::exact(it, None))
}

fn draw(chart: &mut Chart, panel: &Panel, outcome: &Outcome, point: &Point, axes: (&Axis, &Axis)) {
    let (Some(fault), Some(series)) = (&point.fault, &point.series) else { return };
    let label = outcome.label(&point.model, &point.factors);
    chart.text((MARGIN, panel.top - 16.0), &label, HEADING, Anchor::Left);
    // A viewer without the font takes a wider one.
    let after = MARGIN + 1.2 * font::width(&label, HEADING.size, true) + 10.0;
    let summary = summary(outcome, point, fault);
    let summary = font::fitted(&summary, SMALL.size, false, RIGHT - after);
    chart.text((after, panel.top - 16.0), summary, SMALL, Anchor::Left);
    draw_outage(chart, panel, axes.0, fault);
    panel.draw_y(chart, axes.1);
    // A step for each slice: nothing is known of what happened inside it.
    let step = |i: usize, rate: f64| -> [Place; 2] {
        [0.0, series.slice_s].map(|it| {
            let minute = (series.at_s[i] + it - fault.at_s) / 60.0;
            (panel.x(axes.0, minute), panel.y(axes.1, rate))
        })
    };
    let line = |rates: &[f64]| -> Vec<Place> {
        let both = series.at_s.len().min(rates.len());
        (0..both).filter(|i| rates[*i].is_finite()).flat_map(|i| step(i, rates[i])).collect()
    };
    chart.path(&line(&series.born), 1.6, DASHED, SOFT);
    for (rates, colour) in [(&series.answered, ANSWERED), (&series.failed, FAILED)] {
        draw_filled(chart, panel, line(rates), colour);
    }
}

fn draw_filled(chart: &mut Chart, panel: &Panel, line: Vec<Place>, colour: Colour) {
    let (Some(first), Some(last)) = (line.first().copied(), line.last().copied()) else { return };
    let mut area = line.clone();
    area.extend([(last.0, panel.bottom), (first.0, panel.bottom)]);
    chart.area(area, colour.mix(0.16));
    chart.path(&line, 2.0, SOLID, colour);
}

/// The stretch in which it fails.
pub fn draw_outage(chart: &mut Chart, panel: &Panel, x: &Axis, fault: &Fault) {
    let end = if fault.style == FOR_GOOD { panel.right } else { panel.x(x, fault.for_s / 60.0) };
    let (from, to) = (panel.x(x, 0.0), end);
    chart.rect((from, panel.top - 8.0), (to, panel.bottom), SHADE);
    chart.rect((from, panel.top - 8.0), (to, panel.top - 2.0), RULE);
}

/// `zone colo down for 20 min · availability 46.04 ± 0.18 % · login down 21.50 ± 0.21 min`
fn summary(outcome: &Outcome, point: &Point, fault: &Fault) -> String {
    let down = match fault.style.as_str() {
        "surge" => "",
        FOR_GOOD => " lost",
        _ => " down",
    };
    let mut told = format!("{}{down} {}", fault.what, lasting(fault));
    if let Some(estimate) = point.metric("availability") {
        told.push_str(&format!(" · availability {}", figure::figure(estimate)));
    }
    let classes = classes_that_matter(outcome, &[point]).into_iter();
    let own: Vec<_> =
        classes.filter_map(|it| Some((it, point.metric(&format!("{it}.downtime"))?))).collect();
    for (class, estimate) in &own {
        told.push_str(&format!(" · {class} down {}", figure::figure(estimate)));
    }
    if let Some(estimate) = point.metric("downtime").filter(|_| own.is_empty()) {
        told.push_str(&format!(" · downtime {}", figure::figure(estimate)));
    }
    told
}
