//! Machines, and what adds them to a group and removes them.

use super::{
    AcceleratorId, CpuId, GroupId, HostId, InstanceId, PoolGroupId, PoolId, ProvisionerId,
    VolumeId, ZoneId,
};
use crate::parts::distribution::Law;
use crate::parts::law::switching::Switching;
use crate::units::Span;
use std::ops::Range;

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    pub group: GroupId,
    pub zone: ZoneId,
    pub cores: u32,
    /// Whether its instances can ever want more CPU than there is.
    pub contended: bool,
    /// Its CPUs, if it is contended.
    pub cpus: Range<CpuId>,
    /// Work shorter than this is done by the core that its program is at home on.
    pub affinity: Option<Span>,
    /// Whether its cores are any of these: at home to programs, to be woken, switched at a cost.
    pub costly: bool,
    /// What it takes to wake a core, and to switch it between requests.
    pub wake: Option<Wake>,
    pub switch: Option<Switching>,
    /// The places at its disk, and what else limits it.
    pub disk: Option<PoolId>,
    pub volume: Option<VolumeId>,
    /// The same of the disk that its logs flush to, which may be that one.
    pub log: Option<PoolId>,
    pub log_volume: Option<VolumeId>,
    pub accelerator: Option<AcceleratorId>,
    pub boot: Span,
    pub instances: Vec<InstanceId>,
}

/// What it takes to wake a core: how long, and the CPU time besides.
#[derive(Clone, Debug)]
pub struct Wake {
    pub delay: Law,
    pub cpu: Span,
}

/// Machines that are alike, as the model file names them.
#[derive(Clone, Debug)]
pub struct Group {
    pub hosts: Range<HostId>,
    pub disks: Option<PoolGroupId>,
    /// Money per hour of each host.
    pub price_per_hour: f64,
    /// How long it takes to replace a host that is lost for good.
    pub provision: Option<Law>,
    pub provisioner: Option<ProvisionerId>,
}

/// What adds hosts to a group and removes them. Hosts are laid out for as many as there may ever be.
#[derive(Clone, Debug)]
pub struct Provisioner {
    pub group: GroupId,
    /// How many there are when a run opens, and at least.
    pub first: u32,
    pub min: u32,
    pub takes: Law,
    pub scan_interval: Span,
    /// Thousandths of a core of each, and those below which it is hardly used.
    pub room: u64,
    pub used: u64,
    pub unneeded: Span,
    pub delay_after_add: Span,
    pub key: u64,
}

impl Host {
    /// Cores of each of its CPUs.
    pub fn cores_each(&self) -> u32 {
        if self.affinity.is_some() { 1 } else { self.cores }
    }
}
