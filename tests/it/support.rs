//! What the tests share: models from text, replications in parallel, estimates against theory.

use outgrow::ids::Id;
use outgrow::model::{Document, Files, Use, compile, load_for};
use outgrow::network::{
    BreakerId, BufferId, CacheId, ClassId, ConnectionsId, Fault, FaultStyle, GroupId, HedgeId,
    HostId, InstanceId, LockId, Names, Network, PoolGroupId, QueueId, ServiceId, SessionId,
};
use outgrow::sim::{
    Failure, HedgeSeen, Measure, Plan, Probe, Reason, ReplicationUse, RowsUse, Served, Usage, run,
};
use outgrow::units::{Span, Time};
use rayon::prelude::*;

/// A compiled model and the names of its things.
pub struct Model {
    pub network: Network,
    pub names: Names,
}

/// Models made at random, or for one mechanism, may have what nothing uses.
pub const AS_IT_IS: Use = Use { grows: false, changes: true };

/// A model from its text; panics with all that is wrong with it.
pub fn model(text: &str) -> Model {
    model_with(text, &|path| Err(format!("there is no file {path}")))
}

/// The same, beside files that it may name.
pub fn model_with(text: &str, files: &Files) -> Model {
    let told = |problems: Vec<_>| -> ! {
        panic!("{}", problems.iter().map(|it| format!("{it:?}\n")).collect::<String>())
    };
    let document = Document::parse("test.json", text).unwrap_or_else(|it| told(it));
    let loaded = load_for(AS_IT_IS, &document, files).unwrap_or_else(|it| told(it));
    let (network, names) = compile(&loaded.file, loaded.file.users, &loaded.recorded);
    Model { network, names }
}

/// A model of one host with enough cores, one service, and one class that calls its only operation.
pub fn one_service(service: &str, steps: &str, class: &str) -> Model {
    model(&format!(
        r#"{{ "name": "test",
             "hosts": {{ "box": {{ "cores": 64, "disk": {{ "depth": 1, "access": "10ms", "sync": "4ms" }} }} }},
             "services": {{ "app": {{ "hosts": "box", {service} "operations": {{ "run": {steps} }} }} }},
             "traffic": {{ "user": {{ "call": "app.run", {class} }} }} }}"#
    ))
}

fn place(of: &str, name: &str, all: &[String]) -> usize {
    let place = all.iter().position(|it| it == name);
    place.unwrap_or_else(|| panic!("no {of} \"{name}\" among {all:?}"))
}

impl Model {
    pub fn class(&self, name: &str) -> ClassId {
        ClassId::new(place("class", name, &self.names.classes))
    }
    /// A service's workers by its name, `app.pool.to_db`, or `rack.disk`.
    pub fn pools(&self, name: &str) -> PoolGroupId {
        PoolGroupId::new(place("pool", name, &self.names.pool_groups))
    }
    pub fn service(&self, name: &str) -> ServiceId {
        ServiceId::new(place("service", name, &self.names.services))
    }
    pub fn lock(&self, name: &str) -> LockId {
        LockId::new(place("lock", name, &self.names.locks))
    }
    pub fn group(&self, name: &str) -> GroupId {
        GroupId::new(place("host group", name, &self.names.groups))
    }
    pub fn hosts(&self, group: &str) -> Vec<HostId> {
        let group = self.group(group);
        let range = self.network.groups[group].hosts.clone();
        (range.start.index()..range.end.index()).map(HostId::new).collect()
    }

    /// These hosts fail from one time to another.
    pub fn fault(mut self, hosts: Vec<HostId>, at: &str, until: &str, style: FaultStyle) -> Model {
        let (at, until) = (Time::ZERO + span(at), Time::ZERO + span(until));
        self.network.faults.push(Fault::of_hosts(hosts, at, until, style));
        self
    }

    /// Runs it, watched by a probe; a broken law is a failed test.
    pub fn watch<P: Probe>(&self, plan: &Plan, probe: P) -> (P, Usage) {
        try_run(&self.network, plan, probe).unwrap_or_else(|it| panic!("{plan:?}: {it:?}"))
    }

    /// Independent replications, side by side.
    pub fn replicate(&self, replications: u32, warm_up: &str, window: &str) -> Vec<Seen<'_>> {
        let one = |replication| {
            let plan = Plan { replication, warm_up: span(warm_up), ..plan(2026, window) };
            let (measure, usage) = self.watch(&plan, Measure::new(&self.network, 16));
            Seen { model: self, measure, usage, window_s: plan.window.as_secs() }
        };
        (0..replications).into_par_iter().map(one).collect()
    }
}

