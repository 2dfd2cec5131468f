//! Running an experiment whose levels are added to: round after round, until no more are wanted.

use super::order::Order;
use super::refine::{Axis, Wanted, added, groups};
use super::{DESIGNS_MAX, Design, Source, designs_at};
use crate::experiment::conduct::{Conducted, Progress, Settings, Trouble, conduct};
use crate::experiment::file::Experiment;
use crate::experiment::find::Stuck;
use crate::experiment::point::{POINTS_MAX, Point, points, points_of};
use crate::model::Document;
use crate::outcome::{level_number, level_text};
use crate::problem::{Code, Findings};
use crate::sim::Failure;
use serde_json::Value;

/// An experiment whose levels may be added to.
pub struct Refinement<'a> {
    pub experiment: &'a Experiment,
    pub document: &'a Document,
    pub sources: &'a [Source],
    pub settings: &'a Settings,
    pub progress: &'a dyn Progress,
}

/// How a refinement ended though levels were still wanted.
pub struct Ended {
    /// What levels were added to.
    pub path: String,
    /// The levels that were wanted, the smallest first.
    pub wanted: Vec<String>,
    /// Why they were not run.
    pub why: Stuck,
    /// The points that `why` speaks of.
    pub points: Vec<Point>,
}

/// Some designs with their points, and what was run of these.
pub type Ran = (Vec<Design>, Vec<Point>, Vec<Conducted>);

/// Refuses what is known to be impossible before anything is run: more designs or points than there may
/// be once as many levels are added as are asked for, and levels that a model cannot have.
pub fn check_refinement(
    experiment: &Experiment,
    document: &Document,
    sources: &[Source],
    designs: &[Design],
    findings: &mut Findings,
) {
    let Some(axis) = Axis::of(experiment) else { return };
    let mut wrong = |key: &str, code, rule: String, mend: String| {
        findings.inside("vary", |it| {
            it.inside(axis.key, |it| {
                it.inside("refine", |it| it.wrong_at(key, code, rule, mend));
            });
        });
    };
    if let Some((rule, mend)) = too_many(&axis, experiment, designs) {
        wrong("points", Code::E012, rule, mend);
    } else if let Some(why) = impossible(&axis, experiment, document, sources, designs) {
        wrong("within", Code::E007, why, "write \"whole\": true beside it".to_owned());
    }
}

/// Whether as many levels as may be added make more designs or points than there may be.
fn too_many(axis: &Axis, experiment: &Experiment, designs: &[Design]) -> Option<(String, String)> {
    let groups = groups(axis, designs);
    let beyond = |what: &str, most: u64, weight: &dyn Fn(&Design) -> u64| {
        let others = designs.iter().filter(|it| !it.factors.contains_key(axis.path));
        let others = others.map(weight).fold(0, u64::saturating_add);
        let each = groups.iter().map(|it| weight(&designs[it[0]])).fold(0, u64::saturating_add);
        let levels = u64::from(axis.refine.points);
        let total = others.saturating_add(each.saturating_mul(levels));
        let rule = format!("{levels} levels come to {total} {what}; at most {most} can be run");
        let mend = match most.saturating_sub(others) / each.max(1) {
            fit if fit > groups.first()?.len() as u64 => format!("\"points\": {fit}"),
            _ => "vary less at a time".to_owned(),
        };
        (total > most).then_some((rule, mend))
    };
    beyond("combinations", DESIGNS_MAX as u64, &|_| 1)
        .or_else(|| beyond("points", POINTS_MAX, &|it| points_of(experiment, it)))
}

/// Why a level that may come to be added is none that the model can have, such as half a worker.
fn impossible(
    axis: &Axis,
    experiment: &Experiment,
    document: &Document,
    sources: &[Source],
    designs: &[Design],
) -> Option<String> {
    let first = designs.iter().find(|it| it.factors.contains_key(axis.path))?;
    let number = |it: &Value| level_number(it).map(|it| it.0);
    let levels = axis.range.evenly();
    let (low, mut high) = (number(levels.first()?)?, number(levels.get(1)?)?);
    let fraction = loop {
        let middle = axis.middle(low, high)?;
        high = number(&middle)?;
        if high.fract() != 0.0 {
            break middle;
        }
    };
    let mut factors = first.factors.clone();
    factors.insert(axis.path.to_owned(), fraction.clone());
    let wanted = Wanted { model: first.name().to_owned(), factors };
    let problems = designs_at(experiment, document, sources, &[wanted]).err()?;
    let why = &problems.first()?.rule;
    Some(format!("{} would come to be {}: it {why}", axis.path, level_text(&fraction)))
}

