//! A compiled model: flat tables of ids, read-only while it runs and shared by all threads.
//!
//! There are no names here and nothing is left to parse: [`Names`] travels beside it, for reports.

mod accelerators;
mod admission;
mod caches;
mod disks;
mod fault;
mod hosts;
mod links;
mod locks;
mod names;
mod policies;
mod pools;
mod queues;
mod replication;
mod services;
mod steps;
mod traffic;

pub use accelerators::{Accelerator, Batches, Demand, Inference, Sequences, Serving};
pub use admission::{Admission, Order, Patience, RateLimit, Shed};
pub use caches::{Cache, Contents, Keyed, Look};
pub use disks::{Access, BANDWIDTH, Buffer, CREDITS, Costs, LIMITS, Limit, OPERATIONS, Volume};
pub use fault::{Failing, Fault, FaultStyle, LinkTrouble, Slow, When};
pub use hosts::{Group, Host, Provisioner, Wake};
pub use links::{Messages, Pipe, Way};
pub use locks::Lock;
pub use names::Names;
pub use policies::{Guard, HedgeAfter, Hedged, Kept, Policy, RetryBudget};
pub use pools::{Connections, Pool, UNLIMITED};
pub use queues::{Queue, Send};
pub use replication::{Acknowledged, Failover, Readers, Replication};
pub use services::{Instance, Log, Scaler, Service};
pub use steps::{CLIENT, Choice, DEPTH_MAX, Depth, Fork, Step, Visit, Work};
pub use traffic::{Arrival, Class, Session, Stage};

use crate::ids::{Id, Table, id};
use crate::parts::balance::Careful;
use crate::parts::distribution::Law;
use crate::parts::policy::breaker::Breaker;
use crate::units::Span;

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
