//! Batches of one run: an interval where there is but one, and whether a run was long enough for its
//! figures to be trusted.

use super::interval::{Estimate, Summary};

/// How a figure went over one run.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// The figure over the whole run.
    pub whole: f64,
    /// The same over each of some batches of equal length that follow one another; empty if it has no
    /// value in some of them.
    pub batches: &'a [f64],
    /// Means over slices as long as one another and shorter than batches, which show how long the run
    /// remembers.
    pub slices: &'a [f64],
}

/// Slices that are more alike than this to the next do not forget soon enough.
const MEMORY_MAX: f64 = 0.45;
/// The share of the half-width that bias may be.
const BIAS_MAX: f64 = 0.25;

/// The interval about the figure of one run, by the spread of its batches: S. Asmussen, P. W. Glynn,
/// "Stochastic Simulation", 2007, section IV.5, sectioning. Batches are taken for independent;
/// [`remembers`] tells whether they can be.
///
/// `None` of fewer than two batches, or where something is not finite.
pub fn sectioned(whole: f64, batches: &[f64], confidence: f64) -> Option<Estimate> {
    let spread = Summary::of(batches)?;
    let n = spread.count as f64;
    // About the whole, and not about the mean of the batches: that errs by more than it.
    let squares = spread.variance? * (n - 1.0) + n * (spread.mean - whole) * (spread.mean - whole);
    let error = (squares / (n - 1.0) / n, n - 1.0);
    whole.is_finite().then(|| Estimate::from_error(whole, Some(error), confidence, 1))
}

/// The interval about the mean of one run by overlapping batches of `length` successive values:
/// M. S. Meketon, B. Schmeiser, "Overlapping batch means: something for nothing?", WSC 1984. It varies
/// by a third less than that of batches apart from one another, as if there were half as many more.
///
/// `None` where there are not two batches of that length, or something is not finite.
pub fn overlapping(series: &[f64], length: usize, confidence: f64) -> Option<Estimate> {
    let (n, m) = (series.len() as f64, length as f64);
    let mean = Summary::of(series)?.mean;
    if length == 0 || series.len() < 2 * length {
        return None;
    }
    let distance = |window: &[f64]| window.iter().sum::<f64>() / m - mean;
    let squares: f64 = series.windows(length).map(|it| distance(it) * distance(it)).sum();
    let variance = m * squares / ((n - m + 1.0) * (n - m));
    let error = (variance, 1.5 * (n / m - 1.0));
    Some(Estimate::from_error(mean, Some(error), confidence, 1))
}

/// How alike neighbours in time are: the correlation of each value with the next, about the mean of all
/// runs. One minus half of von Neumann's ratio, with several runs taken together (J. von Neumann,
/// "Distribution of the ratio of the mean square successive difference to the variance", 1941).
///
/// Nought if nothing varies.
pub fn memory<'a>(runs: impl Iterator<Item = &'a [f64]> + Clone) -> f64 {
    let (sum, count) = runs
        .clone()
        .flatten()
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    let mean = sum / count;
    let (mut squares, mut products, mut pairs) = (0.0, 0.0, 0.0);
    for run in runs {
        squares += run.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>();
        products += run.windows(2).map(|it| (it[0] - mean) * (it[1] - mean)).sum::<f64>();
        pairs += run.len().saturating_sub(1) as f64;
    }
    let memory = (products / pairs) / (squares / count);
    if memory.is_finite() { memory } else { 0.0 }
}

/// Whether a figure rests on runs that are too short: their slices are not over before what they began
/// with is forgotten, or the figure has no value in a tenth of a run, or it is biased by more than a
/// small part of its half-width.
///
/// The bias of a mean or a quantile of n values falls as 1/n, so that a figure over a tenth of a run has
/// ten times that of the whole, and the difference shows it (M. H. Quenouille's jackknife, 1949).
pub fn too_short(runs: &[Course], half_width: Option<f64>) -> bool {
    if runs.iter().any(|it| it.batches.len() < 2) {
        return true;
    }
    if memory(runs.iter().map(|it| it.slices)) > MEMORY_MAX {
        return true;
    }
    let bias = |it: &Course| {
        let n = it.batches.len() as f64;
        (it.batches.iter().sum::<f64>() / n - it.whole) / (n - 1.0)
    };
    let bias = runs.iter().map(bias).sum::<f64>() / runs.len() as f64;
    half_width.is_some_and(|it| bias.abs() > BIAS_MAX * it)
}
