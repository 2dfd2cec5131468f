//! What instances are measured by, and what a controller sees of them.

use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an instance is measured by, and what that should be on average.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// CPU used, in percent of the cores that the service's `cpu` requests.
    Cpu(u32),
    /// Cores used.
    Cores(f64),
    /// Requests sent to it and not yet answered.
    Outstanding(f64),
    /// Requests that wait there for a worker.
    Line(f64),
}

/// What an instance is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// CPU used, in percent of the cores that the service's `cpu` requests.
    Cpu,
    /// Cores used.
    Cores,
    /// Requests sent to it and not yet answered.
    Outstanding,
    /// Requests that wait there for a worker.
    Line,
}

/// An instance as the controller sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instance {
    pub state: State,
    /// When it was told to start.
    pub started: Time,
    /// Since when it runs, if it has not always run.
    pub runs_since: Option<Time>,
    /// What it requests, in thousandths of a core.
    pub request: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It shuts down, or has failed: it is not looked at.
    Leaving,
    /// It does not run yet.
    Pending,
    /// It runs, ready or not, and has been either since a time.
    Running { ready: bool, since: Time },
}

/// What was measured of an instance, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub value: u64,
    /// When, and over how long a time before that.
    pub at: Time,
    pub over: Span,
}

impl Metric {
    pub fn check(self, findings: &mut Findings) {
        let (key, target) = match self {
            Metric::Cpu(percent) => ("cpu", f64::from(percent)),
            Metric::Cores(target) => ("cores", target),
            Metric::Outstanding(target) => ("outstanding", target),
            Metric::Line(target) => ("line", target),
        };
        if !(1e-3..=1e6).contains(&target) {
            let rule = format!("must be from 0.001 to 1000000, not {target}");
            findings.wrong_at(key, Code::E007, rule, "");
        }
    }

    /// What is measured, and what it should be.
    pub fn parts(self) -> (Measure, f64) {
        match self {
            Metric::Cpu(percent) => (Measure::Cpu, f64::from(percent)),
            Metric::Cores(target) => (Measure::Cores, target),
            Metric::Outstanding(target) => (Measure::Outstanding, target),
            Metric::Line(target) => (Measure::Line, target),
        }
    }
}

/// What is requested of a CPU, in thousandths of a core; as there, whoever requests anything
/// requests one at least.
pub fn requested(cores: f64) -> u64 {
    thousandths(cores).max(1)
}

/// In thousandths, as quantities are in Kubernetes.
pub fn thousandths(value: f64) -> u64 {
    (value * 1000.0).round() as u64
}
