//! Services: programs, what they hold while they work, and what can be asked of them.

use super::{GroupCommit, Model, Named, Step, one, unity};
use crate::parts::balance::{Balance, SlowStart};
use crate::parts::device::buffer::Buffer;
use crate::parts::discipline::Discipline;
use crate::parts::distribution::Distribution;
use crate::parts::operation::deploy::Deploy;
use crate::parts::operation::disruption::Disruption;
use crate::parts::operation::liveness::Liveness;
use crate::parts::operation::reschedule::Reschedule;
use crate::parts::operation::restart::Restart;
use crate::parts::policy::adaptive_patience::AdaptivePatience;
use crate::parts::policy::codel::Codel;
use crate::parts::policy::health::Health;
use crate::parts::policy::outlier_ejection::OutlierEjection;
use crate::parts::policy::rate_limit::RateLimit;
use crate::parts::policy::shed::Shed;
use crate::parts::replication::{Failover, Replication};
use crate::parts::scaling::Scaling;
use crate::parts::scaling::vertical::Vertical;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// A program with operations, running as equal instances on hosts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The host group that its instances are placed on, zone by zone.
    pub hosts: String,
    /// The only places where it may run, as a rule of data protection has it: zones, regions, providers
    /// or "provider/region". Its hosts must all be there, or the model is refused. Anywhere if absent.
    #[serde(default)]
    pub only_in: Option<Vec<String>>,
    /// How many copies run.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub instances: u32,
    /// Requests that an instance works on at a time. Unlimited if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub workers: Option<u32>,
    /// How many may wait for a worker; more are refused. Unlimited if absent.
    #[serde(default)]
    pub line: Option<u32>,
    /// A database's limit of connections: requests beyond it are refused at once.
    /// The same as `workers` with a `line` of 0.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub connections: Option<u32>,
    /// Who of those in line goes next.
    #[serde(default)]
    pub discipline: Discipline,
    /// How long a request stands in line before it gives up: it fails with a timeout. For ever if
    /// absent.
    #[serde(default)]
    #[schemars(example = "5s")]
    pub patience: Option<Distribution>,
    /// How long a request may stand in line before it is refused, in place of `patience`: only a
    /// moment once the line has not been empty for a while.
    #[serde(default)]
    pub adaptive_patience: Option<AdaptivePatience>,
    /// Refuses those who have waited too long, once everybody does.
    #[serde(default)]
    pub codel: Option<Codel>,
    /// Whether a request whose caller has given up is thrown away when its turn in line comes. If
    /// not, it is served for nobody.
    #[serde(default)]
    pub discard_expired: bool,
    /// So many requests a second; more are refused at once. A request must have a token of each
    /// limit that is for its class.
    #[serde(default)]
    pub rate_limits: Vec<RateLimit>,
    /// Who is refused while so many workers are busy.
    #[serde(default)]
    pub shed: Vec<Shed>,
    /// What a container may take of its host's CPU.
    #[serde(default)]
    pub cpu: Option<CpuShare>,
    /// How callers choose among the instances: must be given where there is more than one.
    #[serde(default)]
    pub balance: Option<Balance>,
    /// How the balancer finds out which instances work. If absent, it never does.
    #[serde(default)]
    pub health: Option<Health>,
    /// How an instance that the balancer takes back comes to its full share. At once if absent.
    #[serde(default)]
    pub slow_start: Option<SlowStart>,
    /// When callers leave out an instance that fails them. Never if absent.
    #[serde(default)]
    pub outlier_ejection: Option<OutlierEjection>,
    /// How many of the instances each calling instance talks to. All if absent. Callers are numbered
    /// within their own service, so that those of the same number share one subset.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub subset: Option<u32>,
    /// Connections that an instance keeps to other services, by name.
    #[serde(default)]
    pub pools: Named<Pool>,
    /// The time an instance takes to start once its host is up.
    #[serde(default = "no_time")]
    #[schemars(example = "20s")]
    pub start: Distribution,
    /// How an instance that crashes is started again. Whoever does that knows that it is gone: it gets
    /// no requests until it has started and passed a check, if there is one. If absent, it is back when
    /// the fault says.
    #[serde(default)]
    pub restart: Option<Restart>,
    /// Probes that have an instance killed and restarted that hangs, or is too slow to answer them. None
    /// if absent.
    #[serde(default)]
    pub liveness: Option<Liveness>,
    /// How instances of a host that is gone come up on others. They come back with their host if absent.
    #[serde(default)]
    pub reschedule: Option<Reschedule>,
    /// Who decides how many instances there are while it runs; `instances` is how many it begins
    /// with. Always so many if absent.
    #[serde(default)]
    pub scaling: Option<Scaling>,
    /// A new version that is brought out while it runs. None if absent.
    #[serde(default)]
    pub deploy: Option<Deploy>,
    /// How many must be ready whatever deploys and those who give hosts up would like. Any number if
    /// absent.
    #[serde(default)]
    pub disruption_budget: Option<Disruption>,
    /// Whether an instance gets requests only when it has started. If not, it gets them as soon as
    /// it is placed, or restarted, and refuses them until it has.
    #[serde(default = "yes")]
    pub readiness: bool,
    /// How long an instance that is no longer wanted may go on with the requests it has. 30 s if
    /// absent, as in Kubernetes.
    #[serde(default)]
    #[schemars(example = "30s")]
    pub grace: Option<Span>,
    /// Memory that answers reads without the disk, in place of a `hit` in each of them.
    #[serde(default)]
    pub buffer: Option<Buffer>,
    /// How its log gathers commits. If absent, it flushes as soon as it can.
    #[serde(default)]
    pub group_commit: Option<GroupCommit>,
    /// One of its instances is a primary, which takes writes, and the others are its standbys. If absent,
    /// all are alike.
    #[serde(default)]
    pub replication: Option<Replication>,
    /// How a standby takes over when the primary is gone. None does if absent.
    #[serde(default)]
    pub failover: Option<Failover>,
    /// What can be asked of it: steps, by name of the operation.
    pub operations: Named<Vec<Step>>,
}

