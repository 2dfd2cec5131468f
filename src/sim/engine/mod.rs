//! The engine: moves the clock from event to event and requests from step to step.
//!
//! Three-phase event scheduling (K. D. Tocher, "The Art of Simulation", 1963): (A) move the clock
//! to the next event, (B) carry that event out, (C) advance every request that it set free, before
//! the clock moves again.

mod caches;
mod calls;
mod connections;
mod disks;
mod ends;
mod faults;
mod policies;
mod steps;
mod taking_back;
mod waste;

use super::arrivals::Arrivals;
use super::buffer::{Buffer, Reads};
use super::cache::Store;
use super::calendar::{Lanes, OneShot, Ring, earlier};
use super::connections::Connections;
use super::cpu::Cpu;
use super::family::Families;
use super::log::Log;
use super::meter::Meter;
use super::policies::{Policies, PoliciesSeen};
use super::pool::{Area, Pool};
use super::probe::Probe;
use super::rows::Rows;
use super::token::{NOBODY, Token, TokenId, Tokens, Wait, flag};
use super::volume::{Limited, Volume};
use crate::ids::{Id, Table};
use crate::network::{
    Arrival, BufferId, CacheId, Class, ClassId, ConnectionsId, DelayId, GuardId, HostId,
    InstanceId, LockId, Network, VolumeId,
};
use crate::network::{PoolId, ServiceId, Step, StepId};
use crate::parts::balance::{Candidate, State as Balancer};
use crate::parts::policy::health::Belief;
use crate::rng::{self, Draw, Keys};
use crate::units::{Span, Time};
use caches::stores;
use std::collections::VecDeque;
pub use waste::Wasted;

/// How one replication is to be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    pub seed: u64,
    pub replication: u32,
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
    /// More attempts were under way than are worth keeping: work piles up without a bound.
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
    /// Waiter-nanoseconds.
    pub rows: Table<LockId, u128>,
    /// Core-nanoseconds of each instance.
    pub instances: Table<InstanceId, f64>,
    pub volumes: Table<VolumeId, Limited>,
    pub buffers: Table<BufferId, Reads>,
    /// Connections that were opened.
    pub connects: Table<ConnectionsId, u64>,
    pub policies: PoliciesSeen,
    pub wasted: Wasted,
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
    /// It has computed on a core that nobody else wanted.
    Computed,
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

/// Requests inside at a time beyond which a run is given up: some gigabytes of tokens.
const INSIDE_MAX: u32 = 8_000_000;
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
            1 => Kind::Computed,
            2 => Kind::Send,
            3 => Kind::Timeout,
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
    InstanceUp(InstanceId, u32),
    Check(InstanceId),
    CheckTimedOut(InstanceId),
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
    /// Computing on cores that nobody else wants.
    computing: Meter,
    workers: PoolId,
    /// The places at its host's disk, if that has one.
    disk: Option<PoolId>,
    state: Health,
    belief: Belief,
    /// Times that it went down: what was planned for it before is void.
    stamp: u32,
}

/// Where the requests of a class come from, and with what they begin.
struct Source<'n> {
    arrivals: Arrivals<'n>,
    /// What the keys of its requests are made from.
    key: u64,
    guard: GuardId,
    first: StepId,
}

impl<'n> Source<'n> {
    fn new(network: &'n Network, keys: Keys, class: &'n Class) -> Self {
        let (rates, gaps) = match &class.arrival {
            Arrival::Open { rates } => (&rates[..], None),
            Arrival::Renewal { gap } => (&[][..], Some(gap)),
            Arrival::Closed { .. } => (&[][..], None),
        };
        Source {
            arrivals: Arrivals::new(keys.arrivals(class.key), rates, gaps),
            key: keys.class(class.key),
            guard: class.guard,
            first: network.guards[class.guard].first,
        }
    }
}

/// What a slot of the lanes dates.
#[derive(Clone, Copy, Debug)]
enum Lane {
    Arrival(ClassId),
    Ring(DelayId),
    Cpu(HostId),
    Control,
}

