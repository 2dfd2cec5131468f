//! Host groups: machines and their devices.

use super::{one, unity};
use crate::parts::distribution::Distribution;
use crate::parts::law::switching::Switching;
use crate::units::{Bandwidth, Price, Span};
use schemars::JsonSchema;
use serde::Deserialize;

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
    /// What it takes to wake a core that sleeps, as cores do when there is nothing to compute: 5us to
    /// 100us, most on virtual machines. A request that begins to compute pays it as CPU time if any
    /// core sleeps, as Linux rather wakes one than has it queue behind another. Nothing if absent.
    #[serde(default)]
    pub wake: Option<Distribution>,
    /// What it costs to switch a core between requests, where more compute than there are cores.
    /// Nothing if absent.
    #[serde(default)]
    pub switch: Option<Switching>,
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
