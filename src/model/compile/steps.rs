//! Each kind of step as it is written into a program.

use super::disks::{access_law, bytes_of, costs};
use super::program::Program;
use super::*;
use crate::model::file::{
    Access as Accesses, CallStep, ChooseStep, Disk, DiskStep, FailStep, LockStep, ParallelStep,
};
use crate::parts::distribution::{Law, Misses, Zipf};

/// Where in a program and in the model a step is being written.
#[derive(Clone)]
pub(super) struct Spot<'m> {
    /// The operation, and the step's place in it.
    pub place: Place<'m>,
    /// The innermost thing held there.
    pub holds: usize,
    /// How many instances the request is inside of above its present one.
    pub depth: Depth,
    /// The worker, where the request may lose it to one that matters more.
    pub gives_way: Option<usize>,
}

impl<'m> Spot<'m> {
    /// The same, one step further in: `path` grows by this.
    pub(super) fn inside(&self, part: std::fmt::Arguments) -> Spot<'m> {
        let path = format!("{}{part}", self.place.path);
        Spot { place: Place { path, ..self.place.clone() }, ..*self }
    }

    /// The same while one more thing is held.
    pub(super) fn holding(self, holds: usize) -> Spot<'m> {
        Spot { holds, ..self }
    }
}

impl<'m> Compiler<'m> {
    pub(super) fn steps(&mut self, program: &mut Program, spot: &Spot<'m>, steps: &'m [Written]) {
        for (i, step) in steps.iter().enumerate() {
            self.look_at_deadline(program, spot.holds);
            self.step(program, &spot.inside(format_args!("[{i}]")), step);
        }
    }

    fn step(&mut self, program: &mut Program, spot: &Spot<'m>, step: &'m Written) {
        match step {
            Written::Cpu(it) => {
                let speed = self.group_of(spot.place.spec).speed;
                let work = self.work(spot, &it.luck, it.cpu.law().scaled(1.0 / speed));
                self.give_way(program, spot);
                self.compute(program, spot, work);
            }
            Written::Wait(it) => {
                let work = self.work(spot, &it.luck, it.wait.law());
                self.give_way(program, spot);
                self.emit(program, spot.holds, Step::Wait { work });
            }
            Written::Disk(it) => self.disk(program, spot, it),
            Written::Commit(_) => {
                let depth = spot.depth;
                self.emit(program, spot.holds, Step::Commit { depth });
                if spot.place.spec.replication.is_some() {
                    self.emit(program, spot.holds, Step::Replicate { depth });
                }
            }
            Written::Call(it) => (0..it.times).for_each(|_| self.call(program, spot, it)),
            Written::Parallel(it) => self.parallel(program, spot, it),
            Written::Choose(it) => self.choose(program, spot, it),
            Written::Lock(it) => self.lock(program, spot, it),
            Written::Cache(it) => self.cache(program, spot, it),
            Written::Send(it) => self.send(program, spot, it),
            Written::Accelerator(it) => self.infer(program, spot, it),
            Written::Fail(it) => self.fail(program, spot, it),
        }
    }

    /// Before a step in which the request can be interrupted.
    fn give_way(&mut self, program: &mut Program, spot: &Spot<'m>) {
        if spot.gives_way == Some(spot.holds) {
            self.emit(program, spot.holds, Step::GiveWay { depth: spot.depth });
        }
    }

    fn compute(&mut self, program: &mut Program, spot: &Spot<'m>, work: WorkId) {
        let of_service = |it: &&Instance| it.service == spot.place.service;
        let instance = self.network.instances.as_slice().iter().find(of_service);
        let host = instance.expect("checked: a service has instances").host;
        // A group's hosts are laid out alike, but for the last instances; one kind of step for all.
        let group = self.network.hosts[host].group;
        let hosts = self.network.groups[group].hosts.clone();
        let contended = self.network.hosts[hosts].iter().any(|it| it.contended);
        let depth = spot.depth;
        if self.network.hosts[host].wake.is_some() {
            self.emit(program, spot.holds, Step::Wake { work, depth });
        }
        let step = match contended {
            true => Step::Compute { work, depth },
            false => Step::Delay { work, depth },
        };
        self.emit(program, spot.holds, step);
    }

    /// Accesses that the request waits for, or a branch of its own that makes them.
    fn disk(&mut self, program: &mut Program, spot: &Spot<'m>, disk: &'m DiskStep) {
        if disk.disk.wait {
            return self.accesses(program, spot, disk);
        }
        let depth = spot.depth;
        let fork =
            self.network.forks.push(Fork { branches: vec![StepId::LAST], need: 0, cancel: false });
        self.emit(program, spot.holds, Step::Spawn { fork, depth });
        let owner = spot.place.clone();
        let what = Sent::Writes { fork, owner, disk };
        self.pending.push_back(Pending { what, depth, due: false });
    }

