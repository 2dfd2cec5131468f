//! Control variates: an estimate from replications, less what a figure whose mean is known erred by.
//!
//! S. S. Lavenberg, P. D. Welch, "A perspective on the use of control variables to increase the efficiency
//! of Monte Carlo simulations", Management Science 27(3), 1981.

use super::interval::{Estimate, Summary};

/// An estimate and how much the control told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controlled {
    pub estimate: Estimate,
    /// How many replications without the control would tell as much as these do.
    pub worth: f64,
}

/// The mean of `values` by their regression on `controls`, whose mean is `known`: what one would have
/// seen on average had the control been what it is on average.
///
/// Unbiased, and with an exact interval of n − 2 degrees of freedom, if both are jointly normal, as
/// means over long runs all but are. A control that tells nothing costs a share of 1 / (n − 3).
///
/// `None` of fewer than five replications, of a control that never varies, or of what is not finite.
///
/// # Panics
/// If there are not as many controls as values.
pub fn controlled(
    values: &[f64],
    controls: &[f64],
    known: f64,
    confidence: f64,
) -> Option<Controlled> {
    assert_eq!(values.len(), controls.len(), "a control for each replication");
    let (of, by) = (Summary::of(values)?, Summary::of(controls)?);
    let n = of.count as f64;
    if of.count < 5 || !known.is_finite() || by.variance? <= 0.0 {
        return None;
    }
    let squares = by.variance? * (n - 1.0);
    let pairs = values.iter().zip(controls);
    let products: f64 = pairs.clone().map(|(y, c)| (y - of.mean) * (c - by.mean)).sum();
    let slope = products / squares;
    let residual = |(y, c): (&f64, &f64)| {
        let rest = y - of.mean - slope * (c - by.mean);
        rest * rest
    };
    let rest = pairs.map(residual).sum::<f64>() / (n - 2.0);
    let off = by.mean - known;
    let variance = rest * (1.0 / n + off * off / squares);
    let value = of.mean - slope * off;
    let estimate = Estimate::from_error(value, Some((variance, n - 2.0)), confidence);
    // What the regression costs on average is counted against it.
    let plain = of.variance?;
    let worth = if rest > 0.0 { n * plain / rest * (n - 3.0) / (n - 2.0) } else { f64::INFINITY };
    value.is_finite().then_some(Controlled { estimate, worth }).filter(|it| it.worth.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    /// The share of 4,000 intervals that hold the mean, the mean error of the estimates, and how much
    /// narrower they are than Student's, for values that share so much of their variance with the control.
    fn tally(n: usize, shared: f64) -> (f64, f64, f64) {
        let mut luck = Luck::new(n as u64 ^ shared.to_bits());
        let (mut holds, mut error, mut width) = (0, 0.0, 0.0);
        for _ in 0..4000 {
            let controls: Vec<f64> = (0..n).map(|_| luck.irwin_hall()).collect();
            let own = |c: &f64| 7.0 + shared.sqrt() * c + (1.0 - shared).sqrt() * luck.irwin_hall();
            let values: Vec<f64> = controls.iter().map(own).collect();
            let it = controlled(&values, &controls, 0.0, 0.95).unwrap().estimate;
            let plain = Estimate::from_replications(&values, 0.95).unwrap();
            holds += usize::from((it.value - 7.0).abs() <= it.half_width.unwrap());
            error += (it.value - 7.0) / 4000.0;
            width += it.half_width.unwrap() / plain.half_width.unwrap() / 4000.0;
        }
        (holds as f64 / 4000.0, error, width)
    }

    #[test]
    fn intervals_hold_as_often_as_they_say_and_are_narrower() {
        for n in [5, 10, 40] {
            for shared in [0.0, 0.5, 0.9] {
                let (holds, error, width) = tally(n, shared);
                // Three standard errors of 0.0034, and four of at most 0.45 / 63.
                assert!((holds - 0.95).abs() < 0.0104, "{n}, {shared}: {holds}");
                assert!(error.abs() < 0.03, "{n}, {shared}: {error}");
                let most = if n == 5 { 1.6 } else { 1.15 };
                assert!(width < most * (1.0 - shared).sqrt(), "{n}, {shared}: {width}");
            }
        }
    }

    /// Mean wait and mean service of customers of an M/M/1, in its steady state.
    fn queue(luck: &mut Luck, rho: f64, customers: usize) -> (f64, f64) {
        let mut wait = if luck.uniform() < rho { luck.exponential(1.0 / (1.0 - rho)) } else { 0.0 };
        let (mut waits, mut loads) = (0.0, 0.0);
        for _ in 0..customers {
            waits += wait;
            let (service, gap) = (luck.exponential(1.0), luck.exponential(1.0 / rho));
            loads += service - rho * gap;
            wait = (wait + service - gap).max(0.0);
        }
        (waits / customers as f64, loads / customers as f64)
    }

    #[test]
    fn the_load_that_came_tells_half_of_what_a_mean_wait_errs_by() {
        let (mut luck, rho, experiments) = (Luck::new(3), 0.5, 1000);
        let (mut holds, mut worth, mut error) = (0, 0.0, 0.0);
        for _ in 0..experiments {
            let runs: Vec<(f64, f64)> = (0..20).map(|_| queue(&mut luck, rho, 2000)).collect();
            let (waits, loads): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
            let it = controlled(&waits, &loads, 0.0, 0.95).unwrap();
            let truth = rho / (1.0 - rho);
            holds +=
                usize::from((it.estimate.value - truth).abs() <= it.estimate.half_width.unwrap());
            worth += it.worth / f64::from(experiments);
            error += (it.estimate.value - truth) / f64::from(experiments);
        }
        let share = holds as f64 / f64::from(experiments);
        assert!((0.93..=0.97).contains(&share), "{share}");
        assert!(worth > 30.0, "20 replications are worth {worth}");
        assert!(error.abs() < 0.01, "{error}");
    }

    #[test]
    fn what_cannot_control_does_not() {
        assert_eq!(controlled(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0], 2.5, 0.95), None);
        assert_eq!(controlled(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0; 5], 1.0, 0.95), None);
        assert_eq!(controlled(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0; 5], f64::NAN, 0.95), None);
    }
}
