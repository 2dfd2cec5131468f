//! Evenly from one number of users to another, over the whole story.

use super::check_users;
use crate::problem::Findings;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// Users at the start of the story.
    pub from: f64,
    /// Users at its end.
    pub to: f64,
}

impl Linear {
    pub fn check(&self, findings: &mut Findings) {
        check_users("from", self.from, findings);
        check_users("to", self.to, findings);
    }

    pub fn users_at(&self, at: Span, over: Span) -> f64 {
        let way = if over.is_zero() { 1.0 } else { (at.as_secs() / over.as_secs()).min(1.0) };
        self.from + (self.to - self.from) * way
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{days, read};

    #[test]
    fn users_grow_evenly_and_then_stay() {
        let growth = read(r#"{"linear": {"from": 100, "to": 400}}"#);
        let users = |day| growth.users_at(days(day), days(30.0));
        assert_eq!([0.0, 10.0, 30.0, 40.0].map(users), [100.0, 200.0, 400.0, 400.0]);
    }
}
