//! What a metric depends on: what was varied, that which matters most first.

use super::Page;
use super::grid::{Cell, Grid, Tone};
use crate::outcome::{Estimate, Factor, Method, Outcome, Sensitivity};
use crate::report::figure;

pub fn tables(page: &mut Page, outcome: &Outcome) {
    for of in &outcome.sensitivities {
        table(page, outcome, of);
    }
}

fn table(page: &mut Page, outcome: &Outcome, of: &Sensitivity) {
    let measures: &[&str] = match of.method {
        Method::ElementaryEffects => &["effect", "change", "spread"],
        Method::Indices => &["total", "alone"],
        Method::Classes => &["alone"],
    };
    let heads = ["", "what is varied", "from", "to"].into_iter().chain(measures.iter().copied());
    let mut grid = Grid::new(4, heads);
    for (rank, (path, factor)) in of.factors.iter().enumerate() {
        let mut row =
            vec![Cell::words((rank + 1).to_string()), Cell::words(outcome.short_name(path))];
        row.extend([&factor.from, &factor.to].map(Cell::words));
        row.extend(measures.iter().map(|it| measure(factor, it)));
        grid.rows.push(row);
    }
    let mut legend = legend(of);
    for path in of.factors.keys().filter(|it| outcome.short_name(it) != **it) {
        legend.push_str(&format!(" {} is {path}.", outcome.short_name(path)));
    }
    let several = outcome.sensitivities.iter().any(|it| it.model != of.model);
    let model = if several { format!(" of {}", of.model) } else { String::new() };
    let day = of.day.map(|it| format!(" on {}", figure::on_day(it))).unwrap_or_default();
    page.table(&format!("What {}{model} depends on{day}", of.metric), grid, &legend);
}

fn measure(factor: &Factor, name: &str) -> Cell {
    let (estimate, figure): (_, fn(&Estimate) -> figure::Figure) = match name {
        "effect" => (factor.effect, figure::figure),
        "change" => (factor.change, figure::difference),
        "spread" => (factor.spread, figure::figure),
        "total" => (factor.total, figure::difference),
        _ => (factor.first_order, figure::difference),
    };
    let Some(estimate) = estimate else { return Cell::default() };
    // Sizes are never below nothing: whether there is anything is told of what has a sign.
    let has_sign = !["effect", "spread"].contains(&name);
    match has_sign && may_be_nothing(&estimate) {
        true => Cell::marked(figure(&estimate), "?").tone(Tone::Unsure),
        false => Cell::figure(figure(&estimate)),
    }
}

fn may_be_nothing(estimate: &Estimate) -> bool {
    estimate.ends().is_some_and(|(low, high)| low <= 0.0 && high >= 0.0)
}

fn legend(of: &Sensitivity) -> String {
    let points = match of.without_value {
        0 => format!("From {} points.", of.points),
        1 => format!(
            "From {} points, at one of which it has no value: what needs it is left out.",
            of.points
        ),
        n => format!(
            "From {} points, at {n} of which it has no value: what needs them is left out.",
            of.points
        ),
    };
    let how = match of.method {
        Method::ElementaryEffects => {
            "Elementary effects (Morris), each for the whole way from the one end to the other. effect: how much it \
             moves the metric, up or down, on average over many places of all else. change: the same with its sign. \
             spread: how much that differs from place to place; as large as the effect where it hangs on the others, \
             or on where one starts."
        }
        Method::Indices => {
            "Shares of the variance of the metric over the whole of all ranges (Sobol' indices; estimators of Saltelli \
             and Jansen). alone: what it brings by itself. total: that, and what it does together with others."
        }
        Method::Classes => {
            "Shares of the variance of the metric over the whole of all ranges that each brings by itself (first-order \
             indices, by the correlation ratio of classes of the points). What is missing to 100 % they do together, or \
             is chance."
        }
    };
    let signed = of.factors.values().flat_map(|it| [it.change, it.total, it.first_order]);
    let unsure = signed.flatten().any(|it| may_be_nothing(&it));
    let mark = if unsure { " ? may be nothing." } else { "" };
    format!("{points} {how}{mark}")
}
