//! Whether enough of what lies beyond a quantile was seen: values there come in clusters, and it is these
//! that count.
//!
//! Hundreds are beyond a high quantile in one congestion, and none for long; so the number of independent
//! ones is that of clusters (the extremal index: C. A. T. Ferro, J. Segers, "Inference for clusters of
//! extreme values", J. R. Statist. Soc. B 65(2), 2003). Whoever asks the skewness of their number alone
//! believes those most that saw the fewest clusters: they tell a quantile that is too low, with a narrow
//! interval. So two things are asked, of which one hardly hangs on luck.

use super::sparse::{Sparse, first_alike};
use std::collections::BTreeMap;

/// Independent values beyond a quantile that its interval needs where clusters are regular. W. G. Cochran's
/// rule ("Sampling techniques", 1977, section 2.15), n > 25 G², wants 56 for clusters of geometric size;
/// Student intervals held p99 of M/M/1 in 94.6 % of experiments that are worth 55, and in 92.6 % of those
/// that are worth 35.
const INDEPENDENT: f64 = 40.0;
/// The skewness of their number over its coefficient of variation where clusters are regular. Lines before
/// one worker have 1.6 to 1.9, whatever the load, the law of the work and the quantile; before sixteen that
/// are busy for nine tenths 7 to 15.
const REGULAR: f64 = 2.0;
/// By how much they may look more skewed than that by chance: three standard errors of the skewness of a
/// hundred normal values, over the root of their number: 3 √6 / 100.
const BY_CHANCE: f64 = 0.0735;
/// How skewed the number beyond a quantile may look where clusters are not regular: the largest may not
/// have been seen, so that it looks less skewed than it is. Where it is 0.7, a hundredth looks like 0.12.
const SKEWNESS: f64 = 0.12;

/// How values beyond a quantile come, over parts of runs that are about independent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clusters {
    /// The standard error of their number as a share of it: one over the root of how many independent
    /// ones they are worth.
    pub error: f64,
    /// The skewness of their number in a part over its coefficient of variation, which neither the length
    /// of the parts nor that of the runs changes: 1 where they come one by one (Poisson), 1.5 in clusters
    /// of geometric size, 2 if their number has a gamma distribution; more where now and then one cluster
    /// outweighs the others.
    pub heaviness: f64,
}

impl Clusters {
    /// Whether there are too few of them, where `needed` times as many as usual are wanted.
    pub fn too_few(&self, needed: f64) -> bool {
        let allowed = (REGULAR * self.error + BY_CHANCE).max(SKEWNESS);
        INDEPENDENT * needed * self.error * self.error > 1.0
            || self.error * self.heaviness > allowed
    }
}

/// What lies beyond the `q`-quantile of all parts, as seen there and, scaled, at lower quantiles with up to
/// ten times as many values beyond them: there are more clusters, so that both figures hang less on luck.
pub fn clusters(parts: &[&Sparse], q: f64) -> Clusters {
    let mut groups: BTreeMap<u32, u64> = BTreeMap::new();
    for (bucket, members) in parts.iter().flat_map(|it| &it.buckets) {
        *groups.entry(first_alike(*bucket)).or_default() += u64::from(*members);
    }
    let shares = [1.0, 2.0, 5.0, 10.0].map(|it| it * (1.0 - q)).into_iter();
    let of = |share: f64| beyond(parts, &groups, share);
    // Beyond more than half of the values nothing is rare.
    let seen: Vec<Beyond> =
        shares.filter(|it| *it <= 0.5_f64.max(1.0 - q)).filter_map(of).collect();
    let mean = |of: &dyn Fn(&Beyond) -> f64| match seen.len() {
        0 => 0.0,
        n => seen.iter().map(of).sum::<f64>() / n as f64,
    };
    Clusters {
        error: mean(&|it| it.error * (it.share / (1.0 - q)).sqrt()),
        heaviness: mean(&|it| it.heaviness),
    }
}

/// What lies beyond one quantile.
struct Beyond {
    share: f64,
    error: f64,
    heaviness: f64,
}

