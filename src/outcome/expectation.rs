//! What had to hold, and whether it does.

use super::Estimate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that had to hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// In one line: `with page.response.p95 under 300ms`.
    pub text: String,
    /// What it is for, in plain words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    pub verdict: Kept,
    /// The least probability with which such a verdict is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// How many replications would tell, where it could not be told; absent where more than anybody
    /// would run, or none would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replications_needed: Option<u64>,
    /// Each point that it speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Checked>,
}

/// An expectation at one of the points that it speaks of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    pub model: String,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub factors: IndexMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<f64>,
    /// What fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The model that it must be better than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    pub metric: String,
    /// What the metric came to, or by how much it differs from that of the other model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    pub verdict: Kept,
    /// Why there is no figure, or none that could tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How many independent runs were made.
    pub replications: u32,
    /// The metric in each of them, so that a later outcome can be compared pair by pair; empty where
    /// one has no value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<f64>,
}

/// Whether something that had to hold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Pass,
    Fail,
    CannotTell,
}

impl Expectation {
    /// One of which nothing but the verdict is known.
    pub fn new(text: &str, verdict: Kept) -> Self {
        Expectation {
            text: text.to_owned(),
            about: String::new(),
            verdict,
            confidence: None,
            replications_needed: None,
            points: Vec::new(),
        }
    }
}
