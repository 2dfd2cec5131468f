//! A histogram of which only what is in it is kept, and quantiles from several of them.

use super::histogram::Histogram;

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
