//! A histogram of which only what is in it is kept, and quantiles from several of them.

use super::histogram::Histogram;
use super::student::t_quantile;
use serde::{Deserialize, Serialize};

/// How often each value was recorded, as far as a [`Histogram`] tells values apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

    /// How many lie in a bucket that begins there, or beyond it.
    pub(super) fn beyond(&self, first: u32) -> u64 {
        let buckets = self.buckets.iter().rev().take_while(|it| first_alike(it.0) >= first);
        buckets.map(|it| u64::from(it.1)).sum()
    }

    /// How many lie below a value, those of a bucket spread evenly over it.
    fn below(&self, value: f64) -> f64 {
        let within = |(bucket, members): &(u32, u32)| {
            let (low, width) = super::histogram::range(*bucket as usize);
            let share = (value + 0.5 - low as f64) / width as f64;
            f64::from(*members) * share.clamp(0.0, 1.0)
        };
        self.buckets.iter().map(within).sum()
    }
}

/// All values of some groups in one.
pub fn together(groups: &[&Sparse]) -> Sparse {
    let mut all = Histogram::new();
    groups.iter().for_each(|it| all.add(it));
    all.since(&Histogram::new())
}

/// The first of the buckets that a coarse one is made of.
pub(super) fn first_alike(bucket: u32) -> u32 {
    bucket & !7
}

/// A quantile of all the values of several groups, with a value for each group whose mean it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    /// The quantile of all, and what a group adds to it: by how much fewer of its values lie below than
    /// of all, divided by the density there, for a quantile errs by the error of the distribution
    /// function over the density (R. R. Bahadur, "A note on quantiles in large samples", Annals of
    /// Mathematical Statistics 37, 1966). The quantile of all errs less than the mean of the groups' own
    /// (M. K. Nakayama, "Confidence intervals for quantiles using sectioning when applying
    /// variance-reduction techniques", ACM TOMACS 24(4), 2014); and two designs whose requests fare
    /// alike have like values, so that their difference is as sure as it is.
    pub values: Vec<f64>,
}

/// The density is taken between the ends of the interval of this confidence for the distribution
/// function, which makes that for the quantile as wide as the one between the quantiles there (R. S.
/// Woodruff, "Confidence intervals for medians and other position measures", Journal of the American
/// Statistical Association 47, 1952).
const ABOUT: f64 = 0.95;

/// The quantiles at `levels` from groups of values that are independent of one another.
///
/// `None` when there are no values, or all lie in one of several groups.
pub fn quantiles(groups: &[&Sparse], levels: &[f64]) -> Option<Vec<Quantiles>> {
    let mut all = Histogram::new();
    groups.iter().for_each(|it| all.add(it));
    let counts: Vec<f64> = groups.iter().map(|it| it.count() as f64).collect();
    if counts.iter().filter(|it| **it > 0.0).count() < groups.len().min(2) {
        return None;
    }
    let of = |level: &f64| Some(Quantiles { values: about(&all, groups, &counts, *level)? });
    levels.iter().map(of).collect()
}

