//! Verdicts on claims, look by look.
//!
//! A claim of several points holds if it holds at each of them, and fails if it fails at one. So that
//! it holds may be told when each point passes its own test at the full level (an intersection-union
//! test: R. L. Berger, Technometrics 24, 1982); that it fails at some point is told at a level divided
//! by their number (Bonferroni). Where it is enough that something holds at one point of a group, it is
//! the other way round within the group: what holds is told at a level divided by their number, and that
//! nothing does when each fails its own test. Either way the claim is judged wrongly with no more than its
//! error.

use super::super::conduct::Conducted;
use super::super::point::{Part, Point};
use super::super::story::trials_of;
use super::super::summary::Steadiness;
use super::super::trial::{Figure, Trial};
use super::super::values::replications_each;
use super::bounds::aim;
use super::claims::{Claim, Subject, What, together};
use crate::outcome::Kept;
use crate::stats::Aim;
use crate::stats::sequential::{Looks, Sides, more_or_less_than_half, needed, sides_of_skewed};
use crate::stats::skewness::skewness;
use std::borrow::Cow;

/// What has been told of a claim at one of its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub verdict: Kept,
    /// Why there is no figure, or none that could tell.
    pub why: String,
    /// How many replications would tell, where it could not be told and more would help.
    pub needed: Option<u32>,
}

impl Judged {
    pub fn open() -> Judged {
        Judged { verdict: Kept::CannotTell, why: String::new(), needed: None }
    }

    fn known(holds: bool, why: String) -> Judged {
        let verdict = if holds { Kept::Pass } else { Kept::Fail };
        Judged { verdict, why, needed: None }
    }

    fn mute(why: String) -> Judged {
        Judged { why, ..Judged::open() }
    }
}

/// The claim as a whole: something must hold in each of its groups.
pub fn whole(claim: &Claim, judged: &[Judged]) -> Kept {
    let mut rest = judged;
    let groups = claim.subjects.chunk_by(together).map(|group| {
        let (own, others) = rest.split_at(group.len());
        rest = others;
        of_group(own)
    });
    let groups: Vec<Kept> = groups.collect();
    match groups.as_slice() {
        all if all.contains(&Kept::Fail) => Kept::Fail,
        all if all.iter().all(|it| *it == Kept::Pass) => Kept::Pass,
        _ => Kept::CannotTell,
    }
}

/// A group, in which one that holds is enough.
pub fn of_group(judged: &[Judged]) -> Kept {
    match judged {
        all if all.iter().any(|it| it.verdict == Kept::Pass) => Kept::Pass,
        all if all.iter().all(|it| it.verdict == Kept::Fail) => Kept::Fail,
        _ => Kept::CannotTell,
    }
}

/// A metric at one place over its replications.
pub struct Values<'a> {
    point: &'a Point,
    part: Part,
    trials: Cow<'a, [Trial]>,
    steadiness: Steadiness,
    metric: &'a str,
}

