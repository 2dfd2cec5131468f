//! The engine: moves the clock from event to event and requests from step to step.
//!
//! Three-phase event scheduling (K. D. Tocher, "The Art of Simulation", 1963): (A) move the clock
//! to the next event, (B) carry that event out, (C) advance every request that it set free, before
//! the clock moves again.

mod accelerators;
mod admission;
mod audit;
mod balancing;
mod budgets;
mod caches;
mod calls;
mod canaries;
mod connections;
mod deploys;
mod disks;
mod ends;
mod failover;
mod failures;
mod faults;
mod interruptions;
mod links;
mod liveness;
mod policies;
mod provisioning;
mod queues;
mod replication;
mod rescheduling;
mod restarts;
mod scaling;
mod sessions;
mod sound;
mod steps;
mod taking_back;
mod waste;

use liveness::Probes;
use restarts::Restarts;

use super::accelerator::{Accelerator, Served};
use super::arrivals::Arrivals;
use super::buffer::{Buffer, Reads};
use super::cache::Store;
use super::calendar::{Lanes, OneShot, Ring, earlier};
use super::connections::Connections;
use super::cpu::Cpu;
use super::family::Families;
use super::hot::Hot;
use super::interrupted::Interrupted;
use super::log::Log;
use super::meter::Meter;
use super::order::Order;
use super::pipe::Pipe;
use super::policies::{Policies, PoliciesSeen};
use super::pool::{Area, Pool};
use super::presence::{Presence, Present};
use super::probe::Probe;
use super::provisioning::{Hosts, HostsUse, Stage};
use super::queue::{QueueArea, Queues};
use super::replication::{Replication, ReplicationUse};
use super::rows::{Rows, RowsUse};
use super::scaling::{Crowds, Life, Lives, ScalerState, ScalingUse};
use super::sessions::Sessions;
use super::token::{NOBODY, Token, TokenId, Tokens, Wait, flag};
use super::volume::{Limited, Volume};
use crate::ids::{Id, MapIds, Table};
use crate::network::{
    self, AcceleratorId, Arrival, BudgetId, BufferId, CacheId, CarefulId, Class, ClassId,
    ConnectionsId, CpuId, DelayId, GuardId, HostId, InstanceId, LockId, Network, ProvisionerId,
    ReplicationId, ScalerId, VolumeId,
};
use crate::network::{PipeId, PoolId, QueueId, ServiceId, SessionId, Step, StepId};
use crate::parts::balance::{Candidate, CarefulState, State as Balancer};
use crate::parts::policy::budget::Bucket;
use crate::parts::policy::health::Belief;
use crate::parts::policy::outlier_ejection::Record;
use crate::parts::policy::rate_limit::Bucket as RateBucket;
use crate::rng::{self, Draw, Keys};
use crate::units::{Span, Time};
use admission::{Gate, tokens_of};
use budgets::buckets;
use caches::stores;
use failures::Troubles;
use replication::replications;
use sessions::Comings;
use sound::{Named, by_instance, by_pool, by_service, named};
use std::collections::VecDeque;
pub use waste::Wasted;

/// How one replication is to be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    pub seed: u64,
    pub replication: u32,
    /// Whether replications come in antithetic pairs, 0 with 1, 2 with 3 and so on.
    pub in_pairs: bool,
    /// What is run first and not measured.
    pub warm_up: Span,
    /// What is measured.
    pub window: Span,
    /// How often the probe is told the backlog, counted from the end of the warm-up.
    pub slice: Span,
    /// More events than this and the run is given up.
    pub events_max: u64,
}

/// Why a run has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It needed more events than it was allowed, and had come this far.
    TooManyEvents { at: Time },
    /// More requests, attempts and branches were under way than are worth keeping: work piles up without a bound.
    TooManyInside { at: Time },
    /// Users of a closed class ask, fail and ask again without any time going by.
    Spinning { at: Time },
    /// A law that always holds did not: a bug, to be reported with the seed.
    Broken { law: &'static str, what: &'static str, index: usize },
}

