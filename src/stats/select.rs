//! Which of several designs is best: ranking and selection with an indifference zone, round by round.
//!
//! S.-H. Kim, B. L. Nelson, "A fully sequential procedure for indifference-zone selection in
//! simulation", ACM TOMACS 11(3), 2001: with the chance asked for, the design that is kept is the best
//! one, whenever that is better than all others by the indifference zone at least. Designs may share
//! their luck, which only makes it sooner. The error is that of all comparisons together (each of the
//! k − 1 with the best may take its share of it).

use super::interval::Summary;

/// A contest between designs, from what the first round of each has shown.
#[derive(Clone, Debug)]
pub struct Contest {
    /// Differences of less do not matter.
    zone: f64,
    /// Replications in the first round.
    first: usize,
    /// h² of the paper.
    factor: f64,
}

impl Contest {
    /// `None` where there is nothing to choose from, or too little to know any variance.
    pub fn new(designs: usize, first: usize, zone: f64, confidence: f64) -> Option<Contest> {
        if designs < 2 || first < 2 || zone.is_nan() || zone <= 0.0 {
            return None;
        }
        let df = first as f64 - 1.0;
        let each = 2.0 * (1.0 - confidence) / (designs as f64 - 1.0);
        let eta = 0.5 * (libm::pow(each, -2.0 / df) - 1.0);
        Some(Contest { zone, first, factor: 2.0 * eta * df })
    }

    /// Which designs may still be the best, where less is better: `values` of each design, of those
    /// still in the contest all as many. Who is out stays out.
    ///
    /// # Panics
    /// If it is not known of each design whether it is in the contest.
    pub fn look(&self, values: &[Vec<f64>], in_contest: &[bool]) -> Vec<bool> {
        assert_eq!(values.len(), in_contest.len(), "designs in the contest");
        let beaten = |i: usize| {
            let others = (0..values.len()).filter(|j| *j != i && in_contest[*j]);
            others.into_iter().any(|j| self.beats(&values[j], &values[i]))
        };
        (0..values.len()).map(|i| in_contest[i] && !beaten(i)).collect()
    }

    /// How many replications of each would decide between all that are left, at the latest: more than there
    /// were, since those have not. None where all come out alike, which no number of them would change.
    pub fn latest(&self, values: &[Vec<f64>], in_contest: &[bool]) -> Option<usize> {
        let left: Vec<&Vec<f64>> =
            values.iter().zip(in_contest).filter(|it| *it.1).map(|it| it.0).collect();
        let pairs =
            left.iter().enumerate().flat_map(|(i, a)| left[..i].iter().map(move |b| (a, b)));
        let most = pairs.map(|(a, b)| self.factor * self.variance(a, b) / (self.zone * self.zone));
        // Beyond so many a walk that has not left is cut off.
        let (most, run) = (most.fold(0.0, f64::max), left.iter().map(|it| it.len()).max()?);
        (most > 0.0).then(|| (most as usize).max(run).saturating_add(1))
    }

    /// Whether the mean of one is so much less that the other cannot be the best: by what shrinks from
    /// round to round to nothing.
    fn beats(&self, one: &[f64], other: &[f64]) -> bool {
        let n = one.len().min(other.len()) as f64;
        let margin = one.iter().zip(other).map(|(a, b)| b - a).sum::<f64>() / n;
        let enough = self.factor * self.variance(one, other) / (self.zone * self.zone);
        let wait = self.zone / (2.0 * n) * (enough - n);
        margin > wait.max(0.0) || wait <= 0.0 && margin > 0.0
    }

    /// Of the differences in the first round, and of none after it.
    fn variance(&self, one: &[f64], other: &[f64]) -> f64 {
        let differences: Vec<f64> =
            one.iter().zip(other).take(self.first).map(|(a, b)| a - b).collect();
        Summary::of(&differences).and_then(|it| it.variance).unwrap_or(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    /// How often the best of some designs is kept, and the mean number of runs of all together: the
    /// others are worse by one zone each, and share so much of their luck.
    fn kept(designs: usize, shared: f64, round: usize) -> (f64, f64) {
        let mut luck = Luck::new(designs as u64 ^ shared.to_bits() ^ round as u64);
        let (mut right, mut runs, experiments) = (0, 0, 2000);
        for _ in 0..experiments {
            let contest = Contest::new(designs, 10, 0.5, 0.95).unwrap();
            let mut values = vec![Vec::new(); designs];
            let mut left = vec![true; designs];
            let mut more = 10;
            while left.iter().filter(|it| **it).count() > 1 {
                for _ in 0..more {
                    let common = luck.irwin_hall() * shared.sqrt();
                    for i in 0..designs {
                        let own = luck.irwin_hall() * (1.0 - shared).sqrt();
                        if left[i] {
                            values[i].push(common + own + if i == 0 { 0.0 } else { 0.5 });
                        }
                    }
                }
                left = contest.look(&values, &left);
                more = round;
            }
            right += usize::from(left[0]);
            runs += values.iter().map(Vec::len).sum::<usize>();
        }
        (right as f64 / f64::from(experiments), runs as f64 / f64::from(experiments))
    }

    #[test]
    fn the_best_is_kept_as_often_as_promised_and_sooner_on_shared_luck() {
        for designs in [2, 5, 10] {
            let (alone, runs_alone) = kept(designs, 0.0, 1);
            let (shared, runs_shared) = kept(designs, 0.8, 1);
            assert!(alone >= 0.94 && shared >= 0.94, "{designs}: {alone}, {shared}");
            assert!(runs_shared < 0.7 * runs_alone, "{designs}: {runs_shared}, {runs_alone}");
            // Looking but once in ten runs never makes it less sure.
            assert!(kept(designs, 0.0, 10).0 >= 0.94, "{designs}");
        }
    }

    #[test]
    fn eta_and_h_are_those_of_the_paper() {
        // k = 2, n₀ = 10, α = 0.05, c = 1: η = ½((2α)^(−2/9) − 1).
        let contest = Contest::new(2, 10, 1.0, 0.95).unwrap();
        assert!((contest.factor - 9.0 * (0.1f64.powf(-2.0 / 9.0) - 1.0)).abs() < 1e-9);
    }

    #[test]
    fn designs_that_never_vary_are_told_apart_at_once() {
        let contest = Contest::new(2, 3, 0.1, 0.95).unwrap();
        assert_eq!(contest.look(&[vec![1.0; 3], vec![1.01; 3]], &[true, true]), [true, false]);
        assert_eq!(contest.look(&[vec![1.0; 3], vec![1.0; 3]], &[true, true]), [true, true]);
        assert_eq!(contest.latest(&[vec![1.0; 3], vec![1.0; 3]], &[true, true]), None);
        // What varies by next to nothing has not been told apart by what was run.
        let nearly = [vec![1.0, 1.0, 1.0], vec![1.0, 1.0, 1.000_001]];
        assert_eq!(contest.latest(&nearly, &[true, true]), Some(4));
        assert!(Contest::new(1, 10, 0.1, 0.95).is_none());
        assert!(Contest::new(2, 1, 0.1, 0.95).is_none());
        assert!(Contest::new(2, 10, 0.0, 0.95).is_none());
    }
}
