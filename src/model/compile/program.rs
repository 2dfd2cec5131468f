//! From nested steps to flat programs, each step with the place to go on if it fails.

use super::layout::access_law;
use super::*;
use crate::model::file::{Access as Accesses, CallStep, ChooseStep, LockStep, ParallelStep};
use crate::parts::distribution::Misses;
use crate::parts::distribution::Zipf;
use crate::parts::distribution::{Distribution, Law};
use crate::rng::mix;
use crate::units::Bytes;

/// A program being written: where its steps begin, and what each must give back if it fails.
struct Program {
    /// For each step so far, the innermost thing held there.
    holds: Vec<usize>,
    /// For each thing held, the step that gives it back; the first is the end of the program.
    releases: Vec<StepId>,
    start: StepId,
}

impl<'m> Compiler<'m> {
    /// Writes one program, and tells those who send it where it starts.
    pub(super) fn program(&mut self, pending: Pending<'m>) {
        let start = StepId::new(self.network.steps.len());
        let mut program = Program { holds: Vec::new(), releases: vec![StepId::LAST], start };
        match pending.what {
            Sent::Call { guard, call } => {
                self.network.guards[guard].first = start;
                self.call_through(&mut program, 0, call, pending.depth);
            }
            Sent::Branch { fork, branch, owner, steps } => {
                self.network.forks[fork].branches[branch] = start;
                self.steps(&mut program, 0, &owner, steps, pending.depth);
            }
        }
        program.releases[0] = self.emit(&mut program, 0, Step::End);
        for holds in &program.holds {
            self.network.unwind.push(program.releases[*holds]);
        }
    }

    fn emit(&mut self, program: &mut Program, holds: usize, step: Step) -> StepId {
        program.holds.push(holds);
        debug_assert_eq!(self.network.steps.len(), program.start.index() + program.holds.len() - 1);
        self.network.steps.push(step)
    }

    /// Something is held from here on; to be given back by `release`.
    fn hold(&self, program: &mut Program) -> usize {
        program.releases.push(StepId::LAST);
        program.releases.len() - 1
    }

    fn release(&mut self, program: &mut Program, outer: usize, held: usize, step: Step) {
        program.releases[held] = self.emit(program, outer, step);
    }

    /// A call from an instance at `depth - 1`, holding one of its connections if it says so.
    fn call_through(
        &mut self,
        program: &mut Program,
        holds: usize,
        call: Callee<'m>,
        depth: Depth,
    ) {
        let Some(pool) = call.through else {
            return self.visit(program, holds, call, depth);
        };
        let owner = depth - 1;
        self.emit(program, holds, Step::Borrow { pool, depth: owner });
        let held = self.hold(program);
        self.visit(program, held, call, depth);
        self.release(program, holds, held, Step::Return { pool, depth: owner });
    }

    /// The operation's steps between taking a worker and giving it back.
    fn visit(&mut self, program: &mut Program, holds: usize, call: Callee<'m>, depth: Depth) {
        let service = ServiceId::new(call.operation.service);
        let key = self.luck_key(&call.luck);
        let instances = self.network.services[service].instances.clone();
        let only = (instances.clone().map_ids().count() == 1).then_some(instances.start);
        let visit = self.network.visits.push(Visit { service, only, key });
        self.emit(program, holds, Step::Call { visit, depth });
        self.emit(program, holds, Step::Seize { visit, depth });
        let held = self.hold(program);
        let place = Place { service, spec: call.operation.spec, path: call.operation.path() };
        self.steps(program, held, &place, call.operation.steps, depth);
        self.release(program, holds, held, Step::Leave { visit, depth });
    }

    fn steps(
        &mut self,
        program: &mut Program,
        holds: usize,
        place: &Place<'m>,
        steps: &'m [Written],
        depth: Depth,
    ) {
        for (i, step) in steps.iter().enumerate() {
            let at = Place { path: format!("{}[{i}]", place.path), ..place.clone() };
            self.step(program, holds, &at, step, depth);
        }
    }

