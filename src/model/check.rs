//! What a model file must make sense of, beyond its shape: names, ranges, circles, sizes.

use super::file::*;
use super::places::{Operation, any_step, each_step, inner_steps};
use crate::network::DEPTH_MAX;
use crate::parts::distribution::Distribution;
use crate::parts::policy::retry::Retry;
use crate::problem::{Code, Findings, suggest};
use crate::units::Span;
use std::collections::HashMap;

/// Hosts, instances, closed users and rows beyond which a model is refused.
const HOSTS_MAX: u64 = 100_000;
const INSTANCES_MAX: u64 = 100_000;
const CLOSED_USERS_MAX: u32 = 10_000_000;
const USERS_MAX: f64 = 1e9;
const ROWS_MAX: u64 = 1_000_000_000_000;
/// Steps of all programs together, once calls are written out.
const STEPS_MAX: u64 = 1_000_000;
const COUNT_MAX: u32 = 1000;
/// How far a chain of calls is followed in search of circles.
const CHAIN_MAX: usize = 100;

/// Everything that is wrong with the model.
pub fn check(model: &Model, findings: &mut Findings) {
    let checker = Checker { model };
    findings.inside("links", |it| checker.links(it));
    findings.inside("hosts", |it| checker.hosts(it));
    findings.inside("services", |it| checker.services(it));
    findings.inside("traffic", |it| checker.traffic(it));
    findings.inside("objectives", |it| checker.objectives(it));
    findings.inside("business", |it| checker.business(it));
    checker.users(findings);
    if findings.is_empty() {
        checker.sizes(findings);
    }
}

/// Whether the model says how many users there are, if that matters.
pub fn users_are_given(model: &Model, findings: &mut Findings) {
    let per_user = model.traffic.values().any(|class| class.per_user.is_some());
    if per_user && model.users.is_none() {
        let rule = "traffic is given per user, and nothing says how many users there are";
        findings.wrong(Code::E004, rule, "add \"users\": 5000");
    }
}

struct Checker<'m> {
    model: &'m Model,
}

