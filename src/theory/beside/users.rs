//! Networks of users who wait for their answers and think.

use super::flows::{Flows, Load};
use super::open::is_product_form;
use super::walk::hosts_of;
use super::{Holds, Told};
use crate::network::{Arrival, Class, UNLIMITED};
use crate::theory::{Chain, OfChain, Station, closed, closed_classes};

/// Of networks in which all requests are made by users who wait for the answer to the last.
pub(super) fn told(flows: &Flows) -> Vec<Told> {
    let classes = flows.network.classes.as_slice().iter().enumerate();
    let chains: Vec<Chain> =
        classes.filter_map(|(i, class)| chain(&flows.of_class(i), class)).collect();
    let names: Vec<&str> = flows.classes.iter().map(|it| it.name.as_str()).collect();
    let each = names.iter().zip(&chains);
    let mut told: Vec<Told> = each.map(|(name, chain)| bounds(name, chain)).collect();
    let loses =
        |it: &Load| it.line_max != UNLIMITED || it.patience_s.is_some() || it.ruled.is_some();
    let mut loads = flows.network.services.ids().filter_map(|it| flows.load(it));
    if loads.any(|it| loses(&it)) {
        told.iter_mut().for_each(|it| it.because += "; some requests are refused or leave");
        return told;
    }
    let Some(solved) = solved(&chains) else { return told };
    let links = flows.network.links.iter().any(Option::is_some);
    let odd = flows.classes.iter().any(|it| it.way.odd.is_some());
    let (holds, why) = match (is_product_form(flows) && !odd && !links, &chains[..]) {
        (true, [_]) => (Holds::Exactly, "exponential times or cores shared alike: a product form"),
        (true, _) => (
            Holds::Exactly,
            "cores shared alike, exponential times that are the same for all classes elsewhere: a product form",
        ),
        (false, _) => (Holds::Roughly, "taken as of product form, which some part of it is not"),
    };
    told.extend(names.iter().zip(solved).map(|(name, it)| Told {
        part: (*name).to_owned(),
        method: "mean value analysis",
        holds,
        because: why.to_owned(),
        figures: vec![
            (format!("{name}.goodput"), it.throughput_per_s),
            (format!("{name}.response.mean"), it.response_s),
        ],
    }));
    told
}

/// The users of the only class of `flows`, and what they ask for.
fn chain(flows: &Flows, class: &Class) -> Option<Chain> {
    let Arrival::Closed { users, think } = &class.arrival else { return None };
    let think_s = think.mean_ns() / 1e9;
    Some(Chain { customers: *users, think_s, stations: stations(flows) })
}

fn solved(chains: &[Chain]) -> Option<Vec<OfChain>> {
    // Of one class there may be many more users.
    if let [Chain { customers, think_s, stations }] = chains {
        let it = closed(*customers, *think_s, stations)?;
        let (throughput_per_s, response_s) = (it.throughput_per_s, it.response_s);
        return Some(vec![OfChain { throughput_per_s, response_s }]);
    }
    closed_classes(chains)
}

/// Queues and delays with what a request asks of each; the same ones in the same order for all classes.
fn stations(flows: &Flows) -> Vec<Station> {
    let network = flows.network;
    let mut stations = Vec::new();
    for service in network.services.ids() {
        let load = flows.load(service);
        let demand_s = load.as_ref().map_or(0.0, |it| it.flow_per_s * it.own_s);
        let instances = hosts_of(network, service).count();
        let first = network.services[service].instances.start;
        match network.pools[network.instances[first].workers].size {
            UNLIMITED => stations.push(Station::Delay { demand_s }),
            servers => {
                let demand_s = demand_s / instances as f64;
                stations.extend((0..instances).map(|_| Station::Queue { demand_s, servers }));
            }
        }
    }
    for host in network.hosts.ids() {
        let servers = network.hosts[host].cores;
        stations.push(Station::Queue { demand_s: flows.shared_on(host), servers });
        if let Some(disk) = network.hosts[host].disk {
            let servers = network.pools[disk].size;
            stations.push(Station::Queue { demand_s: flows.disk_on(host), servers });
        }
    }
    stations
}

/// What no network can exceed: the slowest station always busy, or nobody ever waiting.
fn bounds(class: &str, chain: &Chain) -> Told {
    let Chain { customers, think_s, stations } = chain;
    let demand = |it: &Station| match *it {
        Station::Queue { demand_s, .. } | Station::Delay { demand_s } => demand_s,
    };
    let busiest = |it: &Station| match *it {
        Station::Queue { demand_s, servers } => demand_s / f64::from(servers),
        Station::Delay { .. } => 0.0,
    };
    let least_s: f64 = stations.iter().map(demand).sum();
    let slowest_s = stations.iter().map(busiest).fold(0.0, f64::max);
    let users = f64::from(*customers);
    Told {
        part: class.to_owned(),
        method: "bounds",
        holds: Holds::AsBound,
        because: "the busiest station does no more than it can, and no work is done in no time"
            .to_owned(),
        figures: vec![
            (format!("{class}.goodput"), (users / (think_s + least_s)).min(1.0 / slowest_s)),
            (format!("{class}.response.mean"), least_s.max(users * slowest_s - think_s)),
        ],
    }
}