/// What lies beyond the quantile with at least such a share of all values beyond it; none if its number
/// does not vary.
fn beyond(parts: &[&Sparse], groups: &BTreeMap<u32, u64>, at_least: f64) -> Option<Beyond> {
    let all: u64 = groups.values().sum();
    let mut beyond = 0;
    let (first, _) = groups.iter().rev().find(|it| {
        beyond += it.1;
        beyond as f64 >= at_least * all as f64
    })?;
    let share = beyond as f64 / all as f64;
    let n = parts.len() as f64;
    let more: Vec<f64> =
        parts.iter().map(|it| it.beyond(*first) as f64 - share * it.count() as f64).collect();
    let moment = |k: i32| more.iter().map(|it| it.powi(k)).sum::<f64>() / n;
    let (mean, variance) = (beyond as f64 / n, moment(2));
    let heaviness = moment(3) * mean / (variance * variance);
    let error = (variance / n).sqrt() / mean;
    heaviness.is_finite().then_some(Beyond { share, error, heaviness })
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Histogram;
    use super::super::luck::Luck;
    use super::*;

    /// A hundred parts of 1,000 values, of which so many are far.
    fn parts(mut far: impl FnMut(usize) -> u64) -> Vec<Sparse> {
        let part = |i: usize| {
            let (mut histogram, far) = (Histogram::new(), far(i));
            (0..1000).for_each(|n| histogram.record(if n < far { 5_000_000 } else { 1_000 }));
            histogram.since(&Histogram::new())
        };
        (0..100).map(part).collect()
    }

    fn of(parts: &[Sparse]) -> Clusters {
        clusters(&parts.iter().collect::<Vec<_>>(), 0.99)
    }

    #[test]
    fn error_and_heaviness_are_those_of_the_counts_and_coarse_parts_tell_them_too() {
        // One in ten has 110: a chance p = 0.1 of all or nothing, beside shares of which the lower ones are
        // beyond everything, where nothing varies.
        let mut clustered = parts(|i| if i % 10 == 0 { 110 } else { 0 });
        let seen = of(&clustered);
        // The error is sqrt((1 - p) / p / 100) and 1.1 % are far; skewness over coefficient of variation is
        // (1 - 2p) / (1 - p).
        assert!((seen.error - 0.3 * 1.1f64.sqrt()).abs() < 1e-9, "{seen:?}");
        assert!((seen.heaviness - 0.8 / 0.9).abs() < 1e-9, "{seen:?}");
        clustered.iter_mut().for_each(Sparse::coarsen);
        assert_eq!(of(&clustered), seen);
        // As many here as there: nothing is skewed.
        assert!(of(&parts(|i| if i % 2 == 0 { 6 } else { 16 })).heaviness.abs() < 1e-9);
        assert_eq!(of(&[]), Clusters { error: 0.0, heaviness: 0.0 });
        assert_eq!(of(&parts(|_| 20)), Clusters { error: 0.0, heaviness: 0.0 });
    }

    #[test]
    fn clusters_of_geometric_size_are_not_heavy_and_rare_large_ones_are() {
        let mut luck = Luck::new(3);
        // Three clusters a part on average, exponential: 1.5 by theory, and 2 / 300 independent ones.
        let mut geometric = |_: usize| {
            let (mut far, mut gone) = (0.0, luck.exponential(1.0));
            while gone < 3.0 {
                far += luck.exponential(4.0);
                gone += luck.exponential(1.0);
            }
            far as u64
        };
        let told = of(&parts(&mut geometric));
        assert!((1.0..2.2).contains(&told.heaviness), "{told:?}");
        assert!((told.error / (2.0f64 / 300.0).sqrt() - 1.0).abs() < 0.25, "{told:?}");
        assert!(!told.too_few(1.0) && told.too_few(16.0), "{told:?}");
        // About nine one by one, and forty more in one part of 33: worth 170 independent ones, of which four
        // tell how seldom such clusters are.
        let told = of(&parts(|i| 8 + i as u64 % 3 + if i % 33 == 0 { 40 } else { 0 }));
        assert!(told.error < 0.09 && told.heaviness > 5.0 && told.too_few(1.0), "{told:?}");
    }

    #[test]
    fn forty_independent_ones_are_enough_unless_some_outweigh_the_others() {
        let told = |independent: f64, heaviness: f64| {
            Clusters { error: (1.0 / independent).sqrt(), heaviness }.too_few(1.0)
        };
        assert!(told(39.0, 1.8) && !told(41.0, 1.8) && !told(41.0, 2.4) && told(41.0, 2.5));
        // A skewness of 0.12 is nought to worry about, whatever it comes of.
        assert!(told(6800.0, 10.0) && !told(7000.0, 10.0));
    }
}
