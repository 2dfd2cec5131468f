//! Services, what they hold, and that their locks agree.

use super::*;

/// Instances beyond which a model is refused.
const INSTANCES_MAX: u64 = 100_000;

impl Checker<'_> {
    pub(super) fn services(&self, findings: &mut Findings) {
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
        self.waits(findings);
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
                it.inside(name, |it| self.steps(service, steps, it));
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
}
