//! A new version of a service takes the place of the old one while requests come.
//!
//! The strategies `rolling` and `recreate` are those of a Kubernetes Deployment (documentation,
//! "Deployments", section "Strategy"), its defaults and roundings too: of both `max_surge` is rounded
//! up and `max_unavailable` down, and where both come to 0 one may be unavailable. `blue_green` is M.
//! Fowler, "BlueGreenDeployment" (2010). Simplified: whatever a
//! new version changes is the same in all that come after the first.

use super::canary::Canary;
use crate::problem::{Code, Findings};
use crate::units::{Share, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// A new version of the service is brought out while it runs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// When it begins, counted from when a run's window opens.
    #[serde(default)]
    #[schemars(example = "10m")]
    pub at: Span,
    /// The time from the beginning of one to that of the next. There is one only if absent. One that is
    /// due while the last is under way goes on with the newest version.
    #[serde(default)]
    #[schemars(example = "7d")]
    pub every: Option<Span>,
    /// In what order old instances go and new ones come.
    #[serde(default)]
    pub strategy: Strategy,
    /// What is different in the new version. It is as fast and as good as the old one if absent.
    #[serde(default)]
    pub changes: Changes,
}

/// What a new version does otherwise than the one that a run begins with.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// CPU time of whatever it does, as a multiple of the old version's.
    #[serde(default = "unity")]
    pub cpu: f64,
    /// The share of requests that it answers with an error, after all its work for them.
    #[serde(default = "nothing")]
    pub fails: Share,
}

fn unity() -> f64 {
    1.0
}
fn nothing() -> Share {
    Share::parse("0%").expect("it is a share")
}

impl Default for Changes {
    fn default() -> Changes {
        Changes { cpu: unity(), fails: nothing() }
    }
}

/// In what order old instances go and new ones come.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// A few at a time, so that enough are always there.
    Rolling(Rolling),
    /// All old ones are stopped, and when they are gone the new ones are started.
    Recreate,
    /// As many new ones are started beside the old; when all are ready they get all requests, and the
    /// old are stopped.
    BlueGreen,
    /// A part of them first; it goes on, or back, by how those do.
    Canary(Canary),
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

pub(super) fn quarter() -> Part {
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
    pub(super) fn of(self, wanted: u32, round: fn(f64) -> f64) -> u32 {
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

impl Rolling {
    fn slack(&self, wanted: u32) -> (u32, u32) {
        let surge = self.max_surge.of(wanted, f64::ceil).min(wanted);
        let unavailable = self.max_unavailable.of(wanted, f64::floor).min(wanted);
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    fn check(&self, findings: &mut Findings) {
        if self.max_surge.is_nothing() && self.max_unavailable.is_nothing() {
            let rule = "max_surge and max_unavailable cannot both be 0: nothing could begin";
            findings.wrong(Code::E010, rule, "\"max_surge\": 1");
        }
    }
}

impl Strategy {
    /// How many more than are wanted there may be, and how many fewer ready.
    pub fn slack(&self, wanted: u32) -> (u32, u32) {
        match self {
            Strategy::Recreate => (0, wanted),
            Strategy::BlueGreen => (wanted, 0),
            Strategy::Rolling(it) => it.slack(wanted),
            Strategy::Canary(it) => {
                let Canary { max_surge, max_unavailable, .. } = *it;
                Rolling { max_surge, max_unavailable }.slack(wanted)
            }
        }
    }

    pub fn canary(&self) -> Option<&Canary> {
        match self {
            Strategy::Canary(it) => Some(it),
            _ => None,
        }
    }

    /// How many are to be of the new version while so many are wanted, at a step of a canary's or, past
    /// them all, in the end.
    pub fn of_new(&self, step: Option<usize>, wanted: u32) -> u32 {
        let step = self.canary().zip(step).and_then(|(it, step)| it.steps.get(step));
        step.map_or(wanted, |it| Part::Share(it.share).of(wanted, f64::ceil).clamp(1, wanted))
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
        findings.inside("strategy", |findings| match &self.strategy {
            Strategy::Rolling(it) => findings.inside("rolling", |findings| it.check(findings)),
            Strategy::Canary(it) => findings.inside("canary", |findings| {
                it.check(findings);
                let Canary { max_surge, max_unavailable, .. } = *it;
                Rolling { max_surge, max_unavailable }.check(findings);
            }),
            Strategy::Recreate | Strategy::BlueGreen => {}
        });
        if !(0.001..=1000.0).contains(&self.changes.cpu) {
            let rule = format!("must be from 0.001 to 1000, not {}", self.changes.cpu);
            findings.inside("changes", |it| {
                it.wrong_at("cpu", Code::E007, rule, "half as much again: 1.5");
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
