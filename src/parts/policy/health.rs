//! Health checks: how a balancer comes to believe that an instance works, or does not.
//!
//! The defaults are those of a Kubernetes probe (`pkg/apis/core/v1/defaults.go`): every 10 s, an
//! answer within 1 s, three failures to eject, one success to take back.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Checks that decide which instances a balancer sends requests to.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The time between two checks of an instance.
    #[serde(default = "ten_seconds")]
    #[schemars(example = "10s")]
    pub interval: Span,
    /// How long a check waits for its answer.
    #[serde(default = "one_second")]
    #[schemars(example = "1s")]
    pub timeout: Span,
    /// How many failures in a row eject an instance.
    #[serde(default = "three")]
    #[schemars(range(min = 1))]
    pub unhealthy: u32,
    /// How many successes in a row take it back.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub healthy: u32,
}

/// How often Kubernetes probes an instance, of its own accord.
pub fn ten_seconds() -> Span {
    Span::from_whole_secs(10)
}
/// How long its probes wait for an answer.
pub fn one_second() -> Span {
    Span::from_whole_secs(1)
}
/// How many probes in a row must fail.
pub fn three() -> u32 {
    3
}
fn one() -> u32 {
    1
}

impl Default for Health {
    fn default() -> Self {
        Health {
            interval: ten_seconds(),
            timeout: one_second(),
            unhealthy: three(),
            healthy: one(),
        }
    }
}

impl Health {
    pub fn check(&self, findings: &mut Findings) {
        let shortest = Span::from_nanos(1_000_000);
        if self.interval < shortest {
            let rule = format!("must be at least {shortest}, not {}", self.interval);
            findings.wrong_at("interval", Code::E007, rule, "real checks run every few seconds");
        }
        for (key, count) in [("unhealthy", self.unhealthy), ("healthy", self.healthy)] {
            if count == 0 {
                findings.wrong_at(key, Code::E007, "must be at least 1, not 0", "");
            }
        }
    }
}

/// What the balancer believes of one instance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    pub healthy: bool,
    /// Checks in a row that contradict the belief.
    against: u32,
}

impl Default for Belief {
    fn default() -> Self {
        Belief { healthy: true, against: 0 }
    }
}

impl Belief {
    /// Of an instance that has yet to pass its checks for the first time.
    pub fn unproven() -> Belief {
        Belief { healthy: false, against: 0 }
    }

    /// Takes in how a check went; true if the belief changed.
    pub fn checked(&mut self, health: &Health, passed: bool) -> bool {
        if passed == self.healthy {
            self.against = 0;
            return false;
        }
        self.against += 1;
        let enough = if self.healthy { health.unhealthy } else { health.healthy };
        if self.against < enough {
            return false;
        }
        *self = Belief { healthy: passed, against: 0 };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_eject_and_one_success_takes_back() {
        let health = Health::default();
        let mut belief = Belief::default();
        let seen: Vec<bool> = [false, false, true, false, false, false, false, true]
            .map(|passed| {
                belief.checked(&health, passed);
                belief.healthy
            })
            .into();
        assert_eq!(seen, [true, true, true, true, true, false, false, true]);
    }
}
