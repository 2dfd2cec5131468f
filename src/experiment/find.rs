//! The smallest value of something for which something holds, sought by halving the range.
//!
//! Every replication is searched on its own: the same luck at every value makes it a single path on
//! which the answer changes once, where a larger value is never milder. So each replication yields
//! a threshold, and their mean has an interval like any other figure.

use super::conduct::{Progress, Settings, Trouble};
use super::design::{Combine, Levels, Source, designs};
use super::file::{Amount, Condition, Experiment, Find, WarmUp};
use super::kept::Site;
use super::point::{Point, points};
use super::summary::{CONFIDENCE, told};
use super::trial::Trial;
use crate::model::Document;
use crate::outcome::Found;
use crate::problem::{Code, Findings, Problem, Segment, parse_path};
use crate::stats;
use rayon::prelude::*;
use serde_json::{Number, Value};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Values on the way from one end of the range to the other, at most.
const VALUES_MAX: f64 = 1e6;

impl Find {
    pub fn check(&self, experiment: &Experiment, findings: &mut Findings) {
        if let Err(why) = parse_path(&self.smallest) {
            findings.wrong_at("smallest", Code::E008, why, "\"faults[0].surge\"");
        }
        let first = parse_path(&self.smallest).ok().and_then(|it| it.into_iter().next());
        // Other keys that both know are those of a model.
        let own = [
            "growth",
            "variants",
            "vary",
            "combine",
            "surface",
            "sensitivity",
            "find",
            "window",
            "warm_up",
            "replications",
            "seed",
        ];
        if first.is_some_and(|it| own.iter().any(|key| it == Segment::from(*key))) {
            let rule = "of an experiment, only what happens in it can be sought";
            findings.wrong_at(
                "smallest",
                Code::E010,
                rule,
                "\"faults[0].surge\", or a path into a model",
            );
        }
        let drawn = experiment.combine != Combine::default() || experiment.sensitivity.is_some();
        if drawn || experiment.vary.values().any(Levels::refined) {
            let rule = "is sought at all combinations of levels, and at no others";
            findings.wrong(
                Code::E010,
                rule,
                "leave \"combine\", \"sensitivity\" and \"refine\" out",
            );
        }
        let varied =
            |path: &String| path.rsplit(':').next().map(str::trim) == Some(&*self.smallest);
        if experiment.vary.keys().any(varied) {
            let rule = "what is sought cannot be varied too";
            findings.wrong_at("smallest", Code::E010, rule, "leave it out of \"vary\"");
        }
        for (key, value) in [("from", self.from), ("to", self.to), ("within", self.within)] {
            if !value.is_finite() || value < 0.0 {
                let rule = format!("must be a number that is not negative, not {value}");
                findings.wrong_at(key, Code::E007, rule, "");
            }
        }
        if self.to <= self.from {
            let rule = format!("must be more than from, {}, not {}", self.from, self.to);
            findings.wrong_at("to", Code::E007, rule, "");
        } else if self.within <= 0.0 || (self.to - self.from) / self.within > VALUES_MAX {
            let rule = format!("must part the range into at most {VALUES_MAX} values");
            findings.wrong_at("within", Code::E012, rule, "a hundredth of the range will do");
        }
        findings.inside("such_that", |it| self.such_that.check(it));
        let story = experiment.growth.as_ref().map(|it| it.sample.warm_up);
        let warm_up = story.or(experiment.warm_up).unwrap_or_default();
        let at_random = experiment.faults.iter().all(|it| it.every.is_some());
        if at_random && matches!(warm_up, WarmUp::Auto(_)) {
            let rule = "a search needs a warm-up that is the same at every value";
            findings.wrong(Code::E004, rule, "write it out: \"warm_up\": \"30s\"");
        }
    }

    fn steps(&self) -> u64 {
        ((self.to - self.from) / self.within).ceil() as u64
    }

    /// The n-th value of the range.
    fn value(&self, n: u64) -> f64 {
        // Rounded, or sums of tenths would be told with all their digits.
        let value = self.from + n as f64 * self.within;
        (value.min(self.to) * 1e9).round() / 1e9
    }

    /// The same, as it would be written in a file.
    fn written(&self, n: u64) -> Value {
        let value = self.value(n);
        match &self.unit {
            Some(unit) => Value::String(format!("{value}{unit}")),
            None if value.fract() == 0.0 && value < 1e15 => Value::from(value as u64),
            None => Number::from_f64(value).map_or(Value::Null, Value::Number),
        }
    }
}

