//! What designs do over a long time in which things fail now and then.

use super::Page;
use super::grid::{Cell, Grid};
use crate::outcome::{Outcome, OverTime, Unit};
use crate::report::figure::{self, Figure};

pub fn table(page: &mut Page, outcome: &Outcome) {
    let all = outcome.models.iter();
    let all: Vec<(&String, &OverTime)> =
        all.filter_map(|(label, it)| Some((label, it.over_time.as_ref()?))).collect();
    let heads = ["model", "availability", "down a month", "outages a month", "months without"];
    let mut grid = Grid::new(1, heads);
    for (label, it) in &all {
        let number = |value: String| Cell::figure(Figure { value, ..Figure::default() });
        grid.rows.push(vec![
            Cell::words(label.as_str()),
            Cell::figure(figure::figure(&it.availability)),
            Cell::figure(figure::figure(&it.downtime_per_month)),
            number(figure::exact(it.outages_per_month, None)),
            number(figure::exact(it.month_without, Some(Unit::Ratio))),
        ]);
    }
    let legend = "Ordinary times and outages, each simulated by itself, weighted by how often they come. Down: the \
                  time in which fewer than half of the requests are answered. The intervals are Student's over \
                  replications, of the mean over many months of 730 hours; single months differ by more.";
    page.table("In the long run", grid, legend);
}
