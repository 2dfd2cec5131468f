//! How busy each device and pool is: a row for each, a column for each point, a panel for each
//! design.

use super::axis::Axis;
use super::colour::{GRID, INK, SHADE, SOFT, heat, on_heat};
use super::font;
use super::lines::{notes, x_axis, x_title};
use super::panel::{self, LABEL, MARGIN, Panel, SMALL, WIDTH};
use super::sheet::{Anchor, Chart, Letters};
use super::story::{Line, Story};
use crate::outcome::Outcome;

const CELL_HEIGHT: f64 = 22.0;
const CELL_WIDTH_MAX: f64 = 58.0;
/// Cells narrower than this have no number in them.
const CELL_WIDTH_FOR_NUMBERS: f64 = 26.0;
/// The quieter ones of a longer list are left out.
const ROWS_MAX: usize = 14;
const HEADING: Letters = Letters { size: 13.5, bold: true, colour: INK };
/// Room above a panel for its heading and the crosses.
const ABOVE: f64 = 44.0;
/// Room below a panel for the labels of its columns.
const BELOW: f64 = 30.0;

pub fn chart(outcome: &Outcome, story: &Story) -> Option<Chart> {
    let rows: Vec<Vec<&str>> = story.lines.iter().map(stations).collect();
    if rows.iter().all(Vec::is_empty) {
        return None;
    }
    let high: f64 = rows.iter().map(|it| it.len() as f64 * CELL_HEIGHT + ABOVE + BELOW).sum();
    let title = "How busy each device and pool is, in per cent".to_owned();
    let mut chart = Chart::new("utilization", title, WIDTH, 92.0 + high + 40.0);
    let notes = notes(outcome, story).replace("bands: ", "means; ");
    panel::head(&mut chart, notes.split(": ").next().unwrap_or_default());
    draw_key(&mut chart);
    let longest =
        rows.iter().flatten().map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max);
    let left = MARGIN + longest.min(260.0) + 12.0;
    let places = story.places();
    let cell = ((WIDTH - MARGIN - left) / places.len() as f64).min(CELL_WIDTH_MAX);
    let mut top = 92.0;
    for (line, stations) in story.lines.iter().zip(&rows) {
        let bottom = top + ABOVE + stations.len() as f64 * CELL_HEIGHT;
        let panel =
            Panel { left, top: top + ABOVE, right: left + cell * places.len() as f64, bottom };
        chart.text((MARGIN, top + 22.0), &line.label, HEADING, Anchor::Left);
        draw_cells(&mut chart, &panel, line, stations, &places);
        draw_columns(&mut chart, &panel, &x_axis(story), &places);
        top = bottom + BELOW;
    }
    chart.text((left, top + 20.0), format!("Columns: {}.", x_title(story)), SMALL, Anchor::Left);
    Some(chart)
}

/// The busiest stations of a design, the busiest first.
fn stations<'a>(line: &Line<'a>) -> Vec<&'a str> {
    let mut peaks: Vec<(&str, f64)> = Vec::new();
    for (_, point) in &line.points {
        for station in point.stations() {
            let busy = point.metrics[&format!("{station}.utilization")].value;
            match peaks.iter_mut().find(|it| it.0 == station) {
                Some(peak) => peak.1 = peak.1.max(busy),
                None => peaks.push((station, busy)),
            }
        }
    }
    peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
    peaks.into_iter().map(|it| it.0).take(ROWS_MAX).collect()
}

fn draw_cells(chart: &mut Chart, panel: &Panel, line: &Line, stations: &[&str], places: &[f64]) {
    let cell = panel.width() / places.len() as f64;
    for (row, station) in stations.iter().enumerate() {
        let top = panel.top + row as f64 * CELL_HEIGHT;
        let baseline = top + CELL_HEIGHT / 2.0 + LABEL.size * font::CAP_HEIGHT / 2.0;
        let name = font::fitted(station, LABEL.size, false, panel.left - MARGIN - 10.0);
        chart.text((panel.left - 10.0, baseline), name, LABEL, Anchor::Right);
        for (column, place) in places.iter().enumerate() {
            let left = panel.left + column as f64 * cell;
            let corners =
                ((left + 0.75, top + 0.75), (left + cell - 0.75, top + CELL_HEIGHT - 0.75));
            let point = line.points.iter().find(|it| it.0 == *place).map(|it| it.1);
            let busy = point.and_then(|it| it.metric(&format!("{station}.utilization")));
            let Some(busy) = busy.map(|it| it.value).filter(|it| it.is_finite()) else {
                chart.rect(corners.0, corners.1, SHADE);
                continue;
            };
            chart.rect(corners.0, corners.1, heat(busy));
            if cell >= CELL_WIDTH_FOR_NUMBERS {
                let letters = Letters { colour: on_heat(busy), ..LABEL };
                let text = format!("{:.0}", (busy * 100.0).clamp(0.0, 999.0));
                chart.text((left + cell / 2.0, baseline), text, letters, Anchor::Middle);
            }
        }
    }
    for (column, place) in places.iter().enumerate() {
        let is_overloaded =
            line.points.iter().any(|it| it.0 == *place && it.1.overloaded.is_some());
        if is_overloaded {
            chart.cross((panel.left + (column as f64 + 0.5) * cell, panel.top - 9.0), 4.0, INK);
        }
    }
}

/// The labels of the columns below the panel; only as many as there is room for.
fn draw_columns(chart: &mut Chart, panel: &Panel, axis: &Axis, places: &[f64]) {
    let cell = panel.width() / places.len() as f64;
    let first = |label: &str| label.split('\n').next().unwrap_or_default().to_owned();
    let labels: Vec<String> =
        axis.ticks(f64::INFINITY, |_| 0.0).iter().map(|it| first(&it.label)).collect();
    let widest = labels.iter().map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max);
    let every = ((widest + 8.0) / cell).ceil().max(1.0) as usize;
    for (column, label) in labels.iter().enumerate().step_by(every) {
        let middle = panel.left + (column as f64 + 0.5) * cell;
        chart.text((middle, panel.bottom + 16.0), label, LABEL, Anchor::Middle);
    }
}

/// Which colour is how busy, at the top right.
fn draw_key(chart: &mut Chart) {
    let (right, y, step) = (WIDTH - MARGIN, 76.0, 22.0);
    let left = right - 10.0 * step;
    for i in 0..10 {
        let share = (f64::from(i) + 0.5) / 10.0;
        let x = left + f64::from(i) * step;
        chart.rect((x, y), (x + step, y + 12.0), heat(share));
    }
    for (share, anchor) in [(0.0, Anchor::Left), (0.5, Anchor::Middle), (1.0, Anchor::Right)] {
        let text = format!("{:.0} %", share * 100.0);
        chart.text((left + share * 10.0 * step, y + 26.0), text, SMALL, anchor);
    }
    chart.cross((left - 128.0, y + 6.0), 4.0, INK);
    chart.text(
        (left - 116.0, y + 10.0),
        "overloaded",
        Letters { colour: SOFT, ..SMALL },
        Anchor::Left,
    );
    chart.path(&[(left - 20.0, y), (left - 20.0, y + 12.0)], 1.0, super::sheet::SOLID, GRID);
}
