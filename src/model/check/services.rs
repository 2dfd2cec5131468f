//! Services, what they hold, and that their locks agree.

use super::*;

/// Instances beyond which a model is refused.
const INSTANCES_MAX: u64 = 100_000;

/// Connections that a pool may keep a record of, in all instances.
const CONNECTIONS_MAX: u64 = 1_000_000;

impl Checker<'_> {
    pub(super) fn services(&self, findings: &mut Findings) {
        if self.model.services.is_empty() {
            findings.wrong(Code::E004, "there must be at least one service", "");
        }
        let counts = self
            .model
            .services
            .iter()
            .map(|(name, it)| (name, "instances", self.model.laid_out(it)));
        all_together(counts, INSTANCES_MAX, "instances", findings);
        for (name, service) in &self.model.services {
            findings.inside(name, |it| {
                if name.contains('.') {
                    it.wrong(Code::E007, "a service's name cannot hold a dot", "");
                }
                self.service(service, it);
            });
        }
        self.room(findings);
        self.minimum_connections(findings);
        self.circles(findings);
        self.waits(findings);
        self.fetches_in_circles(findings);
    }

    /// What pools keep open must not be more than the other end takes.
    fn minimum_connections(&self, findings: &mut Findings) {
        let mut open: HashMap<&str, u64> = HashMap::new();
        for (name, service) in &self.model.services {
            for (pool, spec) in &service.pools {
                let Some(connect) = &spec.connect else { continue };
                let Some((to, _)) = connect.call.split_once('.') else { continue };
                let Some(target) = self.model.services.get(to) else { continue };
                let refusing = target.workers.filter(|_| target.line == Some(0));
                let Some(connections) = target.connections.or(refusing) else { continue };
                let most = u64::from(connections) * u64::from(target.takers());
                let open = open.entry(to).or_insert(0);
                *open += u64::from(connect.minimum) * u64::from(service.instances);
                if *open > most {
                    let rule =
                        format!("pools keep {open} open with this one; \"{to}\" takes {most}");
                    let path = ["pools", pool.as_str(), "connect", "minimum"];
                    findings.inside(name, |it| wrong_far_inside(&path, rule, it));
                }
            }
        }
    }

    fn service(&self, service: &Service, findings: &mut Findings) {
        findings.inside("only_in", |it| self.only_in(service, it));
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
        self.admission(service, findings);
        self.balancing(service, findings);
        self.replication(service, findings);
        if let Some(cpu) = &service.cpu {
            findings.inside("cpu", |it| {
                let group = self.model.hosts.get(&service.hosts);
                if cpu.limit.is_some() && group.is_some_and(|it| it.affinity.is_some()) {
                    let rule =
                        "a limit is kept across all cores, and those of its hosts have affinity";
                    it.wrong_at("limit", Code::E010, rule, "leave out the limit, or affinity");
                }
                it.inside("request", |it| within(cpu.request, 1e-6, 1e6, it));
                if let Some(limit) = cpu.limit {
                    it.inside("limit", |it| within(limit, 1e-6, 1e6, it));
                }
            });
        }
        self.scaling(service, findings);
        findings.inside("start", |it| service.start.check(it));
        if let Some(health) = &service.health {
            findings.inside("health", |it| health.check(it));
        }
        findings.inside("pools", |it| {
            for (name, pool) in &service.pools {
                it.inside(name, |it| self.pool(pool, self.model.laid_out(service), it));
            }
        });
        if let Some(buffer) = &service.buffer {
            findings.inside("buffer", |it| buffer.check(it));
        }
        if service.group_commit.is_some() && !any_step(service, |it| matches!(it, Step::Commit(_)))
        {
            let rule = "nothing commits in this service";
            findings.wrong_at("group_commit", Code::E010, rule, "leave it out");
        }
        findings.inside("operations", |it| {
            if service.operations.is_empty() {
                it.wrong(Code::E004, "there must be at least one operation", "");
            }
            for (name, steps) in &service.operations {
                it.inside(name, |it| self.steps(service, steps, it));
            }
        });
        self.rows_agree(service, findings);
        self.caches_agree(service, findings);
        self.policies_agree(service, findings);
    }

    fn pool(&self, pool: &Pool, instances: u32, findings: &mut Findings) {
        findings.inside("size", |it| at_least_one(pool.size, it));
        let Some(connect) = &pool.connect else { return };
        findings.inside("connect", |it| {
            it.inside("call", |it| self.operation(&connect.call, it));
            if connect.minimum > pool.size {
                let rule = format!("cannot be more than the pool's size, {}", pool.size);
                it.wrong_at("minimum", Code::E010, rule, "");
            }
        });
        let all = u64::from(pool.size) * u64::from(instances);
        if all > CONNECTIONS_MAX {
            let rule = format!(
                "{all} connections of all instances; at most {CONNECTIONS_MAX} can be opened and closed"
            );
            findings.wrong_at("size", Code::E012, rule, "");
        }
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
}

/// A contradiction at the end of a path.
fn wrong_far_inside(path: &[&str], rule: String, findings: &mut Findings) {
    match path {
        [] => findings.wrong(Code::E010, rule, ""),
        [first, rest @ ..] => findings.inside(*first, |it| wrong_far_inside(rest, rule, it)),
    }
}
