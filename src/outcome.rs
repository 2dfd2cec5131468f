//! What happened: the plain data that every verb answers with and every report is made from.
//!
//! Times are seconds, rates per second, shares between 0 and 1. What has no value is absent, so
//! that nobody averages a zero that was never measured.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name and version of the shape below, as its `format` says it.
pub const FORMAT: &str = "outgrow.outcome/1";

/// The outcome of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The name and version of this shape: `outgrow.outcome/1`.
    pub format: String,
    /// The version of the program that wrote it.
    pub version: String,
    /// The verb that was asked for.
    pub verb: Verb,
    /// The name of the experiment, or of the model when only a model was run.
    pub experiment: String,
    /// What the experiment or model says about itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The seed of all chance.
    pub seed: u64,
    /// What was simulated, in the order of the experiment.
    pub points: Vec<Point>,
    /// What holds for a design over all its points, by its label: the model's name, and its
    /// levels where something is varied.
    pub models: IndexMap<String, ModelSummary>,
    /// Models against each other on the same luck.
    pub comparisons: Vec<Comparison>,
    /// Which designs may be the best, if that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selections: Vec<Selection>,
    /// What had to hold, and whether it does.
    pub expectations: Vec<Expectation>,
    /// How the figures differ from those of an earlier outcome; absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Mistakes in the files; nothing was run when there are any.
    pub problems: Vec<Problem>,
}

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
    /// How many replications of each would decide at the latest, where several are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replications_needed: Option<u64>,
}

/// What the program was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Run,
    Compare,
    Sweep,
    Capacity,
    Check,
    Explain,
}

/// A value with what is known of its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The mean over replications.
    pub value: f64,
    /// Half the width of the confidence interval, or how far its farther end lies from the value;
    /// absent with one replication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
    /// The lower end of the interval, where it is not symmetric about the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper end of the interval, where it is not symmetric about the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The probability that the interval holds the true value.
    pub confidence: f64,
    /// The unit of value and half-width; absent where it is a bare factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The runs were too short for this figure: its interval holds the true value less often than it
    /// says.
    #[serde(default, skip_serializing_if = "is_no")]
    pub too_short: bool,
    /// How many replications without control variates would tell as much; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<f64>,
}

/// What an estimate counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "/s")]
    PerSecond,
    /// A share between 0 and 1.
    #[serde(rename = "ratio")]
    Ratio,
    /// A count.
    #[serde(rename = "1")]
    Count,
    #[serde(rename = "users")]
    Users,
    #[serde(rename = "d")]
    Days,
    #[serde(rename = "money")]
    Money,
    #[serde(rename = "money/h")]
    MoneyPerHour,
    #[serde(rename = "money/mo")]
    MoneyPerMonth,
}

/// One combination of model, levels, day and fault, simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// The name of the model.
    pub model: String,
    /// The levels of what was varied, by path into the model.
    pub factors: IndexMap<String, Value>,
    /// The sampled day of the story; absent without growth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    /// How many users there are; absent when the model has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<f64>,
    /// How many independent runs the estimates rest on.
    pub replications: u32,
    /// The measured stretch of each run, in seconds.
    #[serde(default)]
    pub window_s: f64,
    /// What was discarded before it, in seconds.
    #[serde(default)]
    pub warm_up_s: f64,
    /// Which signal settled last, where the warm-up was found by looking at several: `requests inside`,
    /// `response`, or the utilization of a device; of another design, if that needed longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_by: Option<String>,
    /// What the most replications did not reach of `until`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
    /// What fails during the window; absent on an ordinary day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Whether the warm-up was found to end within the pilot; if not, it is half a window.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub settled: bool,
    /// Why there is no steady state; null where there is one. Classes that it does not hold up
    /// have their metrics all the same.
    pub overloaded: Option<Overload>,
    /// The device or pool that bounds the throughput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bottleneck: Option<Bottleneck>,
    /// What was measured, by metric name.
    pub metrics: IndexMap<String, Estimate>,
    /// What queueing theory says of the same, by metric name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub theory: IndexMap<String, Theory>,
    /// Which formula applies to each part, why, and what it says, where it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<TheoryOfPart>,
    /// How a fault point went, slice by slice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<Series>,
}

