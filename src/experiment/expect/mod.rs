//! Expectations: what must hold, tested with a stated confidence, for as long as it takes.
//!
//! Every claim is judged after the first round, after twice as many replications, and so on to the
//! most that are allowed; the looks share the error that is allowed ([`crate::stats::sequential`]).
//! What has been told stays told, and only points that something is still open about go on.

mod bounds;
mod breaks;
mod claims;
pub mod file;
mod judge;
mod places;

pub use bounds::aim;

use super::conduct::{
    Conducted, Progress, Round, Settings, Trouble, before, conduct_rounds, with_those_before,
};
use super::design::{Design, Source, designs};
use super::file::Experiment;
use super::point::{Part, Point, points};
use super::story::{Told, trials_of};
use super::summary::{CONFIDENCE, told};
use super::trial::{Figure, trial};
use super::{Title, outcome_of};
use crate::model::Document;
use crate::outcome::{Checked, Expectation, Kept, Outcome};
use crate::problem::{Findings, Problem};
use crate::sim::Plan;
use crate::stats::sequential::Looks;
use crate::stats::{Estimate, paired};
use crate::units::Span;
use claims::{Claim, Ground, Subject, What, together};
use judge::{Judged, Values, judge, of_group, whole};
use places::Place;

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
    let probe = |point: &Point, place: Place| measured(point, place.part, &all[point.design]);
    let ground = Ground { experiment, designs: &all, as_they_are, probe: &probe };
    let mut claims = ground.claims(&mut simulated, &mut findings);
    if !findings.is_empty() {
        return Err(document.problems(findings.into_vec()));
    }
    let points = spoken_of(simulated, &mut claims);
    Ok(Gate { designs: all, points, claims })
}

/// What is measured at a part of a point: a run of a nanosecond has all figures, though no values.
pub fn measured(point: &Point, part: Part, design: &Design) -> Vec<Figure> {
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
    let Ok(trial) = trial(point, design, &plan) else { return Vec::new() };
    // A run of no length is all in the first day.
    let part = if let Part::Day(_) = part { Part::Day(0) } else { part };
    let own = trials_of(point, part, std::slice::from_ref(&trial));
    own.and_then(|it| Some(it.first()?.figures.clone())).unwrap_or_default()
}

/// Leaves out the points that no claim speaks of, and that none of these begins with.
fn spoken_of(points: Vec<Point>, claims: &mut [Claim]) -> Vec<Point> {
    let mut place = vec![None; points.len()];
    let subjects = || claims.iter().flat_map(|it| &it.subjects);
    let spoken = subjects().flat_map(|it| [Some(it.place.point), it.against]).flatten().collect();
    for i in with_those_before(spoken, &before(&points)) {
        place[i] = Some(0);
    }
    for (new, slot) in place.iter_mut().flatten().enumerate() {
        *slot = new;
    }
    let moved = |i: usize| place[i].unwrap_or_default();
    for subject in claims.iter_mut().flat_map(|it| &mut it.subjects) {
        subject.place.point = moved(subject.place.point);
        subject.against = subject.against.map(moved);
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
        let reported: Vec<Told> =
            reported.map(|(point, it)| Told::of(point, &self.designs[point.design], it)).collect();
        let told = self.claims.iter().zip(&judged);
        let told = told.map(|(claim, judged)| self.told(claim, judged, &conducted, &reported));
        let expectations = told.collect();
        let points = reported.into_iter().flat_map(Told::into_points).collect();
        Ok(Outcome { expectations, ..outcome_of(title, settings.seed, points) })
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
            if whole(claim, judged) != Kept::CannotTell {
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
        let open = self.claims.iter().zip(judged);
        let open = open.filter(|(claim, judged)| whole(claim, judged) == Kept::CannotTell);
        for (subject, _) in open.flat_map(|(claim, judged)| open_in(claim, judged)) {
            wanted[subject.place.point] = true;
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
        reported: &[Told],
    ) -> Expectation {
        let verdict = whole(claim, judged);
        // All of them must be told before the whole can be, unless one of them decides it before.
        let needed: Option<Vec<u32>> = open_in(claim, judged).map(|it| it.1.needed).collect();
        let needed = needed.and_then(|it| it.into_iter().max());
        let points = claim.subjects.iter().zip(judged);
        Expectation {
            text: claim.text.clone(),
            about: claim.about.clone(),
            verdict,
            confidence: Some(1.0 - claim.error),
            replications_needed: needed.filter(|_| verdict == Kept::CannotTell).map(u64::from),
            points: points
                .map(|(subject, judged)| self.checked(subject, judged, conducted, reported))
                .collect(),
        }
    }

    fn checked(
        &self,
        subject: &Subject,
        judged: &Judged,
        conducted: &[Conducted],
        reported: &[Told],
    ) -> Checked {
        let Subject { place, metric, .. } = subject;
        let point = reported[place.point].part(place.part);
        let values =
            |i: usize| Values::of(&self.points[i], place.part, &conducted[i], metric).all();
        let own = values(place.point).unwrap_or_default();
        let unit = || point.metrics.get(metric).and_then(|it| it.unit);
        let estimate = match (subject.what, subject.against) {
            (What::Better { aim, .. }, Some(against)) => {
                let other = values(against).unwrap_or_default();
                let n = own.len().min(other.len());
                let difference = paired(&own[..n], &other[..n], aim, CONFIDENCE);
                difference.map(|it| told(&it.difference, unit()))
            }
            _ => point.metrics.get(metric).copied().or_else(|| {
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
            against: subject.against.map(|it| reported[it].whole.model.clone()),
            metric: metric.clone(),
            estimate,
            verdict: judged.verdict,
            why,
            replications: point.replications,
            values: own,
        }
    }
}

/// What is open of groups that are not told yet.
fn open_in<'a>(
    claim: &'a Claim,
    judged: &'a [Judged],
) -> impl Iterator<Item = (&'a Subject, &'a Judged)> {
    let mut rest = judged;
    claim
        .subjects
        .chunk_by(together)
        .map(move |group| {
            let (own, others) = rest.split_at(group.len());
            rest = others;
            (group, own)
        })
        .filter(|it| of_group(it.1) == Kept::CannotTell)
        .flat_map(|(group, own)| group.iter().zip(own))
        .filter(|it| it.1.verdict == Kept::CannotTell)
}