impl Checker<'_> {
    fn users(&self, findings: &mut Findings) {
        if let Some(users) = self.model.users
            && !(0.0..=USERS_MAX).contains(&users)
        {
            let rule = format!("must be from 0 to {USERS_MAX:e}, not {users}");
            findings.wrong_at("users", Code::E007, rule, "");
        }
    }

    fn zone(&self, name: &str, findings: &mut Findings) {
        let zones = &self.model.zones;
        if !zones.contains_key(name) {
            let rule = format!("no zone is named \"{name}\"");
            findings.wrong(Code::E008, rule, suggest(name, zones.keys().map(String::as_str)));
        }
    }

    fn links(&self, findings: &mut Findings) {
        for (i, link) in self.model.links.iter().enumerate() {
            findings.inside(i, |it| {
                for (side, zone) in link.between.iter().enumerate().filter(|(_, it)| *it != "*") {
                    it.inside("between", |it| it.inside(side, |it| self.zone(zone, it)));
                }
                it.inside("latency", |it| link.latency.check(it));
            });
        }
    }

    fn hosts(&self, findings: &mut Findings) {
        if self.model.hosts.is_empty() {
            let mend = "add one: \"machine\": { \"cores\": 4 }";
            findings.wrong(Code::E004, "there must be at least one host group", mend);
        }
        let counts = self.model.hosts.iter().map(|(name, it)| (name, "count", it.count));
        all_together(counts, HOSTS_MAX, "hosts", findings);
        for (name, group) in &self.model.hosts {
            findings.inside(name, |it| self.host_group(group, it));
        }
    }

    fn host_group(&self, group: &HostGroup, findings: &mut Findings) {
        for (i, zone) in group.zones.iter().enumerate() {
            findings.inside("zones", |it| it.inside(i, |it| self.zone(zone, it)));
        }
        findings.inside("count", |it| at_least_one(group.count, it));
        findings.inside("cores", |it| {
            at_least_one(group.cores, it);
            at_most(f64::from(group.cores), 1e6, it);
        });
        findings.inside("speed", |it| within(group.speed, 1e-6, 1e6, it));
        if let Some(disk) = &group.disk {
            findings.inside("disk", |it| self.disk(disk, it));
        }
    }

    fn disk(&self, disk: &Disk, findings: &mut Findings) {
        findings.inside("depth", |it| at_least_one(disk.depth, it));
        if let Some(iops) = disk.iops {
            findings.inside("iops", |it| within(iops, 1e-3, 1e12, it));
        }
        if disk.bandwidth.is_some_and(|it| it.as_bytes_per_s() < 1.0) {
            findings.wrong_at("bandwidth", Code::E007, "must be at least 1B/s", "");
        }
        match (&disk.access, disk.iops.is_some() || disk.bandwidth.is_some()) {
            (None, false) => {
                let rule = "says nothing about how fast it is";
                findings.wrong(Code::E004, rule, "give \"iops\": 3000, or \"access\": \"0.3ms\"");
            }
            (Some(_), true) => {
                let rule = "give either access, or iops and bandwidth";
                findings.wrong_at("access", Code::E010, rule, "leave one of them out");
            }
            _ => {}
        }
        for (key, law) in [("access", &disk.access), ("sync", &disk.sync)] {
            if let Some(law) = law {
                findings.inside(key, |it| law.check(it));
            }
        }
    }

    fn services(&self, findings: &mut Findings) {
        if self.model.services.is_empty() {
            findings.wrong(Code::E004, "there must be at least one service", "");
        }
        let counts = self.model.services.iter().map(|(name, it)| (name, "instances", it.instances));
        all_together(counts, INSTANCES_MAX, "instances", findings);
        for (name, service) in &self.model.services {
            findings.inside(name, |it| {
                if name.contains('.') {
                    it.wrong(Code::E007, "a service's name cannot hold a dot", "");
                }
                self.service(service, it);
            });
        }
        self.circles(findings);
    }

    fn service(&self, service: &Service, findings: &mut Findings) {
        if !self.model.hosts.contains_key(&service.hosts) {
            let rule = format!("no host group is named \"{}\"", service.hosts);
            let known = self.model.hosts.keys().map(String::as_str);
            findings.wrong_at("hosts", Code::E008, rule, suggest(&service.hosts, known));
        }
        findings.inside("instances", |it| at_least_one(service.instances, it));
        for (key, size) in [("workers", service.workers), ("connections", service.connections)] {
            if let Some(size) = size {
                findings.inside(key, |it| at_least_one(size, it));
            }
        }
        if service.connections.is_some() && (service.workers.is_some() || service.line.is_some()) {
            let rule = "connections cannot stand beside workers or line";
            findings.wrong_at(
                "connections",
                Code::E010,
                rule,
                "a database has connections, others have workers",
            );
        }
        if service.line.is_some() && service.workers.is_none() && service.connections.is_none() {
            let rule = "a line has no end if workers are unlimited";
            findings.wrong_at("line", Code::E010, rule, "give \"workers\" too");
        }
        if let Some(cpu) = &service.cpu {
            findings.inside("cpu", |it| {
                it.inside("request", |it| within(cpu.request, 1e-6, 1e6, it));
                if let Some(limit) = cpu.limit {
                    it.inside("limit", |it| within(limit, 1e-6, 1e6, it));
                }
            });
        }
        if let Some(health) = &service.health {
            findings.inside("health", |it| health.check(it));
        }
        findings.inside("pools", |it| {
            for (name, pool) in &service.pools {
                it.inside(name, |it| it.inside("size", |it| at_least_one(pool.size, it)));
            }
        });
        findings.inside("operations", |it| {
            if service.operations.is_empty() {
                it.wrong(Code::E004, "there must be at least one operation", "");
            }
            for (name, steps) in &service.operations {
                it.inside(name, |it| self.steps(service, steps, false, it));
            }
        });
        self.rows_agree(service, findings);
    }

    /// Steps on one table must mean the same rows.
    fn rows_agree(&self, service: &Service, findings: &mut Findings) {
        let mut tables: HashMap<&str, &Rows> = HashMap::new();
        for (name, steps) in &service.operations {
            each_step(steps, &mut |step| {
                let Step::Lock(lock) = step else { return };
                let table = lock.lock.table.as_deref().unwrap_or(name);
                let first = tables.entry(table).or_insert(&lock.lock);
                if first.rows != lock.lock.rows || first.skew != lock.lock.skew {
                    let rule = format!("the locks on table \"{table}\" differ in rows or skew");
                    findings.wrong(Code::E010, rule, "give them the same, or other tables");
                }
            });
        }
    }

    fn steps(&self, service: &Service, steps: &[Step], locked: bool, findings: &mut Findings) {
        for (i, step) in steps.iter().enumerate() {
            findings.inside(i, |it| self.step(service, step, locked, it));
        }
    }

    fn step(&self, service: &Service, step: &Step, locked: bool, findings: &mut Findings) {
        match step {
            Step::Cpu(it) => findings.inside("cpu", |at| it.cpu.check(at)),
            Step::Wait(it) => findings.inside("wait", |at| it.wait.check(at)),
            Step::Disk(it) => findings.inside("disk", |at| self.access(service, &it.disk, at)),
            Step::Commit(_) => self.needs_disk(service, findings),
            Step::Call(_) | Step::Parallel(_) | Step::Lock(_) if locked => {
                let rule =
                    "cannot stand inside a lock: whoever holds a row may not wait for others";
                findings.wrong(Code::E010, rule, "move it before or after the lock");
            }
            Step::Call(it) => self.call(service, it, findings),
            Step::Parallel(it) => self.parallel(service, it, findings),
            Step::Choose(it) => self.choose(service, it, locked, findings),
            Step::Lock(it) => {
                findings.inside("lock", |at| {
                    at.inside("rows", |at| within(it.lock.rows as f64, 1.0, ROWS_MAX as f64, at));
                    at.inside("skew", |at| within(it.lock.skew, 0.0, 10.0, at));
                });
                findings.inside("do", |at| self.steps(service, &it.steps, true, at));
            }
        }
    }

    fn needs_disk(&self, service: &Service, findings: &mut Findings) {
        let group = self.model.hosts.get(&service.hosts);
        if group.is_some_and(|group| group.disk.is_none()) {
            let rule = format!("its hosts \"{}\" have no disk", service.hosts);
            let mend = "give the host group one: \"disk\": { \"iops\": 3000 }";
            findings.wrong(Code::E013, rule, mend);
        }
    }

    fn access(&self, service: &Service, access: &Access, findings: &mut Findings) {
        self.needs_disk(service, findings);
        if access.read.is_some() == access.write.is_some() {
            findings.wrong(Code::E010, "give either read or write", "\"read\": \"8KiB\"");
        }
        findings.inside("count", |it| {
            at_least_one(access.count, it);
            at_most(f64::from(access.count), f64::from(COUNT_MAX), it);
        });
        findings.inside("hit", |it| within(access.hit, 0.0, 1.0, it));
        if access.write.is_some() && access.hit > 0.0 {
            findings.wrong_at(
                "hit",
                Code::E010,
                "only reads can be answered by memory",
                "leave it out",
            );
        }
    }

    fn operation(&self, call: &str, findings: &mut Findings) {
        if Operation::find(self.model, call).is_some() {
            return;
        }
        let Some((service, operation)) = call.split_once('.') else {
            let rule = format!("\"{call}\" is no service.operation");
            return findings.wrong(Code::E008, rule, "write it like \"web.browse\"");
        };
        let (rule, mend) = match self.model.services.get(service) {
            None => {
                let known = self.model.services.keys().map(String::as_str);
                (format!("no service is named \"{service}\""), suggest(service, known))
            }
            Some(it) => {
                let known = it.operations.keys().map(String::as_str);
                let rule = format!("service \"{service}\" has no operation \"{operation}\"");
                (rule, suggest(operation, known))
            }
        };
        findings.wrong(Code::E008, rule, mend);
    }

    fn call(&self, service: &Service, call: &CallStep, findings: &mut Findings) {
        findings.inside("call", |it| self.operation(&call.call, it));
        findings.inside("times", |it| {
            at_least_one(call.times, it);
            at_most(f64::from(call.times), f64::from(COUNT_MAX), it);
        });
        findings.inside("share", |it| within(call.share, 0.0, 1.0, it));
        if let Some(pool) = &call.through
            && !service.pools.contains_key(pool)
        {
            let rule = format!("this service has no pool \"{pool}\"");
            let known = service.pools.keys().map(String::as_str);
            findings.wrong_at("through", Code::E008, rule, suggest(pool, known));
        }
        patience(call.timeout, &call.retry, findings);
    }

    fn parallel(&self, service: &Service, parallel: &ParallelStep, findings: &mut Findings) {
        let branches = parallel.parallel.len() as u32;
        findings.inside("parallel", |it| {
            if branches == 0 || branches > COUNT_MAX {
                it.wrong(Code::E007, format!("must have from 1 to {COUNT_MAX} branches"), "");
            }
            for (i, steps) in parallel.parallel.iter().enumerate() {
                it.inside(i, |it| self.steps(service, steps, false, it));
            }
        });
        if let Some(need) = parallel.need
            && (need == 0 || need > branches)
        {
            let rule = format!("must be from 1 to the number of branches, {branches}, not {need}");
            findings.wrong_at("need", Code::E007, rule, "");
        }
    }

    fn choose(&self, service: &Service, it: &ChooseStep, locked: bool, findings: &mut Findings) {
        findings.inside("choose", |at| {
            for (i, choice) in it.choose.iter().enumerate() {
                at.inside(i, |at| {
                    at.inside("weight", |at| within(choice.weight, 0.0, 1e9, at));
                    at.inside("do", |at| self.steps(service, &choice.steps, locked, at));
                });
            }
            let total: f64 = it.choose.iter().map(|choice| choice.weight).sum();
            if total <= 0.0 {
                at.wrong(Code::E007, "at least one option must have a weight above 0", "");
            }
        });
    }

    fn traffic(&self, findings: &mut Findings) {
        if self.model.traffic.is_empty() {
            findings.wrong(Code::E013, "there must be at least one class, or nothing happens", "");
        }
        for (name, class) in &self.model.traffic {
            findings.inside(name, |it| self.class(class, it));
        }
    }

    fn class(&self, class: &TrafficClass, findings: &mut Findings) {
        findings.inside("call", |it| self.operation(&class.call, it));
        patience(class.timeout, &class.retry, findings);
        let given = [
            class.per_user.is_some(),
            class.rate.is_some(),
            class.every.is_some(),
            class.recorded.is_some(),
            class.closed.is_some(),
        ];
        if given.iter().filter(|it| **it).count() != 1 {
            let rule = "give exactly one of per_user, rate, every, recorded and closed";
            findings.wrong(Code::E010, rule, "\"rate\": \"100/s\"");
        }
        for (key, rate) in [("per_user", class.per_user), ("rate", class.rate)] {
            if let Some(rate) = rate {
                findings.inside(key, |it| at_most(rate.as_per_s(), 1e9, it));
            }
        }
        if let Some(every) = &class.every {
            findings.inside("every", |it| {
                every.check(it);
                if matches!(every, Distribution::Constant(gap) if gap.is_zero()) {
                    it.wrong(Code::E007, "must be longer than nothing", "\"10ms\"");
                }
            });
        }
        if let Some(closed) = &class.closed {
            findings.inside("closed", |it| {
                it.inside("users", |it| {
                    at_least_one(closed.users, it);
                    at_most(f64::from(closed.users), f64::from(CLOSED_USERS_MAX), it);
                });
                it.inside("think", |it| closed.think.check(it));
                let stalls = matches!(closed.think, Distribution::Constant(Span::ZERO));
                if stalls && self.takes_no_time(&class.call) {
                    let rule = "users who do not think ask something that takes no time, for ever";
                    it.wrong(Code::E013, rule, "give \"think\" a duration");
                }
            });
        }
        if let Some(recorded) = &class.recorded {
            findings.inside("recorded", |it| {
                if recorded.every.is_zero() {
                    it.wrong_at("every", Code::E007, "must be longer than nothing", "\"5m\"");
                }
                it.inside("scale", |it| within(recorded.scale, 0.0, 1e9, it));
            });
        }
    }

    /// Whether an operation certainly takes no time at all.
    fn takes_no_time(&self, call: &str) -> bool {
        Operation::find(self.model, call).is_some_and(|operation| {
            !any_step(operation.spec, |step| !matches!(step, Step::Choose(_)))
        })
    }

    fn objectives(&self, findings: &mut Findings) {
        for (name, objective) in &self.model.objectives {
            findings.inside(name, |it| {
                self.class_named(name, it);
                if let Some(availability) = objective.availability {
                    it.inside("availability", |it| within(availability, 0.0, 1.0, it));
                }
            });
        }
    }

    fn class_named(&self, name: &str, findings: &mut Findings) {
        let classes = &self.model.traffic;
        if !classes.contains_key(name) {
            let rule = format!("no traffic class is named \"{name}\"");
            findings.wrong(Code::E008, rule, suggest(name, classes.keys().map(String::as_str)));
        }
    }

    fn business(&self, findings: &mut Findings) {
        let Some(business) = &self.model.business else { return };
        if let Some(revenue) = &business.revenue {
            findings.inside("revenue", |it| {
                it.inside("per", |it| self.class_named(&revenue.per, it));
                it.inside("amount", |it| within(revenue.amount, 0.0, 1e12, it));
            });
        }
        if let Some(churn) = &business.churn {
            findings.inside("churn", |it| {
                it.inside("per_failed_request", |it| {
                    within(churn.per_failed_request, 0.0, 1.0, it)
                });
                it.inside("cap_per_day", |it| within(churn.cap_per_day, 0.0, 1.0, it));
            });
        }
    }

    /// No operation may call itself, however indirectly: with workers held, that would never end.
    fn circles(&self, findings: &mut Findings) {
        let mut state: HashMap<String, bool> = HashMap::new();
        for (service, spec) in &self.model.services {
            for operation in spec.operations.keys() {
                let mut path = Vec::new();
                self.walk(&format!("{service}.{operation}"), &mut path, &mut state, findings);
            }
        }
    }

    /// Depth-first search; `done` says of an operation whether it is finished or on the path.
    fn walk(
        &self,
        call: &str,
        path: &mut Vec<String>,
        done: &mut HashMap<String, bool>,
        findings: &mut Findings,
    ) {
        let Some(operation) = Operation::find(self.model, call) else { return };
        match done.get(call) {
            Some(true) => return,
            Some(false) => {
                let from = path.iter().position(|it| it == call).unwrap_or(0);
                let circle = [&path[from..], &[call.to_owned()]].concat().join(" → ");
                let rule = format!("calls go round in a circle: {circle}");
                let mend = "a call waits for its answer, so a circle would never end";
                return findings.inside(operation.service_name, |it| {
                    it.inside("operations", |it| {
                        it.wrong_at(operation.name, Code::E009, rule, mend)
                    });
                });
            }
            None if path.len() == CHAIN_MAX => {
                let rule = format!("calls go more than {CHAIN_MAX} deep");
                return findings.wrong(Code::E012, rule, "merge some services");
            }
            None => {}
        }
        done.insert(call.to_owned(), false);
        path.push(call.to_owned());
        each_step(operation.steps, &mut |step| {
            if let Step::Call(it) = step {
                self.walk(&it.call, path, done, findings);
            }
        });
        path.pop();
        done.insert(call.to_owned(), true);
    }

    /// How deep calls nest and how long the programs get once all calls are written out.
    fn sizes(&self, findings: &mut Findings) {
        let mut known = HashMap::new();
        let mut total = 0u64;
        for (name, class) in &self.model.traffic {
            let size = self.size_of(&class.call, &mut known);
            total = total.saturating_add(size.steps);
            if size.depth > DEPTH_MAX {
                findings.inside("traffic", |it| {
                    let rule = format!(
                        "its calls nest {} deep; at most {DEPTH_MAX} can be run",
                        size.depth
                    );
                    it.inside(name, |it| {
                        it.wrong_at("call", Code::E012, rule, "merge some services")
                    });
                });
            }
        }
        if total > STEPS_MAX {
            let rule = format!("{total} steps once all calls are written out; at most {STEPS_MAX}");
            findings.inside("services", |it| it.wrong(Code::E012, rule, "lower \"times\""));
        }
    }

    fn size_of(&self, call: &str, known: &mut HashMap<String, Size>) -> Size {
        if let Some(size) = known.get(call) {
            return *size;
        }
        let Some(operation) = Operation::find(self.model, call) else { return Size::default() };
        let inner = self.size_of_steps(operation.steps, known);
        let size = Size { steps: inner.steps.saturating_add(6), depth: inner.depth + 1 };
        known.insert(call.to_owned(), size);
        size
    }

    fn size_of_steps(&self, steps: &[Step], known: &mut HashMap<String, Size>) -> Size {
        let mut sum = Size::default();
        for step in steps {
            let mut size = Size { steps: 5, depth: 0 };
            if let Step::Call(it) = step {
                let one = self.size_of(&it.call, known);
                size.steps += one.steps.saturating_mul(u64::from(it.times));
                size.depth = one.depth;
            }
            for inner in inner_steps(step) {
                let inner = self.size_of_steps(inner, known);
                size.steps = size.steps.saturating_add(inner.steps + 2);
                size.depth = size.depth.max(inner.depth);
            }
            sum.steps = sum.steps.saturating_add(size.steps);
            sum.depth = sum.depth.max(size.depth);
        }
        sum
    }
}

