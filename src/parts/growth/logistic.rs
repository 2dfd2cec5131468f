//! Slowly, then fast, then slowly up to a limit, as what spreads by word of mouth does.
//!
//! P.-F. Verhulst, "Notice sur la loi que la population suit dans son accroissement", 1838:
//! users(t) = from + (to − from) / (1 + exp(−k (t − middle))), k = 2 ln 9 / rise. `from` and `to`
//! are the limits long before and long after; at the start of the story part of the way is done.

use super::{check_longer, check_users};
use crate::problem::Findings;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// Users long before the rise.
    pub from: f64,
    /// Users long after it.
    pub to: f64,
    /// When half of the way is done.
    #[schemars(example = "14d")]
    pub middle: Span,
    /// The time from 10 % to 90 % of the way.
    #[schemars(example = "10d")]
    pub rise: Span,
}

impl Logistic {
    pub fn check(&self, findings: &mut Findings) {
        check_users("from", self.from, findings);
        check_users("to", self.to, findings);
        check_longer("rise", self.rise, findings);
    }

    pub fn users_at(&self, at: Span) -> f64 {
        let steepness_per_s = 2.0 * libm::log(9.0) / self.rise.as_secs();
        let after_s = at.as_secs() - self.middle.as_secs();
        self.from + (self.to - self.from) / (1.0 + libm::exp(-steepness_per_s * after_s))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{days, findings, read};

    #[test]
    fn a_tenth_half_and_nine_tenths_of_the_way_lie_as_written() {
        let json = r#"{"logistic": {"from": 5000, "to": 120000, "middle": "14d", "rise": "10d"}}"#;
        assert!(findings(json).is_empty());
        let growth = read(json);
        for (day, way) in [(9.0, 0.1), (14.0, 0.5), (19.0, 0.9)] {
            let users = growth.users_at(days(day), days(30.0));
            let expected = 5000.0 + 115_000.0 * way;
            assert!((users / expected - 1.0).abs() < 1e-12, "day {day}: {users}");
        }
    }

    #[test]
    fn far_from_the_middle_it_has_its_limits() {
        let growth =
            read(r#"{"logistic": {"from": 10, "to": 2, "middle": "9000d", "rise": "1d"}}"#);
        assert_eq!([0.0, 36_000.0].map(|d| growth.users_at(days(d), days(1.0))), [10.0, 2.0]);
    }
}
