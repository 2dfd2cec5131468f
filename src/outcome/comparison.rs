//! Designs against each other.

use super::Estimate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which designs may be the best, of all that were simulated for one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Selection {
    /// By which metric.
    pub metric: String,
    /// The sampled day; absent without growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// Of how many designs.
    pub of: u32,
    /// The labels of those that may be the best; a single one is.
    pub left: Vec<String>,
    /// Differences of less than this share do not matter.
    pub within: f64,
    /// The probability that the best one is among them, all comparisons taken together.
    pub confidence: f64,
    /// How many replications of each would decide at the latest, where several are left that do not all come
    /// out alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replications_needed: Option<u64>,
}

/// Two designs on the same luck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    pub metric: String,
    /// The model in question.
    pub of: String,
    /// Its levels of what was varied.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub of_factors: IndexMap<String, Value>,
    /// The model that it is measured against.
    pub against: String,
    /// The levels of that.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub against_factors: IndexMap<String, Value>,
    /// The sampled day; absent without growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// What fails in both; absent on an ordinary day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The one less the other, paired by replication.
    pub difference: Estimate,
    /// The one divided by the other; absent when the other is zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Estimate>,
    pub verdict: Verdict,
    /// How many replications would tell them apart, or did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replications_needed: Option<u64>,
    /// How many designs are held against the same one: their intervals for a metric at an instant hold
    /// together as often as any other interval, each by itself as often as its `confidence` says. Absent
    /// where there is but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<u32>,
    /// How many replications on luck of their own would tell as much; absent where the difference
    /// does not vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independent: Option<f64>,
}

/// Which of two is better, if that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Better,
    Worse,
    /// Alike in every replication.
    Same,
    CannotTell,
}
