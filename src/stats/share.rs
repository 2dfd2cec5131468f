//! Intervals about shares of requests, such as availability: inside 0..1, and never of no width.
//!
//! E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22,
//! 1927, with the effective sample size of E. L. Korn, B. I. Graubard, "Confidence intervals for
//! proportions with small expected number of positive counts estimated from survey data", Survey
//! Methodology 24, 1998: requests that fail together count for fewer.

use super::interval::Summary;
use super::student::t_quantile;

/// A share with the ends of its confidence interval, which is not symmetric about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// How many requests that succeed and fail on their own would tell as much.
    pub effective: f64,
    /// The failures (or successes) came in so few episodes that how they cluster is not known: the
    /// interval holds the true share less often than it says.
    pub few: bool,
}

/// Requests fail together where their number is worth so many times fewer independent ones.
const CLUSTERED: f64 = 3.0;
/// Below so many independent episodes their lengths are not known; see the table of [`share`].
const EPISODES: f64 = 3.0;

/// The interval about the mean of independent parts' shares (those of replications, or of batches
/// of one run), behind which stand so many `requests` in all.
///
/// How the parts differ tells to how many independent requests they amount: p(1 − p) over the
/// variance of the mean, but no more than there were, and fewer for each degree of freedom that
/// the variance lacks, in the ratio of squared normal and Student quantiles. With many failures
/// this comes down to Student's interval; with few it bends away from 0 and 1.
///
/// Where all or none of the requests failed the parts tell nothing of how they differ. Then the far
/// end is where as much would be seen with half the risk that the interval may take, as anywhere else:
/// 3.7 / n for 95 %, where the rule of three takes the whole risk (J. A. Hanley, A. Lippman-Hand, "If
/// nothing goes wrong, is everything all right?", JAMA 249, 1983). That supposes failures which come
/// one by one.
///
/// How many intervals of 4,000 experiments held the true share, in percent: so many failures expected in
/// all of n replications of a million requests, that come one by one or twenty at a time (a geometric
/// number). In brackets how many of those with any failure are not said to have too `few` episodes, where
/// that is not all.
///
/// | episodes | n = 5, one by one | 10 | 40 | 5, twenty at a time | 10 | 40 |
/// |---|---|---|---|---|---|---|
/// | 1 | 95.8 (99) | 94.2 | 98.3 | 57.9 (9) | 58.7 (9) | 59.9 (8) |
/// | 3 | 98.3 (99) | 97.5 (99) | 97.3 | 88.1 (28) | 87.6 (27) | 90.0 (24) |
/// | 6 | 97.8 (98) | 97.5 (99) | 96.0 | 93.1 (62) | 91.8 (66) | 94.7 (66) |
/// | 10 | 98.0 (99) | 97.1 | 97.9 | 94.7 (87) | 93.8 (90) | 95.0 (94) |
/// | 20 | 97.5 | 96.8 | 95.6 | 94.7 (99) | 94.4 | 94.7 |
/// | 50 | 97.7 | 97.0 | 96.0 | 95.1 | 95.0 | 94.8 |
/// | 200 | 98.0 | 97.5 | 96.0 | 95.7 | 95.8 | 95.1 |
///
/// `None` of fewer than two parts, of no requests, or of a value outside 0..1.
pub fn share(parts: &[f64], requests: u64, confidence: f64) -> Option<Share> {
    let Summary { count, mean, variance } = Summary::of(parts)?;
    let (n, requests) = (count as f64, requests as f64);
    let variance = variance? / n;
    if requests < 1.0 || !(0.0..=1.0).contains(&mean) {
        return None;
    }
    if mean == 0.0 || mean == 1.0 {
        let rare = (-libm::log(0.5 * (1.0 - confidence)) / requests).min(1.0);
        let (low, high) = if mean == 0.0 { (0.0, rare) } else { (1.0 - rare, 1.0) };
        return Some(Share { value: mean, low, high, effective: requests, few: false });
    }
    let df = degrees_of_freedom(parts, mean);
    let (z, t) = (normal_quantile(confidence), t_quantile(0.5 + 0.5 * confidence, df));
    let independent = mean * (1.0 - mean) / variance;
    let told = independent * (z / t) * (z / t);
    // Parts may be alike by chance: that tells no more than requests on their own would.
    let effective = if variance > 0.0 { told.min(requests) } else { requests };
    let (low, high) = wilson(mean, effective, z);
    let episodes = independent * mean.min(1.0 - mean);
    let few = independent < requests / CLUSTERED && episodes < EPISODES;
    Some(Share { value: mean, low, high, effective, few })
}

/// Wilson's interval about a share of `n`: all that the share differs from by no more than `z` of
/// their own standard errors.
fn wilson(share: f64, n: f64, z: f64) -> (f64, f64) {
    let shrink = 1.0 + z * z / n;
    let middle = (share + 0.5 * z * z / n) / shrink;
    let half = z / shrink * (share * (1.0 - share) / n + 0.25 * z * z / (n * n)).sqrt();
    ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0))
}

/// What the variance of the parts is worth: fewer than their number less one where few parts make most
/// of it, by their excess of kurtosis (B. O'Neill, "Some useful moment results in sampling problems",
/// The American Statistician 68, 2014, for the variance of a sample's variance).
fn degrees_of_freedom(parts: &[f64], mean: f64) -> f64 {
    let n = parts.len() as f64;
    let moment = |k: i32| parts.iter().map(|it| (it - mean).powi(k)).sum::<f64>() / n;
    let (second, fourth) = (moment(2), moment(4));
    let excess = if second > 0.0 { (fourth / (second * second) - 3.0).max(0.0) } else { 0.0 };
    2.0 / (2.0 / (n - 1.0) + excess / n)
}

