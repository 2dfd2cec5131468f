//! How much of what comes to each station, summed over the classes.

use super::walk::{Visit, Way, hosts_of, way};
use crate::ids::Id;
use crate::network::{
    Admission, Arrival, Class, HostId, InstanceId, Names, Network, Order, Patience, Pool,
    ServiceId, UNLIMITED,
};
use crate::parts::balance::Rule;
use crate::parts::distribution::Law;

/// A network with what its requests ask for.
pub(super) struct Flows<'n> {
    pub network: &'n Network,
    pub names: &'n Names,
    pub classes: Vec<Stream>,
}

/// A class of requests: how often they come, how regularly, and their way.
#[derive(Clone)]
pub(super) struct Stream {
    pub name: String,
    /// Requests a second; of users who wait for their answers, of one user who never does.
    pub rate_per_s: f64,
    /// The law of the gaps, where they are independent.
    pub gap: Option<Law>,
    pub way: Way,
}

impl Stream {
    /// The squared coefficient of variation of the gaps, where they are independent.
    pub fn gap_cv2(&self) -> Option<f64> {
        self.gap.as_ref().map(Law::cv2)
    }

    /// Whether requests come as a Poisson process: other gaps may vary as much and are none.
    pub fn is_poisson(&self) -> bool {
        matches!(self.gap, Some(Law::Exponential { .. }))
    }
}

/// What all requests together ask of the workers of a service.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// Visits a second.
    pub flow_per_s: f64,
    pub instances: u32,
    pub servers: u32,
    pub line_max: u32,
    /// Moments of the time of its own of a visit.
    pub own_s: f64,
    pub own_s2: f64,
    /// The mean, if all visits take exponential times of it.
    pub exponential_s: Option<f64>,
    /// Whether workers are held for a time of their own and nothing else.
    pub plain: bool,
    /// Whether each instance gets a share at random, and requests wait in order of arrival.
    pub random: bool,
    pub in_turn: bool,
    pub in_order: bool,
    /// What requests wait before they give up, where that is exponential.
    pub patience_s: Option<f64>,
    /// What else decides who waits.
    pub ruled: Option<&'static str>,
}

