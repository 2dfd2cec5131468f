//! What skewness does to a test of a mean over few values, and how much of it is taken back.
//!
//! Means of responses are skewed to the right, as the responses are: a run in which everything piled up
//! lies far above the others. Those that lack such a run have a mean that is too low and vary too little,
//! so that Student's t calls a mean lower than some bound far more often wrongly than it says.

use super::interval::Summary;

/// The skewness of the law that some values come from: G₁, which has no bias for normal values (D. N.
/// Joanes, C. A. Gill, "Comparing measures of sample skewness and kurtosis", The Statistician 47(1), 1998).
///
/// Nought of fewer than three values, and where they do not vary.
pub fn skewness(values: &[f64]) -> f64 {
    let Some(Summary { count: 3.., mean, variance: Some(variance) }) = Summary::of(values) else {
        return 0.0;
    };
    let n = values.len() as f64;
    let cubes: f64 = values.iter().map(|it| (it - mean) * (it - mean) * (it - mean)).sum();
    let skewness = n / ((n - 1.0) * (n - 2.0)) * cubes / (variance * variance.sqrt());
    if skewness.is_finite() { skewness } else { 0.0 }
}

/// Student's statistic of the mean of n values, without its skewness to the first order:
/// g(t) = t + a t² / 3 + a² t³ / 27 + a / 6, where `a` is the skewness of the values / √n.
///
/// P. Hall, "On the removal of skewness by transformation", J. R. Statist. Soc. B 54(1), 1992. It adds a
/// cubic term to the modified t of N. J. Johnson ("Modified t tests and confidence intervals for
/// asymmetrical populations", JASA 73, 1978), without which a t far from zero would change its sign.
pub fn transformed(t: f64, a: f64) -> f64 {
    t + a * t * t / 3.0 + a * a * t * t * t / 27.0 + a / 6.0
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::super::sequential::{Sides, sides, sides_of_skewed};
    use super::*;

    #[test]
    fn skewness_is_that_of_the_textbook_and_changes_its_sign_with_the_values() {
        // scipy.stats.skew([2, 8, 0, 4, 1, 9, 9, 0], bias=False)
        let values = [2.0, 8.0, 0.0, 4.0, 1.0, 9.0, 9.0, 0.0];
        assert!((skewness(&values) - 0.330_582_180_4).abs() < 1e-9, "{}", skewness(&values));
        assert_eq!(skewness(&values.map(|it| -it)), -skewness(&values));
        assert!((skewness(&values.map(|it| 3.0 * it - 7.0)) - skewness(&values)).abs() < 1e-12);
        assert_eq!(skewness(&[1.0, 2.0, 3.0]), 0.0);
        for nothing in [&[][..], &[1.0], &[1.0, 5.0], &[2.0; 9]] {
            assert_eq!(skewness(nothing), 0.0);
        }
    }

    #[test]
    fn without_skewness_it_is_students_and_always_it_rises() {
        for t in [-50.0, -2.0, 0.0, 0.3, 7.0] {
            assert_eq!(transformed(t, 0.0), t);
        }
        for a in [-1.5, -0.2, 0.4, 1.0] {
            let all: Vec<f64> =
                (-200..=200).map(|it| transformed(f64::from(it) / 10.0, a)).collect();
            assert!(all.windows(2).all(|it| it[0] <= it[1]), "{a}");
            // To the second order it is Johnson's.
            let (t, small) = (1.7, a / 1000.0);
            let johnson = t + small / 6.0 + small * t * t / 3.0;
            assert!((transformed(t, small) - johnson).abs() < 1e-6, "{a}");
        }
    }

    /// How often one-sided tests at 5 % are wrong about a mean of nought, in per cent: that it is called
    /// lower, that it is called higher; by Student's t, and without skewness.
    fn wrong(experiments: u32, runs: usize, mut draw: impl FnMut() -> f64) -> [[f64; 2]; 2] {
        let mut wrong = [[0.0; 2]; 2];
        for _ in 0..experiments {
            let values: Vec<f64> = (0..runs).map(|_| draw()).collect();
            let cautious = sides_of_skewed(&values, skewness(&values));
            for (wrong, told) in wrong.iter_mut().zip([sides(&values), cautious]) {
                let Sides { not_below, not_above } = told.unwrap();
                wrong[0] += f64::from(u8::from(not_below <= 0.05));
                wrong[1] += f64::from(u8::from(not_above <= 0.05));
            }
        }
        wrong.map(|it| it.map(|it| 100.0 * it / f64::from(experiments)))
    }

    #[test]
    fn waits_of_an_mm1_are_called_too_low_much_less_often() {
        for runs in [5, 10] {
            let mut luck = Luck::new(9);
            let draw = || luck.stationary_mm1_mean_wait(0.5, 200) - 1.0;
            let [student, now] = wrong(4000, runs, draw);
            // 10.5 and 10.9 % where it says five, and 7.5 and 7.8 % now; standard errors of half a per cent.
            assert!(student[0] > 9.5, "{runs} runs: {student:?}");
            assert!(now[0] < 0.8 * student[0], "{runs} runs: {now:?}, {student:?} by Student's t");
            assert!(now[1] <= student[1] && student[1] < 5.0, "{runs} runs: {now:?}");
        }
    }

    #[test]
    fn of_normal_values_nothing_is_told_wrongly_more_often_and_little_is_lost() {
        for runs in [5, 10, 20] {
            let mut luck = Luck::new(3);
            let [_, now] = wrong(20_000, runs, || luck.irwin_hall());
            // 3.4 to 4.6 % in place of five; four standard errors of 0.15 above five.
            assert!(now.iter().all(|it| (3.0..5.6).contains(it)), "{runs} runs: {now:?}");
        }
    }
}