pub fn span(text: &str) -> Span {
    Span::parse(text).unwrap()
}

/// A run from the start, without a warm-up.
pub fn plan(seed: u64, window: &str) -> Plan {
    let window = span(window);
    let slice = Span::from_nanos((window.nanos() / 10).max(1));
    Plan {
        seed,
        replication: 0,
        in_pairs: false,
        warm_up: Span::ZERO,
        window,
        slice,
        events_max: 1 << 40,
    }
}

/// What one replication measured, by the names of the model file.
pub struct Seen<'m> {
    pub model: &'m Model,
    pub measure: Measure,
    pub usage: Usage,
    pub window_s: f64,
}

impl Seen<'_> {
    /// A metric by a name like those of the reports: `clerk.waiting.mean`, `customer.response.p95`,
    /// `customer.failed.refused` (share of those born), `clerk.line`, `clerk.busy`, `desk.cpu`.
    pub fn metric(&self, name: &str) -> f64 {
        let (of, what) = name.rsplit_once('.').expect("thing.metric");
        if let Some(queue) = self.queue_of(of) {
            return self.queue(queue, of, what);
        }
        match of.rsplit_once('.') {
            Some((class, "response")) => {
                let seen = &self.measure.classes[self.model.class(class)];
                figure(&seen.response, what)
            }
            Some((class, "failed")) => {
                let seen = &self.measure.classes[self.model.class(class)];
                let reason = Reason::NAMES.iter().position(|it| *it == what).expect("a reason");
                seen.failed[reason] as f64 / seen.born as f64
            }
            Some((device, times)) if device.ends_with(".accelerator") => {
                let group = self.model.group(device.trim_end_matches(".accelerator"));
                let seen = self.measure.inferences[group].as_ref().expect("it has accelerators");
                match times {
                    "waiting" => figure(&seen.waits, what),
                    "first_token" => figure(&seen.first_token, what),
                    "output_token" => figure(&seen.output_token, what),
                    _ => panic!("no times \"{times}\""),
                }
            }
            Some((session, "duration")) => {
                let place = place("session", session, &self.model.names.sessions);
                self.session(SessionId::new(place), what)
            }
            Some((service, "failovers")) => {
                let used = self.replication(service);
                let per_s = |count: u64| count as f64 / self.window_s;
                match what {
                    "gone" => used.gone_ns as f64 / 1e9 / self.window_s,
                    "outages" => per_s(used.outages),
                    "done" => per_s(used.failovers),
                    "lost" => per_s(used.lost),
                    _ => panic!("no number \"{what}\" of failovers"),
                }
            }
            Some((service, "replication")) => {
                let seen = self.measure.replications[self.model.service(service)].as_ref();
                let seen = seen.expect("it has standbys");
                match what {
                    "wait" => seen.waits.mean().expect("commits") / 1e9,
                    "lag" => seen.lags.mean().expect("commits") / 1e9,
                    "stale" => seen.stale as f64 / seen.reads as f64,
                    _ => panic!("no figure \"{what}\" of replication"),
                }
            }
            Some((service, "instances")) => {
                let seen = self.usage.presence[self.model.service(service)];
                let area = match what {
                    "up" => seen.up,
                    "believed" => seen.believed,
                    _ => panic!("no number \"{what}\" of instances"),
                };
                area as f64 / 1e9 / self.window_s
            }
            Some((pool, "waiting")) => figure(&self.measure.waits[self.model.pools(pool)], what),
            _ => self.rate_or_level(of, what),
        }
    }

    fn rate_or_level(&self, of: &str, what: &str) -> f64 {
        let class = || &self.measure.classes[self.model.class(of)];
        if let Some(group) = of.strip_suffix(".accelerator") {
            return self.of_accelerators(group, what);
        }
        if let Some(session) = self.model.names.sessions.iter().position(|it| it == of) {
            return self.session(SessionId::new(session), what);
        }
        match what {
            "goodput" => class().response.count() as f64 / self.window_s,
            "attempts" => 1.0 + class().retries as f64 / class().born as f64,
            "line" => self.areas(of).1 as f64 / 1e9 / self.window_s,
            "busy" => self.areas(of).0 as f64 / 1e9 / self.window_s,
            "cpu" => {
                let hosts = self.model.hosts(of);
                let used = hosts.iter().map(|it| self.usage.cpus[*it]);
                used.sum::<f64>() / 1e9 / self.window_s
            }
            "rows_line" => self.rows(of).line_ns as f64 / 1e9 / self.window_s,
            "rows_busy" => self.rows(of).held_ns as f64 / 1e9 / self.window_s,
            "rows_utilization" => self.rows(of).busiest_ns as f64 / 1e9 / self.window_s,
            "connects" => {
                let (network, group) = (&self.model.network, self.model.pools(of));
                let own =
                    |id: ConnectionsId| network.pools[network.connections[id].pool].group == group;
                let all = network.connections.ids().filter(|it| own(*it));
                all.map(|it| self.usage.connects[it]).sum::<u64>() as f64 / self.window_s
            }
            "hit_ratio" if of.ends_with(".buffer") => {
                let service = self.model.service(of.trim_end_matches(".buffer"));
                let own = |id: &BufferId| self.model.network.buffers[*id].service == service;
                let all = self.model.network.buffers.ids().filter(own);
                let (hits, reads) = all
                    .map(|it| self.usage.buffers[it])
                    .fold((0, 0), |sum, it| (sum.0 + it.hits, sum.1 + it.all));
                hits as f64 / reads as f64
            }
            "hit_ratio" => {
                let cache = CacheId::new(place("cache", of, &self.model.names.caches));
                let seen = self.measure.caches[cache];
                seen.hits as f64 / (seen.hits + seen.misses) as f64
            }
            "visits" => {
                let service = self.model.service(of);
                let let_in = self.measure.waits[self.model.network.workers_of(service)].count();
                let born: u64 = self.measure.classes.as_slice().iter().map(|it| it.born).sum();
                (let_in + self.measure.turned_away[service]) as f64 / born as f64
            }
            "wasted" => {
                let service = self.model.service(of);
                let instances = self.model.network.services[service].instances.clone();
                let own = (instances.start.index()..instances.end.index()).map(InstanceId::new);
                let used: f64 = own.map(|it| self.usage.instances[it]).sum();
                self.usage.wasted.cpu_ns[service] / used
            }
            "open" | "rejected" => {
                let breaker = BreakerId::new(place("breaker", of, &self.model.names.breakers));
                let (seen, count) = self.usage.policies.breakers[breaker];
                match what {
                    "open" => seen.open_ns as f64 / 1e9 / count as f64 / self.window_s,
                    _ => seen.rejected as f64 / self.window_s,
                }
            }
            "hedged" | "won" => {
                let hedge = HedgeId::new(place("hedge", of, &self.model.names.hedges));
                let HedgeSeen { calls, more, won } = self.usage.policies.hedges[hedge];
                (if what == "won" { won } else { more }) as f64 / calls as f64
            }
            _ => panic!("no metric \"{of}.{what}\""),
        }
    }

    /// The queue that a name such as `mail` or `mail.lag` begins with.
    fn queue_of(&self, name: &str) -> Option<QueueId> {
        let first = name.split('.').next().unwrap_or(name);
        self.model.names.queues.iter().position(|it| it == first).map(QueueId::new)
    }

    fn queue(&self, queue: QueueId, of: &str, what: &str) -> f64 {
        let (seen, used) = (&self.measure.queues[queue], self.usage.queues[queue]);
        let mean = |area: u128| area as f64 / 1e9 / self.window_s;
        let per_s = |count: u64| count as f64 / self.window_s;
        match what {
            _ if of.ends_with(".waiting") => figure(&seen.waits, what),
            _ if of.ends_with(".lag") => figure(&seen.lags, what),
            "sent" => per_s(seen.sent),
            "acknowledged" => per_s(seen.lags.count()),
            "refused" => per_s(seen.refused),
            "redelivered" => per_s(seen.redelivered),
            "dead" => per_s(seen.dead),
            "dropped" => per_s(seen.dropped),
            "length" => mean(used.line),
            "busy" => mean(used.calls),
            _ => panic!("no metric \"{of}.{what}\""),
        }
    }

    fn session(&self, session: SessionId, what: &str) -> f64 {
        let seen = &self.measure.sessions[session];
        match what {
            "begun" => seen.begun as f64 / self.window_s,
            "requests" => seen.requests as f64 / seen.lasted.count() as f64,
            "abandoned_ratio" => seen.left as f64 / seen.lasted.count() as f64,
            "inside" => self.usage.sessions[session] as f64 / 1e9 / self.window_s,
            _ => figure(&seen.lasted, what),
        }
    }

    fn replication(&self, service: &str) -> ReplicationUse {
        let replication = self.model.network.services[self.model.service(service)].replication;
        self.usage.replications[replication.expect("it has standbys")]
    }

    fn rows(&self, lock: &str) -> RowsUse {
        self.usage.rows[self.model.lock(lock)]
    }

    /// Of all accelerators of a host group.
    fn of_accelerators(&self, group: &str, what: &str) -> f64 {
        let (network, group) = (&self.model.network, self.model.group(group));
        let own = network.accelerators.ids().filter(|it| network.accelerators[*it].group == group);
        let served: Vec<Served> = own.map(|it| self.usage.accelerators[it]).collect();
        let sum = |of: fn(&Served) -> u128| served.iter().map(of).sum::<u128>() as f64;
        let level = |area_ns: f64| area_ns / 1e9 / self.window_s;
        match what {
            "busy" => level(sum(|it| it.busy)),
            "line" => level(sum(|it| it.line)),
            "running" => level(sum(|it| it.running)),
            "memory" => level(sum(|it| it.memory)),
            "batch" => sum(|it| u128::from(it.items)) / sum(|it| u128::from(it.batches)),
            "items" => sum(|it| u128::from(it.items)) / self.window_s,
            "preempted" => sum(|it| u128::from(it.preempted)),
            _ => panic!("no metric \"{what}\" of accelerators"),
        }
    }

    /// Holder- and waiter-nanoseconds of all pools of a group.
    fn areas(&self, name: &str) -> (u128, u128) {
        let group = self.model.pools(name);
        let pools = self.model.network.pools.ids();
        let own = pools.filter(|it| self.model.network.pools[*it].group == group);
        own.map(|it| self.usage.pools[it])
            .fold((0, 0), |(busy, line), it| (busy + it.busy, line + it.line))
    }
}

