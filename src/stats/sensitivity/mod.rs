//! Which of several things that are varied a figure depends on, and how much.
//!
//! A figure was seen at many points, in several replications on the same luck. Points may lack it; what
//! needs such a point is left out. How far an answer would be off with other points and other luck is told
//! by the jackknife: it is got once more without each of the rows of points, and without each of the
//! replications, and both variances are added (R. G. Miller, "The jackknife: a review", Biometrika 61(1),
//! 1974).

mod effects;
mod given;
mod indices;
pub mod plan;

pub use effects::{Effects, elementary_effects};
pub use given::first_order;
pub use indices::{Indices, indices};

use super::Estimate;

/// What was seen: for each point the figure in every replication, or nothing.
pub type Seen = [Option<Vec<f64>>];

/// The mean over replications at each point, once of all and once without each of them.
struct Means {
    all: Vec<Option<f64>>,
    without: Vec<Vec<Option<f64>>>,
}

impl Means {
    /// None if there is nothing, or a point has other replications than the rest.
    fn of(seen: &Seen) -> Option<Means> {
        let replications = seen.iter().flatten().map(Vec::len).min().filter(|it| *it > 0)?;
        let mean = |without: Option<usize>| -> Vec<Option<f64>> {
            let of_point = |values: &Vec<f64>| {
                let kept = values[..replications].iter().enumerate();
                let kept = kept.filter(|(i, _)| Some(*i) != without);
                let (sum, count) = kept.fold((0.0, 0.0), |(sum, n), it| (sum + it.1, n + 1.0));
                sum / count
            };
            seen.iter().map(|it| it.as_ref().map(of_point)).collect()
        };
        let without = match replications {
            1 => Vec::new(),
            several => (0..several).map(|it| mean(Some(it))).collect(),
        };
        Some(Means { all: mean(None), without })
    }
}

/// An answer from rows of points, with its interval. The statistic is given the mean at each point, and
/// the row that is left out.
fn jackknifed(
    means: &Means,
    rows: &[usize],
    confidence: f64,
    statistic: impl Fn(&[Option<f64>], Option<usize>) -> Option<f64>,
) -> Option<Estimate> {
    let value = statistic(&means.all, None).filter(|it| it.is_finite())?;
    let over_rows: Option<Vec<f64>> =
        rows.iter().map(|row| statistic(&means.all, Some(*row))).collect();
    let over_luck: Option<Vec<f64>> = means.without.iter().map(|it| statistic(it, None)).collect();
    let parts = [over_rows.as_deref().and_then(variance), over_luck.as_deref().and_then(variance)];
    let parts: Vec<(f64, f64)> = parts.into_iter().flatten().collect();
    let error = parts.iter().map(|it| it.0).sum::<f64>();
    // Satterthwaite, "An approximate distribution of estimates of variance components", 1946.
    let below: f64 = parts.iter().map(|(variance, df)| variance * variance / df).sum();
    let df = if below > 0.0 { error * error / below } else { parts.first().map_or(1.0, |it| it.1) };
    let error = over_rows.filter(|it| it.len() > 1).map(|_| (error, df));
    Some(Estimate::from_error(value, error, confidence))
}

/// The variance of the whole from what it is without each part, and its degrees of freedom.
fn variance(without: &[f64]) -> Option<(f64, f64)> {
    let n = without.len() as f64;
    let mean = without.iter().sum::<f64>() / n;
    let squares: f64 = without.iter().map(|it| (it - mean) * (it - mean)).sum();
    (without.len() > 1 && squares.is_finite()).then_some(((n - 1.0) / n * squares, n - 1.0))
}

#[cfg(test)]
mod tests;
