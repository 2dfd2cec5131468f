//! One combination of model, levels, day and fault, simulated.

use super::{Estimate, Kept, Series, Theory, TheoryOfPart, is_no};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One combination of model, levels, day and fault, simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// The name of the model.
    pub model: String,
    /// The levels of what was varied, by path into the model.
    pub factors: IndexMap<String, Value>,
    /// The sampled day of the story; absent without growth. Of a story that is simulated as a whole: absent
    /// where it is all of it, and else one of its days, with what objectives are held against, or when the
    /// fault begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// How many users there are; absent when the model has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<f64>,
    /// How many independent runs the estimates rest on.
    pub replications: u32,
    /// The measured stretch of each run, in seconds.
    #[serde(default)]
    pub window_s: f64,
    /// What was discarded before it, in seconds.
    #[serde(default)]
    pub warm_up_s: f64,
    /// Which signal settled last, where the warm-up was found by looking at several: `requests inside`,
    /// `response`, or the utilization of a device; of another design, if that needed longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_by: Option<String>,
    /// What the most replications did not reach of `until`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
    /// What fails during the window; absent on an ordinary day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Whether they come in antithetic pairs, so that half as many are independent.
    #[serde(default, skip_serializing_if = "is_no")]
    pub antithetic: bool,
    /// Whether the warm-up was found to end within the pilot; if not, it is half a window.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub settled: bool,
    /// Why there is no steady state; null where there is one. Classes that it does not hold up
    /// have their metrics all the same.
    pub overloaded: Option<Overload>,
    /// The device or pool that bounds the throughput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bottleneck: Option<Bottleneck>,
    /// What was measured, by metric name.
    pub metrics: IndexMap<String, Estimate>,
    /// What queueing theory says of the same, by metric name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub theory: IndexMap<String, Theory>,
    /// Which formula applies to each part, why, and what it says, where it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TheoryOfPart>,
    /// How a fault point went, slice by slice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

/// What fails, from when, for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What fails: `zone a`, `host db-1`; or what surges.
    pub what: String,
    /// When it begins, in seconds after the window opens.
    pub at_s: f64,
    /// How long it lasts, in seconds.
    pub for_s: f64,
    /// How it fails: `crash` or `silence`; or `surge`.
    pub style: String,
}

/// Work arrives faster than it can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Overload {
    /// The device or pool that cannot keep up.
    pub by: String,
    /// By how many requests the backlog grows every second.
    pub backlog_per_s: f64,
    /// Half the width of the 95 % confidence interval about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
}

/// The device or pool that bounds the throughput.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bottleneck {
    /// Its name as in the metrics: `rack.cpu`.
    pub name: String,
    /// The share of it that is busy.
    pub utilization: f64,
}

/// A metric that is not known as exactly as the experiment asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unmet {
    pub metric: String,
    /// The half-width that was asked for, as a share of the value.
    pub wanted: f64,
    /// The half-width that was reached.
    pub reached: f64,
    /// About how many replications would reach what was asked for.
    pub replications_needed: u64,
}

fn yes() -> bool {
    true
}

fn is_yes(it: &bool) -> bool {
    *it
}

impl Point {
    /// Keeps an estimate under a metric's name; one that is no number is left out.
    pub fn set(&mut self, metric: impl Into<String>, estimate: Estimate) {
        if estimate.value.is_finite() {
            self.metrics.insert(metric.into(), estimate);
        }
    }

    pub fn metric(&self, name: &str) -> Option<&Estimate> {
        self.metrics.get(name)
    }

    /// The traffic classes that were measured.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().filter_map(|it| it.strip_suffix(".arrivals"))
    }

    /// The devices and pools whose utilization was measured: `rack.cpu`, `app.pool.to_db`.
    pub fn stations(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().filter_map(|it| it.strip_suffix(".utilization"))
    }

    /// How much of a device or pool is used, of several alike of the fullest: it is the one that binds.
    pub fn use_of(&self, station: &str) -> Option<&Estimate> {
        let fullest = self.metric(&format!("{station}.utilization.fullest"));
        fullest.or_else(|| self.metric(&format!("{station}.utilization")))
    }

    /// What an objective such as `generate.p95` or `generate.availability` came to.
    pub fn outcome_of(&self, objective: &str) -> Option<Estimate> {
        let (class, what) = objective.rsplit_once('.')?;
        if let Some(estimate) = self.metric(objective) {
            return Some(*estimate);
        }
        match what {
            "availability" => {
                self.metric(&format!("{class}.failure_ratio")).map(|it| it.complement())
            }
            _ => self.metric(&format!("{class}.response.{what}")).copied(),
        }
    }

    /// Whether the estimate of an objective lies on the wrong side of its bound, surely or not.
    pub fn seems_to_miss(&self, objective: &str, bound: f64) -> bool {
        let above = |it: Estimate| match is_lower_bound(objective) {
            true => it.value - bound,
            false => bound - it.value,
        };
        self.outcome_of(objective).map_or(self.overloaded.is_some(), |it| above(it) < 0.0)
    }

    /// Whether an objective is kept: told only when the whole interval lies on one side of it.
    ///
    /// Without a steady state the response grows without bound, so what bounds it is missed.
    pub fn keeps(&self, objective: &str, bound: f64) -> Kept {
        let at_least = is_lower_bound(objective);
        let Some(estimate) = self.outcome_of(objective) else {
            let missed = self.overloaded.is_some() && !at_least;
            return if missed { Kept::Fail } else { Kept::CannotTell };
        };
        let Some((low, high)) = estimate.ends() else { return Kept::CannotTell };
        let (worst, best) =
            if at_least { (low - bound, high - bound) } else { (bound - high, bound - low) };
        match (worst, best) {
            (0.0.., _) => Kept::Pass,
            (_, ..0.0) => Kept::Fail,
            _ => Kept::CannotTell,
        }
    }
}

/// Whether what an objective bounds must be at least so much, rather than at most.
pub fn is_lower_bound(objective: &str) -> bool {
    objective.ends_with(".availability") || objective.ends_with(".goodput")
}