fn figure(of: &outgrow::stats::histogram::Histogram, what: &str) -> f64 {
    let nanos = match what {
        "mean" => of.mean(),
        "p50" => of.quantile(0.5),
        "p95" => of.quantile(0.95),
        "p99" => of.quantile(0.99),
        _ => panic!("no figure \"{what}\""),
    };
    nanos.expect("something was seen") / 1e9
}

/// Mean and its standard error.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Independent estimates agree with what theory says: within 4 standard errors of their mean.
pub fn agrees(what: &str, estimates: &[f64], theory: f64) {
    agrees_within(what, estimates, theory, 0.0);
}

/// The same, where theory itself is only known with a standard error.
pub fn agrees_within(what: &str, estimates: &[f64], theory: f64, theory_error: f64) {
    let (mean, own_error) = mean_and_error(estimates);
    let error = own_error.hypot(theory_error).max(1e-12 * theory.abs()).max(f64::MIN_POSITIVE);
    let z = (mean - theory) / error;
    println!("{what}: {mean:.6} ± {own_error:.6}, theory {theory:.6}, z = {z:+.2}");
    assert!(z.abs() < 4.0, "{what}: {mean} is {z:.1} standard errors from {theory}");
    let precise = own_error <= 0.02 * theory.abs();
    assert!(precise, "{what}: a standard error of {own_error} can tell little about {theory}");
}

