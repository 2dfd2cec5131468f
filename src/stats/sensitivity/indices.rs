//! Variance-based indices: which share of a figure's variance each factor brings.
//!
//! A. Saltelli, P. Annoni, I. Azzini, F. Campolongo, M. Ratto and S. Tarantola, "Variance based sensitivity
//! analysis of model output. Design and estimator for the total sensitivity index", Computer Physics
//! Communications 181(2), 2010: their estimator for the first order (table 2, b), and M. J. W. Jansen's for
//! the total, "Analysis of variance designs for model output", ibid. 117, 1999.

use super::{Estimate, Means, Seen, jackknifed};

/// The indices of one factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indices {
    /// The share of the variance that would go away if it alone were known.
    pub first_order: Estimate,
    /// The share that would stay if all others were known: its own, and that of all that it does together
    /// with others.
    pub total: Estimate,
}

/// The indices of each factor, from blocks of `factors + 2` points: one of A, one of B, and A with one
/// column of B after the other. Nothing if fewer than three blocks are whole, or nothing varies.
pub fn indices(factors: usize, seen: &Seen, confidence: f64) -> Vec<Option<Indices>> {
    let Some(means) = Means::of(seen) else { return vec![None; factors] };
    let width = factors + 2;
    let whole = |row: &usize| means.all[row * width..(row + 1) * width].iter().all(Option::is_some);
    let rows: Vec<usize> = (0..seen.len() / width).filter(whole).collect();
    let of_factor = |factor: usize| {
        let answer = |statistic: fn(&[Row]) -> Option<f64>| {
            jackknifed(&means, &rows, confidence, |values, without| {
                let kept = rows.iter().filter(|it| Some(**it) != without);
                let row = |row: &usize| -> Option<Row> {
                    let block = &values[row * width..(row + 1) * width];
                    Some(Row { a: block[0]?, b: block[1]?, mixed: block[2 + factor]? })
                };
                statistic(&kept.map(row).collect::<Option<Vec<_>>>()?)
            })
        };
        Some(Indices { first_order: answer(first_order)?, total: answer(total)? })
    };
    match rows.len() {
        0..3 => vec![None; factors],
        _ => (0..factors).map(of_factor).collect(),
    }
}

/// The figure at one row of A, of B, and of A with a column of B.
struct Row {
    a: f64,
    b: f64,
    mixed: f64,
}

/// The mean and the variance of A and B together.
fn spread(rows: &[Row]) -> Option<(f64, f64)> {
    let count = 2.0 * rows.len() as f64;
    let mean = rows.iter().map(|it| it.a + it.b).sum::<f64>() / count;
    let square = |it: f64| (it - mean) * (it - mean);
    let variance = rows.iter().map(|it| square(it.a) + square(it.b)).sum::<f64>() / (count - 1.0);
    (variance > 0.0).then_some((mean, variance))
}

fn first_order(rows: &[Row]) -> Option<f64> {
    let (mean, variance) = spread(rows)?;
    // About the mean the products vary less, and their own mean is the same.
    let products: f64 = rows.iter().map(|it| (it.b - mean) * (it.mixed - it.a)).sum();
    Some(products / rows.len() as f64 / variance)
}

fn total(rows: &[Row]) -> Option<f64> {
    let (_, variance) = spread(rows)?;
    let squares: f64 = rows.iter().map(|it| (it.a - it.mixed) * (it.a - it.mixed)).sum();
    Some(squares / (2.0 * rows.len() as f64) / variance)
}
