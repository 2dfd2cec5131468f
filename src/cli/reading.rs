//! Experiments and models as they are asked for: the files, what is set in them, and their mistakes.

use super::args::{Common, WarmUp};
use super::sets::{addressee, set_all, set_for, set_once};
use super::{Refusal, files};
use crate::experiment::file::{Experiment, Replications};
use crate::experiment::{self, Source};
use crate::model::reading::assignment;
use crate::model::{Document, Use, load_for};
use crate::problem::{Code, Findings, Problem, Segment};
use crate::units::Span;
use std::path::{Path, PathBuf};

/// The experiment file and the models that it names; their mistakes all at once.
pub(super) fn read_experiment(
    path: &Path,
    common: &Common,
) -> Result<(Experiment, Document, Vec<Source>), Refusal> {
    let mut document = files::document(path)?;
    let has = |key: &str| document.has(&[Segment::from(key)]);
    if !has("models") && has("services") {
        let mend = format!("did you mean outgrow run {}?", path.display());
        let rule = "this is a model and no experiment";
        return Err(Problem::without_place(Code::E005, &shown(path), rule, &mend).into());
    }
    set_once(common)?;
    for set in common.sets.iter().filter(|set| addressee(set).is_none()) {
        let (path, value) = assignment(set)?;
        document.set(path, value)?;
    }
    let mut experiment =
        experiment::load(&document, &files::beside(path)).map_err(|mut found| {
            if common.sets.is_empty() {
                found.extend(match by_unknown_keys_alone(&document, path, &found) {
                    Some(further) => further,
                    None => models_problems(&document, path),
                });
            }
            found
        })?;
    // What is drawn for its points is drawn by the seed too.
    experiment.seed = common.seed.unwrap_or(experiment.seed);
    if let Some(count) = common.replications {
        experiment.replications = experiment.replications.exactly(count)?;
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for (i, model) in experiment.models.iter().enumerate() {
        let path = folder.join(model);
        match files::source(&path) {
            Ok(source) if is_experiment(&source.document) => {
                problems.extend(no_model(&document, i));
            }
            Ok(source) => sources.push(source),
            Err(found) => problems.extend(found.into_iter().map(|it| unread(&document, i, it))),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    for source in &mut sources {
        set_for(source, common)?;
    }
    Ok((experiment, document, sources))
}

/// What is wrong with models, variants and what is varied, if nothing is wrong with the experiment itself
/// but for keys that it has in vain.
fn by_unknown_keys_alone(
    document: &Document,
    path: &Path,
    found: &[Problem],
) -> Option<Vec<Problem>> {
    let experiment: Experiment = document.without_unknown_keys()?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let read = |it: &String| files::source(&folder.join(it)).ok();
    let sources: Vec<Source> = experiment.models.iter().map(read).collect::<Option<_>>()?;
    let alone = found.iter().all(|it| it.code == Code::E003);
    alone.then(|| {
        experiment::designs(&experiment, document, &sources, true).err().unwrap_or_default()
    })
}

/// What is wrong with the models that an experiment names, whatever is wrong with itself.
fn models_problems(document: &Document, path: &Path) -> Vec<Problem> {
    // Variants may mend what is wrong with a model.
    if document.has(&[Segment::from("variants")]) {
        return Vec::new();
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = |i: usize| document.text_at(&[Segment::from("models"), Segment::from(i)]);
    let mut problems = Vec::new();
    for (i, model) in (0..).map_while(name).enumerate() {
        match files::source(&folder.join(model)) {
            Ok(source) if is_experiment(&source.document) => {
                problems.extend(no_model(document, i));
            }
            Ok(source) => {
                // How many users there are may come from what is wrong.
                let to_be = Use { grows: true, changes: true };
                let loaded = load_for(to_be, &source.document, &source.files);
                problems.extend(loaded.err().into_iter().flatten());
            }
            Err(found) => problems.extend(found.into_iter().map(|it| unread(document, i, it))),
        }
    }
    problems
}

/// Experiments name models; no model does.
pub(super) fn is_experiment(document: &Document) -> bool {
    document.has(&[Segment::from("models")])
}

/// An experiment among the models that an experiment names.
fn no_model(document: &Document, model: usize) -> Vec<Problem> {
    let mut findings = Findings::default();
    let (rule, mend) = ("this is an experiment and no model", "name the models that it is about");
    findings.inside("models", |it| it.wrong_at(model, Code::E005, rule, mend));
    document.problems(findings.into_vec())
}

/// A model that cannot be read at all is a mistake of the line that names it.
fn unread(document: &Document, model: usize, problem: Problem) -> Problem {
    if problem.code != Code::E011 {
        return problem;
    }
    let mut findings = Findings::default();
    let rule = format!("{} {}", problem.file, problem.rule);
    findings.inside("models", |it| {
        it.wrong_at(model, Code::E011, rule, "paths are relative to this file")
    });
    document.problems(findings.into_vec()).pop().unwrap_or(problem)
}

/// An experiment that nobody wrote: one model, as it is.
pub(super) fn alone(
    model: &Path,
    window: Span,
    warm_up: WarmUp,
    common: &Common,
) -> Result<(Experiment, Source), Refusal> {
    if window.is_zero() {
        let rule = "must be longer than nothing";
        return Err(Problem::without_place(Code::E007, "--window", rule, "--window 5m").into());
    }
    let mut source = files::source(model)?;
    if is_experiment(&source.document) {
        let mend = format!("did you mean outgrow sweep {}?", model.display());
        let rule = "this is an experiment and no model";
        return Err(Problem::without_place(Code::E005, &shown(model), rule, &mend).into());
    }
    set_once(common)?;
    set_all(&mut [&mut source], common)?;
    let experiment = Experiment {
        window: Some(window),
        warm_up: Some(warm_up),
        ..plain(&[model.to_owned()], common)
    };
    Ok((experiment, source))
}

/// These models, as they are.
pub(super) fn plain(models: &[PathBuf], common: &Common) -> Experiment {
    let replications = Replications::default();
    Experiment {
        schema: None,
        name: String::new(),
        about: String::new(),
        variants: Default::default(),
        find: None,
        expect: Vec::new(),
        models: models.iter().map(|path| path.display().to_string()).collect(),
        growth: None,
        vary: Default::default(),
        combine: Default::default(),
        surface: Vec::new(),
        sensitivity: None,
        faults: Vec::new(),
        aftermath: Span::from_whole_secs(300),
        window: None,
        warm_up: None,
        replications: Replications {
            min: common.replications.unwrap_or(replications.min),
            ..replications
        },
        seed: 1,
    }
}

pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
