//! A small language with everything that a schema of this program can hold, and a good file in it.

#![allow(dead_code, reason = "most of it is read and looked at no further")]

use crate::units::{Price, Rate, Span};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    pub name: String,
    pub hosts: IndexMap<String, Host>,
    #[serde(default)]
    pub services: IndexMap<String, Service>,
    #[serde(default)]
    pub traffic: Option<Rate>,
    #[serde(default)]
    pub between: Option<[String; 2]>,
    #[serde(default)]
    pub levels: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Processor cores of each.
    #[schemars(range(min = 1), example = 16)]
    pub cores: u32,
    #[serde(default)]
    pub price: Option<Price>,
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: Option<f64>,
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub speed: Option<f64>,
    #[serde(default)]
    pub seed: u64,
    #[serde(default)]
    pub small: i8,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub hosts: String,
    #[serde(default)]
    pub balance: Option<Balance>,
    #[serde(default)]
    pub jitter: Option<Jitter>,
    #[serde(default)]
    pub pool: Option<Pool>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    pub size: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// Whichever.
    Random,
    /// In turn.
    RoundRobin,
    /// By weight.
    Weighted { weights: Vec<f64> },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    Full,
    Half,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Distribution {
    Constant(Span),
    Drawn(Drawn),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Drawn {
    Exponential(Span),
    Lognormal(Lognormal),
    Mixture(Vec<Distribution>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    pub mean: Span,
    pub cv: f64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Step {
    Cpu(CpuStep),
    Call(CallStep),
    Lock(LockStep),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuStep {
    pub cpu: Distribution,
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    pub call: String,
    #[serde(default)]
    pub times: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockStep {
    pub lock: u64,
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
}

pub const GOOD: &str = r#"{
  // Ein Größentest: 価格, 🦀
  "name": "shop",
  "hosts": { "rack": { "cores": 16.0, "price": "0.95/h", "share": 1, "seed": 18446744073709551615 }, },
  "services": {
    "web": {
      "hosts": "rack", "balance": { "weighted": { "weights": [1, 2.5e0] } }, "jitter": "half",
      "steps": [
        { "cpu": "4ms", "as": "work" }, /* then */
        { "cpu": { "mixture": [ "1ms", { "lognormal": { "mean": "2ms", "cv": 1.5 } } ] } },
        { "call": "db.read", "times": 1e3 },
        { "lock": 1, "do": [ { "cpu": { "exponential": "3ms" } } ] },
      ],
    },
  },
  "traffic": null, "between": ["a", "b"], "levels": [1, "x", {"y": [null]}],
}
"#;
