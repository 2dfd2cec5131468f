//! Disks: the places at them, the time of an access, and what limits how many there are in a second.

use super::*;
use crate::model::file::{Access as Accesses, Disk, HostGroup};
use crate::model::places::each_step;
use crate::parts::distribution::Law;
use crate::units::Bytes;

/// What a flush moves: a page of the log.
pub(super) const FLUSH: Bytes = Bytes::new(8192);

/// The disks of a host, by the names that they have in reports.
pub(super) fn disks_of(group: &HostGroup) -> impl Iterator<Item = (&'static str, &Disk)> {
    let disks = [("disk", &group.disk), ("log", &group.log)];
    disks.into_iter().filter_map(|(name, disk)| Some((name, disk.as_ref()?)))
}

impl<'m> Compiler<'m> {
    pub(super) fn disks(&mut self) {
        for (i, (name, group)) in self.model.hosts.iter().enumerate() {
            let id = GroupId::new(i);
            for (kind, disk) in disks_of(group) {
                let places = self.pool_group(&format!("{name}.{kind}"));
                if kind == "disk" {
                    self.network.groups[id].disks = Some(places);
                }
                let limits = self.limits(name, kind, disk);
                for host in self.network.groups[id].hosts.clone().map_ids() {
                    self.disk_at(host, kind, places, disk, limits);
                }
            }
            for host in self.network.groups[id].hosts.clone().map_ids() {
                let host = &mut self.network.hosts[host];
                if group.log.is_none() {
                    (host.log, host.log_volume) = (host.disk, host.volume);
                }
            }
        }
    }

    fn disk_at(
        &mut self,
        host: HostId,
        kind: &str,
        group: PoolGroupId,
        disk: &Disk,
        limits: [Option<Limit>; LIMITS],
    ) {
        let places = self.network.pools.push(Pool {
            group,
            size: disk.depth,
            line_max: UNLIMITED,
            patience: None,
            connections: None,
        });
        let limited = limits.iter().any(Option::is_some);
        let volume = limited.then(|| self.network.volumes.push(Volume { places, limits }));
        let host = &mut self.network.hosts[host];
        match kind {
            "log" => (host.log, host.log_volume) = (Some(places), volume),
            _ => (host.disk, host.volume) = (Some(places), volume),
        }
    }

    /// What limits a disk, beyond the places at it and the time that an access takes by itself.
    fn limits(&self, group: &str, kind: &str, disk: &Disk) -> [Option<Limit>; LIMITS] {
        let bare = Limit { room: Span::ZERO, start: Span::ZERO };
        let largest = if kind == "log" { FLUSH } else { self.largest_access(group) };
        let mut limits = [None; LIMITS];
        limits[OPERATIONS] = (disk.access.is_some() && disk.iops.is_some()).then_some(bare);
        limits[BANDWIDTH] = bytes_can_bind(disk, largest).then_some(bare);
        limits[CREDITS] = disk.burst.as_ref().map(|burst| {
            let room = burst.filling(disk.iops, disk.bandwidth);
            Limit { room, start: Span::from_nanos_f64(room.nanos() as f64 * burst.start) }
        });
        limits
    }

    /// The most bytes that one access to the disk of such hosts moves.
    fn largest_access(&self, group: &str) -> Bytes {
        let mut largest = Bytes::new(0);
        for service in self.model.services.values().filter(|it| it.hosts == group) {
            for steps in service.operations.values() {
                each_step(steps, &mut |step| {
                    if let Written::Disk(it) = step {
                        largest = Bytes::new(largest.count().max(bytes_of(&it.disk).count()));
                    }
                });
            }
        }
        largest
    }
}

/// What one access moves.
pub(super) fn bytes_of(accesses: &Accesses) -> Bytes {
    let bytes = accesses.read.or(accesses.write).unwrap_or(Bytes::new(0));
    accesses.chunk.unwrap_or(bytes)
}

/// Whether bytes per second can ever limit a disk, beyond the time of each access by itself: not if
/// there is one access at a time, nor if accesses per second limit it first.
fn bytes_can_bind(disk: &Disk, largest: Bytes) -> bool {
    let Some(per_s) = burst_bandwidth(disk) else { return false };
    if disk.access.is_some() {
        return true;
    }
    let turn = burst_iops(disk).map_or(f64::INFINITY, |iops| largest.count() as f64 * iops);
    disk.depth > 1 && turn > per_s
}

fn burst_iops(disk: &Disk) -> Option<f64> {
    disk.burst.as_ref().and_then(|it| it.iops).or(disk.iops)
}

fn burst_bandwidth(disk: &Disk) -> Option<f64> {
    let burst = disk.burst.as_ref().and_then(|it| it.bandwidth);
    burst.or(disk.bandwidth).map(|it| it.as_bytes_per_s())
}

/// The time of one access of so many bytes on an idle disk: what limits it, operations or bytes per
/// second.
pub(super) fn access_law(disk: &Disk, bytes: Bytes) -> Law {
    if let Some(access) = &disk.access {
        return access.law();
    }
    let turn_s = burst_iops(disk).map_or(0.0, |iops| f64::from(disk.depth) / iops);
    let move_s = burst_bandwidth(disk).map_or(0.0, |per_s| bytes.count() as f64 / per_s);
    Law::Constant(Span::from_secs(turn_s.max(move_s)))
}

pub(super) fn sync_law(disk: &Disk) -> Law {
    match &disk.sync {
        Some(sync) => sync.law(),
        None => access_law(disk, FLUSH),
    }
}

/// How long each limit of a disk needs for one access of so many bytes.
pub(super) fn costs(disk: &Disk, bytes: Bytes) -> Costs {
    let operation_s = burst_iops(disk).map_or(0.0, |iops| 1.0 / iops);
    let move_s = burst_bandwidth(disk).map_or(0.0, |per_s| bytes.count() as f64 / per_s);
    let credits = disk.burst.as_ref().map(|it| it.cost(disk.iops, disk.bandwidth, bytes));
    [Span::from_secs(operation_s), Span::from_secs(move_s), credits.unwrap_or(Span::ZERO)]
}
