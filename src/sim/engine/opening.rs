//! A run opens: all that there is, and all that is known to happen.

use super::admission::tokens_of;
use super::budgets::buckets;
use super::caches::stores;
use super::replication::replications;
use super::sound::{by_instance, by_pool, by_service, named};
use super::*;
use crate::sim::scaling::Life;

impl<'n, P: Probe> Engine<'n, P> {
    pub(super) fn new(network: &'n Network, plan: &Plan, probe: P) -> Self {
        let keys = match plan.in_pairs {
            true => Keys::in_pairs(plan.seed, plan.replication),
            false => Keys::new(plan.seed, plan.replication),
        };
        let slots = lanes(network);
        let first_cpu = network.classes.len() + network.delays.len();
        let first_session = slots.len() - 1 - network.accelerators.len() - network.sessions.len();
        let mut tokens = Tokens::with_capacity(4096);
        Engine {
            network,
            named: named(network),
            plan: *plan,
            keys,
            now: Time::ZERO,
            granted: 0,
            left: 1,
            sequence: 0,
            once: OneShot::with_capacity(1024),
            lanes: Lanes::new(slots.len()),
            cpu_slots: network.cpus.map(|id, _| first_cpu + id.index()),
            slots,
            rings: network.delays.map(|_, _| Ring::new()),
            controls: OneShot::with_capacity(64),
            ready: Ready::new(),
            replications: replications(network, &mut tokens),
            tokens,
            pools: by_pool(network, pools(network)),
            gates: network.instances.map(|_, _| Gate::default()),
            rate_buckets: network.services.map(|_, it| tokens_of(network, it)),
            interrupted: Interrupted::default(),
            has_links: !network.links.is_empty(),
            pipes: network.pipes.map(|_, it| Pipe::new(it)),
            moved: vec![0; network.ways.len()],
            cpus: network.cpus.map(|_, host| {
                let host = &network.hosts[*host];
                let claims = host.instances.iter().map(|it| &network.instances[*it]);
                let claims = claims.map(|it| (it.cpu_weight, it.cpu_limit));
                Cpu::new(host.cores_each(), host.switch, claims)
            }),
            instances: by_instance(
                network,
                network.instances.map(|_, it| Instance {
                    computing_ns: 0,
                    workers: it.workers,
                    disk: network.hosts[it.host].disk,
                    state: Health::Up,
                    ruled: network.services[it.service].admission.is_some()
                        || network.services[it.service].ejection.is_some()
                        || network.services[it.service].replication.is_some(),
                    record: Record::default(),
                    belief: Belief::default(),
                    stamp: 0,
                }),
            ),
            computed_at_opening_ns: network.instances.map(|_, _| 0),
            candidates: by_instance(
                network,
                network.instances.map(|_, _| Candidate {
                    outstanding: 0,
                    healthy: true,
                    there: true,
                }),
            ),
            balancers: by_service(network, network.services.map(|_, _| Balancer::default())),
            careful: network.careful.map(|_, it| CarefulState::new(it)),
            ejected: by_service(network, network.services.map(|_, _| 0)),
            logs: network.instances.map(|_, _| None),
            rows: network.locks.map(|_, it| Rows::new(it.count)),
            volumes: network.volumes.map(|_, it| Volume::new(it)),
            buffers: network.buffers.map(|_, it| Buffer::new(it)),
            accelerators: network.accelerators.map(|_, it| Accelerator::new(it)),
            connections: network
                .connections
                .map(|_, it| Connections::new(it, &at_first(network, it.to))),
            stores: network.caches.map(|_, it| stores(network, it, keys)),
            queues: Queues::new(network),
            policies: Policies::new(network),
            families: Families::with_capacity(if network.has_families { 4096 } else { 0 }),
            doomed: Vec::with_capacity(if network.take_back.is_some() { 1024 } else { 0 }),
            taker: TokenId::LAST,
            wastes: network.may_waste || !network.faults.is_empty(),
            wasted: Wasted::new(network),
            sources: network.classes.map(|_, it| Source::new(network, keys, it)),
            comings: network.sessions.map(|_, it| Comings::new(keys, it)),
            sessions: Sessions::new(network),
            first_session,
            budgets: network.budgets.map(|_, it| buckets(network, it)),
            rounds: network.classes.map(|_, it| match it.arrival {
                Arrival::Closed { users, .. } => vec![0; users as usize],
                _ => Vec::new(),
            }),
            down: network.hosts.map(|_, _| 0),
            crowds: Crowds::new(network),
            lives: match network.scalers.is_empty() {
                true => Lives::default(),
                false => network.instances.map(|_, _| Life::default()),
            },
            hosts: Hosts::new(network),
            restarts: Restarts::new(network),
            probes: Probes::new(network),
            scalers: network.scalers.map(|_, it| ScalerState::new(it, Time::ZERO + plan.warm_up)),
            troubles: Troubles::new(network),
            presence: network
                .services
                .map(|_, it| Presence::of(it.instances.end.index() - it.instances.start.index())),
            inside: Inside::default(),
            backlog: network.classes.map(|_, _| 0),
            restless: (Time::ZERO, 0),
            failure: None,
            probe,
        }
    }

