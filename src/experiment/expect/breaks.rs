//! On which day a model breaks, as something to expect.
//!
//! The first day on which an objective is missed is no figure that a run has, and no test speaks of it
//! itself. But it is the tenth day or a later one if and only if every objective is kept on every day
//! before the tenth, and an earlier one if and only if some objective is missed on one of them; and of
//! each objective on each day there is a test.

use super::super::file::Story;
use super::super::point::Point;
use super::super::summary::{Limit, limits};
use super::claims::{Ground, Known, Subject, What};
use super::file::{Bound, Expect, Word};
use super::places::{PARTS, Place};
use crate::problem::{Code, Findings};
use crate::stats::Aim;

/// The name by which it is expected.
pub const BREAKS_ON: &str = "breaks_on";

/// Samples are whole nanoseconds; a day in seconds is none of them.
const NEAR_D: f64 = 1e-6;

/// What is claimed of some days.
struct Days {
    /// Whether all objectives are kept on all of them, or one is missed on one of them.
    kept: bool,
    /// The last of them, whether it is there or not; none if all are meant.
    last: Option<f64>,
    /// Whether that one is meant too.
    included: bool,
}

/// How many days there are, of a whole story with what is played of the last.
fn days_of(story: &Story) -> f64 {
    let days = story.over.as_secs() / 86_400.0;
    if story.full { days.ceil() } else { days }
}

impl Days {
    fn of(expect: &Expect) -> Option<Days> {
        let Some((word, bound)) = expect.bounds().first().copied() else {
            return Some(Days { kept: true, last: None, included: true });
        };
        let Bound::Number(day) = bound else { return None };
        let included = matches!(word, Word::Over | Word::AtMost);
        Some(Days { kept: word.is_lower(), last: Some(*day), included })
    }

    fn has(&self, day: f64) -> bool {
        let near = if self.included { NEAR_D } else { -NEAR_D };
        self.last.is_none_or(|last| day < last + near)
    }

    /// Whether all that are meant are in a story, whose samples end after so many days.
    fn are_within(&self, story: &Story) -> bool {
        let days = days_of(story);
        // The days of a whole story are counted from 0, so that the last is one less than there are.
        let near = if self.included && story.full { -NEAR_D } else { NEAR_D };
        self.last.is_none_or(|last| (0.0..days + near).contains(&last))
    }
}

impl Ground<'_> {
    pub fn breaking(
        &self,
        expect: &Expect,
        points: &[Point],
        known: &mut Known,
        findings: &mut Findings,
    ) -> Option<Vec<Subject>> {
        let days = self.days(expect, findings)?;
        let is_meant = |it: &Place| {
            let (point, part) = (&points[it.point], it.part);
            point.fault_of(part).is_none() && point.day_of(part).is_some_and(|day| days.has(day))
        };
        let mut subjects = Vec::new();
        let mut promises = false;
        for place in self.of_designs(expect, points) {
            let limits = limits(&self.designs[points[place.point].design]);
            promises |= !limits.is_empty();
            if !is_meant(&place) {
                continue;
            }
            self.look(place, points, known);
            let design = points[place.point].design;
            for limit in limits {
                let measured =
                    |metric: &str| known[&place.key(points)].iter().any(|it| it.name == metric);
                let (metric, what) = tested(&limit, days.kept, measured);
                let group = if days.kept { subjects.len() } else { design };
                subjects.push(Subject { group, place, against: None, metric, what });
            }
        }
        if subjects.is_empty() {
            let (rule, mend) = match promises {
                true => ("no day is simulated that this speaks of", "say when, of days from 0 on"),
                false => (
                    "no model that this speaks of has objectives, so that none can be missed",
                    "give the model \"objectives\"",
                ),
            };
            findings.wrong_at("metric", Code::E010, rule, mend);
            return None;
        }
        // Those of a group stand beside one another.
        subjects.sort_by_key(|it| it.group);
        Some(subjects)
    }

    /// Which days are meant, or what is wrong with it.
    fn days(&self, expect: &Expect, findings: &mut Findings) -> Option<Days> {
        let before = findings.len();
        let Some(story) = &self.experiment.growth else {
            let rule = "there are no days without growth";
            findings.wrong_at("metric", Code::E010, rule, "give the experiment \"growth\"");
            return None;
        };
        if expect.better.is_some() {
            let rule = "is told of each design by itself";
            let mend = "\"at_least\": 10 of the one, and \"at_most\": 10 of the other";
            findings.wrong_at("better", Code::E010, rule, mend);
        }
        for key in PARTS.iter().filter(|it| expect.at.contains_key(**it)) {
            let rule = "breaks_on is about all days, faults of a whole story included";
            findings.inside("where", |it| it.wrong_at(*key, Code::E010, rule, "leave it out"));
        }
        let days = Days::of(expect);
        if let Some((word, bound)) = expect.bounds().first() {
            match &days {
                None => {
                    let rule = format!("must be a day of the story, not \"{}\"", bound.text());
                    findings.wrong_at(word.text(), Code::E005, rule, "10");
                }
                Some(it) if !it.are_within(story) => {
                    let last = days_of(story) - if story.full { 1.0 } else { 0.0 };
                    let rule = format!(
                        "the days of the story are 0 to {last}: what day {} is like is not known",
                        bound.text()
                    );
                    let mend = "\"absent\": true, if it is never to break";
                    findings.wrong_at(word.text(), Code::E007, rule, mend);
                }
                Some(_) => {}
            }
        }
        days.filter(|_| findings.len() == before)
    }
}

/// The metric that an objective bounds, and what is claimed of it. Of what nobody waits for it is only
/// measured how much fails.
fn tested(limit: &Limit, kept: bool, measured: impl Fn(&str) -> bool) -> (String, What) {
    let (metric, bound, aim) = match limit.metric.strip_suffix(".availability") {
        Some(class) if !measured(&limit.metric) => {
            (format!("{class}.failure_ratio"), 1.0 - limit.limit, Aim::Lower)
        }
        _ => (limit.metric.clone(), limit.limit, limit.aim),
    };
    let word = match (aim, kept) {
        (Aim::Lower, true) => Word::AtMost,
        (Aim::Lower, false) => Word::Over,
        (Aim::Higher, true) => Word::AtLeast,
        (Aim::Higher, false) => Word::Under,
    };
    (metric, What::Bound { word, bound })
}
