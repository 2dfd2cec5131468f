//! Walking a token along its program, and the steps that work: CPU, disk, log, rows, chance.

use super::*;
use crate::network::{AccessId, ChoiceId, Depth, Host, Instance, LockId, Step, WorkId};
use crate::sim::pool::Seize;
use crate::sim::token::{Reason, Wait};

/// The luck of where a program is at home.
const HOME: u64 = 0x5713_C17C_0AE5_0A11;
/// Sets the luck of waking a core apart from that of the work.
const WAKES: u64 = 0x57A6_E0C0_4E5A_11ED;

/// Whether a token goes on at once or has come to wait for something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Stay,
}

/// Rows have lower numbers than two to this power.
const ROW_BITS: u32 = 40;

impl<P: Probe> Engine<'_, P> {
    /// Walks a token along its program until it has to wait or leaves.
    #[inline(always)]
    pub(super) fn advance(&mut self, id: TokenId, steps: &[Step]) {
        loop {
            let token = &mut self.tokens[id];
            let step = &steps[token.step.index()];
            token.pass();
            let flow = match *step {
                Step::Call { visit, depth } => self.call(id, visit, depth),
                Step::Seize { visit, depth } => self.seize(id, visit, depth),
                Step::Leave { visit, depth } => self.leave(id, visit, depth),
                Step::Borrow { pool, depth } => self.borrow(id, pool, depth),
                Step::Return { pool, depth } => self.give_back(id, pool, depth),
                Step::Delay { work, depth } => self.delay(id, work, depth),
                Step::Wake { work, depth } => self.wake_core(id, work, depth),
                Step::Compute { work, depth } => self.compute(id, work, depth),
                Step::GiveWay { depth } => self.give_way(id, depth),
                Step::Wait { work } => self.pause(id, work),
                Step::Access { access, depth } => self.access(id, access, depth),
                Step::Occupy { depth } => self.occupy(id, depth),
                Step::Transfer { access } => self.transfer(id, access),
                Step::Vacate { depth } => self.vacate(id, depth),
                Step::Connect { pool, depth, to } => self.connect(id, pool, depth, to),
                Step::Disconnect { pool, depth } => self.disconnect(id, pool, depth),
                Step::Read { access, depth } => self.read(id, access, depth),
                Step::Move { access, depth } => self.move_bytes(id, access, depth),
                Step::Free { depth } => self.free_disk(id, depth),
                Step::Again { access } => self.again(id, access),
                Step::Spawn { fork, depth } => self.spawn(id, fork, depth),
                Step::Gather { depth } => self.gather(id, depth),
                Step::Ask { depth } => self.ask(id, depth),
                Step::Commit { depth } => self.commit(id, depth),
                Step::Replicate { depth } => self.replicate(id, depth),
                Step::Received { depth } => self.received(id, depth),
                Step::Infer { inference, depth } => self.infer(id, inference, depth),
                Step::Lock { lock, work } => self.lock(id, lock, work),
                Step::Unlock { lock, .. } => self.unlock(id, lock),
                Step::Look { look } => self.look(id, look),
                Step::Fill { look } => self.fill(id, look),
                Step::Send { send } => self.send_message(id, send),
                Step::Choose { choice } => self.choose(id, choice),
                Step::Jump { to } => {
                    self.tokens[id].step = to;
                    Flow::On
                }
                Step::Guarded { guard, depth } => self.guarded(id, guard, depth),
                Step::Fork { fork, depth } => self.fork(id, fork, depth),
                Step::Due => self.due(id),
                Step::Fail { choice } => self.fail_by_chance(id, choice),
                Step::TakeBack => self.take_back_doomed(id),
                Step::Flush { depth } => self.flush(id, depth),
                Step::Flushed { depth } => self.flushed(id, depth),
                Step::End => self.end(id),
            };
            if flow == Flow::Stay {
                return;
            }
        }
    }

    /// What the token waited for is over.
    #[inline]
    pub(super) fn go_on(&mut self, id: TokenId) {
        self.tokens[id].wait = Wait::Moving;
        self.ready.push_back(id);
    }

    /// The step that the token is in fails: it goes on by giving back what it holds.
    pub(super) fn fail(&mut self, id: TokenId, reason: Reason) -> Flow {
        let token = &mut self.tokens[id];
        token.failing = reason as u8;
        token.step = self.network.unwind[StepId::new(token.step.index() - 1)];
        Flow::On
    }

    /// To be called by a step that has just given something back.
    #[inline]
    pub(super) fn after_giving_back(&mut self, id: TokenId) -> Flow {
        let token = &mut self.tokens[id];
        if token.failing != 0 {
            token.step = self.network.unwind[StepId::new(token.step.index() - 1)];
        }
        Flow::On
    }

    #[inline(always)]
    fn delay(&mut self, id: TokenId, work: WorkId, depth: Depth) -> Flow {
        let work = self.named.works.at(work);
        let token = &mut self.tokens[id];
        let span = work.law.draw(&mut self.keys.draw(token.key, work.key));
        token.joined = self.now + span;
        let event = Event::new(Kind::Done, id, token.generation);
        self.instances[token.held(depth)].computing_ns += u128::from(span.nanos());
        self.put(span, Rank::Finish, event);
        Flow::Stay
    }

    /// Takes back what a token has been credited with and has not computed yet.
    pub(super) fn stop_computing(&mut self, id: TokenId) {
        let token = &self.tokens[id];
        let left = token.joined - self.now;
        self.instances[token.held(token.depth - 1)].computing_ns -= u128::from(left.nanos());
        if !token.is_wanted_for_sure() {
            self.computed(id, left);
        }
    }

    /// Core-nanoseconds that each instance has computed by now on cores that nobody else wants.
    pub(super) fn computed_ns(&self) -> Table<InstanceId, u128> {
        let mut computed = self.instances.map(|_, it| it.computing_ns);
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            let idle = flag::LOG | flag::THINKS | flag::WAITS_TO_RETRY | flag::HUNG;
            if token.flags & idle == 0 && matches!(self.step_of(id), Step::Delay { .. }) {
                let left = token.joined - self.now;
                computed[token.held(token.depth - 1)] -= u128::from(left.nanos());
            }
        }
        computed
    }

    #[inline(never)]
    fn compute(&mut self, id: TokenId, work: WorkId, depth: Depth) -> Flow {
        let work = self.named.works.at(work);
        let span = work.law.draw(&mut self.draw(id, work.key));
        self.begin_computing(id, self.tokens[id].held(depth), span);
        Flow::Stay
    }

    #[inline]
    pub(super) fn begin_computing(&mut self, id: TokenId, instance: InstanceId, work: Span) {
        self.tokens[id].wait = Wait::Cpu;
        let Instance { host, claimant, .. } = self.network.instances[instance];
        let spec = &self.network.hosts[host];
        let (mut cpu, mut lost) = (spec.cpus.start, Span::ZERO);
        if spec.costly {
            cpu = self.cpu_for(id, instance, work);
            lost = self.lost_at_first(id, spec, cpu);
            self.tokens[id].left = (cpu.index() - spec.cpus.start.index()) as u32;
        }
        let next = self.cpus[cpu].begin(self.now, claimant, id, work, lost);
        self.date_cpu(cpu, next);
    }

    /// The CPU that the token computes on, in this instance.
    pub(super) fn own_cpu(&self, id: TokenId, instance: InstanceId) -> CpuId {
        let host = &self.network.hosts[self.network.instances[instance].host];
        let place = if host.affinity.is_some() { self.tokens[id].left } else { 0 };
        CpuId::new(host.cpus.start.index() + place as usize)
    }

    /// Wakes a core up for the request, if one sleeps.
    #[inline(never)]
    fn wake_core(&mut self, id: TokenId, work: WorkId, depth: Depth) -> Flow {
        let work = self.named.works.at(work);
        let span = work.law.draw(&mut self.draw(id, work.key));
        let instance = self.tokens[id].held(depth);
        let cpu = self.cpu_for(id, instance, span);
        let host = &self.network.hosts[self.network.instances[instance].host];
        let wake = host.wake.as_ref().expect("its cores fall asleep");
        if !self.cpus[cpu].wake(self.now) {
            self.tokens[id].left = 0;
            return Flow::On;
        }
        self.tokens[id].left = 1 + (cpu.index() - host.cpus.start.index()) as u32;
        let luck = work.key.wrapping_add(WAKES);
        let delay = wake.delay.draw(&mut self.draw(id, luck));
        self.schedule(delay, Rank::Finish, Kind::Done, id);
        Flow::Stay
    }

    /// The cores that are to do work of this length: where programs stick to one, the one at home, or
    /// for longer work the one with the fewest to serve.
    #[inline(never)]
    fn cpu_for(&self, id: TokenId, instance: InstanceId, work: Span) -> CpuId {
        let host = &self.network.hosts[self.network.instances[instance].host];
        let Some(affinity) = host.affinity else { return host.cpus.start };
        if work >= affinity {
            let crowd = |it: &CpuId| self.cpus[*it].runnable();
            return host.cpus.clone().map_ids().min_by_key(crowd).expect("a host has cores");
        }
        let mut luck = self.draw(id, HOME.wrapping_add(instance.index() as u64));
        CpuId::new(host.cpus.start.index() + luck.below(u64::from(host.cores)) as usize)
    }

    /// What a request loses before it begins to compute: caches are cold where a core was woken up
    /// for it, and full of others' data where it is switched in.
    #[inline(never)]
    fn lost_at_first(&mut self, id: TokenId, host: &Host, cpu: CpuId) -> Span {
        let mut lost = self.cpus[cpu].switched_in();
        if let Some(wake) = &host.wake
            && let Some(woken) = self.woken_for(id, host)
        {
            lost += wake.cpu;
            let next = self.cpus[woken].awake(self.now);
            if woken != cpu {
                self.date_cpu(woken, next);
            }
        }
        lost
    }

    /// The CPU a core of which was woken up for the request, if one was.
    pub(super) fn woken_for(&self, id: TokenId, host: &Host) -> Option<CpuId> {
        let place = self.tokens[id].left.checked_sub(1)?;
        Some(CpuId::new(host.cpus.start.index() + place as usize))
    }

    pub(super) fn date_cpu(&mut self, cpu: CpuId, next: Time) {
        let order = self.order(Rank::Finish);
        self.lanes.set(self.cpu_slots[cpu], next, order);
    }

    pub(super) fn cpu_finish(&mut self, cpu: CpuId) {
        let (token, next) = self.cpus[cpu].finish(self.now);
        self.date_cpu(cpu, next);
        if !self.tokens[token].is_wanted_for_sure() {
            self.computed(token, Span::ZERO);
        }
        self.go_on(token);
    }

    #[inline(never)]
    fn pause(&mut self, id: TokenId, work: WorkId) -> Flow {
        let work = self.named.works.at(work);
        let span = work.law.draw(&mut self.draw(id, work.key));
        self.tokens[id].joined = self.now + span;
        self.schedule(span, Rank::Finish, Kind::Done, id);
        Flow::Stay
    }

    #[inline(always)]
    fn access(&mut self, id: TokenId, access: AccessId, depth: Depth) -> Flow {
        let spec = self.named.accesses.at(access);
        let token = &mut self.tokens[id];
        let left = spec.misses.draw(&mut self.keys.draw(token.key, spec.key));
        token.left = left;
        if left == 0 {
            token.step = StepId::new(token.step.index() + 3);
            return Flow::On;
        }
        token.pass();
        match self.occupy(id, depth) {
            Flow::On => {
                self.tokens[id].pass();
                self.transfer(id, access)
            }
            Flow::Stay => Flow::Stay,
        }
    }

    #[inline(always)]
    pub(super) fn disk_of(&self, id: TokenId, depth: Depth) -> Option<PoolId> {
        self.instances[self.tokens[id].held(depth)].disk
    }

    #[inline]
    fn occupy(&mut self, id: TokenId, depth: Depth) -> Flow {
        let disk = self.disk_of(id, depth).expect("checked: there is a disk");
        match self.take(disk, id) {
            Seize::Granted => Flow::On,
            Seize::Queued => Flow::Stay,
            Seize::Refused => unreachable!("a disk's line is unlimited"),
        }
    }

    #[inline]
    fn transfer(&mut self, id: TokenId, access: AccessId) -> Flow {
        let access = self.named.accesses.at(access);
        let token = &mut self.tokens[id];
        token.begin(self.now);
        let luck = access.key.wrapping_add(1 + u64::from(token.left));
        let span = access.time.draw(&mut self.keys.draw(token.key, luck));
        let event = Event::new(Kind::Done, id, token.generation);
        self.put(span, Rank::Finish, event);
        Flow::Stay
    }

    #[inline(always)]
    fn vacate(&mut self, id: TokenId, depth: Depth) -> Flow {
        let disk = self.disk_of(id, depth).expect("checked: there is a disk");
        self.free(disk);
        if !self.tokens[id].is_wanted_for_sure() {
            self.used_disk(id, depth);
        }
        let token = &mut self.tokens[id];
        token.left -= 1;
        if token.failing == 0 && token.left > 0 {
            token.step = StepId::new(token.step.index() - 3);
            return Flow::On;
        }
        self.after_giving_back(id)
    }

    #[inline(never)]
    fn lock(&mut self, id: TokenId, lock: LockId, work: WorkId) -> Flow {
        let purpose = self.named.works.at(work).key;
        let spec = &self.network.locks[lock];
        let mut row = spec.rows.draw(&mut self.draw(id, purpose));
        if spec.apart {
            let token = &self.tokens[id];
            row |= (token.held(token.depth - 1).index() as u64) << ROW_BITS;
        }
        if !self.rows[lock].lock(&mut self.tokens, self.now, id, row) {
            return Flow::Stay;
        }
        self.probe.locked(lock, Span::ZERO);
        Flow::On
    }

    #[inline(never)]
    fn unlock(&mut self, id: TokenId, lock: LockId) -> Flow {
        if let Some((heir, waited)) = self.rows[lock].unlock(&mut self.tokens, self.now, id) {
            self.probe.locked(lock, waited);
            self.ready.push_back(heir);
        }
        self.after_giving_back(id)
    }

    #[inline(never)]
    fn choose(&mut self, id: TokenId, choice: ChoiceId) -> Flow {
        let choice = &self.network.choices[choice];
        let luck = self.draw(id, choice.key).unit();
        let found = choice.options.iter().find(|(up_to, _)| luck < *up_to);
        let (_, to) = found.or(choice.options.last()).expect("a choice has options");
        self.tokens[id].step = *to;
        Flow::On
    }

    /// Takes one of the pool or stands in its line.
    #[inline(always)]
    pub(super) fn take(&mut self, pool: PoolId, id: TokenId) -> Seize {
        self.pools[pool].seize(&mut self.tokens, self.now, id)
    }

    /// Gives one back; whoever is first in line goes on with it.
    #[inline(always)]
    pub(super) fn free(&mut self, pool: PoolId) {
        let pool = &mut self.pools[pool];
        if let Some((heir, waited)) = pool.release(&mut self.tokens, self.now) {
            self.probe.seized(pool.group, waited);
            self.ready.push_back(heir);
        }
    }
}
