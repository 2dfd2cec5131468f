//! Over which hosts the instances of a service are spread.

use crate::ids::{Id, MapIds};
use crate::network::{GroupId, HostId, Network, ZoneId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How used a host is: by the service's own instances, and by all; then its place.
type Use = (usize, usize, HostId);

/// Spreads a service's instances: first over zones, then over hosts, then where there is room.
///
/// Heaps hold the least used host of each zone, and the least used zone, so that many instances on
/// many hosts are placed in little more time than it takes to count them.
pub(super) struct Spread {
    /// How many instances each zone has of this service, its least used host, and which it is.
    zones: BinaryHeap<Reverse<(usize, Use, ZoneId)>>,
    /// The hosts of each zone, in the order of zones.
    hosts: Vec<BinaryHeap<Reverse<Use>>>,
    /// The most that there may be on one host.
    each: usize,
}

impl Spread {
    /// Over the hosts of a group, for a service that has no instance yet: over all of them, or over
    /// those that are there from the start and stay.
    pub fn over(network: &Network, group: GroupId, all: bool, each: usize) -> Spread {
        let mut hosts = vec![Vec::new(); network.zones as usize];
        let group = &network.groups[group];
        let stays = group.provisioner.filter(|_| !all).map(|it| network.provisioners[it].first);
        let count = stays.map_or(usize::MAX, |it| it as usize);
        for id in group.hosts.clone().map_ids().take(count) {
            let host = &network.hosts[id];
            hosts[host.zone.index()].push(Reverse((0, host.instances.len(), id)));
        }
        let hosts: Vec<_> = hosts.into_iter().map(BinaryHeap::from).collect();
        let least = |(zone, hosts): (usize, &BinaryHeap<Reverse<Use>>)| {
            hosts.peek().map(|Reverse(least)| Reverse((0, *least, ZoneId::new(zone))))
        };
        Spread { zones: hosts.iter().enumerate().filter_map(least).collect(), hosts, each }
    }

    /// Where the next instance goes.
    pub fn next_host(&mut self) -> HostId {
        let Reverse((in_zone, _, zone)) =
            self.zones.pop().expect("a group has hosts, and room on them");
        let hosts = &mut self.hosts[zone.index()];
        let Reverse((own, all, host)) = hosts.pop().expect("a zone in turn has hosts");
        if own + 1 < self.each {
            hosts.push(Reverse((own + 1, all + 1, host)));
        }
        // A zone that is full has no more turn.
        if let Some(Reverse(least)) = hosts.peek() {
            self.zones.push(Reverse((in_zone + 1, *least, zone)));
        }
        host
    }
}
