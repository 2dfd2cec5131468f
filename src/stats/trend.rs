//! Whether the backlog grows for as long as one looks: the sign of an overload.

use super::interval::{Estimate, Summary};
use super::student::t_quantile;

/// How fast the backlog grows, and whether that is an overload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Requests a second: the mean over replications of the least-squares slope of each; of a single
    /// one with the interval that its ten parts give, which in an overload are all but independent.
    pub per_s: Estimate,
    /// No steady state is in sight; see [`growth`].
    pub overloaded: bool,
}

/// Parts into which a window is cut to see whether each adds to the backlog.
const PARTS: usize = 10;
/// One-sided; a backlog that wanders without drift is called overloaded once in a hundred.
const SURE: f64 = 0.99;
/// Growth below this share of the arrivals is too slow to be told from a long warm-up.
const LEAST_SHARE: f64 = 0.005;

/// Growth of the backlog, from its level at the end of each of the window's slices of `slice_s`
/// seconds, one series for each replication; the warm-up already discarded.
///
/// Overloaded means: what ten parts of every window add to the backlog exceeds 0.5 % of what
/// arrives meanwhile, sure to 99 % by a one-sided t-test on all parts of all replications.
/// In an overload the backlog is a walk with drift and its steps are all but independent, so that
/// the test keeps its level. In a steady state what one part adds another takes away: the steps
/// overstate how far their sum varies, and the test errs on the side of no overload. Hence even a
/// single replication tells as much as its length allows, where a t-test on the slopes of three,
/// with two degrees of freedom, missed three overloads of 5 % in four (4,000 arrivals each).
///
/// How often an M/M/1 that started empty is called overloaded, in percent of 2,000 experiments: n
/// replications of windows with so many arrivals, after a warm-up a quarter as long.
///
/// | load | n = 1, 4,000 | 1, 20,000 | 5, 1,000 | 5, 4,000 | 5, 20,000 | 20, 1,000 | 20, 4,000 |
/// |---|---|---|---|---|---|---|---|
/// | 0.8 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
/// | 0.9 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
/// | 0.95 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |
/// | 0.98 | 0 | 0 | 0 | 0 | 0 | 2 | 0 |
/// | 1 | 1 | 0 | 2 | 1 | 0 | 15 | 5 |
/// | 1.02 | 3 | 12 | 9 | 21 | 74 | 59 | 87 |
/// | 1.05 | 21 | 85 | 43 | 95 | 100 | 99 | 100 |
/// | 1.1 | 75 | 100 | 95 | 100 | 100 | 100 | 100 |
/// | 1.2 | 100 | 100 | 100 | 100 | 100 | 100 | 100 |
///
/// Without any warm-up, bursty service (cv² = 9) at load 0.95 is called overloaded in half of the
/// experiments with 20 windows of only 1,000 arrivals, and rightly so: its backlog still grows.
///
/// `None` when there is no replication, one with fewer than twenty slices, or a level that is not
/// finite. Replications of unequal length each give ten parts of their own.
///
/// # Panics
/// If `slice_s` is not positive.
pub fn growth(
    per_replication: &[Vec<f64>],
    slice_s: f64,
    arrivals_per_s: f64,
    confidence: f64,
) -> Option<Growth> {
    assert!(slice_s > 0.0, "a slice of {slice_s} s");
    let slices = per_replication.iter().map(Vec::len).min()?;
    if slices < 2 * PARTS {
        return None;
    }
    let slopes: Vec<f64> = per_replication.iter().map(|levels| slope(levels) / slice_s).collect();
    let steps: Vec<f64> =
        per_replication.iter().flat_map(|levels| steps_per_slice(levels)).collect();
    let steps = Summary::of(&steps)?;
    let error = (steps.variance? / steps.count as f64).sqrt();
    let mut per_s = Estimate::from_replications(&slopes, confidence)?;
    if slopes.len() == 1 {
        let (error, df) = (error / slice_s, steps.count as f64 - 1.0);
        per_s = Estimate::from_error(per_s.value, Some((error * error, df)), confidence);
    }
    let surely_per_slice = steps.mean - t_quantile(SURE, steps.count as f64 - 1.0) * error;
    Some(Growth {
        per_s,
        overloaded: surely_per_slice / slice_s > LEAST_SHARE * arrivals_per_s.max(0.0),
    })
}

/// The least-squares slope of a series, per observation.
pub fn slope(series: &[f64]) -> f64 {
    let middle = 0.5 * (series.len() as f64 - 1.0);
    let (mut products, mut squares) = (0.0, 0.0);
    for (index, value) in series.iter().enumerate() {
        let distance = index as f64 - middle;
        products += distance * value;
        squares += distance * distance;
    }
    if squares > 0.0 { products / squares } else { 0.0 }
}

