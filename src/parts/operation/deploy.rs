//! A new version of a service takes the place of the old one while requests come.
//!
//! The strategies `rolling` and `recreate` are those of a Kubernetes Deployment (documentation,
//! "Deployments", section "Strategy"), its defaults and roundings too: of both `max_surge` is rounded
//! up and `max_unavailable` down, and where both come to 0 one may be unavailable. `blue_green` is M.
//! Fowler, "BlueGreenDeployment" (2010). Simplified: a new version is as fast and as good as the old.

use crate::problem::{Code, Findings};
use crate::units::{Share, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// A new version of the service is brought out while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// When it begins, counted from when a run's window opens.
    #[serde(default)]
    pub at: Span,
    /// The time from the beginning of one to that of the next. There is one only if absent. One that is
    /// due while the last is under way goes on with the newest version.
    #[serde(default)]
    pub every: Option<Span>,
    /// In what order old instances go and new ones come.
    #[serde(default)]
    pub strategy: Strategy,
}

/// In what order old instances go and new ones come.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A few at a time, so that enough are always there.
    Rolling(Rolling),
    /// All old ones are stopped, and when they are gone the new ones are started.
    Recreate,
    /// As many new ones are started beside the old; when all are ready they get all requests, and the
    /// old are stopped.
    BlueGreen,
}

/// How many may be there too many and too few meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rolling {
    /// How many more than are wanted there may be, those not counted that finish what they have: a
    /// number, or a share of those wanted. A quarter if absent.
    #[serde(default = "quarter")]
    pub max_surge: Part,
    /// How many of those that are wanted may be missing or not ready: a number, or a share. A quarter if
    /// absent.
    #[serde(default = "quarter")]
    pub max_unavailable: Part,
}

/// A number of instances, or a share of those that are wanted, as in "25%".
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Part {
    Count(u32),
    Share(Share),
}

fn quarter() -> Part {
    Part::Share(Share::parse("25%").expect("it is a share"))
}

impl Default for Rolling {
    fn default() -> Rolling {
        Rolling { max_surge: quarter(), max_unavailable: quarter() }
    }
}

impl Default for Strategy {
    fn default() -> Strategy {
        Strategy::Rolling(Rolling::default())
    }
}

impl Part {
    fn of(self, wanted: u32, round: fn(f64) -> f64) -> u32 {
        match self {
            Part::Count(count) => count,
            // What is a whole number but for the last bits of a ratio is one.
            Part::Share(share) => {
                let exact = share.as_ratio() * f64::from(wanted);
                let whole = exact.round();
                let count = if (exact - whole).abs() < 1e-9 { whole } else { round(exact) };
                count as u32
            }
        }
    }

    fn is_nothing(self) -> bool {
        self.of(1, f64::ceil) == 0
    }
}

impl Strategy {
    /// How many more than are wanted there may be, and how many fewer ready.
    pub fn slack(&self, wanted: u32) -> (u32, u32) {
        match self {
            Strategy::Recreate => (0, wanted),
            Strategy::BlueGreen => (wanted, 0),
            Strategy::Rolling(it) => {
                let surge = it.max_surge.of(wanted, f64::ceil).min(wanted);
                let unavailable = it.max_unavailable.of(wanted, f64::floor).min(wanted);
                if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
            }
        }
    }
}

impl Deploy {
    pub fn check(&self, findings: &mut Findings) {
        if let Some(every) = self.every
            && !(Span::from_whole_secs(1)..=Span::from_whole_secs(366 * 86_400)).contains(&every)
        {
            let rule = format!("must be from 1s to 366d, not {every}");
            findings.wrong_at("every", Code::E007, rule, "a release a day: \"1d\"");
        }
        if let Strategy::Rolling(it) = &self.strategy
            && it.max_surge.is_nothing()
            && it.max_unavailable.is_nothing()
        {
            findings.inside("strategy", |findings| {
                let rule = "max_surge and max_unavailable cannot both be 0: nothing could begin";
                findings.wrong_at("rolling", Code::E010, rule, "\"max_surge\": 1");
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slack(surge: Part, unavailable: Part, wanted: u32) -> (u32, u32) {
        let rolling = Rolling { max_surge: surge, max_unavailable: unavailable };
        Strategy::Rolling(rolling).slack(wanted)
    }

    #[test]
    fn a_surge_is_rounded_up_and_what_is_missing_down() {
        let share = |text: &str| Part::Share(Share::parse(text).unwrap());
        assert_eq!(Strategy::default().slack(10), (3, 2));
        assert_eq!(Strategy::default().slack(4), (1, 1));
        assert_eq!(Strategy::default().slack(1), (1, 0));
        assert_eq!(slack(share("10%"), share("30%"), 10), (1, 3));
        assert_eq!(slack(Part::Count(2), Part::Count(0), 10), (2, 0));
    }

    #[test]
    fn one_may_be_missing_where_both_come_to_nothing() {
        let share = Part::Share(Share::parse("10%").unwrap());
        assert_eq!(slack(Part::Count(0), share, 3), (0, 1));
    }
}
