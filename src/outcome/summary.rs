//! What holds for a design over all its points.

use super::{Capacity, Estimate};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What holds for a design over all its points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelSummary {
    /// Between which sampled days the first objective comes to be missed, or days of a story that is
    /// simulated as a whole; absent if none is missed with confidence on any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaks_on: Option<BreaksOn>,
    /// What the model promises: `generate.p95` at most 3 s, `generate.availability` at least 0.999.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub objectives: IndexMap<String, f64>,
    /// What is to be expected in the long run; absent if nothing says how often something fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_time: Option<OverTime>,
    /// What the experiment sought; absent if it sought nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// The largest load that keeps what it promises, where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
}

/// What is to be expected over a long time in which outages come now and then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverTime {
    /// The share of requests that are answered.
    pub availability: Estimate,
    /// The time of a month of 730 hours in which fewer than half of them are, in seconds.
    pub downtime_per_month: Estimate,
    /// How many outages there are in a month, on average.
    pub outages_per_month: f64,
    /// The share of months without any, if they come independently of one another.
    pub month_without: f64,
    /// How it was got.
    pub method: String,
}

/// The smallest value for which something holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Found {
    /// The path of the value.
    pub path: String,
    /// What holds from there on: `recovery absent`.
    pub such_that: String,
    /// Where the searched range begins and ends.
    pub from: f64,
    pub to: f64,
    /// The distance between the values that were tried.
    pub within: f64,
    /// The unit behind the value in the file, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_unit: Option<String>,
    /// The mean of the replications' smallest values; absent if some have none in the range, or it
    /// holds at its very beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Estimate>,
    /// How many replications were searched.
    pub replications: u32,
    /// In how many of them it holds where the range begins.
    #[serde(default)]
    pub at_start: u32,
    /// In how many of them it does not hold anywhere in the range.
    pub beyond: u32,
}

/// When a model breaks: after the last sampled day on which all its objectives were kept with
/// confidence, and by the first on which one is missed with confidence. Of a whole story day 3 is from the
/// end of the third day to that of the fourth, and what fails in it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BreaksOn {
    /// The middle between those two days; the latter where the former is unknown.
    pub value: f64,
    /// Half the time between them, in days; absent if not all objectives were kept before, so
    /// that only the latest day is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
    /// The objective that is missed first.
    pub objective: String,
    /// The device or pool that is busiest then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl BreaksOn {
    /// The last sampled day on which all objectives were kept with confidence; none if there was
    /// no such day.
    pub fn kept_on(&self) -> Option<f64> {
        self.half_width.filter(|it| *it > 0.0).map(|it| self.value - it)
    }

    /// The first sampled day on which an objective is missed with confidence.
    pub fn missed_on(&self) -> f64 {
        self.value + self.half_width.unwrap_or(0.0)
    }
}
