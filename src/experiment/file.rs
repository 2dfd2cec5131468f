//! The experiment file as written: which models, under what growth, with what failing.

use super::design::{Combine, Levels};
use super::expect::file::Expect;
use super::sensitivity::Sensitivity;
use crate::parts::fault::Fault;
use crate::parts::growth::{Daily, Growth};
use crate::units::{Share, Span};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A question to models: how they fare under growth, with this or that varied, when things fail.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "outgrow experiment")]
pub struct Experiment {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// A short name, used in tables and charts.
    pub name: String,
    /// What is asked, and why.
    #[serde(default)]
    pub about: String,
    /// The model files, beside this one. The first is what the others are compared with.
    pub models: Vec<String>,
    /// Each model as it would be with some things changed: by name, what is set at which paths.
    /// An empty one is the model as it stands; null takes away what may be absent.
    #[serde(default)]
    pub variants: IndexMap<String, IndexMap<String, Value>>,
    /// How the number of users grows over the story. If absent, each model has its own number.
    #[serde(default)]
    pub growth: Option<Story>,
    /// Levels of what is varied, by path into the models; "name: path" varies one model only.
    #[serde(default)]
    pub vary: IndexMap<String, Levels>,
    /// How the levels of what is varied are combined.
    #[serde(default)]
    pub combine: Combine,
    /// The metrics that `--out` draws over two factors with numbers as levels; those that objectives bound if
    /// absent.
    #[serde(default)]
    pub surface: Vec<String>,
    /// Which of what is varied a metric depends on, and how much.
    #[serde(default)]
    pub sensitivity: Option<Sensitivity>,
    /// What fails, and when. Each fault is played on its own, in a window around it; in a story that is
    /// simulated as a whole all happen in the same run.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// How long the aftermath of a fault is watched, at most.
    #[serde(default = "five_minutes")]
    #[schemars(example = "5m")]
    pub aftermath: Span,
    /// The smallest value for which something holds, to be found for each design.
    #[serde(default)]
    pub find: Option<Find>,
    /// What must hold, for `outgrow check`.
    #[serde(default)]
    pub expect: Vec<Expect>,
    /// How long each point is measured. A story says so in its `sample`.
    #[serde(default)]
    #[schemars(example = "5m")]
    pub window: Option<Span>,
    /// What each point runs before it is measured. A story says so in its `sample`.
    #[serde(default)]
    #[schemars(example = "30s")]
    pub warm_up: Option<WarmUp>,
    /// How many independent runs of each point.
    #[serde(default)]
    pub replications: Replications,
    /// The seed of all chance.
    #[serde(default = "one")]
    pub seed: u64,
}

/// The growth of users over days or weeks, looked at in samples.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// How long the story is.
    #[schemars(example = "30d")]
    pub over: Span,
    /// How many users there are, as time goes on.
    pub users: Growth,
    /// How traffic differs over the hours of a day.
    #[serde(default)]
    pub daily: Option<Daily>,
    /// Which instants are simulated. Where instances or hosts come and go by themselves, each instant
    /// begins with as many as the one before it ended with.
    #[serde(default)]
    pub sample: Sample,
    /// Simulates all of the story, every second of it, in place of samples: one long window, in which the
    /// faults of the experiment happen at their times, each looked at by itself too unless it comes at
    /// random. Users and hours of the day change every five minutes (of more than 173 days, 50,000 times
    /// in all), to their mean over that time. That is a lot of work; what it would be is told if it is
    /// more than `--max-events`.
    #[serde(default)]
    pub full: bool,
}

/// The instants of a story that are simulated, in full.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The time between two sampled instants.
    #[serde(default = "two_days")]
    #[schemars(example = "2d")]
    pub every: Span,
    /// The hour of the day: "peak", "mean", or a time such as "14h".
    #[serde(default)]
    #[schemars(example = "14h")]
    pub at: At,
    /// What is run before the measurement.
    #[serde(default)]
    #[schemars(example = "30s")]
    pub warm_up: WarmUp,
    /// How long each instant is measured.
    #[serde(default = "five_minutes")]
    #[schemars(example = "5m")]
    pub window: Span,
}

