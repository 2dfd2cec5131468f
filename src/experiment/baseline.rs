//! An outcome against one from before: what has become worse, by more than is tolerated?
//!
//! Only figures that expectations speak of are compared. Where both outcomes have the same seed, the
//! runs are compared pair by pair, else by Welch's test. Many figures are looked at, and one in twenty
//! would seem changed by luck alone: Holm's procedure (Scand. J. Statist. 6, 1979) keeps the chance
//! that any is told wrongly below the significance. The number of runs depends a little on what was
//! seen in them, where expectations are looked at several times; that is neglected here.

use super::expect::aim;
use super::summary::{CONFIDENCE, told};
use crate::outcome::{Baseline, Change, Checked, Estimate, Outcome, Verdict};
use crate::stats::sequential::{Sides, sides, welch_sides};
use crate::stats::{self, Aim};

/// The chance that any figure is called changed that is not.
const SIGNIFICANCE: f64 = 0.05;

/// A figure of both outcomes, with the chances that it has not become worse or better.
struct Pair<'a> {
    now: &'a Checked,
    change: Change,
    worse: f64,
    better: f64,
}

/// Compares an outcome with the one of before; what only one of them has is left out.
pub fn against(now: &Outcome, before: &Outcome, tolerance: f64) -> Baseline {
    let paired = now.seed == before.seed;
    let earlier: Vec<&Checked> = figures(before).collect();
    let mut pairs: Vec<Pair> = Vec::new();
    for it in figures(now) {
        let known = pairs.iter().any(|pair| same(pair.now, it));
        if let Some(earlier) = earlier.iter().find(|other| same(it, other)).filter(|_| !known) {
            pairs.extend(compare(it, earlier, paired, tolerance));
        }
    }
    let mut p: Vec<(usize, Verdict, f64)> = Vec::new();
    for (i, pair) in pairs.iter().enumerate() {
        p.push((i, Verdict::Worse, pair.worse));
        p.push((i, Verdict::Better, pair.better));
    }
    p.sort_by(|a, b| a.2.total_cmp(&b.2));
    let tests = p.len();
    for (rank, (i, verdict, chance)) in p.into_iter().enumerate() {
        if chance > SIGNIFICANCE / (tests - rank) as f64 {
            break;
        }
        pairs[i].change.verdict = verdict;
    }
    let changes = pairs.into_iter().map(|it| it.change).collect();
    Baseline {
        version: before.version.clone(),
        paired,
        significance: SIGNIFICANCE,
        tolerance,
        changes,
    }
}

/// The figures of single designs: a difference of two depends on both.
fn figures(outcome: &Outcome) -> impl Iterator<Item = &Checked> {
    let all = outcome.expectations.iter().flat_map(|it| &it.points);
    all.filter(|it| it.against.is_none() && it.values.len() > 1)
}

fn same(a: &Checked, b: &Checked) -> bool {
    (&a.model, &a.factors, &a.fault, &a.metric) == (&b.model, &b.factors, &b.fault, &b.metric)
        && a.day == b.day
        && (a.day.is_some() || a.users == b.users)
}

/// Compares one figure. Higher than before counts as worse where less is wanted, else as better.
fn compare<'a>(
    now: &'a Checked,
    before: &Checked,
    paired: bool,
    tolerance: f64,
) -> Option<Pair<'a>> {
    let aim = aim(&now.metric)?;
    let (a, b) = (&now.values, &before.values);
    // Means of antithetic pairs are not paired with single runs.
    let paired = paired && runs_each(now) == runs_each(before);
    let n = a.len().min(b.len());
    let sign = if aim == Aim::Lower { 1.0 } else { -1.0 };
    let (mean_b, wide) = (mean(b), tolerance);
    let chance = |factor: f64| -> Option<Sides> {
        let scaled: Vec<f64> = b.iter().map(|it| it * factor).collect();
        match paired {
            true => {
                let less: Vec<f64> = a.iter().zip(&scaled).map(|(a, b)| sign * (a - b)).collect();
                sides(&less[..n])
            }
            false => welch_sides(a, &scaled).map(|it| if sign > 0.0 { it } else { it.turned() }),
        }
    };
    // Worse means beyond what is tolerated on the one side, better on the other; of what is wanted
    // high a share of the value before is allowed to be missing.
    let span = sign * wide * if mean_b < 0.0 { -1.0 } else { 1.0 };
    let worse = chance(1.0 + span)?.not_above;
    let better = chance(1.0 - span)?.not_below;
    let difference = match paired {
        true => stats::paired(&a[..n], &b[..n], aim, CONFIDENCE),
        false => stats::unpaired(a, b, aim, CONFIDENCE),
    }?;
    let unit = now.estimate.and_then(|it| it.unit);
    let estimate = |values: &[f64]| -> Option<Estimate> {
        stats::Estimate::from_replications(values, CONFIDENCE).map(|it| told(&it, unit))
    };
    let change = Change {
        place: crate::report::checked::place(now),
        metric: now.metric.clone(),
        before: estimate(b)?,
        now: estimate(a)?,
        difference: told(&difference.difference, unit),
        verdict: Verdict::CannotTell,
    };
    Some(Pair { now, change, worse, better })
}

