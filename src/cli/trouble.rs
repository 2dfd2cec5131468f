//! What is told of runs that could not be done.

use super::Refusal;
use crate::experiment::{Point, Settings, Trouble};
use crate::model::Document;
use crate::problem::{Code, Findings, Problem};
use crate::report::figure::rounded;
use crate::sim::Failure;

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
