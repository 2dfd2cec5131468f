//! What was sought: the smallest value for which something holds, design by design.

use super::Page;
use super::grid::{Cell, Grid, Tone};
use crate::outcome::{Found, Outcome};
use crate::report::figure;

pub fn smallest(page: &mut Page, outcome: &Outcome) {
    let found: Vec<(&String, &Found)> =
        outcome.models.iter().filter_map(|(label, it)| Some((label, it.found.as_ref()?))).collect();
    let Some((_, first)) = found.first() else { return };
    let unit = first.text_unit.as_deref().unwrap_or_default();
    let number = |value: f64| figure::exact(value, None) + unit;
    let mut grid = Grid::new(1, ["model", "smallest"]);
    for (label, it) in &found {
        let smallest = match &it.value {
            Some(value) => {
                let mut figure = figure::figure(value);
                figure.unit.push_str(unit);
                Cell::figure(figure)
            }
            None if it.beyond == it.replications => {
                Cell::words(format!("none up to {}", number(it.to))).tone(Tone::Good)
            }
            None if it.at_start == it.replications => {
                Cell::words(format!("{} or less", number(it.from))).tone(Tone::Bad)
            }
            None if it.at_start > 0 => Cell::words(format!(
                "{} or less in {} of {} replications",
                number(it.from),
                it.at_start,
                it.replications
            ))
            .tone(Tone::Unsure),
            None => Cell::words(format!(
                "none up to {} in {} of {} replications",
                number(it.to),
                it.beyond,
                it.replications
            ))
            .tone(Tone::Unsure),
        };
        grid.rows.push(vec![Cell::words(label.as_str()), smallest]);
    }
    let legend = format!(
        "The smallest {} from {} to {}, to within {}, with {}: each replication is searched by halving the range, \
         and their mean is shown.",
        first.path,
        number(first.from),
        number(first.to),
        number(first.within),
        first.such_that
    );
    page.table("What it takes", grid, &legend);
}
