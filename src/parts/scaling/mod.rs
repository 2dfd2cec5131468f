//! Controllers that say how many instances of a service are wanted.

pub mod hpa;

use crate::problem::{Code, Findings};
use hpa::Hpa;
use schemars::JsonSchema;
use serde::Deserialize;

/// Who decides how many instances of a service there are while it runs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The Kubernetes horizontal pod autoscaler.
    Hpa(Box<Hpa>),
}

impl Scaling {
    /// What is wrong with it, for a service that begins with so many instances.
    pub fn check(&self, instances: u32, findings: &mut Findings) {
        let Scaling::Hpa(hpa) = self;
        findings.inside("hpa", |it| hpa.check(it));
        let Hpa { min, max, .. } = **hpa;
        if min <= max && !(min..=max).contains(&instances) {
            let rule = format!("the service begins with {instances} instances, not {min} to {max}");
            findings.inside("hpa", |it| it.wrong_at("min", Code::E010, rule, ""));
        }
    }

    /// How many instances there are at most.
    pub fn max(&self) -> u32 {
        let Scaling::Hpa(hpa) = self;
        hpa.max
    }

    /// Whether the service must say how much CPU an instance requests.
    pub fn needs_request(&self) -> bool {
        let Scaling::Hpa(hpa) = self;
        hpa.metrics.iter().any(|it| matches!(it, hpa::Metric::Cpu(_)))
    }
}