/// What fails, from when, for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What fails: `zone a`, `host db-1`; or what surges.
    pub what: String,
    /// When it begins, in seconds after the window opens.
    pub at_s: f64,
    /// How long it lasts, in seconds.
    pub for_s: f64,
    /// How it fails: `crash` or `silence`; or `surge`.
    pub style: String,
}

/// Work arrives faster than it can be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Overload {
    /// The device or pool that cannot keep up.
    pub by: String,
    /// By how many requests the backlog grows every second.
    pub backlog_per_s: f64,
    /// Half the width of the 95 % confidence interval about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
}

/// The device or pool that bounds the throughput.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bottleneck {
    /// Its name as in the metrics: `rack.cpu`.
    pub name: String,
    /// The share of it that is busy.
    pub utilization: f64,
}

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

/// What holds for a design over all its points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelSummary {
    /// Between which sampled days the first objective comes to be missed; absent if none is
    /// missed with confidence on any of them.
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
/// confidence, and by the first on which one is missed with confidence.
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
    /// How many replications on luck of their own would tell as much; absent where the difference
    /// does not vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independent: Option<f64>,
}

/// A metric that is not known as exactly as the experiment asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unmet {
    pub metric: String,
    /// The half-width that was asked for, as a share of the value.
    pub wanted: f64,
    /// The half-width that was reached.
    pub reached: f64,
    /// About how many replications would reach what was asked for.
    pub replications_needed: u64,
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

/// An outcome against an earlier one of the same experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The version of the program that wrote the earlier one.
    pub version: String,
    /// Whether both have the same seed, so that runs were compared pair by pair; else by Welch's test.
    pub paired: bool,
    /// The chance that any figure is called better or worse that is not, after Holm's correction.
    pub significance: f64,
    /// The share of a figure by which it may become worse.
    pub tolerance: f64,
    /// Every figure that both have.
    pub changes: Vec<Change>,
}

/// A figure now and before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where: model, levels, day, fault.
    pub place: String,
    pub metric: String,
    pub before: Estimate,
    pub now: Estimate,
    pub difference: Estimate,
    /// Better or worse by more than is tolerated; else it cannot be told that it is either.
    pub verdict: Verdict,
}

impl Change {
    pub fn verdict_text(&self) -> &'static str {
        match self.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same | Verdict::CannotTell => "no change shown",
        }
    }
}

impl Baseline {
    /// Whether anything is worse.
    pub fn is_worse(&self) -> bool {
        self.changes.iter().any(|it| it.verdict == Verdict::Worse)
    }

    /// How it was told, in a sentence.
    pub fn method(&self) -> String {
        let how = if self.paired { "pair by pair on the same luck" } else { "by Welch's test" };
        format!(
            "Better, worse: by more than {} %, compared {how}; the chance that any of the {} is told wrongly is \
             at most {} % (Holm's correction).",
            self.tolerance * 100.0,
            self.changes.len(),
            self.significance * 100.0
        )
    }
}

/// Whether something that had to hold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Pass,
    Fail,
    CannotTell,
}

/// A mistake in a file: where it stands, which rule it breaks, how to mend it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// What kind of mistake it is: `E008`.
    pub code: String,
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The path inside the file: `services.app.instances`.
    pub path: String,
    /// What must hold, and what is there instead.
    pub rule: String,
    /// What to write instead; absent where nobody can know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

/// One model with one choice of levels: its points are one line of a chart.
#[derive(Clone, Debug)]
pub struct Design<'a> {
    /// `monolith`, or `monolith, cores 16` where something is varied.
    pub label: String,
    pub model: &'a str,
    /// In the order of the outcome, those with a fault too.
    pub points: Vec<&'a Point>,
}