impl<'n> Flows<'n> {
    /// Or the class whose way cannot be followed, and why.
    pub fn of(network: &'n Network, names: &'n Names) -> Result<Flows<'n>, (String, &'static str)> {
        let classes = network.classes.as_slice().iter().zip(&names.classes);
        let stream = |(class, name): (&Class, &String)| {
            let (rate_per_s, gap) = rate(class).map_err(|why| (name.clone(), why))?;
            let way = way(network, class.guard).map_err(|why| (name.clone(), why))?;
            Ok(Stream { name: name.clone(), rate_per_s, gap, way })
        };
        let classes = classes.map(stream).collect::<Result<Vec<Stream>, _>>()?;
        Ok(Flows { network, names, classes })
    }

    /// The same with one of its classes alone.
    pub fn of_class(&self, class: usize) -> Flows<'n> {
        let classes = vec![self.classes[class].clone()];
        Flows { network: self.network, names: self.names, classes }
    }

    /// All visits to a service, each with how many there are a second.
    pub fn visits(&self, service: ServiceId) -> impl Iterator<Item = (&Visit, f64)> {
        let all = self.classes.iter().flat_map(|class| {
            class.way.visits.iter().map(|visit| (visit, visit.visits * class.rate_per_s))
        });
        all.filter(move |it| it.0.service == service)
    }

    pub fn load(&self, service: ServiceId) -> Option<Load> {
        let spec = &self.network.services[service];
        let instances = spec.instances.end.index() - spec.instances.start.index();
        let Pool { size, line_max, patience, .. } =
            self.network.pools[self.network.instances[spec.instances.start].workers];
        let flow_per_s: f64 = self.visits(service).map(|it| it.1).sum();
        if flow_per_s <= 0.0 {
            return None;
        }
        let mean = |of: &dyn Fn(&Visit) -> f64| {
            self.visits(service).map(|(visit, flow)| of(visit) * flow).sum::<f64>() / flow_per_s
        };
        let mut exponentials = self.visits(service).map(|it| it.0.exponential_s);
        let first = exponentials.next().flatten();
        let alike = exponentials.all(|it| it == first);
        let nested = self.classes.iter().any(|class| {
            let visits = &class.way.visits;
            visits.iter().any(|it| it.from.is_some_and(|from| visits[from].service == service))
        });
        let admission = spec.admission.map(|it| &self.network.admissions[it]);
        let patience_s = match admission.and_then(|it| it.patience.as_ref()) {
            Some(Patience::Drawn(Law::Exponential { mean_ns })) => Some(mean_ns / 1e9),
            _ => None,
        };
        Some(Load {
            flow_per_s,
            instances: instances as u32,
            servers: size,
            line_max,
            own_s: mean(&|it| it.own_s),
            own_s2: mean(&|it| it.own_s2),
            exponential_s: first.filter(|_| alike),
            plain: !nested && self.visits(service).all(|it| it.0.is_plain()),
            random: instances == 1 || spec.balance == Rule::Random,
            in_turn: spec.balance == Rule::RoundRobin,
            in_order: admission.is_none_or(|it| it.order == Order::First),
            patience_s,
            ruled: admission
                .and_then(ruled)
                .or_else(|| patience.is_some().then_some("requests give up after a set time")),
        })
    }

    /// Work a second on the shared cores of a host, in cores.
    pub fn shared_on(&self, host: HostId) -> f64 {
        self.share_of(host, |visit| visit.shared_s)
    }

    /// Work a second on the cores of a host, shared or not, in cores.
    pub fn cpu_on(&self, host: HostId) -> f64 {
        self.share_of(host, |visit| visit.cpu_s)
    }

    /// Transfers a second at the disk of a host, in places at it.
    pub fn disk_on(&self, host: HostId) -> f64 {
        self.share_of(host, |visit| visit.disk_s)
    }

    fn share_of(&self, host: HostId, of: impl Fn(&Visit) -> f64) -> f64 {
        let services = self.network.services.ids();
        let on_host = |service| {
            let all = hosts_of(self.network, service).count() as f64;
            let here = hosts_of(self.network, service).filter(|it| *it == host).count() as f64;
            let work: f64 = self.visits(service).map(|(visit, flow)| of(visit) * flow).sum();
            work * here / all
        };
        services.map(on_host).sum()
    }

    /// Whether the cores of a host are shared alike by all who ask for them: hosts divide them among
    /// instances, so that requests of two have equal shares only where both have as many.
    pub fn shared_alike(&self, host: HostId) -> bool {
        let spec = &self.network.hosts[host];
        let mut instances = spec.instances.iter().map(|it| &self.network.instances[*it]);
        let weight =
            |it: Option<&InstanceId>| it.map_or(1.0, |it| self.network.instances[*it].cpu_weight);
        let first = weight(spec.instances.first());
        let cores = f64::from(spec.cores);
        let asks = |it: &&InstanceId| {
            let service = self.network.instances[**it].service;
            self.visits(service).any(|it| it.0.shared_s > 0.0)
        };
        spec.affinity.is_none()
            && spec.instances.iter().filter(asks).count() <= 1
            && instances.all(|it| it.cpu_limit >= cores && it.cpu_weight == first)
    }

    /// Whether requests ever wait for a worker of the service.
    pub fn is_bounded(&self, service: ServiceId) -> bool {
        let instance = &self.network.instances[self.network.services[service].instances.start];
        self.network.pools[instance.workers].size != UNLIMITED
    }
}

/// What no formula here covers of how a service lets requests in.
fn ruled(admission: &Admission) -> Option<&'static str> {
    let drawn = |it: &Patience| matches!(it, Patience::Drawn(Law::Exponential { .. }));
    let Admission { patience, codel, discard_expired, limits, sheds, .. } = admission;
    if !limits.is_empty() || !sheds.is_empty() {
        return Some("a limit or shedding refuses requests");
    }
    if codel.is_some() || *discard_expired {
        return Some("requests that waited too long are dropped");
    }
    let other = patience.as_ref().is_some_and(|it| !drawn(it));
    other.then_some("requests give up after a time that is not exponential")
}

/// How often requests come, and the law of their gaps.
fn rate(class: &Class) -> Result<(f64, Option<Law>), &'static str> {
    let several = class.batch.is_some();
    match &class.arrival {
        _ if several => Err("requests come several at a time"),
        Arrival::Open { rates } => match rates[..] {
            [(_, rate_per_s)] => {
                Ok((rate_per_s, Some(Law::Exponential { mean_ns: 1e9 / rate_per_s })))
            }
            _ => Err("the rate changes during the run"),
        },
        Arrival::Renewal { gap } => Ok((1e9 / gap.mean_ns(), Some(gap.clone()))),
        Arrival::Bursts { phases } => {
            let all: f64 = phases.iter().map(|it| it.1.as_secs()).sum();
            let sum: f64 = phases.iter().map(|it| it.0 * it.1.as_secs()).sum();
            Ok((sum / all, None))
        }
        Arrival::Closed { .. } => Ok((1.0, None)),
        Arrival::Instants { .. } => Err("requests come at recorded instants"),
        Arrival::InSessions => Err("requests come in sessions"),
    }
}
