//! On which hosts the instances of services stand.

use super::*;
use outgrow::network::Network;

/// Two services side by side on one group of hosts in three zones.
fn placed(hosts: usize, instances: [usize; 2]) -> Network {
    let [a, b] = instances;
    let operations = r#""operations": { "run": [{ "cpu": "1ms" }] }"#;
    let text = format!(
        r#"{{ "name": "test", "zones": {{ "x": {{}}, "y": {{}}, "z": {{}} }},
             "hosts": {{ "box": {{ "cores": 2, "count": {hosts} }} }},
             "services": {{
                "a": {{ "hosts": "box", "instances": {a}, "balance": "none", {operations} }},
                "b": {{ "hosts": "box", "instances": {b}, "balance": "none", {operations} }} }},
             "traffic": {{ "user": {{ "call": "a.run", "rate": "1/s" }} }} }}"#
    );
    model(&text).network
}

/// The host of each instance, by counting anew for each: the fewest of its service in the zone, then
/// on the host, then the fewest of all, then the first.
fn counted(hosts: usize, instances: [usize; 2]) -> Vec<usize> {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for (service, count) in instances.into_iter().enumerate() {
        for _ in 0..count {
            let crowd = |host: usize| {
                let own = all.iter().filter(|it| it.0 == service).map(|it| it.1);
                let in_zone = own.clone().filter(|it| it % 3 == host % 3).count();
                let here = own.filter(|it| *it == host).count();
                (in_zone, here, all.iter().filter(|it| it.1 == host).count(), host)
            };
            all.push((service, (0..hosts).min_by_key(|it| crowd(*it)).unwrap()));
        }
    }
    all.into_iter().map(|it| it.1).collect()
}

fn hosts_of(network: &Network) -> Vec<usize> {
    network.instances.as_slice().iter().map(|it| it.host.index()).collect()
}

#[test]
fn instances_are_spread_over_zones_then_hosts_then_where_there_is_room() {
    for hosts in [1, 2, 3, 4, 7, 10] {
        for instances in [[1, 1], [2, 5], [5, 2], [7, 7], [3, 20], [25, 4]] {
            let placed = hosts_of(&placed(hosts, instances));
            assert_eq!(placed, counted(hosts, instances), "{hosts} hosts, {instances:?}");
        }
    }
}

#[test]
fn tens_of_thousands_of_instances_on_as_many_hosts_are_placed() {
    // Would not end if all hosts were looked at for each.
    let network = placed(20_000, [20_000, 20_000]);
    assert!(network.hosts.as_slice().iter().all(|it| it.instances.len() == 2));
}
