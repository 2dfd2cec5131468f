//! What to say of runs that could not be made or finished.

use super::Refusal;
use crate::experiment::{Ended, Point, Settings, Stuck, Trouble};
use crate::model::Document;
use crate::outcome::Unrefined;
use crate::problem::{Code, Findings, Problem};
use crate::report::figure::rounded;
use crate::sim::Failure;

const LARGE: &str =
    "shorten the window, lower the load or the replications, or allow more with --max-events";

pub fn refusal(
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
            Problem::without_place(Code::E012, "--max-events", rule, LARGE).into()
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
            match gave_up(*failure) {
                Ok((rule, mend)) => {
                    Refusal::GaveUp(Problem::without_place(Code::E012, &place, rule, mend))
                }
                Err(bug) => Refusal::Bug(format!("{place}: {bug}")),
            }
        }
    }
}

/// Why a refinement ended before its time, in words.
pub fn unrefined(ended: Ended) -> Unrefined {
    let Ended { path, wanted, why, points } = ended;
    let (why, mend) = match &why {
        Stuck::Problems(problems) => {
            let first = problems.first();
            let rule = first.map(|it| format!("{} {}", it.path, it.rule)).unwrap_or_default();
            (rule, first.map(|it| it.mend.clone()).unwrap_or_default())
        }
        Stuck::Trouble(Trouble::TooLarge { expected, allowed }) => {
            let (expected, left) = (of_events(*expected), of_events(*allowed as f64));
            let rule = format!(
                "that would take about {expected} more events, and of those that are allowed {left} are left"
            );
            (rule, LARGE.to_owned())
        }
        Stuck::Trouble(Trouble::UnknownMetric { metric, mend }) => {
            (format!("{metric} is not measured there"), mend.clone())
        }
        Stuck::Trouble(Trouble::GaveUp { point, replication, failure }) => {
            let (rule, mend) = gave_up(*failure).unwrap_or_else(|bug| (bug, ""));
            let place = points[*point].title();
            (format!("{rule} ({place}, replication {replication})"), mend.to_owned())
        }
    };
    Unrefined { path, wanted, why, mend }
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

/// Why a run was given up, and what would help; or what a bug it is.
fn gave_up(failure: Failure) -> Result<(String, &'static str), String> {
    match failure {
        Failure::Broken { law, what, index } => Err(format!("{law} ({what} {index})")),
        Failure::TooManyEvents { at } => Ok((
            format!("used up all the events that are allowed, {at} into the run"),
            "shorten the window, lower the load, or allow more with --max-events",
        )),
        Failure::TooManyInside { at } => Ok((
            format!("millions of requests had piled up {at} into the run, and nothing bounds them"),
            "give a \"line\", or \"timeout\"s, or a shorter window",
        )),
        Failure::Spinning { at } => Ok((
            format!("users who do not think fail and ask again without end, {at} into the run"),
            "give \"think\" a duration",
        )),
    }
}
