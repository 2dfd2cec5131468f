//! A compiled model: flat tables of ids, read-only while it runs and shared by all threads.
//!
//! There are no names here and nothing is left to parse: [`Names`] travels beside it, for reports.

mod fault;
mod replication;

pub use fault::{Failing, Fault, FaultStyle, LinkTrouble, Slow, When};
pub use replication::{Acknowledged, Failover, Readers, Replication};

use crate::ids::{Id, Table, id};
use crate::parts::balance::{Careful, Rule};
use crate::parts::cache::Evict;
use crate::parts::device::buffer::HitCurve;
use crate::parts::distribution::{CountLaw, Law, Misses, Zipf};
use crate::parts::law::switching::Switching;
use crate::parts::operation::deploy::Deploy;
use crate::parts::operation::disruption::Disruption;
use crate::parts::operation::liveness::Liveness;
use crate::parts::operation::reschedule::Reschedule;
use crate::parts::operation::restart::Restart;
use crate::parts::policy::breaker::Breaker;
use crate::parts::policy::budget::Budget;
use crate::parts::policy::codel::Codel;
use crate::parts::policy::health::Health;
use crate::parts::policy::outlier_ejection::OutlierEjection;
use crate::parts::policy::rate_limit::Bucket;
use crate::parts::policy::retry::Tries;
use crate::parts::queue::Full;
use crate::parts::scaling::Scaling;
use crate::parts::scaling::metric::requested;
use crate::units::{Span, Time};
use std::ops::Range;
use std::sync::Arc;

id!(ZoneId);
id!(GroupId);
id!(HostId);
id!(
    /// Cores that share all work there is for them: those of a host, or each of them by itself where
    /// programs stick to theirs.
    CpuId
);
id!(ServiceId);
id!(InstanceId);
id!(PoolId);
id!(
    /// Pools that are reported as one: the workers of a service, one of its named pools, or the
    /// disks of a host group.
    PoolGroupId
);
id!(ClassId);
id!(StepId);
id!(WorkId);
id!(VisitId);
id!(AccessId);
id!(
    /// A disk that can do only so much in a second, however much is under way.
    VolumeId
);
id!(
    /// The memory of an instance that answers reads.
    BufferId
);
id!(
    /// The connections of a pool that must be opened.
    ConnectionsId
);
id!(
    /// The accelerators of one host.
    AcceleratorId
);
id!(InferenceId);
id!(
    /// One direction of a link with a bandwidth.
    PipeId
);
id!(
    /// How large what a call sends, and what comes back, are.
    MessagesId
);
id!(LockId);
id!(ChoiceId);
id!(CacheId);
id!(LookId);
id!(QueueId);
id!(SessionId);
id!(SendId);
id!(GuardId);
id!(
    /// What a caller does beyond patience and retries.
    PolicyId
);
id!(BreakerId);
id!(BudgetId);
id!(HedgeId);
id!(ForkId);
id!(
    /// A balancer that looks at more than who works and how much each has to do.
    CarefulId
);
id!(
    /// Who decides how many instances a service has.
    ScalerId
);
id!(
    /// What adds hosts to a group and removes them.
    ProvisionerId
);
id!(
    /// The rules by which a service lets requests in.
    AdmissionId
);
id!(
    /// The instances of a service of which one takes writes.
    ReplicationId
);
id!(
    /// One constant delay; whatever waits that long leaves in the order it came.
    DelayId
);

/// How many instances a request is inside of: the nesting of its calls.
pub type Depth = u8;
pub const DEPTH_MAX: usize = 8;
/// The depth above all instances.
pub const CLIENT: Depth = Depth::MAX;

