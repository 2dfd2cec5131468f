//! The course of an outage: how long answers took, how many instances there were and were believed
//! to be, and how busy the hosts that were left.

use super::axis::Axis;
use super::colour::{DESIGNS, RULE};
use super::fault::{draw_outage, minutes};
use super::lines::file_name;
use super::panel::{self, LEFT, MARGIN, Panel, RIGHT, SMALL, Sign, WIDTH};
use super::sheet::{Anchor, Chart, DASHED, Place, SOLID};
use crate::outcome::{Fault, Outcome, Point, Series, Unit};
use crate::report::figure;

const PANEL_HEIGHT: f64 = 170.0;
const TOP: f64 = 104.0;
const ABOVE: f64 = 34.0;
const INSTANCES: &str = "instances";
/// More services or host groups than there are colours are not drawn.
const LINES_MAX: usize = DESIGNS.len();

/// A chart for each point at which something fails that has instances.
pub fn charts(outcome: &Outcome) -> Vec<Chart> {
    let all = outcome.points.iter().filter_map(|point| {
        let (fault, series) = (point.fault.as_ref()?, point.series.as_ref()?);
        let drawn = !series.instances.is_empty() && !series.at_s.is_empty();
        drawn.then(|| chart(outcome, point, fault, series))
    });
    all.collect()
}

/// Values along a series, with how their line looks.
type Line = (String, Vec<Option<f64>>, usize, bool);

fn chart(outcome: &Outcome, point: &Point, fault: &Fault, series: &Series) -> Chart {
    let label = outcome.label(&point.model, &point.factors);
    let day = point.day.map(figure::day).unwrap_or_default();
    let name = file_name(format!("course {label} {} {day}", fault.what).trim_end());
    let when = point.day.map(|it| format!(", {}", figure::on_day(it))).unwrap_or_default();
    let title = format!("The course of an outage: {label}, {}{when}", fault.what);
    let panels = [
        ("response of those answered", responses(series)),
        (INSTANCES, instances(series)),
        ("share of cores that are busy, of hosts that are up", cpus(series)),
    ];
    let panels: Vec<_> = panels.into_iter().filter(|it| !it.1.is_empty()).collect();
    let high = TOP + panels.len() as f64 * (PANEL_HEIGHT + ABOVE + 50.0) + 36.0;
    let mut chart = Chart::new(name, title, WIDTH, high);
    let slice = figure::exact(series.slice_s, Some(Unit::Seconds));
    let notes = format!(
        "{} · slices of {slice}, instances at the end of each · means over {} replications",
        outcome.experiment, point.replications
    );
    panel::head(&mut chart, &notes);
    let marks = [
        (Sign::Line(SOLID, 6.0), RULE, "out of order".to_owned()),
        (Sign::Line(SOLID, 2.0), RULE, "in truth".to_owned()),
        (Sign::Line(DASHED, 2.0), RULE, "as the balancer believes".to_owned()),
    ];
    panel::legend(&mut chart, 84.0, &marks);
    let x = minutes(&[point]);
    let mut top = TOP;
    for (i, (what, lines)) in panels.iter().enumerate() {
        let top_of_panel = top + ABOVE;
        let panel = Panel {
            left: LEFT,
            top: top_of_panel,
            right: RIGHT,
            bottom: top_of_panel + PANEL_HEIGHT,
        };
        let y = axis(what, lines);
        chart.text((MARGIN, panel.top - 14.0), heading(what, lines, &y), SMALL, Anchor::Left);
        draw_outage(&mut chart, &panel, &x, fault);
        panel.draw_y(&mut chart, &y);
        // Instances are counted at the end of a slice, and shown until they are counted again; all
        // else is of the whole slice.
        let from = if *what == INSTANCES { series.slice_s } else { 0.0 };
        let end = series.at_s.last().map_or(0.0, |it| it + series.slice_s);
        let stretch = |at: &f64| {
            [at + from, (at + from + series.slice_s).min(end)].map(|it| (it - fault.at_s) / 60.0)
        };
        let places: Vec<[f64; 2]> = series.at_s.iter().map(stretch).collect();
        draw_lines(&mut chart, &panel, (&x, &y), &places, lines);
        let is_last = i + 1 == panels.len();
        panel.draw_x(&mut chart, &x, if is_last { "minutes since it failed" } else { "" });
        let entries = lines
            .iter()
            .filter(|it| !it.3)
            .map(|(name, _, colour, _)| (Sign::Line(SOLID, 2.2), DESIGNS[*colour], name.clone()));
        let below = if is_last { 62.0 } else { 44.0 };
        panel::legend(&mut chart, panel.bottom + below, &entries.collect::<Vec<_>>());
        top = panel.bottom + 50.0;
    }
    chart
}

fn axis(what: &str, lines: &[Line]) -> Axis {
    let values = || lines.iter().flat_map(|it| it.1.iter().flatten().copied());
    match what {
        it if it.starts_with("response") => Axis::of_times(values()),
        _ => Axis::from_zero(values()),
    }
}

/// What is drawn in a panel, and what to know of it.
fn heading(what: &str, lines: &[Line], y: &Axis) -> String {
    let mut heading = y.titled(what);
    if lines.iter().any(|it| it.1.iter().any(Option::is_none)) {
        heading.push_str(" · no line: no value in that slice, as when nobody is answered");
    }
    heading
}

fn responses(series: &Series) -> Vec<Line> {
    let all = series.response.iter().take(LINES_MAX).enumerate();
    all.map(|(i, (name, values))| (name.clone(), values.clone(), i, false)).collect()
}

/// Of the services whose number of instances changes, in truth and as believed.
fn instances(series: &Series) -> Vec<Line> {
    let changes = |values: &[f64]| values.iter().any(|it| *it != values[0]);
    let all = series.instances.iter().filter(|it| changes(&it.1.up) || changes(&it.1.believed));
    let lines = all.take(LINES_MAX).enumerate().flat_map(|(i, (name, it))| {
        let line = |values: &[f64]| values.iter().map(|it| Some(*it)).collect();
        [(name.clone(), line(&it.up), i, false), (name.clone(), line(&it.believed), i, true)]
    });
    lines.collect()
}

fn cpus(series: &Series) -> Vec<Line> {
    let all = series.cpu.iter().take(LINES_MAX).enumerate();
    all.map(|(i, (name, values))| (name.clone(), values.clone(), i, false)).collect()
}

/// Steps from where to where each value holds; they break off where there is no value.
fn draw_lines(
    chart: &mut Chart,
    panel: &Panel,
    (x, y): (&Axis, &Axis),
    minutes: &[[f64; 2]],
    lines: &[Line],
) {
    for (_, values, colour, dashed) in lines {
        let place = |(minutes, value): (&[f64; 2], &Option<f64>)| -> Option<[Place; 2]> {
            let value = value.filter(|it| it.is_finite())?;
            Some(minutes.map(|it| (panel.x(x, it), panel.y(y, value))))
        };
        let places: Vec<Option<[Place; 2]>> = minutes.iter().zip(values).map(place).collect();
        let dash = if *dashed { DASHED } else { SOLID };
        for stretch in places.split(Option::is_none) {
            let stretch: Vec<Place> = stretch.iter().flatten().flatten().copied().collect();
            if !stretch.is_empty() {
                chart.path(&stretch, 2.0, dash, DESIGNS[*colour]);
            }
        }
    }
}
