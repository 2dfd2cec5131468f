//! Services: programs, what they hold while they work, and what can be asked of them.

use super::{GroupCommit, Named, Step, one, unity};
use crate::parts::balance::Balance;
use crate::parts::device::buffer::Buffer;
use crate::parts::policy::health::Health;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

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
    /// Memory that answers reads without the disk, in place of a `hit` in each of them.
    #[serde(default)]
    pub buffer: Option<Buffer>,
    /// How its log gathers commits. If absent, it flushes as soon as it can.
    #[serde(default)]
    pub group_commit: Option<GroupCommit>,
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
    /// What it takes to open a connection. If absent, all are open for ever and opening is free.
    #[serde(default)]
    pub connect: Option<Connect>,
}

/// How connections of a pool come and go: whoever gets a place without an open connection opens one
/// first. The connection that was used last is used first. Those at rest count against the
/// `connections` of a database too, and all of them break when either end restarts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// What is asked to open one, `service.operation`: its steps are what that costs there.
    pub call: String,
    /// How long one may rest before it is closed; "0s" closes it after every use. For ever if absent.
    #[serde(default)]
    pub idle: Option<Span>,
    /// How many are kept open however long they rest. So many are open at the start of a run.
    #[serde(default)]
    pub minimum: u32,
}
