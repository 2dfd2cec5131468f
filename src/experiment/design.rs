//! Designs: a model with one choice of levels for what is varied.

use super::file::Experiment;
use crate::model::{self, Document, Files, Loaded};
use crate::problem::{Code, Finding, Problem, Segment, parse_path};
use indexmap::IndexMap;
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
    levels: &'e [Value],
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
    for (i, variant, files) in variants(experiment, models, &mut problems) {
        let model = &variant;
        let name = match load(experiment, model, files) {
            Ok(loaded) => loaded.file.name.clone(),
            Err(found) => {
                problems.extend(found);
                continue;
            }
        };
        if names.contains(&name) {
            let rule = format!("two models are named \"{name}\"");
            let mend = "give one of them another \"name\"";
            problems.extend(told(document, "models", Some(i), Code::E010, rule, mend));
            continue;
        }
        names.push(name.clone());
        let factors =
            if vary { factors_of(experiment, &name, model, &mut used) } else { Vec::new() };
        let count = factors.iter().map(|it| it.levels.len()).fold(1, usize::saturating_mul);
        if designs.len().saturating_add(count) > DESIGNS_MAX {
            let rule = format!("{count} combinations of levels; at most {DESIGNS_MAX} can be run");
            problems.extend(told(document, "vary", None, Code::E012, rule, "vary less at a time"));
            continue;
        }
        for levels in combinations(&factors) {
            match at_levels(experiment, model, files, &factors, &levels) {
                Ok(design) => designs.push(design),
                Err(found) => problems.extend(found),
            }
        }
    }
    if vary && problems.is_empty() {
        let unused = experiment.vary.keys().zip(&used).filter(|(_, used)| !**used);
        let findings = unused.map(|(key, _)| Finding {
            code: Code::E008,
            path: vec![Segment::from("vary"), Segment::from(key)],
            rule: "no model has anything at this path".to_owned(),
            mend: "write it as in the model file: \"monolith: hosts.rack.cores\"".to_owned(),
        });
        problems.extend(document.problems(findings.collect()));
    }
    problems.dedup();
    if problems.is_empty() { Ok(designs) } else { Err(problems) }
}

/// Every model in every variant, with its place among the models.
fn variants<'m>(
    experiment: &Experiment,
    models: &'m [Source],
    problems: &mut Vec<Problem>,
) -> Vec<(usize, Document, &'m Files<'static>)> {
    let mut all = Vec::new();
    for (i, Source { document, files }) in models.iter().enumerate() {
        if experiment.variants.is_empty() {
            all.push((i, document.clone(), &**files));
        }
        for (variant, changes) in &experiment.variants {
            match changed(document, variant, changes, models.len() > 1) {
                Ok(document) => all.push((i, document, &**files)),
                Err(problem) => problems.push(problem),
            }
        }
    }
    all
}

/// A model with some things changed. It goes by the variant's name; by its own too, where there are
/// several models.
fn changed(
    document: &Document,
    variant: &str,
    changes: &IndexMap<String, Value>,
    several: bool,
) -> Result<Document, Problem> {
    let by = format!("variants.{variant}");
    let mut changed = document.clone();
    let name = [Segment::from("name")];
    let name_was = document.text_at(&name).filter(|_| several);
    let new = name_was.map_or(variant.to_owned(), |it| format!("{it} {variant}"));
    changed.set_value(&by, &name, Value::String(new))?;
    for (path, value) in changes {
        let place = parse_path(path)
            .map_err(|why| Problem::without_place(Code::E008, &format!("{by} {path}"), &why, ""))?;
        changed.set_value(&by, &place, value.clone())?;
    }
    Ok(changed)
}

fn load(
    experiment: &Experiment,
    document: &Document,
    files: &Files,
) -> Result<Loaded, Vec<Problem>> {
    match experiment.growth {
        Some(_) => model::load_growing(document, files),
        None => model::load(document, files),
    }
}

/// Designs beyond which an experiment is refused.
const DESIGNS_MAX: usize = 10_000;

/// A problem of the experiment file.
fn told(
    document: &Document,
    key: &str,
    place: Option<usize>,
    code: Code,
    rule: String,
    mend: &str,
) -> Vec<Problem> {
    let path = std::iter::once(Segment::from(key)).chain(place.map(Segment::from)).collect();
    document.problems(vec![Finding { code, path, rule, mend: mend.to_owned() }])
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

/// All combinations of levels, the last factor changing fastest.
fn combinations(factors: &[Factor]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for factor in factors {
        let longer = all.iter().flat_map(|head: &Vec<usize>| {
            (0..factor.levels.len()).map(|level| [head.as_slice(), &[level]].concat())
        });
        all = longer.collect();
    }
    all
}

fn at_levels(
    experiment: &Experiment,
    document: &Document,
    files: &Files,
    factors: &[Factor],
    levels: &[usize],
) -> Result<Design, Vec<Problem>> {
    let mut document = document.clone();
    let mut chosen = IndexMap::new();
    for (factor, level) in factors.iter().zip(levels) {
        let value = &factor.levels[*level];
        let place = parse_path(factor.path)
            .map_err(|why| vec![Problem::without_place(Code::E008, factor.key, why, "")])?;
        document.set_value("vary", &place, value.clone()).map_err(|problem| vec![problem])?;
        chosen.insert(factor.path.to_owned(), value.clone());
    }
    Ok(Design { model: load(experiment, &document, files)?, factors: chosen })
}