impl Condition {
    fn check(&self, findings: &mut Findings) {
        let given = [self.over.is_some(), self.under.is_some(), self.absent];
        if given.iter().filter(|it| **it).count() != 1 {
            let rule = "give exactly one of over, under and absent";
            findings.wrong(Code::E010, rule, "\"over\": \"100ms\"");
        }
    }

    /// Whether it holds in one run; what has no value is worse than any. None: no such metric.
    fn holds(&self, trial: &Trial) -> Option<bool> {
        let figure = trial.figures.iter().find(|it| it.name == self.metric)?;
        Some(figure.value.is_none_or(|value| {
            self.over.is_some_and(|it| value > it.base())
                || self.under.is_some_and(|it| value < it.base())
        }))
    }

    /// `page.response.p95 over 100ms`.
    fn text(&self) -> String {
        let bound = |word: &str, it: &Option<Amount>| it.map(|it| format!("{word} {it}"));
        let bound = bound("over", &self.over).or(bound("under", &self.under));
        format!("{} {}", self.metric, bound.unwrap_or("absent".to_owned()))
    }
}

/// Everything that a search looks at.
pub struct Search<'a> {
    pub experiment: &'a Experiment,
    pub document: &'a Document,
    pub sources: &'a [Source],
    /// Whether the levels of what is varied are searched one by one.
    pub vary: bool,
    pub settings: &'a Settings,
}

/// Why a search has no answer.
pub enum Stuck {
    Problems(Vec<Problem>),
    Trouble(Trouble),
}

