//! What theory predicts for a network, where a closed form applies to it as it stands.
//!
//! That is a service of one instance, visited by one open class and nobody else, for one piece of
//! work: M/M/c, M/G/1 or M/G/c-PS. Where anything else plays a part (a bounded line, a timeout, a
//! link, a fault, a core that has to be woken, a rate that changes, another class), nothing is said.

use super::{Mg1, MgcPs, Mmc};
use crate::ids::Id;
use crate::network::{
    Arrival, Class, Guard, Host, Names, Network, ServiceId, Step, UNLIMITED, WorkId,
};
use crate::parts::distribution::Law;

/// A predicted metric, in the metric's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    pub metric: String,
    pub value: f64,
    /// The model that it is taken from: `M/M/c`.
    pub method: &'static str,
}

/// Everything that theory has to say of the network.
pub fn predict(network: &Network, names: &Names) -> Vec<Prediction> {
    let free = |it: &Host| !it.costly;
    let plain = network.links.iter().all(Option::is_none)
        && network.faults.is_empty()
        && network.hosts.as_slice().iter().all(free);
    let classes = network.classes.as_slice().iter().zip(&names.classes);
    let visits = classes.filter_map(|(class, name)| Some((single_visit(network, class)?, name)));
    visits
        .filter(|(visit, _)| plain && is_alone(network, visit.service))
        .flat_map(|(visit, name)| visit.predict(network, names, name))
        .collect()
}

/// A class that asks one service for one piece of work.
struct SingleVisit {
    service: ServiceId,
    arrivals_per_s: f64,
    work: WorkId,
    /// Whether the work is done on cores that all requests share.
    shared: bool,
}

fn single_visit(network: &Network, class: &Class) -> Option<SingleVisit> {
    let Arrival::Open { rates } = &class.arrival else { return None };
    let [(_, arrivals_per_s)] = rates[..] else { return None };
    if class.batch.is_some() {
        return None;
    }
    let Guard { first, timeout: None, policy: None, .. } = network.guards[class.guard] else {
        return None;
    };
    let steps = network.steps.as_slice().get(first.index()..first.index() + 5)?;
    let [Step::Call { visit, .. }, Step::Seize { .. }, work, Step::Leave { .. }, Step::End] = steps
    else {
        return None;
    };
    let (work, shared) = match *work {
        Step::Delay { work, .. } | Step::Wait { work } => (work, false),
        Step::Compute { work, .. } => (work, true),
        _ => return None,
    };
    Some(SingleVisit { service: network.visits[*visit].service, arrivals_per_s, work, shared })
}

/// Whether the service has one instance, one visitor, and its host to itself.
fn is_alone(network: &Network, service: ServiceId) -> bool {
    let visitors = network.visits.as_slice().iter().filter(|it| it.service == service).count();
    let instances = &network.services[service].instances;
    let host = network.instances[instances.start].host;
    visitors == 1
        && network.services[service].scaler.is_none()
        && instances.end.index() - instances.start.index() == 1
        && network.hosts[host].instances.len() == 1
}

impl SingleVisit {
    fn predict(&self, network: &Network, names: &Names, class: &str) -> Vec<Prediction> {
        let service = &names.services[self.service.index()];
        let instance = &network.instances[network.services[self.service].instances.start];
        let workers = network.pools[instance.workers];
        let law = network.works[self.work].law.clone();
        let mean_s = law.mean_ns() / 1e9;
        let ruled = network.services[self.service].admission.is_some();
        if workers.line_max != UNLIMITED || ruled {
            return Vec::new();
        }
        if self.shared {
            let cores = network.hosts[instance.host].cores;
            let unlimited = workers.size == UNLIMITED && instance.cpu_limit >= f64::from(cores);
            let queue = MgcPs::new(self.arrivals_per_s, mean_s, cores).filter(|_| unlimited);
            return queue.map_or(Vec::new(), |it| shared(class, &it));
        }
        match law {
            Law::Exponential { .. } if workers.size != UNLIMITED => {
                let queue = Mmc::new(self.arrivals_per_s, mean_s, workers.size);
                queue.map_or(Vec::new(), |it| first_come(class, service, &it))
            }
            law if workers.size == 1 => {
                let queue = Mg1::new(self.arrivals_per_s, mean_s, law.cv2());
                queue.map_or(Vec::new(), |it| one_server(class, service, &it))
            }
            _ => Vec::new(),
        }
    }
}

fn shared(class: &str, queue: &MgcPs) -> Vec<Prediction> {
    predictions("M/G/c-PS", [(format!("{class}.response.mean"), queue.response_mean_s())])
}

fn one_server(class: &str, service: &str, queue: &Mg1) -> Vec<Prediction> {
    predictions(
        "M/G/1",
        [
            (format!("{class}.response.mean"), queue.response_mean_s()),
            (format!("{service}.waiting.mean"), queue.waiting_mean_s()),
            (format!("{service}.utilization"), queue.utilization()),
            (format!("{service}.line"), queue.in_line_mean()),
        ],
    )
}

fn first_come(class: &str, service: &str, queue: &Mmc) -> Vec<Prediction> {
    let response = |q| queue.response_quantile_s(q);
    predictions(
        "M/M/c",
        [
            (format!("{class}.response.mean"), queue.response_mean_s()),
            (format!("{class}.response.p50"), response(0.5)),
            (format!("{class}.response.p95"), response(0.95)),
            (format!("{class}.response.p99"), response(0.99)),
            (format!("{service}.waiting.mean"), queue.waiting_mean_s()),
            (format!("{service}.utilization"), queue.utilization()),
            (format!("{service}.line"), queue.in_line_mean()),
        ],
    )
}

fn predictions<const N: usize>(
    method: &'static str,
    figures: [(String, f64); N],
) -> Vec<Prediction> {
    figures.into_iter().map(|(metric, value)| Prediction { metric, value, method }).collect()
}
