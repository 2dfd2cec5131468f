//! Elementary effects: what a step along one axis does, in the mean over many places to take it.
//!
//! M. D. Morris, "Factorial sampling plans for preliminary computational experiments", Technometrics
//! 33(2), 1991; the mean of absolute effects is that of F. Campolongo, J. Cariboni and A. Saltelli, "An
//! effective screening design for sensitivity analysis of large models", Environmental Modelling &
//! Software 22(10), 2007.

use super::{Estimate, Means, Seen, jackknifed};

/// What is known of the effects of one factor, each for the whole way from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effects {
    /// The mean of absolute effects: how much it matters.
    pub mean_absolute: Estimate,
    /// The mean of effects: in which direction it does.
    pub mean: Estimate,
    /// Their standard deviation: how much it hangs on where the others stand, or on where one starts.
    pub deviation: Estimate,
}

/// The effects of each factor, from trajectories of `factors + 1` points of which each differs from the
/// last in one factor; nothing of a factor with fewer than two effects.
pub fn elementary_effects(at: &[Vec<f64>], seen: &Seen, confidence: f64) -> Vec<Option<Effects>> {
    let factors = at.first().map_or(0, Vec::len);
    let Some(means) = Means::of(seen) else { return vec![None; factors] };
    (0..factors).map(|factor| of_factor(at, &means, factor, confidence)).collect()
}

fn of_factor(at: &[Vec<f64>], means: &Means, factor: usize, confidence: f64) -> Option<Effects> {
    let moves = |i: &usize| at[*i][factor] != at[i + 1][factor];
    let steps: Vec<usize> = (0..at.len() - 1)
        .filter(|i| (i + 1) % (at[0].len() + 1) != 0 && moves(i))
        .filter(|i| means.all[*i].is_some() && means.all[i + 1].is_some())
        .collect();
    let effects = |values: &[Option<f64>], without: Option<usize>| -> Option<Vec<f64>> {
        let kept = steps.iter().filter(|it| Some(**it) != without);
        kept.map(|i| Some((values[i + 1]? - values[*i]?) / (at[i + 1][factor] - at[*i][factor])))
            .collect()
    };
    let answer = |statistic: fn(&[f64]) -> f64| {
        jackknifed(means, &steps, confidence, |values, without| {
            let effects = effects(values, without)?;
            (!effects.is_empty()).then(|| statistic(&effects))
        })
    };
    if steps.len() < 2 {
        return None;
    }
    Some(Effects {
        mean_absolute: answer(|it| it.iter().map(|it| it.abs()).sum::<f64>() / it.len() as f64)?,
        mean: answer(mean)?,
        deviation: answer(deviation)?,
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|it| (it - mean) * (it - mean)).sum();
    (squares / (values.len().max(2) - 1) as f64).sqrt()
}