fn yes() -> bool {
    true
}
fn no_time() -> Distribution {
    Distribution::Constant(Span::ZERO)
}

impl Service {
    /// How callers choose; a single instance needs no balancer.
    pub fn balancer(&self) -> &Balance {
        let otherwise = match self.replication {
            Some(_) => &Balance::RoundRobin,
            None => &Balance::None,
        };
        self.balance.as_ref().unwrap_or(otherwise)
    }

    /// How many of the instances callers connect to: the primary alone if standbys answer nothing.
    pub fn takers(&self) -> u32 {
        match &self.replication {
            Some(it) if it.reads.is_empty() => 1,
            _ => self.instances,
        }
    }

    /// Whether instances come and go while it runs.
    pub fn comes_and_goes(&self) -> bool {
        self.scaling.is_some() || self.deploy.is_some() || self.reschedule.is_some()
    }

    /// How the request of its instances is moved, if it is.
    pub fn vertical(&self) -> Option<&Vertical> {
        self.scaling.as_ref().and_then(Scaling::vertical)
    }

    /// For how many instances there must be places: new ones come while old ones finish what they have.
    fn places(&self) -> u32 {
        let all = self.instances;
        let most = self.scaling.as_ref().map_or(all, |it| it.max(all).max(all));
        let is_replaced = self.deploy.is_some() || self.vertical().is_some();
        if is_replaced { most.saturating_mul(2) } else { most }
    }
}

/// CPU as containers get it.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CpuShare {
    /// Cores that it asks for: its weight when the host's CPU is contended.
    #[serde(default = "unity")]
    pub request: f64,
    /// Cores that it can never exceed.
    #[serde(default)]
    pub limit: Option<f64>,
}

/// Connections that a request must hold while it calls through the pool.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Connections of each instance.
    #[schemars(range(min = 1))]
    pub size: u32,
    /// How long a request waits for one before it fails. For ever if absent.
    #[serde(default)]
    #[schemars(example = "5s")]
    pub patience: Option<Span>,
    /// How many may wait; more are refused. Unlimited if absent.
    #[serde(default)]
    pub line: Option<u32>,
    /// What it takes to open a connection. If absent, all are open for ever and opening is free.
    #[serde(default)]
    pub connect: Option<Connect>,
}

/// How connections of a pool come and go: whoever gets a place without an open connection opens one
/// first. The connection that was used last is used first. Those at rest count against the
/// `connections` of a database too, and all of them break when either end restarts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// What is asked to open one, `service.operation`: its steps are what that costs there.
    pub call: String,
    /// How long one may rest before it is closed; "0s" closes it after every use. For ever if absent.
    #[serde(default)]
    #[schemars(example = "10m")]
    pub idle: Option<Span>,
    /// How many are kept open however long they rest. So many are open at the start of a run.
    #[serde(default)]
    pub minimum: u32,
}

impl Model {
    /// How many instances of a service each host of its group may have, where hosts come and go and
    /// instances with them, or instances are started anew elsewhere; none if they stay on the hosts that
    /// they are spread over.
    pub fn each_host(&self, service: &Service) -> Option<u32> {
        let group = self.hosts.get(&service.hosts)?;
        let moves = group.autoscaling.is_some() && service.comes_and_goes();
        if !moves && service.reschedule.is_none() {
            return None;
        }
        match service.cpu {
            Some(cpu) => {
                let least = service.vertical().map_or(cpu.request, |it| it.min.min(cpu.request));
                let room = (f64::from(group.cores) / least + 1e-9).floor();
                Some((room.max(1.0) as u32).min(service.places()))
            }
            // What requests nothing has room everywhere.
            None => service.reschedule.map(|_| service.places()),
        }
    }

    /// For how many instances of a service there are places.
    pub fn laid_out(&self, service: &Service) -> u32 {
        match self.each_host(service) {
            Some(each) => each.saturating_mul(self.hosts[&service.hosts].most()),
            None => service.places(),
        }
    }
}
