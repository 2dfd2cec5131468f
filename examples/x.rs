use indexmap::IndexMap;
use outgrow::units::*;
use schemars::JsonSchema;
use serde::Deserialize;
/// Dist doc.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Distribution {
    Constant(Span),
    Drawn(Tagged),
}
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Tagged {
    /// Exp.
    Exponential(Span),
    /// Logn.
    Lognormal {
        /** mean */
        mean: Span,
        cv: f64,
    },
    Ref(Params),
}
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    a: u32,
    b: Option<Span>,
}
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Balance {
    /// none
    None,
    Random,
    Weighted(IndexMap<String, f64>),
}
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mixed {
    Exponential(Span),
    #[serde(untagged)]
    Constant(Span),
}
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Jit {
    Full,
    Half,
}
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Step {
    Cpu(CpuStep),
    Par { parallel: Vec<Vec<Step>> },
}
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CpuStep {
    cpu: Distribution,
    #[serde(default, rename = "as")]
    luck: Option<String>,
}
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Root {
    steps: Vec<Step>,
    /// bal doc
    #[serde(default)]
    b: Option<Balance>,
    m: Mixed,
    j: Jit,
    ab: [String; 2],
    t: (u32, f64),
    n: u64,
    o: Option<std::num::NonZeroU32>,
    any: serde_json::Value,
    p: Price,
    #[schemars(range(min = 0.0, max = 1.0))]
    r: f64,
    #[schemars(range(min = 1))]
    opt: Option<u32>,
    d: Option<Jit>,
    #[serde(default = "one")]
    w: u32,
    #[schemars(example = 5)]
    e: u32,
    #[schemars(extend("exclusiveMinimum"=0))]
    x: f64,
}
fn one() -> u32 {
    1
}
fn main() {
    println!("{}", serde_json::to_string_pretty(&schemars::schema_for!(Root)).unwrap());
}
