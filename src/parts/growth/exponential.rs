//! Doubling in equal times: users(t) = from × 2^(t / doubling).

use super::{USERS_MAX, check_longer, check_users};
use crate::problem::{Code, Findings};
use crate::units::{Span, significant};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// Users at the start of the story.
    pub from: f64,
    /// The time in which they double.
    #[schemars(example = "7d")]
    pub doubling: Span,
}

impl Exponential {
    pub fn check(&self, over: Span, findings: &mut Findings) {
        check_users("from", self.from, findings);
        check_longer("doubling", self.doubling, findings);
        let last = self.users_at(over);
        if self.from <= USERS_MAX && !self.doubling.is_zero() && last > USERS_MAX {
            let most = significant(USERS_MAX);
            let rule = format!("at the end of the story there would be more than {most} users");
            findings.wrong_at(
                "doubling",
                Code::E007,
                rule,
                "doubling takes longer, or is `logistic`",
            );
        }
    }

    pub fn users_at(&self, at: Span) -> f64 {
        self.from * libm::exp2(at.as_secs() / self.doubling.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{days, findings, read};

    #[test]
    fn users_double_in_the_doubling_time() {
        let growth = read(r#"{"exponential": {"from": 100, "doubling": "7d"}}"#);
        let users = |day| growth.users_at(days(day), days(30.0));
        assert_eq!([0.0, 7.0, 14.0, 28.0].map(users), [100.0, 200.0, 400.0, 1600.0]);
    }

    #[test]
    fn growth_beyond_all_bounds_is_told_before_it_runs() {
        assert_eq!(
            findings(r#"{"exponential": {"from": 100, "doubling": "1d"}}"#),
            [
                "exponential.doubling: at the end of the story there would be more than 1000000000 users"
            ]
        );
        assert_eq!(
            findings(r#"{"exponential": {"from": 100, "doubling": "0s"}}"#),
            ["exponential.doubling: must be longer than nothing"]
        );
    }
}