impl Estimate {
    /// A value in `unit`; a half-width that is no number counts as none.
    pub fn new(value: f64, half_width: Option<f64>, confidence: f64, unit: Unit) -> Self {
        let half_width = half_width.filter(|it| it.is_finite());
        let (low, high) = (None, None);
        Estimate {
            value,
            half_width,
            low,
            high,
            confidence,
            unit: Some(unit),
            too_short: false,
            worth: None,
        }
    }

    /// With an interval that is not symmetric about the value.
    pub fn within(self, low: f64, high: f64) -> Self {
        let half_width = Some((self.value - low).max(high - self.value));
        Estimate { half_width, low: Some(low), high: Some(high), ..self }
    }

    /// Both ends of the interval.
    pub fn ends(&self) -> Option<(f64, f64)> {
        let half_width = self.half_width?;
        let symmetric = (self.value - half_width, self.value + half_width);
        Some((self.low.unwrap_or(symmetric.0), self.high.unwrap_or(symmetric.1)))
    }

    /// The same in another measure: both value and half-width times `factor`.
    pub fn scaled(self, factor: f64, unit: Unit) -> Self {
        let half_width = self.half_width.map(|it| it * factor.abs());
        let scaled = Estimate::new(self.value * factor, half_width, self.confidence, unit);
        let (low, high) = (self.low.map(|it| it * factor), self.high.map(|it| it * factor));
        let (low, high) = if factor < 0.0 { (high, low) } else { (low, high) };
        Estimate { too_short: self.too_short, worth: self.worth, low, high, ..scaled }
    }

    /// One minus a share, with the same uncertainty.
    pub fn complement(self) -> Self {
        let (low, high) = (self.high.map(|it| 1.0 - it), self.low.map(|it| 1.0 - it));
        Estimate { value: 1.0 - self.value, low, high, ..self }
    }
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

impl Outcome {
    /// An outcome of `verb` in which nothing has happened yet.
    pub fn new(verb: Verb, experiment: &str, about: &str, seed: u64) -> Self {
        Outcome {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verb,
            experiment: experiment.to_owned(),
            about: about.to_owned(),
            seed,
            points: Vec::new(),
            models: IndexMap::new(),
            comparisons: Vec::new(),
            selections: Vec::new(),
            expectations: Vec::new(),
            baseline: None,
            problems: Vec::new(),
        }
    }

    /// The points of each design together, designs in the order of their first point.
    pub fn designs(&self) -> Vec<Design<'_>> {
        let mut designs: Vec<Design> = Vec::new();
        for point in &self.points {
            let same = |it: &&mut Design| it.has(&point.model, &point.factors);
            match designs.iter_mut().find(same) {
                Some(design) => design.points.push(point),
                None => designs.push(Design {
                    label: self.label(&point.model, &point.factors),
                    model: &point.model,
                    points: vec![point],
                }),
            }
        }
        designs
    }

    /// The point of a design on a day (any without growth), on which nothing fails.
    pub fn point(
        &self,
        model: &str,
        factors: &IndexMap<String, Value>,
        day: Option<f64>,
    ) -> Option<&Point> {
        self.points.iter().find(|it| {
            it.model == model && it.factors == *factors && it.day == day && it.fault.is_none()
        })
    }

    /// What holds for a design; what is said of its model holds for all of the model's designs.
    pub fn summary(&self, model: &str, factors: &IndexMap<String, Value>) -> Option<&ModelSummary> {
        self.models.get(&self.label(model, factors)).or_else(|| self.models.get(model))
    }

    /// What to call a design: `monolith`, or `monolith, cores 16`.
    pub fn label(&self, model: &str, factors: &IndexMap<String, Value>) -> String {
        let mut label = model.to_owned();
        for (path, level) in factors {
            label.push_str(&format!(", {} {}", self.short_name(path), level_text(level)));
        }
        label
    }

