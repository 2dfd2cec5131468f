//! Batches of one run: an interval where there is but one, and whether a run was long enough for its
//! figures to be trusted.

use super::interval::{Estimate, Summary};

/// Slices that are more alike than this to the next do not forget soon enough.
const MEMORY_MAX: f64 = 0.6;
/// Independent values for each unit of squared skewness that a Student interval needs to hold the truth
/// about as often as it says: twice what W. G. Cochran asks for ("Sampling techniques", 1977, section
/// 2.15), since the variance is not known either.
const FOR_SKEWNESS: f64 = 50.0;

/// The interval about the figure of one run, by the spread of its batches: S. Asmussen, P. W. Glynn,
/// "Stochastic Simulation", 2007, section IV.5, sectioning. Batches are taken for independent.
///
/// `None` of fewer than two batches, or where something is not finite.
pub fn sectioned(whole: f64, batches: &[f64], confidence: f64) -> Option<Estimate> {
    let spread = Summary::of(batches)?;
    let n = spread.count as f64;
    // About the whole, and not about the mean of the batches: that errs by more than it.
    let squares = spread.variance? * (n - 1.0) + n * (spread.mean - whole) * (spread.mean - whole);
    let error = (squares / (n - 1.0) / n, n - 1.0);
    whole.is_finite().then(|| Estimate::from_error(whole, Some(error), confidence))
}

/// The interval about the mean of one run by overlapping batches of `length` successive values:
/// M. S. Meketon, B. Schmeiser, "Overlapping batch means: something for nothing?", WSC 1984. It varies
/// by a third less than that of batches apart from one another, as if there were half as many more.
///
/// `None` where there are not two batches of that length, or something is not finite.
pub fn overlapping(series: &[f64], length: usize, confidence: f64) -> Option<Estimate> {
    let (n, m) = (series.len() as f64, length as f64);
    let mean = Summary::of(series)?.mean;
    if length == 0 || series.len() < 2 * length {
        return None;
    }
    let distance = |window: &[f64]| window.iter().sum::<f64>() / m - mean;
    let squares: f64 = series.windows(length).map(|it| distance(it) * distance(it)).sum();
    let variance = m * squares / ((n - m + 1.0) * (n - m));
    let error = (variance, 1.5 * (n / m - 1.0));
    Some(Estimate::from_error(mean, Some(error), confidence))
}

/// How alike neighbours in time are: the correlation of each value with the next, about the mean of all
/// runs. One minus half of von Neumann's ratio, with several runs taken together (J. von Neumann,
/// "Distribution of the ratio of the mean square successive difference to the variance", 1941).
///
/// Nought if nothing varies.
pub fn memory<'a>(runs: impl Iterator<Item = &'a [f64]> + Clone) -> f64 {
    let (sum, count) =
        runs.clone().flatten().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    let mean = sum / count;
    let (mut squares, mut products, mut pairs) = (0.0, 0.0, 0.0);
    for run in runs {
        squares += run.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>();
        products += run.windows(2).map(|it| (it[0] - mean) * (it[1] - mean)).sum::<f64>();
        pairs += run.len().saturating_sub(1) as f64;
    }
    let memory = (products / pairs) / (squares / count);
    if memory.is_finite() { memory } else { 0.0 }
}

/// To how many independent values the correlated ones of some runs amount, where their mean is wanted:
/// their `variance` divided by that of the mean, which follows from the runs' slices of equal length as
/// from a process in which each depends on the last alone.
///
/// Without bound if the slices are alike.
pub fn worth<'a>(variance: f64, runs: impl Iterator<Item = &'a [f64]> + Clone) -> f64 {
    let all: Vec<f64> = runs.clone().flatten().copied().collect();
    let Some(Summary { count, variance: Some(of_slices), .. }) = Summary::of(&all) else {
        return 0.0;
    };
    let memory = memory(runs).clamp(0.0, 0.99);
    let of_mean = of_slices / count as f64 * (1.0 + memory) / (1.0 - memory);
    if of_mean > 0.0 { variance / of_mean } else { f64::INFINITY }
}

/// Whether slices of runs depend too much on those before for the runs to tell how sure a figure is.
pub fn forgets_too_late(memory: f64) -> bool {
    memory > MEMORY_MAX
}

/// Whether a mean to which `worth` independent values contribute, each of such a skewness, has too few.
pub fn worth_too_little(worth: f64, skewness: f64) -> bool {
    worth < FOR_SKEWNESS * skewness * skewness
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::*;

    /// The share of 4,000 intervals that hold the mean of a series in which each value keeps a share
    /// of the last.
    fn covered(kept: f64, length: usize, interval: fn(&[f64]) -> Option<Estimate>) -> f64 {
        let mut luck = Luck::new(5);
        let holds = |_: &usize| {
            let mut value = 0.0;
            let mut series = Vec::new();
            for _ in 0..length + 50 {
                value = kept * value + luck.irwin_hall();
                series.push(value);
            }
            let estimate = interval(&series[50..]).unwrap();
            estimate.value.abs() <= estimate.half_width.unwrap()
        };
        (0..4000).filter(holds).count() as f64 / 4000.0
    }

    fn apart(series: &[f64]) -> Option<Estimate> {
        let mean = series.iter().sum::<f64>() / series.len() as f64;
        sectioned(mean, &super::super::interval::batch_means(series, 3), 0.95)
    }

    fn overlapped(series: &[f64]) -> Option<Estimate> {
        overlapping(series, 3, 0.95)
    }

    #[test]
    fn batches_of_values_that_forget_hold_the_mean_as_often_as_they_say() {
        // Within three standard errors of 0.0034.
        for covered in [covered(0.0, 30, apart), covered(0.0, 30, overlapped)] {
            assert!((covered - 0.95).abs() < 0.0103, "{covered}");
        }
    }

    #[test]
    fn batches_of_values_that_remember_hold_it_too_seldom_and_are_called_too_short() {
        let mut luck = Luck::new(6);
        let mut value = 0.0;
        let mut next = || {
            value = 0.9 * value + luck.irwin_hall();
            value
        };
        let series: Vec<f64> = (0..300).map(|_| next()).collect();
        assert!(covered(0.9, 30, apart) < 0.8);
        let remembered = memory(std::iter::once(series.as_slice()));
        assert!((remembered - 0.9).abs() < 0.1, "{remembered}");
        assert!(forgets_too_late(remembered) && !forgets_too_late(0.0));
        assert!(worth_too_little(199.0, 2.0) && !worth_too_little(200.0, 2.0));
    }

    #[test]
    fn what_never_varies_is_known_and_has_no_memory() {
        let same = [3.0; 30];
        assert_eq!(overlapped(&same).unwrap().half_width, Some(0.0));
        assert_eq!(memory([same.as_slice()].into_iter()), 0.0);
        assert_eq!(worth(0.0, [same.as_slice()].into_iter()), f64::INFINITY);
        assert_eq!(overlapping(&same[..5], 3, 0.95), None);
        assert_eq!(sectioned(1.0, &[2.0], 0.95), None);
    }
}
