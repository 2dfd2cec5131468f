//! What theory says, beside what was simulated.

use super::Page;
use super::grid::{Cell, Grid, Tone};
use crate::outcome::{Estimate, Holds, Point};
use crate::report::figure;

/// Where a formula of one queue is the whole truth.
pub fn beside(page: &mut Page, point: &Point) {
    let mut grid = Grid::new(1, ["metric", "simulated", "theory", "method", ""]);
    for (metric, theory) in &point.theory {
        let Some(estimate) = point.metric(metric) else { continue };
        grid.rows.push(vec![
            Cell::words(metric),
            Cell::figure(figure::figure(estimate)),
            predicted(estimate, theory.value),
            Cell::words(&theory.method),
            agreement(estimate, theory.value),
        ]);
    }
    page.table(
        "Beside theory",
        grid,
        "Agrees: the prediction lies inside the interval, as it does 95 times in 100 where the theory holds.",
    );
}

/// Part by part: the formula, what it says, and why it applies.
pub fn parts(page: &mut Page, point: &Point) {
    let mut grid = Grid::new(1, ["part", "formula", "metric", "simulated", "theory", ""]);
    let mut reasons = Grid::new(1, ["part", "formula", "holds", "because"]);
    for part in &point.parts {
        for (metric, value) in &part.values {
            let Some(estimate) = point.metric(metric) else { continue };
            grid.rows.push(vec![
                Cell::words(&part.part),
                Cell::words(&part.method),
                Cell::words(metric),
                Cell::figure(figure::figure(estimate)),
                predicted(estimate, *value),
                mark(part.holds, metric, estimate, *value),
            ]);
        }
        let holds = match part.holds {
            Holds::Exactly => "exactly",
            Holds::Roughly => "roughly",
            Holds::AsBound => "as a bound",
            Holds::Not => "not",
        };
        let words = [&part.part, &part.method, holds, &part.because];
        reasons.rows.push(words.map(Cell::words).into());
    }
    page.table(
        "Theory, part by part",
        grid,
        "Agrees: the prediction lies inside the interval. A percentage: by how much a formula that holds \
         roughly is off. Kept: the simulated value is on the right side of a bound.",
    );
    page.table("Why each formula applies, or does not", reasons, "");
}

fn predicted(estimate: &Estimate, value: f64) -> Cell {
    Cell::figure(figure::figure(&Estimate {
        value,
        half_width: None,
        too_short: false,
        ..*estimate
    }))
}

fn agreement(estimate: &Estimate, value: f64) -> Cell {
    match estimate.half_width.map(|it| (estimate.value - value).abs() <= it) {
        Some(true) => Cell::words("agrees").tone(Tone::Good),
        Some(false) => Cell::words("differs").tone(Tone::Bad),
        None => Cell::default(),
    }
}

fn mark(holds: Holds, metric: &str, estimate: &Estimate, value: f64) -> Cell {
    let margin = estimate.half_width.unwrap_or(0.0);
    let kept = match metric.ends_with(".goodput") {
        true => estimate.value - margin <= value,
        false => estimate.value + margin >= value,
    };
    match holds {
        Holds::Exactly => agreement(estimate, value),
        Holds::Roughly if estimate.value != 0.0 => {
            Cell::words(format!("{:+.0} %", 100.0 * (value / estimate.value - 1.0)))
        }
        Holds::AsBound if kept => Cell::words("kept").tone(Tone::Good),
        Holds::AsBound => Cell::words("broken").tone(Tone::Bad),
        Holds::Roughly | Holds::Not => Cell::default(),
    }
}
