//! The model file as written: names, units and nested steps. No arithmetic happens here.

use crate::parts::balance::Balance;
use crate::parts::distribution::Distribution;
use crate::parts::policy::health::Health;
use crate::parts::policy::retry::Retry;
use crate::units::{Bandwidth, Bytes, Price, Rate, Span};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Things by name, in the order of the file.
pub type Named<T> = IndexMap<String, T>;

/// A model of an architecture: where it runs, what it consists of, and who uses it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "outgrow model")]
pub struct Model {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// A short name, used in tables and charts.
    pub name: String,
    /// What is modelled, and where its numbers come from.
    #[serde(default)]
    pub about: String,
    /// Failure domains by name. If none is given, there is one.
    #[serde(default)]
    pub zones: Named<Zone>,
    /// What the network between zones takes. Where nothing is said, it takes no time.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Groups of equal machines by name.
    pub hosts: Named<HostGroup>,
    /// Programs by name.
    pub services: Named<Service>,
    /// How many users there are, for traffic that is given per user.
    #[serde(default)]
    pub users: Option<f64>,
    /// The kinds of request that users make, by name.
    pub traffic: Named<TrafficClass>,
    /// What must hold, by traffic class.
    #[serde(default)]
    pub objectives: Named<Objective>,
    /// What failed requests cost.
    #[serde(default)]
    pub business: Option<Business>,
}

/// A failure domain: what is in it can fail together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Who runs it, such as "aws" or "own".
    #[serde(default)]
    pub provider: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub region: Option<String>,
}

/// What it takes to cross from one zone to another, in either direction.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Two zones, or "*" for any; a pair that is named outright goes before one with a "*".
    pub between: [String; 2],
    /// The time to cross once, one way.
    pub latency: Distribution,
}

/// Equal machines, spread evenly over zones.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostGroup {
    /// The zones that they stand in, in turn. All zones if absent.
    #[serde(default)]
    pub zones: Vec<String>,
    /// How many there are.
    #[serde(default = "one")]
    pub count: u32,
    /// Processor cores of each.
    pub cores: u32,
    /// How fast a core is, as a multiple of the one that CPU times are given for.
    #[serde(default = "unity")]
    pub speed: f64,
    /// The disk of each.
    #[serde(default)]
    pub disk: Option<Disk>,
    /// The time from power-on until programs can start, after an outage.
    #[serde(default)]
    pub boot: Span,
    /// What each costs.
    #[serde(default)]
    pub price: Option<Price>,
}

/// A disk: `depth` servers in front of one line. Give `iops` (and `bandwidth`), or `access`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Accesses per second that it can do.
    #[serde(default)]
    pub iops: Option<f64>,
    /// Bytes per second at which each access under way moves its data.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
    /// Accesses under way at a time; each takes depth / iops.
    #[serde(default = "one")]
    pub depth: u32,
    /// The time of one access, in place of `iops` and `bandwidth`.
    #[serde(default)]
    pub access: Option<Distribution>,
    /// The time of one flush to stable storage. If absent, as long as a write of 8 KiB.
    #[serde(default)]
    pub sync: Option<Distribution>,
}

/// A program with operations, running as equal instances on hosts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The host group that its instances are placed on, zone by zone.
    pub hosts: String,
    /// How many copies run.
    #[serde(default = "one")]
    pub instances: u32,
    /// Requests that an instance works on at a time. Unlimited if absent.
    #[serde(default)]
    pub workers: Option<u32>,
    /// How many may wait for a worker; more are refused. Unlimited if absent.
    #[serde(default)]
    pub line: Option<u32>,
    /// A database's limit of connections: requests beyond it are refused at once.
    /// The same as `workers` with a `line` of 0.
    #[serde(default)]
    pub connections: Option<u32>,
    /// What a container may take of its host's CPU.
    #[serde(default)]
    pub cpu: Option<CpuShare>,
    /// How callers choose among the instances.
    #[serde(default)]
    pub balance: Balance,
    /// How the balancer finds out which instances work. If absent, it never does.
    #[serde(default)]
    pub health: Option<Health>,
    /// Connections that an instance keeps to other services, by name.
    #[serde(default)]
    pub pools: Named<Pool>,
    /// The time an instance takes to start once its host is up.
    #[serde(default)]
    pub start: Span,
    /// What can be asked of it: steps, by name of the operation.
    pub operations: Named<Vec<Step>>,
}

