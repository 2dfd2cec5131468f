//! Which of two is better, by how much, and whether that can be told.

use super::interval::{Estimate, Summary};
use super::student::t_quantile;

/// Which way a figure is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    Lower,
    Higher,
}

/// What the interval of the difference allows to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Better,
    Worse,
    CannotTell,
}

/// One figure of one design held against the same figure of another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// `of` − `against`.
    pub difference: Estimate,
    /// Mean of `of` / mean of `against`; `None` if the latter is zero, and without half-width if
    /// it cannot be told from zero.
    ///
    /// Fieller's interval (J. R. Statist. Soc. B 16, 1954): exact for normal means, on paired
    /// runs as on independent ones, and honest where the denominator is uncertain, where the
    /// delta method is too narrow and logarithms need every single value to be positive. It is
    /// not quite symmetric: the half-width reaches to its farther end.
    pub ratio: Option<Estimate>,
    /// Better or worse when the interval of the difference leaves out zero.
    pub verdict: Verdict,
    /// How many replications (of each) would tell, with a chance of 80 %, if true difference and
    /// variance are those seen; no more than there were if they told.
    ///
    /// The least n with (t(1 − α/2) + t(0.8)) · s / √n ≤ |difference|, t with the degrees of
    /// freedom that n gives (Montgomery, *Design and Analysis of Experiments*, chapter 2;
    /// s² is the variance of the paired differences, or the sum of both variances). Half-width
    /// alone below the difference would be an even chance. `None` when it takes more than
    /// [`MOST_NEEDED`], when no difference was seen, or from a single replication.
    pub replications_needed: Option<usize>,
}

/// How many independent replications of each tell as much of the difference as these pairs do: their
/// number times the sum of both variances over that of the differences (Law & Kelton, section 11.2).
///
/// Less than there are where the same luck serves one when it harms the other; `None` where the
/// differences do not vary, or there are fewer than two.
pub fn worth(of: &[f64], against: &[f64]) -> Option<f64> {
    let differences: Vec<f64> = of.iter().zip(against).map(|(a, b)| a - b).collect();
    let variance = |values: &[f64]| Summary::of(values)?.variance;
    let (apart, together) = (variance(of)? + variance(against)?, variance(&differences)?);
    Some(of.len() as f64 * apart / together).filter(|it| it.is_finite())
}

/// Beyond this many replications the estimate of their number is itself too rough to be reported.
pub const MOST_NEEDED: usize = 10_000;

const CHANCE_TO_TELL: f64 = 0.8;

/// Compares designs that met the same luck, replication by replication.
///
/// The paired t-interval (Law & Kelton, section 10.2.1) makes no assumption on how the two depend
/// on each other and gains by their correlation. `None` if there are no replications or if a
/// figure is not finite.
///
/// # Panics
/// If the two have not the same number of replications.
pub fn paired(of: &[f64], against: &[f64], aim: Aim, confidence: f64) -> Option<Comparison> {
    assert_eq!(of.len(), against.len(), "paired replications come in pairs");
    let differences: Vec<f64> = of.iter().zip(against).map(|(a, b)| a - b).collect();
    let difference = Summary::of(&differences)?;
    let (a, b) = (Summary::of(of)?, Summary::of(against)?);
    let n = of.len() as f64;
    let spread = difference.variance.map(|variance| Spread {
        variance_of_difference: variance / n,
        variance_at_one: variance,
        df: n - 1.0,
        df_per_replication: 1.0,
    });
    let ratio = ratio(a.mean, b.mean, |ratio| {
        let residuals: Vec<f64> = of.iter().zip(against).map(|(a, b)| a - ratio * b).collect();
        let covariance = of.iter().zip(against).map(|(x, y)| (x - a.mean) * (y - b.mean));
        let errors = Errors {
            of_residual: Summary::of(&residuals)?.variance? / n,
            of_denominator: b.variance? / n,
            covariance: covariance.sum::<f64>() / (n - 1.0) / n,
        };
        Some((errors, t_quantile(0.5 + 0.5 * confidence, n - 1.0)))
    });
    let ratio = ratio.map(|(value, half_width)| Estimate { value, half_width, confidence });
    Some(comparison(difference.mean, spread, ratio, aim, confidence, of.len()))
}

