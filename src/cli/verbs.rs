//! What each verb does.

use super::args::{Args, Common, Kind, Verb, WarmUp};
use super::check::check;
use super::progress::Bar;
use super::{Refusal, files, output, store};
use crate::experiment::file::{Experiment, Replications};
use crate::experiment::{
    self, Capacities, Design, Point, Refinement, Search, Settings, Source, Stuck, Title, Trouble,
};
use crate::model::file::Model;
use crate::model::reading::{assignment, schema_of};
use crate::model::{Document, Use, load_for};
use crate::outcome::{self, Outcome};
use crate::problem::{Code, Findings, Problem, Segment, suggest};
use crate::report::figure::rounded;
use crate::sim::Failure;
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

/// An experiment that nobody wrote: one model, as it is.
fn alone(
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
    let experiment =
        Experiment { window: Some(window), warm_up: Some(warm_up), ..plain(&[model.to_owned()]) };
    Ok((experiment, source))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Who sets the same twice means one of the two.
fn set_once(common: &Common) -> Result<(), Refusal> {
    let mut paths: Vec<&str> = Vec::new();
    for set in &common.sets {
        let (path, _) = assignment(set)?;
        if paths.contains(&path) {
            let place = format!("--set {path}");
            let problem =
                Problem::without_place(Code::E002, &place, "is set twice", "leave one out");
            return Err(problem.into());
        }
        paths.push(path);
    }
    Ok(())
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

/// So many users, if it makes a difference.
fn set_users(source: &mut Source, users: f64) -> Result<(), Refusal> {
    let value = source.document.value();
    let classes = value.get("traffic").and_then(|it| it.as_object());
    if classes.is_some_and(|it| it.values().all(|class| class.get("per_user").is_none())) {
        let rule = "no traffic of this model is given per user, so that this would change nothing";
        let mend = "change a rate instead: --set traffic.NAME.rate=200/s";
        return Err(Problem::without_place(Code::E010, "--users", rule, mend).into());
    }
    Ok(source.document.set("users", &users.to_string())?)
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
    conduct(outcome::Verb::Compare.into(), &plain(paths), &document, &sources, common)
}

/// These models, as they are.
fn plain(models: &[PathBuf]) -> Experiment {
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
        replications: Replications::default(),
        seed: 1,
    }
}

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
                found.extend(models_problems(&document, path));
            }
            found
        })?;
    // What is drawn for its points is drawn by the seed too.
    experiment.seed = common.seed.unwrap_or(experiment.seed);
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
fn is_experiment(document: &Document) -> bool {
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

/// The model that `--set "model: path=value"` speaks to, if to one.
fn addressee(set: &str) -> Option<(&str, &str)> {
    let (name, rest) = set.split_once(": ")?;
    (!name.contains('=')).then_some((name.trim(), rest.trim()))
}

fn set_for(source: &mut Source, common: &Common) -> Result<(), Refusal> {
    let name = source.document.value().get("name").and_then(|it| it.as_str().map(str::to_owned));
    for set in &common.sets {
        if let Some((model, assigned)) = addressee(set)
            && name.as_deref() == Some(model)
        {
            let (path, value) = assignment(assigned)?;
            source.document.set(path, value)?;
        }
    }
    Ok(())
}

fn set_all(sources: &mut [&mut Source], common: &Common) -> Result<(), Refusal> {
    for source in sources {
        for set in common.sets.iter().filter(|set| addressee(set).is_none()) {
            let (path, value) = assignment(set)?;
            source.document.set(path, value)?;
        }
        set_for(source, common)?;
    }
    Ok(())
}

/// A model that `--set` speaks to and that is not there.
pub(super) fn check_addressees(designs: &[Design], common: &Common) -> Result<(), Refusal> {
    for set in &common.sets {
        let Some((name, _)) = addressee(set) else { continue };
        if !designs.iter().any(|it| it.name() == name) {
            let rule = format!("no model is named \"{name}\"");
            let mend = suggest(name, designs.iter().map(|it| it.name()));
            let place = format!("--set {set}");
            return Err(Problem::without_place(Code::E008, &place, rule, &mend).into());
        }
    }
    Ok(())
}

/// Runs it and shows what came of it.
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
                experiment::swept(title, &sweep, &mut designs, &mut points)
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
    let replications = match common.replications {
        Some(count) => Replications { min: count, ..Replications::default() },
        None => experiment.replications.clone(),
    };
    Ok(Settings {
        seed: common.seed.unwrap_or(experiment.seed),
        replications,
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

pub(super) fn refusal(
    trouble: &Trouble,
    settings: &Settings,
    points: &[Point],
    document: &Document,
) -> Refusal {
    match trouble {
        Trouble::TooLarge { expected, allowed } => {
            let rule = format!(
                "this would take about {} events, and {} are allowed",
                of_events(*expected),
                of_events(*allowed as f64)
            );
            let mend = "shorten the window, lower the load or the replications, or allow more with --max-events";
            Problem::without_place(Code::E012, "--max-events", rule, mend).into()
        }
        Trouble::UnknownMetric { metric, mend } => {
            let mut findings = Findings::default();
            findings.inside("replications", |it| {
                it.inside("until", |it| {
                    it.wrong_at(metric, Code::E008, "no such metric is measured", mend);
                });
            });
            document.problems(findings.into_vec()).into()
        }
        Trouble::GaveUp { point, replication, failure } => {
            let place = format!(
                "{}, replication {replication}, seed {}",
                points[*point].title(),
                settings.seed
            );
            gave_up(&place, *failure)
        }
    }
}

/// A number of events to two digits: `4,500`, and from a million on `1.5 million`.
fn of_events(number: f64) -> String {
    let (number, unit, decimals) = match number {
        it if it >= 1e6 => (it / 1e6, " million", 1),
        it => (it, "", 0),
    };
    let decade = number.max(1.0).log10().floor() as i32;
    format!("{}{unit}", rounded(number, (1 - decade).min(decimals)))
}

fn gave_up(place: &str, failure: Failure) -> Refusal {
    let (rule, mend) = match failure {
        Failure::Broken { law, what, index } => {
            return Refusal::Bug(format!("{place}: {law} ({what} {index})"));
        }
        Failure::TooManyEvents { at } => (
            format!("used up all the events that are allowed, {at} into the run"),
            "shorten the window, lower the load, or allow more with --max-events",
        ),
        Failure::TooManyInside { at } => (
            format!("millions of requests had piled up {at} into the run, and nothing bounds them"),
            "give a \"line\", or \"timeout\"s, or a shorter window",
        ),
        Failure::Spinning { at } => (
            format!("users who do not think fail and ask again without end, {at} into the run"),
            "give \"think\" a duration",
        ),
    };
    Refusal::GaveUp(Problem::without_place(Code::E012, place, rule, mend))
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
