//! What theory says of a metric and of the parts of a model.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What theory predicts for a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Theory {
    /// The predicted value, in the metric's unit.
    pub value: f64,
    /// How it was got: `M/M/c`, `bounds`.
    pub method: String,
}

/// What theory says of one part of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TheoryOfPart {
    /// The service, device or class: `app`, `box.cpu`.
    pub part: String,
    /// The formula: `M/M/c`; or `none`.
    pub method: String,
    /// How far it is to be trusted.
    pub holds: Holds,
    /// What it assumes, and why that is so or is not.
    pub because: String,
    /// Its values by metric name, in the metrics' units.
    pub values: IndexMap<String, f64>,
}

/// How far the value of a formula is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// All that it assumes is so.
    Exactly,
    /// Something that it assumes is not quite so.
    Roughly,
    /// A throughput is not above it, a time not below it.
    AsBound,
    /// There is no formula.
    Not,
}