/// Compares designs that met luck of their own.
///
/// Welch's interval with Satterthwaite's degrees of freedom (Welch, Biometrika 34, 1947), since
/// two designs seldom vary alike. `None` if one has no replications, or a figure that is not
/// finite; without a half-width if one has a single replication.
pub fn unpaired(of: &[f64], against: &[f64], aim: Aim, confidence: f64) -> Option<Comparison> {
    let (a, b) = (Summary::of(of)?, Summary::of(against)?);
    let replications = a.count.min(b.count);
    let spread = welch(&a, &b);
    let ratio = ratio(a.mean, b.mean, |ratio| {
        let error = |summary: &Summary| Some(summary.variance? / summary.count as f64);
        let (error_a, error_b) = (error(&a)?, error(&b)?);
        let errors = Errors {
            of_residual: error_a + ratio * ratio * error_b,
            of_denominator: error_b,
            covariance: 0.0,
        };
        Some((errors, t_quantile(0.5 + 0.5 * confidence, spread?.df)))
    });
    let ratio = ratio.map(|(value, half_width)| Estimate { value, half_width, confidence });
    Some(comparison(a.mean - b.mean, spread, ratio, aim, confidence, replications))
}

/// How a difference varies, and would vary with other numbers of replications.
#[derive(Clone, Copy)]
struct Spread {
    variance_of_difference: f64,
    variance_at_one: f64,
    df: f64,
    /// Degrees of freedom with n replications, over n − 1.
    df_per_replication: f64,
}

fn welch(a: &Summary, b: &Summary) -> Option<Spread> {
    let (n_a, n_b) = (a.count as f64, b.count as f64);
    let (s_a, s_b) = (a.variance?, b.variance?);
    let (error_a, error_b) = (s_a / n_a, s_b / n_b);
    let error = error_a + error_b;
    let varies = error > 0.0;
    let of_each = error_a * error_a / (n_a - 1.0) + error_b * error_b / (n_b - 1.0);
    let sum = s_a + s_b;
    Some(Spread {
        variance_of_difference: error,
        variance_at_one: sum,
        df: if varies { error * error / of_each } else { n_a.min(n_b) - 1.0 },
        df_per_replication: if varies { sum * sum / (s_a * s_a + s_b * s_b) } else { 1.0 },
    })
}

fn comparison(
    difference: f64,
    spread: Option<Spread>,
    ratio: Option<Estimate>,
    aim: Aim,
    confidence: f64,
    replications: usize,
) -> Comparison {
    let error = spread.map(|spread| (spread.variance_of_difference, spread.df));
    let difference = Estimate::from_error(difference, error, confidence);
    let verdict = verdict(&difference, aim);
    let replications_needed =
        spread.and_then(|spread| replications_needed(difference.value, &spread, confidence)).map(
            |needed| if verdict == Verdict::CannotTell { needed } else { needed.min(replications) },
        );
    let replications_needed = match verdict {
        Verdict::CannotTell => replications_needed,
        Verdict::Better | Verdict::Worse => replications_needed.or(Some(replications)),
    };
    Comparison { difference, ratio, verdict, replications_needed }
}

fn verdict(difference: &Estimate, aim: Aim) -> Verdict {
    let Some(half_width) = difference.half_width else { return Verdict::CannotTell };
    if difference.value.abs() <= half_width {
        return Verdict::CannotTell;
    }
    match (aim, difference.value < 0.0) {
        (Aim::Lower, true) | (Aim::Higher, false) => Verdict::Better,
        (Aim::Lower, false) | (Aim::Higher, true) => Verdict::Worse,
    }
}

