//! Host groups that grow while instances find no room, and shrink while hosts are hardly used.
//!
//! The Kubernetes cluster autoscaler, as its FAQ tells it (kubernetes/autoscaler, cluster-autoscaler/FAQ.md):
//! every `scan_interval` hosts are asked for if instances are pending for want of room; a host goes
//! whose instances request less than a share of its cores, for so long, if they have room elsewhere.
//! Simplified: all hosts of a group are alike, so no expander chooses among kinds; a host that goes is
//! given up as soon as its instances have drained; only processors count as room.

use super::check_period;
use super::provision::Provision;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Hosts that are added and removed while a run goes on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostScaling {
    /// At least so many hosts; `count` of the group if absent.
    #[serde(default)]
    pub min: Option<u32>,
    /// At most so many hosts.
    pub max: u32,
    /// The time from asking for a host until instances can start on it: "as_code", "by_hand", "by_ticket",
    /// "bought", or what was measured.
    pub provision: Provision,
    /// The time between two looks at who is pending, and at who is hardly used.
    #[serde(default = "ten_seconds")]
    #[schemars(example = "10s")]
    pub scan_interval: Span,
    /// A host is hardly used whose instances request a smaller share of its cores.
    #[serde(default = "half")]
    pub utilization: f64,
    /// So long it must have been hardly used before it goes.
    #[serde(default = "ten_minutes")]
    #[schemars(example = "10m")]
    pub unneeded: Span,
    /// So long after a host came none goes.
    #[serde(default = "ten_minutes")]
    #[schemars(example = "10m")]
    pub delay_after_add: Span,
}

fn ten_seconds() -> Span {
    Span::from_whole_secs(10)
}
fn half() -> f64 {
    0.5
}
fn ten_minutes() -> Span {
    Span::from_whole_secs(600)
}

impl HostScaling {
    /// What is wrong with it, for a group that begins with so many hosts.
    pub fn check(&self, count: u32, findings: &mut Findings) {
        if self.max < count {
            let rule = format!("cannot be less than count, {count}");
            findings.wrong_at("max", Code::E010, rule, "");
        }
        if let Some(min) = self.min.filter(|it| !(1..=count).contains(it)) {
            let rule = format!("must be from 1 to count, {count}, not {min}");
            findings.wrong_at("min", Code::E010, rule, "");
        }
        findings.inside("provision", |it| self.provision.check(it));
        check_period("scan_interval", self.scan_interval, findings);
        if !(0.0..=1.0).contains(&self.utilization) {
            let rule = format!("must be from 0 to 1, not {}", self.utilization);
            findings.wrong_at("utilization", Code::E007, rule, "");
        }
    }
}