    /// Everything that is known to happen, and the first of everything else.
    pub(super) fn open_run(&mut self) {
        self.open_logs();
        self.open_replications();
        if let Some(first) = self.network.take_back {
            let (class, guard) = (ClassId::default(), GuardId::LAST);
            self.taker = self.tokens.admit(class, guard, first, 0, Time::ZERO);
            self.tokens[self.taker].flags = flag::LOG;
        }
        self.control(Time::ZERO + self.plan.warm_up, Control::Open);
        self.expect_faults();
        self.open_scaling();
        self.open_provisioning();
        if !self.network.faults.is_empty() || !self.network.scalers.is_empty() {
            self.open_checks();
        }
        self.open_probes();
        for class in self.network.classes.ids() {
            match &self.network.classes[class].arrival {
                Arrival::Closed { users, .. } => {
                    (0..*users).for_each(|user| self.think(class, user));
                }
                Arrival::InSessions => {}
                _ => self.expect_arrival(class),
            }
        }
        self.network.sessions.ids().for_each(|it| self.expect_session(it));
    }

    fn open_logs(&mut self) {
        for (id, instance) in
            self.network.instances.ids().map(|id| (id, &self.network.instances[id]))
        {
            let Some(log) = &instance.log else { continue };
            let (class, guard) = (ClassId::default(), GuardId::LAST);
            let own = self.tokens.admit(class, guard, log.first, log.key, Time::ZERO);
            let token = &mut self.tokens[own];
            token.flags = flag::LOG;
            token.held[0] = id;
            token.depth = 1;
            self.logs[id] = Some(Log::new(own));
        }
    }
}

/// The slots that there are: the next arrival of each class, the head of each ring, the earliest
/// finish on each shared CPU, the next of what comes in batches and of each kind of session, what is
/// next at each host's accelerators, the next control.
fn lanes(network: &Network) -> Vec<Lane> {
    let arrivals = network.classes.ids().map(|_| Lane::Arrival);
    let rings = network.delays.ids().map(Lane::Ring);
    let accelerators = network.accelerators.ids().map(Lane::Accelerator);
    let cpus = network.cpus.ids().map(Lane::Cpu);
    let batches = network.classes.ids().filter(|id| network.classes[*id].batch.is_some());
    let sessions = network.sessions.ids().map(Lane::Session);
    let rare = batches.map(Lane::Batch).chain(sessions);
    let all = arrivals.chain(rings).chain(cpus).chain(rare);
    all.chain(accelerators).chain([Lane::Control]).collect()
}

/// The pools, workers in the order that their service's rules say.
fn pools(network: &Network) -> Table<PoolId, Pool> {
    let mut pools = network.pools.map(|_, it| Pool::new(it));
    for instance in network.instances.ids().map(|id| &network.instances[id]) {
        if let Some(rules) = network.services[instance.service].admission {
            let order = Order::new(&network.admissions[rules].order);
            pools[instance.workers] = Pool::in_order(&network.pools[instance.workers], order);
        }
    }
    pools
}

/// The instances of a service that connections are open to when a run opens: of a primary and its
/// standbys, the primary.
fn at_first(network: &Network, service: ServiceId) -> std::ops::Range<InstanceId> {
    let spec = &network.services[service];
    let first = spec.instances.start;
    match spec.replication {
        Some(_) => first..InstanceId::new(first.index() + 1),
        None => spec.instances.clone(),
    }
}