fn replications_needed(difference: f64, spread: &Spread, confidence: f64) -> Option<usize> {
    if difference == 0.0 {
        return None;
    }
    let deviation = spread.variance_at_one.sqrt() / difference.abs();
    let needed_with = |df: f64| {
        let t = t_quantile(0.5 + 0.5 * confidence, df) + t_quantile(CHANCE_TO_TELL, df);
        (t * deviation) * (t * deviation)
    };
    // With the most degrees of freedom the fewest suffice; from there the few more are counted up.
    let fewest = needed_with(spread.df_per_replication * MOST_NEEDED as f64);
    if fewest > MOST_NEEDED as f64 {
        return None;
    }
    (2.max(fewest as usize)..=MOST_NEEDED)
        .find(|&n| needed_with(spread.df_per_replication * (n as f64 - 1.0)) <= n as f64)
}

/// Variances of means, as Fieller's interval for a ratio needs them.
struct Errors {
    /// Of numerator − ratio · denominator.
    of_residual: f64,
    of_denominator: f64,
    covariance: f64,
}

/// The ratio of two means, and Fieller's half-width from their errors and the t quantile.
///
/// The interval holds every θ with (a − θb)² ≤ t² var(a − θb). With θ = a/b + δ this is
/// δ² (b² − t² var b) − 2δ t² (θ var b − cov) − t² var(a − (a/b) b) ≤ 0: bounded if b differs from
/// zero, and free of cancellation where the errors are small.
fn ratio(
    a: f64,
    b: f64,
    errors: impl FnOnce(f64) -> Option<(Errors, f64)>,
) -> Option<(f64, Option<f64>)> {
    let ratio = a / b;
    if !ratio.is_finite() {
        return None;
    }
    let half_width = errors(ratio).and_then(|(errors, t)| {
        let square = b * b - t * t * errors.of_denominator;
        let linear = t * t * (ratio * errors.of_denominator - errors.covariance);
        let root = (linear * linear + square * t * t * errors.of_residual).sqrt();
        let half_width = (linear.abs() + root) / square;
        (square > 0.0 && half_width.is_finite()).then_some(half_width)
    });
    Some((ratio, half_width))
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::super::student::t_tail;
    use super::*;

    #[track_caller]
    fn close(got: f64, expected: f64, relative: f64) {
        assert!((got - expected).abs() <= relative * expected.abs(), "{got} is not {expected}");
    }

    /// Law & Kelton, chapter 10: two inventory policies on common random numbers.
    const POLICY_1: [f64; 5] = [126.97, 124.31, 126.68, 122.66, 127.23];
    const POLICY_2: [f64; 5] = [118.21, 120.22, 122.45, 122.68, 119.4];

    #[test]
    fn paired_policies_give_the_interval_of_law_and_kelton() {
        // Printed: 4.98, 90 % interval [1.65, 8.31].
        let got = paired(&POLICY_1, &POLICY_2, Aim::Lower, 0.9).unwrap();
        close(got.difference.value, 4.978, 1e-9);
        close(got.difference.half_width.unwrap(), 3.32887312516, 1e-9);
        assert_eq!(got.verdict, Verdict::Worse);
        let t = got.difference.value / (12.19137f64 / 5.0).sqrt();
        close(2.0 * t_tail(t, 4.0), 0.0332808237861, 1e-9);
    }

    #[test]
    fn two_samples_give_the_interval_of_welch() {
        // R: t.test(extra ~ group, sleep): t -1.8608, df 17.776, [-3.3654832, 0.2054832].
        let of = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let against = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let got = unpaired(&of, &against, Aim::Higher, 0.95).unwrap();
        close(got.difference.value, -1.58, 1e-9);
        close(got.difference.half_width.unwrap(), 1.78548323071, 1e-9);
        assert_eq!(got.verdict, Verdict::CannotTell);
        let spread = welch(&Summary::of(&of).unwrap(), &Summary::of(&against).unwrap()).unwrap();
        close(spread.df, 17.7764735162, 1e-9);
        let t = 1.58 / spread.variance_of_difference.sqrt();
        close(2.0 * t_tail(t, spread.df), 0.0793941401874, 1e-9);
    }

    #[test]
    fn swapping_the_aim_swaps_better_and_worse() {
        for (aim, forth, back) in [
            (Aim::Lower, Verdict::Worse, Verdict::Better),
            (Aim::Higher, Verdict::Better, Verdict::Worse),
        ] {
            assert_eq!(paired(&POLICY_1, &POLICY_2, aim, 0.9).unwrap().verdict, forth);
            assert_eq!(paired(&POLICY_2, &POLICY_1, aim, 0.9).unwrap().verdict, back);
        }
    }

    #[test]
    fn the_ends_of_the_ratio_solve_fiellers_equation() {
        let got = paired(&POLICY_1, &POLICY_2, Aim::Lower, 0.9).unwrap().ratio.unwrap();
        close(got.value, 125.57 / 120.592, 1e-12);
        // At an end θ the mean of a − θb is just t standard errors from zero.
        let t_at = |theta: f64| {
            let rest: Vec<f64> =
                POLICY_1.iter().zip(&POLICY_2).map(|(a, b)| a - theta * b).collect();
            let rest = Summary::of(&rest).unwrap();
            (rest.mean / (rest.variance.unwrap() / 5.0).sqrt()).abs()
        };
        let critical = t_quantile(0.95, 4.0);
        let ends = [t_at(got.lower().unwrap()), t_at(got.upper().unwrap())];
        close(ends[0].min(ends[1]), critical, 1e-9);
        assert!(ends[0].max(ends[1]) >= critical, "the nearer end lies inside the half-width");
    }

    #[test]
    fn a_denominator_that_may_be_zero_gives_a_ratio_without_half_width() {
        let got = paired(&[1.0, 2.0, 3.0], &[-1.0, 2.0, 0.5], Aim::Lower, 0.95).unwrap();
        assert_eq!(got.ratio.unwrap().half_width, None);
        let zero = paired(&[1.0, 2.0], &[0.0, 0.0], Aim::Lower, 0.95).unwrap();
        assert_eq!(zero.ratio, None);
    }

    #[test]
    fn nineteen_of_twenty_ratio_intervals_hold_the_ratio() {
        let mut luck = Luck::new(3);
        let experiments = 2000;
        let mut covered = [0, 0];
        for _ in 0..experiments {
            let shared: Vec<f64> = (0..8).map(|_| luck.irwin_hall()).collect();
            let against: Vec<f64> = shared.iter().map(|x| 10.0 + x + luck.irwin_hall()).collect();
            let of: Vec<f64> = shared.iter().map(|x| 5.0 + x + luck.irwin_hall()).collect();
            let holds = |ratio: Estimate| (ratio.value - 0.5).abs() <= ratio.half_width.unwrap();
            let on_pairs = paired(&of, &against, Aim::Lower, 0.95).unwrap();
            covered[0] += i32::from(holds(on_pairs.ratio.unwrap()));
            let alone: Vec<f64> = (0..8).map(|_| 5.0 + 2.0 * luck.irwin_hall()).collect();
            let apart = unpaired(&alone, &against, Aim::Lower, 0.95).unwrap();
            covered[1] += i32::from(holds(apart.ratio.unwrap()));
        }
        for covered in covered {
            // Never short of 95 % by more than four standard errors of 0.5 %; the farther end of
            // each interval makes it a little wider than need be.
            let share = f64::from(covered) / f64::from(experiments);
            assert!((0.93..0.985).contains(&share), "{share} of the intervals hold the ratio");
        }
    }

    #[test]
    fn as_many_replications_as_said_tell_four_times_in_five() {
        // Differences with mean 0.5 and variance 1.
        let mut luck = Luck::new(11);
        let spread = Spread {
            variance_of_difference: 0.0,
            variance_at_one: 1.0,
            df: 1.0,
            df_per_replication: 1.0,
        };
        let needed = replications_needed(0.5, &spread, 0.95).unwrap();
        assert_eq!(needed, 34);
        let experiments = 2000;
        let told = (0..experiments).filter(|_| {
            let of: Vec<f64> = (0..needed).map(|_| 0.5 + luck.irwin_hall()).collect();
            let got = paired(&of, &vec![0.0; needed], Aim::Higher, 0.95).unwrap();
            got.verdict == Verdict::Better
        });
        let share = told.count() as f64 / f64::from(experiments);
        // Four standard errors of 0.9 %.
        assert!((share - 0.8).abs() < 0.036, "{share} of the experiments tell");
    }

    #[test]
    fn a_difference_lost_in_the_noise_needs_more_replications_than_can_be_said() {
        let spread = Spread {
            variance_of_difference: 1.0,
            variance_at_one: 1.0,
            df: 4.0,
            df_per_replication: 1.0,
        };
        assert_eq!(replications_needed(0.001, &spread, 0.95), None);
        assert_eq!(replications_needed(0.0, &spread, 0.95), None);
        assert_eq!(replications_needed(-1000.0, &spread, 0.95), Some(2));
    }

    #[test]
    fn what_has_told_needs_no_more_replications_than_there_were() {
        let told = paired(&POLICY_1, &POLICY_2, Aim::Lower, 0.9).unwrap();
        assert_eq!(told.replications_needed, Some(5));
        let untold = paired(&POLICY_1, &POLICY_2, Aim::Lower, 0.99).unwrap();
        assert_eq!(untold.verdict, Verdict::CannotTell);
        assert!(untold.replications_needed.unwrap() > 5);
    }

    #[test]
    fn equals_and_single_replications_cannot_be_told_apart() {
        let same = paired(&POLICY_1, &POLICY_1, Aim::Lower, 0.95).unwrap();
        assert_eq!((same.verdict, same.replications_needed), (Verdict::CannotTell, None));
        assert_eq!(same.ratio.unwrap().half_width, Some(0.0));
        let single = paired(&[1.0], &[2.0], Aim::Lower, 0.95).unwrap();
        assert_eq!((single.verdict, single.difference.half_width), (Verdict::CannotTell, None));
        assert_eq!(single.ratio.unwrap().value, 0.5);
        assert_eq!(unpaired(&[1.0, f64::NAN], &[2.0], Aim::Lower, 0.95), None);
        assert_eq!(paired(&[], &[], Aim::Lower, 0.95), None);
    }

    #[test]
    fn common_random_numbers_cut_the_variance_three_hundredfold() {
        // Law & Kelton, chapter 11: delays of the first 100 customers of an M/M/1 with mean
        // service 0.9 and an M/M/2 with 1.8; exact means 4.13418 and 3.70002.
        let (pairs, customers) = (8000, 100);
        let mut luck = Luck::new(5);
        let (mut one, mut two, mut other) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..pairs {
            let mut visits = || -> Vec<(f64, f64)> {
                (0..customers).map(|_| (luck.exponential(1.0), luck.exponential(0.9))).collect()
            };
            let (shared, own) = (visits(), visits());
            one.push(mean_delay(&shared, 1));
            two.push(mean_delay(&shared, 2));
            other.push(mean_delay(&own, 2));
        }
        let common = paired(&one, &two, Aim::Lower, 0.95).unwrap().difference;
        let apart = paired(&one, &other, Aim::Lower, 0.95).unwrap().difference;
        let half_width = common.half_width.unwrap();
        assert!((common.value - 0.434164440566).abs() < 2.0 * half_width, "{common:?}");
        let variances = (half_width / apart.half_width.unwrap()).powi(2);
        assert!((variances - 0.003376855).abs() < 0.000477, "ratio of variances {variances}");
    }

    /// Mean delay of customers given by (time since the one before, work), each of `servers` as
    /// slow as their number.
    fn mean_delay(visits: &[(f64, f64)], servers: usize) -> f64 {
        let mut free = vec![0.0f64; servers];
        let (mut now, mut sum) = (0.0, 0.0);
        for &(gap, work) in visits {
            now += gap;
            let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
            let start = next.max(now);
            sum += start - now;
            *next = start + work * servers as f64;
        }
        sum / visits.len() as f64
    }
}