/// What the devices and pools did in the window.
#[derive(Clone, Debug)]
pub struct Usage {
    pub pools: Table<PoolId, Area>,
    /// Core-nanoseconds.
    pub cpus: Table<HostId, f64>,
    /// Core-nanoseconds lost to waking cores and switching them.
    pub cpus_lost: Table<HostId, f64>,
    pub rows: Table<LockId, RowsUse>,
    /// Core-nanoseconds of each instance.
    pub instances: Table<InstanceId, f64>,
    pub volumes: Table<VolumeId, Limited>,
    pub buffers: Table<BufferId, Reads>,
    pub accelerators: Table<AcceleratorId, Served>,
    /// Connections that were opened.
    pub connects: Table<ConnectionsId, u64>,
    pub replications: Table<ReplicationId, ReplicationUse>,
    pub queues: Table<QueueId, QueueArea>,
    pub scalers: Table<ScalerId, ScalingUse>,
    /// How often instances were started again after they had crashed.
    pub restarts: Table<ServiceId, u32>,
    /// Nanoseconds that each instance was there; none if nobody came or went.
    pub present_ns: Table<InstanceId, u128>,
    pub hosts: Table<ProvisionerId, HostsUse>,
    /// Nanoseconds that each host was there; none if none came or went.
    pub hosts_present_ns: Table<HostId, u128>,
    /// Areas under the number of sessions, in nanoseconds.
    pub sessions: Table<SessionId, u128>,
    pub policies: PoliciesSeen,
    pub wasted: Wasted,
    /// Instances up, and believed to be.
    pub presence: Table<ServiceId, Present>,
    /// How many instances each controller wanted at the end, and how many hosts of each group there were.
    pub wanted: Table<ScalerId, u32>,
    pub hosts_left: Table<ProvisionerId, u32>,
    /// Nanoseconds that each direction of a link was busy.
    pub pipes: Table<PipeId, u64>,
    /// Bytes that were sent each way.
    pub moved: Vec<u64>,
    pub events: u64,
}

/// Runs one replication of `network` and audits it.
pub fn run<P: Probe>(network: &Network, plan: &Plan, probe: P) -> Result<(P, Usage), Failure> {
    let mut engine = Engine::new(network, plan, probe);
    engine.open_run();
    engine.play()?;
    engine.close_run()
}

/// What a scheduled event does to its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    /// It goes on.
    Done,
    /// It is sent.
    Send,
    /// Whoever waits for it gives up.
    Timeout,
    /// It gives up waiting in line.
    Patience,
}

/// An event of a token, void if the token has gone since.
#[derive(Clone, Copy, Debug)]
struct Event {
    token: TokenId,
    /// The token's generation, cut to its low bits, and the kind above them.
    tag: u32,
}

/// Tokens, or messages, at a time beyond which a run is given up: some gigabytes of them.
const ALIVE_MAX: u32 = 8_000_000;

/// Events after which it is looked anew whether a run may go on.
const EVENTS_BETWEEN_LOOKS: u64 = 1024;
/// Rounds of users without a thought at one instant beyond which a run is given up.
const RESTLESS_MAX: u32 = 40_000_000;

const GENERATION_BITS: u32 = 28;
const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

impl Event {
    #[inline]
    fn new(kind: Kind, token: TokenId, generation: u32) -> Event {
        Event { token, tag: (kind as u32) << GENERATION_BITS | generation & GENERATION_MASK }
    }
    #[inline]
    fn kind(self) -> Kind {
        match self.tag >> GENERATION_BITS {
            0 => Kind::Done,
            1 => Kind::Send,
            2 => Kind::Timeout,
            _ => Kind::Patience,
        }
    }
}

