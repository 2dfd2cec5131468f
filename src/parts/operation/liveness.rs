//! A program that does not answer its probes is killed and started again.
//!
//! As the kubelet does it (Kubernetes documentation, "Configure Liveness, Readiness and Startup Probes";
//! defaults of `pkg/apis/core/v1/defaults.go`): every 10 s a probe waits 1 s for its answer, and three that
//! fail in a row have the program killed, which is then started as one that crashed. Simplified: a probe
//! stands behind all who were in line before it, but takes no turn and no core from anybody.

use crate::parts::policy::health::{one_second, ten_seconds, three};
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Probes that say whether an instance is to be killed and started again.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Liveness {
    /// The time between two probes of an instance.
    #[serde(default = "ten_seconds")]
    #[schemars(example = "10s")]
    pub interval: Span,
    /// How long a probe waits for its answer: for a worker of the instance, and for its CPU time.
    #[serde(default = "one_second")]
    #[schemars(example = "1s")]
    pub timeout: Span,
    /// How many failures in a row have it killed.
    #[serde(default = "three")]
    #[schemars(range(min = 1))]
    pub failures: u32,
    /// CPU time that the answer takes, at the speed at which one of the instance's requests computes
    /// meanwhile. None if absent.
    #[serde(default)]
    #[schemars(example = "1ms")]
    pub cpu: Span,
}

impl Liveness {
    pub fn check(&self, findings: &mut Findings) {
        let shortest = Span::from_nanos(1_000_000);
        let given = [("interval", self.interval, "\"10s\""), ("timeout", self.timeout, "\"1s\"")];
        for (key, span, usual) in given.into_iter().filter(|it| it.1 < shortest) {
            let rule = format!("must be at least {shortest}, not {span}");
            findings.wrong_at(key, Code::E007, rule, format!("in Kubernetes it is {usual}"));
        }
        if self.timeout > self.interval {
            let rule = format!("cannot be more than interval, {}", self.interval);
            findings.wrong_at("timeout", Code::E010, rule, "in Kubernetes it is \"1s\"");
        }
        if self.cpu > self.timeout {
            let rule = format!("takes longer than a probe waits, {}", self.timeout);
            findings.wrong_at("cpu", Code::E010, rule, "no probe would ever be answered");
        }
        if self.failures == 0 {
            findings.wrong_at("failures", Code::E007, "must be at least 1, not 0", "");
        }
    }
}
