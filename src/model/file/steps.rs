//! Steps: what an operation does, one after the other.

use super::{one, unity, yes};
use crate::parts::cache::Cache;
use crate::parts::distribution::{Count, Distribution, Size};
use crate::parts::policy::breaker::Breaker;
use crate::parts::policy::hedge::Hedge;
use crate::parts::policy::retry::Retry;
use crate::units::{Bandwidth, Bytes, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// One instruction of an operation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Step {
    Cpu(CpuStep),
    Wait(WaitStep),
    Disk(DiskStep),
    Commit(CommitStep),
    Call(CallStep),
    Parallel(ParallelStep),
    Choose(ChooseStep),
    Lock(LockStep),
    Cache(CacheStep),
    Send(SendStep),
    Accelerator(AcceleratorStep),
    Fail(FailStep),
}

/// Compute: takes the host's CPU, shared with whatever else runs there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuStep {
    /// CPU time on one core of speed 1.
    pub cpu: Distribution,
    /// A name for this step's luck: steps with the same name in two designs draw the same work
    /// for the same request. If absent, `service.operation` and the step's place in it.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// Wait for something outside the model, such as a third party; takes time and nothing else.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitStep {
    /// How long it takes.
    pub wait: Distribution,
    /// A name for this step's luck, as for `cpu`.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// Read from or write to the host's disk.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskStep {
    /// The accesses to make, one after the other.
    pub disk: Access,
    /// A name for this step's luck, as for `cpu`.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// Disk accesses: give `read` or `write`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Bytes of each read.
    #[serde(default)]
    pub read: Option<Bytes>,
    /// Bytes of each write.
    #[serde(default)]
    pub write: Option<Bytes>,
    /// How many accesses.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub count: u32,
    /// Reads or writes in chunks of this size, one after the other, each of which stands in line for
    /// the disk: how a backup or a scan goes through much data. Past the service's `buffer`.
    #[serde(default)]
    pub chunk: Option<Bytes>,
    /// Bytes per second to which it holds itself back, so that others get a turn.
    #[serde(default)]
    pub rate: Option<Bandwidth>,
    /// The share of reads that memory answers without the disk, between 0 and 1. If absent, what the
    /// service's `buffer` has, or nothing.
    #[serde(default)]
    pub hit: Option<f64>,
    /// Whether the request waits for its writes. If not, they go to memory and from there to the disk
    /// while the request goes on: a page cache, or a background writer.
    #[serde(default = "yes")]
    pub wait: bool,
}

/// Wait until the log is on stable storage; commits that wait together share one flush.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitStep {
    /// Nothing to say: `{}`.
    pub commit: Nothing,
}

/// An empty object.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Visit another service and wait for its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallStep {
    /// `service.operation`.
    pub call: String,
    /// How many such calls, one after the other.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub times: u32,
    /// The share of requests that make the call at all, between 0 and 1.
    #[serde(default = "unity")]
    pub share: f64,
    /// The pool of this service whose connection it holds meanwhile.
    #[serde(default)]
    pub through: Option<String>,
    /// How large the message is that asks, for links with a bandwidth or a price. Nothing if absent.
    #[serde(default)]
    pub request: Option<Size>,
    /// How large the answer is, if there is one; what only tells of a failure has no size.
    #[serde(default)]
    pub answer: Option<Size>,
    /// How long the caller waits for one try.
    #[serde(default)]
    #[schemars(example = "1s")]
    pub timeout: Option<Span>,
    /// What the caller does when a try fails.
    #[serde(default)]
    pub retry: Option<Retry>,
    /// Asks once more if no answer has come after a while; the first answer wins. In place of `retry`.
    #[serde(default)]
    pub hedge: Option<Hedge>,
    /// Refuses tries at once while too many of the last ones failed. All calls of this service to the
    /// other that have one must have the same.
    #[serde(default)]
    pub breaker: Option<Breaker>,
    /// How long the call may take with all its tries, drawn anew for each call if it is a distribution.
    /// It travels along: whatever is called further in waits no longer than what is left, and no step is
    /// begun that comes too late.
    #[serde(default)]
    #[schemars(example = "2s")]
    pub deadline: Option<Distribution>,
    /// Whether work that this call has begun is taken back, wherever it stands, once nobody waits for it:
    /// when patience ends, when another try has answered first, or when the caller dies. If not, it
    /// goes on in vain.
    #[serde(default)]
    pub cancel: bool,
    /// What to do instead if the call has failed for good; the request then goes on, and if it is
    /// answered it counts as `degraded` too.
    #[serde(default)]
    pub fallback: Option<Vec<Step>>,
}

/// Fail by chance: a program's error. The request gives back what it holds and its caller is told.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailStep {
    /// How likely that is, between 0 and 1.
    pub fail: f64,
    /// A name for this step's luck, as for `cpu`.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// Do several things at once and go on when enough of them are done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// The branches, each a list of steps.
    pub parallel: Vec<Vec<Step>>,
    /// How many branches must succeed. All if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub need: Option<u32>,
    /// Whether the other branches are taken back, wherever they stand, once enough have succeeded or too
    /// many have failed. If not, they go on in vain.
    #[serde(default)]
    pub cancel: bool,
}

/// Do one of several things, by chance.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseStep {
    /// The options.
    pub choose: Vec<Choice>,
    /// A name for this step's luck, as for `cpu`.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// One option of a choice.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// How likely it is, relative to the others.
    pub weight: f64,
    /// The steps to take then; none at all is allowed.
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
}

/// Hold one row exclusively while doing something.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockStep {
    /// Which row.
    pub lock: Rows,
    /// What to do while holding it. Other tables may be locked and services called, as long as
    /// whoever holds a row can never wait for somebody who may be waiting for that row.
    #[serde(rename = "do")]
    pub steps: Vec<Step>,
    /// A name for this step's luck, as for `cpu`.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// The rows among which a request picks one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// How many rows there are.
    #[schemars(range(min = 1))]
    pub rows: u64,
    /// The exponent of Zipf's law by which rows are picked; 0 picks all alike.
    #[serde(default)]
    pub skew: f64,
    /// The table that the rows are in; locks on one table of a service exclude each other.
    /// If absent, the operation's own.
    #[serde(default)]
    pub table: Option<String>,
}

/// Look into a cache; what is not there must be fetched.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheStep {
    /// Which cache, and what is known of it.
    pub cache: Cache,
    /// What to do when it is not there; it is stored once that is done.
    #[serde(default)]
    pub miss: Vec<Step>,
    /// A name for this step's luck, as for `cpu`: steps with the same name ask for the same key.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// Put a message into a queue and go on; what is done with it no longer concerns the request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendStep {
    /// The queue. If it is full and refuses, the step fails.
    pub send: String,
    /// How many messages.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub times: u32,
    /// The share of requests that send anything at all, between 0 and 1.
    #[serde(default = "unity")]
    pub share: f64,
}

/// Have one of the host's accelerators do something; takes nothing else of the host meanwhile.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceleratorStep {
    /// What to do: `{}` for one item of a batch.
    pub accelerator: Inference,
    /// A name for this step's luck, as for `cpu`.
    #[serde(default, rename = "as")]
    pub luck: Option<String>,
}

/// What one request asks of an accelerator: `items` of one that serves batches, `prompt` and `output`
/// of one that generates token by token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inference {
    /// Items of a batch that the request takes. If absent, one.
    #[serde(default)]
    pub items: Option<Count>,
    /// Tokens that it brings along.
    #[serde(default)]
    pub prompt: Option<Count>,
    /// Tokens that are generated for it.
    #[serde(default)]
    pub output: Option<Count>,
}
