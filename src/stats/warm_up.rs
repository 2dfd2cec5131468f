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

/// One truncation for several replications: that of their mean, slice by slice.
///
/// The mean shows the warm-up and loses the noise (Welch's averaging; Law & Kelton, section
/// 9.5.1), so that this finds it better than [`agree`] does. On 200 experiments with an M/M/1 at
/// load 0.95 from empty, 20 replications of 10,000 arrivals in 300 slices, the true mean being
/// 19.00, what was left had the mean
///
/// | truncation | mean | discarded | not reached |
/// |---|---|---|---|
/// | none | 18.42 | 0 % | |
/// | median of the replications' own | 18.45 | 1 % | 0 % |
/// | their upper quartile, [`agree`] | 18.71 | 19 % | 0 % |
/// | their maximum | 18.85 | 43 % | 52 % |
/// | that of the mean series | 18.93 | 11 % | 1 % |
///
/// Series are compared as far as the shortest reaches. `NotReached` when there are none.
pub fn mser5_of_mean(per_replication: &[Vec<f64>]) -> Truncation {
    let length = per_replication.iter().map(Vec::len).min().unwrap_or(0);
    let mut mean = vec![0.0; length];
    for series in per_replication {
        for (sum, value) in mean.iter_mut().zip(series) {
            *sum += value / per_replication.len() as f64;
        }
    }
    mser5(&mean)
}

/// The truncation of the slowest of several signals, each a series for every replication, and which
/// of them that is: the first of equals. A run has settled only when all that is looked at has.
pub fn slowest(signals: &[Vec<Vec<f64>>]) -> Option<(usize, Truncation)> {
    let cuts = signals.iter().map(|it| mser5_of_mean(it)).enumerate();
    cuts.reduce(|slowest, it| if it.1 > slowest.1 { it } else { slowest })
}

/// One truncation for several replications, where only theirs are known: the upper quartile.
///
/// A single series often misses its warm-up by chance, so that the median leaves some bias;
/// the maximum grows with the number of replications, and one odd series of twenty would undo
/// the rest. Not reached counts as the greatest. See [`mser5_of_mean`] for figures.
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
    use super::super::luck::{Luck, congruential};
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

    #[test]
    fn the_signal_that_settles_last_decides() {
        let step = |at: usize| -> Vec<Vec<f64>> {
            let mut luck = Luck::new(9);
            let run = |_| (0..300).map(|i| f64::from(i >= at) + 0.1 * luck.irwin_hall()).collect();
            (0..5).map(run).collect()
        };
        assert_eq!(slowest(&[step(30), step(75), step(0)]), Some((1, Truncation::At(75))));
        assert_eq!(slowest(&[step(50), step(50)]).unwrap().0, 0);
        let rising = vec![(0..300).map(f64::from).collect()];
        assert_eq!(slowest(&[step(30), rising]), Some((1, Truncation::NotReached)));
        assert_eq!(slowest(&[]), None);
    }

    #[test]
    fn the_mean_of_replications_shows_a_warm_up_that_noise_hides_in_each() {
        let mut luck = Luck::new(4);
        let runs: Vec<Vec<f64>> = (0..20)
            .map(|_| (0..300).map(|i| f64::from(i >= 60) + 3.0 * luck.irwin_hall()).collect())
            .collect();
        let each: Vec<Truncation> = runs.iter().map(|run| mser5(run)).collect();
        assert!(each.iter().filter(|&&own| own < Truncation::At(50)).count() >= 5, "{each:?}");
        let Truncation::At(cut) = mser5_of_mean(&runs) else { panic!("not reached") };
        assert!((50..90).contains(&cut), "cut at {cut} where the level changes at 60");
        assert_eq!(mser5_of_mean(&[]), Truncation::NotReached);
    }
}
