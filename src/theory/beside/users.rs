//! Networks of users who wait for their answers and think.

use super::flows::{Flows, Load};
use super::open::is_product_form;
use super::{Holds, Told};
use crate::network::{Arrival, UNLIMITED};
use crate::theory::closed::MOST_CUSTOMERS;
use crate::theory::{Station, closed};

pub(super) fn told(flows: &Flows) -> Vec<Told> {
    let Arrival::Closed { users, think } = &flows.network.classes.as_slice()[0].arrival else {
        return Vec::new();
    };
    let (users, think_s) = (*users, think.mean_ns() / 1e9);
    let class = &flows.classes[0];
    let stations = stations(flows);
    let mut told = vec![bounds(&class.name, users, think_s, &stations)];
    let loses =
        |it: &Load| it.line_max != UNLIMITED || it.patience_s.is_some() || it.ruled.is_some();
    let mut loads = flows.network.services.ids().filter_map(|it| flows.load(it));
    let links = flows.network.links.iter().any(Option::is_some);
    let fits = is_product_form(flows) && class.way.odd.is_none() && !links;
    if loads.any(|it| loses(&it)) {
        told[0].because += "; some requests are refused or leave";
        return told;
    }
    let solved = closed(users, think_s, &stations).filter(|_| users <= MOST_CUSTOMERS);
    let Some(solved) = solved else { return told };
    let (holds, why) = match fits {
        true => (Holds::Exactly, "exponential times or cores shared alike: a product form"),
        false => (Holds::Roughly, "taken as of product form, which some part of it is not"),
    };
    told.push(Told {
        part: class.name.clone(),
        method: "mean value analysis",
        holds,
        because: why.to_owned(),
        figures: vec![
            (format!("{}.goodput", class.name), solved.throughput_per_s),
            (format!("{}.response.mean", class.name), solved.response_s),
        ],
    });
    told
}

/// Queues and delays with what a request asks of each.
fn stations(flows: &Flows) -> Vec<Station> {
    let network = flows.network;
    let mut stations = Vec::new();
    for service in network.services.ids() {
        let Some(load) = flows.load(service) else { continue };
        let demand_s = load.flow_per_s * load.own_s;
        match load.servers {
            UNLIMITED => stations.push(Station::Delay { demand_s }),
            servers => {
                let each =
                    Station::Queue { demand_s: demand_s / f64::from(load.instances), servers };
                stations.extend((0..load.instances).map(|_| each));
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
    stations.retain(|it| match it {
        Station::Queue { demand_s, .. } | Station::Delay { demand_s } => *demand_s > 0.0,
    });
    stations
}

/// What no network can exceed: the slowest station always busy, or nobody ever waiting.
fn bounds(class: &str, users: u32, think_s: f64, stations: &[Station]) -> Told {
    let demand = |it: &Station| match *it {
        Station::Queue { demand_s, .. } | Station::Delay { demand_s } => demand_s,
    };
    let busiest = |it: &Station| match *it {
        Station::Queue { demand_s, servers } => demand_s / f64::from(servers),
        Station::Delay { .. } => 0.0,
    };
    let least_s: f64 = stations.iter().map(demand).sum();
    let slowest_s = stations.iter().map(busiest).fold(0.0, f64::max);
    let users = f64::from(users);
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