/// All that clients see of a run, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diary {
    pub born: Vec<(u64, ClassId)>,
    pub answered: Vec<(u64, ClassId, u64)>,
    pub failed: Vec<(u64, ClassId, &'static str)>,
    pub retries: u64,
}

impl Probe for Diary {
    fn born(&mut self, now: Time, class: ClassId) {
        self.born.push((now.nanos(), class));
    }
    fn retried(&mut self, _: ClassId) {
        self.retries += 1;
    }
    fn answered(&mut self, now: Time, class: ClassId, response: Span) {
        self.answered.push((now.nanos(), class, response.nanos()));
    }
    fn failed(&mut self, now: Time, class: ClassId, reason: Reason) {
        self.failed.push((now.nanos(), class, Reason::NAMES[reason.index()]));
    }
}

impl Diary {
    /// Responses in milliseconds, in the order of the answers.
    pub fn responses_ms(&self) -> Vec<f64> {
        self.answered.iter().map(|it| it.2 as f64 / 1e6).collect()
    }
}

/// Runs one replication and hands back what went wrong, for tests that want to tell more about it.
///
/// The engine is told nothing of what kind of probe it is, so it is compiled once for all tests.
pub fn try_run<P: Probe>(
    network: &Network,
    plan: &Plan,
    mut probe: P,
) -> Result<(P, Usage), Failure> {
    let (_, usage) = run(network, plan, &mut probe as &mut dyn Probe)?;
    Ok((probe, usage))
}
