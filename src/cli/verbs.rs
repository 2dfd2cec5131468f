//! What each verb does.

use super::args::{Args, Common, Kind, Verb, WarmUp};
use super::check::check;
use super::progress::Bar;
use super::reading::{alone, is_experiment, plain, read_experiment, shown};
use super::sets::{check_addressees, set_all, set_users};
use super::trouble::{refusal, unrefined};
use super::{Refusal, files, output, store};
use crate::experiment::file::Experiment;
use crate::experiment::{
    self, Capacities, Design, Point, Refinement, Search, Settings, Source, Stuck, Title, Trouble,
};
use crate::model::Document;
use crate::model::file::Model;
use crate::model::reading::schema_of;
use crate::outcome::{self, Outcome};
use crate::problem::{Code, Findings, Problem};
use crate::units::Span;
use std::path::{Path, PathBuf};

/// Does what was asked, and answers with the exit code.
pub(super) fn carry_out(args: &Args) -> Result<u8, Refusal> {
    let done = match &args.verb {
        Verb::Run { model, users, window, warm_up, theory, common } => {
            run(model, *users, (*window, *warm_up), *theory, common)
        }
        Verb::Compare { files, common } => compare(files, common),
        Verb::Sweep { experiment, common } => {
            let (experiment, document, sources) = read_experiment(experiment, common)?;
            conduct(outcome::Verb::Sweep.into(), &experiment, &document, &sources, common)
        }
        Verb::Capacity { file, window, warm_up, common } => {
            capacity(file, *window, *warm_up, common)
        }
        Verb::Check { experiments, gates, common } => {
            return check(experiments, gates, common);
        }
        Verb::Store { verb } => store::carry_out(verb),
        Verb::Schema { of } => schema(*of),
        Verb::Explain { code } => explain(code),
    };
    done.map(|()| 0)
}

impl From<Vec<Problem>> for Refusal {
    fn from(problems: Vec<Problem>) -> Refusal {
        Refusal::Problems(problems)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        Refusal::Problems(vec![problem])
    }
}

fn run(
    model: &Path,
    users: Option<f64>,
    (window, warm_up): (Span, WarmUp),
    theory: bool,
    common: &Common,
) -> Result<(), Refusal> {
    let (experiment, mut source) = alone(model, window, warm_up, common)?;
    if let Some(users) = users {
        set_users(&mut source, users)?;
    }
    let document = source.document.clone();
    let asked = Asked { theory, ..outcome::Verb::Run.into() };
    conduct(asked, &experiment, &document, &[source], common)
}

/// The largest load of a model, or of the models of an experiment.
fn capacity(file: &Path, window: Span, warm_up: Span, common: &Common) -> Result<(), Refusal> {
    let (experiment, document, sources) = if files::document(file)?.value().get("models").is_some()
    {
        read_experiment(file, common)?
    } else {
        let (experiment, source) = alone(file, window, WarmUp::Fixed(warm_up), common)?;
        (experiment, source.document.clone(), vec![source])
    };
    let designs = experiment::designs(&experiment, &document, &sources, false)?;
    check_addressees(&designs, common)?;
    let title = title(outcome::Verb::Capacity, &experiment, &designs);
    let settings = settings(&experiment, &title.experiment, common)?;
    let (outcome, lost) = store::kept(&settings, || {
        let bar = Bar::new();
        let capacities =
            Capacities { experiment: &experiment, designs: &designs, settings: &settings };
        let found = in_threads(common.threads, || capacities.run(&bar))?;
        let told =
            |trouble: &Trouble, points: &[Point]| refusal(trouble, &settings, points, &document);
        let (found, points) = found.map_err(|stuck| match stuck {
            Stuck::Problems(problems) => problems.into(),
            Stuck::Trouble(trouble) => told(&trouble, &capacities.now()),
        })?;
        let work = || experiment::outcome(title, &designs, &points, &settings, &bar);
        let outcome = in_threads(common.threads, work)?;
        drop(bar);
        let mut outcome = outcome.map_err(|trouble| told(&trouble, &points))?;
        let summaries = outcome.models.values_mut();
        summaries.zip(found).for_each(|(summary, found)| summary.capacity = Some(found));
        Ok(outcome)
    })?;
    output::show(&outcome, common)?;
    lost
}

