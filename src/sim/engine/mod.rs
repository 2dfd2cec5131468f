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
mod checks;
mod connections;
mod controls;
mod deploys;
mod disks;
mod ends;
mod failover;
mod failures;
mod faults;
mod giving_back;
mod interruptions;
mod links;
mod liveness;
mod measuring;
mod opening;
mod plan;
mod policies;
mod provisioning;
mod queues;
mod replication;
mod rescheduling;
mod resets;
mod restarts;
mod scaling;
mod sessions;
mod sound;
mod steps;
mod taking_back;
mod vertical;
mod waste;
mod whereabouts;

use liveness::Probes;
use restarts::Restarts;

use super::accelerator::Accelerator;
use super::arrivals::Arrivals;
use super::buffer::Buffer;
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
use super::policies::Policies;
use super::pool::Pool;
use super::presence::Presence;
use super::probe::Probe;
use super::provisioning::{Hosts, Stage};
use super::queue::Queues;
use super::replication::Replication;
use super::rows::Rows;
use super::scaling::{Crowds, Lives, ScalerState};
use super::sessions::Sessions;
use super::token::{NOBODY, Token, TokenId, Tokens, Wait, flag};
use super::volume::Volume;
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
use admission::Gate;
use controls::Control;
use failures::Troubles;
pub use measuring::Usage;
pub use plan::{Failure, Plan};
use sessions::Comings;
use sound::Named;
use std::collections::VecDeque;
pub use waste::Wasted;

/// Runs one replication of `network` and audits it.
pub fn run<P: Probe>(network: &Network, plan: &Plan, probe: P) -> Result<(P, Usage), Failure> {
    Run::open(network, plan, probe).close()
}

/// A run that is played piece by piece, for those who want to know how far it has come. The pieces change
/// nothing of it.
pub struct Run<'n, P>(Engine<'n, P>);

impl<'n, P: Probe> Run<'n, P> {
    pub fn open(network: &'n Network, plan: &Plan, probe: P) -> Run<'n, P> {
        let mut engine = Engine::new(network, plan, probe);
        engine.open_run();
        Run(engine)
    }

    /// Plays all that happens before a time in the window.
    pub fn play_until(&mut self, in_window: Span) -> Result<(), Failure> {
        let Plan { warm_up, window, .. } = self.0.plan;
        self.0.play(Time::ZERO + warm_up + in_window.min(window))
    }

    /// Plays what is left, and audits it.
    pub fn close(mut self) -> Result<(P, Usage), Failure> {
        self.play_until(self.0.plan.window)?;
        self.0.close_run()
    }
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

impl<P: Probe> Engine<'_, P> {
    /// Not in line: only as an argument is the engine known to overlap with nothing else.
    #[inline(never)]
    fn play(&mut self, until: Time) -> Result<(), Failure> {
        let steps = self.network.steps.as_slice();
        loop {
            let (at, order, slot) = self.lanes.first();
            let once = self.once.peek();
            let is_once = earlier(once, (at, order));
            let next = if is_once { once.0 } else { at };
            if next >= until {
                self.now = until;
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
        let ring = &mut self.rings[delay];
        let is_first = ring.is_empty();
        ring.push(at, order, event);
        if is_first {
            self.date_ring(delay);
        }
    }

    /// The run cannot go on: it ends with the event at hand.
    #[cold]
    fn give_up_run(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.left = 1;
    }

    #[inline]
    fn draw(&self, token: TokenId, purpose: u64) -> Draw {
        self.keys.draw(self.tokens[token].key, purpose)
    }
}