/// The slots that there are: the next arrival of each class, the head of each ring, the earliest
/// finish on each shared CPU, the next control.
fn lanes(network: &Network) -> Vec<Lane> {
    let shared = network.hosts.ids().filter(|it| network.hosts[*it].contended);
    let arrivals = network.classes.ids().map(Lane::Arrival);
    let rings = network.delays.ids().map(Lane::Ring);
    arrivals.chain(rings).chain(shared.map(Lane::Cpu)).chain([Lane::Control]).collect()
}

/// Requests that are neither answered nor failed yet.
#[derive(Default)]
struct Inside {
    requests: Meter,
    born: u64,
    resolved: u64,
    /// Sum of the stays of those resolved.
    stays_ns: u128,
}

impl Inside {
    #[inline]
    fn enter(&mut self, now: Time) {
        self.requests.up(now);
        self.born += 1;
    }
    #[inline]
    fn resolve(&mut self, now: Time, born: Time) {
        self.requests.down(now);
        self.resolved += 1;
        self.stays_ns += u128::from((now - born).nanos());
    }
}

struct Engine<'n, P> {
    network: &'n Network,
    plan: Plan,
    keys: Keys,
    now: Time,
    events: u64,
    sequence: u64,
    once: OneShot<Event>,
    lanes: Lanes,
    slots: Vec<Lane>,
    rings: Table<DelayId, Ring<Event>>,
    controls: OneShot<Control>,
    ready: VecDeque<TokenId>,
    tokens: Tokens,
    pools: Table<PoolId, Pool>,
    cpus: Table<HostId, Option<Cpu>>,
    /// The slot of each shared CPU.
    cpu_slots: Table<HostId, usize>,
    instances: Table<InstanceId, Instance>,
    /// Instance-nanoseconds of computing up to the window's opening.
    computed_at_opening_ns: Table<InstanceId, u128>,
    candidates: Table<InstanceId, Candidate>,
    balancers: Table<ServiceId, Balancer>,
    /// How many instances of each service are believed to be down.
    ejected: Table<ServiceId, u32>,
    logs: Table<InstanceId, Option<Log>>,
    rows: Table<LockId, Rows>,
    volumes: Table<VolumeId, Volume>,
    buffers: Table<BufferId, Buffer>,
    connections: Table<ConnectionsId, Connections>,
    /// What each cache holds, by instance; one store where they have it together.
    stores: Table<CacheId, Vec<Store>>,
    policies: Policies,
    families: Families,
    /// Whose work is to be taken back, as they were then; and whose only work that is.
    doomed: Vec<(TokenId, u32)>,
    taker: TokenId,
    /// Whether work may be done in vain, and what was since the window opened.
    wastes: bool,
    wasted: Wasted,
    sources: Table<ClassId, Source<'n>>,
    /// Requests made so far by each user of a closed class.
    rounds: Table<ClassId, Vec<u32>>,
    /// How many faults hold each host down, and how often it went down.
    down: Table<HostId, u32>,
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
        let keys = Keys::new(plan.seed, plan.replication);
        let slots = lanes(network);
        let shared = |host| slots.iter().position(|it| matches!(it, Lane::Cpu(it) if *it == host));
        Engine {
            network,
            plan: *plan,
            keys,
            now: Time::ZERO,
            events: 0,
            sequence: 0,
            once: OneShot::with_capacity(1024),
            lanes: Lanes::new(slots.len()),
            cpu_slots: network.hosts.map(|id, _| shared(id).unwrap_or(usize::MAX)),
            slots,
            rings: network.delays.map(|_, _| Ring::new()),
            controls: OneShot::with_capacity(64),
            ready: VecDeque::with_capacity(1024),
            tokens: Tokens::with_capacity(4096),
            pools: network.pools.map(|_, it| Pool::new(it)),
            cpus: network.hosts.map(|_, host| {
                let claims = host.instances.iter().map(|it| &network.instances[*it]);
                host.contended
                    .then(|| Cpu::new(host.cores, claims.map(|it| (it.cpu_weight, it.cpu_limit))))
            }),
            instances: network.instances.map(|_, it| Instance {
                computing: Meter::default(),
                workers: it.workers,
                disk: network.hosts[it.host].disk,
                state: Health::Up,
                belief: Belief::default(),
                stamp: 0,
            }),
            computed_at_opening_ns: network.instances.map(|_, _| 0),
            candidates: network.instances.map(|_, _| Candidate { outstanding: 0, healthy: true }),
            balancers: network.services.map(|_, _| Balancer::default()),
            ejected: network.services.map(|_, _| 0),
            logs: network.instances.map(|_, _| None),
            rows: network.locks.map(|_, it| Rows::new(it.count)),
            volumes: network.volumes.map(|_, it| Volume::new(it)),
            buffers: network.buffers.map(|_, it| Buffer::new(it)),
            connections: network.connections.map(|_, it| Connections::new(it)),
            stores: network.caches.map(|_, it| stores(network, it, keys)),
            policies: Policies::new(network),
            families: Families::with_capacity(if network.has_families { 4096 } else { 0 }),
            doomed: Vec::with_capacity(if network.take_back.is_some() { 1024 } else { 0 }),
            taker: TokenId::LAST,
            wastes: network.may_waste || !network.faults.is_empty(),
            wasted: Wasted::new(network),
            sources: network.classes.map(|_, it| Source::new(network, keys, it)),
            rounds: network.classes.map(|_, it| match it.arrival {
                Arrival::Closed { users, .. } => vec![0; users as usize],
                Arrival::Open { .. } | Arrival::Renewal { .. } => Vec::new(),
            }),
            down: network.hosts.map(|_, _| 0),
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
        if let Some(first) = self.network.take_back {
            let (class, guard) = (ClassId::default(), GuardId::LAST);
            self.taker = self.tokens.admit(class, guard, first, 0, Time::ZERO);
            self.tokens[self.taker].flags = flag::LOG;
        }
        self.control(Time::ZERO + self.plan.warm_up, Control::Open);
        for (i, fault) in self.network.faults.iter().enumerate() {
            self.control(fault.at, Control::FaultBegins(i as u32));
            self.control(fault.until, Control::FaultEnds(i as u32));
        }
        if !self.network.faults.is_empty() {
            self.open_checks();
        }
        for class in self.network.classes.ids() {
            match &self.network.classes[class].arrival {
                Arrival::Open { .. } | Arrival::Renewal { .. } => self.expect_arrival(class),
                Arrival::Closed { users, .. } => {
                    (0..*users).for_each(|user| self.think(class, user));
                }
            }
        }
    }

    fn open_logs(&mut self) {
        for (id, instance) in
            self.network.instances.ids().map(|id| (id, &self.network.instances[id]))
        {
            let Some(log) = instance.log else { continue };
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
        while self.events <= self.plan.events_max {
            let (at, order, slot) = self.lanes.first();
            let once = self.once.peek();
            let is_once = earlier(once, (at, order));
            let next = if is_once { once.0 } else { at };
            if next >= close {
                self.now = close;
                return Ok(());
            }
            self.now = next;
            self.events += 1;
            let first = if is_once { self.event() } else { self.lane(slot) };
            let mut ready = first.or_else(|| self.ready.pop_front());
            while let Some(token) = ready {
                self.advance(token);
                ready = self.ready.pop_front();
            }
        }
        Err(self.failure.unwrap_or(Failure::TooManyEvents { at: self.now }))
    }

    /// Carries out the earliest one-shot event; returns the token that goes on first, if one does.
    #[inline(always)]
    fn event(&mut self) -> Option<TokenId> {
        let event = self.once.pop()?.event;
        if self.is_void(event) { None } else { self.happen(event) }
    }

    /// Carries out what a slot was due for; returns the token that goes on first, if one does.
    #[inline(always)]
    fn lane(&mut self, slot: usize) -> Option<TokenId> {
        if let Lane::Arrival(class) = self.slots[slot] {
            return Some(self.arrive(class));
        }
        self.other_lane(slot);
        None
    }

    #[inline(never)]
    fn other_lane(&mut self, slot: usize) {
        match self.slots[slot] {
            Lane::Arrival(_) => {}
            Lane::Ring(delay) => self.ring(delay),
            Lane::Cpu(host) => self.cpu_finish(host),
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
        match event.kind() {
            Kind::Done | Kind::Computed if self.tokens[id].is(flag::HUNG) => None,
            Kind::Done => {
                self.tokens[id].wait = Wait::Moving;
                Some(id)
            }
            Kind::Computed => {
                self.stop_computing(id);
                Some(id)
            }
            kind => self.happen_rarely(kind, id),
        }
    }

    #[inline(never)]
    fn happen_rarely(&mut self, kind: Kind, id: TokenId) -> Option<TokenId> {
        match kind {
            Kind::Done | Kind::Computed => {}
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
            Control::InstanceUp(instance, stamp) => self.instance_up(instance, stamp),
            Control::Check(instance) => self.check(instance),
            Control::CheckTimedOut(instance) => self.checked(instance, false),
        }
        self.date_controls();
    }

    fn open_window(&mut self) {
        let now = self.now;
        self.pools.iter_mut().for_each(|it| it.open(now));
        self.cpus.iter_mut().flatten().for_each(|it| it.open(now));
        self.rows.iter_mut().for_each(|it| it.open(now));
        self.volumes.iter_mut().for_each(|it| it.open(now));
        self.buffers.iter_mut().for_each(Buffer::open);
        self.connections.iter_mut().for_each(Connections::open_window);
        self.policies.open_window(now);
        self.wasted.clear();
        self.computed_at_opening_ns = self.instances.map(|_, it| it.computing.area_ns(now));
        self.probe.opened(now);
        self.control(now + self.plan.slice, Control::Slice);
    }

    fn slice(&mut self) {
        self.count_backlog();
        self.probe.sliced(self.now, &self.backlog);
        self.control(self.now + self.plan.slice, Control::Slice);
    }

    /// Attempts under way, whether or not anybody still waits for them, class by class.
    fn count_backlog(&mut self) {
        self.backlog.iter_mut().for_each(|count| *count = 0);
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.flags & (flag::LOG | flag::THINKS) == 0 {
                self.backlog[token.class] += 1;
            }
        }
    }

    /// The run cannot go on: it ends with the event at hand.
    #[cold]
    fn give_up_run(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.plan.events_max = 0;
    }

    /// Measures what there is to measure and checks the laws that hold on every path.
    fn close_run(mut self) -> Result<(P, Usage), Failure> {
        self.count_backlog();
        self.probe.sliced(self.now, &self.backlog);
        self.audit()?;
        let now = self.now;
        let usage = Usage {
            pools: self.network.pools.map(|id, _| self.pools[id].measured(now)),
            cpus: self.network.hosts.map(|id, _| self.cpu_used_ns(id)),
            rows: self.network.locks.map(|id, _| self.rows[id].measured_line_ns(now)),
            instances: self.network.instances.map(|id, _| self.instance_used_ns(id)),
            volumes: self.volumes.map(|_, it| it.measured(now)),
            buffers: self.buffers.map(|_, it| it.measured()),
            connects: self.connections.map(|_, it| it.measured()),
            policies: self.policies.measured(now),
            wasted: self.wasted,
            events: self.events,
        };
        Ok((self.probe, usage))
    }

    fn cpu_used_ns(&mut self, host: HostId) -> f64 {
        if let Some(cpu) = &mut self.cpus[host] {
            return cpu.measured_ns(self.now);
        }
        let instances = self.network.hosts[host].instances.iter();
        let used = instances.map(|it| {
            self.instances[*it].computing.area_ns(self.now) - self.computed_at_opening_ns[*it]
        });
        used.sum::<u128>() as f64
    }

    fn instance_used_ns(&self, instance: InstanceId) -> f64 {
        let spec = &self.network.instances[instance];
        match &self.cpus[spec.host] {
            Some(cpu) => cpu.measured_of_ns(spec.claimant),
            None => {
                let area_ns = self.instances[instance].computing.area_ns(self.now);
                (area_ns - self.computed_at_opening_ns[instance]) as f64
            }
        }
    }

    fn audit(&mut self) -> Result<(), Failure> {
        let now = self.now;
        let broken = |law, what, index| Failure::Broken { law, what, index };
        let holders = self.holders();
        for id in self.network.pools.ids() {
            let audit = self.pools[id].audit(&self.tokens, now, holders[id]);
            audit.map_err(|law| broken(law, "pool", id.index()))?;
        }
        self.audit_devices()?;
        self.audit_waits().map_err(|law| broken(law, "system", 0))?;
        for id in self.network.locks.ids() {
            let audit = self.rows[id].audit(&self.tokens, now);
            audit.map_err(|law| broken(law, "lock", id.index()))?;
        }
        for id in self.network.hosts.ids() {
            let Some(cpu) = &mut self.cpus[id] else { continue };
            cpu.audit(now).map_err(|law| broken(law, "cpu", id.index()))?;
        }
        self.audit_requests().map_err(|law| broken(law, "system", 0))
    }

    fn audit_devices(&self) -> Result<(), Failure> {
        let broken = |law, what, index| Failure::Broken { law, what, index };
        for id in self.network.volumes.ids() {
            let audit = self.volumes[id].audit(self.now);
            audit.map_err(|law| broken(law, "volume", id.index()))?;
        }
        if self.network.connections.is_empty() {
            return Ok(());
        }
        let mut users = self.network.connections.map(|_, _| 0);
        self.each_to_give_back(|token, step| {
            let Step::Disconnect { pool, depth } = self.network.steps[step] else { return };
            let pool = self.network.instances[token.held(depth)].pool(pool);
            users[self.network.pools[pool].connections.expect("they are opened")] += 1;
        });
        for id in self.network.connections.ids() {
            let audit = self.connections[id].audit(&self.network.connections[id], users[id]);
            audit.map_err(|law| broken(law, "connections", id.index()))?;
            let to = self.network.connections[id].to;
            let most = self.network.connections_of(to);
            if most.is_some_and(|most| self.connections_to(to) > most) {
                let law = "more connections than the service takes";
                return Err(broken(law, "service", to.index()));
            }
        }
        Ok(())
    }

    /// How many tokens hold a place of each pool.
    fn holders(&self) -> Table<PoolId, u32> {
        let mut holders = self.network.pools.map(|_, _| 0);
        self.each_to_give_back(|token, step| {
            if let Some(pool) = self.pool_given_back(token, step) {
                holders[pool] += 1;
            }
        });
        holders
    }

    /// Looks at all that every token has yet to give back.
    fn each_to_give_back(&self, mut look: impl FnMut(&Token, StepId)) {
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.flags & (flag::THINKS | flag::WAITS_TO_RETRY) != 0 {
                continue;
            }
            let mut at = self.first_to_give_back(token);
            while let Some(step) = at {
                look(token, step);
                at = self.next_to_give_back(token, step);
            }
        }
    }

    /// The pool that a step gives back to, for a token there.
    fn pool_given_back(&self, token: &Token, step: StepId) -> Option<PoolId> {
        let instance = |depth| &self.network.instances[token.held(depth)];
        match self.network.steps[step] {
            Step::Leave { depth, .. } => Some(instance(depth).workers),
            Step::Return { pool, depth } => Some(instance(depth).pool(pool)),
            Step::Vacate { depth } | Step::Free { depth } => {
                self.network.hosts[instance(depth).host].disk
            }
            Step::Flushed { depth } => self.network.hosts[instance(depth).host].log,
            _ => None,
        }
    }

    /// Requests born = answered + failed + still inside, and Little's law for the whole system.
    fn audit_requests(&mut self) -> Result<(), &'static str> {
        let mut still = 0;
        let mut stays_ns = self.inside.stays_ns;
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.parent == NOBODY && self.is_asked_for(token) {
                still += 1;
                stays_ns += u128::from((self.now - token.born).nanos());
            }
        }
        match () {
            () if self.inside.born != self.inside.resolved + still => Err("requests were lost"),
            () if still != u64::from(self.inside.requests.level()) => {
                Err("requests inside are miscounted")
            }
            () if stays_ns != self.inside.requests.area_ns(self.now) => {
                Err("Little's law fails for the system")
            }
            () => Ok(()),
        }
    }

    /// Whether a client is waiting for this very token.
    fn is_asked_for(&self, token: &Token) -> bool {
        token.flags & (flag::ORPHAN | flag::CUT | flag::LOG | flag::THINKS) == 0
    }

    #[inline]
    fn draw(&self, token: TokenId, purpose: u64) -> Draw {
        Draw::at(self.tokens[token].key, purpose)
    }
}
