//! An outcome as charts: SVG for pages, PNG for everywhere else, drawn by the same code.
//!
//! A chart is a list of marks in units of 1/96 inch. It is painted through a `plotters` backend:
//! the one of `plotters` for SVG, and the one in `raster` for PNG. The font is carried along, so
//! that a machine without fonts draws the same.

mod axis;
mod colour;
mod course;
mod fault;
mod font;
mod heat;
mod lines;
mod paint;
mod panel;
mod raster;
mod sheet;
mod story;
mod surface;
mod trace;

use crate::outcome::Outcome;
pub use sheet::{Anchor, Chart, Mark};

/// All charts for which the outcome has figures: response and goodput of each class,
/// utilization, and how each fault went, with its course in detail.
pub fn charts(outcome: &Outcome) -> Vec<Chart> {
    let story = story::Story::of(outcome);
    // Lines through points that were drawn would lead nowhere.
    let mut charts = match outcome.sensitivities.is_empty() {
        true => lines::charts(outcome, &story),
        false => Vec::new(),
    };
    charts.extend(heat::chart(outcome, &story));
    charts.extend(surface::charts(outcome));
    charts.extend(fault::charts(outcome));
    charts.extend(course::charts(outcome));
    name_apart(&mut charts);
    charts
}

/// Charts whose names would be the same file's get a number: names of classes may differ in letters
/// that file names do not have.
fn name_apart(charts: &mut [Chart]) {
    for i in 1..charts.len() {
        let mut name = charts[i].name.clone();
        let mut number = 1;
        while charts[..i].iter().any(|it| it.name.eq_ignore_ascii_case(&name)) {
            number += 1;
            name = format!("{}-{number}", charts[i].name);
        }
        charts[i].name = name;
    }
}

/// The chart as an SVG document.
pub fn svg(chart: &Chart) -> String {
    paint::svg(chart)
}

/// The chart as a PNG image, two pixels for each unit of length.
pub fn png(chart: &Chart) -> Result<Vec<u8>, png::EncodingError> {
    raster::png(chart)
}

#[cfg(test)]
mod tests;
