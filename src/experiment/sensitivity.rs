//! Sensitivity: which of the things that are varied a metric depends on, and how much.

use super::conduct::Conducted;
use super::design::{CombinationWith, Combine, Design};
use super::expect::measured;
use super::file::Experiment;
use super::point::{Part, Point};
use super::summary::{CONFIDENCE, Steadiness, told};
use crate::outcome::{self, Factor, Method, Unit, level_text};
use crate::problem::{Code, Findings, Segment, suggest};
use crate::stats::sensitivity::{Seen, elementary_effects, first_order, indices};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// What a metric depends on, of all that is varied.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    /// The metric, by its name as in `--format csv`.
    pub metric: String,
    /// How it is found out; from the points of a Latin hypercube if absent.
    #[serde(default)]
    pub by: Option<By>,
}

/// How sensitivity is found out.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One step at a time from many places: a few dozen points tell what matters at all.
    ElementaryEffects(ElementaryEffects),
    /// The shares of the variance that each factor brings alone and together with others: some hundred
    /// points for each.
    Indices(OfVariance),
}

/// Trajectories of steps along one axis after the other.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElementaryEffects {
    /// How many trajectories, each of one point more than there are factors.
    #[serde(default = "ten")]
    #[schemars(range(min = 2, max = 1000))]
    pub trajectories: u32,
    /// On how many levels of each range they move: an even number.
    #[serde(default = "four")]
    #[schemars(range(min = 4, max = 20))]
    pub levels: u32,
}

/// Rows of two matrices.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfVariance {
    /// How many rows, each of two points more than there are factors.
    #[schemars(range(min = 8, max = 5000))]
    pub points: u32,
}

impl Sensitivity {
    pub fn check(&self, experiment: &Experiment, findings: &mut Findings) {
        if experiment.vary.is_empty() {
            let rule = "nothing is varied that a metric could depend on";
            findings.wrong(Code::E004, rule, "add \"vary\"");
        }
        let hypercube =
            matches!(experiment.combine, Combine::With(CombinationWith::LatinHypercube(_)));
        match &self.by {
            None if !hypercube => {
                let rule = "nothing says at which points it is looked at";
                findings.wrong(Code::E004, rule, "add \"by\": { \"elementary_effects\": {} }");
            }
            Some(_) if experiment.combine != Combine::default() => {
                let rule = "chooses its points in its own way, beside which combine has no effect";
                findings.wrong_at("by", Code::E010, rule, "leave one of the two out");
            }
            _ => {}
        }
        if let Some(By::ElementaryEffects(it)) = &self.by
            && it.levels % 2 != 0
        {
            let rule = format!("must be an even number, not {}", it.levels);
            findings.inside("by", |f| {
                f.inside("elementary_effects", |f| f.wrong_at("levels", Code::E007, rule, "4"));
            });
        }
        if experiment.replications.select.is_some() {
            let rule = "needs all points alike, and replications.select drops some";
            findings.wrong(Code::E010, rule, "leave one of the two out");
        }
    }
}

/// What was found for each model, on each day.
pub fn sensitivities(
    experiment: &Experiment,
    designs: &[Design],
    points: &[Point],
    conducted: &[Conducted],
) -> Vec<outcome::Sensitivity> {
    let Some(of) = &experiment.sensitivity else { return Vec::new() };
    let look = Look { experiment, of, designs, points, conducted };
    let mut models: Vec<&str> = designs.iter().map(Design::name).collect();
    models.dedup();
    let mut days: Vec<Option<f64>> = Vec::new();
    for point in points.iter().filter(|it| it.fault.is_none()) {
        if !days.contains(&point.day) {
            days.push(point.day);
        }
    }
    let all = models.iter().flat_map(|model| days.iter().map(move |day| (model, day)));
    all.filter_map(|(model, day)| look.at(model, *day)).collect()
}

/// All that there is to look at.
struct Look<'a> {
    experiment: &'a Experiment,
    of: &'a Sensitivity,
    designs: &'a [Design],
    points: &'a [Point],
    conducted: &'a [Conducted],
}

