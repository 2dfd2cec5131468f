//! The Kubernetes horizontal pod autoscaler, to the letter of its documentation.
//!
//! "Horizontal Pod Autoscaling" (kubernetes.io, concepts and tasks), its defaults from
//! `pkg/controller/podautoscaler/config/v1alpha1/defaults.go` and `pkg/apis/autoscaling/v2/defaults.go`.
//! Where the page is silent, the controller's observable rules: a target of utilization is compared
//! with whole percents, rounded down, as the status reports them; other values are averaged in
//! thousandths, rounded down; several missing instances never turn a decision round. Counts are
//! computed in whole numbers, where the controller's floating point may round one up too many.

mod decide;
mod history;
mod proposal;

pub use decide::Controller;
pub use proposal::{Proposal, Target};

use super::metric::Metric;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How many instances there are, as the Kubernetes horizontal pod autoscaler decides it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hpa {
    /// At least so many instances.
    #[serde(default = "one")]
    pub min: u32,
    /// At most so many instances.
    pub max: u32,
    /// What is looked at; the metric that asks for the most instances wins. 80 % of the requested
    /// CPU if absent.
    #[serde(default = "four_fifths_of_cpu")]
    pub metrics: Vec<Metric>,
    /// How fast it may go up and down.
    #[serde(default)]
    pub behavior: Behavior,
    /// How far a metric may be from its target, as a share of it, without anything being done.
    #[serde(default = "a_tenth")]
    pub tolerance: f64,
    /// The time between two decisions.
    #[serde(default = "fifteen_seconds")]
    #[schemars(example = "15s")]
    pub sync_period: Span,
    /// So long after its start an instance that is not ready counts as one that has never been.
    #[serde(default = "half_a_minute")]
    #[schemars(example = "30s")]
    pub initial_readiness_delay: Span,
    /// So long after its start an instance's CPU is not looked at before it is ready, nor is what
    /// was measured before that.
    #[serde(default = "five_minutes")]
    #[schemars(example = "5m")]
    pub cpu_initialization_period: Span,
    /// The time between two measurements of an instance; each is over this time.
    #[serde(default = "fifteen_seconds")]
    #[schemars(example = "15s")]
    pub scrape_interval: Span,
}

/// How fast the count of instances may change.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Behavior {
    /// Up: at once, by 4 instances or 100 % in 15 s, whichever is more, where nothing else is said.
    #[serde(default)]
    pub scale_up: Rules,
    /// Down: to the most that was wanted in the last 300 s, where nothing else is said.
    #[serde(default)]
    pub scale_down: Rules,
}

/// Rules for one direction.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How far back one looks for the count that changes the least. "0s" up and "300s" down if absent.
    #[serde(default)]
    #[schemars(example = "5m")]
    pub stabilization: Option<Span>,
    /// By how much the count may change.
    #[serde(default)]
    pub policies: Option<Vec<Policy>>,
    /// Which policy goes.
    #[serde(default)]
    pub select: Select,
    /// A tolerance of this direction's own.
    #[serde(default)]
    pub tolerance: Option<f64>,
}

/// By how much the count may change in a time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// By so many instances.
    #[serde(default)]
    pub instances: Option<u32>,
    /// By so many percent of those that there were when the time began.
    #[serde(default)]
    pub percent: Option<u32>,
    /// The time.
    #[schemars(example = "60s")]
    pub period: Span,
}

/// Which of several policies goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// The one that allows the most change.
    #[default]
    Max,
    /// The one that allows the least change.
    Min,
    /// None: nothing ever changes in this direction.
    Disabled,
}

fn one() -> u32 {
    1
}
fn a_tenth() -> f64 {
    0.1
}
fn fifteen_seconds() -> Span {
    Span::from_whole_secs(15)
}
fn half_a_minute() -> Span {
    Span::from_whole_secs(30)
}
fn five_minutes() -> Span {
    Span::from_whole_secs(300)
}
fn four_fifths_of_cpu() -> Vec<Metric> {
    vec![Metric::Cpu(80)]
}

impl Rules {
    fn check(&self, findings: &mut Findings) {
        if let Some(span) = self.stabilization.filter(|it| *it > Span::from_whole_secs(3600)) {
            let rule = format!("must be at most 1h, not {span}");
            findings.wrong_at("stabilization", Code::E007, rule, "");
        }
        if let Some(share) = self.tolerance {
            findings.inside("tolerance", |it| check_tolerance(share, it));
        }
        let Some(policies) = &self.policies else { return };
        findings.inside("policies", |it| {
            if policies.is_empty() {
                let mend = "leave it out, or forbid the direction: \"select\": \"disabled\"";
                it.wrong(Code::E004, "there must be at least one policy", mend);
            }
            for (i, policy) in policies.iter().enumerate() {
                it.inside(i, |it| policy.check(it));
            }
        });
    }
}

impl Policy {
    fn check(&self, findings: &mut Findings) {
        match (self.instances, self.percent) {
            (Some(0), None) => {
                findings.wrong_at("instances", Code::E007, "must be at least 1, not 0", "");
            }
            (None, Some(0)) => {
                findings.wrong_at("percent", Code::E007, "must be at least 1, not 0", "");
            }
            (Some(_), Some(_)) => {
                let mend = "write two policies; \"select\" says which of them goes";
                findings.wrong(Code::E010, "instances and percent cannot stand together", mend);
            }
            (None, None) => {
                findings.wrong(Code::E004, "must say by how many instances or percent", "");
            }
            _ => {}
        }
        let bounds = Span::from_whole_secs(1)..=Span::from_whole_secs(1800);
        if !bounds.contains(&self.period) {
            let rule = format!("must be from 1s to 30m, not {}", self.period);
            findings.wrong_at("period", Code::E007, rule, "");
        }
    }
}

fn check_tolerance(share: f64, findings: &mut Findings) {
    if !(0.0..=1.0).contains(&share) {
        let rule = format!("must be from 0 to 1, not {share}");
        findings.wrong(Code::E007, rule, "0.1 is a tenth of the target");
    }
}

impl Hpa {
    pub fn check(&self, findings: &mut Findings) {
        super::check_bounds(self.min, self.max, findings);
        findings.inside("metrics", |it| {
            if self.metrics.is_empty() {
                it.wrong(Code::E004, "there must be at least one metric", "");
            }
            for (i, metric) in self.metrics.iter().enumerate() {
                it.inside(i, |it| metric.check(it));
            }
        });
        findings.inside("behavior", |it| {
            it.inside("scale_up", |it| self.behavior.scale_up.check(it));
            it.inside("scale_down", |it| self.behavior.scale_down.check(it));
        });
        findings.inside("tolerance", |it| check_tolerance(self.tolerance, it));
        super::check_period("sync_period", self.sync_period, findings);
        super::check_period("scrape_interval", self.scrape_interval, findings);
    }

    /// The tolerances downwards and upwards.
    pub fn tolerances(&self) -> [f64; 2] {
        let Behavior { scale_up, scale_down } = &self.behavior;
        [scale_down, scale_up].map(|it| it.tolerance.unwrap_or(self.tolerance))
    }
}