    pub(super) fn accesses(&mut self, program: &mut Program, spot: &Spot<'m>, step: &'m DiskStep) {
        let depth = spot.depth;
        let accesses = &step.disk;
        let disk = self.disk_of(spot.place.spec).expect("checked: there is a disk");
        let key = self.luck_key(step.luck.as_ref().unwrap_or(&spot.place.path));
        let access = access_of(accesses, disk, spot.place.spec, key);
        let plain = !access.buffered
            && access.certain.is_none()
            && access.pace.is_zero()
            && !self.is_limited(spot.place.spec);
        let access = self.network.accesses.push(access);
        let (first, last) = match plain {
            true => (Step::Access { access, depth }, Step::Vacate { depth }),
            false => (Step::Read { access, depth }, Step::Free { depth }),
        };
        self.emit(program, spot.holds, first);
        self.emit(program, spot.holds, Step::Occupy { depth });
        let held = self.hold(program);
        let transfer = if plain { Step::Transfer { access } } else { Step::Move { access, depth } };
        self.emit(program, held, transfer);
        self.release(program, spot.holds, held, last);
        if !plain {
            self.emit(program, spot.holds, Step::Again { access });
        }
    }

    /// Whether something limits the disk of a service beyond the places at it, or slows it down.
    fn is_limited(&self, service: &Service) -> bool {
        let (group, _, _) =
            self.model.hosts.get_full(&service.hosts).expect("checked: it is there");
        let hosts = &self.network.groups[GroupId::new(group)].hosts;
        let slowed = hosts.clone().map_ids().any(|it| self.slowed(it, |slow| slow.disk));
        slowed || self.network.hosts[hosts.start].volume.is_some()
    }

    fn call(&mut self, program: &mut Program, spot: &Spot<'m>, call: &'m CallStep) {
        let Spot { place, holds, depth, .. } = spot;
        let skip = self.skip(program, spot, call.share);
        let through = call.through.as_ref().and_then(|name| place.spec.pools.get_index_of(name));
        let mut callee = self.callee(&call.call, through.map(|it| it as u16), place.path.clone());
        callee.messages = self.messages(&call.request, &call.answer);
        let connect = through.and_then(|it| place.spec.pools[it].connect.as_ref());
        callee.connect = connect.and_then(|it| Operation::find(self.model, &it.call));
        let caller = Caller::service(place, call);
        if caller.is_guarded() || program.due {
            let due = program.due || call.deadline.is_some();
            let guard = self.guard(&caller, due);
            self.emit(program, *holds, Step::Guarded { guard, depth: *depth });
            let what = Sent::Call { guard, call: callee };
            self.pending.push_back(Pending { what, depth: depth + 1, due });
            if let Some(steps) = &call.fallback {
                self.fall_back(program, spot, guard, steps);
            }
        } else {
            self.call_through(program, *holds, callee, depth + 1);
        }
        self.skip_to_here(skip);
    }

    /// Steps that are passed over unless the guarded call before them has failed for good.
    fn fall_back(
        &mut self,
        program: &mut Program,
        spot: &Spot<'m>,
        guard: GuardId,
        steps: &'m [Written],
    ) {
        let answered = self.emit(program, spot.holds, Step::Jump { to: StepId::LAST });
        let policy = self.network.guards[guard].policy.expect("a fallback is one");
        self.network.policies[policy].fallback = Some(StepId::new(self.network.steps.len()));
        self.steps(program, &spot.inside(format_args!(".fallback")), steps);
        let to = StepId::new(self.network.steps.len());
        self.network.steps[answered] = Step::Jump { to };
    }

    fn fail(&mut self, program: &mut Program, spot: &Spot<'m>, step: &'m FailStep) {
        let key = self.luck_key(step.luck.as_ref().unwrap_or(&spot.place.path));
        let options = vec![(step.fail, StepId::LAST)];
        let choice = self.network.choices.push(Choice { key, options });
        self.emit(program, spot.holds, Step::Fail { choice });
    }

    /// Goes on with the next step in `share` of the cases; where to else is still to be said.
    pub(super) fn skip(
        &mut self,
        program: &mut Program,
        spot: &Spot,
        share: f64,
    ) -> Option<ChoiceId> {
        if share >= 1.0 {
            return None;
        }
        let key = self.luck_key(&format!("{} share", spot.place.path));
        let choice = ChoiceId::new(self.network.choices.len());
        let here = self.emit(program, spot.holds, Step::Choose { choice });
        let next = StepId::new(here.index() + 1);
        let options = vec![(share, next), (1.0, StepId::LAST)];
        Some(self.network.choices.push(Choice { key, options }))
    }

