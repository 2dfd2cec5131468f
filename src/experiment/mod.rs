//! Experiments: which runs to make, in parallel, and the estimates that follow from them.

pub mod baseline;
mod capacity;
mod churn;
mod conduct;
mod controls;
mod design;
pub mod expect;
pub mod file;
mod find;
mod kept;
mod over_time;
mod point;
mod progress;
mod replications;
mod select;
pub mod sensitivity;
mod series;
pub mod store;
mod story;
mod summary;
mod theory;
mod transient;
mod trial;
mod values;
mod versus;

pub use capacity::Capacities;
pub use conduct::{Progress, Settings, Trouble, conduct};
pub use design::{Design, Ended, Refinement, Source, check_refinement, designs};
pub use sensitivity::check_metrics;

use conduct::Conducted;
use design::Way;
pub use expect::{Gate, gate};
pub use find::{Search, Stuck};
pub use kept::Keeping;
pub use point::{Point, points};
use sensitivity::sensitivities;
use story::Told;
pub use summary::CONFIDENCE;
pub use theory::add_theory;

use crate::model::{Document, Files};
use crate::outcome::{Outcome, Verb};
use crate::parts::growth::Growth;
use crate::problem::{Code, Findings, Problem};
use crate::units::Span;
use file::Experiment;

/// What an outcome is called.
pub struct Title {
    pub verb: Verb,
    pub experiment: String,
    pub about: String,
}