/// What happens to the system rather than to a request.
#[derive(Clone, Copy, Debug)]
enum Control {
    Open,
    Slice,
    FaultBegins(u32),
    FaultEnds(u32),
    HostUp(HostId, u32),
    /// Another has been provisioned in its place.
    Replaced(HostId),
    InstanceUp(InstanceId, u32),
    Check(InstanceId),
    CheckTimedOut(InstanceId),
    Queue(QueueId),
    TakeBack(InstanceId),
    Scrape(ScalerId),
    Scale(ScalerId),
    Started(InstanceId, u32),
    Killed(InstanceId, u32),
    Deploy(ScalerId),
    GoesOn(ScalerId),
    /// A step of a canary has been held for long enough.
    Held(ScalerId, u32),
    Restart(InstanceId, u32),
    ProbeAlive(InstanceId),
    Probed(InstanceId),
    /// Of a host's outage: its instances of a service get no requests any more, or are given up.
    HostMissed(ScalerId, HostId, u32),
    Evict(ScalerId, HostId, u32),
    LookForRoom(ProvisionerId),
    Provisioned(ProvisionerId, HostId),
    /// Of a standby, over its present connection: something has come for it, or from it to the
    /// primary, or the primary waits for it no longer.
    Shipped(InstanceId, u32),
    Acknowledged(InstanceId, u32),
    GoesOnWithout(InstanceId, u32),
    Detected(ReplicationId, u32),
    Promoted(ReplicationId, u32),
    Noticed(InstanceId, u32),
}

/// At one instant, first what finishes, then what times out, then what arrives, then controls.
#[derive(Clone, Copy)]
enum Rank {
    Finish = 0,
    Timeout = 1,
    Arrive = 2,
    Control = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Up,
    Down,
    Silent,
}

/// A running copy of a service, as it is and as its balancer believes it to be.
struct Instance {
    /// Core-nanoseconds of all computing begun on cores that nobody else wants, to its end.
    computing_ns: u128,
    workers: PoolId,
    /// The places at its host's disk, if that has one.
    disk: Option<PoolId>,
    state: Health,
    /// Whether rules say who gets a worker, or callers watch how they fare.
    ruled: bool,
    belief: Belief,
    /// How its callers fared with it.
    record: Record,
    /// Times that it went down: what was planned for it before is void.
    stamp: u32,
}

/// Where the requests of a class come from, and with what they begin.
struct Source<'n> {
    arrivals: Arrivals<'n>,
    /// What the keys of its requests are made from.
    key: u64,
    birth: Birth,
}

/// What the requests of a class begin with.
#[derive(Clone, Copy)]
struct Birth {
    guard: GuardId,
    first: StepId,
    /// How long a client waits for the first attempt.
    patience: Option<DelayId>,
    /// Whether retries have a budget, or there is more to the guard.
    watched: bool,
}

impl<'n> Source<'n> {
    fn new(network: &'n Network, keys: Keys, class: &'n Class) -> Self {
        Source {
            arrivals: Arrivals::new(keys.arrivals(class.key), keys.side(), &class.arrival),
            key: keys.class(class.key),
            birth: Birth {
                guard: class.guard,
                first: network.guards[class.guard].first,
                patience: network.guards[class.guard].timeout,
                watched: network.guards[class.guard].budget.is_some()
                    || network.guards[class.guard].policy.is_some(),
            },
        }
    }
}

/// What a slot of the lanes dates.
#[derive(Clone, Copy, Debug)]
enum Lane {
    Arrival,
    Ring(DelayId),
    Cpu(CpuId),
    Accelerator(AcceleratorId),
    /// The next arrival of a class of which several come at once, in place of its first slot.
    Batch(ClassId),
    Session(SessionId),
    Control,
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

/// Tokens that are to go on at the present instant, in the order in which they were set free. Mostly
/// there is one or none: the first stands apart from the others.
struct Ready {
    /// `NOBODY` if there is none.
    first: u32,
    others: VecDeque<TokenId>,
}

impl Ready {
    fn new() -> Ready {
        Ready { first: NOBODY, others: VecDeque::new() }
    }

