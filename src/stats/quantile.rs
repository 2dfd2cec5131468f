//! Quantiles of a sample, and their intervals from its order statistics.

/// The quantiles that reports tell.
pub const LEVELS: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];

/// The `q`-quantile of an ascending sample by linear interpolation between order statistics at
/// (n − 1) q: type 7 of Hyndman & Fan, "Sample quantiles in statistical packages",
/// The American Statistician 50(4), 1996; the default of R and NumPy.
///
/// `None` of an empty sample.
///
/// # Panics
/// If `q` is not inside [0, 1].
pub fn quantile_of_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    interpolate(sorted.len() as u64, q, |rank| sorted[rank as usize])
}

/// Interpolates between the order statistics around `q`, the least of which has rank 0.
pub(super) fn interpolate(count: u64, q: f64, order_statistic: impl Fn(u64) -> f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "no quantile at {q}");
    let last = count.checked_sub(1)?;
    let position = last as f64 * q;
    let rank = (position as u64).min(last);
    let (share, low) = (position - rank as f64, order_statistic(rank));
    if share == 0.0 || rank == last {
        return Some(low);
    }
    Some(low + share * (order_statistic(rank + 1) - low))
}

/// A confidence interval that supposes nothing of the distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderStatistics {
    /// Rank of the lower end, counted from 1.
    pub low: u64,
    /// Rank of the upper end, counted from 1.
    pub high: u64,
    /// The probability that the interval holds the quantile; at least the confidence asked for.
    pub coverage: f64,
}

/// Which order statistics of `n` independent values enclose the `q`-quantile with `confidence`.
///
/// The number of values below the quantile is binomial: with B ~ Bin(n, q) the interval from rank
/// j to rank k covers with P(j ≤ B ≤ k − 1); each end is left out with at most half the risk
/// (David & Nagaraja, *Order Statistics*, section 7.1; Le Boudec, *Performance Evaluation*,
/// chapter 2). `None` where the sample is too small.
pub fn order_statistics_around(n: u64, q: f64, confidence: f64) -> Option<OrderStatistics> {
    assert!(q > 0.0 && q < 1.0, "no interval about the quantile at {q}");
    let risk = 0.5 * (1.0 - confidence);
    let (mut below, mut low, mut at_most_low) = (0.0, None, 0.0);
    let mut log_chance = n as f64 * libm::log1p(-q);
    for b in 0..n {
        let chance = libm::exp(log_chance);
        if low.is_none() && below + chance >= risk {
            low = Some(b);
            at_most_low = below;
        }
        below += chance;
        if below >= 1.0 - risk {
            let low = low.filter(|&low| low >= 1)?;
            return Some(OrderStatistics { low, high: b + 1, coverage: below - at_most_low });
        }
        log_chance += libm::log((n - b) as f64 / (b + 1) as f64 * (q / (1.0 - q)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_numpy() {
        let mut data = [
            126.97, 124.31, 126.68, 122.66, 127.23, 1.53, 1.66, 1.24, 2.34, 2.0, 1.69, 2.69, 2.86,
            1.7, 2.6,
        ];
        data.sort_by(f64::total_cmp);
        let cases = [(0.0, 1.24), (0.5, 2.6), (0.9, 126.854), (0.95, 127.048), (0.99, 127.1936)];
        for (q, expected) in cases.into_iter().chain([(1.0, 127.23)]) {
            let got = quantile_of_sorted(&data, q).unwrap();
            assert!((got - expected).abs() < 1e-9, "{q}: {got}");
        }
        assert_eq!(quantile_of_sorted(&[], 0.5), None);
    }

    #[test]
    fn order_statistics_enclose_a_quantile_as_the_binomial_says() {
        // Ranks and coverage by scipy.stats.binom.
        for (n, q, low, high, coverage) in [
            (10, 0.5, 2, 9, 0.978515625),
            (100, 0.5, 40, 61, 0.964799799782),
            (100, 0.95, 90, 100, 0.982607060712),
            (1000, 0.99, 983, 997, 0.976094763498),
        ] {
            let got = order_statistics_around(n, q, 0.95).unwrap();
            assert_eq!((got.low, got.high), (low, high), "{q} of {n}");
            assert!((got.coverage - coverage).abs() < 1e-9, "{q} of {n}: {}", got.coverage);
        }
        assert_eq!(order_statistics_around(59, 0.95, 0.95), None);
    }
}
