//! How many users there are as the story goes on, and how traffic differs over a day.

mod daily;
mod exponential;
mod linear;
mod logistic;
mod recorded;
mod steps;

pub use daily::{Daily, Profile};
pub use exponential::Exponential;
pub use linear::Linear;
pub use logistic::Logistic;
pub use recorded::{Recorded, Series};
pub use steps::Step;

use crate::problem::{Code, Findings};
use crate::units::{Span, significant};
use schemars::JsonSchema;
use serde::Deserialize;

/// The number of users over the story.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// Always so many users.
    Constant(f64),
    /// Evenly from one number to another, over the whole story.
    Linear(Linear),
    /// Doubling in equal times.
    Exponential(Exponential),
    /// Slowly, then fast, then slowly up to a limit.
    Logistic(Logistic),
    /// By steps: from each instant on, so many users.
    Steps(Vec<Step>),
    /// As recorded in a CSV file.
    Recorded(Recorded),
}

/// The most users that a story may have.
pub const USERS_MAX: f64 = 1e9;

impl Growth {
    /// `over` is the length of the story. What a recording holds is checked as it is loaded.
    pub fn check(&self, over: Span, findings: &mut Findings) {
        match self {
            Growth::Constant(users) => check_users("constant", *users, findings),
            Growth::Linear(it) => findings.inside("linear", |f| it.check(f)),
            Growth::Exponential(it) => findings.inside("exponential", |f| it.check(over, f)),
            Growth::Logistic(it) => findings.inside("logistic", |f| it.check(f)),
            Growth::Steps(it) => findings.inside("steps", |f| steps::check(it, f)),
            Growth::Recorded(it) => findings.inside("recorded", |f| it.check(f)),
        }
    }

    /// The users at `at` of a story that is `over` long; not a whole number. A recording that has
    /// not been loaded has none.
    pub fn users_at(&self, at: Span, over: Span) -> f64 {
        match self {
            Growth::Constant(users) => *users,
            Growth::Linear(it) => it.users_at(at, over),
            Growth::Exponential(it) => it.users_at(at),
            Growth::Logistic(it) => it.users_at(at),
            Growth::Steps(it) => steps::users_at(it, at),
            Growth::Recorded(it) => it.users_at(at),
        }
    }
}

fn check_users(key: &str, users: f64, findings: &mut Findings) {
    if !(0.0..=USERS_MAX).contains(&users) {
        let [users, most] = [users, USERS_MAX].map(significant);
        let rule = format!("the number of users must be between 0 and {most}, not {users}");
        findings.wrong_at(key, Code::E007, rule, "");
    }
}

fn check_longer(key: &str, span: Span, findings: &mut Findings) {
    if span.is_zero() {
        findings.wrong_at(
            key,
            Code::E007,
            "must be longer than nothing",
            "a jump is one of `steps`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::path_text;

    pub const DAY: u64 = 86_400;

    pub fn days(days: f64) -> Span {
        Span::from_secs(days * DAY as f64)
    }

    pub fn read(json: &str) -> Growth {
        serde_json::from_str(json).unwrap()
    }

    pub fn findings(json: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read(json).check(days(30.0), &mut findings);
        let text = |it: crate::problem::Finding| format!("{}: {}", path_text(&it.path), it.rule);
        findings.into_vec().into_iter().map(text).collect()
    }

    #[test]
    fn a_constant_stays() {
        let growth = read(r#"{"constant": 5000}"#);
        assert_eq!([0.0, 15.0, 99.0].map(|d| growth.users_at(days(d), days(30.0))), [5000.0; 3]);
        assert!(findings(r#"{"constant": 5000}"#).is_empty());
    }

    #[test]
    fn more_users_than_people_are_refused() {
        let rule = "the number of users must be between 0 and 1000000000, not";
        assert_eq!(findings(r#"{"constant": 1e12}"#), [format!("constant: {rule} 1000000000000")]);
        assert_eq!(findings(r#"{"constant": -1}"#), [format!("constant: {rule} -1")]);
        assert_eq!(
            findings(r#"{"linear": {"from": 1, "to": 2e9}}"#),
            [format!("linear.to: {rule} 2000000000")]
        );
    }
}