impl Default for Sample {
    fn default() -> Self {
        let (every, window) = (two_days(), five_minutes());
        Sample { every, at: At::default(), warm_up: WarmUp::default(), window }
    }
}

/// When in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum At {
    /// A named hour.
    Hour(Hour),
    /// So long after midnight.
    Time(Span),
}

impl Default for At {
    fn default() -> Self {
        At::Hour(Hour::Peak)
    }
}

/// An hour of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Hour {
    /// The busiest.
    #[default]
    Peak,
    /// One of average traffic.
    Mean,
}

/// How much of a run is discarded before the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WarmUp {
    /// As long as the transient is found to last.
    Auto(Auto),
    /// So long.
    Fixed(Span),
}

/// The word "auto".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Auto {
    #[default]
    Auto,
}

impl Default for WarmUp {
    fn default() -> Self {
        WarmUp::Auto(Auto::Auto)
    }
}

/// How many independent runs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replications {
    /// At least so many; more are added in rounds of this many.
    #[serde(default = "ten")]
    #[schemars(range(min = 1))]
    pub min: u32,
    /// At most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max: Option<u32>,
    /// The relative half-width that each of these metrics must reach, as in "5%".
    #[serde(default)]
    pub until: IndexMap<String, Share>,
    /// Goes on until one design is known to be the best, and drops those that cannot be.
    #[serde(default)]
    pub select: Option<Select>,
    /// Control variates: responses are corrected by how many requests happened to come, or how busy a service
    /// happened to be, where the mean of that is known. Intervals become narrower with few replications; from
    /// five on.
    #[serde(default)]
    pub controls: bool,
    /// Replications come in antithetic pairs: 0 and 1, 2 and 3 and so on. Where the first of a pair draws a
    /// short gap or a long work, the second draws a long gap or a short work, as far from the other end;
    /// intervals are over the means of the pairs. `min` and `max` must be even, and `min` at least 4.
    #[serde(default)]
    pub antithetic: bool,
}

/// Which design is best: the one that is kept is so with 95 % confidence, unless others come closer to it
/// than what does not matter.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// By which metric.
    pub metric: String,
    /// Differences of less do not matter: as a share of the least mean of the first round (the greatest,
    /// where more is better), as in "5%".
    pub within: Share,
}

impl Default for Replications {
    fn default() -> Self {
        Replications {
            min: ten(),
            max: None,
            until: IndexMap::new(),
            select: None,
            controls: false,
            antithetic: false,
        }
    }
}

/// A search: the smallest value of something for which something holds. A larger value must never be
/// milder; replication by replication the range is halved until the value is known.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Find {
    /// The path to the value, in this file (`faults[0].surge`) or in the models (`traffic.page.rate`).
    pub smallest: String,
    /// Where the range begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// How exactly the value is to be known.
    pub within: f64,
    /// The unit behind the value, where it has one: "/s".
    #[serde(default)]
    pub unit: Option<String>,
    /// What must hold: of faults if the experiment has any, else on any of its days.
    pub such_that: Condition,
}

/// What holds of a metric in one run. A metric that has no value there is worse than any.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its name, as in `--format csv`.
    pub metric: String,
    /// It is more than this.
    #[serde(default)]
    pub over: Option<Amount>,
    /// It is less than this.
    #[serde(default)]
    pub under: Option<Amount>,
    /// It has no value, such as the `recovery` of what does not recover.
    #[serde(default)]
    pub absent: bool,
}

/// What a metric is held against.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Amount {
    /// A share, a rate per second, or a count.
    Number(f64),
    /// A length of time.
    Time(Span),
}

impl Amount {
    /// In the unit of metrics: seconds for times.
    pub fn base(self) -> f64 {
        match self {
            Amount::Number(number) => number,
            Amount::Time(span) => span.as_secs(),
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Amount::Number(number) => number.fmt(f),
            Amount::Time(span) => span.fmt(f),
        }
    }
}

fn one() -> u64 {
    1
}
fn ten() -> u32 {
    10
}
fn two_days() -> Span {
    Span::from_whole_secs(2 * 86_400)
}
fn five_minutes() -> Span {
    Span::from_whole_secs(300)
}
