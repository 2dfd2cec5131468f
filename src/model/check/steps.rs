//! The steps of operations.

use super::*;

const ROWS_MAX: u64 = 1_000_000_000_000;
pub(super) const COUNT_MAX: u32 = 1000;
/// Chunks that one step can move.
const CHUNKS_MAX: u64 = 100_000_000;

impl Checker<'_> {
    pub(super) fn steps(&self, service: &Service, steps: &[Step], findings: &mut Findings) {
        for (i, step) in steps.iter().enumerate() {
            findings.inside(i, |it| self.step(service, step, it));
        }
    }

    fn step(&self, service: &Service, step: &Step, findings: &mut Findings) {
        match step {
            Step::Cpu(it) => findings.inside("cpu", |at| it.cpu.check(at)),
            Step::Wait(it) => findings.inside("wait", |at| it.wait.check(at)),
            Step::Disk(it) => findings.inside("disk", |at| self.access(service, &it.disk, at)),
            Step::Commit(_) if self.has_log(service) => {}
            Step::Commit(_) => self.needs_disk(service, findings),
            Step::Call(it) => self.call(service, it, findings),
            Step::Parallel(it) => self.parallel(service, it, findings),
            Step::Choose(it) => self.choose(service, it, findings),
            Step::Cache(it) => self.cache(service, it, findings),
            Step::Send(it) => self.send(it, findings),
            Step::Accelerator(it) => {
                findings.inside("accelerator", |at| self.inference(service, &it.accelerator, at))
            }
            Step::Fail(it) => findings.inside("fail", |at| within(it.fail, 0.0, 1.0, at)),
            Step::Lock(it) => {
                findings.inside("lock", |at| {
                    at.inside("rows", |at| within(it.lock.rows as f64, 1.0, ROWS_MAX as f64, at));
                    at.inside("skew", |at| within(it.lock.skew, 0.0, 10.0, at));
                });
                findings.inside("do", |at| self.steps(service, &it.steps, at));
            }
        }
    }

    fn has_log(&self, service: &Service) -> bool {
        self.model.hosts.get(&service.hosts).is_some_and(|group| group.log.is_some())
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
        if let Some(hit) = access.hit {
            findings.inside("hit", |it| within(hit, 0.0, 1.0, it));
            if access.write.is_some() && hit > 0.0 {
                let rule = "only reads can be answered by memory";
                findings.wrong_at("hit", Code::E010, rule, "leave it out");
            }
        }
        if access.write.is_none() && !access.wait {
            let rule = "only writes can go on without being waited for";
            findings.wrong_at("wait", Code::E010, rule, "leave it out");
        }
        if access.rate.is_some_and(|it| it.as_bytes_per_s() < 1.0) {
            findings.wrong_at("rate", Code::E007, "must be at least 1B/s", "");
        }
        self.chunks(access, findings);
    }

    fn chunks(&self, access: &Access, findings: &mut Findings) {
        let Some(chunk) = access.chunk else { return };
        let bytes = access.read.or(access.write).map_or(0, |it| it.count());
        if chunk.count() == 0 || chunk.count() > bytes {
            let rule = "must be from 1B to the bytes of the whole";
            return findings.wrong_at("chunk", Code::E007, rule, "\"256KiB\"");
        }
        let chunks = bytes.div_ceil(chunk.count()).saturating_mul(u64::from(access.count));
        if chunks > CHUNKS_MAX {
            let rule = format!("{chunks} chunks; at most {CHUNKS_MAX} can be run");
            findings.wrong_at("chunk", Code::E012, rule, "make them larger");
        }
        if access.hit.is_some_and(|it| it > 0.0) && chunks > u64::from(COUNT_MAX) {
            let rule = format!("at most {COUNT_MAX} chunks can be answered by memory in part");
            findings.wrong_at("hit", Code::E012, rule, "make the chunks larger");
        }
    }

    pub(super) fn operation(&self, call: &str, findings: &mut Findings) {
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
        let connect = call.through.as_ref().and_then(|it| service.pools.get(it)?.connect.as_ref());
        let service_of = |call: &str| call.split_once('.').map(|it| it.0.to_owned());
        if let Some(connect) = connect
            && service_of(&connect.call) != service_of(&call.call)
        {
            let rule = format!("this pool opens its connections with \"{}\"", connect.call);
            findings.wrong_at("through", Code::E010, rule, "give the other service another pool");
        }
        for (key, size) in [("request", &call.request), ("answer", &call.answer)] {
            if let Some(size) = size {
                findings.inside(key, |it| size.check(it));
            }
        }
        let policies = Policies {
            timeout: call.timeout,
            retry: &call.retry,
            hedge: &call.hedge,
            breaker: &call.breaker,
            deadline: &call.deadline,
            instances: service.instances,
        };
        policies.check(findings);
        if let Some(steps) = &call.fallback {
            findings.inside("fallback", |it| self.steps(service, steps, it));
        }
    }

    fn parallel(&self, service: &Service, parallel: &ParallelStep, findings: &mut Findings) {
        let branches = parallel.parallel.len() as u32;
        findings.inside("parallel", |it| {
            if branches == 0 || branches > COUNT_MAX {
                it.wrong(Code::E007, format!("must have from 1 to {COUNT_MAX} branches"), "");
            }
            for (i, steps) in parallel.parallel.iter().enumerate() {
                it.inside(i, |it| self.steps(service, steps, it));
            }
        });
        if let Some(need) = parallel.need
            && (need == 0 || need > branches)
        {
            let rule = format!("must be from 1 to the number of branches, {branches}, not {need}");
            findings.wrong_at("need", Code::E007, rule, "");
        }
    }

    fn choose(&self, service: &Service, it: &ChooseStep, findings: &mut Findings) {
        findings.inside("choose", |at| {
            for (i, choice) in it.choose.iter().enumerate() {
                at.inside(i, |at| {
                    at.inside("weight", |at| within(choice.weight, 0.0, 1e9, at));
                    at.inside("do", |at| self.steps(service, &choice.steps, at));
                });
            }
            let total: f64 = it.choose.iter().map(|choice| choice.weight).sum();
            if total <= 0.0 {
                at.wrong(Code::E007, "at least one option must have a weight above 0", "");
            }
        });
    }
}