fn compare(paths: &[PathBuf], common: &Common) -> Result<(), Refusal> {
    if let [experiment] = paths {
        let (experiment, document, sources) = read_experiment(experiment, common)?;
        return conduct(outcome::Verb::Compare.into(), &experiment, &document, &sources, common);
    }
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match files::source(path) {
            Ok(source) if is_experiment(&source.document) => {
                let rule = "this is an experiment and no model";
                let mend = "compare models with each other, or one experiment by itself";
                problems.push(Problem::without_place(Code::E005, &shown(path), rule, mend));
            }
            Ok(source) => sources.push(source),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    set_all(&mut sources.iter_mut().collect::<Vec<_>>(), common)?;
    let document = sources[0].document.clone();
    conduct(outcome::Verb::Compare.into(), &plain(paths, common), &document, &sources, common)
}

/// What is wanted of an experiment.
struct Asked {
    verb: outcome::Verb,
    /// Whether theory is told part by part.
    theory: bool,
}

impl From<outcome::Verb> for Asked {
    fn from(verb: outcome::Verb) -> Asked {
        Asked { verb, theory: false }
    }
}

/// Runs it and shows what came of it.
fn conduct(
    Asked { verb, theory }: Asked,
    experiment: &Experiment,
    document: &Document,
    sources: &[Source],
    common: &Common,
) -> Result<(), Refusal> {
    let vary = verb == outcome::Verb::Sweep;
    let mut designs = experiment::designs(experiment, document, sources, vary)?;
    check_addressees(&designs, common)?;
    // The folder itself, or the nearest thing on the way to it that there is.
    let there = common.out.iter().flat_map(|it| it.ancestors()).find(|it| it.exists());
    if let Some(out) = there.filter(|it| !it.is_dir()) {
        let rule = format!("{} is no folder", out.display());
        return Err(Problem::without_place(Code::E010, "--out", rule, "name a folder").into());
    }
    let mut findings = Findings::default();
    let mut points = experiment::points(experiment, &designs, &mut findings);
    if vary && findings.is_empty() {
        experiment::check_metrics(experiment, &designs, &points, &mut findings);
        experiment::check_refinement(experiment, document, sources, &designs, &mut findings);
    }
    if !findings.is_empty() {
        return Err(document.problems(findings.into_vec()).into());
    }
    let title = title(verb, experiment, &designs);
    let settings = settings(experiment, &title.experiment, common)?;
    let told = |stuck, points: &[Point]| match stuck {
        Stuck::Problems(problems) => problems.into(),
        Stuck::Trouble(trouble) => refusal(&trouble, &settings, points, document),
    };
    let (outcome, lost) = store::kept(&settings, || {
        let bar = Bar::new();
        let outcome = in_threads(common.threads, || match vary {
            true => {
                let (settings, progress) = (&settings, &bar);
                let sweep = Refinement { experiment, document, sources, settings, progress };
                let swept = experiment::swept(title, &sweep, &mut designs, &mut points);
                swept.map(|(outcome, ended)| Outcome { unrefined: ended.map(unrefined), ..outcome })
            }
            false => experiment::outcome(title, &designs, &points, &settings, &bar)
                .map_err(Stuck::Trouble),
        })?;
        drop(bar);
        let mut outcome = outcome.map_err(|stuck| told(stuck, &points))?;
        if theory {
            experiment::add_theory(&mut outcome, &points);
        }
        if let Some(find) = &experiment.find {
            let search = Search { experiment, document, sources, vary, settings: &settings };
            let bar = Bar::new();
            let found = in_threads(common.threads, || search.run(find, designs.len(), &bar))?;
            drop(bar);
            let found = found.map_err(|stuck| told(stuck, &points))?;
            let summaries = outcome.models.values_mut();
            summaries.zip(found).for_each(|(summary, found)| summary.found = Some(found));
        }
        Ok(outcome)
    })?;
    output::show(&outcome, common)?;
    lost
}

pub(super) fn title(verb: outcome::Verb, experiment: &Experiment, designs: &[Design]) -> Title {
    let names: Vec<&str> = designs.iter().map(|it| it.name()).collect();
    match experiment.name.as_str() {
        "" => {
            let about = if designs.len() == 1 {
                designs[0].model.file.about.clone()
            } else {
                String::new()
            };
            Title { verb, experiment: names.join(" and "), about }
        }
        name => Title { verb, experiment: name.to_owned(), about: experiment.about.clone() },
    }
}

/// How it is to be run, and with which store, which is opened only now that all else is right.
pub(super) fn settings(
    experiment: &Experiment,
    name: &str,
    common: &Common,
) -> Result<Settings, Refusal> {
    let keeping = store::opened(name, common)?;
    Ok(Settings {
        seed: common.seed.unwrap_or(experiment.seed),
        replications: experiment.replications.clone(),
        events_max: common.max_events,
        keeping,
    })
}

pub(super) fn in_threads<T: Send>(
    threads: Option<u16>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Refusal> {
    let threads = threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|error| Refusal::Failed(format!("no threads can be started: {error}")))?;
    Ok(pool.install(work))
}

fn schema(of: Kind) -> Result<(), Refusal> {
    let schema = match of {
        Kind::Model => schema_of::<Model>(),
        Kind::Experiment => schema_of::<Experiment>(),
        Kind::Outcome => schema_of::<Outcome>(),
    };
    output::print(&format!("{schema:#}\n"))
}

fn explain(code: &str) -> Result<(), Refusal> {
    let Some(code) = Code::parse(code) else {
        let rule = format!("\"{code}\" is no code");
        let all: Vec<String> = Code::ALL.iter().map(Code::to_string).collect();
        let mend = format!("there are {}", all.join(", "));
        return Err(Problem::without_place(Code::E008, "explain", rule, &mend).into());
    };
    output::print(&format!("{code}: {}\n\n{}\n", code.title(), code.explanation()))
}
