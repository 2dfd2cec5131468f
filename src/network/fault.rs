//! What fails in a network, how, and when.

use super::{CacheId, HostId, InstanceId, ZoneId};
use crate::parts::distribution::Law;
pub use crate::parts::fault::{FaultStyle, Slow};
use crate::units::Time;

/// Something is out of the ordinary for a while.
#[derive(Clone, Debug)]
pub struct Fault {
    pub what: Failing,
    pub when: When,
}

#[derive(Clone, Debug)]
pub enum Failing {
    /// Machines, with all that runs on them.
    Hosts(Vec<HostId>, FaultStyle),
    /// Programs, on machines that go on.
    Instances(Vec<InstanceId>, FaultStyle),
    /// The processors that these instances compute on, and the other devices of these hosts, are so
    /// much slower than usual.
    Slow { instances: Vec<InstanceId>, hosts: Vec<HostId>, speed: Slow },
    /// What crosses between these zones, in either direction.
    Link {
        between: [Vec<ZoneId>; 2],
        /// Whether it is about what stays within a zone, which is then named twice.
        within: bool,
        trouble: LinkTrouble,
    },
    /// What was stored is gone.
    Caches { caches: Vec<CacheId>, instances: Vec<InstanceId> },
}

#[derive(Clone, Debug)]
pub enum LinkTrouble {
    /// Messages take this much longer, and so many are lost.
    Bad { added: Option<Law>, loss: f64 },
    /// None comes through.
    Cut(FaultStyle),
}

#[derive(Clone, Debug)]
pub enum When {
    Once {
        at: Time,
        until: Time,
    },
    /// Once, and for good: hosts come back when others have been provisioned in their place.
    ForGood {
        at: Time,
        key: u64,
    },
    /// Again and again: from the end of one to the beginning of the next, and from there to its end.
    AtRandom {
        every: Law,
        lasts: Law,
        key: u64,
    },
}

impl Fault {
    pub fn of_hosts(hosts: Vec<HostId>, at: Time, until: Time, style: FaultStyle) -> Fault {
        Fault { what: Failing::Hosts(hosts, style), when: When::Once { at, until } }
    }
}

impl Failing {
    /// The instances that it names.
    pub fn instances(&self) -> &[InstanceId] {
        match self {
            Failing::Instances(instances, _)
            | Failing::Slow { instances, .. }
            | Failing::Caches { instances, .. } => instances,
            Failing::Hosts(..) | Failing::Link { .. } => &[],
        }
    }

    /// Whether it is about what crosses from one of these zones to the other.
    pub fn is_between(&self, from: ZoneId, to: ZoneId) -> bool {
        let Failing::Link { between: [a, b], within, .. } = self else { return false };
        let either = a.contains(&from) && b.contains(&to) || a.contains(&to) && b.contains(&from);
        either && (from != to || *within)
    }
}
