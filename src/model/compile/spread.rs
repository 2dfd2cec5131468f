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

#[cfg(test)]
mod tests {
    use crate::model::check::check;
    use crate::model::{Document, compile, file::Model};
    use crate::problem::Findings;

    const WAYS: [&str; 6] = [
        "",
        r#""deploy": { "at": "1h" },"#,
        r#""reschedule": {},"#,
        r#""reschedule": {}, "deploy": { "at": "1h" },"#,
        r#""scaling": { "timetable": { "entries": [{ "at": "8h", "instances": 9 }] } },"#,
        r#""reschedule": {}, "scaling": { "timetable": { "entries": [{ "at": "8h", "instances": 9 }] } },"#,
    ];

    fn model(way: &str) -> Model {
        let text = format!(
            r#"{{ "name": "rooms", "zones": {{ "a": {{}}, "b": {{}}, "c": {{}} }},
                 "hosts": {{ "box": {{ "cores": 4, "autoscaling": {{ "max": 3, "provision": "1m" }} }} }},
                 "services": {{ "app": {{ "hosts": "box", "balance": "round_robin", {way}
                                "cpu": {{ "request": 1 }}, "operations": {{ "run": [{{ "cpu": "1ms" }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "rate": "1/s" }} }} }}"#
        );
        Document::parse("rooms.json", &text).unwrap().read().unwrap()
    }

    #[test]
    fn whatever_passes_the_check_finds_room_for_all_its_instances() {
        let (mut laid_out, mut refused) = (0, 0);
        for way in WAYS {
            let mut model = model(way);
            let scaled = model.hosts["box"].autoscaling.clone();
            for case in 0..3 * 4 * 4 * 6 * 10 {
                let of = |size: usize, below: usize| case / below % size;
                let group = &mut model.hosts["box"];
                group.zones = ["a", "b", "c"][..of(3, 1)].iter().map(|it| (*it).into()).collect();
                group.count = 1 + of(4, 3) as u32;
                // Hosts that stay, and up to two more.
                group.autoscaling = scaled.clone().filter(|_| of(4, 12) > 0);
                if let Some(scaling) = &mut group.autoscaling {
                    scaling.max = group.count + of(4, 12) as u32 - 1;
                }
                let app = &mut model.services["app"];
                let request = [None, Some(0.3), Some(1.0), Some(1.5), Some(4.0), Some(5.0)];
                app.cpu = request[of(6, 48)]
                    .map(|request| crate::model::file::CpuShare { request, limit: None });
                app.instances = 1 + of(10, 288) as u32;
                let mut findings = Findings::default();
                check(&model, true, &mut findings);
                if findings.is_empty() {
                    let (network, _) = compile(&model, None, &Default::default());
                    assert_eq!(
                        network.instances.len(),
                        model.laid_out(&model.services["app"]) as usize
                    );
                    laid_out += 1;
                } else {
                    refused += 1;
                }
            }
        }
        assert!(laid_out > 5000 && refused > 1000, "{laid_out} laid out, {refused} refused");
    }
}
