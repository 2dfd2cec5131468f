//! A program that crashes is started again, after ever longer pauses while it goes on crashing.
//!
//! As the kubelet does it (Kubernetes documentation, "Pod Lifecycle", section "How Pods handle problems
//! with containers"): at once for the first time, then after 10 s, doubled each time up to 300 s, and
//! from the beginning again once it has run for 10 minutes.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How an instance that crashes is started again, on the same host.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// The pause before the second restart in a row, twice as long before each further one. The first is
    /// at once.
    #[serde(default = "ten_seconds")]
    #[schemars(example = "10s")]
    pub backoff: Span,
    /// The longest pause.
    #[serde(default = "five_minutes")]
    #[schemars(example = "5m")]
    pub max: Span,
    /// How long it must have run for its next crash to be the first again.
    #[serde(default = "ten_minutes")]
    #[schemars(example = "10m")]
    pub reset: Span,
}

fn ten_seconds() -> Span {
    Span::from_whole_secs(10)
}
fn five_minutes() -> Span {
    Span::from_whole_secs(300)
}
fn ten_minutes() -> Span {
    Span::from_whole_secs(600)
}

/// A program that crashes while it starts is started again and again; no faster than that.
const SHORTEST: Span = Span::from_nanos(1_000_000);

impl Restart {
    /// The pause after so many crashes in a row.
    pub fn pause(&self, crashes: u32) -> Span {
        match crashes {
            0 | 1 => Span::ZERO,
            _ => {
                let factor = 1u64.checked_shl(crashes - 2).unwrap_or(u64::MAX);
                Span::from_nanos(self.backoff.nanos().saturating_mul(factor)).min(self.max)
            }
        }
    }

    pub fn check(&self, findings: &mut Findings) {
        if self.backoff < SHORTEST {
            let rule = format!("must be at least {SHORTEST}, not {}", self.backoff);
            findings.wrong_at("backoff", Code::E007, rule, "in Kubernetes it is \"10s\"");
        }
        if self.max < self.backoff {
            let rule = format!("cannot be less than backoff, {}", self.backoff);
            findings.wrong_at("max", Code::E010, rule, "in Kubernetes it is \"300s\"");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_ten_seconds_to_five_minutes() {
        let restart = Restart { backoff: ten_seconds(), max: five_minutes(), reset: ten_minutes() };
        let pauses: Vec<f64> = (1..9).map(|it| restart.pause(it).as_secs()).collect();
        assert_eq!(pauses, [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]);
        assert_eq!(restart.pause(u32::MAX), five_minutes());
    }
}
