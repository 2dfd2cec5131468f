//! An estimate from independent replications, with its confidence interval.

use super::student::t_quantile;

/// A value with how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub value: f64,
    /// Half the width of the confidence interval; `None` where it cannot be known, as from a
    /// single replication.
    pub half_width: Option<f64>,
    /// The share of such intervals that hold the true value, such as 0.95.
    pub confidence: f64,
}

/// Count, mean and sample variance of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub count: usize,
    pub mean: f64,
    /// With n − 1 below; `None` of a single value.
    pub variance: Option<f64>,
}

impl Estimate {
    /// The mean over replications ± t(1 − α/2, n − 1) · s / √n
    /// (Law & Kelton, *Simulation Modeling and Analysis*, section 4.5).
    ///
    /// `None` when there is no value, or one that is not finite: such a metric is absent.
    ///
    /// # Panics
    /// If `confidence` is not inside (0, 1).
    pub fn from_replications(values: &[f64], confidence: f64) -> Option<Estimate> {
        let Summary { count, mean, variance } = Summary::of(values)?;
        let error = variance.map(|variance| (variance / count as f64, count as f64 - 1.0));
        Some(Estimate::from_error(mean, error, confidence))
    }

    /// `error` holds the variance of `value` and its degrees of freedom.
    pub(super) fn from_error(value: f64, error: Option<(f64, f64)>, confidence: f64) -> Estimate {
        let half_width =
            error.map(|(variance, df)| t_quantile(0.5 + 0.5 * confidence, df) * variance.sqrt());
        Estimate { value, half_width, confidence }
    }

    pub fn lower(&self) -> Option<f64> {
        self.half_width.map(|half_width| self.value - half_width)
    }

    pub fn upper(&self) -> Option<f64> {
        self.half_width.map(|half_width| self.value + half_width)
    }

    /// The half-width as a share of the value.
    ///
    /// Zero if nothing varies, even about zero; `None` where the half-width is unknown, or no
    /// share of a value that is zero.
    pub fn relative_half_width(&self) -> Option<f64> {
        match self.half_width? {
            0.0 => Some(0.0),
            half_width => Some(half_width / self.value.abs()).filter(|share| share.is_finite()),
        }
    }
}

impl Summary {
    /// `None` when there is no value, or when one of them or of the results is not finite.
    pub fn of(values: &[f64]) -> Option<Summary> {
        let first = *values.first()?;
        let n = values.len() as f64;
        // Summed as distances from the first value, so that equal values have exactly their mean.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        if !squares.is_finite() {
            return None;
        }
        let variance = (values.len() > 1).then(|| squares / (n - 1.0));
        Some(Summary { count: values.len(), mean, variance })
    }
}

/// The means of successive batches of `size` values; values that fill no batch are left out.
///
/// # Panics
/// If `size` is zero.
pub fn batch_means(series: &[f64], size: usize) -> Vec<f64> {
    series.chunks_exact(size).map(|batch| batch.iter().sum::<f64>() / size as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::super::luck::{Luck, congruential};
    use super::*;

    #[track_caller]
    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got} is not {expected}");
    }

    #[test]
    fn ten_observations_give_the_interval_of_law_and_kelton() {
        // Law & Kelton, chapter 4: 1.34 ± 0.24 at 90 %.
        let data = [1.2, 1.5, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.5, 1.09];
        let estimate = Estimate::from_replications(&data, 0.9).unwrap();
        close(estimate.value, 1.343);
        close(estimate.half_width.unwrap(), 0.237253414489);
        close(estimate.lower().unwrap(), 1.10574658551);
        close(estimate.upper().unwrap(), 1.58025341449);
        close(estimate.relative_half_width().unwrap(), 0.237253414489 / 1.343);
    }

    #[test]
    fn mean_and_variance_agree_with_numpy() {
        let data = [
            126.97, 124.31, 126.68, 122.66, 127.23, 1.53, 1.66, 1.24, 2.34, 2.0, 1.69, 2.69, 2.86,
            1.7, 2.6,
        ];
        let summary = Summary::of(&data).unwrap();
        close(summary.mean, 43.210_666_666_666_7);
        close(summary.variance.unwrap(), 3635.12383524);
    }

    #[test]
    fn twenty_batch_means_give_the_interval_of_numpy() {
        let means = batch_means(&congruential(1000), 50);
        let estimate = Estimate::from_replications(&means, 0.95).unwrap();
        assert_eq!(means.len(), 20);
        close(estimate.value, 0.496910749776);
        close(estimate.half_width.unwrap(), 0.0177245784648);
    }

    #[test]
    fn a_single_replication_has_no_half_width() {
        let estimate = Estimate::from_replications(&[3.5], 0.95).unwrap();
        assert_eq!((estimate.value, estimate.half_width), (3.5, None));
        assert_eq!((estimate.lower(), estimate.relative_half_width()), (None, None));
    }

    #[test]
    fn what_never_varies_is_known_exactly() {
        let estimate = Estimate::from_replications(&[0.1; 7], 0.99).unwrap();
        assert_eq!((estimate.value, estimate.half_width), (0.1, Some(0.0)));
        let zero = Estimate::from_replications(&[0.0; 7], 0.99).unwrap();
        assert_eq!(zero.relative_half_width(), Some(0.0));
    }

    #[test]
    fn nothing_comes_of_no_values_or_of_values_that_are_not_finite() {
        for values in [&[][..], &[1.0, f64::NAN], &[f64::INFINITY], &[1e308, -1e308]] {
            assert_eq!(Estimate::from_replications(values, 0.95), None, "{values:?}");
        }
        let about_zero = Estimate::from_replications(&[-1.0, 1.0], 0.95).unwrap();
        assert_eq!(about_zero.relative_half_width(), None);
    }

    #[test]
    fn nineteen_of_twenty_intervals_hold_the_mean_wait_of_an_mm1() {
        let (experiments, replications, customers) = (1000, 20, 1000);
        let mut luck = Luck::new(1);
        let mut covered = 0;
        for _ in 0..experiments {
            let means: Vec<f64> =
                (0..replications).map(|_| luck.stationary_mm1_mean_wait(0.5, customers)).collect();
            let estimate = Estimate::from_replications(&means, 0.95).unwrap();
            covered += usize::from((estimate.value - 1.0).abs() <= estimate.half_width.unwrap());
        }
        let share = covered as f64 / experiments as f64;
        // 0.95 ± 3 standard errors of 0.007.
        assert!((0.93..=0.97).contains(&share), "{share} of the intervals hold the mean");
    }
}