/// One instruction of a request's program. A request in progress is a place in `Network::steps`.
///
/// `depth` says at which of the nested instances it takes place. Where a step fails, the request
/// goes on at `Network::unwind` of that step: the innermost thing it must give back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Choose an instance of the visited service and cross over to it.
    Call { visit: VisitId, depth: Depth },
    /// Take one of its workers, or wait in line for one. Always follows `Call`.
    Seize { visit: VisitId, depth: Depth },
    /// Give the worker back and cross over to the caller.
    Leave { visit: VisitId, depth: Depth },
    /// Take a connection of the instance's pool, or wait for one.
    Borrow { pool: u16, depth: Depth },
    /// Give the connection back.
    Return { pool: u16, depth: Depth },
    /// Go on at `to` with a connection that is open already; if there is none, open one first.
    Connect { pool: u16, depth: Depth, to: StepId },
    /// Let it rest, or lose it if what was asked through it failed.
    Disconnect { pool: u16, depth: Depth },
    /// Compute where nobody can ever be in the way.
    Delay { work: WorkId, depth: Depth },
    /// Wait for a core to wake up, if one sleeps. Always followed by `Compute`.
    Wake { work: WorkId, depth: Depth },
    /// Compute on the host's shared CPU.
    Compute { work: WorkId, depth: Depth },
    /// Before computing or waiting with nothing in hand but a worker: let somebody who matters more
    /// have it first.
    GiveWay { depth: Depth },
    /// Let time pass.
    Wait { work: WorkId },
    /// Find out how many accesses to the disk there are to make; skip the next three steps if none.
    Access { access: AccessId, depth: Depth },
    /// Take a place at the disk, or wait in line for it.
    Occupy { depth: Depth },
    /// Use it for one access.
    Transfer { access: AccessId },
    /// Give it back; once more from `Occupy` if accesses are left.
    Vacate { depth: Depth },
    /// `Access` where a buffer, a limited rate or chunks have a say; skip the next four steps if
    /// there is none to make.
    Read { access: AccessId, depth: Depth },
    /// `Transfer` there.
    Move { access: AccessId, depth: Depth },
    /// Give the disk back there.
    Free { depth: Depth },
    /// Once more from `Occupy`, when it is time, if accesses are left.
    Again { access: AccessId },
    /// Send a branch that nobody waits for.
    Spawn { fork: ForkId, depth: Depth },
    /// Wait until the log's next flush is over.
    Commit { depth: Depth },
    /// Wait until enough standbys have flushed it too. Always follows `Commit` where there are any.
    Replicate { depth: Depth },
    /// A standby's own program, behind `Commit`: it has flushed what had come from the primary.
    Received { depth: Depth },
    /// Have the host's accelerators do something, or wait in line for them.
    Infer { inference: InferenceId, depth: Depth },
    /// Hold a row.
    Lock { lock: LockId, work: WorkId },
    /// Let go of it.
    Unlock { lock: LockId, depth: Depth },
    /// Look into a cache; go on behind the miss if it is there.
    Look { look: LookId },
    /// What was missing has been fetched: store it.
    Fill { look: LookId },
    /// Put a message into a queue.
    Send { send: SendId },
    /// Go on at one of several places, by chance.
    Choose { choice: ChoiceId },
    /// Go on elsewhere.
    Jump { to: StepId },
    /// Send an attempt of a guarded call and wait for how it ends; `CLIENT` is the depth of who is
    /// inside of no instance.
    Guarded { guard: GuardId, depth: Depth },
    /// Fail if the deadline has passed.
    Due,
    /// Fail by chance: the first option of the choice.
    Fail { choice: ChoiceId },
    /// Send branches and wait for enough of them.
    Fork { fork: ForkId, depth: Depth },
    /// The program of whoever takes work back that nobody waits for: do so, once all others rest.
    TakeBack,
    /// The log's own program: let more commits gather, if it is worth it.
    Gather { depth: Depth },
    /// The log's own program: take a place at its disk, or wait in line for it.
    Ask { depth: Depth },
    /// The log's own program: use the disk for one flush.
    Flush { depth: Depth },
    /// The log's own program: answer all that waited for this flush.
    Flushed { depth: Depth },
    /// The answer, or the failure, reaches whoever asked.
    End,
}
const _: () = assert!(size_of::<Step>() <= 12);

