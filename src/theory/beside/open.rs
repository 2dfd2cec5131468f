//! Networks of requests that come whatever becomes of others.

use super::flows::{Flows, Load, Stream};
use super::lossy::Lossy;
use super::renewal;
use super::walk::{Visit, hosts_of};
use super::{Holds, Told, nothing};
use crate::ids::{Id, MapIds};
use crate::network::{ServiceId, UNLIMITED};
use crate::theory::approximate::allen_cunneen_waiting_mean_s;
use crate::theory::{Mg1, Mmc};

const POISSON: &str = "Poisson arrivals";
/// The quantiles that are told where theory knows them.
const TAILS: [(&str, f64); 2] = [("p95", 0.95), ("p99", 0.99)];

pub(super) fn told(flows: &Flows) -> Vec<Told> {
    if let Some(lossy) = Lossy::of(flows) {
        return lossy.told(flows);
    }
    let mut open = Open::of(flows);
    let mut told: Vec<Told> = Vec::new();
    let services: Vec<ServiceId> = flows.network.services.ids().collect();
    told.extend(services.iter().filter_map(|it| open.workers(*it)));
    told.extend(open.cores());
    told.extend(open.disks());
    told.extend(flows.classes.iter().map(|class| open.class(class)));
    told
}

/// What is known of the network while its stations are solved, from those that call none upwards.
struct Open<'f, 'n> {
    flows: &'f Flows<'n>,
    /// Whether every station has the product form, so that each is a queue of its own.
    product: bool,
    /// The mean wait for a worker of each service, once it is known.
    waits: Vec<Solved>,
}

#[derive(Clone, Copy, PartialEq)]
enum Solved {
    NotYet,
    /// It is being solved: who asks now is called by what it calls.
    Begun,
    Never,
    Wait(f64),
}

impl<'f, 'n> Open<'f, 'n> {
    fn of(flows: &'f Flows<'n>) -> Open<'f, 'n> {
        let poisson = flows.classes.iter().all(Stream::is_poisson);
        let plain = flows.classes.iter().all(|it| it.way.odd.is_none());
        let product = poisson && plain && is_product_form(flows);
        let waits = vec![Solved::NotYet; flows.network.services.len()];
        Open { flows, product, waits }
    }

    /// What is said of a service's workers.
    fn workers(&mut self, service: ServiceId) -> Option<Told> {
        let load = self.flows.load(service)?;
        let name = &self.flows.names.services[service.index()];
        if load.servers == UNLIMITED {
            return None;
        }
        if let Some(why) = load.ruled.or_else(|| self.odd(service, &load)) {
            return Some(nothing(name, why));
        }
        let Some(hold_s) = self.hold_s(service) else {
            return Some(nothing(name, "what it calls has no steady state, or calls it in turn"));
        };
        let Some((method, holds, because, wait_s)) = self.queue(service, &load, hold_s) else {
            let busy = load.flow_per_s * hold_s / f64::from(load.instances * load.servers);
            let roughly = if load.plain { "" } else { ", as far as layered queues tell" };
            let why = format!("no steady state: it is asked for {busy:.2} of what it has{roughly}");
            return Some(nothing(name, &why));
        };
        let busy = load.flow_per_s * hold_s;
        let mut figures = vec![
            (format!("{name}.waiting.mean"), wait_s),
            (format!("{name}.utilization"), busy / f64::from(load.instances * load.servers)),
            (format!("{name}.line"), load.flow_per_s * wait_s),
        ];
        let tail: Option<[f64; 2]> = match method {
            "M/M/c" => {
                let each = load.flow_per_s / f64::from(load.instances);
                let queue = Mmc::new(each, hold_s, load.servers);
                queue.map(|it| TAILS.map(|(_, q)| it.waiting_quantile_s(q)))
            }
            "G/M/1" => {
                let queue = renewal::queue(self.flows, service, &load);
                queue.map(|it| TAILS.map(|(_, q)| it.waiting_quantile_s(q)))
            }
            _ => None,
        };
        for ((of, _), value) in TAILS.iter().zip(tail.into_iter().flatten()) {
            figures.push((format!("{name}.waiting.{of}"), value));
        }
        Some(Told { part: name.clone(), method, holds, because, figures })
    }