/// CPU as containers get it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuShare {
    /// Cores that it asks for: its weight when the host's CPU is contended.
    #[serde(default = "unity")]
    pub request: f64,
    /// Cores that it can never exceed.
    #[serde(default)]
    pub limit: Option<f64>,
}

/// Connections that a request must hold while it calls through the pool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Connections of each instance.
    pub size: u32,
    /// How long a request waits for one before it fails. For ever if absent.
    #[serde(default)]
    pub patience: Option<Span>,
    /// How many may wait; more are refused. Unlimited if absent.
    #[serde(default)]
    pub line: Option<u32>,
}

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
    pub count: u32,
    /// The share of reads that memory answers without the disk, between 0 and 1.
    #[serde(default)]
    pub hit: f64,
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
    pub times: u32,
    /// The share of requests that make the call at all, between 0 and 1.
    #[serde(default = "unity")]
    pub share: f64,
    /// The pool of this service whose connection it holds meanwhile.
    #[serde(default)]
    pub through: Option<String>,
    /// How long the caller waits for one try.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// What the caller does when a try fails.
    #[serde(default)]
    pub retry: Option<Retry>,
}

/// Do several things at once and go on when enough of them are done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParallelStep {
    /// The branches, each a list of steps.
    pub parallel: Vec<Vec<Step>>,
    /// How many branches must succeed. All if absent.
    #[serde(default)]
    pub need: Option<u32>,
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
    /// What to do while holding it; no calls, so that nobody can wait for each other in a circle.
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
    pub rows: u64,
    /// The exponent of Zipf's law by which rows are picked; 0 picks all alike.
    #[serde(default)]
    pub skew: f64,
    /// The table that the rows are in; locks on one table of a service exclude each other.
    /// If absent, the operation's own.
    #[serde(default)]
    pub table: Option<String>,
}

/// A kind of request that users make. Give one of `per_user`, `rate`, `every`, `recorded` and `closed`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficClass {
    /// What they ask: `service.operation`.
    pub call: String,
    /// Requests of each user; arrivals are Poisson.
    #[serde(default)]
    pub per_user: Option<Rate>,
    /// Requests of all users together; arrivals are Poisson.
    #[serde(default)]
    pub rate: Option<Rate>,
    /// Counts per interval from a file, played as a Poisson process of that rate.
    #[serde(default)]
    pub recorded: Option<RecordedCounts>,
    /// The time from one request to the next, drawn from any distribution: a renewal process.
    #[serde(default)]
    pub every: Option<Distribution>,
    /// A fixed population, each of whom waits for the answer, thinks, and asks again.
    #[serde(default)]
    pub closed: Option<Closed>,
    /// How long the client waits for one try.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// What the client does when a try fails.
    #[serde(default)]
    pub retry: Option<Retry>,
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
    pub think: Distribution,
}

/// What must hold for a traffic class.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The longest mean response.
    #[serde(default)]
    pub mean: Option<Span>,
    /// The longest median response.
    #[serde(default)]
    pub p50: Option<Span>,
    /// The longest 90th percentile of the response.
    #[serde(default)]
    pub p90: Option<Span>,
    /// The longest 95th percentile of the response.
    #[serde(default)]
    pub p95: Option<Span>,
    /// The longest 99th percentile of the response.
    #[serde(default)]
    pub p99: Option<Span>,
    /// The longest 99.9th percentile of the response.
    #[serde(default)]
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
}

fn one() -> u32 {
    1
}
fn unity() -> f64 {
    1.0
}
