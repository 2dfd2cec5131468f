//! What is varied and has no effect on any model.

use super::super::file::Experiment;
use super::{Source, has, inside, told};
use crate::model::Document;
use crate::problem::{Code, Problem, Segment, nearest, parse_path, path_text, shown, suggest};
use serde_json::Value;

/// What is varied and was not `used`, and how it would be. `names` are those of all models and variants;
/// something `else_is_wrong` with them may be what hides it.
pub(super) fn without_effect(
    experiment: &Experiment,
    document: &Document,
    models: &[Source],
    (used, names): (&[bool], &[String]),
    else_is_wrong: bool,
) -> Vec<Problem> {
    let unused = experiment.vary.keys().zip(used).filter(|it| !it.1).map(|it| it.0);
    let unused = unused.filter(|key| !(else_is_wrong && may_be_there(experiment, models, key)));
    let problems = unused.flat_map(|key| {
        let (rule, mend) = match key.split_once(':') {
            Some((name, _)) if names.iter().all(|it| it != name.trim()) => {
                unnamed(name.trim(), names)
            }
            Some((_, path)) => nowhere(path.trim(), models),
            None => nowhere(key, models),
        };
        told(document, &["vary".into(), key.into()], Code::E008, rule, &mend)
    });
    problems.collect()
}

/// Whether this is about a model or a variant with a mistake of its own, which hides it.
fn may_be_there(experiment: &Experiment, models: &[Source], key: &str) -> bool {
    let mut variants = experiment.variants.iter();
    match key.split_once(':') {
        Some((name, _)) => variants.any(|it| name.trim().ends_with(it.0)),
        None => {
            models.iter().any(|it| has(&it.document, key))
                || variants.any(|it| it.1.keys().any(|path| key.starts_with(path)))
        }
    }
}

fn unnamed(name: &str, names: &[String]) -> (String, String) {
    let rule = format!("no model is named {} here", shown(name));
    (rule, suggest(name, names.iter().map(String::as_str)))
}

fn nowhere(path: &str, models: &[Source]) -> (String, String) {
    let path = parse_path(path).unwrap_or_default();
    let mend = match models.iter().find_map(|it| meant(&path, &it.document.value())) {
        Some(path) => format!("did you mean {}?", shown(&path_text(&path))),
        None => "write it as in the model file: \"monolith: hosts.rack.cores\"".to_owned(),
    };
    ("no model has anything at this path".to_owned(), mend)
}

/// The path with its one misspelt key as the model has it.
fn meant(path: &[Segment], model: &Value) -> Option<Vec<Segment>> {
    let mut at = model;
    for (i, segment) in path.iter().enumerate() {
        if let Some(inner) = inside(at, segment) {
            at = inner;
            continue;
        }
        let (Segment::Key(key), Value::Object(all)) = (segment, at) else { return None };
        let near = nearest(key, all.keys().map(String::as_str))?;
        let right = [&path[..i], &[near.into()], &path[i + 1..]].concat();
        return right.iter().try_fold(model, inside).map(|_| right);
    }
    None
}
