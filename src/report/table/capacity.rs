//! What each model carries: its capacity, what is missed beyond it, and how much of it is left.

use super::grid::{Cell, Grid, Tone};
use super::{Page, objective_text};
use crate::outcome::{Capacity, CapacityUnit, Estimate, Outcome};
use crate::report::figure;

pub fn capacity(page: &mut Page, outcome: &Outcome) {
    let heads =
        ["model", "capacity", "missed beyond it", "busiest there", "knee", "now", "left", "day"];
    let mut grid = Grid::new(1, heads);
    for (label, summary) in &outcome.models {
        let Some(it) = &summary.capacity else { continue };
        let bound = |objective: &String| summary.objectives.get(objective).copied();
        let missed = it.objective.as_ref().and_then(|it| Some(objective_text(it, bound(it)?)));
        let overloaded = it.overloaded.as_ref().map(|by| format!("none: {by} is overloaded"));
        let missed = missed.or(overloaded);
        let point =
            outcome.points.iter().find(|it| outcome.label(&it.model, &it.factors) == *label);
        let busiest = point.and_then(|it| it.bottleneck.as_ref()).filter(|_| it.value.is_some());
        let busiest = busiest.map(|it| format!("{} {}", it.name, figure::share(it.utilization)));
        grid.rows.push(vec![
            Cell::words(label.as_str()),
            largest(it),
            Cell::words(missed.unwrap_or_default()),
            Cell::words(busiest.unwrap_or_default()),
            load(it, it.knee.as_ref()),
            it.now.map(|now| Cell::words(number(it, now))).unwrap_or_default(),
            left(it),
            it.used_up_on.as_ref().map(|it| Cell::figure(figure::figure(it))).unwrap_or_default(),
        ]);
    }
    let grows = outcome
        .models
        .values()
        .any(|it| it.capacity.as_ref().is_some_and(|it| it.used_up_on.is_some()));
    let day = if grows { " day: when growth reaches the capacity." } else { "" };
    let legend = format!(
        "capacity: the largest load that keeps every objective, sought by doubling and halving it on the same \
         luck. knee: the load at which throughput divided by response is greatest. left: the share of the \
         capacity that the present load leaves.{day}"
    );
    page.table("What it carries", grid, &legend);
}

fn largest(it: &Capacity) -> Cell {
    match &it.value {
        Some(value) => load(it, Some(value)),
        None => Cell::words("none: at every load, or at none, an objective is missed")
            .tone(Tone::Unsure),
    }
}

fn load(it: &Capacity, estimate: Option<&Estimate>) -> Cell {
    let Some(estimate) = estimate else { return Cell::default() };
    let mut figure = figure::figure(estimate);
    figure.unit.push_str(match it.unit {
        CapacityUnit::Users => " users",
        CapacityUnit::Times => " times",
    });
    Cell::figure(figure)
}

fn number(it: &Capacity, value: f64) -> String {
    match it.unit {
        CapacityUnit::Users => figure::exact(value, None),
        CapacityUnit::Times => String::new(),
    }
}

fn left(it: &Capacity) -> Cell {
    let Some(estimate) = &it.headroom else { return Cell::default() };
    let tone = if estimate.value < 0.0 { Tone::Bad } else { Tone::Plain };
    Cell::figure(figure::difference(estimate)).tone(tone)
}
