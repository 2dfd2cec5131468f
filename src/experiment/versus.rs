//! Designs against each other: the same instant of each, replication by replication.

use super::summary::{CONFIDENCE, Known, Steadiness, limits, told};
use super::values::replications_each;
use crate::outcome::{Comparison, Estimate, Verdict};
use crate::stats::compare::worth;
use crate::stats::{self, Aim, paired};
use std::collections::BTreeSet;

/// How sure each of so many differences must be for all of them together to be as sure as any other figure:
/// C. E. Bonferroni's inequality, whatever they have in common (R. G. Miller, "Simultaneous statistical
/// inference", 1981, section 1.3).
fn of_each(together: usize) -> f64 {
    match together {
        1 => CONFIDENCE,
        several => 1.0 - (1.0 - CONFIDENCE) / several as f64,
    }
}

/// Every design against the first, instant by instant.
pub fn comparisons(known: &[Known]) -> Vec<Comparison> {
    let baseline: Vec<&Known> = known.iter().filter(|it| it.point.design == 0).collect();
    let others = known.iter().filter(|it| it.point.design != 0);
    let designs: BTreeSet<usize> = others.clone().map(|it| it.point.design).collect();
    others
        .filter_map(|of| Some((of, counterpart(of, &baseline)?)))
        .flat_map(|(of, against)| compare(of, against, designs.len()))
        .collect()
}

/// The baseline's point for the same day and fault; zones of other names fail alike.
fn counterpart<'a>(of: &Known, baseline: &[&'a Known<'a>]) -> Option<&'a Known<'a>> {
    let same_day = baseline.iter().filter(|it| it.point.day == of.point.day);
    let Some(fault) = &of.point.fault else {
        return same_day.copied().find(|it| it.point.fault.is_none());
    };
    let alike: Vec<_> = same_day
        .filter(|it| it.point.fault.as_ref().is_some_and(|it| it.number == fault.number))
        .collect();
    let same = |it: &&&&Known| it.point.fault.as_ref().is_some_and(|it| it.what == fault.what);
    alike.iter().find(same).or(alike.first()).map(|it| **it)
}

/// `together`: how many designs are held against the same one.
fn compare(of: &Known, against: &Known, together: usize) -> Vec<Comparison> {
    let mut compared: Vec<(String, Aim)> = limits(of.design)
        .into_iter()
        .filter(|it| it.aim == Aim::Lower)
        .map(|it| (it.metric, it.aim))
        .collect();
    compared.push(("availability".to_owned(), Aim::Higher));
    let sessions = of.point.names.sessions.iter();
    compared.extend(sessions.map(|it| (format!("{it}.completed"), Aim::Higher)));
    if of.point.fault.is_some() {
        // A class that fares well would hide those that do not.
        let classes = of.point.names.classes.iter();
        compared.extend(classes.map(|it| (format!("{it}.downtime"), Aim::Lower)));
    }
    let compared = compared.iter();
    compared.filter_map(|(metric, aim)| compare_one(of, against, metric, *aim, together)).collect()
}

/// Whether two came out alike in every replication.
fn is_same(difference: &stats::Estimate) -> bool {
    difference.value == 0.0 && difference.half_width == Some(0.0)
}

fn compare_one(
    of: &Known,
    against: &Known,
    metric: &str,
    aim: Aim,
    together: usize,
) -> Option<Comparison> {
    let unit = of.reported.metrics.get(metric)?.unit;
    against.reported.metrics.get(metric)?;
    let values = |it: &Known| {
        let trials = &it.conducted.trials;
        Steadiness::of(it.point, trials).values_of(trials, metric)
    };
    let (a, b) = (values(of)?, values(against)?);
    let n = a.len().min(b.len());
    let each = replications_each(&of.conducted.trials);
    let result = paired(&a[..n], &b[..n], aim, of_each(together))?;
    let short = |it: &Known| {
        let trials = &it.conducted.trials;
        Steadiness::of(it.point, trials).too_short(trials, metric)
    };
    let too_short = short(of) || short(against);
    Some(Comparison {
        metric: metric.to_owned(),
        of: of.reported.model.clone(),
        of_factors: of.reported.factors.clone(),
        against: against.reported.model.clone(),
        against_factors: against.reported.factors.clone(),
        day: of.reported.day,
        fault: of.point.fault.as_ref().map(|it| it.what.clone()),
        difference: Estimate { too_short, ..told(&result.difference, unit) },
        ratio: result.ratio.map(|it| Estimate { too_short, ..told(&it, None) }),
        verdict: match result.verdict {
            _ if is_same(&result.difference) => Verdict::Same,
            stats::Verdict::Better => Verdict::Better,
            stats::Verdict::Worse => Verdict::Worse,
            stats::Verdict::CannotTell => Verdict::CannotTell,
        },
        replications_needed: result.replications_needed.map(|it| (each * it) as u64),
        together: (together > 1).then_some(together as u32),
        independent: worth(&a[..n], &b[..n]).map(|it| each as f64 * it),
    })
}
