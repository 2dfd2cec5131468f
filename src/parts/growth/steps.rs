//! Users by steps: from each instant on, so many.

use super::check_users;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// From an instant on, so many users.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When, from the start of the story.
    #[schemars(example = "7d")]
    pub at: Span,
    /// How many users from then on.
    pub users: f64,
}

pub fn check(steps: &[Step], findings: &mut Findings) {
    let Some(first) = steps.first() else {
        let mend = "[{ \"at\": \"0s\", \"users\": 5000 }]";
        return findings.wrong(Code::E007, "must have at least one step", mend);
    };
    if !first.at.is_zero() {
        let rule = format!("nothing says how many users there are before {}", first.at);
        findings.inside(0, |it| it.wrong_at("at", Code::E007, rule, "the first is at \"0s\""));
    }
    for (i, step) in steps.iter().enumerate() {
        findings.inside(i, |it| check_users("users", step.users, it));
        if i > 0 && step.at <= steps[i - 1].at {
            let rule = format!("{} is not after the step before, {}", step.at, steps[i - 1].at);
            findings.inside(i, |it| it.wrong_at("at", Code::E010, rule, ""));
        }
    }
}

pub fn users_at(steps: &[Step], at: Span) -> f64 {
    let passed = steps.partition_point(|step| step.at <= at);
    passed.checked_sub(1).map_or(0.0, |last| steps[last].users)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{days, findings, read};

    #[test]
    fn a_step_holds_from_its_instant_on() {
        let json = r#"{"steps": [{"at": "0s", "users": 5}, {"at": "3d", "users": 9}]}"#;
        assert!(findings(json).is_empty());
        let growth = read(json);
        assert_eq!(
            [0.0, 2.9, 3.0, 8.0].map(|d| growth.users_at(days(d), days(4.0))),
            [5., 5., 9., 9.]
        );
    }

    #[test]
    fn steps_out_of_order_or_without_a_beginning_are_wrong() {
        assert_eq!(findings(r#"{"steps": []}"#), ["steps: must have at least one step"]);
        assert_eq!(
            findings(r#"{"steps": [{"at": "2d", "users": 5}, {"at": "1d", "users": 9}]}"#),
            [
                "steps[0].at: nothing says how many users there are before 2d",
                "steps[1].at: 1d is not after the step before, 2d",
            ]
        );
    }
}
