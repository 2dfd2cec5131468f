//! What a metric depends on, of all that was varied.

use super::Estimate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a metric depends on, of all that was varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sensitivity {
    /// The name of the model.
    pub model: String,
    /// The sampled day; absent without growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// What it is about.
    pub metric: String,
    pub method: Method,
    /// How many points it rests on.
    pub points: u32,
    /// Points where the metric has no value, such as those that are overloaded: what needs them is left
    /// out.
    pub without_value: u32,
    /// What was varied, by path, that which matters most first.
    pub factors: IndexMap<String, Factor>,
}

/// How a sensitivity was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Morris 1991, with the measure of Campolongo 2007.
    ElementaryEffects,
    /// Saltelli 2010, with Jansen's estimator of the total.
    Indices,
    /// The correlation ratio of classes of points that were drawn anyhow.
    Classes,
}

/// What a factor does to a metric. What cannot be told is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Factor {
    /// Its first level.
    pub from: String,
    /// Its last.
    pub to: String,
    /// How much the metric changes from the first to the last level, in either direction, on average over
    /// all places to start from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Estimate>,
    /// The same with its sign: what goes up here and down there cancels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Estimate>,
    /// How much that differs from place to place: their standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Estimate>,
    /// The share of the metric's variance that it brings alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_order: Option<Estimate>,
    /// The share that it brings alone and together with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Estimate>,
}

impl Factor {
    /// What is known of it, by name, in the order of importance.
    pub fn measures(&self) -> impl Iterator<Item = (&'static str, &Estimate)> {
        let all = [
            ("effect", &self.effect),
            ("change", &self.change),
            ("spread", &self.spread),
            ("total", &self.total),
            ("first_order", &self.first_order),
        ];
        all.into_iter().filter_map(|(name, it)| Some((name, it.as_ref()?)))
    }
}
