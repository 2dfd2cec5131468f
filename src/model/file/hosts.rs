//! Host groups: machines and their devices.

use super::{Disk, one, unity};
use crate::parts::device::accelerator::Accelerator;
use crate::parts::law::switching::{Switching, Waking};
use crate::parts::scaling::hosts::HostScaling;
use crate::parts::scaling::provision::Provision;
use crate::units::{Price, Span};
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
    #[schemars(range(min = 1))]
    pub count: u32,
    /// Processor cores of each.
    #[schemars(range(min = 1))]
    pub cores: u32,
    /// How fast a core is, as a multiple of the one that CPU times are given for.
    #[serde(default = "unity")]
    pub speed: f64,
    /// What it takes to wake a core that sleeps. A request that is to compute waits for that if any
    /// core sleeps, as Linux rather wakes one than has it queue behind another. Nothing if absent.
    #[serde(default)]
    pub wake: Option<Waking>,
    /// Whether programs stick to a core, as Linux has them do whose caches are still warm, even where
    /// another core has nothing to do: work that takes less than this is done on the core that its
    /// program last ran on for that request's client, drawn at random, and longer work on the core
    /// with the fewest to serve. Linux draws the line at 0.5ms. If absent, all cores share all work.
    #[serde(default)]
    #[schemars(example = "0.5ms")]
    pub affinity: Option<Span>,
    /// What it costs to switch a core between requests, where more compute than there are cores.
    /// Nothing if absent.
    #[serde(default)]
    pub switch: Option<Switching>,
    /// The disk of each.
    #[serde(default)]
    pub disk: Option<Disk>,
    /// A disk of its own for the logs of the databases that run there. If absent, they flush to `disk`.
    #[serde(default)]
    pub log: Option<Disk>,
    /// Accelerators of each, such as GPUs, which serve many requests at once.
    #[serde(default)]
    pub accelerator: Option<Accelerator>,
    /// The time from power-on until programs can start, after an outage.
    #[serde(default)]
    #[schemars(example = "60s")]
    pub boot: Span,
    /// The time until another host stands in the place of one that is lost for good, and can start
    /// programs: "as_code", "by_hand", "by_ticket", "bought", or what was measured.
    #[serde(default)]
    pub provision: Option<Provision>,
    /// Hosts that are added while instances find no room, and removed while they are hardly used, as the
    /// Kubernetes cluster autoscaler does it. `count` is how many there are in the beginning.
    #[serde(default)]
    pub autoscaling: Option<HostScaling>,
    /// What each costs, while it is there.
    #[serde(default)]
    pub price: Option<Price>,
}

impl HostGroup {
    /// How many there are at most.
    pub fn most(&self) -> u32 {
        self.autoscaling.as_ref().map_or(self.count, |it| it.max.max(self.count))
    }
}