/// A machine.
#[derive(Clone, Debug)]
pub struct Host {
    pub group: GroupId,
    pub zone: ZoneId,
    pub cores: u32,
    /// Whether its instances can ever want more CPU than there is.
    pub contended: bool,
    /// Its CPUs, if it is contended.
    pub cpus: Range<CpuId>,
    /// Work shorter than this is done by the core that its program is at home on.
    pub affinity: Option<Span>,
    /// Whether its cores are any of these: at home to programs, to be woken, switched at a cost.
    pub costly: bool,
    /// What it takes to wake a core, and to switch it between requests.
    pub wake: Option<Wake>,
    pub switch: Option<Switching>,
    /// The places at its disk, and what else limits it.
    pub disk: Option<PoolId>,
    pub volume: Option<VolumeId>,
    /// The same of the disk that its logs flush to, which may be that one.
    pub log: Option<PoolId>,
    pub log_volume: Option<VolumeId>,
    pub accelerator: Option<AcceleratorId>,
    pub boot: Span,
    pub instances: Vec<InstanceId>,
}

/// What it takes to wake a core: how long, and the CPU time besides.
#[derive(Clone, Debug)]
pub struct Wake {
    pub delay: Law,
    pub cpu: Span,
}

/// Machines that are alike, as the model file names them.
#[derive(Clone, Debug)]
pub struct Group {
    pub hosts: Range<HostId>,
    pub disks: Option<PoolGroupId>,
    /// Money per hour of each host.
    pub price_per_hour: f64,
    /// How long it takes to replace a host that is lost for good.
    pub provision: Option<Law>,
    pub provisioner: Option<ProvisionerId>,
}

/// What adds hosts to a group and removes them. Hosts are laid out for as many as there may ever be.
#[derive(Clone, Debug)]
pub struct Provisioner {
    pub group: GroupId,
    /// How many there are when a run opens, and at least.
    pub first: u32,
    pub min: u32,
    pub takes: Law,
    pub scan_interval: Span,
    /// Thousandths of a core of each, and those below which it is hardly used.
    pub room: u64,
    pub used: u64,
    pub unneeded: Span,
    pub delay_after_add: Span,
    pub key: u64,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub instances: Range<InstanceId>,
    pub balance: Rule,
    /// How it balances, if that takes more than the rule.
    pub careful: Option<CarefulId>,
    pub health: Option<Health>,
    pub ejection: Option<OutlierEjection>,
    /// Whether one of its instances takes writes, and the others follow.
    pub replication: Option<ReplicationId>,
    pub start: Law,
    /// Who decides how many of the instances there are, if they come and go.
    pub scaler: Option<ScalerId>,
    /// How an instance that crashes is started again, if not by the end of what it crashed from.
    pub restart: Option<Restart>,
    /// What has an instance killed that does not answer.
    pub liveness: Option<Liveness>,
    /// Whether instances get requests only when they have started.
    pub readiness: bool,
    /// What each instance requests of its host's cores, in thousandths; 0 where that is not said.
    pub request: u64,
    /// How it lets requests in, if not first come, first served.
    pub admission: Option<AdmissionId>,
    /// Key of the balancer's and the health checks' draws.
    pub key: u64,
}

/// A service's controller of instances. Its instances are laid out for as many as there may ever be.
#[derive(Clone, Debug)]
pub struct Scaler {
    pub service: ServiceId,
    pub spec: Scaling,
    /// How many the service says that it begins with.
    pub first: u32,
    /// What each requests of a CPU, in thousandths of a core.
    pub request: u64,
    /// A new version that is brought out.
    pub deploy: Option<Deploy>,
    /// How many must be left ready.
    pub disruption: Option<Disruption>,
    /// When those of a host that is gone are started elsewhere, if they are.
    pub reschedule: Option<Reschedule>,
    /// How long an instance may go on that is no longer wanted.
    pub grace: Span,
}