impl Search<'_> {
    /// What was found for each of so many designs.
    pub fn run(
        &self,
        find: &Find,
        designs: usize,
        progress: &dyn Progress,
    ) -> Result<Vec<Found>, Stuck> {
        let replications = self.settings.replications.min;
        let looks = f64::from(u64::BITS - find.steps().leading_zeros()) + 1.0;
        self.afford(find, looks * f64::from(replications))?;
        let tasks: Vec<(usize, u32)> =
            (0..designs).flat_map(|it| (0..replications).map(move |n| (it, n))).collect();
        let (done, all) = (AtomicU64::new(0), tasks.len() as f64);
        let thresholds: Vec<Result<Option<f64>, Stuck>> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|(design, replication)| {
                let threshold = self.threshold(find, design, replication);
                progress.advance(done.fetch_add(1, Relaxed) as f64 + 1.0, all);
                threshold
            })
            .collect();
        let thresholds: Vec<Option<f64>> = thresholds.into_iter().collect::<Result<_, _>>()?;
        Ok(thresholds.chunks(replications as usize).map(|it| find.found(it)).collect())
    }

    /// Refuses what would take too long: the dearest value, as often as may be looked.
    fn afford(&self, find: &Find, runs: f64) -> Result<(), Stuck> {
        let (_, points) = self.at(find, find.steps())?;
        self.fractions(find)?;
        let expected = points.iter().map(Point::expected_events).sum::<f64>() * runs;
        let allowed = self.settings.events_max;
        if expected > allowed as f64 {
            return Err(Stuck::Trouble(Trouble::TooLarge { expected, allowed }));
        }
        Ok(())
    }

    /// Refuses values on the way that the model cannot have, such as half a worker.
    fn fractions(&self, find: &Find) -> Result<(), Stuck> {
        let Some(n) = (1..=find.steps()).find(|n| find.value(*n).fract() != 0.0) else {
            return Ok(());
        };
        let Err(Stuck::Problems(problems)) = self.at(find, n) else { return Ok(()) };
        let mut findings = Findings::default();
        let why = problems.first().map(|it| it.rule.as_str()).unwrap_or_default();
        let rule = format!("{} cannot be {}: it {why}", find.smallest, find.value(n));
        findings.inside("find", |it| it.wrong_at("within", Code::E007, rule, "\"within\": 1"));
        Err(Stuck::Problems(self.document.problems(findings.into_vec())))
    }

    /// The smallest value for which it holds in one replication of a design; none up to the largest.
    fn threshold(
        &self,
        find: &Find,
        design: usize,
        replication: u32,
    ) -> Result<Option<f64>, Stuck> {
        if !self.holds(find, find.steps(), design, replication)? {
            return Ok(None);
        }
        // It does not hold below `mild`, and holds at `harsh`.
        let (mut mild, mut harsh) = (0, find.steps());
        while mild < harsh {
            let middle = mild.midpoint(harsh);
            match self.holds(find, middle, design, replication)? {
                true => harsh = middle,
                false => mild = middle + 1,
            }
        }
        Ok(Some(find.value(harsh)))
    }

    fn holds(
        &self,
        find: &Find,
        value: u64,
        design: usize,
        replication: u32,
    ) -> Result<bool, Stuck> {
        let (designs, points) = self.at(find, value)?;
        let faulty = points.iter().any(|it| it.fault.is_some());
        let own = points.iter().enumerate().filter(|(_, it)| it.design == design);
        for (i, point) in own.filter(|(_, it)| it.fault.is_some() == faulty) {
            let WarmUp::Fixed(warm_up) = point.warm_up else { continue };
            let plan = self.settings.plan(point, replication, warm_up);
            let failed = |failure| Trouble::GaveUp { point: i, replication, failure };
            let trial =
                Site::new(point, &designs[design]).run(self.settings, &plan, None, false, &|_| {});
            let trial = trial.map_err(|it| Stuck::Trouble(failed(it)))?;
            match find.such_that.holds(&trial) {
                Some(true) => return Ok(true),
                Some(false) => {}
                None => return Err(Stuck::Problems(self.no_such_metric(find, &trial))),
            }
        }
        Ok(false)
    }

    /// The designs and points of the experiment at the n-th value.
    fn at(&self, find: &Find, n: u64) -> Result<(Vec<super::Design>, Vec<Point>), Stuck> {
        let path = parse_path(&find.smallest).map_err(|_| Stuck::Problems(Vec::new()))?;
        let mut experiment = self.experiment.clone();
        let mut vary = self.vary;
        if self.document.has(&path) {
            let mut document = self.document.clone();
            let from = ["find".into(), "smallest".into()];
            let set = document.set_from(self.document, &from, &path, find.written(n));
            set.map_err(|it| Stuck::Problems(vec![it]))?;
            experiment = document.read().map_err(Stuck::Problems)?;
            // Files that it names have been read already.
            experiment.growth.clone_from(&self.experiment.growth);
        } else {
            if !vary {
                experiment.vary.clear();
            }
            let only = Levels::List(vec![find.written(n)]);
            experiment.vary.insert(find.smallest.clone(), only);
            vary = true;
        }
        let designs =
            designs(&experiment, self.document, self.sources, vary).map_err(Stuck::Problems)?;
        if !self.document.has(&path)
            && let Some(without) =
                designs.iter().find(|it| !it.factors.contains_key(&find.smallest))
        {
            return Err(Stuck::Problems(self.nothing_to_seek(without.name())));
        }
        // It was checked when it was read, and is one of what is varied now.
        experiment.find = None;
        let mut findings = Findings::default();
        super::check(&experiment, &mut findings);
        let points = points(&experiment, &designs, &mut findings);
        match findings.is_empty() {
            true => Ok((designs, points)),
            false => Err(Stuck::Problems(self.document.problems(findings.into_vec()))),
        }
    }

    fn nothing_to_seek(&self, model: &str) -> Vec<Problem> {
        let mut findings = Findings::default();
        findings.inside("find", |it| {
            let rule = format!("model \"{model}\" has nothing at this path");
            it.wrong_at("smallest", Code::E008, rule, "seek what all models have");
        });
        self.document.problems(findings.into_vec())
    }

    fn no_such_metric(&self, find: &Find, trial: &Trial) -> Vec<Problem> {
        let known = trial.figures.iter().map(|it| it.name.as_str());
        let mend = crate::problem::suggest(&find.such_that.metric, known);
        let mut findings = Findings::default();
        findings.inside("find", |it| {
            it.inside("such_that", |it| {
                it.wrong_at("metric", Code::E008, "no such metric is measured", mend);
            });
        });
        self.document.problems(findings.into_vec())
    }
}

impl Find {
    /// What the thresholds of all replications of a design come to.
    fn found(&self, thresholds: &[Option<f64>]) -> Found {
        let all: Option<Vec<f64>> = thresholds.iter().copied().collect();
        let at_start = thresholds.iter().flatten().filter(|it| **it == self.value(0)).count();
        // Who knows how much less would have done? That is no value to take a mean of.
        let value = all
            .filter(|_| at_start == 0)
            .and_then(|it| stats::Estimate::from_replications(&it, CONFIDENCE));
        Found {
            path: self.smallest.clone(),
            such_that: self.such_that.text(),
            from: self.from,
            to: self.to,
            within: self.within,
            text_unit: self.unit.clone(),
            value: value.map(|it| told(&it, None)),
            replications: thresholds.len() as u32,
            at_start: at_start as u32,
            beyond: thresholds.iter().filter(|it| it.is_none()).count() as u32,
        }
    }
}