impl Look<'_> {
    fn at(&self, model: &str, day: Option<f64>) -> Option<outcome::Sensitivity> {
        let own: Vec<usize> =
            (0..self.designs.len()).filter(|it| self.designs[*it].name() == model).collect();
        let count = own.iter().flat_map(|it| &self.designs[*it].numbers).max()? + 1;
        let mut at = vec![Vec::new(); count];
        let mut seen = vec![None; count];
        let mut without_value = 0;
        for design in &own {
            let values = self.values(*design, day);
            without_value += u32::from(values.is_none());
            for number in &self.designs[*design].numbers {
                at[*number].clone_from(&self.designs[*design].positions);
                seen[*number].clone_from(&values);
            }
        }
        let paths: Vec<&String> = self.designs[own[0]].factors.keys().collect();
        let (method, factors) = self.factors(paths.len(), &at, &seen);
        let mut factors: Vec<(&String, Factor)> = paths.into_iter().zip(factors).collect();
        for (path, factor) in &mut factors {
            (factor.from, factor.to) = self.ends(model, path);
        }
        factors.sort_by(|a, b| weight(&b.1).total_cmp(&weight(&a.1)));
        Some(outcome::Sensitivity {
            model: model.to_owned(),
            day,
            metric: self.of.metric.clone(),
            method,
            points: own.len() as u32,
            without_value,
            factors: factors.into_iter().map(|(path, it)| (path.clone(), it)).collect(),
        })
        .filter(|it| !it.factors.is_empty())
    }

    /// The metric in every replication of a design; none where it has no value.
    fn values(&self, design: usize, day: Option<f64>) -> Option<Vec<f64>> {
        let is = |it: &Point| it.design == design && it.day == day && it.fault.is_none();
        let i = self.points.iter().position(is)?;
        let trials = &self.conducted[i].trials;
        Steadiness::of(&self.points[i], trials).values_of(trials, &self.of.metric)
    }

    fn factors(&self, count: usize, at: &[Vec<f64>], seen: &Seen) -> (Method, Vec<Factor>) {
        let unit = self.conducted.iter().flat_map(|it| it.trials.first()).find_map(|it| {
            it.figures.iter().find(|it| it.name == self.of.metric).map(|it| it.unit)
        });
        let own = |it| told(&it, unit);
        let share = |it| told(&it, Some(Unit::Ratio));
        match self.of.by {
            Some(By::ElementaryEffects(_)) => {
                let of = elementary_effects(at, seen, CONFIDENCE).into_iter().map(|it| Factor {
                    effect: it.map(|it| own(it.mean_absolute)),
                    change: it.map(|it| own(it.mean)),
                    spread: it.map(|it| own(it.deviation)),
                    ..Factor::default()
                });
                (Method::ElementaryEffects, of.collect())
            }
            Some(By::Indices(_)) => {
                let of = indices(count, seen, CONFIDENCE).into_iter().map(|it| Factor {
                    first_order: it.map(|it| share(it.first_order)),
                    total: it.map(|it| share(it.total)),
                    ..Factor::default()
                });
                (Method::Indices, of.collect())
            }
            None => {
                let of = first_order(at, seen, CONFIDENCE).into_iter();
                let of = of.map(|it| Factor { first_order: it.map(share), ..Factor::default() });
                (Method::Classes, of.collect())
            }
        }
    }

    /// The first and the last level of what is varied in a model.
    fn ends(&self, model: &str, path: &str) -> (String, String) {
        let is = |key: &str| match key.split_once(':') {
            Some((name, own)) => name.trim() == model && own.trim() == path,
            None => key == path,
        };
        let levels = self.experiment.vary.iter().find(|it| is(it.0)).map(|it| it.1.ends());
        let text = |it: Option<Value>| it.as_ref().map(level_text).unwrap_or_default();
        levels.map(|(from, to)| (text(from), text(to))).unwrap_or_default()
    }
}

/// By what factors are ranked.
fn weight(factor: &Factor) -> f64 {
    let known = factor.effect.or(factor.total).or(factor.first_order);
    known.map_or(f64::NEG_INFINITY, |it| it.value)
}

/// Tells of a metric that is not measured at any point.
pub fn check_metrics(
    experiment: &Experiment,
    designs: &[Design],
    points: &[Point],
    findings: &mut Findings,
) {
    let of = experiment.sensitivity.as_ref().map(|it| &it.metric);
    let bends = experiment.vary.iter().filter_map(|(path, it)| Some((path, it.bend()?)));
    let bends: Vec<(&String, &str)> = bends.collect();
    if of.is_none() && experiment.surface.is_empty() && bends.is_empty() {
        return;
    }
    let ordinary = points.iter().find(|it| it.fault.is_none());
    let figures =
        ordinary.map(|it| measured(it, Part::Whole, &designs[it.design])).unwrap_or_default();
    let check = |at: Segment, metric: &str, findings: &mut Findings| {
        if !figures.iter().any(|it| it.name == metric) {
            let mend = suggest(metric, figures.iter().map(|it| it.name.as_str()));
            findings.wrong_at(at, Code::E008, "no such metric is measured", mend);
        }
    };
    if let Some(metric) = of {
        findings.inside("sensitivity", |it| check("metric".into(), metric, it));
    }
    for (path, metric) in bends {
        findings.inside("vary", |it| {
            it.inside(path, |it| it.inside("refine", |it| check("metric".into(), metric, it)));
        });
    }
    findings.inside("surface", |it| {
        for (i, metric) in experiment.surface.iter().enumerate() {
            check(i.into(), metric, it);
        }
    });
}

fn ten() -> u32 {
    10
}
fn four() -> u32 {
    4
}
