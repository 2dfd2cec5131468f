//! What estimates are made of: a value from each run, or from each part of the only one, and whether
//! the runs were long enough for them.

use super::summary::CONFIDENCE;
use super::trial::{Figure, Response, Trial};
use crate::stats::Estimate;
use crate::stats::batches::{self, overlapping};
use crate::stats::clusters::clusters;
use crate::stats::interval::{Summary, batch_means};
use crate::stats::sparse::{Quantiles, Sparse, quantiles, together, variance_and_skewness};

/// How many replications have one value that is independent of all others: one, or an antithetic pair.
pub fn replications_each(trials: &[Trial]) -> usize {
    if trials.iter().any(|it| it.mirrored) { 2 } else { 1 }
}

/// Values of replications as they are, or the mean of each antithetic pair.
pub fn independent(trials: &[Trial], of_each: Vec<f64>) -> Vec<f64> {
    match replications_each(trials) {
        1 => of_each,
        each => batch_means(&of_each, each),
    }
}

/// How many replications without a twin would tell as much of a figure as the antithetic pairs do: their
/// variance over that of the pairs' means, which would be half as large if the two were independent.
pub fn worth_of_pairs(trials: &[Trial], place: usize) -> Option<f64> {
    let each = replications_each(trials);
    let variance = |values: &[f64]| Summary::of(values)?.variance;
    let alone = of_all(trials, place, 1)?;
    let pairs = of_all(trials, place, each)?;
    let worth = pairs.len() as f64 * variance(&alone)? / variance(&pairs)?;
    Some(worth).filter(|it| each > 1 && it.is_finite())
}

/// The independent values of a figure over replications, if every one has it: of a quantile those whose
/// mean errs least, which are not quite what each replication saw.
pub fn values(trials: &[Trial], place: usize) -> Option<Vec<f64>> {
    of_all(trials, place, replications_each(trials))
}

/// One value for each so many replications.
fn of_all(trials: &[Trial], place: usize, each: usize) -> Option<Vec<f64>> {
    let own: Option<Vec<f64>> = trials.iter().map(|it| it.figures[place].value).collect();
    let own = own?;
    // Whoever is alone has no twin.
    let each = if trials.len() > 1 { each } else { 1 };
    if let [_, _, ..] = trials
        && let Some(of) = trials[0].figures[place].response
        && let Some(quantiles) = of_responses(trials, of, each)
    {
        return Some(quantiles.values.into_iter().map(|it| it / 1e9).collect());
    }
    Some(if each > 1 { batch_means(&own, each) } else { own })
}

/// A quantile of responses in nanoseconds, for each so many replications, or batch by batch of one run.
fn of_responses(trials: &[Trial], of: Response, each: usize) -> Option<Quantiles> {
    let groups: Vec<&Sparse> = match trials {
        [one] => one.responses[of.class].batches.iter().collect(),
        several => several.iter().map(|it| &it.responses[of.class].whole).collect(),
    };
    let pairs: Vec<Sparse> = match each {
        1 => Vec::new(),
        each => groups.chunks(each).map(together).collect(),
    };
    let groups = if pairs.is_empty() { groups } else { pairs.iter().collect() };
    quantiles(&groups, &[of.quantile?])?.pop()
}

/// An estimate of a figure from one run, by its batches; none where they cannot tell.
pub fn of_one_run(trial: &Trial, figure: &Figure) -> Option<Estimate> {
    let value = figure.value?;
    match figure.response {
        None => batches::sectioned(value, &figure.batches, CONFIDENCE),
        Some(Response { class, quantile: None }) => {
            let slices = &courses(std::slice::from_ref(trial), class)[0];
            let about_mean = overlapping(slices, OVERLAPPING, CONFIDENCE);
            about_mean.map(|it| Estimate { value, ..it })
        }
        Some(of) => {
            let quantiles = of_responses(std::slice::from_ref(trial), of, 1)?;
            let values: Vec<f64> = quantiles.values.iter().map(|it| it / 1e9).collect();
            Estimate::from_replications(&values, CONFIDENCE)
        }
    }
}

/// Slices of a window that make one batch of the overlapping kind.
const OVERLAPPING: usize = 3;

/// One run must be worth so many times as much as several: its batches are no longer than it needs.
const ALONE: f64 = 4.0;
/// And so many times for a quantile: what is beyond it in ten batches hardly tells how it clusters.
const ALONE_BEYOND: f64 = 16.0;

/// Whether runs are too short for what is estimated of a class's responses: the mean of values that depend on
/// one another, or a quantile of such as come in clusters beyond it.
pub fn too_short(trials: &[Trial], of: Response) -> bool {
    let slices = courses(trials, of.class);
    let slices = slices.iter().map(Vec::as_slice);
    let memory = batches::memory(slices.clone());
    let needed = |alone: f64| if trials.len() == 1 { alone } else { 1.0 };
    match of.quantile {
        None => {
            let responses: Vec<&Sparse> =
                trials.iter().map(|it| &it.responses[of.class].whole).collect();
            let (variance_ns2, skewness) = variance_and_skewness(&responses);
            let worth = batches::worth(variance_ns2 * 1e-18, slices);
            batches::forgets_too_late(memory)
                || batches::worth_too_little(worth / needed(ALONE), skewness)
        }
        Some(q) => {
            let parts: Vec<&Sparse> =
                trials.iter().flat_map(|it| &it.responses[of.class].batches).collect();
            batches::forgets_too_late(memory) || clusters(&parts, q).too_few(needed(ALONE_BEYOND))
        }
    }
}

/// How the mean response of a class went over each run, slice by slice: the share of each slice in
/// what the mean errs by, so that slices without any answer count too.
fn courses(trials: &[Trial], class: usize) -> Vec<Vec<f64>> {
    let all = || trials.iter().flat_map(|it| &it.answered[class]);
    let (count, sum) = all().fold((0.0, 0.0), |(n, s), it| (n + it.0, s + it.1));
    let (mean, per_slice) = (sum / count, count / all().count() as f64);
    let slice = |(n, s): &(f64, f64)| mean + (s - mean * n) / per_slice;
    trials.iter().map(|it| it.answered[class].iter().map(slice).collect()).collect()
}
