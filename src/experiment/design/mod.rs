//! Designs: a model with one choice of levels for what is varied.

mod combine;
mod levels;
mod nowhere;
mod order;
mod refine;
mod refinement;

pub use combine::{CombinationWith, Combine, Way};
pub use levels::Levels;
pub use refinement::{Ended, Refinement, check_refinement};

use super::file::Experiment;
use crate::model::{self, Document, Files, Loaded, Use};
use crate::problem::{Code, Finding, Problem, Segment, parse_path};
use indexmap::IndexMap;
use nowhere::without_effect;
use refine::Wanted;
use serde_json::Value;

/// A model file that was read, and how to read the files that it names.
pub struct Source {
    pub document: Document,
    pub files: Box<Files<'static>>,
}

/// A model as one experiment looks at it.
pub struct Design {
    pub model: Loaded,
    /// The levels that make it what it is, by path.
    pub factors: IndexMap<String, Value>,
    /// Where these lie on their axes, from 0 to 1.
    pub positions: Vec<f64>,
    /// Its numbers among the combinations of its model: several, where one was drawn several times.
    pub numbers: Vec<usize>,
}

impl Design {
    pub fn name(&self) -> &str {
        &self.model.file.name
    }
}

/// What is varied in a model: a path and its levels.
struct Factor<'e> {
    /// The key in the experiment file.
    key: &'e str,
    path: &'e str,
    levels: &'e Levels,
}

/// Every model at its own levels only, or at all combinations of what is varied.
pub fn designs(
    experiment: &Experiment,
    document: &Document,
    models: &[Source],
    vary: bool,
) -> Result<Vec<Design>, Vec<Problem>> {
    let mut designs = Vec::new();
    let mut problems = Vec::new();
    let mut used = vec![false; experiment.vary.len()];
    let mut names: Vec<String> = Vec::new();
    for Variant { model: i, name: variant, document: model, files } in
        variants(experiment, document, models, &mut problems)
    {
        let model = &model;
        let name = model.text_at(&["name".into()]).unwrap_or_default().to_owned();
        let factors =
            if vary { factors_of(experiment, &name, model, &mut used) } else { Vec::new() };
        if names.contains(&name) && !name.is_empty() {
            let rule = format!("two models are named \"{name}\"");
            let (path, mend) = match variant {
                Some(variant) => {
                    (["variants".into(), variant.into()], "give the variant another name")
                }
                None => (["models".into(), i.into()], "give one of them another \"name\""),
            };
            problems.extend(told(document, &path, Code::E010, rule, mend));
            continue;
        }
        names.push(name);
        if let Err(found) = load(experiment, model, files) {
            problems.extend(found);
            continue;
        }
        let way = if vary { Way::of(experiment) } else { Way::All };
        let levels: Vec<&Levels> = factors.iter().map(|it| it.levels).collect();
        let count = way.count(&levels);
        if designs.len().saturating_add(count) > DESIGNS_MAX {
            let rule = format!("{count} combinations of levels; at most {DESIGNS_MAX} can be run");
            problems.extend(told(
                document,
                &["vary".into()],
                Code::E012,
                rule,
                "vary less at a time",
            ));
            continue;
        }
        let base = match base(&way, &factors, model) {
            Ok(base) => base,
            Err((key, why)) => {
                let mend = "add a base: \"combine\": { \"one_at_a_time\": { \"base\": { … } } }";
                problems.extend(told(
                    document,
                    &["vary".into(), key.into()],
                    Code::E004,
                    why,
                    mend,
                ));
                continue;
            }
        };
        let all = way.combinations(&levels, &base, experiment.seed);
        for (levels, numbers) in without_duplicates(all) {
            match at_levels(experiment, document, (model, files), &factors, levels) {
                Ok(design) => designs.push(Design { numbers, ..design }),
                Err(found) => problems.extend(found),
            }
        }
    }
    if vary {
        let wrong = !problems.is_empty();
        problems.extend(without_effect(experiment, document, models, (&used, &names), wrong));
    }
    // One level takes part in many designs.
    let mut once: Vec<Problem> = Vec::new();
    problems.into_iter().for_each(|it| {
        if !once.contains(&it) {
            once.push(it)
        }
    });
    let problems = once;
    if problems.is_empty() { Ok(designs) } else { Err(problems) }
}