fn about(all: &Histogram, groups: &[&Sparse], counts: &[f64], level: f64) -> Option<Vec<f64>> {
    let quantile = all.quantile(level)?;
    let n = groups.len() as f64;
    let below: Vec<f64> = groups.iter().map(|it| it.below(quantile)).collect();
    let mean_count = counts.iter().sum::<f64>() / n;
    let share = below.iter().sum::<f64>() / (n * mean_count);
    let fewer = |(below, count): (&f64, &f64)| (share * count - below) / mean_count;
    let fewer: Vec<f64> = below.iter().zip(counts).map(fewer).collect();
    let variance = fewer.iter().map(|it| it * it).sum::<f64>() / (n - 1.0);
    if groups.len() < 2 || variance == 0.0 {
        return Some(vec![quantile; groups.len()]);
    }
    let reach = t_quantile(0.5 + 0.5 * ABOUT, n - 1.0) * (variance / n).sqrt();
    let (low, high) = ((level - reach).max(0.0), (level + reach).min(1.0));
    let per_share = (all.quantile(high)? - all.quantile(low)?) / (high - low);
    Some(fewer.iter().map(|it| quantile + it * per_share).collect())
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
    use super::super::interval::Estimate;
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
            let values = quantiles(&all, &[0.99]).unwrap().remove(0).values;
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

    /// Exponential values of a second on average, and the same so much longer.
    fn alike(luck: &mut Luck, longer: f64) -> [Sparse; 2] {
        let mut histograms = [Histogram::new(), Histogram::new()];
        for _ in 0..2000 {
            let value = 1e9 * luck.exponential(1.0);
            histograms[0].record(value as u64);
            histograms[1].record((value * longer) as u64);
        }
        histograms.map(|it| it.since(&Histogram::new()))
    }

    /// What ten groups tell of a quantile, and of how much longer it is where all values are so.
    fn told(luck: &mut Luck, longer: f64, level: f64) -> [Estimate; 2] {
        let pairs: Vec<[Sparse; 2]> = (0..10).map(|_| alike(luck, longer)).collect();
        let of = |which: usize| {
            let groups: Vec<&Sparse> = pairs.iter().map(|it| &it[which]).collect();
            quantiles(&groups, &[level]).unwrap().remove(0).values
        };
        let (short, long) = (of(0), of(1));
        let differences: Vec<f64> = long.iter().zip(&short).map(|(a, b)| a - b).collect();
        [short, differences].map(|it| Estimate::from_replications(&it, 0.95).unwrap())
    }

    #[test]
    fn quantiles_and_their_differences_hold_the_truth_as_often_as_they_say() {
        let mut luck = Luck::new(9);
        for level in [0.5, 0.95, 0.99] {
            let longer = 1.3;
            let truth = -1e9 * (1.0f64 - level).ln();
            let mut held = [0, 0];
            for _ in 0..600 {
                let told = told(&mut luck, longer, level);
                for (i, truth) in [truth, truth * (longer - 1.0)].into_iter().enumerate() {
                    let error = (told[i].value - truth).abs();
                    held[i] += u32::from(error <= told[i].half_width.unwrap());
                }
            }
            // Within three standard errors of 0.0089.
            let held = held.map(|it| f64::from(it) / 600.0);
            let agree = held.iter().all(|it| (it - 0.95).abs() < 0.0267);
            assert!(agree, "{level} of values {longer} times as long: {held:?}");
        }
    }

    #[test]
    fn differences_about_as_wide_as_a_bucket_hold_the_truth_nearly_as_often() {
        let mut luck = Luck::new(12);
        for level in [0.5, 0.95] {
            let truth = -1e7 * (1.0f64 - level).ln();
            let holds = |_: &usize| {
                let [_, it] = told(&mut luck, 1.01, level);
                (it.value - truth).abs() <= it.half_width.unwrap()
            };
            // Where in a bucket its members lie is not known.
            let held = (0..600).filter(holds).count() as f64 / 600.0;
            assert!((0.9..=0.977).contains(&held), "{level}: {held}");
        }
    }

    #[test]
    fn what_is_hardly_longer_is_never_called_shorter() {
        let mut luck = Luck::new(10);
        for level in [0.5, 0.95, 0.99] {
            for _ in 0..200 {
                let [_, difference] = told(&mut luck, 1.0001, level);
                assert!(difference.upper().unwrap() >= 0.0, "{level}: {difference:?}");
            }
        }
    }

    #[test]
    fn longer_quantiles_are_never_told_as_shorter() {
        let mut luck = Luck::new(11);
        let groups: Vec<Sparse> = (0..7).map(|_| exponential(&mut luck, 60)).collect();
        let all: Vec<&Sparse> = groups.iter().collect();
        let told = quantiles(&all, &[0.9, 0.95, 0.99, 0.999]).unwrap();
        let means: Vec<f64> = told.iter().map(|it| it.values.iter().sum::<f64>() / 7.0).collect();
        assert!(means.is_sorted(), "{means:?}");
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(quantiles(&[&Sparse::default()], &[0.5]), None);
    }
}
