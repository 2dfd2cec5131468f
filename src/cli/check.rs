//! `check`: expectations as a gate for CI, over several experiments.

use super::args::{Common, Format, Gates};
use super::progress::Bar;
use super::reading::read_experiment;
use super::sets::check_addressees;
use super::trouble::refusal;
use super::verbs::{in_threads, settings, title};
use super::{Refusal, files, output, store};
use crate::experiment::baseline::against;
use crate::experiment::file::Experiment;
use crate::experiment::{Gate, gate};
use crate::model::Document;
use crate::outcome::{self, Kept, Outcome};
use crate::problem::{Code, Problem};
use crate::report::{annotations, checked, json, junit, markdown};
use std::path::{Path, PathBuf};

const FAILS: u8 = 1;
const CANNOT_TELL: u8 = 3;

/// One experiment, ready to be run.
struct Ready {
    path: PathBuf,
    experiment: Experiment,
    document: Document,
    gate: Gate,
}

/// Checks all of them and answers with the exit code: that of the worst.
pub fn check(paths: &[PathBuf], gates: &Gates, common: &Common) -> Result<u8, Refusal> {
    let ready = all_ready(paths, common)?;
    let baselines = match &gates.baseline {
        Some(path) => outcomes_in(path)?,
        None => Vec::new(),
    };
    if let Some(path) = gates.baseline.as_ref().filter(|_| !is_of_any(&baselines, &ready)) {
        let rule = "has the outcome of none of the experiments that are checked";
        let mend = "one written by `outgrow check --out DIR` of the same experiments";
        return Err(
            Problem::without_place(Code::E010, &path.display().to_string(), rule, mend).into()
        );
    }
    let mut outcomes = Vec::new();
    let mut refused: Option<Refusal> = None;
    for it in &ready {
        match run(it, common) {
            Ok((mut outcome, lost)) => {
                refused = refused.or(lost.err());
                let before = baselines.iter().find(|it| it.experiment == outcome.experiment);
                outcome.baseline =
                    before.map(|it| against(&outcome, it, gates.tolerance.as_ratio()));
                outcomes.push((it, outcome));
            }
            // The others are checked all the same; the first that could not be run is told at the end.
            Err(refusal) => refused = Some(refused.unwrap_or(refusal)),
        }
    }
    if common.format != Format::Json {
        for (_, outcome) in &outcomes {
            output::print(&(output::printed(outcome, common.format) + "\n"))?;
        }
    }
    if gates.github || std::env::var_os("GITHUB_ACTIONS").is_some_and(|it| it == "true") {
        for (ready, outcome) in &outcomes {
            let text = annotations::text(outcome, &ready.path.display().to_string());
            // Standard output is the outcome's alone, if a program reads it; runners read both.
            match common.format {
                Format::Table => output::print(&text)?,
                Format::Json | Format::Csv => eprint!("{text}"),
            }
        }
    }
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|it| it.1).collect();
    if common.format == Format::Json {
        output::print(&as_json(&outcomes))?;
    }
    if let Some(path) = &gates.junit {
        output::write_file(path, junit::text(&outcomes).as_bytes())?;
    }
    if let Some(path) = &gates.summary {
        output::write_file(path, markdown::text(&outcomes).as_bytes())?;
    }
    if let Some(folder) = &common.out {
        output::write_file_in(folder, "outcome.json", as_json(&outcomes).as_bytes())?;
    }
    match refused {
        Some(refusal) => Err(refusal),
        None => Ok(outcomes.iter().map(code).max_by_key(|it| severity(*it)).unwrap_or(0)),
    }
}

/// Reads all of them; everything that is wrong with any is told before anything is run.
fn all_ready(paths: &[PathBuf], common: &Common) -> Result<Vec<Ready>, Refusal> {
    let mut ready = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match one_ready(path, common) {
            Ok(it) => ready.push(it),
            Err(Refusal::Problems(found)) => problems.extend(found),
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() { Ok(ready) } else { Err(problems.into()) }
}

fn one_ready(path: &Path, common: &Common) -> Result<Ready, Refusal> {
    let (experiment, document, sources) = read_experiment(path, common)?;
    if experiment.expect.is_empty() {
        let place = path.display().to_string();
        let rule = "expects nothing that could be checked";
        let mend = "add \"expect\": [{ \"metric\": \"availability\", \"at_least\": 0.999 }]";
        return Err(Problem::without_place(Code::E004, &place, rule, mend).into());
    }
    let gate = gate(&experiment, &document, &sources)?;
    check_addressees(&gate.designs, common)?;
    Ok(Ready { path: path.to_owned(), experiment, document, gate })
}

fn run(ready: &Ready, common: &Common) -> Result<store::Kept, Refusal> {
    let Ready { experiment, document, gate, .. } = ready;
    let title = title(outcome::Verb::Check, experiment, &gate.designs);
    let settings = settings(experiment, &title.experiment, common)?;
    store::kept(&settings, || {
        let bar = Bar::new();
        let outcome = in_threads(common.threads, || gate.run(title, &settings, &bar))?;
        drop(bar);
        outcome.map_err(|trouble| refusal(&trouble, &settings, &gate.points, document))
    })
}

fn is_of_any(baselines: &[Outcome], ready: &[Ready]) -> bool {
    let name =
        |it: &Ready| title(outcome::Verb::Check, &it.experiment, &it.gate.designs).experiment;
    let names: Vec<String> = ready.iter().map(name).collect();
    baselines.iter().any(|it| names.contains(&it.experiment))
}

/// One outcome stands for itself, several in a list.
fn as_json(outcomes: &[Outcome]) -> String {
    match outcomes {
        [one] => json::text(one),
        several => {
            let all: Vec<String> = several.iter().map(json::text).collect();
            format!("[\n{}]\n", all.join(","))
        }
    }
}

/// The outcomes in a file that an earlier check wrote.
fn outcomes_in(path: &Path) -> Result<Vec<Outcome>, Refusal> {
    let name = path.display().to_string();
    let wrong = |rule: String| Problem::without_place(Code::E011, &name, rule, "");
    let bytes = files::read(path).map_err(|it| wrong(format!("cannot be read: {it}")))?;
    let one: Result<Outcome, _> = serde_json::from_slice(&bytes);
    let all = one.map(|it| vec![it]).or_else(|_| serde_json::from_slice::<Vec<Outcome>>(&bytes));
    let all = all.map_err(|why| wrong(format!("is no outcome of an earlier check: {why}")))?;
    match all.iter().find(|it| it.format != outcome::FORMAT) {
        Some(it) => Err(wrong(format!("is of another format: {}", it.format)).into()),
        None => Ok(all),
    }
}

fn code(outcome: &Outcome) -> u8 {
    let worse = outcome.baseline.as_ref().is_some_and(|it| it.is_worse());
    match checked::worst(outcome) {
        Kept::Fail => FAILS,
        _ if worse => FAILS,
        Kept::CannotTell => CANNOT_TELL,
        Kept::Pass => 0,
    }
}

/// To fail is worse than not to know.
fn severity(code: u8) -> u8 {
    match code {
        FAILS => 2,
        CANNOT_TELL => 1,
        _ => 0,
    }
}