/// A running copy of a service. Its pools lie behind its workers, in the order of the file.
#[derive(Clone, Debug)]
pub struct Instance {
    pub service: ServiceId,
    pub host: HostId,
    /// Which of the claimants of its host's CPU it is.
    pub claimant: u32,
    pub workers: PoolId,
    pub pools: u16,
    /// Weight and limit in cores, as cgroups have them.
    pub cpu_weight: f64,
    pub cpu_limit: f64,
    /// The law of one flush of its log, if it commits.
    pub log: Option<Log>,
    /// Its memory, if that answers reads.
    pub buffer: Option<BufferId>,
}

impl Instance {
    /// Its n-th named pool.
    ///
    /// # Panics
    /// If it has fewer.
    #[inline]
    pub fn pool(&self, n: u16) -> PoolId {
        assert!(n < self.pools, "it has such a pool");
        PoolId::new(self.workers.index() + 1 + n as usize)
    }
}

#[derive(Clone, Debug)]
pub struct Log {
    pub sync: Law,
    pub key: u64,
    /// What a flush costs where its disk is limited.
    pub costs: Costs,
    /// How long it waits before a flush, and how many others must be at work for that.
    pub gather: Option<(Span, u32)>,
    /// Its program: Gather, Ask, Flush, Flushed.
    pub first: StepId,
    /// The program by which a standby takes in what comes from the primary: Commit, Received.
    pub receive: StepId,
}

/// What is held while working, and the line in front of it.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub group: PoolGroupId,
    pub size: u32,
    pub line_max: u32,
    pub patience: Option<DelayId>,
    pub connections: Option<ConnectionsId>,
}

/// Connections of a pool of one instance that must be opened before they are used.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    pub pool: PoolId,
    /// Whose they are, and where to.
    pub owner: InstanceId,
    pub to: ServiceId,
    /// At most so many, and at least so many once they have been opened.
    pub size: u32,
    pub minimum: u32,
    /// How long one may rest.
    pub idle: Option<Span>,
}

/// By what rules requests get a worker of a service, beyond one after the other.
#[derive(Clone, Debug)]
pub struct Admission {
    pub order: Order,
    pub patience: Option<Patience>,
    pub codel: Option<Codel>,
    /// Whether nobody is served who is no longer waited for.
    pub discard_expired: bool,
    pub limits: Vec<RateLimit>,
    pub sheds: Vec<Shed>,
}

/// Who in line goes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Whoever came first.
    First,
    /// Whoever came last, while more than so many wait.
    Last { above: u32 },
    /// The level of each class, of so many; the least goes first.
    Levels { of: Vec<u16>, count: u16, preemptive: bool },
    /// Each class in turn, by these weights.
    Fair { weights: Vec<f64> },
    /// Whoever has the least to do in its first step.
    Shortest,
}

impl Order {
    /// Whether whoever comes may take the place of somebody at work.
    pub fn preempts(&self) -> bool {
        matches!(self, Order::Levels { preemptive: true, .. })
    }
}

/// How long one stands in line before one gives up.
#[derive(Clone, Debug)]
pub enum Patience {
    Constant(DelayId),
    Drawn(Law),
    /// The second where the line has not been empty for as long as the first.
    Adaptive(DelayId, DelayId),
}

/// So many requests a second.
#[derive(Clone, Debug)]
pub struct RateLimit {
    pub bucket: Bucket,
    /// Whether all instances draw on one.
    pub shared: bool,
    /// Which classes it is for.
    pub classes: Vec<bool>,
}

/// Who is refused while many are busy.
#[derive(Clone, Debug)]
pub struct Shed {
    /// So many of an instance's workers.
    pub from: u32,
    /// How many of each class, as a share.
    pub shares: Vec<f64>,
}

/// Unlimited size of a pool or line.
pub const UNLIMITED: u32 = u32::MAX;

