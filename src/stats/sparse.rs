//! A histogram of which only what is in it is kept, and quantiles from several of them.

use super::histogram::Histogram;
use std::collections::BTreeMap;

/// How often each value was recorded, as far as a [`Histogram`] tells values apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    /// Buckets that are not empty, ascending, with the number of their members.
    pub(super) buckets: Vec<(u32, u32)>,
    pub(super) sum: u128,
    /// The extremes; of nothing, `u64::MAX` and 0, or both 0.
    pub(super) min: u64,
    pub(super) max: u64,
}

impl Sparse {
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|it| u64::from(it.1)).sum()
    }

    /// Tells values apart no longer than to a few percent, so as to take little room.
    pub fn coarsen(&mut self) {
        let mut coarse: Vec<(u32, u32)> = Vec::new();
        for (bucket, members) in &self.buckets {
            match coarse.last_mut() {
                Some(last) if last.0 == first_alike(*bucket) => last.1 += members,
                _ => coarse.push((first_alike(*bucket), *members)),
            }
        }
        coarse.shrink_to_fit();
        self.buckets = coarse;
    }

    fn beyond(&self, first: u32) -> u64 {
        let buckets = self.buckets.iter().rev().take_while(|it| first_alike(it.0) >= first);
        buckets.map(|it| u64::from(it.1)).sum()
    }
}

/// The first of the buckets that a coarse one is made of.
fn first_alike(bucket: u32) -> u32 {
    bucket & !7
}

/// How skewed the number of values beyond the `q`-quantile of all is, over parts that are about
/// independent and together make up the whole: skewness of the parts over the root of their number.
///
/// Values beyond a high quantile come in clusters, many in a run that was congested once and few in
/// another, and so their number is skewed far more than that of independent ones. Nought where all is alike.
pub fn clustering(parts: &[&Sparse], q: f64) -> f64 {
    let mut groups: BTreeMap<u32, u64> = BTreeMap::new();
    for (bucket, members) in parts.iter().flat_map(|it| &it.buckets) {
        *groups.entry(first_alike(*bucket)).or_default() += u64::from(*members);
    }
    let all: u64 = groups.values().sum();
    let mut beyond = 0;
    let reaches = |it: &(&u32, &u64)| {
        beyond += it.1;
        beyond as f64 >= (1.0 - q) * all as f64
    };
    let Some((first, _)) = groups.iter().rev().find(reaches) else { return 0.0 };
    let share = beyond as f64 / all as f64;
    let more: Vec<f64> =
        parts.iter().map(|it| it.beyond(*first) as f64 - share * it.count() as f64).collect();
    let moment = |k: i32| more.iter().map(|it| it.powi(k)).sum::<f64>() / more.len() as f64;
    let skewness = moment(3) / (moment(2) * moment(2).sqrt()) / (more.len() as f64).sqrt();
    if skewness.is_finite() { skewness } else { 0.0 }
}

/// A quantile as each of several groups of values would have it, if their mean is to be that of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    /// Pseudo-values, one for each group: n times the quantile of all, less n − 1 times that of all
    /// but the group. Their mean errs less than that of the groups' own quantiles, because what a
    /// quantile of few values errs by falls as their number (M. H. Quenouille, "Notes on bias in
    /// estimation", Biometrika 43, 1956; M. K. Nakayama, "Confidence intervals for quantiles using
    /// sectioning when applying variance-reduction techniques", ACM TOMACS 24(4), 2014).
    pub values: Vec<f64>,
}

/// The `q`-quantile from groups of values that are independent of one another; of each, in several parts.
///
/// `None` when there are no values, or all lie in one of the groups.
pub fn quantiles(groups: &[&[&Sparse]], levels: &[f64]) -> Option<Vec<Quantiles>> {
    let mut all = Histogram::new();
    groups.iter().copied().flatten().for_each(|it| all.add(it));
    let n = groups.len() as f64;
    let wholes: Option<Vec<f64>> = levels.iter().map(|q| all.quantile(*q)).collect();
    let wholes = wholes?;
    let mut told = vec![Quantiles { values: Vec::new() }; levels.len()];
    let mut group = Histogram::new();
    for parts in groups {
        group.clear();
        parts.iter().for_each(|it| group.add(it));
        for (i, q) in levels.iter().enumerate() {
            let rest = all.quantile_since(&group, *q)?;
            told[i].values.push(n * wholes[i] - (n - 1.0) * rest);
        }
    }
    Some(told)
}

