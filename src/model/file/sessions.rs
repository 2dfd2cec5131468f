//! Sessions: users who come, ask one thing after another, and go.

use super::{Model, Named, RecordedCounts, TrafficClass};
use crate::parts::arrival::{Burst, Timestamps};
use crate::parts::distribution::{Count, Distribution};
use crate::units::Rate;
use schemars::JsonSchema;
use serde::Deserialize;

/// A kind of session: how users come and what they ask for, one request after the other. Give one of
/// `per_user`, `rate`, `bursts`, `every`, `recorded` and `timestamps`, and one of `steps` and `graph`.
///
/// A user thinks, asks, and waits for the answer or for the request to have failed for good; then
/// comes what is next. The requests are those of traffic classes, with their timeouts and retries.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Sessions that each user begins; they begin as a Poisson process.
    #[serde(default)]
    #[schemars(example = "4/h")]
    pub per_user: Option<Rate>,
    /// Sessions of all users together; they begin as a Poisson process.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Counts of sessions per interval from a file, played as a Poisson process of that rate.
    #[serde(default)]
    pub recorded: Option<RecordedCounts>,
    /// The instants at which sessions begin, from a file.
    #[serde(default)]
    pub timestamps: Option<Timestamps>,
    /// The time from one session's beginning to the next one's: a renewal process.
    #[serde(default)]
    pub every: Option<Distribution>,
    /// Phases that follow one another, each for a random time: quiet and busy ones.
    #[serde(default)]
    pub bursts: Option<Vec<Burst>>,
    /// What is asked, one after the other.
    #[serde(default)]
    pub steps: Option<Vec<SessionStep>>,
    /// What is asked, going from state to state by chance.
    #[serde(default)]
    pub graph: Option<Graph>,
    /// How many of those whose request has failed for good leave; the others go on with what is next.
    #[serde(default)]
    pub leave_on_failure: f64,
}

/// A place in a sequence of requests.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionStep {
    /// The traffic class of the request.
    pub ask: String,
    /// How long the user thinks before each request; not at all if nothing is said.
    #[serde(default)]
    #[schemars(example = "5s")]
    pub think: Option<Distribution>,
    /// How many such requests there are, one after the other.
    #[serde(default = "once")]
    pub times: Count,
    /// In how many sessions there are any.
    #[serde(default = "always")]
    pub share: f64,
}

/// States and the chances to go from one to another: a customer behaviour model graph (D. A. Menascé,
/// V. A. F. Almeida, R. Fonseca, M. A. Mendes, "A methodology for workload characterization of
/// e-commerce sites", ACM EC, 1999).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    /// The state in which a session begins.
    pub begin: String,
    /// The states by name.
    pub states: Named<State>,
}

/// A state of a session: a request, and where it may lead.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The traffic class of the request.
    pub ask: String,
    /// How long the user thinks before the request; not at all if nothing is said.
    #[serde(default)]
    #[schemars(example = "5s")]
    pub think: Option<Distribution>,
    /// The chance of each state that may come next. What they lack of 1 is the chance that the session ends.
    #[serde(default)]
    pub then: Named<f64>,
}

fn once() -> Count {
    Count::Constant(1)
}
fn always() -> f64 {
    1.0
}

/// The ways in which requests, or sessions, come of themselves.
pub struct Coming<'m> {
    pub per_user: Option<Rate>,
    pub rate: Option<Rate>,
    pub every: &'m Option<Distribution>,
    pub recorded: &'m Option<RecordedCounts>,
    pub timestamps: &'m Option<Timestamps>,
    pub bursts: &'m Option<Vec<Burst>>,
}

impl Coming<'_> {
    /// How many of them are given.
    pub fn given(&self) -> usize {
        let given = [
            self.per_user.is_some(),
            self.rate.is_some(),
            self.every.is_some(),
            self.recorded.is_some(),
            self.timestamps.is_some(),
            self.bursts.is_some(),
        ];
        given.into_iter().filter(|it| *it).count()
    }
}

impl Model {
    /// Whether any of its traffic grows with the number of users.
    pub fn is_per_user(&self) -> bool {
        self.traffic.values().any(|it| it.per_user.is_some())
            || self.sessions.values().any(|it| it.per_user.is_some())
    }
}

impl Session {
    pub fn coming(&self) -> Coming<'_> {
        Coming {
            per_user: self.per_user,
            rate: self.rate,
            every: &self.every,
            recorded: &self.recorded,
            timestamps: &self.timestamps,
            bursts: &self.bursts,
        }
    }

    /// The classes that it asks for.
    pub fn asks(&self) -> impl Iterator<Item = &str> {
        let steps = self.steps.iter().flatten().map(|it| it.ask.as_str());
        let states = self.graph.iter().flat_map(|it| it.states.values());
        steps.chain(states.map(|it| it.ask.as_str()))
    }
}

impl TrafficClass {
    pub fn coming(&self) -> Coming<'_> {
        Coming {
            per_user: self.per_user,
            rate: self.rate,
            every: &self.every,
            recorded: &self.recorded,
            timestamps: &self.timestamps,
            bursts: &self.bursts,
        }
    }
}
