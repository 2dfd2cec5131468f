//! The largest load that keeps what was promised.

use super::Estimate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest load that keeps all objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Capacity {
    /// What loads are counted in.
    pub unit: CapacityUnit,
    /// The load itself; absent if some objective is missed at any load, or none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Estimate>,
    /// How many replications were run at each load.
    pub replications: u32,
    /// The objective that is missed beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// What cannot keep up beyond it, where no objective is missed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overloaded: Option<String>,
    /// The load that the model speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<f64>,
    /// The share of the capacity that is left at that load; negative beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Estimate>,
    /// The load at which throughput divided by response is greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knee: Option<Estimate>,
    /// When growth reaches the capacity, in days; absent if it does not, or nothing grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_up_on: Option<Estimate>,
}

/// What the load of a capacity is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CapacityUnit {
    /// Users.
    Users,
    /// Times the rates that the model gives.
    Times,
}