/// One place in a program where work is drawn: its law, and the key that its luck hangs on.
#[derive(Clone, Debug)]
pub struct Work {
    pub law: Law,
    pub key: u64,
}

/// One place in a program where another service is called.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub service: ServiceId,
    /// The instance that it is sure to go to, as there is no other.
    pub only: Option<InstanceId>,
    /// Who answers, where one of its instances takes writes and the others follow.
    pub readers: Readers,
    /// Keys of the balancer's draw, of the times to cross there and back, and of what is sent.
    pub key: u64,
    /// What goes to and fro, if it has a size.
    pub messages: Option<MessagesId>,
}

/// Sizes of what is sent there and back, in bytes, each of which stands as a nanosecond.
#[derive(Clone, Debug)]
pub struct Messages {
    pub request: Option<Law>,
    pub answer: Option<Law>,
}

/// One direction of a link: messages go into it one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Pipe {
    /// How long one byte takes to be sent.
    pub ns_per_byte: f64,
    /// Which of the links of the model it belongs to.
    pub link: u32,
}

/// The way from a zone to another, or to the clients, where it matters how much goes there.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Which of the links of the model it goes over; none to the clients.
    pub link: Option<u32>,
    pub pipe: Option<PipeId>,
    /// Money for each byte.
    pub price_per_byte: f64,
}

/// Accesses to a disk.
#[derive(Clone, Debug)]
pub struct Access {
    pub misses: Misses,
    pub time: Law,
    pub key: u64,
    /// How many they are where that is certain, whatever `misses` says; chunks may be many.
    pub certain: Option<u32>,
    /// Whether the instance's buffer says how many of them the disk sees.
    pub buffered: bool,
    /// The least time from one access to the next.
    pub pace: Span,
    /// What each costs where the disk is limited.
    pub costs: Costs,
}

/// What limits a disk: accesses a second, bytes a second, burst credits.
pub const LIMITS: usize = 3;
pub const OPERATIONS: usize = 0;
pub const BANDWIDTH: usize = 1;
pub const CREDITS: usize = 2;

/// How long each limit of a disk needs for one access.
pub type Costs = [Span; LIMITS];

/// A disk with limits of its rate.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    pub places: PoolId,
    pub limits: [Option<Limit>; LIMITS],
}

/// What is earned while nothing is used, up to some: a token bucket, all in time that it takes to
/// earn. Without any room, accesses are spaced out by what they cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub room: Span,
    /// What is saved up when a run opens.
    pub start: Span,
}

/// The accelerators of a host, and how they take from their line.
#[derive(Clone, Debug)]
pub struct Accelerator {
    pub group: GroupId,
    pub count: u32,
    pub serving: Serving,
}

#[derive(Clone, Debug)]
pub enum Serving {
    Batches(Batches),
    Sequences(Sequences),
}

/// Whole batches.
#[derive(Clone, Debug)]
pub struct Batches {
    /// Items in one at most, and how many are kept waiting no longer.
    pub most: u32,
    pub enough: u32,
    pub wait: Span,
    pub base: Law,
    pub per_item: Span,
}

/// Token by token.
#[derive(Clone, Copy, Debug)]
pub struct Sequences {
    pub most: u32,
    /// Tokens that fit into memory.
    pub memory: u64,
    /// Whether memory is taken as it is needed, rather than reserved.
    pub optimistic: bool,
    /// Whether a batch stays together until all its outputs are done.
    pub together: bool,
    pub base: Span,
    pub per_sequence: Span,
    pub per_prompt_token: Span,
}

/// One place in a program where an accelerator is asked, with the key that its luck hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Inference {
    pub demand: Demand,
    pub key: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Demand {
    Items(CountLaw),
    Tokens { prompt: CountLaw, output: CountLaw },
}

/// An instance's memory.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub service: ServiceId,
    pub hits: HitCurve,
    /// Whether it is empty when a run opens.
    pub cold: bool,
}

