//! Disks of hosts: how fast they are, and what limits them.

use super::one;
use crate::parts::device::burst::Burst;
use crate::parts::distribution::Distribution;
use crate::units::{Bandwidth, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// A disk: `depth` accesses at a time from one line. Give `iops`, `bandwidth` or both, or the time of
/// one `access` and what limits how many there are.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Accesses per second that it can do.
    #[serde(default)]
    pub iops: Option<f64>,
    /// Bytes per second that it can move, all accesses under way together.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
    /// Accesses under way at a time.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub depth: u32,
    /// The time of one access on an idle disk. If absent, depth / iops, or as long as its bytes take
    /// to move if that is longer. If given, `iops` and `bandwidth` only limit how many accesses and
    /// bytes there are in a second, as those of a provisioned cloud volume do.
    #[serde(default)]
    #[schemars(example = "0.3ms")]
    pub access: Option<Distribution>,
    /// The time of one flush to stable storage. If absent, as long as a write of 8 KiB.
    #[serde(default)]
    #[schemars(example = "1.5ms")]
    pub sync: Option<Distribution>,
    /// Credits by which it is faster for a while, as some cloud volumes have them.
    #[serde(default)]
    pub burst: Option<Burst>,
}

/// How a database's log gathers commits before it flushes them, as PostgreSQL's `commit_delay` does.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupCommit {
    /// How long to wait before a flush, so that more commits may share it.
    #[schemars(example = "1ms")]
    pub delay: Span,
    /// Other requests that must be at work in the instance for it to be worth waiting.
    #[serde(default = "five")]
    pub siblings: u32,
}

fn five() -> u32 {
    5
}