/// Student's with so many degrees of freedom that it is the normal one's.
fn normal_quantile(confidence: f64) -> f64 {
    t_quantile(0.5 + 0.5 * confidence, 1e9)
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    /// What intervals did in many experiments.
    #[derive(Debug)]
    struct Tally {
        /// The share of all that hold the truth.
        holds: f64,
        /// The share of those with failures that are not said to be of too few episodes.
        told: f64,
    }

    /// Some replications of a million requests each, in which so many `episodes` are expected in all
    /// that fail a geometric number of requests of mean `length`.
    fn tally(replications: usize, episodes: f64, length: f64) -> Tally {
        const REQUESTS: f64 = 1e6;
        let mut luck = Luck::new(episodes.to_bits() ^ length.to_bits());
        let each = episodes / replications as f64;
        let truth = each * length / REQUESTS;
        let (mut holds, mut told, mut failed, experiments) = (0, 0, 0, 4000);
        for _ in 0..experiments {
            let parts: Vec<f64> =
                (0..replications).map(|_| failures(&mut luck, each, length) / REQUESTS).collect();
            let all = REQUESTS as u64 * replications as u64;
            let it = share(&parts, all, 0.95).unwrap();
            assert!(0.0 <= it.low && it.low <= it.value && it.value <= it.high && it.high <= 1.0);
            assert!(it.high > it.low);
            holds += usize::from(it.low <= truth && truth <= it.high);
            failed += usize::from(it.value > 0.0);
            told += usize::from(it.value > 0.0 && !it.few);
        }
        Tally { holds: holds as f64 / experiments as f64, told: told as f64 / failed as f64 }
    }

    /// A Poisson number of episodes of a geometric number of failures each.
    fn failures(luck: &mut Luck, episodes: f64, length: f64) -> f64 {
        let mut failures = 0.0;
        let mut left = episodes - luck.exponential(1.0);
        while left > 0.0 {
            failures += 1.0;
            while luck.uniform() > 1.0 / length {
                failures += 1.0;
            }
            left -= luck.exponential(1.0);
        }
        failures
    }

    #[test]
    #[ignore = "makes the table in the documentation of share"]
    fn table_of_coverage() {
        for episodes in [1.0, 3.0, 6.0, 10.0, 20.0, 50.0, 200.0] {
            let cells = [(5, 1.0), (10, 1.0), (40, 1.0), (5, 20.0), (10, 20.0), (40, 20.0)];
            let row = cells.map(|(replications, length)| {
                let Tally { holds, told } = tally(replications, episodes, length);
                let told =
                    if told < 0.995 { format!(" ({:.0})", 100.0 * told) } else { String::new() };
                format!("{:.1}{told} |", 100.0 * holds)
            });
            println!("/// | {episodes} | {}", row.join(" "));
        }
    }

    #[test]
    fn failures_that_come_one_by_one_are_held_however_few() {
        for (replications, episodes) in [(5, 2.0), (5, 20.0), (10, 3.0), (10, 50.0), (40, 6.0)] {
            let it = tally(replications, episodes, 1.0);
            assert!(it.holds >= 0.94 && it.holds <= 0.99, "{episodes} in {replications}: {it:?}");
        }
    }

    #[test]
    fn failures_in_clusters_are_held_or_said_to_be_too_few() {
        for (replications, episodes) in [(5, 10.0), (10, 10.0), (10, 50.0), (40, 6.0), (40, 200.0)]
        {
            let it = tally(replications, episodes, 20.0);
            assert!((it.holds - 0.95).abs() <= 0.02, "{episodes} in {replications}: {it:?}");
        }
        for replications in [5, 10, 40] {
            let told = tally(replications, 1.0, 20.0).told;
            assert!(told <= 0.12, "{told} of one episode in {replications} runs is told");
        }
    }

    #[test]
    fn no_failure_is_no_certainty() {
        let none = share(&[0.0; 10], 10_000, 0.95).unwrap();
        assert_eq!((none.value, none.low), (0.0, 0.0));
        // Clopper and Pearson's upper end, 1 − 0.025^(1/n).
        let exact = 1.0 - 0.025f64.powf(1e-4);
        assert!((none.high / exact - 1.0).abs() < 1e-3, "{none:?}");
        let all = share(&[1.0; 10], 10_000, 0.95).unwrap();
        assert_eq!((all.low, all.high), (1.0 - none.high, 1.0));
    }

    #[test]
    fn many_failures_have_the_interval_of_student() {
        let parts = [0.5, 0.52, 0.49, 0.51, 0.48];
        let it = share(&parts, 1_000_000, 0.95).unwrap();
        let student = super::super::Estimate::from_replications(&parts, 0.95).unwrap();
        assert!((it.low - student.lower().unwrap()).abs() < 1e-4, "{it:?} and {student:?}");
        assert!((it.high - student.upper().unwrap()).abs() < 1e-4);
    }

    #[test]
    fn wilson_is_that_of_newcombe() {
        // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
        // Medicine 17, 1998, table I: 81 of 263, 15 of 148.
        for (of, n, low, high) in [(81.0, 263.0, 0.2553, 0.3662), (15.0, 148.0, 0.0624, 0.1605)] {
            let got = wilson(of / n, n, normal_quantile(0.95));
            assert!((got.0 - low).abs() < 5e-5 && (got.1 - high).abs() < 5e-5, "{got:?}");
        }
    }

    #[test]
    fn one_part_or_no_request_tells_nothing() {
        assert_eq!(share(&[0.5], 100, 0.95), None);
        assert_eq!(share(&[0.5, 0.4], 0, 0.95), None);
        assert_eq!(share(&[0.5, f64::NAN], 10, 0.95), None);
    }
}
