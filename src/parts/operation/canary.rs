//! A new version is tried on a part of the instances first, and taken back if it does worse than it may.
//!
//! D. Sato, "CanaryRelease" (2014). The steps are those of the basic canary of Argo Rollouts (documentation,
//! "Canary Deployment Strategy"): a share is one of the instances, rounded up, and requests follow as the
//! balancer spreads them. Judged is once a step, when it has been held: looked at again and again, a good
//! version would be taken back by bad luck sooner or later.

use super::deploy::{Part, quarter};
use crate::problem::{Code, Findings};
use crate::units::{Share, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// Step by step more of the new version, as long as it does well enough.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    /// One after the other; after the last the rest follows.
    pub steps: Vec<CanaryStep>,
    /// What the new version must do, or it is taken back. It never is if absent.
    #[serde(default)]
    pub objective: Option<CanaryObjective>,
    /// How many more than are wanted there may be while instances give way to others, as in `rolling`.
    #[serde(default = "quarter")]
    pub max_surge: Part,
    /// How many of those that are wanted may be missing or not ready, as in `rolling`.
    #[serde(default = "quarter")]
    pub max_unavailable: Part,
}

/// So many of the new version, for so long.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryStep {
    /// The share of the instances wanted that are of the new version, rounded up.
    pub share: Share,
    /// How long they are watched, from when they are ready.
    #[schemars(example = "10m")]
    pub hold: Span,
}

/// What the instances of the new version must do while a step is held.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryObjective {
    /// The largest share of requests that may fail there; those that nobody waits for any more have failed.
    #[serde(default)]
    pub failures: Option<Share>,
    /// 95 of 100 answers must leave them so soon after the request was made.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub p95: Option<Span>,
    /// 99 of 100.
    #[serde(default)]
    #[schemars(example = "800ms")]
    pub p99: Option<Span>,
    /// A step is held until they have had so many requests, if that takes longer.
    #[schemars(range(min = 1))]
    pub requests: u64,
}

/// Requests that instances of a new version were done with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    pub requests: u64,
    pub failed: u64,
    /// Answers later than the objectives of 95 and of 99 in 100.
    late: [u64; 2],
}

/// How many of a million answers may be late.
const LATE: [u64; 2] = [50_000, 10_000];

impl CanaryObjective {
    /// One more request: it has failed, or was answered so soon.
    pub fn note(&self, tried: &mut Tried, answered: Option<Span>) {
        tried.requests += 1;
        let Some(response) = answered else { return tried.failed += 1 };
        for (late, most) in tried.late.iter_mut().zip([self.p95, self.p99]) {
            *late += u64::from(most.is_some_and(|most| response > most));
        }
    }

    /// Whether they did worse than they may.
    pub fn is_missed(&self, tried: &Tried) -> bool {
        let failed = tried.failed as f64 / tried.requests.max(1) as f64;
        let answered = u128::from(tried.requests - tried.failed);
        let late =
            |(late, of): (&u64, u64)| u128::from(*late) * 1_000_000 > answered * u128::from(of);
        self.failures.is_some_and(|most| failed > most.as_ratio())
            || tried.late.iter().zip(LATE).any(late)
    }
}

/// Steps beyond which a deploy is refused, and the longest that one is held.
const STEPS_MAX: usize = 100;
const HOLD_MAX: Span = Span::from_whole_secs(30 * 86_400);

impl Canary {
    pub fn check(&self, findings: &mut Findings) {
        if self.steps.is_empty() || self.steps.len() > STEPS_MAX {
            let rule = format!("must be from 1 to {STEPS_MAX} steps, not {}", self.steps.len());
            findings.wrong_at(
                "steps",
                Code::E007,
                rule,
                "{ \"share\": \"10%\", \"hold\": \"5m\" }",
            );
        }
        findings.inside("steps", |findings| {
            for (i, step) in self.steps.iter().enumerate() {
                findings.inside(i, |it| {
                    if step.share.as_ratio() == 0.0 {
                        it.wrong_at("share", Code::E007, "must be more than nothing", "\"10%\"");
                    }
                    if step.hold > HOLD_MAX {
                        let rule = format!("must be at most {HOLD_MAX}, not {}", step.hold);
                        it.wrong_at("hold", Code::E007, rule, "\"5m\"");
                    }
                });
            }
        });
        let Some(objective) = &self.objective else { return };
        findings.inside("objective", |it| {
            if objective.failures.is_none() && objective.p95.is_none() && objective.p99.is_none() {
                let rule = "says nothing that could be missed";
                it.wrong(Code::E010, rule, "\"failures\": \"1%\", or \"p95\": \"300ms\"");
            }
            if objective.requests == 0 {
                it.wrong_at("requests", Code::E007, "must be at least 1, not 0", "");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Span {
        Span::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn an_objective_is_missed_by_more_than_its_share() {
        let objective = CanaryObjective {
            failures: Some(Share::parse("10%").unwrap()),
            p95: Some(ms(100)),
            p99: None,
            requests: 1,
        };
        let tried = |failed: usize, late: usize, soon: usize| {
            let mut tried = Tried::default();
            let all = std::iter::repeat_n(None, failed)
                .chain(std::iter::repeat_n(Some(ms(101)), late))
                .chain(std::iter::repeat_n(Some(ms(100)), soon));
            all.for_each(|it| objective.note(&mut tried, it));
            objective.is_missed(&tried)
        };
        assert!(!tried(10, 0, 90));
        assert!(tried(11, 0, 89));
        assert!(!tried(0, 5, 95));
        assert!(tried(0, 6, 94));
        // Of the answers, not of the requests.
        assert!(tried(10, 5, 85));
        assert!(!tried(0, 0, 0));
    }
}