/// Rows that exclude one another's holders.
#[derive(Clone, Debug)]
pub struct Lock {
    pub service: ServiceId,
    /// How many rows there are, and the law by which they are picked.
    pub count: u64,
    pub rows: Zipf,
    /// Whether each instance has rows of its own.
    pub apart: bool,
}

/// What some requests find without doing the work for it.
#[derive(Clone, Debug)]
pub struct Cache {
    pub service: ServiceId,
    /// Whether the service's instances have one together.
    pub shared: bool,
    pub contents: Contents,
    pub key: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Contents {
    /// Nothing is known of them but the share of lookups that hit.
    Unknown {
        hit: f64,
    },
    Keys(Keyed),
}

/// Contents by keys.
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    pub keys: Zipf,
    pub capacity: u32,
    pub evict: Evict,
    pub ttl: Option<Span>,
    /// Whether a hit starts the time to live anew.
    pub renew: bool,
    /// Whether it is empty when a run begins.
    pub cold: bool,
}

/// One place in a program where a cache is looked into.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub cache: CacheId,
    pub key: u64,
    /// Where to go on if it hits.
    pub found: StepId,
    /// Whether it is looked into once more, by one who waited for another's fetch.
    pub again: bool,
}

/// Messages of a broker, and who takes them.
#[derive(Clone, Debug)]
pub struct Queue {
    /// How many may wait.
    pub length: u32,
    pub full: Full,
    /// How many calls may be under way at a time; none if nobody takes messages out.
    pub consumers: u32,
    /// How many messages one call takes at most; how many are enough, and how long is waited for
    /// them.
    pub batch: u32,
    pub enough: u32,
    pub linger: Span,
    /// Sends one call, with the patience of the broker.
    pub guard: GuardId,
    pub attempts: u32,
    /// The rest after a failed delivery.
    pub pause: Span,
    pub dead_letter: Option<QueueId>,
    pub key: u64,
}

/// One place in a program where a message is sent.
#[derive(Clone, Copy, Debug)]
pub struct Send {
    pub queue: QueueId,
    /// What tells this message's luck from that of the request's others; 0 for its first.
    pub key: u64,
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub key: u64,
    /// Cumulated probability and where to go on, ascending; the last is 1.
    pub options: Vec<(f64, StepId)>,
}

/// Who asks with patience and tries again: a client, or a caller with a timeout or retries.
#[derive(Clone, Debug)]
pub struct Guard {
    pub first: StepId,
    /// How long each attempt is waited for, if that is always as long.
    pub timeout: Option<DelayId>,
    pub tries: Tries,
    /// What its retries or hedges are paid from, if they are limited.
    pub budget: Option<BudgetId>,
    pub key: u64,
    /// What else there is to it, which most guards pay one test for.
    pub policy: Option<PolicyId>,
}

/// What a caller does beyond patience and retries.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The service whose instances call; none for clients.
    pub caller: Option<ServiceId>,
    /// Whether there may be a deadline: patience is then at most what is left of it.
    pub due: bool,
    /// How long each attempt is waited for if the deadline is no sooner.
    pub timeout: Option<DelayId>,
    /// Sets one, so long after a call begins.
    pub deadline: Option<Work>,
    /// Whether it only stands for a client whose attempts are guarded further in.
    pub wraps: bool,
    /// Whether what nobody waits for is taken back.
    pub cancel: bool,
    pub breaker: Option<BreakerId>,
    pub hedge: Option<Hedged>,
    /// Where to go on if a call fails for good.
    pub fallback: Option<StepId>,
}

/// When to ask once more.
#[derive(Clone, Copy, Debug)]
pub struct Hedged {
    pub after: HedgeAfter,
    pub most: u32,
    pub hedge: HedgeId,
}

#[derive(Clone, Copy, Debug)]
pub enum HedgeAfter {
    Delay(DelayId),
    /// When it has taken longer than this share of those before.
    Percentile(f64),
}

