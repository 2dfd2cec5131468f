//! Instances of a host that is gone come up on others.
//!
//! As Kubernetes does it: a host that has told nothing of itself for so long is taken to be gone
//! (`node-monitor-grace-period` of kube-controller-manager: 50 s since version 1.32, 40 s before;
//! kubernetes/kubernetes#126287), and its instances get no requests any more; they are given up when they
//! have tolerated that for as long as they do (`tolerationSeconds` of the taints `not-ready` and
//! `unreachable`: 300 s; documentation, "Taints and Tolerations", section "Taint based Evictions").
//! Simplified: hosts are given up however many are gone, with no limit to their rate, and no new
//! instance is placed on a host that is down, known or not.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// When the instances of a host that is gone are given up, and others started in their place on hosts of
/// the group that have room.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reschedule {
    /// How long a host is gone until that is noticed: its instances get no requests from then on. 50 s if
    /// absent, as in Kubernetes since 1.32; 40 s in earlier versions.
    #[serde(default = "fifty_seconds")]
    #[schemars(example = "40s")]
    pub detection: Span,
    /// How much longer until they are given up. 300 s if absent, as in Kubernetes.
    #[serde(default = "five_minutes")]
    #[schemars(example = "5m")]
    pub eviction: Span,
}

fn fifty_seconds() -> Span {
    Span::from_whole_secs(50)
}
fn five_minutes() -> Span {
    Span::from_whole_secs(300)
}

const LONGEST: Span = Span::from_whole_secs(30 * 86_400);

impl Reschedule {
    pub fn check(&self, findings: &mut Findings) {
        for (key, span) in [("detection", self.detection), ("eviction", self.eviction)] {
            if span > LONGEST {
                let rule = format!("must be at most {LONGEST}, not {span}");
                findings.wrong_at(key, Code::E007, rule, "leave it out for what Kubernetes does");
            }
        }
    }
}