    fn step(
        &mut self,
        program: &mut Program,
        holds: usize,
        at: &Place<'m>,
        step: &'m Written,
        depth: Depth,
    ) {
        match step {
            Written::Cpu(it) => {
                let speed = self.group_of(at.spec).speed;
                let work = self.work(at, &it.luck, it.cpu.law().scaled(1.0 / speed));
                self.compute(program, holds, at.service, work, depth);
            }
            Written::Wait(it) => {
                let work = self.work(at, &it.luck, compile(&it.wait));
                self.emit(program, holds, Step::Wait { work });
            }
            Written::Disk(it) => self.disk(program, holds, at, &it.disk, &it.luck, depth),
            Written::Commit(_) => {
                self.emit(program, holds, Step::Commit { depth });
            }
            Written::Call(it) => {
                (0..it.times).for_each(|_| self.call(program, holds, at, it, depth))
            }
            Written::Parallel(it) => self.parallel(program, holds, at, it, depth),
            Written::Choose(it) => self.choose(program, holds, at, it, depth),
            Written::Lock(it) => self.lock(program, holds, at, it, depth),
        }
    }

    fn compute(
        &mut self,
        program: &mut Program,
        holds: usize,
        service: ServiceId,
        work: WorkId,
        depth: Depth,
    ) {
        let of_service = |it: &&Instance| it.service == service;
        let instance = self.network.instances.as_slice().iter().find(of_service);
        let host = instance.expect("checked: a service has instances").host;
        // A group's hosts are laid out alike, but for the last instances; one kind of step for all.
        let group = self.network.hosts[host].group;
        let hosts = self.network.groups[group].hosts.clone();
        let contended = self.network.hosts[hosts].iter().any(|it| it.contended);
        let step = match contended {
            true => Step::Compute { work, depth },
            false => Step::Delay { work, depth },
        };
        self.emit(program, holds, step);
    }

    fn disk(
        &mut self,
        program: &mut Program,
        holds: usize,
        at: &Place<'m>,
        accesses: &Accesses,
        luck: &Option<String>,
        depth: Depth,
    ) {
        let bytes = accesses.read.or(accesses.write).unwrap_or(Bytes::new(0));
        let disk = self.disk_of(at.spec).expect("checked: there is a disk");
        let key = self.luck_key(luck.as_ref().unwrap_or(&at.path));
        let access = self.network.accesses.push(Access {
            misses: Misses::new(accesses.count, accesses.hit),
            time: access_law(disk, bytes),
            key,
        });
        self.emit(program, holds, Step::Access { access, depth });
        self.emit(program, holds, Step::Occupy { depth });
        let held = self.hold(program);
        self.emit(program, held, Step::Transfer { access });
        self.release(program, holds, held, Step::Vacate { depth });
    }

    fn call(
        &mut self,
        program: &mut Program,
        holds: usize,
        at: &Place<'m>,
        call: &'m CallStep,
        depth: Depth,
    ) {
        let skip = (call.share < 1.0).then(|| self.skip(program, holds, at, call.share));
        let through = call.through.as_ref().and_then(|name| at.spec.pools.get_index_of(name));
        let callee = self.callee(&call.call, through.map(|it| it as u16), at.path.clone());
        if call.timeout.is_some() || call.retry.is_some() {
            let guard = self.guard(&at.path, call.timeout, &call.retry);
            self.emit(program, holds, Step::Guarded { guard, depth });
            let what = Sent::Call { guard, call: callee };
            self.pending.push_back(Pending { what, depth: depth + 1 });
        } else {
            self.call_through(program, holds, callee, depth + 1);
        }
        if let Some(choice) = skip {
            let end = StepId::new(self.network.steps.len());
            self.network.choices[choice].options[1].1 = end;
        }
    }

    /// Goes on with the next step in `share` of the cases; where to else is still to be said.
    fn skip(&mut self, program: &mut Program, holds: usize, at: &Place, share: f64) -> ChoiceId {
        let key = self.luck_key(&format!("{} share", at.path));
        let choice = ChoiceId::new(self.network.choices.len());
        let here = self.emit(program, holds, Step::Choose { choice });
        let next = StepId::new(here.index() + 1);
        let options = vec![(share, next), (1.0, StepId::LAST)];
        self.network.choices.push(Choice { key, options })
    }