/// What the instances of a service keep of a policy, each its own; or clients, all together.
#[derive(Clone, Copy, Debug)]
pub struct Kept<S> {
    pub caller: Option<ServiceId>,
    pub spec: S,
}

/// A retry budget of a class's clients, or of the instances that make a call, each its own.
#[derive(Clone, Copy, Debug)]
pub struct RetryBudget {
    pub budget: Budget,
    pub of_clients: bool,
}

#[derive(Clone, Debug)]
pub struct Fork {
    pub branches: Vec<StepId>,
    pub need: u32,
    /// Whether branches that nobody waits for any more are taken back.
    pub cancel: bool,
}

/// A kind of request.
#[derive(Clone, Debug)]
pub struct Class {
    /// Whether it is work that no user waits for.
    pub background: bool,
    pub arrival: Arrival,
    /// How many come at once, if it is not one.
    pub batch: Option<CountLaw>,
    pub guard: GuardId,
    pub key: u64,
}

#[derive(Clone, Debug)]
pub enum Arrival {
    /// Poisson with a rate that is constant from each of these times on, per second; the first is
    /// at zero.
    Open { rates: Vec<(Time, f64)> },
    /// A renewal process: gaps of this law between one request and the next.
    Renewal { gap: Law },
    /// Poisson at a rate that changes at random: rates per second and mean stays, in turn.
    Bursts { phases: Vec<(f64, Span)> },
    /// At these instants.
    Instants { at: Arc<[Time]> },
    /// So many users who think in between.
    Closed { users: u32, think: Law },
    /// Users ask in the course of their sessions.
    InSessions,
}

/// Users who come, make requests one after the other, and go.
#[derive(Clone, Debug)]
pub struct Session {
    /// How they come.
    pub arrival: Arrival,
    /// A session begins in the first.
    pub stages: Vec<Stage>,
    /// How many of those whose request failed leave.
    pub leave_on_failure: f64,
    pub key: u64,
}

/// What a session is about for a while.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The class of its requests.
    pub ask: ClassId,
    /// Before each of them.
    pub think: Law,
    /// How many there are, and in how many sessions there are any.
    pub times: CountLaw,
    pub share: f64,
    /// What may come next, and the chance that it or one before it in this list does; else the end.
    pub then: Vec<(f64, u32)>,
    /// How often it comes in a session on average, if no request fails.
    pub visits: f64,
}

