//! Expectations: what must hold, tested with a stated confidence, for as long as it takes.
//!
//! Every claim is judged after the first round, after twice as many replications, and so on to the
//! most that are allowed; the looks share the error that is allowed ([`crate::stats::sequential`]).
//! What has been told stays told, and only points that something is still open about go on.

mod claims;
pub mod file;
mod judge;

pub use claims::aim;

use super::conduct::{
    Conducted, Progress, Round, Settings, Trouble, before, conduct_rounds, with_those_before,
};
use super::design::{Design, Source, designs};
use super::file::Experiment;
use super::point::{Point, points};
use super::summary::{self, CONFIDENCE, told};
use super::trial::{Figure, trial};
use super::{Title, outcome_of};
use crate::model::Document;
use crate::outcome::{Checked, Expectation, Kept, Outcome, Point as Reported};
use crate::problem::{Findings, Problem};
use crate::sim::Plan;
use crate::stats::sequential::Looks;
use crate::stats::{Estimate, paired};
use crate::units::Span;
use claims::{Claim, Ground, Subject, What};
use judge::{Judged, Values, judge, whole};

/// An experiment with its claims, ready to be run.
pub struct Gate {
    pub designs: Vec<Design>,
    /// Only those that a claim speaks of.
    pub points: Vec<Point>,
    claims: Vec<Claim>,
}

/// Everything that is claimed, and what must be simulated for it; or everything that is wrong with it.
pub fn gate(
    experiment: &Experiment,
    document: &Document,
    sources: &[Source],
) -> Result<Gate, Vec<Problem>> {
    let mut all = designs(experiment, document, sources, false)?;
    let as_they_are = all.len();
    if experiment.expect.iter().any(|it| it.names_levels()) {
        all.extend(designs(experiment, document, sources, true)?);
    }
    let mut findings = Findings::default();
    let mut simulated = points(experiment, &all, &mut findings);
    if !findings.is_empty() {
        return Err(document.problems(findings.into_vec()));
    }
    let probe = |point: &Point| measured(point, &all[point.design]);
    let ground = Ground { experiment, designs: &all, as_they_are, probe: &probe };
    let mut claims = ground.claims(&mut simulated, &mut findings);
    if !findings.is_empty() {
        return Err(document.problems(findings.into_vec()));
    }
    let points = spoken_of(simulated, &mut claims);
    Ok(Gate { designs: all, points, claims })
}

/// What is measured at a point: a run of a nanosecond has all figures, though no values.
pub fn measured(point: &Point, design: &Design) -> Vec<Figure> {
    let nanosecond = Span::from_nanos(1);
    let plan = Plan {
        seed: 0,
        replication: 0,
        in_pairs: false,
        warm_up: Span::ZERO,
        window: nanosecond,
        slice: nanosecond,
        events_max: u64::MAX,
    };
    trial(point, design, &plan).map(|it| it.figures).unwrap_or_default()
}

/// Leaves out the points that no claim speaks of, and that none of these begins with.
fn spoken_of(points: Vec<Point>, claims: &mut [Claim]) -> Vec<Point> {
    let mut place = vec![None; points.len()];
    let subjects = || claims.iter().flat_map(|it| &it.subjects);
    let spoken = subjects().flat_map(|it| [Some(it.point), it.against]).flatten().collect();
    for i in with_those_before(spoken, &before(&points)) {
        place[i] = Some(0);
    }
    for (new, slot) in place.iter_mut().flatten().enumerate() {
        *slot = new;
    }
    let moved = |i: usize| place[i].unwrap_or_default();
    for subject in claims.iter_mut().flat_map(|it| &mut it.subjects) {
        *subject = Subject { point: moved(subject.point), against: subject.against.map(moved) };
    }
    points.into_iter().zip(&place).filter(|it| it.1.is_some()).map(|it| it.0).collect()
}

impl Gate {
    /// Runs what is needed, and tells what holds.
    pub fn run(
        &self,
        title: Title,
        settings: &Settings,
        progress: &dyn Progress,
    ) -> Result<Outcome, Trouble> {
        let min = settings.replications.min;
        let looks = Looks::doubling(min, settings.replications.max.unwrap_or(min));
        let open = |it: &Claim| it.subjects.iter().map(|_| Judged::open()).collect::<Vec<_>>();
        let mut judged: Vec<Vec<Judged>> = self.claims.iter().map(open).collect();
        let mut look = 0;
        let next = &mut |conducted: &[Conducted]| {
            if look > 0 {
                self.look(look - 1, &looks, conducted, &mut judged);
            }
            let wanting = self.wanting(&judged);
            let Some(count) = looks.counts().get(look).filter(|_| !wanting.is_empty()) else {
                return Ok(None);
            };
            let done = conducted[wanting[0]].trials.len() as u32;
            look += 1;
            Ok(Some(Round { points: wanting, more: count - done }))
        };
        let conducted = conduct_rounds(&self.designs, &self.points, settings, progress, next)?;
        let reported = self.points.iter().zip(&conducted);
        let reported: Vec<Reported> = reported
            .map(|(point, it)| summary::reported(point, &self.designs[point.design], it))
            .collect();
        let told = self.claims.iter().zip(&judged);
        let told = told.map(|(claim, judged)| self.told(claim, judged, &conducted, &reported));
        let expectations = told.collect();
        Ok(Outcome { expectations, ..outcome_of(title, settings.seed, reported) })
    }