    #[inline]
    fn push_back(&mut self, id: TokenId) {
        if self.first == NOBODY {
            self.first = id.raw();
        } else {
            self.others.push_back(id);
        }
    }

    fn is_empty(&self) -> bool {
        self.first == NOBODY
    }

    #[inline(always)]
    fn pop_front(&mut self) -> Option<TokenId> {
        if self.first == NOBODY {
            return None;
        }
        let first = TokenId::from_raw(self.first);
        self.first = self.others.pop_front().map_or(NOBODY, TokenId::raw);
        Some(first)
    }
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

/// Requests that are neither answered nor failed yet.
#[derive(Default)]
struct Inside {
    requests: Meter,
    /// Sum of the stays of those resolved.
    stays_ns: u128,
}

impl Inside {
    #[inline]
    fn enter(&mut self, now: Time) {
        self.requests.up(now);
    }
    #[inline]
    fn resolve(&mut self, now: Time, born: Time) {
        self.requests.down(now);
        self.stays_ns += u128::from((now - born).nanos());
    }
}

struct Engine<'n, P> {
    network: &'n Network,
    named: Named<'n>,
    plan: Plan,
    keys: Keys,
    now: Time,
    /// Events that the plan has been granted so far, and what is left of them before the next look.
    granted: u64,
    left: u64,
    sequence: u64,
    once: OneShot<Event>,
    lanes: Lanes,
    slots: Vec<Lane>,
    rings: Table<DelayId, Ring<Event>>,
    controls: OneShot<Control>,
    ready: Ready,
    tokens: Tokens,
    pools: Hot<PoolId, Pool>,
    gates: Table<InstanceId, Gate>,
    /// The buckets of each service's rate limits.
    rate_buckets: Table<ServiceId, Vec<Vec<RateBucket>>>,
    interrupted: Interrupted,
    has_links: bool,
    pipes: Table<PipeId, Pipe>,
    /// Bytes that were sent each way since the window opened.
    moved: Vec<u64>,
    cpus: Table<CpuId, Cpu>,
    /// The slot of each shared CPU.
    cpu_slots: Table<CpuId, usize>,
    instances: Hot<InstanceId, Instance>,
    /// Instance-nanoseconds of computing up to the window's opening.
    computed_at_opening_ns: Table<InstanceId, u128>,
    candidates: Hot<InstanceId, Candidate>,
    balancers: Hot<ServiceId, Balancer>,
    careful: Table<CarefulId, CarefulState>,
    /// How many instances of each service are believed to be down.
    ejected: Hot<ServiceId, u32>,
    logs: Table<InstanceId, Option<Log>>,
    rows: Table<LockId, Rows>,
    volumes: Table<VolumeId, Volume>,
    buffers: Table<BufferId, Buffer>,
    accelerators: Table<AcceleratorId, Accelerator>,
    connections: Table<ConnectionsId, Connections>,
    replications: Table<ReplicationId, Replication>,
    /// What each cache holds, by instance; one store where they have it together.
    stores: Table<CacheId, Vec<Store>>,
    queues: Queues,
    policies: Policies,
    families: Families,
    /// Whose work is to be taken back, as they were then; and whose only work that is.
    doomed: Vec<(TokenId, u32)>,
    taker: TokenId,
    /// Whether work may be done in vain, and what was since the window opened.
    wastes: bool,
    wasted: Wasted,
    sources: Table<ClassId, Source<'n>>,
    comings: Table<SessionId, Comings<'n>>,
    sessions: Sessions,
    /// The slot of the first kind of session.
    first_session: usize,
    /// What is left of retry budgets, by calling instance.
    budgets: Table<BudgetId, Vec<Bucket>>,
    /// Requests made so far by each user of a closed class.
    rounds: Table<ClassId, Vec<u32>>,
    /// How many faults hold each host down, and how often it went down.
    down: Table<HostId, u32>,
    lives: Lives,
    /// Of the service whose controller has last decided.
    crowds: Crowds,
    hosts: Hosts,
    scalers: Table<ScalerId, ScalerState>,
    restarts: Restarts,
    probes: Probes,
    /// What else is out of the ordinary.
    troubles: Troubles,
    presence: Table<ServiceId, Presence>,
    inside: Inside,
    /// Attempts of each class under way, when they were last counted.
    backlog: Table<ClassId, u32>,
    /// When a user last had nothing to think about, and how many have since.
    restless: (Time, u32),
    /// Why the run cannot go on, if it cannot.
    failure: Option<Failure>,
    probe: P,
}

impl<'n, P: Probe> Engine<'n, P> {
    fn new(network: &'n Network, plan: &Plan, probe: P) -> Self {
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
    fn open_run(&mut self) {
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

    /// Not in line: only as an argument is the engine known to overlap with nothing else.
    #[inline(never)]
    fn play(&mut self) -> Result<(), Failure> {
        let close = Time::ZERO + self.plan.warm_up + self.plan.window;
        let steps = self.network.steps.as_slice();
        loop {
            let (at, order, slot) = self.lanes.first();
            let once = self.once.peek();
            let is_once = earlier(once, (at, order));
            let next = if is_once { once.0 } else { at };
            if next >= close {
                self.now = close;
                return self.failure.map_or(Ok(()), Err);
            }
            self.now = next;
            self.left -= 1;
            if self.left == 0 {
                self.grant()?;
            }
            let first = if is_once { self.event() } else { self.lane(slot) };
            let mut ready = first.or_else(|| self.ready.pop_front());
            while let Some(token) = ready {
                self.advance(token, steps);
                ready = self.ready.pop_front();
            }
        }
    }

    /// Looks now and then whether the run may go on, and for how many events until the next look,
    /// the present one included.
    #[cold]
    fn grant(&mut self) -> Result<(), Failure> {
        self.is_too_crowded();
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.left = (self.plan.events_max - self.granted).min(EVENTS_BETWEEN_LOOKS);
        if self.left == 0 {
            return Err(Failure::TooManyEvents { at: self.now });
        }
        self.granted += self.left;
        Ok(())
    }

    /// Carries out the earliest one-shot event; returns the token that goes on first, if one does.
    #[inline(always)]
    fn event(&mut self) -> Option<TokenId> {
        let event = self.once.pop_event()?;
        if self.is_void(event) { None } else { self.happen(event) }
    }

    /// Carries out what a slot was due for; returns the token that goes on first, if one does.
    #[inline(always)]
    fn lane(&mut self, slot: usize) -> Option<TokenId> {
        // The slots of arrivals come first: this also says that the class is there.
        if slot < self.sources.len() {
            return Some(self.arrive(ClassId::new(slot)));
        }
        self.other_lane(slot);
        None
    }

    #[inline(never)]
    fn other_lane(&mut self, slot: usize) {
        match self.slots[slot] {
            Lane::Arrival => {}
            Lane::Batch(class) => self.arrive_together(class),
            Lane::Session(session) => self.session_begins(session),
            Lane::Ring(delay) => self.ring(delay),
            Lane::Cpu(cpu) => self.cpu_finish(cpu),
            Lane::Accelerator(device) => self.accelerator_due(device),
            Lane::Control => self.carry_out_control(),
        }
    }

    /// Whether the token that the event is for is still the one it was when it was scheduled.
    #[inline(always)]
    fn is_void(&self, event: Event) -> bool {
        (self.tokens[event.token].generation ^ event.tag) & GENERATION_MASK != 0
    }

    /// What happens now; returns the token that goes on first, if one does.
    #[inline(always)]
    fn happen(&mut self, event: Event) -> Option<TokenId> {
        let id = event.token;
        if event.tag > GENERATION_MASK {
            return self.happen_rarely(event.kind(), id);
        }
        let token = &mut self.tokens[id];
        if !token.is_wanted_for_sure() {
            return self.happen_to_other(id);
        }
        token.wait = Wait::Moving;
        Some(id)
    }

    /// The same for one that hangs, was interrupted, or may work in vain.
    #[inline(never)]
    fn happen_to_other(&mut self, id: TokenId) -> Option<TokenId> {
        let token = &self.tokens[id];
        if token.is(flag::HUNG) || token.is(flag::INTERRUPTED) && !self.wait_is_over(id) {
            return None;
        }
        if self.wastes
            && self.tokens[id].failing == 0
            && matches!(self.step_of(id), Step::Delay { .. })
        {
            self.computed(id, Span::ZERO);
        }
        self.tokens[id].wait = Wait::Moving;
        Some(id)
    }

    #[inline(never)]
    fn happen_rarely(&mut self, kind: Kind, id: TokenId) -> Option<TokenId> {
        match kind {
            Kind::Done => {}
            Kind::Send => return self.set_out(id),
            Kind::Timeout => self.timed_out(id),
            Kind::Patience if self.tokens[id].is(flag::HUNG) => {}
            Kind::Patience => self.impatient(id),
        }
        None
    }

    /// Whoever waits in a ring and is still there does what it waited for.
    fn ring(&mut self, delay: DelayId) {
        let event = self.rings[delay].pop().expect("its lane was due").event;
        if !self.is_void(event) {
            let moved = self.happen(event);
            debug_assert!(moved.is_none(), "rings hold patience only");
        }
        self.date_ring(delay);
    }

    /// Most patience is never used up. What is void by now is thrown away in one go.
    fn date_ring(&mut self, delay: DelayId) {
        while let Some(event) = self.rings[delay].first()
            && self.is_void(event)
        {
            self.rings[delay].pop();
        }
        let (at, order) = self.rings[delay].head();
        self.lanes.set(self.network.classes.len() + delay.index(), at, order);
    }

    #[inline]
    fn order(&mut self, rank: Rank) -> u64 {
        self.sequence += 1;
        (rank as u64) << 60 | self.sequence
    }

    /// Schedules an event of the token at a drawn time from now.
    #[inline(always)]
    fn schedule(&mut self, after: Span, rank: Rank, kind: Kind, token: TokenId) {
        self.put(after, rank, Event::new(kind, token, self.tokens[token].generation));
    }

    #[inline(always)]
    fn put(&mut self, after: Span, rank: Rank, event: Event) {
        let order = self.order(rank);
        self.once.push(self.now + after, order, event);
    }

    /// Schedules an event of the token after a constant delay.
    #[inline]
    fn schedule_constant(&mut self, delay: DelayId, rank: Rank, kind: Kind, token: TokenId) {
        let order = self.order(rank);
        let event = Event::new(kind, token, self.tokens[token].generation);
        let at = self.now + self.network.delays[delay];
        let first = self.rings[delay].is_empty();
        self.rings[delay].push(at, order, event);
        if first {
            self.date_ring(delay);
        }
    }

    fn control(&mut self, at: Time, control: Control) {
        let order = self.order(Rank::Control);
        self.controls.push(at, order, control);
        self.date_controls();
    }

    /// What happens to the system among what finishes at that time.
    fn finish(&mut self, at: Time, control: Control) {
        let order = self.order(Rank::Finish);
        self.controls.push(at, order, control);
        self.date_controls();
    }

    fn date_controls(&mut self) {
        let (at, order) = self.controls.peek();
        self.lanes.set(self.slots.len() - 1, at, order);
    }

    #[inline(never)]
    fn carry_out_control(&mut self) {
        let control = self.controls.pop().expect("its lane was due").event;
        match control {
            Control::Open => self.open_window(),
            Control::Slice => self.slice(),
            Control::FaultBegins(fault) => self.fault_begins(fault as usize),
            Control::FaultEnds(fault) => self.fault_ends(fault as usize),
            Control::HostUp(host, stamp) => self.host_up(host, stamp),
            Control::Replaced(host) => self.hosts_come_back(&[host], false),
            Control::InstanceUp(instance, stamp) => self.instance_up(instance, stamp),
            Control::Check(instance) => self.check(instance),
            Control::CheckTimedOut(instance) => self.checked(instance, false),
            Control::Queue(queue) => self.look_at_queue(queue),
            Control::TakeBack(instance) => self.take_back(instance),
            Control::Scrape(scaler) => self.scrape(scaler),
            Control::Scale(scaler) => self.scale(scaler),
            Control::Started(instance, round) => self.started(instance, round),
            Control::Killed(instance, round) => self.killed(instance, round),
            Control::Deploy(scaler) => self.deploy(scaler),
            Control::GoesOn(scaler) => self.deploy_goes_on(scaler),
            Control::Held(scaler, holds) => self.held(scaler, holds),
            Control::ProbeAlive(instance) => self.probe_alive(instance),
            Control::Probed(instance) => self.probed(instance),
            Control::Restart(instance, stamp) => self.restart(instance, stamp),
            Control::HostMissed(scaler, host, outage) => self.host_missed(scaler, host, outage),
            Control::Evict(scaler, host, outage) => self.evict(scaler, host, outage),
            Control::LookForRoom(id) => self.look_for_room(id),
            Control::Provisioned(id, host) => self.provisioned(id, host),
            Control::Shipped(member, stamp) => self.shipped(member, stamp),
            Control::Acknowledged(member, stamp) => self.acknowledged(member, stamp),
            Control::GoesOnWithout(member, stamp) => self.goes_on_without(member, stamp),
            Control::Detected(replication, term) => self.detected(replication, term),
            Control::Promoted(replication, term) => self.promoted(replication, term),
            Control::Noticed(member, stamp) => self.noticed(member, stamp),
        }
        self.date_controls();
    }

    fn open_window(&mut self) {
        let now = self.now;
        self.pools.iter_mut().for_each(|it| it.open(now));
        self.cpus.iter_mut().for_each(|it| it.open(now));
        self.rows.iter_mut().for_each(|it| it.open(now));
        self.volumes.iter_mut().for_each(|it| it.open(now));
        self.buffers.iter_mut().for_each(Buffer::open);
        self.accelerators.iter_mut().for_each(|it| it.open(now));
        self.connections.iter_mut().for_each(Connections::open_window);
        self.pipes.iter_mut().for_each(|it| it.open(now));
        self.moved.fill(0);
        self.replications.iter_mut().for_each(|it| it.open(now));
        self.queues.open(now);
        self.lives.iter_mut().for_each(|it| it.open(now));
        self.scalers.iter_mut().for_each(|it| it.open(now));
        self.restarts.counted.iter_mut().for_each(|it| *it = 0);
        self.hosts.open(self.network, now);
        self.sessions.open(now);
        self.presence.iter_mut().for_each(|it| it.open(now));
        self.troubles.open(now);
        self.computed_at_opening_ns = self.computed_ns();
        self.policies.open_window(now);
        self.wasted.clear();
        self.probe.opened(now);
        self.control(now + self.plan.slice, Control::Slice);
    }

    fn slice(&mut self) {
        self.count_backlog();
        self.probe.sliced(self.now, &self.backlog);
        self.tell_unsettled();
        self.tell_course();
        self.control(self.now + self.plan.slice, Control::Slice);
    }

    /// Attempts under way, whether or not anybody still waits for them, class by class.
    fn count_backlog(&mut self) {
        self.backlog.iter_mut().for_each(|count| *count = 0);
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.flags & (flag::LOG | flag::THINKS | flag::DELIVERS) == 0 {
                self.backlog[token.class] += 1;
            }
        }
    }

    /// Messages that are neither acknowledged nor given up, queue by queue.
    fn tell_unsettled(&mut self) {
        for queue in self.network.queues.ids() {
            self.probe.unsettled(queue, self.queues.unsettled(queue));
        }
    }

    /// The run cannot go on: it ends with the event at hand.
    #[cold]
    fn give_up_run(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.left = 1;
    }

    /// Measures what there is to measure and checks the laws that hold on every path.
    fn close_run(mut self) -> Result<(P, Usage), Failure> {
        self.count_backlog();
        self.probe.sliced(self.now, &self.backlog);
        self.tell_unsettled();
        self.tell_course();
        self.audit()?;
        let now = self.now;
        let computed_ns = self.computed_in_window_ns();
        let usage = Usage {
            pools: self.network.pools.map(|id, _| self.pools[id].measured(now)),
            cpus: self.network.hosts.map(|id, _| self.cpu_used_ns(id, &computed_ns)),
            cpus_lost: self.network.hosts.map(|_, host| {
                self.cpus[host.cpus.clone()].iter().map(Cpu::measured_lost_ns).sum()
            }),
            rows: self.network.locks.map(|id, _| self.rows[id].measured(now)),
            instances: self.network.instances.map(|id, _| self.instance_used_ns(id, &computed_ns)),
            volumes: self.volumes.map(|_, it| it.measured(now)),
            buffers: self.buffers.map(|_, it| it.measured()),
            accelerators: {
                let devices = &mut self.accelerators;
                self.network.accelerators.map(|id, _| devices[id].measured(now))
            },
            connects: self.connections.map(|_, it| it.measured()),
            replications: self.replications.map(|_, it| it.measured(now)),
            queues: self.network.queues.map(|id, _| self.queues.measured(now, id)),
            scalers: self.scalers.map(|_, it| it.measured(now)),
            restarts: self.restarts.counted.clone(),
            present_ns: self.lives.map(|_, it| it.present_ns(now)),
            hosts: self.hosts.of.map(|_, it| it.used),
            hosts_present_ns: self.hosts.present_ns(now),
            sessions: self.network.sessions.map(|id, _| self.sessions.area_ns(now, id)),
            policies: self.policies.measured(now),
            wasted: self.wasted,
            presence: self.presence.map(|_, it| it.measured(now)),
            wanted: self.scalers.map(|_, it| it.wanted.level()),
            hosts_left: {
                let hosts = &self.hosts;
                let network = self.network;
                network.provisioners.map(|id, _| hosts.count(network, id, Stage::There))
            },
            pipes: self.pipes.map(|_, it| it.measured_ns(now)),
            moved: self.moved,
            events: self.granted - (self.left - 1),
        };
        Ok((self.probe, usage))
    }

    /// Core-nanoseconds of each instance on cores that nobody else wants.
    fn computed_in_window_ns(&self) -> Table<InstanceId, f64> {
        let computed_ns = self.computed_ns();
        let before = &self.computed_at_opening_ns;
        computed_ns.map(|id, all| (all - before[id]) as f64)
    }

    fn cpu_used_ns(&mut self, host: HostId, computed_ns: &Table<InstanceId, f64>) -> f64 {
        let spec = &self.network.hosts[host];
        if spec.contended {
            return spec.cpus.clone().map_ids().map(|it| self.cpus[it].measured_ns(self.now)).sum();
        }
        spec.instances.iter().map(|it| computed_ns[*it]).sum()
    }

    fn instance_used_ns(&self, instance: InstanceId, computed_ns: &Table<InstanceId, f64>) -> f64 {
        let spec = &self.network.instances[instance];
        let host = &self.network.hosts[spec.host];
        if host.contended {
            let cpus = self.cpus[host.cpus.clone()].iter();
            return cpus.map(|it| it.measured_of_ns(spec.claimant)).sum();
        }
        computed_ns[instance]
    }

    #[inline]
    fn draw(&self, token: TokenId, purpose: u64) -> Draw {
        self.keys.draw(self.tokens[token].key, purpose)
    }
}