impl Refinement<'_> {
    /// Runs all points, and then again and again those that are added. What is added hangs on figures
    /// alone, so that any number of threads adds the same. The designs and points are in the end those
    /// that were run, in the order of their levels; in trouble, those that it is about. What cannot be
    /// added ends it, and what was found before stands.
    pub fn run(
        &self,
        designs: &mut Vec<Design>,
        points: &mut Vec<Point>,
    ) -> Result<(Vec<Conducted>, Option<Ended>), Stuck> {
        let mut spent = expected(points, self.settings);
        let mut conducted =
            conduct(designs, points, self.settings, self.progress).map_err(Stuck::Trouble)?;
        let Some(axis) = Axis::of(self.experiment) else { return Ok((conducted, None)) };
        let order = Order::of(axis.path, designs);
        loop {
            let wanted = added(&axis, designs, points, &conducted);
            if wanted.is_empty() {
                return Ok((conducted, None));
            }
            let mut new = Vec::new();
            match self.round(&wanted, &mut new, &mut spent) {
                Ok(round) => {
                    let before = (std::mem::take(designs), std::mem::take(points), conducted);
                    (*designs, *points, conducted) = order.merged(before, round);
                }
                Err(why) if is_bug(&why) => {
                    *points = new;
                    return Err(why);
                }
                Err(why) => {
                    let wanted = levels(&axis, &wanted);
                    let path = axis.path.to_owned();
                    return Ok((conducted, Some(Ended { path, wanted, why, points: new })));
                }
            }
        }
    }

    /// Runs what is wanted. The points are told in trouble too, which may speak of them.
    fn round(
        &self,
        wanted: &[Wanted],
        told: &mut Vec<Point>,
        spent: &mut f64,
    ) -> Result<Ran, Stuck> {
        let designs = designs_at(self.experiment, self.document, self.sources, wanted)
            .map_err(Stuck::Problems)?;
        let mut findings = Findings::default();
        *told = points(self.experiment, &designs, &mut findings);
        if !findings.is_empty() {
            return Err(Stuck::Problems(self.document.problems(findings.into_vec())));
        }
        let settings = self.left(*spent);
        *spent += expected(told, self.settings);
        let conducted =
            conduct(&designs, told, &settings, self.progress).map_err(Stuck::Trouble)?;
        Ok((designs, std::mem::take(told), conducted))
    }

    /// The same settings with what is left of the events that all runs together may take.
    fn left(&self, spent: f64) -> Settings {
        Settings {
            seed: self.settings.seed,
            replications: self.settings.replications.clone(),
            events_max: self.settings.events_max.saturating_sub(spent as u64),
            keeping: self.settings.keeping.clone(),
        }
    }
}

/// A run that contradicts itself is no end of a refinement.
fn is_bug(why: &Stuck) -> bool {
    matches!(why, Stuck::Trouble(Trouble::GaveUp { failure: Failure::Broken { .. }, .. }))
}

/// Every level that is wanted once, the smallest first.
fn levels(axis: &Axis, wanted: &[Wanted]) -> Vec<String> {
    let mut all: Vec<&Value> = wanted.iter().filter_map(|it| it.factors.get(axis.path)).collect();
    let number = |it: &Value| level_number(it).map_or(0.0, |it| it.0);
    all.sort_by(|a, b| number(a).total_cmp(&number(b)));
    all.dedup();
    all.into_iter().map(level_text).collect()
}

fn expected(points: &[Point], settings: &Settings) -> f64 {
    points.iter().map(Point::certain_events).sum::<f64>() * f64::from(settings.replications.min)
}