    /// That is here.
    pub(super) fn skip_to_here(&mut self, skip: Option<ChoiceId>) {
        if let Some(choice) = skip {
            let end = StepId::new(self.network.steps.len());
            self.network.choices[choice].options[1].1 = end;
        }
    }

    fn parallel(&mut self, program: &mut Program, spot: &Spot<'m>, parallel: &'m ParallelStep) {
        let depth = spot.depth;
        let branches = parallel.parallel.len();
        let need = parallel.need.unwrap_or(branches as u32);
        let cancel = parallel.cancel;
        let branches_to_be = vec![StepId::LAST; branches];
        let fork = self.network.forks.push(Fork { branches: branches_to_be, need, cancel });
        self.network.has_families |= cancel;
        self.cancels |= cancel;
        self.emit(program, spot.holds, Step::Fork { fork, depth });
        for (branch, steps) in parallel.parallel.iter().enumerate() {
            let owner = spot.inside(format_args!(".parallel[{branch}]")).place;
            let what = Sent::Branch { fork, branch, owner, steps };
            self.pending.push_back(Pending { what, depth, due: program.due });
        }
    }

    fn choose(&mut self, program: &mut Program, spot: &Spot<'m>, choose: &'m ChooseStep) {
        let key = self.luck_key(choose.luck.as_ref().unwrap_or(&spot.place.path));
        let choice = self.network.choices.push(Choice { key, options: Vec::new() });
        self.emit(program, spot.holds, Step::Choose { choice });
        let total: f64 = choose.choose.iter().map(|option| option.weight).sum();
        let mut up_to = 0.0;
        let mut jumps = Vec::new();
        for (i, option) in choose.choose.iter().enumerate() {
            up_to += option.weight / total;
            let start = StepId::new(self.network.steps.len());
            self.network.choices[choice].options.push((up_to, start));
            self.steps(program, &spot.inside(format_args!(".choose[{i}]")), &option.steps);
            jumps.push(self.emit(program, spot.holds, Step::Jump { to: StepId::LAST }));
        }
        let to = StepId::new(self.network.steps.len());
        for jump in jumps {
            self.network.steps[jump] = Step::Jump { to };
        }
    }

    fn lock(&mut self, program: &mut Program, spot: &Spot<'m>, lock: &'m LockStep) {
        let place = &spot.place;
        let work = self.work(spot, &lock.luck, Law::Constant(Span::ZERO));
        let table = lock.lock.table.clone().unwrap_or_else(|| place.operation().to_owned());
        let key = (place.service, table.clone());
        let id = match self.locks.get(&key) {
            Some(id) => *id,
            None => {
                let rows = Zipf::new(lock.lock.rows, lock.lock.skew);
                let service = &self.names.services[place.service.index()];
                self.names.locks.push(format!("{service}.lock.{table}"));
                let count = lock.lock.rows;
                self.network.locks.push(Lock { service: place.service, count, rows, apart: false })
            }
        };
        self.locks.insert(key, id);
        self.emit(program, spot.holds, Step::Lock { lock: id, work });
        let held = self.hold(program);
        let inner = spot.inside(format_args!(".do")).holding(held);
        self.steps(program, &inner, &lock.steps);
        self.release(program, spot.holds, held, Step::Unlock { lock: id, depth: spot.depth });
    }

    pub(super) fn work(&mut self, spot: &Spot, luck: &Option<String>, law: Law) -> WorkId {
        let key = self.luck_key(luck.as_ref().unwrap_or(&spot.place.path));
        self.network.works.push(Work { law, key })
    }
}

/// The accesses of a step, to such a disk.
fn access_of(accesses: &Accesses, disk: &Disk, service: &Service, key: u64) -> Access {
    let bytes = bytes_of(accesses);
    let whole = accesses.read.or(accesses.write).unwrap_or(bytes);
    let chunks = whole.count().div_ceil(bytes.count().max(1)).max(1) as u32 * accesses.count;
    let buffered = service.buffer.is_some()
        && accesses.read.is_some()
        && accesses.hit.is_none()
        && accesses.chunk.is_none();
    let certain = chunks > Misses::COUNT_MAX && accesses.hit.unwrap_or(0.0) < 1.0;
    let pace = accesses
        .rate
        .map_or(Span::ZERO, |rate| Span::from_secs(bytes.count() as f64 / rate.as_bytes_per_s()));
    Access {
        misses: Misses::new(chunks.min(Misses::COUNT_MAX), accesses.hit.unwrap_or(0.0)),
        time: access_law(disk, bytes),
        key,
        certain: certain.then_some(chunks),
        buffered,
        pace,
        costs: costs(disk, bytes),
    }
}