/// Designs that are added to others, which have shown that all is right but for the new levels.
fn designs_at(
    experiment: &Experiment,
    document: &Document,
    models: &[Source],
    wanted: &[Wanted],
) -> Result<Vec<Design>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut designs = Vec::new();
    let mut used = vec![false; experiment.vary.len()];
    for Variant { document: model, files, .. } in
        variants(experiment, document, models, &mut problems)
    {
        let name = load(experiment, &model, files)?.file.name;
        let factors = factors_of(experiment, &name, &model, &mut used);
        for wanted in wanted.iter().filter(|it| it.model == name) {
            let level = |it: &Factor| wanted.factors.get(it.path).cloned().unwrap_or_default();
            let levels = factors.iter().map(level).collect();
            match at_levels(experiment, document, (&model, files), &factors, levels) {
                Ok(design) => designs.push(design),
                Err(found) => problems.extend(found),
            }
        }
    }
    if problems.is_empty() { Ok(designs) } else { Err(problems) }
}

/// A model as it is, or as a variant has it.
struct Variant<'a> {
    /// Its place among the models.
    model: usize,
    name: Option<&'a str>,
    document: Document,
    files: &'a Files<'static>,
}

/// Every model in every variant.
fn variants<'a>(
    experiment: &'a Experiment,
    document: &Document,
    models: &'a [Source],
    problems: &mut Vec<Problem>,
) -> Vec<Variant<'a>> {
    let mut all = Vec::new();
    for (model, Source { document: own, files }) in models.iter().enumerate() {
        if experiment.variants.is_empty() {
            all.push(Variant { model, name: None, document: own.clone(), files: &**files });
        }
        for (name, changes) in &experiment.variants {
            match changed(own, document, name, changes, models.len() > 1) {
                Ok(document) => {
                    all.push(Variant { model, name: Some(name), document, files: &**files });
                }
                Err(found) => problems.extend(found),
            }
        }
    }
    all
}

/// A model with some things changed. It goes by the variant's name; by its own too, where there are
/// several models.
fn changed(
    model: &Document,
    experiment: &Document,
    variant: &str,
    changes: &IndexMap<String, Value>,
    several: bool,
) -> Result<Document, Vec<Problem>> {
    let mut changed = model.clone();
    let name = [Segment::from("name")];
    let name_was = model.text_at(&name).filter(|_| several);
    let new = name_was.map_or(variant.to_owned(), |it| format!("{it} {variant}"));
    let own = ["variants".into(), variant.into()];
    changed.set_from(experiment, &own, &name, Value::String(new)).map_err(|it| vec![it])?;
    for (path, value) in changes {
        let at = ["variants".into(), variant.into(), path.into()];
        let place = parse_path(path)
            .map_err(|why| told(experiment, &at, Code::E008, why.to_owned(), ""))?;
        changed
            .set_from(experiment, &at, &place, value.clone())
            .map_err(|it| told(experiment, &at, it.code, it.rule, &it.mend))?;
    }
    Ok(changed)
}

fn load(
    experiment: &Experiment,
    document: &Document,
    files: &Files,
) -> Result<Loaded, Vec<Problem>> {
    let changes = !experiment.vary.is_empty() || !experiment.variants.is_empty();
    model::load_for(Use { grows: experiment.growth.is_some(), changes }, document, files)
}

/// Designs beyond which an experiment is refused.
pub const DESIGNS_MAX: usize = 10_000;

/// A problem of the experiment file.
fn told(
    document: &Document,
    path: &[Segment],
    code: Code,
    rule: String,
    mend: &str,
) -> Vec<Problem> {
    document.problems(vec![Finding { code, path: path.to_vec(), rule, mend: mend.to_owned() }])
}

/// The factors that apply to the model: those that name it, and those whose path it has.
fn factors_of<'e>(
    experiment: &'e Experiment,
    model: &str,
    document: &Document,
    used: &mut [bool],
) -> Vec<Factor<'e>> {
    let mut factors = Vec::new();
    for (i, (key, levels)) in experiment.vary.iter().enumerate() {
        let (applies, path) = match key.split_once(':') {
            Some((name, path)) => (name.trim() == model, path.trim()),
            None => (has(document, key), key.as_str()),
        };
        if applies {
            used[i] = true;
            factors.push(Factor { key, path, levels });
        }
    }
    factors
}

