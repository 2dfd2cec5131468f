//! How many instances must be ready whatever is done to the others of one's own accord.
//!
//! A Kubernetes PodDisruptionBudget (documentation, "Specifying a Disruption Budget for your Application"),
//! its roundings too: shares are rounded up, of both. What fails of itself is not asked, and neither is who
//! decides that fewer are wanted. Stricter than there: a rolling deploy keeps to it as well, while a
//! Deployment only keeps to its own `maxUnavailable`.

use super::deploy::Part;
use crate::problem::{Code, Findings};
use schemars::JsonSchema;
use serde::Deserialize;

/// What deploys, and whoever gives hosts up, must leave ready: one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disruption {
    /// At least so many must be ready: a number, or a share of those wanted.
    #[serde(default)]
    pub min_available: Option<Part>,
    /// At most so many of those wanted may be missing or not ready: a number, or a share.
    #[serde(default)]
    pub max_unavailable: Option<Part>,
}

impl Disruption {
    /// How many must be ready where so many are wanted.
    pub fn least(&self, wanted: u32) -> u32 {
        let part = |it: Part| it.of(wanted, f64::ceil).min(wanted);
        let missing = self.max_unavailable.map_or(wanted, part);
        self.min_available.map_or(wanted - missing, part)
    }

    pub fn check(&self, findings: &mut Findings) {
        if self.min_available.is_some() == self.max_unavailable.is_some() {
            let rule = "one of min_available and max_unavailable must be given";
            findings.wrong(Code::E010, rule, "\"max_unavailable\": 1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Share;

    #[test]
    fn shares_are_rounded_up() {
        let share = |text: &str| Some(Part::Share(Share::parse(text).unwrap()));
        let least = |min_available, max_unavailable, wanted| {
            Disruption { min_available, max_unavailable }.least(wanted)
        };
        assert_eq!(least(share("50%"), None, 7), 4);
        assert_eq!(least(None, share("30%"), 7), 4);
        assert_eq!(least(Some(Part::Count(9)), None, 7), 7);
        assert_eq!(least(None, Some(Part::Count(9)), 7), 0);
    }
}
