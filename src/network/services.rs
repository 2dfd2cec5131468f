//! Services, their instances, and who decides how many of those there are.

use super::{
    AdmissionId, BufferId, CarefulId, Costs, HostId, InstanceId, PoolId, ReplicationId, ScalerId,
    ServiceId, StepId,
};
use crate::ids::Id;
use crate::parts::balance::Rule;
use crate::parts::distribution::Law;
use crate::parts::operation::deploy::Deploy;
use crate::parts::operation::disruption::Disruption;
use crate::parts::operation::liveness::Liveness;
use crate::parts::operation::reschedule::Reschedule;
use crate::parts::operation::restart::Restart;
use crate::parts::policy::health::Health;
use crate::parts::policy::outlier_ejection::OutlierEjection;
use crate::parts::scaling::Scaling;
use crate::units::Span;
use std::ops::Range;

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
    /// What the file says that each instance requests of its host's cores, in thousandths; 0 where that is
    /// not said.
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
    /// What each requests of a CPU when a run opens, in thousandths of a core.
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
    /// Weight and limit in cores, as cgroups have them, while it requests what the file says.
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
