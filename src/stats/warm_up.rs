//! Where the warm-up of a run ends: MSER-5.
//!
//! White, "An effective truncation heuristic for bias reduction in simulation output", Simulation
//! 69(6), 1997; Franklin & White, "Stationarity tests and MSER-5", WSC 2008.

use super::interval::batch_means;

/// How much of a series to discard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truncation {
    /// The number of observations before the steady state.
    At(usize),
    /// The series is too short to hold both a warm-up and a steady state.
    NotReached,
}

/// Observations in a batch.
pub const BATCH: usize = 5;

/// Fewer batches than this say nothing.
const FEWEST_BATCHES: usize = 10;

/// The truncation that leaves the mean of the rest with the least marginal standard error.
///
/// With the means b of k batches of five, the least d ≤ k/2 that minimizes
/// z(d) = Σ_{j>d} (b_j − mean)² / (k − d)². Beyond the first half z is erratic, because few
/// batches are left; a minimum at that very end says that it is still falling there: not reached
/// (Hoad, Robinson & Davies, "Automating warm-up length estimation", JORS 61, 2010).
pub fn mser5(series: &[f64]) -> Truncation {
    let batches = batch_means(series, BATCH);
    let half = batches.len() / 2;
    if batches.len() < FEWEST_BATCHES {
        return Truncation::NotReached;
    }
    match least_mser(&batches) {
        Some((truncated, _)) if truncated < half => Truncation::At(truncated * BATCH),
        _ => Truncation::NotReached,
    }
}

/// One truncation for several replications: the upper quartile of theirs.
///
/// A single series often misses its warm-up by chance, so that the median leaves some bias;
/// the maximum grows with the number of replications, and one odd series of twenty would undo
/// the rest. Not reached counts as the greatest.
///
/// `NotReached` when there are none.
pub fn agree(truncations: &[Truncation]) -> Truncation {
    let mut sorted = truncations.to_vec();
    sorted.sort_unstable();
    match sorted.len().checked_sub(1) {
        Some(last) => sorted[(last * 3).div_ceil(4)],
        None => Truncation::NotReached,
    }
}

/// The batches to discard, in the first half, and the statistic there; the first of equals.
fn least_mser(batches: &[f64]) -> Option<(usize, f64)> {
    // From the end forwards, mean and squares of what is left follow by Welford's updates.
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut least: Option<(usize, f64)> = None;
    for (discarded, batch) in batches.iter().enumerate().rev() {
        let left = (batches.len() - discarded) as f64;
        let distance = batch - mean;
        mean += distance / left;
        squares += distance * (batch - mean);
        let statistic = squares / (left * left);
        let may = discarded <= batches.len() / 2;
        if may && statistic.is_finite() && least.is_none_or(|(_, least)| statistic <= least) {
            least = Some((discarded, statistic));
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::super::luck::congruential;
    use super::*;

    fn decaying(n: usize, constant: f64) -> Vec<f64> {
        let noise = congruential(n).into_iter().enumerate();
        noise.map(|(i, noise)| 5.0 * (-(i as f64) / constant).exp() + noise).collect()
    }

    #[track_caller]
    fn check(series: &[f64], batches_discarded: usize, statistic: f64) {
        let (discarded, got) = least_mser(&batch_means(series, BATCH)).unwrap();
        assert_eq!(discarded, batches_discarded);
        assert!((got / statistic - 1.0).abs() < 1e-9, "{got} is not {statistic}");
        assert_eq!(mser5(series), Truncation::At(batches_discarded * BATCH));
    }

    #[test]
    fn the_decaying_and_the_flat_series_are_cut_as_by_a_separate_implementation() {
        // Values of a direct O(k²) implementation in Python.
        check(&decaying(600, 40.0), 30, 0.000188332727923);
        check(&congruential(600), 0, 0.00012577321366);
    }

    #[test]
    fn a_warm_up_longer_than_half_the_series_is_not_reached() {
        assert_eq!(mser5(&decaying(600, 400.0)), Truncation::NotReached);
        let rising: Vec<f64> = (0..600).map(f64::from).collect();
        assert_eq!(mser5(&rising), Truncation::NotReached);
    }

    #[test]
    fn what_never_changes_needs_no_warm_up() {
        assert_eq!(mser5(&[0.1; 64]), Truncation::At(0));
    }

    #[test]
    fn a_series_too_short_or_not_finite_says_nothing() {
        assert_eq!(mser5(&[1.0; 49]), Truncation::NotReached);
        assert_eq!(mser5(&[f64::NAN; 100]), Truncation::NotReached);
    }

    #[test]
    fn replications_agree_on_the_upper_quartile() {
        use Truncation::{At, NotReached};
        assert_eq!(agree(&[]), NotReached);
        assert_eq!(agree(&[At(5)]), At(5));
        assert_eq!(agree(&[At(5), At(0), At(20), At(10), NotReached]), At(20));
        assert_eq!(agree(&[At(5), NotReached, NotReached, At(10)]), NotReached);
    }
}