    /// The formula for a service's workers, what it assumes, and the mean wait.
    fn queue(
        &self,
        service: ServiceId,
        load: &Load,
        hold_s: f64,
    ) -> Option<(&'static str, Holds, String, f64)> {
        let each_per_s = load.flow_per_s / f64::from(load.instances);
        let servers = load.servers;
        if !load.plain {
            let wait_s = Mmc::new(each_per_s, hold_s, servers)?.waiting_mean_s();
            let wait_s = wait_s.min(self.longest_wait_s(service, load, hold_s));
            let why = "its workers are held while other parts work, taken as exponential times";
            return Some(("layered queues", Holds::Roughly, why.to_owned(), wait_s));
        }
        let first = self.is_first(service);
        let split =
            if load.random { "" } else { ", taken as if each instance got a share at random" };
        let cv2 = load.own_s2 / (hold_s * hold_s) - 1.0;
        let exact = load.random && load.in_order;
        if let Some(mean_s) = load.exponential_s.filter(|_| exact && (first || self.product)) {
            let wait_s = Mmc::new(each_per_s, mean_s, servers)?.waiting_mean_s();
            let from = match first {
                true => POISSON,
                false => {
                    "an open network of product form (Jackson), each station a queue of its own"
                }
            };
            let why = format!("{from}, exponential times, first come, first served");
            return Some(("M/M/c", Holds::Exactly, why, wait_s));
        }
        if exact && first && servers == 1 {
            let wait_s = Mg1::new(each_per_s, hold_s, cv2.max(0.0))?.waiting_mean_s();
            let why = format!("{POISSON}, times of any law (cv² {cv2:.2}), one worker");
            return Some(("M/G/1", Holds::Exactly, why, wait_s));
        }
        if let Some(queue) = renewal::queue(self.flows, service, load) {
            let why = "independent gaps of one law, exponential times, one worker for each line";
            return Some(("G/M/1", Holds::Exactly, why.to_owned(), queue.waiting_mean_s()));
        }
        let (gap_cv2, gaps) = self.gaps(load, first);
        let wait_s =
            allen_cunneen_waiting_mean_s(each_per_s, gap_cv2, hold_s, cv2.max(0.0), servers)?;
        let wait_s = wait_s.min(self.longest_wait_s(service, load, hold_s));
        let order = if load.in_order {
            ""
        } else {
            ", and the order in line is another than that of arrival"
        };
        let why = format!("gaps {gaps} (cv² {gap_cv2:.2}), times of cv² {cv2:.2}{split}{order}");
        let method = if servers == 1 { "Kingman" } else { "Allen-Cunneen" };
        Some((method, Holds::Roughly, why, wait_s))
    }

    /// What nobody waits longer than on average, where all who call it are workers themselves: there
    /// are never more of them in line than they are less the ones served.
    fn longest_wait_s(&self, service: ServiceId, load: &Load, hold_s: f64) -> f64 {
        let mut callers: Vec<ServiceId> = Vec::new();
        for class in &self.flows.classes {
            let visits = &class.way.visits;
            for visit in visits.iter().filter(|it| it.service == service) {
                let Some(from) = visit.from else { return f64::INFINITY };
                callers.push(visits[from].service);
            }
        }
        callers.sort_by_key(|it| it.index());
        callers.dedup();
        let workers = |it: &ServiceId| match self.flows.load(*it) {
            Some(it) if it.servers != UNLIMITED => f64::from(it.servers * it.instances),
            _ => f64::INFINITY,
        };
        let servers = f64::from(load.servers);
        (callers.iter().map(workers).sum::<f64>() - servers).max(0.0) * hold_s / servers
    }

    /// The squared coefficient of variation of gaps at an instance, and where it is from.
    fn gaps(&self, load: &Load, first: bool) -> (f64, &'static str) {
        let n = f64::from(load.instances);
        let own = match &self.flows.classes[..] {
            [class] => class.gap_cv2(),
            _ => None,
        };
        let alone = self.flows.classes.iter().all(|it| it.way.visits.len() == 1);
        match own.filter(|_| first || alone) {
            Some(cv2) if load.in_turn && load.instances > 1 => (cv2 / n, "of every n-th arrival"),
            Some(cv2) => (1.0 + (cv2 - 1.0) / n, "of the arrivals"),
            None => (1.0, "taken as Poisson though requests come from other queues or in bursts"),
        }
    }