impl Session {
    /// How many requests there are in a session, roughly, if none fails.
    pub fn requests(&self) -> f64 {
        let each = |it: &Stage| it.visits * it.share * it.times.roughly();
        self.stages.iter().map(each).sum()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Network {
    pub zones: u32,
    pub groups: Table<GroupId, Group>,
    pub hosts: Table<HostId, Host>,
    pub cpus: Table<CpuId, HostId>,
    pub services: Table<ServiceId, Service>,
    pub instances: Table<InstanceId, Instance>,
    pub careful: Table<CarefulId, Careful>,
    pub scalers: Table<ScalerId, Scaler>,
    pub provisioners: Table<ProvisionerId, Provisioner>,
    pub admissions: Table<AdmissionId, Admission>,
    pub pools: Table<PoolId, Pool>,
    pub pool_groups: u32,
    pub classes: Table<ClassId, Class>,
    pub steps: Table<StepId, Step>,
    /// For each step, where to go on when it fails.
    pub unwind: Table<StepId, StepId>,
    pub works: Table<WorkId, Work>,
    pub visits: Table<VisitId, Visit>,
    pub accesses: Table<AccessId, Access>,
    pub volumes: Table<VolumeId, Volume>,
    pub buffers: Table<BufferId, Buffer>,
    pub accelerators: Table<AcceleratorId, Accelerator>,
    pub inferences: Table<InferenceId, Inference>,
    pub connections: Table<ConnectionsId, Connections>,
    pub replications: Table<ReplicationId, Replication>,
    pub locks: Table<LockId, Lock>,
    pub caches: Table<CacheId, Cache>,
    pub looks: Table<LookId, Look>,
    pub queues: Table<QueueId, Queue>,
    pub sessions: Table<SessionId, Session>,
    pub sends: Table<SendId, Send>,
    pub choices: Table<ChoiceId, Choice>,
    pub guards: Table<GuardId, Guard>,
    pub budgets: Table<BudgetId, RetryBudget>,
    pub policies: Table<PolicyId, Policy>,
    pub breakers: Table<BreakerId, Kept<Breaker>>,
    pub hedges: Table<HedgeId, Kept<()>>,
    pub forks: Table<ForkId, Fork>,
    pub delays: Table<DelayId, Span>,
    /// The time to cross from zone to zone, row by row; empty if no link takes time.
    pub links: Vec<Option<Law>>,
    /// Where that has a bandwidth or a price, row by row, and behind that from each zone to the clients;
    /// empty if it never has.
    pub ways: Vec<Option<Way>>,
    pub pipes: Table<PipeId, Pipe>,
    pub messages: Table<MessagesId, Messages>,
    pub faults: Vec<Fault>,
    /// Users behind the traffic that is given per user.
    pub users: Option<f64>,
    /// Whether those who wait for others must know whom they wait for.
    pub has_families: bool,
    /// Where whoever takes work back begins, if any is ever taken back.
    pub take_back: Option<StepId>,
    /// Whether work may be done that nobody waits for.
    pub may_waste: bool,
}

impl Host {
    /// Cores of each of its CPUs.
    pub fn cores_each(&self) -> u32 {
        if self.affinity.is_some() { 1 } else { self.cores }
    }
}

impl Network {
    /// What crossing from one zone to another takes, if anything.
    pub fn link(&self, from: ZoneId, to: ZoneId) -> Option<&Law> {
        self.links.get(from.index() * self.zones as usize + to.index())?.as_ref()
    }

    /// The place among `ways` of that from one zone to another, or to the clients.
    pub fn way(&self, from: ZoneId, to: Option<ZoneId>) -> usize {
        let zones = self.zones as usize;
        to.map_or(zones * zones + from.index(), |to| from.index() * zones + to.index())
    }

    pub fn zone_of(&self, instance: InstanceId) -> ZoneId {
        self.hosts[self.instances[instance].host].zone
    }

    /// How many connections all instances of a service take, if they refuse more.
    pub fn connections_of(&self, service: ServiceId) -> Option<u32> {
        let instances = &self.services[service].instances;
        let Pool { size, line_max, .. } = self.pools[self.instances[instances.start].workers];
        let takers = match self.services[service].replication {
            Some(it) if !self.replications[it].reads => 1,
            _ => (instances.end.index() - instances.start.index()) as u32,
        };
        let all = size.saturating_mul(takers);
        (line_max == 0).then_some(all)
    }

    /// The pool group of a service's workers.
    pub fn workers_of(&self, service: ServiceId) -> PoolGroupId {
        PoolGroupId::new(service.index())
    }
}

/// The names of a network's things, in the order of its tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub model: String,
    pub zones: Vec<String>,
    pub groups: Vec<String>,
    pub services: Vec<String>,
    /// `app` for workers, `app.pool.to_db` for a pool, `rack.disk` for disks.
    pub pool_groups: Vec<String>,
    /// `aws-gcp.link`.
    pub links: Vec<String>,
    /// `db.lock.write`.
    pub locks: Vec<String>,
    /// `web.cache.page`.
    pub caches: Vec<String>,
    pub queues: Vec<String>,
    pub sessions: Vec<String>,
    /// `web.breaker.db`, `browse.breaker` for clients.
    pub breakers: Vec<String>,
    /// `web.hedge.db.read`, `browse.hedge` for clients.
    pub hedges: Vec<String>,
    pub classes: Vec<String>,
}

impl Instance {
    /// What it requests of its host's cores, in thousandths.
    pub fn request(&self) -> u64 {
        requested(self.cpu_weight)
    }
}