impl<'a> Values<'a> {
    pub fn of(
        point: &'a Point,
        part: Part,
        conducted: &'a Conducted,
        metric: &'a str,
    ) -> Values<'a> {
        let trials = trials_of(point, part, &conducted.trials).unwrap_or_default();
        let steadiness = Steadiness::of_part(point, part, &trials);
        Values { point, part, trials, steadiness, metric }
    }

    fn figures(&self) -> impl Iterator<Item = Option<&Figure>> {
        let place = self
            .trials
            .first()
            .and_then(|it| it.figures.iter().position(|it| it.name == self.metric));
        self.trials.iter().map(move |it| place.map(|place| &it.figures[place]))
    }

    /// One for each replication; none where it has no value.
    pub fn each(&self) -> Vec<Option<f64>> {
        self.figures().map(|it| it.and_then(|it| self.steadiness.chosen(it))).collect()
    }

    /// All of them that are independent, as they are estimated, if each has one.
    pub fn all(&self) -> Option<Vec<f64>> {
        self.steadiness.values_of(&self.trials, self.metric)
    }

    fn too_short(&self) -> bool {
        self.steadiness.too_short(&self.trials, self.metric)
    }

    /// Whether what has no value is worse than any: it would grow as long as one looks, or does not
    /// come to its end.
    fn is_endless(&self) -> bool {
        let missing = || self.figures().flatten().filter(|it| self.steadiness.chosen(it).is_none());
        let grows = |it: &Figure| it.steady.is_some_and(|of| !self.steadiness.holds(of));
        let fails = self.point.fault_of(self.part).is_some();
        let overloaded = !fails && missing().any(grows);
        let lasts = fails && self.metric == "recovery";
        aim(self.metric) == Some(Aim::Lower) && (overloaded || lasts)
    }

    /// Why some replications have no value.
    fn why(&self) -> String {
        let without = self.each().iter().filter(|it| it.is_none()).count();
        match self.is_endless() {
            true if self.metric == "recovery" => {
                format!("{without} of {} runs do not recover", self.trials.len())
            }
            true => "overloaded".to_owned(),
            false => {
                format!("{without} of {} runs have no value: too few requests", self.trials.len())
            }
        }
    }

    /// Whether it is a mean or a quantile of responses.
    fn is_response(&self) -> bool {
        // Of parts no more is known of a figure than its value.
        let of_part = self.part != Part::Whole && self.metric.contains(".response.");
        of_part || self.figures().flatten().any(|it| it.response.is_some())
    }

    /// How many requests stand behind it, if it is a share of them.
    fn requests(&self) -> u64 {
        self.figures().flatten().filter_map(|it| it.share).map(|it| it.requests).sum()
    }
}

/// What is told at one look of a claim at one of its points.
pub fn judge(
    claim: &Claim,
    subject: &Subject,
    look: usize,
    looks: &Looks,
    points: &[Point],
    conducted: &[Conducted],
) -> Judged {
    let it = judge_values(claim, subject, look, looks, points, conducted);
    let each = replications_each(&conducted[subject.place.point].trials) as u32;
    Judged { needed: it.needed.map(|values| each * values), ..it }
}

/// The same, where `needed` is a number of independent values.
fn judge_values(
    claim: &Claim,
    subject: &Subject,
    look: usize,
    looks: &Looks,
    points: &[Point],
    conducted: &[Conducted],
) -> Judged {
    let Subject { place, metric, .. } = subject;
    let values = |i: usize| Values::of(&points[i], place.part, &conducted[i], metric);
    let levels = |share: f64| Levels {
        holds: claim.error * share / claim.group_of(subject) as f64,
        fails: claim.error * share / claim.groups() as f64,
    };
    let (now, last) = (levels(looks.share(look)), levels(looks.last_share()));
    let own = values(place.point);
    match (subject.what, subject.against) {
        (What::Bound { word, bound }, _) => {
            let Some(all) = own.all() else {
                return match own.is_endless() {
                    true => Judged::known(word.is_lower(), own.why()),
                    false => Judged::mute(own.why()),
                };
            };
            if all.iter().all(|it| *it == bound) && all.len() > 1 {
                return Judged::known(word.includes(), String::new());
            }
            let sign = if word.is_lower() { 1.0 } else { -1.0 };
            let margins: Vec<f64> = all.iter().map(|it| sign * (it - bound)).collect();
            // Of responses it is known that they are skewed, and how much is gained by looking at it.
            let skewness = if own.is_response() { skewness(&margins) } else { 0.0 };
            let told = told(&doubted(margins, own.too_short()), skewness, &now, &last);
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            match own.requests() {
                // All or none of them: nothing varies, and yet it is no certainty.
                requests if requests > 0 && (mean == 0.0 || mean == 1.0) => {
                    all_or_none(told, bound, mean, requests, &now, all.len() as u32)
                }
                _ => told,
            }
        }
        (What::Absent, _) => {
            // Of antithetic pairs the first, since one of the two tells of the other.
            let first = own.each().into_iter().step_by(replications_each(&own.trials));
            let each: Vec<Option<f64>> = first.collect();
            let without = each.iter().filter(|it| it.is_none()).count();
            let sides = more_or_less_than_half(without, each.len());
            let why = format!("absent in {without} of {} runs", each.len());
            Judged { why, ..verdict(&sides, &now) }
        }
        (What::Better { aim, by }, Some(against)) => {
            let other = values(against);
            let (Some(a), Some(b)) = (own.all(), other.all()) else {
                return match (own.is_endless(), other.is_endless()) {
                    (true, false) if other.all().is_some() => Judged::known(false, own.why()),
                    (false, true) if own.all().is_some() => {
                        Judged::known(true, format!("the other: {}", other.why()))
                    }
                    (true, true) => Judged::mute("neither has a value".to_owned()),
                    (_, true) | (_, false) => {
                        Judged::mute(if own.all().is_none() { own.why() } else { other.why() })
                    }
                };
            };
            let margin = |(a, b): (&f64, &f64)| match aim {
                Aim::Lower => b * (1.0 - by) - a,
                Aim::Higher => a - b * (1.0 + by),
            };
            let margins: Vec<f64> = a.iter().zip(&b).map(margin).collect();
            if margins.iter().all(|it| *it == 0.0) && margins.len() > 1 {
                return Judged::known(false, "the same in every run".to_owned());
            }
            // What both meet alike, as crowds of long responses, is no part of how they differ.
            told(&margins, 0.0, &now, &last)
        }
        (What::Better { .. }, None) => Judged::open(),
    }
}