/// What each part of a window adds to the level, per slice; slices that fill no part are left out
/// at the start, where the warm-up is nearest.
fn steps_per_slice(levels: &[f64]) -> impl Iterator<Item = f64> {
    let length = (levels.len() - 1) / PARTS;
    let first = levels.len() - 1 - length * PARTS;
    (0..PARTS).map(move |part| {
        let start = first + part * length;
        (levels[start + length] - levels[start]) / length as f64
    })
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    const SLICES: usize = 60;

    /// The share of experiments that call an M/M/1 overloaded.
    fn called(rho: f64, replications: usize, arrivals: f64, experiments: usize) -> f64 {
        let mut luck = Luck::new(rho.to_bits() ^ replications as u64 ^ arrivals.to_bits());
        let slice_s = arrivals / SLICES as f64;
        let called = (0..experiments).filter(|_| {
            let runs: Vec<Vec<f64>> = (0..replications)
                .map(|_| luck.mm1_backlog(rho, 0.25 * arrivals, slice_s, SLICES))
                .collect();
            growth(&runs, slice_s, 1.0, 0.95).unwrap().overloaded
        });
        called.count() as f64 / experiments as f64
    }

    #[test]
    #[ignore = "makes the table in the documentation of growth; takes minutes"]
    fn table_of_calls() {
        for rho in [0.8, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.2] {
            let cells = [(1, 4e3), (1, 2e4), (5, 1e3), (5, 4e3), (5, 2e4), (20, 1e3), (20, 4e3)];
            let row = cells
                .map(|(n, arrivals)| format!("{:.0} |", 100.0 * called(rho, n, arrivals, 2000)));
            println!("/// | {rho} | {}", row.join(" "));
        }
    }

    #[test]
    fn a_load_of_95_percent_is_rarely_called_overloaded() {
        for (replications, arrivals) in [(1, 4e3), (5, 1e3), (5, 4e3), (20, 1e3)] {
            let share = called(0.95, replications, arrivals, 200);
            assert!(share <= 0.02, "{share} with {replications} windows of {arrivals} arrivals");
        }
    }

    #[test]
    fn a_load_of_105_percent_is_called_overloaded() {
        for (replications, arrivals, at_least) in
            [(1, 1e5, 0.99), (5, 4e3, 0.85), (5, 2e4, 0.99), (20, 4e3, 0.99)]
        {
            let share = called(1.05, replications, arrivals, 50);
            assert!(share >= at_least, "{share} of {replications} windows of {arrivals} arrivals");
        }
    }

    #[test]
    fn growth_is_what_arrives_less_what_can_be_done() {
        let (mut luck, rho, slice_s) = (Luck::new(1), 1.25, 100.0);
        let runs: Vec<Vec<f64>> =
            (0..10).map(|_| luck.mm1_backlog(rho, 1000.0, slice_s, SLICES)).collect();
        let growth = growth(&runs, slice_s, 1.0, 0.99).unwrap();
        let error = (growth.per_s.value - (1.0 - 1.0 / rho)).abs();
        assert!(growth.overloaded && error < growth.per_s.half_width.unwrap(), "{growth:?}");
    }

    #[test]
    fn nineteen_of_twenty_intervals_hold_how_fast_the_backlog_grows() {
        let (rho, slice_s, experiments) = (1.25, 100.0, 400);
        for replications in [1, 5] {
            let mut luck = Luck::new(40 + replications);
            let holds = (0..experiments).filter(|_| {
                let runs: Vec<Vec<f64>> = (0..replications)
                    .map(|_| luck.mm1_backlog(rho, 1000.0, slice_s, SLICES))
                    .collect();
                let per_s = growth(&runs, slice_s, 1.0, 0.95).unwrap().per_s;
                (per_s.value - 0.2).abs() <= per_s.half_width.unwrap()
            });
            // The slope of one run errs by 1.2 times what its ends do, about whose mean the parts tell.
            let share = holds.count() as f64 / f64::from(experiments);
            assert!(share >= if replications == 1 { 0.88 } else { 0.92 }, "{share}");
        }
    }

    #[test]
    fn a_straight_line_has_its_slope_and_a_level_none() {
        let line: Vec<f64> = (0..60).map(|i| 7.0 + 0.5 * f64::from(i)).collect();
        let rising = growth(std::slice::from_ref(&line), 2.0, 1.0, 0.95).unwrap();
        assert!((rising.per_s.value - 0.25).abs() < 1e-12 && rising.overloaded);
        assert!(rising.per_s.half_width.unwrap() < 1e-12);
        let level = growth(&[vec![40.0; 60], vec![40.0; 60]], 1.0, 0.0, 0.95).unwrap();
        assert_eq!((level.per_s.value, level.overloaded), (0.0, false));
        let falling: Vec<f64> = line.into_iter().rev().collect();
        assert!(!growth(&[falling], 1.0, 1.0, 0.95).unwrap().overloaded);
    }

    #[test]
    fn too_few_slices_or_no_replications_say_nothing() {
        assert_eq!(growth(&[], 1.0, 1.0, 0.95), None);
        assert_eq!(growth(&[vec![1.0; 60], vec![1.0; 19]], 1.0, 1.0, 0.95), None);
        assert_eq!(growth(&[vec![f64::NAN; 60]], 1.0, 1.0, 0.95), None);
    }
}
