//! How busy each device and pool is: a row for each, a column for each point, a panel for each
//! design.

use super::colour::{INK, SHADE, heat, on_heat};
use super::font;
use super::lines::{Shown, notes, titled};
use super::panel::{self, LABEL, MARGIN, Panel, SMALL, WIDTH};
use super::sheet::{Anchor, Chart, Letters};
use super::story::{Along, Line, Story};
use crate::outcome::{Outcome, Point};
use crate::report::figure;

const CELL_HEIGHT: f64 = 22.0;
const CELL_WIDTH_MAX: f64 = 58.0;
/// Cells narrower than this have no number in them.
const CELL_WIDTH_FOR_NUMBERS: f64 = 26.0;
/// The quieter ones of a longer list are left out.
const ROWS_MAX: usize = 14;
/// A table of which no row is ever held for more of the time than this is left out too: it is there in
/// every model with a database, and says nothing.
const LOCK_LEAST: f64 = 0.1;
const HEADING: Letters = Letters { size: 13.5, bold: true, colour: INK };
/// Where the first panel begins.
const TOP: f64 = 76.0;
/// Room below a panel for the labels of its columns.
const BELOW: f64 = 34.0;

pub fn chart(outcome: &Outcome, story: &Story) -> Option<Chart> {
    let panels: Vec<(&Line, Vec<&str>)> = story.lines.iter().map(|it| (it, stations(it))).collect();
    if panels.iter().all(|it| it.1.is_empty()) {
        return None;
    }
    let tall = |it: &(&Line, Vec<&str>)| above(it.0) + it.1.len() as f64 * CELL_HEIGHT + BELOW;
    let height = TOP + panels.iter().map(tall).sum::<f64>() + 14.0;
    let title = titled("How busy each device and pool is, in per cent", story);
    let mut chart = Chart::new("utilization", title, WIDTH, height);
    let several = |it: &(f64, &Point)| it.1.metrics.keys().any(|it| it.ends_with(".fullest"));
    let of_several = match story.lines.iter().any(|it| it.points.iter().any(several)) {
        true => " · of several alike the fullest",
        false => "",
    };
    panel::head(&mut chart, &format!("{}{of_several}", notes(outcome, story, Shown::Means)));
    draw_key(&mut chart, story);
    let names = panels.iter().flat_map(|it| &it.1);
    let longest = names.map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max);
    let left = MARGIN + longest.min(260.0) + 12.0;
    let places = story.places();
    let cell = ((WIDTH - MARGIN - left) / places.len() as f64).min(CELL_WIDTH_MAX);
    let mut top = TOP;
    for (line, stations) in &panels {
        // Where the designs stand side by side, each has a column of its own.
        let places = match story.along {
            Along::Design => line.points.iter().map(|it| it.0).collect(),
            _ => places.clone(),
        };
        let from = top + above(line);
        let bottom = from + stations.len() as f64 * CELL_HEIGHT;
        let panel = Panel { left, top: from, right: left + cell * places.len() as f64, bottom };
        chart.text((MARGIN, top + 22.0), &line.label, HEADING, Anchor::Left);
        draw_cells(&mut chart, &panel, line, stations, &places);
        if story.along != Along::Design {
            draw_columns(&mut chart, &panel, story, &places);
        }
        top = bottom + BELOW;
    }
    Some(chart)
}

/// Room above a panel for its heading, and for crosses if there are any.
fn above(line: &Line) -> f64 {
    if line.points.iter().any(|it| it.1.overloaded.is_some()) { 46.0 } else { 32.0 }
}

/// The busiest stations of a design, the busiest first.
fn stations<'a>(line: &Line<'a>) -> Vec<&'a str> {
    let mut peaks: Vec<(&str, f64)> = Vec::new();
    for (_, point) in &line.points {
        for station in point.stations() {
            let busy = point.use_of(station).map_or(0.0, |it| it.value);
            match peaks.iter_mut().find(|it| it.0 == station) {
                Some(peak) => peak.1 = peak.1.max(busy),
                None => peaks.push((station, busy)),
            }
        }
    }
    peaks.retain(|it| !it.0.contains(".lock.") || it.1 >= LOCK_LEAST);
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
            let gap = if cell > 8.0 { 0.75 } else { 0.0 };
            let corners = ((left + gap, top + 0.75), (left + cell - gap, top + CELL_HEIGHT - 0.75));
            let point = line.points.iter().find(|it| it.0 == *place).map(|it| it.1);
            let busy = point.and_then(|it| it.use_of(station));
            let Some(busy) = busy.map(|it| it.value).filter(|it| it.is_finite()) else {
                chart.rect(corners.0, corners.1, SHADE);
                continue;
            };
            chart.rect(corners.0, corners.1, heat(busy));
            if cell >= CELL_WIDTH_FOR_NUMBERS {
                let letters = Letters { colour: on_heat(busy), ..LABEL };
                let told = figure::share(busy.clamp(0.0, 9.99)).replace(" %", "");
                // As in the tables what is nearly full does not seem full, if there is room to tell.
                let text = match font::width(&told, LABEL.size, false) + 4.0 <= cell {
                    true => told,
                    false => format!("{:.0}", (busy * 100.0).clamp(0.0, 999.0)),
                };
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

/// The labels of the columns below the panel, as many as there is room for.
fn draw_columns(chart: &mut Chart, panel: &Panel, story: &Story, places: &[f64]) {
    let cell = panel.width() / places.len() as f64;
    let labels: Vec<String> = places.iter().map(|it| story.label(*it)).collect();
    let widest = labels.iter().map(|it| font::width(it, LABEL.size, false)).fold(0.0, f64::max);
    let every = ((widest + 8.0) / cell).ceil().max(1.0) as usize;
    for (column, label) in labels.iter().enumerate().step_by(every) {
        let middle = panel.left + (column as f64 + 0.5) * cell;
        chart.text((middle, panel.bottom + 16.0), label, LABEL, Anchor::Middle);
    }
    let title =
        font::fitted(&story.along.short_title(), SMALL.size, false, panel.left - MARGIN - 10.0);
    chart.text((panel.left - 10.0, panel.bottom + 16.0), title, SMALL, Anchor::Right);
}

/// Which colour is how busy, at the top right.
fn draw_key(chart: &mut Chart, story: &Story) {
    let (right, y, step) = (WIDTH - MARGIN, 26.0, 20.0);
    let left = right - 10.0 * step;
    for i in 0..10 {
        let x = left + f64::from(i) * step;
        chart.rect((x, y), (x + step, y + 12.0), heat((f64::from(i) + 0.5) / 10.0));
    }
    for (share, anchor) in [(0.0, Anchor::Left), (0.5, Anchor::Middle), (1.0, Anchor::Right)] {
        let text = format!("{:.0} %", share * 100.0);
        chart.text((left + share * 10.0 * step, y + 26.0), text, SMALL, anchor);
    }
    if story.lines.iter().any(|it| above(it) > 40.0) {
        chart.cross((left - 98.0, y + 6.0), 4.0, INK);
        chart.text((left - 86.0, y + 10.0), "overloaded", SMALL, Anchor::Left);
    }
}