/// How many runs each value is of.
fn runs_each(it: &Checked) -> u32 {
    it.replications / (it.values.len() as u32).max(1)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Expectation, Kept, Unit, Verb};
    use indexmap::IndexMap;

    fn outcome(seed: u64, figures: &[(&str, &[f64])]) -> Outcome {
        let mut outcome = Outcome::new(Verb::Check, "a", "", seed);
        let mut expectation = Expectation::new("a", Kept::Pass);
        for (metric, values) in figures {
            expectation.points.push(Checked {
                model: "m".to_owned(),
                factors: IndexMap::new(),
                day: None,
                users: None,
                fault: None,
                against: None,
                metric: (*metric).to_owned(),
                estimate: Some(Estimate::new(1.0, None, 0.95, Unit::Seconds)),
                verdict: Kept::Pass,
                why: String::new(),
                replications: values.len() as u32,
                values: values.to_vec(),
            });
        }
        outcome.expectations.push(expectation);
        outcome
    }

    const BEFORE: [f64; 5] = [1.0, 1.4, 0.8, 1.1, 0.9];

    #[test]
    fn pairs_tell_what_welch_cannot() {
        let slower = BEFORE.map(|it| it * 1.1 + 0.001 * (it - 1.0).abs());
        let figures: &[(&str, &[f64])] = &[("page.response.p95", &slower)];
        let before: &[(&str, &[f64])] = &[("page.response.p95", &BEFORE)];
        let verdict = |seed: u64, tolerance: f64| {
            against(&outcome(seed, figures), &outcome(7, before), tolerance).changes[0].verdict
        };
        assert_eq!(verdict(7, 0.05), Verdict::Worse);
        assert_eq!(verdict(7, 0.2), Verdict::CannotTell, "within what is tolerated");
        assert_eq!(verdict(8, 0.05), Verdict::CannotTell, "other luck");
    }

    #[test]
    fn less_of_what_is_wanted_is_worse_and_more_is_better() {
        let pairs: &[(&str, &[f64])] =
            &[("page.goodput", &[50.0, 51.0, 50.5]), ("headroom", &[0.5, 0.52, 0.51])];
        let before: &[(&str, &[f64])] =
            &[("page.goodput", &[80.0, 81.0, 80.2]), ("headroom", &[0.2, 0.21, 0.19])];
        for seed in [7, 8] {
            let found = against(&outcome(seed, pairs), &outcome(7, before), 0.05);
            let verdicts: Vec<Verdict> = found.changes.iter().map(|it| it.verdict).collect();
            assert_eq!(verdicts, [Verdict::Worse, Verdict::Better], "seed {seed}");
        }
    }

    #[test]
    fn of_many_figures_that_did_not_change_hardly_any_is_called_changed() {
        // 200 comparisons of 40 figures each, all by luck alone.
        let mut state = 1u64;
        let mut draw = || {
            (0..12)
                .map(|_| {
                    state =
                        state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (state >> 40) as f64 / (1u64 << 24) as f64
                })
                .sum::<f64>()
        };
        let mut wrong = 0;
        for _ in 0..200 {
            let names: Vec<String> = (0..40).map(|it| format!("c{it}.response.p95")).collect();
            let mut values = || -> Vec<Vec<f64>> {
                (0..40).map(|_| (0..6).map(|_| 20.0 + draw()).collect()).collect()
            };
            let (a, b) = (values(), values());
            let of = |values: &[Vec<f64>], seed: u64| {
                let figures: Vec<(&str, &[f64])> =
                    names.iter().zip(values).map(|(n, v)| (n.as_str(), v.as_slice())).collect();
                outcome(seed, &figures)
            };
            let found = against(&of(&a, 7), &of(&b, 8), 0.0);
            wrong += i32::from(found.changes.iter().any(|it| it.verdict != Verdict::CannotTell));
        }
        // Ten of 200 are allowed, and four standard errors of three more.
        assert!(wrong <= 22, "{wrong} of 200");
    }
}
