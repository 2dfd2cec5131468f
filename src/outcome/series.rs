//! How it went, slice by slice.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Time slices of a window, all arrays of one length, means over replications.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// The length of a slice in seconds.
    pub slice_s: f64,
    /// When each slice begins, in seconds after the window opens.
    pub at_s: Vec<f64>,
    /// Requests born, per second.
    pub born: Vec<f64>,
    /// Requests answered in time, per second.
    pub answered: Vec<f64>,
    /// Requests failed, per second.
    pub failed: Vec<f64>,
    /// Mean response of those answered in the slice, in seconds; null where there was none.
    pub response_mean: Vec<Option<f64>>,
    /// Quantiles of their responses, in seconds, by name: `p50`, `p95`, `p99`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub response: IndexMap<String, Vec<Option<f64>>>,
    /// Instances of each service at the end of the slice.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub instances: IndexMap<String, Instances>,
    /// The share of the cores of each host group that was busy, of those hosts that were up; null
    /// where none was.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub cpu: IndexMap<String, Vec<Option<f64>>>,
}

/// How many instances of a service there are, slice by slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Instances {
    /// In truth.
    pub up: Vec<f64>,
    /// As their balancer believes.
    pub believed: Vec<f64>,
}