/// Variance and skewness of all values in some groups.
pub fn variance_and_skewness(groups: &[&Sparse]) -> (f64, f64) {
    let (count, sum) = groups.iter().fold((0, 0), |(n, s), it| (n + it.count(), s + it.sum));
    let (n, mean) = (count as f64, sum as f64 / count as f64);
    let (mut squares, mut cubes) = (0.0, 0.0);
    for (bucket, members) in groups.iter().flat_map(|it| &it.buckets) {
        let (low, width) = super::histogram::range(*bucket as usize);
        let distance = low as f64 + 0.5 * (width - 1) as f64 - mean;
        let square = f64::from(*members) * distance * distance;
        squares += square;
        cubes += square * distance;
    }
    let variance = squares / n;
    let skewness = cubes / n / (variance * variance.sqrt());
    (variance, if skewness.is_finite() { skewness } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    fn exponential(luck: &mut Luck, count: usize) -> Sparse {
        let mut histogram = Histogram::new();
        (0..count).for_each(|_| histogram.record((1e9 * luck.exponential(1.0)) as u64));
        histogram.since(&Histogram::new())
    }

    #[test]
    fn what_comes_in_clusters_is_skewed_more_and_coarse_parts_tell_it_too() {
        let mut luck = Luck::new(8);
        // Of 400 parts each has some 10 of 1,000 beyond the quantile, or one in ten parts has a hundred more.
        let mut parts = |crowd: u64| -> Vec<Sparse> {
            let part = |i: usize| {
                let mut histogram = Histogram::new();
                let far = (luck.exponential(10.0) as u64) + if i % 10 == 0 { crowd } else { 0 };
                (0..1000).for_each(|n| histogram.record(if n < far { 5_000_000 } else { 1_000 }));
                histogram.since(&Histogram::new())
            };
            (0..400).map(part).collect()
        };
        let of = |parts: &[Sparse]| clustering(&parts.iter().collect::<Vec<_>>(), 0.99);
        let (mut even, mut clustered) = (parts(0), parts(100));
        // An exponential number has skewness 2; one in ten, (1 - 2p) / sqrt(p (1 - p)) = 2.67.
        assert!((of(&even) * 20.0 - 2.0).abs() < 0.6, "{}", of(&even));
        assert!((of(&clustered) * 20.0 - 2.6).abs() < 0.3, "{}", of(&clustered));
        let fine = [of(&even), of(&clustered)];
        even.iter_mut().chain(&mut clustered).for_each(Sparse::coarsen);
        assert_eq!([of(&even), of(&clustered)], fine);
        assert_eq!(of(&[]), 0.0);
    }

    #[test]
    fn quantiles_of_groups_err_less_than_the_mean_of_their_own() {
        let mut luck = Luck::new(7);
        let (mut own, mut told) = (0.0, 0.0);
        for _ in 0..400 {
            let groups: Vec<Sparse> = (0..10).map(|_| exponential(&mut luck, 110)).collect();
            let all: Vec<&Sparse> = groups.iter().collect();
            let values =
                quantiles(&all.chunks(1).collect::<Vec<_>>(), &[0.99]).unwrap().remove(0).values;
            told += values.iter().sum::<f64>() / 1e9 / 4000.0;
            for group in &groups {
                let mut histogram = Histogram::new();
                histogram.add(group);
                own += histogram.quantile(0.99).unwrap() / 1e9 / 4000.0;
            }
        }
        let truth = 100f64.ln();
        assert!(own < truth - 0.1, "{own}");
        assert!((told - truth).abs() < 0.5 * (truth - own), "{told} beside {own}");
    }

    #[test]
    fn moments_are_those_of_the_exponential() {
        let mut luck = Luck::new(8);
        let values = exponential(&mut luck, 200_000);
        let (variance, skewness) = variance_and_skewness(&[&values]);
        assert!((variance * 1e-18 - 1.0).abs() < 0.03, "{variance}");
        assert!((skewness - 2.0).abs() < 0.1, "{skewness}");
        assert_eq!(values.count(), 200_000);
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(quantiles(&[&[&Sparse::default()]], &[0.5]), None);
    }
}