    /// What its workers are held for that no formula here knows.
    fn odd(&self, service: ServiceId, load: &Load) -> Option<&'static str> {
        let comes = |class: &&Stream| class.way.visits.iter().any(|it| it.service == service);
        let mut odd = self.flows.classes.iter().filter(comes).filter_map(|it| it.way.odd);
        odd.next().filter(|_| !load.plain)
    }

    /// Whether requests come to the service before they have waited anywhere, each at most once,
    /// and as a Poisson process.
    fn is_first(&self, service: ServiceId) -> bool {
        let waits = |it: &&Visit| self.flows.is_bounded(it.service) || !it.is_plain();
        let first = |class: &Stream| {
            let visits = &class.way.visits;
            let own = visits.iter().filter(|it| it.service == service).count();
            own == 0
                || own == 1
                    && class.is_poisson()
                    && class.way.odd.is_none()
                    && visits.iter().find(waits).is_some_and(|it| it.service == service)
        };
        self.flows.classes.iter().all(first)
    }

    /// By how much shared cores make work longer that a service asks of them.
    fn stretch(&self, service: ServiceId) -> Option<f64> {
        let hosts: Vec<_> = hosts_of(self.flows.network, service).collect();
        let each = |host: &crate::network::HostId| {
            let shared = self.flows.shared_on(*host);
            if shared == 0.0 {
                return Some(1.0);
            }
            let cores = self.flows.network.hosts[*host].cores;
            Some(Mmc::new(shared, 1.0, cores)?.response_mean_s())
        };
        let all: Vec<f64> = hosts.iter().map(each).collect::<Option<_>>()?;
        Some(all.iter().sum::<f64>() / all.len() as f64)
    }

    /// By how much the line at the disk makes transfers longer.
    fn disk_stretch(&self, service: ServiceId) -> Option<f64> {
        let host = hosts_of(self.flows.network, service).next()?;
        let load = self.flows.disk_on(host);
        if load == 0.0 {
            return Some(1.0);
        }
        let disk = self.flows.network.hosts[host].disk?;
        Some(Mmc::new(load, 1.0, self.flows.network.pools[disk].size)?.response_mean_s())
    }

    /// The time at the devices of a visit, with the lines there.
    fn devices_s(&self, visit: &Visit) -> Option<f64> {
        let mut spent_s = visit.own_s;
        if visit.shared_s > 0.0 {
            spent_s += visit.shared_s * self.stretch(visit.service)?;
        }
        if visit.disk_s > 0.0 {
            spent_s += visit.disk_s * self.disk_stretch(visit.service)?;
        }
        Some(spent_s)
    }

    /// How long a worker of the service is held, on average.
    fn hold_s(&mut self, service: ServiceId) -> Option<f64> {
        let flows = self.flows;
        let (mut sum, mut flow) = (0.0, 0.0);
        for class in &flows.classes {
            let visits = &class.way.visits;
            for (i, visit) in visits.iter().enumerate().filter(|it| it.1.service == service) {
                let rate = visit.visits * class.rate_per_s;
                flow += rate;
                sum += rate * self.held_s(class, i)?;
            }
        }
        Some(sum / flow)
    }

    /// How long one visit lasts once it has its worker.
    fn held_s(&mut self, class: &Stream, visit: usize) -> Option<f64> {
        let visits = &class.way.visits;
        let mut held_s = self.devices_s(&visits[visit])?;
        for (i, inner) in visits.iter().enumerate().filter(|it| it.1.from == Some(visit)) {
            let share = inner.visits / visits[visit].visits;
            held_s += share * (self.wait_s(inner.service)? + self.held_s(class, i)?);
        }
        Some(held_s)
    }

    fn wait_s(&mut self, service: ServiceId) -> Option<f64> {
        if !self.flows.is_bounded(service) {
            return Some(0.0);
        }
        match self.waits[service.index()] {
            Solved::Wait(wait_s) => return Some(wait_s),
            Solved::Begun | Solved::Never => return None,
            Solved::NotYet => self.waits[service.index()] = Solved::Begun,
        }
        let load = self.flows.load(service)?;
        let answerable = load.ruled.or_else(|| self.odd(service, &load)).is_none();
        let hold_s = if answerable { self.hold_s(service) } else { None };
        let wait_s = hold_s.and_then(|it| self.queue(service, &load, it)).map(|it| it.3);
        self.waits[service.index()] = wait_s.map_or(Solved::Never, Solved::Wait);
        wait_s
    }

    /// What is said of the cores of each group of hosts.
    fn cores(&self) -> Vec<Told> {
        let groups = self.flows.network.groups.ids().zip(&self.flows.names.groups);
        let told = groups.filter_map(|(group, name)| {
            let hosts = self.flows.network.groups[group].hosts.clone();
            let cores: f64 = hosts
                .clone()
                .map_ids()
                .map(|it| f64::from(self.flows.network.hosts[it].cores))
                .sum();
            let work: f64 = hosts.clone().map_ids().map(|it| self.flows.cpu_on(it)).sum();
            utilization_law(format!("{name}.cpu"), work, cores)
        });
        told.collect()
    }

    fn disks(&self) -> Vec<Told> {
        let groups = self.flows.network.groups.ids().zip(&self.flows.names.groups);
        let told = groups.filter_map(|(group, name)| {
            let host = self.flows.network.groups[group].hosts.start;
            let load = self.flows.disk_on(host);
            let places = self.flows.network.pools[self.flows.network.hosts[host].disk?].size;
            utilization_law(format!("{name}.disk"), load, f64::from(places))
        });
        told.collect()
    }

    /// What is said of the responses of a class.
    fn class(&mut self, class: &Stream) -> Told {
        let visits = &class.way.visits;
        let least_s: f64 =
            visits.iter().map(|it| it.visits * (it.own_s + it.shared_s + it.disk_s)).sum();
        let part = class.name.clone();
        let metric = format!("{part}.response.mean");
        let bound = |why: &str| Told {
            part: part.clone(),
            method: "bounds",
            holds: Holds::AsBound,
            because: format!("no request is answered before its work is done; {why}"),
            figures: vec![(metric.clone(), least_s)],
        };
        if let Some(why) = class.way.odd {
            return bound(why);
        }
        let flows = self.flows;
        if flows.network.links.iter().any(Option::is_some) {
            return bound("links take their time, too");
        }
        let outermost = visits.iter().enumerate().filter(|it| it.1.from.is_none());
        let mut response_s = 0.0;
        for (i, visit) in outermost {
            let Some(stay_s) = self.wait_s(visit.service).zip(self.held_s(class, i)) else {
                return bound("some part of its way has no known wait");
            };
            response_s += visit.visits * (stay_s.0 + stay_s.1);
        }
        if let Some((alone, queue)) = renewal::alone(flows, class) {
            let mut figures = vec![(metric, queue.response_mean_s())];
            for (of, q) in TAILS {
                figures.push((format!("{part}.response.{of}"), queue.response_quantile_s(q)));
            }
            let name = &flows.names.services[alone.index()];
            let because =
                format!("it waits at {name} and nowhere else, and stays as long as there");
            return Told { part, method: "G/M/1", holds: Holds::Exactly, because, figures };
        }
        let exact = self.product || self.is_plain_and_first(class);
        let (method, holds, why) = match exact {
            true if visits.iter().any(|it| it.shared_s > 0.0) => (
                "product form",
                Holds::Exactly,
                "Poisson arrivals, cores shared alike, exponential times elsewhere",
            ),
            true => (
                "open Jackson network",
                Holds::Exactly,
                "Poisson arrivals; each station a queue of its own",
            ),
            false => (
                "sum of parts",
                Holds::Roughly,
                "the waits of its parts, some of them approximations",
            ),
        };
        Told { part, method, holds, because: why.to_owned(), figures: vec![(metric, response_s)] }
    }

    /// Whether it waits at one place only, and for a time that is known exactly.
    fn is_plain_and_first(&self, class: &Stream) -> bool {
        let visits = &class.way.visits;
        let mut waits =
            visits.iter().filter(|it| self.flows.is_bounded(it.service) || !it.is_plain());
        let (Some(only), None) = (waits.next(), waits.next()) else { return false };
        let Some(load) = self.flows.load(only.service) else { return false };
        let exact =
            load.random && load.in_order && (load.servers == 1 || load.exponential_s.is_some());
        exact && load.plain && self.flows.is_bounded(only.service) && self.is_first(only.service)
    }
}

