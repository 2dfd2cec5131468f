//! What must hold, and what requests are worth.

use super::unity;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// What must hold for a traffic class.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The longest mean response.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub mean: Option<Span>,
    /// The longest median response.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub p50: Option<Span>,
    /// The longest 90th percentile of the response.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub p90: Option<Span>,
    /// The longest 95th percentile of the response.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub p95: Option<Span>,
    /// The longest 99th percentile of the response.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub p99: Option<Span>,
    /// The longest 99.9th percentile of the response.
    #[serde(default)]
    #[schemars(example = "300ms")]
    pub p999: Option<Span>,
    /// The smallest share of requests answered in time, between 0 and 1.
    #[serde(default)]
    pub availability: Option<f64>,
}

/// What requests are worth.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// What an answered request brings in.
    #[serde(default)]
    pub revenue: Option<Revenue>,
    /// Users who leave because of failed requests.
    #[serde(default)]
    pub churn: Option<Churn>,
}

/// Money per answered request of one class.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revenue {
    /// The traffic class that pays.
    pub per: String,
    /// Money per answered request.
    pub amount: f64,
}

/// Customers lost.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Churn {
    /// The chance that a failed request makes its user leave.
    pub per_failed_request: f64,
    /// The largest share of users who leave in a day.
    #[serde(default = "unity")]
    pub cap_per_day: f64,
    /// Whether the sampled instants of a story have only those users whom failures before them have
    /// left; else each has all whom its growth says, so that designs are held against each other under
    /// the same load.
    #[serde(default)]
    pub carried: bool,
}
