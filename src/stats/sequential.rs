//! Claims about a mean that are looked at again and again as replications come in.
//!
//! Whoever looks at 5 % after every round and stops when it suits is wrong far more often than in one
//! case of twenty. So the error is a budget that the looks share.

use super::interval::Summary;
use super::skewness::transformed;
use super::student::{t_quantile, t_tail};

/// The looks at a growing number of replications, and what part of the error each may spend.
///
/// Up to a look with n of at most N replications, n/N of the error is spent: the linear spending
/// function of Kim and DeMets (Biometrika 74, 1987), after Lan and DeMets (Biometrika 70, 1983). What
/// a look adds to that is the level of its own test. The levels add up to the whole, so that by
/// Bonferroni's inequality the chance that any look errs is at most the whole, however the looks hang
/// together; nothing need be assumed of their joint distribution, as it must be where the levels are
/// got by integration. As the looks double the replications, the last has half of the error to
/// itself, and its interval is hardly wider than if it were the only one.
#[derive(Clone, Debug, PartialEq)]
pub struct Looks {
    /// Replications at each look.
    counts: Vec<u32>,
}

impl Looks {
    /// At `min` replications, at twice as many, and so on to `max`.
    ///
    /// # Panics
    /// If `min` is zero or more than `max`.
    pub fn doubling(min: u32, max: u32) -> Looks {
        assert!(0 < min && min <= max, "no looks from {min} to {max} replications");
        let twice = |it: &u32| (*it < max).then(|| it.saturating_mul(2).min(max));
        Looks { counts: std::iter::successors(Some(min), twice).collect() }
    }

    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The share of the error that is spent at one of the looks.
    pub fn share(&self, look: usize) -> f64 {
        let before = if look == 0 { 0 } else { self.counts[look - 1] };
        f64::from(self.counts[look] - before) / f64::from(self.counts[self.counts.len() - 1])
    }

    /// The share of the last look, the largest.
    pub fn last_share(&self) -> f64 {
        self.share(self.counts.len() - 1)
    }
}

/// How improbable the values are if the truth lies on the one side of zero or on the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    /// The chance of a mean as high as was seen if the true one is zero or below: small values say
    /// that it is above.
    pub not_above: f64,
    /// The chance of a mean as low as was seen if the true one is zero or above.
    pub not_below: f64,
}

/// One-sided t-tests of the mean against zero, in both directions. What never varies is taken as
/// known; where that is zero neither side is told. `None` of fewer than two values.
pub fn sides(values: &[f64]) -> Option<Sides> {
    sides_of_skewed(values, 0.0)
}

/// The same of values from a law of this skewness: neither side is told more surely than Student's t
/// tells it, or than its statistic without that skewness.
pub fn sides_of_skewed(values: &[f64], skewness: f64) -> Option<Sides> {
    let Summary { count, mean, variance } = Summary::of(values)?;
    let error = (variance? / count as f64).sqrt();
    if error == 0.0 {
        let improbable = |it: bool| if it { 0.0 } else { 1.0 };
        return Some(Sides {
            not_above: improbable(mean > 0.0),
            not_below: improbable(mean < 0.0),
        });
    }
    let (t, df) = (mean / error, count as f64 - 1.0);
    let above = t_tail(t, df);
    let sides = Sides { not_above: above, not_below: 1.0 - above };
    if skewness == 0.0 {
        return Some(sides);
    }
    let above = t_tail(transformed(t, skewness / (count as f64).sqrt()), df);
    let (not_above, not_below) = (sides.not_above.max(above), sides.not_below.max(1.0 - above));
    Some(Sides { not_above, not_below })
}

/// One-sided t-tests of the mean of `of` less that of `against`, which met luck of their own: Welch's test.
pub fn welch_sides(of: &[f64], against: &[f64]) -> Option<Sides> {
    let (a, b) = (Summary::of(of)?, Summary::of(against)?);
    let part = |it: &Summary| Some(it.variance? / it.count as f64);
    let (error_a, error_b) = (part(&a)?, part(&b)?);
    let (difference, error) = (a.mean - b.mean, error_a + error_b);
    if error == 0.0 {
        return sides(&[difference, difference]);
    }
    let (n_a, n_b) = (a.count as f64 - 1.0, b.count as f64 - 1.0);
    let df = error * error / (error_a * error_a / n_a + error_b * error_b / n_b);
    let above = t_tail(difference / error.sqrt(), df);
    Some(Sides { not_above: above, not_below: 1.0 - above })
}

impl Sides {
    /// Of the same values with the other sign.
    pub fn turned(self) -> Sides {
        Sides { not_above: self.not_below, not_below: self.not_above }
    }
}

/// How improbable it is that so many of all show something, if half of them should: the sign test.
pub fn more_or_less_than_half(some: usize, all: usize) -> Sides {
    // Terms of the binomial distribution, from their logarithms so that none overflows.
    let term = |k: usize| {
        let ln_choose = libm::lgamma(all as f64 + 1.0)
            - libm::lgamma(k as f64 + 1.0)
            - libm::lgamma((all - k) as f64 + 1.0);
        libm::exp(ln_choose - all as f64 * std::f64::consts::LN_2)
    };
    let sum = |range: std::ops::RangeInclusive<usize>| range.map(term).sum::<f64>().min(1.0);
    Sides { not_above: sum(some..=all), not_below: sum(0..=some) }
}

/// Beyond this many replications the estimate of their number is itself too rough to be reported.
const MOST_NEEDED: u32 = 100_000;
const CHANCE_TO_TELL: f64 = 0.8;