#[derive(Clone, Copy, Default)]
struct Size {
    steps: u64,
    depth: usize,
}

fn patience(timeout: Option<Span>, retry: &Option<Retry>, findings: &mut Findings) {
    if timeout.is_some_and(|it| it.is_zero()) {
        findings.wrong_at("timeout", Code::E007, "must be longer than nothing", "\"5s\"");
    }
    if let Some(retry) = retry {
        findings.inside("retry", |it| retry.check(it));
    }
}

/// Points at the largest of the counts if their sum is too large.
fn all_together<'m>(
    counts: impl Iterator<Item = (&'m String, &'static str, u32)>,
    most: u64,
    what: &str,
    findings: &mut Findings,
) {
    let counts: Vec<_> = counts.collect();
    let total: u64 = counts.iter().map(|it| u64::from(it.2)).sum();
    if total > most
        && let Some((name, key, _)) = counts.iter().max_by_key(|it| it.2)
    {
        let rule = format!("{total} {what} in all; at most {most} can be run");
        let mend = "let one stand for several, with as many times the cores and workers";
        findings.inside(*name, |it| it.wrong_at(*key, Code::E012, rule, mend));
    }
}

fn at_least_one(count: u32, findings: &mut Findings) {
    if count == 0 {
        findings.wrong(Code::E007, "must be at least 1, not 0", "");
    }
}

fn at_most(value: f64, most: f64, findings: &mut Findings) {
    if value > most {
        findings.wrong(Code::E012, format!("at most {most} can be run, not {value}"), "");
    }
}

fn within(value: f64, least: f64, most: f64, findings: &mut Findings) {
    if !(least..=most).contains(&value) {
        findings.wrong(Code::E007, format!("must be from {least} to {most}, not {value}"), "");
    }
}