/// Runs all points and tells what came of it.
pub fn outcome(
    title: Title,
    designs: &[Design],
    points: &[Point],
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Outcome, Trouble> {
    let conducted = conduct(designs, points, settings, progress)?;
    Ok(outcome_of_conducted(title, designs, points, settings, &conducted))
}

/// The same of an experiment whose levels are combined, with what follows from how they are, and with
/// levels that are added; and why no more were, if more were wanted.
pub fn swept(
    title: Title,
    sweep: &Refinement,
    designs: &mut Vec<Design>,
    points: &mut Vec<Point>,
) -> Result<(Outcome, Option<Ended>), Stuck> {
    let (conducted, ended) = sweep.run(designs, points)?;
    let Refinement { experiment, settings, .. } = sweep;
    let mut outcome = outcome_of_conducted(title, designs, points, settings, &conducted);
    outcome.surface.clone_from(&experiment.surface);
    outcome.sensitivities = sensitivities(experiment, designs, points, &conducted);
    if Way::of(experiment).draws() {
        // The first of the points that were drawn is nothing to hold the others against.
        outcome.comparisons.clear();
    }
    Ok((outcome, ended))
}

fn outcome_of_conducted(
    title: Title,
    designs: &[Design],
    points: &[Point],
    settings: &Settings,
    conducted: &[Conducted],
) -> Outcome {
    let told: Vec<_> = points
        .iter()
        .zip(conducted)
        .map(|(point, conducted)| Told::of(point, &designs[point.design], conducted))
        .collect();
    let known: Vec<_> = (0..points.len())
        .map(|i| summary::Known {
            point: &points[i],
            design: &designs[points[i].design],
            conducted: &conducted[i],
            reported: &told[i].whole,
            days: &told[i].days,
        })
        .collect();
    let comparisons = versus::comparisons(&known);
    let summaries: Vec<_> = designs
        .iter()
        .enumerate()
        .map(|(i, design)| {
            let own: Vec<_> = known.iter().filter(|it| it.point.design == i).collect();
            summary::summary(design, &own)
        })
        .collect();
    let contests = select::told(settings, points, conducted);
    let told = told.into_iter().flat_map(Told::into_points).collect();
    let mut outcome = Outcome { comparisons, ..outcome_of(title, settings.seed, told) };
    outcome.selections = contests
        .into_iter()
        .map(|(left, selection)| {
            let label = |i: usize| {
                let design = &designs[points[i].design];
                outcome.label(design.name(), &design.factors)
            };
            crate::outcome::Selection { left: left.into_iter().map(label).collect(), ..selection }
        })
        .collect();
    // By the names that reports give them, which are short because they know all points.
    let labels = designs.iter().map(|it| outcome.label(it.name(), &it.factors));
    outcome.models = labels.zip(summaries).collect();
    outcome
}

/// An outcome that has points only.
fn outcome_of(title: Title, seed: u64, points: Vec<crate::outcome::Point>) -> Outcome {
    let Title { verb, experiment, about } = title;
    Outcome { points, ..Outcome::new(verb, &experiment, &about, seed) }
}

/// The experiment in a document; everything that is wrong with it at once, whatever the models say.
pub fn load(document: &Document, files: &Files) -> Result<Experiment, Vec<Problem>> {
    let sense = |experiment: &mut Experiment, _, findings: &mut Findings| {
        read_files(experiment, files, findings);
        check(experiment, findings);
    };
    document.read_with(sense).map(|(experiment, ())| experiment)
}

/// What the experiment names and has to be read: recorded users, measured times of faults.
fn read_files(experiment: &mut Experiment, files: &Files, findings: &mut Findings) {
    if let Some(story) = &mut experiment.growth
        && let Growth::Recorded(recorded) = &mut story.users
    {
        let path = ["growth", "users", "recorded"];
        let [growth, users, key] = path;
        findings.inside(growth, |it| {
            it.inside(users, |it| {
                it.inside(key, |it| match files(&recorded.file) {
                    Ok(text) => recorded.load(&text, it),
                    Err(why) => {
                        it.wrong_at("file", Code::E011, why, "paths are relative to this file")
                    }
                });
            });
        });
    }
    findings.inside("faults", |it| {
        for (i, fault) in experiment.faults.iter_mut().enumerate() {
            it.inside(i, |it| crate::model::of_fault(fault, files, it));
        }
    });
}

fn check(experiment: &Experiment, findings: &mut Findings) {
    if experiment.models.is_empty() {
        let mend = "name a model file: \"../models/monolith.json\"";
        findings.wrong_at("models", Code::E004, "there must be at least one model", mend);
    }
    if let Some(story) = &experiment.growth {
        findings.inside("growth", |it| check_story(story, it));
    }
    if let Some(window) = experiment.window {
        findings.inside("window", |it| longer_than_nothing(window, it));
    }
    let beside =
        [("window", experiment.window.is_some()), ("warm_up", experiment.warm_up.is_some())];
    for (key, _) in beside.iter().filter(|it| it.1 && experiment.growth.is_some()) {
        let rule = "has no effect beside growth, which has its own";
        findings.wrong_at(*key, Code::E010, rule, "write it into growth.sample");
    }
    for (i, fault) in experiment.faults.iter().enumerate() {
        findings.inside("faults", |it| it.inside(i, |it| fault.check(it)));
        if let Some(first) = experiment.faults[..i].iter().position(|it| it == fault) {
            let rule = format!("is the same as faults[{first}]");
            findings.inside("faults", |it| {
                it.inside(i, |it| it.wrong(Code::E002, rule, "leave one out"));
            });
        }
        let over = experiment.growth.as_ref().map(|story| story.over);
        if over.is_some_and(|over| fault.at > over) {
            let rule = format!("{} is after the end of the story", fault.at);
            findings
                .inside("faults", |it| it.inside(i, |it| it.wrong_at("at", Code::E007, rule, "")));
        }
    }
    for (i, fault) in experiment.faults.iter().enumerate() {
        let watched = fault.whole() + experiment.aftermath;
        if fault.once_in.is_some_and(|it| it <= watched) {
            let rule = format!("must be longer than a fault and its aftermath, {watched}");
            findings.inside("faults", |it| {
                it.inside(i, |it| it.wrong_at("once_in", Code::E007, rule, "\"90d\""));
            });
        }
        if fault.whole().nanos().saturating_add(experiment.aftermath.nanos()) > WATCHED_MAX.nanos()
        {
            let rule =
                format!("a fault and its aftermath can be watched for at most {WATCHED_MAX}");
            findings.inside("faults", |it| {
                it.inside(i, |it| it.wrong_at("for", Code::E012, rule, "\"20m\""));
            });
        }
    }
    for name in experiment.variants.keys().filter(|it| it.trim().is_empty()) {
        let rule = "a variant needs a name, to be told from the others";
        findings.inside("variants", |it| it.wrong_at(name, Code::E010, rule, "\"as it is\": {}"));
    }
    findings.inside("vary", |it| check_levels(experiment, it));
    findings.inside("combine", |it| experiment.combine.check(experiment, it));
    if let Some(sensitivity) = &experiment.sensitivity {
        findings.inside("sensitivity", |it| sensitivity.check(experiment, it));
    }
    if let Some(find) = &experiment.find {
        findings.inside("find", |it| find.check(experiment, it));
    }
    findings.inside("expect", |it| {
        for (i, expect) in experiment.expect.iter().enumerate() {
            it.inside(i, |it| expect.check(it));
        }
    });
    findings.inside("replications", |it| {
        experiment.replications.check(it);
        if experiment.find.is_some() && experiment.replications.antithetic {
            let rule = "a search takes its replications one by one, and not in antithetic pairs";
            it.wrong_at("antithetic", Code::E010, rule, "leave it out");
        }
    });
}

const SAMPLES_MAX: usize = 100_000;
/// A slice is ten seconds, and each is remembered.
const WATCHED_MAX: Span = Span::from_whole_secs(10 * 86_400);

fn check_levels(experiment: &Experiment, findings: &mut Findings) {
    let one_by_one = !Way::of(experiment).draws();
    let mut refined = None;
    for (path, levels) in &experiment.vary {
        findings.inside(path, |it| levels.check(one_by_one, it));
        if levels.refined() {
            check_refined(experiment, path, refined.replace(path), findings);
        }
        let varied = path.rsplit(':').next().unwrap_or(path).trim();
        if varied == "users" && experiment.growth.is_some() {
            let rule = "the number of users comes from growth, so that this would change nothing";
            findings.wrong_at(path, Code::E010, rule, "leave one of the two out");
        }
    }
}

/// `before` is another path to which levels are added.
fn check_refined(
    experiment: &Experiment,
    path: &String,
    before: Option<&String>,
    findings: &mut Findings,
) {
    let mut wrong = |code, rule: String, mend: &str| {
        findings.inside(path, |it| it.wrong_at("refine", code, rule, mend));
    };
    if let Some(before) = before {
        let rule = format!("levels can be added to one thing only, and are to {before}");
        wrong(Code::E010, rule, "give this one more \"levels\"");
    }
    if matches!(Way::of(experiment), Way::OneAtATime(_)) {
        let rule = "levels can be added where all are combined, and not one at a time".to_owned();
        wrong(Code::E010, rule, "leave one of the two out");
    }
    if experiment.replications.select.is_some() {
        let rule =
            "replications.select drops points that the others would be held against".to_owned();
        wrong(Code::E010, rule, "leave one of the two out");
    }
    let story = experiment.growth.as_ref().map(|it| it.sample.warm_up);
    if let file::WarmUp::Auto(_) = story.or(experiment.warm_up).unwrap_or_default() {
        let rule = "needs a warm-up that is the same at every level".to_owned();
        wrong(Code::E004, rule, "write it out: \"warm_up\": \"30s\"");
    }
}

fn check_story(story: &file::Story, findings: &mut Findings) {
    findings.inside("over", |it| longer_than_nothing(story.over, it));
    findings.inside("users", |it| story.users.check(story.over, it));
    if let Some(daily) = &story.daily {
        findings.inside("daily", |it| daily.check(it));
    }
    findings.inside("sample", |it| {
        it.inside("every", |it| longer_than_nothing(story.sample.every, it));
        it.inside("window", |it| longer_than_nothing(story.sample.window, it));
        let samples = story.over.nanos().checked_div(story.sample.every.nanos()).unwrap_or(0);
        if samples as usize > SAMPLES_MAX {
            let rule = format!("{samples} instants; at most {SAMPLES_MAX} can be run");
            it.wrong_at("every", Code::E012, rule, "sample less often");
        }
    });
}

fn longer_than_nothing(span: Span, findings: &mut Findings) {
    if span.is_zero() {
        findings.wrong(Code::E007, "must be longer than nothing", "");
    }
}