/// How many replications would tell on which side of zero the mean lies, by a test at `level`, with a
/// chance of 80 %, if true mean and variance are those seen: the least n with
/// (t(1 − level) + t(0.8)) · s / √n ≤ |mean|, and so for the statistic without the skewness of the values.
/// `None` where that is more than anybody would run.
pub fn needed(values: &[f64], skewness: f64, level: f64) -> Option<u32> {
    let Summary { mean, variance, .. } = Summary::of(values)?;
    let deviation = variance?.sqrt() / mean.abs();
    if !deviation.is_finite() {
        return None;
    }
    let skewness = skewness * mean.signum();
    let enough = |n: u32| {
        let (df, root) = (f64::from(n) - 1.0, f64::from(n).sqrt());
        let wanted = t_quantile(1.0 - level, df) + t_quantile(CHANCE_TO_TELL, df);
        let seen = root / deviation;
        wanted <= seen.min(transformed(seen, skewness / root))
    };
    // More replications never tell less, so that the range can be halved.
    let (mut few, mut many) = (1, MOST_NEEDED);
    if !enough(many) {
        return None;
    }
    while many - few > 1 {
        let middle = few.midpoint(many);
        if enough(middle) { many = middle } else { few = middle }
    }
    Some(many)
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    #[test]
    fn looks_double_and_spend_the_whole_error() {
        let looks = Looks::doubling(5, 40);
        assert_eq!(looks.counts(), [5, 10, 20, 40]);
        let shares: Vec<f64> = (0..4).map(|it| looks.share(it)).collect();
        assert_eq!(shares, [0.125, 0.125, 0.25, 0.5]);
        assert_eq!(Looks::doubling(7, 30).counts(), [7, 14, 28, 30]);
        assert_eq!(Looks::doubling(3, 3).counts(), [3]);
        assert_eq!(Looks::doubling(3, 3).last_share(), 1.0);
        let all = Looks::doubling(7, 30);
        assert!(((0..4).map(|it| all.share(it)).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_mean_that_is_zero_is_called_positive_no_more_often_than_stated_over_all_looks() {
        let (looks, error, experiments) = (Looks::doubling(5, 40), 0.05, 4000);
        let mut luck = Luck::new(5);
        let (mut above, mut naive) = (0, 0);
        for _ in 0..experiments {
            let values: Vec<f64> = (0..40).map(|_| luck.irwin_hall()).collect();
            let at = |look: usize| sides(&values[..looks.counts()[look] as usize]).unwrap();
            above += i32::from((0..4).any(|it| at(it).not_above <= error * looks.share(it)));
            naive += i32::from((0..4).any(|it| at(it).not_above <= error));
        }
        // 200 at most are allowed, and four standard errors more by luck. It must spend most of it too.
        assert!((100..=255).contains(&above), "{above} of {experiments}");
        assert!(naive > 350, "looking again and again at 5 % errs in {naive} of {experiments}");
    }

    #[test]
    fn p_values_are_those_of_student_and_of_coins() {
        // scipy.stats.ttest_1samp([1, 2, 4], 0, alternative="greater"): t = 2.6458, p = 0.05904.
        let got = sides(&[1.0, 2.0, 4.0]).unwrap();
        assert!((got.not_above - 0.059_04).abs() < 1e-5, "{got:?}");
        assert!((got.not_above + got.not_below - 1.0).abs() < 1e-12);
        assert_eq!(sides(&[2.0, 2.0]).unwrap(), Sides { not_above: 0.0, not_below: 1.0 });
        assert_eq!(sides(&[0.0, 0.0]).unwrap(), Sides { not_above: 1.0, not_below: 1.0 });
        assert_eq!(sides(&[3.0]), None);
        // R: t.test(extra ~ group, sleep, alternative = "less"): t = -1.8608, df 17.776, p = 0.0397.
        let of = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let against = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let sleep = welch_sides(&of, &against).unwrap();
        assert!((sleep.not_below - 0.079_394_140_187_4 / 2.0).abs() < 1e-9, "{sleep:?}");
        assert_eq!(sleep.turned().not_above, sleep.not_below);
        let coins = more_or_less_than_half(9, 10);
        assert!((coins.not_above - 11.0 / 1024.0).abs() < 1e-12);
        assert!((coins.not_below - 1023.0 / 1024.0).abs() < 1e-12);
    }

    #[test]
    fn as_many_replications_as_said_tell_four_times_in_five() {
        let mut luck = Luck::new(8);
        // Mean 0.5 and variance 1, exactly: 26.1 by the normal distribution, a little more by t.
        let spread = [0.5 - 0.5f64.sqrt(), 0.5 + 0.5f64.sqrt()];
        let n = needed(&spread, 0.0, 0.05).unwrap();
        assert!((26..30).contains(&n), "{n}");
        let told = (0..4000).filter(|_| {
            let values: Vec<f64> = (0..n).map(|_| 0.5 + luck.irwin_hall()).collect();
            sides(&values).unwrap().not_above <= 0.05
        });
        let share = told.count() as f64 / 4000.0;
        assert!((0.775..0.83).contains(&share), "{share}");
        // Skewness that is against what is to be told makes it take more, and the other no fewer.
        assert!(needed(&spread, -2.0, 0.05).unwrap() > n);
        assert_eq!(needed(&spread, 0.1, 0.05), Some(n));
        assert_eq!(needed(&[-1.0, 1.0], 0.0, 0.05), None);
        assert_eq!(needed(&[1.0], 0.0, 0.05), None);
    }
}