/// Whether the file says something at this path.
fn has(document: &Document, path: &str) -> bool {
    parse_path(path).is_ok_and(|path| document.has(&path))
}

/// What is stayed at, one at a time: as stated, or as the model has it. The key of what has nothing to
/// stay at, and why.
fn base<'e>(
    way: &Way,
    factors: &[Factor<'e>],
    document: &Document,
) -> Result<Vec<Value>, (&'e str, String)> {
    let Way::OneAtATime(stated) = way else { return Ok(Vec::new()) };
    let own = document.value();
    let of = |factor: &Factor<'e>| {
        let stated = stated.and_then(|it| it.get(factor.key)).cloned();
        let own = || {
            let path = parse_path(factor.path).ok()?;
            path.iter().try_fold(&own, inside).cloned()
        };
        stated.or_else(own).ok_or_else(|| {
            (factor.key, "the model has nothing here to stay at, one at a time".to_owned())
        })
    };
    factors.iter().map(of).collect()
}

fn inside<'v>(value: &'v Value, at: &Segment) -> Option<&'v Value> {
    match (at, value) {
        (Segment::Key(key), Value::Object(all)) => all.get(key),
        (Segment::Index(index), Value::Array(all)) => all.get(*index),
        _ => None,
    }
}

/// Every combination once, with its numbers in the list.
fn without_duplicates(all: Vec<Vec<Value>>) -> Vec<(Vec<Value>, Vec<usize>)> {
    let mut places: IndexMap<String, (Vec<Value>, Vec<usize>)> = IndexMap::new();
    for (number, levels) in all.into_iter().enumerate() {
        let text = serde_json::to_string(&levels).unwrap_or_default();
        places.entry(text).or_insert_with(|| (levels, Vec::new())).1.push(number);
    }
    places.into_values().collect()
}

fn at_levels(
    experiment: &Experiment,
    document: &Document,
    (model, files): (&Document, &Files),
    factors: &[Factor],
    levels: Vec<Value>,
) -> Result<Design, Vec<Problem>> {
    let mut model = model.clone();
    let mut chosen = IndexMap::new();
    let positions = factors.iter().zip(&levels).map(|(it, level)| it.levels.position(level));
    let positions = positions.collect();
    for (factor, value) in factors.iter().zip(levels) {
        let at = where_written(document, factor, &value);
        let place = parse_path(factor.path)
            .map_err(|why| told(document, &at, Code::E008, why.to_owned(), ""))?;
        model
            .set_from(document, &at, &place, value.clone())
            .map_err(|it| told(document, &at, it.code, it.rule, &it.mend))?;
        chosen.insert(factor.path.to_owned(), value);
    }
    let model = load(experiment, &model, files).map_err(|found| whole_ones(found, factors))?;
    Ok(Design { model, factors: chosen, positions, numbers: Vec::new() })
}

/// Where a range has fractions among its levels and the model needs whole numbers, the mend is the range's.
fn whole_ones(mut found: Vec<Problem>, factors: &[Factor]) -> Vec<Problem> {
    let of_range = |problem: &Problem| {
        factors.iter().any(|it| match it.levels {
            Levels::Range(range) => !range.whole && problem.path == it.path,
            Levels::List(_) => false,
        })
    };
    for it in &mut found {
        if it.rule.starts_with("must be a whole number") && of_range(it) {
            it.mend = "add \"whole\": true to the range".to_owned();
        }
    }
    found
}

/// Where in the experiment file a level stands: in a list, as the end of a range, or as what is sought.
fn where_written(document: &Document, factor: &Factor, level: &Value) -> Vec<Segment> {
    let own = [Segment::from("vary"), factor.key.into()];
    let further = match factor.levels {
        Levels::List(all) => all.iter().position(|it| it == level).map(Segment::from),
        Levels::Range(range) => range.end_at(level).map(Segment::from),
    };
    match document.has(&own) {
        true => own.into_iter().chain(further).collect(),
        false => vec!["find".into(), "smallest".into()],
    }
}