    /// Judges what is open, with what is known by now.
    fn look(
        &self,
        look: usize,
        looks: &Looks,
        conducted: &[Conducted],
        judged: &mut [Vec<Judged>],
    ) {
        for (claim, judged) in self.claims.iter().zip(judged) {
            if whole(judged) != Kept::CannotTell {
                continue;
            }
            for (subject, judged) in claim.subjects.iter().zip(judged) {
                if judged.verdict == Kept::CannotTell {
                    *judged = judge(claim, subject, look, looks, &self.points, conducted);
                }
            }
        }
    }

    /// The points that something is open about.
    fn wanting(&self, judged: &[Vec<Judged>]) -> Vec<usize> {
        let mut wanted = vec![false; self.points.len()];
        let open = self.claims.iter().zip(judged).filter(|it| whole(it.1) == Kept::CannotTell);
        let subjects = open.flat_map(|(claim, judged)| claim.subjects.iter().zip(judged));
        for (subject, _) in subjects.filter(|it| it.1.verdict == Kept::CannotTell) {
            wanted[subject.point] = true;
            if let Some(against) = subject.against {
                wanted[against] = true;
            }
        }
        let wanted = (0..wanted.len()).filter(|i| wanted[*i]).collect();
        with_those_before(wanted, &before(&self.points))
    }

    fn told(
        &self,
        claim: &Claim,
        judged: &[Judged],
        conducted: &[Conducted],
        reported: &[Reported],
    ) -> Expectation {
        let verdict = whole(judged);
        let open = judged.iter().filter(|it| it.verdict == Kept::CannotTell);
        // All of them must be told before the whole can be, unless one of them fails before.
        let needed: Option<Vec<u32>> = open.map(|it| it.needed).collect();
        let needed = needed.and_then(|it| it.into_iter().max());
        let points = claim.subjects.iter().zip(judged);
        Expectation {
            text: claim.text.clone(),
            about: claim.about.clone(),
            verdict,
            confidence: Some(1.0 - claim.error),
            replications_needed: needed.filter(|_| verdict == Kept::CannotTell).map(u64::from),
            points: points
                .map(|(subject, judged)| self.checked(claim, subject, judged, conducted, reported))
                .collect(),
        }
    }

    fn checked(
        &self,
        claim: &Claim,
        subject: &Subject,
        judged: &Judged,
        conducted: &[Conducted],
        reported: &[Reported],
    ) -> Checked {
        let point = &reported[subject.point];
        let values = |i: usize| Values::of(&self.points[i], &conducted[i], &claim.metric).all();
        let own = values(subject.point).unwrap_or_default();
        let unit = |i: usize| reported[i].metrics.get(&claim.metric).and_then(|it| it.unit);
        let estimate = match (claim.what, subject.against) {
            (What::Better { aim, .. }, Some(against)) => {
                let other = values(against).unwrap_or_default();
                let n = own.len().min(other.len());
                let difference = paired(&own[..n], &other[..n], aim, CONFIDENCE);
                difference.map(|it| told(&it.difference, unit(subject.point)))
            }
            _ => point.metrics.get(&claim.metric).copied().or_else(|| {
                Estimate::from_replications(&own, CONFIDENCE).map(|it| told(&it, None))
            }),
        };
        let why = match (&point.overloaded, judged.why.as_str()) {
            (Some(overload), "overloaded") => format!("overloaded by {}", overload.by),
            (_, why) => why.to_owned(),
        };
        Checked {
            model: point.model.clone(),
            factors: point.factors.clone(),
            day: point.day,
            users: point.users,
            fault: point.fault.as_ref().map(|it| it.what.clone()),
            against: subject.against.map(|it| reported[it].model.clone()),
            metric: claim.metric.clone(),
            estimate,
            verdict: judged.verdict,
            why,
            replications: point.replications,
            values: own,
        }
    }
}