/// Whether every station serves as the theorem asks.
pub(super) fn is_product_form(flows: &Flows) -> bool {
    let network = flows.network;
    let services = network.services.ids().all(|service| {
        let Some(load) = flows.load(service) else { return true };
        load.servers == UNLIMITED && load.in_order
            || load.plain && load.exponential_s.is_some() && load.random && load.in_order
    });
    let spread = |service: ServiceId| {
        let asks = flows.visits(service).any(|it| it.0.shared_s > 0.0);
        !asks || flows.load(service).is_none_or(|it| it.random)
    };
    let hosts = network.hosts.ids();
    let shared = |it| flows.shared_on(it) == 0.0 || flows.shared_alike(it);
    let disks = flows.classes.iter().flat_map(|it| &it.way.visits);
    let mut times = disks.filter(|it| it.disk_s > 0.0).map(|it| it.disk_exponential_s);
    let first = times.next();
    let alike = first.is_none_or(|it| it.is_some()) && times.all(|it| Some(it) == first);
    services && network.services.ids().all(spread) && alike && hosts.into_iter().all(shared)
}

/// How busy a device is, if it is used and not overloaded.
fn utilization_law(part: String, asked: f64, capacity: f64) -> Option<Told> {
    let figures = vec![(format!("{part}.utilization"), asked / capacity)];
    let because = "what requests ask of it a second is what it does a second".to_owned();
    let (method, holds) = ("utilization law", Holds::Exactly);
    (asked > 0.0 && asked < capacity).then_some(Told { part, method, holds, because, figures })
}
