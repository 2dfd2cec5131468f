//! Traffic classes: who asks what how often.

use super::unity;
use crate::parts::arrival::{Burst, Timestamps};
use crate::parts::distribution::{Count, Distribution, Size};
use crate::parts::policy::breaker::Breaker;
use crate::parts::policy::hedge::Hedge;
use crate::parts::policy::retry::Retry;
use crate::units::{Rate, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// A kind of request that users make. Give one of `per_user`, `rate`, `bursts`, `every`, `recorded`, `timestamps`
/// and `closed`, or none of them if sessions ask for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficClass {
    /// What they ask: `service.operation`.
    pub call: String,
    /// Requests of each user; arrivals are Poisson.
    #[serde(default)]
    #[schemars(example = "4/h")]
    pub per_user: Option<Rate>,
    /// Requests of all users together; arrivals are Poisson.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Counts per interval from a file, played as a Poisson process of that rate.
    #[serde(default)]
    pub recorded: Option<RecordedCounts>,
    /// The instants of the requests, from a file.
    #[serde(default)]
    pub timestamps: Option<Timestamps>,
    /// The time from one request to the next, drawn from any distribution: a renewal process.
    #[serde(default)]
    pub every: Option<Distribution>,
    /// Phases of traffic that follow one another, each for a random time: quiet and busy ones.
    #[serde(default)]
    pub bursts: Option<Vec<Burst>>,
    /// How many requests come at once: a rate is then that of such batches, and a recorded count or instant
    /// that of one.
    #[serde(default)]
    pub batch: Option<Count>,
    /// A fixed population, each of whom waits for the answer, thinks, and asks again.
    #[serde(default)]
    pub closed: Option<Closed>,
    /// Work that no user waits for: a backup, a checkpoint, a scan. It is measured by itself and counts
    /// in no availability, downtime or money.
    #[serde(default)]
    pub background: bool,
    /// How large the answer is, which leaves for the client at the price of its zone's `egress`. What
    /// clients send costs nothing. Nothing if absent.
    #[serde(default)]
    pub answer: Option<Size>,
    /// How long the client waits for one try.
    #[serde(default)]
    #[schemars(example = "5s")]
    pub timeout: Option<Span>,
    /// What the client does when a try fails.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// Asks once more if no answer has come after a while; the first answer wins. In place of `retry`.
    #[serde(default)]
    pub hedge: Option<Hedge>,
    /// Refuses tries at once while too many of the last ones failed, of all clients together.
    #[serde(default)]
    pub breaker: Option<Breaker>,
    /// How long the client waits in all, retries included, drawn for each request if it is a distribution.
    /// It travels with the request: whatever is called further in waits no longer than what is left, and
    /// no step is begun that comes too late.
    #[serde(default)]
    #[schemars(example = "10s")]
    pub deadline: Option<Distribution>,
    /// Whether the work that a request has begun is taken back, wherever it stands, once nobody waits for
    /// it. If not, it goes on in vain.
    #[serde(default)]
    pub cancel: bool,
}

/// A recorded series of arrivals: how many came in each interval.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedCounts {
    /// A CSV file with a header, beside the model file.
    pub file: String,
    /// The column of counts.
    pub column: String,
    /// The length of an interval.
    pub every: Span,
    /// What counts are multiplied with.
    #[serde(default = "unity")]
    pub scale: f64,
}

/// A closed population.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// How many users there are.
    pub users: u32,
    /// The time between an answer and the same user's next request.
    #[schemars(example = "5s")]
    pub think: Distribution,
}