/// What a test may err at one look.
struct Levels {
    holds: f64,
    fails: f64,
}

/// Intervals about figures of runs that are too short hold the truth less often than they say: nothing is told of
/// them but where it would be told of margins that vary so many times as much.
const DOUBT: f64 = 3.0;

fn doubted(margins: Vec<f64>, too_short: bool) -> Vec<f64> {
    if !too_short {
        return margins;
    }
    let mean = margins.iter().sum::<f64>() / margins.len() as f64;
    margins.into_iter().map(|it| mean + DOUBT * (it - mean)).collect()
}

/// By the sign of the mean margin, where margins have this skewness.
fn told(margins: &[f64], skewness: f64, now: &Levels, last: &Levels) -> Judged {
    let Some(sides) = sides_of_skewed(margins, skewness) else {
        return Judged::mute("one run tells nothing".to_owned());
    };
    let judged = verdict(&sides, now);
    if judged.verdict != Kept::CannotTell {
        return judged;
    }
    let level = if sides.not_above < sides.not_below { last.holds } else { last.fails };
    Judged { needed: needed(margins, skewness, level), ..judged }
}

fn verdict(sides: &Sides, levels: &Levels) -> Judged {
    match sides {
        it if it.not_above <= levels.holds => Judged::known(true, String::new()),
        it if it.not_below <= levels.fails => Judged::known(false, String::new()),
        _ => Judged::open(),
    }
}

/// What t-tests say of values that never vary is told only where so many requests rule out the bound:
/// with all of n alike, a share of exceptions of p or more has a chance of at most (1 − p)ⁿ.
fn all_or_none(
    told: Judged,
    bound: f64,
    mean: f64,
    requests: u64,
    levels: &Levels,
    replications: u32,
) -> Judged {
    let exceptions = (bound - mean).abs().min(1.0);
    let level = if told.verdict == Kept::Fail { levels.fails } else { levels.holds };
    // 1 − p to the power of n is at most the level.
    let wanted = libm::log(level) / libm::log1p(-exceptions);
    if told.verdict == Kept::CannotTell || wanted <= requests as f64 {
        return told;
    }
    let each = requests as f64 / f64::from(replications);
    let needed = (wanted / each).ceil();
    let why = format!("the same in all of {requests} requests, which are too few to tell");
    Judged { needed: (needed < 1e5).then_some(needed as u32), ..Judged::mute(why) }
}