    fn parallel(
        &mut self,
        program: &mut Program,
        holds: usize,
        at: &Place<'m>,
        parallel: &'m ParallelStep,
        depth: Depth,
    ) {
        let branches = parallel.parallel.len();
        let need = parallel.need.unwrap_or(branches as u32);
        let fork = self.network.forks.push(Fork { branches: vec![StepId::LAST; branches], need });
        self.emit(program, holds, Step::Fork { fork, depth });
        for (branch, steps) in parallel.parallel.iter().enumerate() {
            let owner = Place { path: format!("{}.parallel[{branch}]", at.path), ..at.clone() };
            self.pending
                .push_back(Pending { what: Sent::Branch { fork, branch, owner, steps }, depth });
        }
    }

    fn choose(
        &mut self,
        program: &mut Program,
        holds: usize,
        at: &Place<'m>,
        choose: &'m ChooseStep,
        depth: Depth,
    ) {
        let key = self.luck_key(choose.luck.as_ref().unwrap_or(&at.path));
        let choice = self.network.choices.push(Choice { key, options: Vec::new() });
        self.emit(program, holds, Step::Choose { choice });
        let total: f64 = choose.choose.iter().map(|option| option.weight).sum();
        let mut up_to = 0.0;
        let mut jumps = Vec::new();
        for (i, option) in choose.choose.iter().enumerate() {
            up_to += option.weight / total;
            let start = StepId::new(self.network.steps.len());
            self.network.choices[choice].options.push((up_to, start));
            let place = Place { path: format!("{}.choose[{i}]", at.path), ..at.clone() };
            self.steps(program, holds, &place, &option.steps, depth);
            jumps.push(self.emit(program, holds, Step::Jump { to: StepId::LAST }));
        }
        let to = StepId::new(self.network.steps.len());
        for jump in jumps {
            self.network.steps[jump] = Step::Jump { to };
        }
    }

    fn lock(
        &mut self,
        program: &mut Program,
        holds: usize,
        at: &Place<'m>,
        lock: &'m LockStep,
        depth: Depth,
    ) {
        let work = self.work(at, &lock.luck, Law::Constant(Span::ZERO));
        let operation = at.path.split('[').next().unwrap_or(&at.path);
        let own = operation.rsplit('.').next().unwrap_or(operation);
        let table = lock.lock.table.clone().unwrap_or_else(|| own.to_owned());
        let key = (at.service, table.clone());
        let id = match self.locks.get(&key) {
            Some(id) => *id,
            None => {
                let rows = Zipf::new(lock.lock.rows, lock.lock.skew);
                let service = &self.names.services[at.service.index()];
                self.names.locks.push(format!("{service}.lock.{table}"));
                let count = lock.lock.rows;
                self.network.locks.push(Lock { service: at.service, count, rows })
            }
        };
        self.locks.insert(key, id);
        self.emit(program, holds, Step::Lock { lock: id, work });
        let held = self.hold(program);
        let place = Place { path: format!("{}.do", at.path), ..at.clone() };
        self.steps(program, held, &place, &lock.steps, depth);
        self.release(program, holds, held, Step::Unlock { lock: id });
    }

    fn work(&mut self, at: &Place, luck: &Option<String>, law: Law) -> WorkId {
        let key = self.luck_key(luck.as_ref().unwrap_or(&at.path));
        self.network.works.push(Work { law, key })
    }

    /// A new key for every use of a name in the class's program: the visits of one request differ.
    fn luck_key(&mut self, name: &str) -> u64 {
        let uses = self.luck.entry(name.to_owned()).or_insert(0);
        *uses += 1;
        mix(key_of(name).wrapping_add(*uses))
    }
}

fn compile(distribution: &Distribution) -> Law {
    distribution.law()
}