    /// The shortest end of a factor's path that no other factor of the outcome ends with.
    pub fn short_name<'a>(&self, path: &'a str) -> &'a str {
        let is_other = |it: &&String| it.as_str() != path;
        let others = || self.points.iter().flat_map(|it| it.factors.keys()).filter(is_other);
        let starts = path.match_indices('.').map(|(dot, _)| dot + 1).rev();
        let ends = starts.map(|start| &path[start..]);
        let is_alone = |end: &&str| !others().any(|it| ends_in(it, end));
        ends.into_iter().find(is_alone).unwrap_or(path)
    }
}

fn yes() -> bool {
    true
}

fn is_yes(it: &bool) -> bool {
    *it
}

fn is_no(it: &bool) -> bool {
    !*it
}

/// Whether the last segments of `path` are `end`.
fn ends_in(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|start| start.is_empty() || start.ends_with('.'))
}

/// A level as it is shown: text without quotes, all else as JSON.
pub fn level_text(level: &Value) -> String {
    level.as_str().map_or_else(|| level.to_string(), str::to_owned)
}

impl Design<'_> {
    fn has(&self, model: &str, factors: &IndexMap<String, Value>) -> bool {
        self.model == model && self.factors() == factors
    }

    /// The levels that all its points share.
    pub fn factors(&self) -> &IndexMap<String, Value> {
        &self.points[0].factors
    }
}

impl Point {
    /// Keeps an estimate under a metric's name; one that is no number is left out.
    pub fn set(&mut self, metric: impl Into<String>, estimate: Estimate) {
        if estimate.value.is_finite() {
            self.metrics.insert(metric.into(), estimate);
        }
    }

    pub fn metric(&self, name: &str) -> Option<&Estimate> {
        self.metrics.get(name)
    }

    /// The traffic classes that were measured.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().filter_map(|it| it.strip_suffix(".arrivals"))
    }

    /// The devices and pools whose utilization was measured: `rack.cpu`, `app.pool.to_db`.
    pub fn stations(&self) -> impl Iterator<Item = &str> {
        self.metrics.keys().filter_map(|it| it.strip_suffix(".utilization"))
    }

    /// What an objective such as `generate.p95` or `generate.availability` came to.
    pub fn outcome_of(&self, objective: &str) -> Option<Estimate> {
        let (class, what) = objective.rsplit_once('.')?;
        if let Some(estimate) = self.metric(objective) {
            return Some(*estimate);
        }
        match what {
            "availability" => {
                self.metric(&format!("{class}.failure_ratio")).map(|it| it.complement())
            }
            _ => self.metric(&format!("{class}.response.{what}")).copied(),
        }
    }

    /// Whether the estimate of an objective lies on the wrong side of its bound, surely or not.
    pub fn seems_to_miss(&self, objective: &str, bound: f64) -> bool {
        let above = |it: Estimate| match is_lower_bound(objective) {
            true => it.value - bound,
            false => bound - it.value,
        };
        self.outcome_of(objective).map_or(self.overloaded.is_some(), |it| above(it) < 0.0)
    }

    /// Whether an objective is kept: told only when the whole interval lies on one side of it.
    ///
    /// Without a steady state the response grows without bound, so what bounds it is missed.
    pub fn keeps(&self, objective: &str, bound: f64) -> Kept {
        let at_least = is_lower_bound(objective);
        let Some(estimate) = self.outcome_of(objective) else {
            let missed = self.overloaded.is_some() && !at_least;
            return if missed { Kept::Fail } else { Kept::CannotTell };
        };
        let Some((low, high)) = estimate.ends() else { return Kept::CannotTell };
        let (worst, best) =
            if at_least { (low - bound, high - bound) } else { (bound - high, bound - low) };
        match (worst, best) {
            (0.0.., _) => Kept::Pass,
            (_, ..0.0) => Kept::Fail,
            _ => Kept::CannotTell,
        }
    }
}

/// Whether what an objective bounds must be at least so much, rather than at most.
fn is_lower_bound(objective: &str) -> bool {
    objective.ends_with(".availability") || objective.ends_with(".goodput")
}

#[cfg(test)]
mod tests;
