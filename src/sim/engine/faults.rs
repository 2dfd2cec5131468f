//! Hosts going down and coming back, and health checks finding out.
//!
//! All of this is rare, so it may look at every token; requests pay nothing for it meanwhile.

use super::steps::Flow;
use super::*;
use crate::network::{Depth, FaultStyle, Step};
use crate::sim::token::{Reason, Wait};

impl<P: Probe> Engine<'_, P> {
    pub(super) fn hosts_fail(&mut self, hosts: &[HostId], style: FaultStyle) {
        for host in hosts {
            self.expect_rescheduling(*host);
            self.down[*host] += 1;
            self.troubles.host_goes(*host, self.now);
            self.troubles.host_stamps[*host] += 1;
            self.troubles.booting[*host] = false;
            for instance in &self.network.hosts[*host].instances {
                self.goes_down(*instance, style);
            }
        }
        match style {
            FaultStyle::Crash => self.reset_the_dead(),
            FaultStyle::Silence => self.freeze_the_silent(),
        }
    }

    pub(super) fn goes_down(&mut self, instance: InstanceId, style: FaultStyle) {
        let it = &mut self.instances[instance];
        it.stamp += 1;
        match (style, it.state) {
            (FaultStyle::Crash, _) => self.turn(instance, Health::Down),
            (FaultStyle::Silence, Health::Up) => self.turn(instance, Health::Silent),
            (FaultStyle::Silence, _) => {}
        }
    }

    pub(super) fn turn(&mut self, instance: InstanceId, state: Health) {
        let was = std::mem::replace(&mut self.instances[instance].state, state);
        let up = state == Health::Up;
        if (was == Health::Up) != up {
            let service = self.network.instances[instance].service;
            self.presence[service].turned(self.now, up);
            self.probe.turned(self.now, instance, up);
            if self.network.services[service].replication.is_some() {
                self.member_turned(instance, up);
            }
        }
    }

    /// They boot first, unless that is done by then.
    pub(super) fn hosts_come_back(&mut self, hosts: &[HostId], boot: bool) {
        for host in hosts {
            self.down[*host] -= 1;
            if self.down[*host] > 0 {
                continue;
            }
            self.troubles.host_stamps[*host] += 1;
            self.troubles.booting[*host] = true;
            let spec = &self.network.hosts[*host];
            for instance in &spec.instances {
                // What had gone silent comes back without memory of what it was doing.
                self.turn(*instance, Health::Down);
                self.forget_crashes(*instance);
                self.instances[*instance].stamp += 1;
            }
            let stamp = self.troubles.host_stamps[*host];
            let boots = if boot { spec.boot } else { Span::ZERO };
            self.control(self.now + boots, Control::HostUp(*host, stamp));
        }
        self.reset_the_dead();
        self.clear_away(hosts);
    }

    pub(super) fn host_up(&mut self, host: HostId, stamp: u32) {
        if self.troubles.host_stamps[host] != stamp {
            return;
        }
        self.troubles.booting[host] = false;
        if !self.is_absent(host) {
            self.troubles.host_is_back(host, self.now);
        }
        for instance in &self.network.hosts[host].instances {
            if self.may_start(*instance) {
                self.start(*instance);
            }
        }
        // There is room again for those who found none.
        if self.reschedules_any() {
            self.all_come_to_wanted();
        }
    }

    /// Its host can run programs again.
    pub(super) fn start(&mut self, instance: InstanceId) {
        if self.is_not_wanted(instance) {
            return;
        }
        let service = &self.network.services[self.network.instances[instance].service];
        let stamp = self.instances[instance].stamp;
        let number = (instance.index() as u64) << 32 | u64::from(stamp);
        let start = service.start.draw(&mut self.keys.draw(self.keys.control(service.key), number));
        self.control(self.now + start, Control::InstanceUp(instance, stamp));
    }

    pub(super) fn instance_up(&mut self, instance: InstanceId, stamp: u32) {
        if self.instances[instance].stamp != stamp || self.crashes_again(instance) {
            return;
        }
        if self.comes_up(instance) {
            self.runs_again(instance);
            self.is_found_again(instance);
            self.is_probed_anew(instance);
            self.turn(instance, Health::Up);
            if let Some(buffer) = self.network.instances[instance].buffer {
                self.buffers[buffer].empty();
            }
            self.believe(instance);
        }
    }

    /// The checks of a service's instances are spread evenly over the interval, from a moment that
    /// differs from run to run: an outage knows nothing of when it will be noticed.
    pub(super) fn open_checks(&mut self) {
        for service in self.network.services.ids() {
            let spec = &self.network.services[service];
            let Some(health) = spec.health else { continue };
            let (first, end) = (spec.instances.start.index(), spec.instances.end.index());
            let mut luck = self.keys.draw(self.keys.control(spec.key), 0);
            let offset = luck.below(health.interval.nanos());
            for i in first..end {
                let share = health.interval.nanos() / (end - first) as u64;
                let begun = share * (i - first) as u64 + offset;
                let at = Time::from_nanos(begun % health.interval.nanos());
                self.control(at, Control::Check(InstanceId::new(i)));
            }
        }
    }

    pub(super) fn check(&mut self, instance: InstanceId) {
        let service = self.network.instances[instance].service;
        let health = self.network.services[service].health.expect("it is checked");
        self.control(self.now + health.interval, Control::Check(instance));
        match self.instances[instance].state {
            Health::Up => self.checked(instance, true),
            Health::Down => self.checked(instance, false),
            Health::Silent => {
                self.control(self.now + health.timeout, Control::CheckTimedOut(instance));
            }
        }
    }

    pub(super) fn checked(&mut self, instance: InstanceId, passed: bool) {
        let service = self.network.instances[instance].service;
        let health = self.network.services[service].health.expect("it is checked");
        if self.instances[instance].belief.checked(&health, passed) {
            self.believe(instance);
        }
    }

    /// Everything that was at work in an instance that is down fails at once.
    pub(super) fn reset_the_dead(&mut self) {
        let inside: Vec<(TokenId, Depth)> = self.those_inside(Health::Down);
        let (top, below): (Vec<_>, Vec<_>) =
            inside.into_iter().partition(|(id, depth)| self.tokens[*id].depth == depth + 1);
        let ends_too = |it: &&(TokenId, Depth)| {
            self.network.take_back.is_some() && self.ends_with_its_caller(it.0)
        };
        let ending: Vec<TokenId> = below.iter().filter(ends_too).map(|it| it.0).collect();
        for (id, _) in &top {
            self.detach(*id);
        }
        let all = self.network.instances.ids();
        let dead: Vec<_> = all.filter(|it| self.instances[*it].state == Health::Down).collect();
        // Nobody dead may stand in a line when the dead begin to give back.
        dead.iter().for_each(|it| self.detach_log(*it));
        dead.iter().for_each(|it| self.reset_log(*it));
        dead.iter().for_each(|it| self.reset_accelerator(*it));
        dead.iter().for_each(|it| self.forget(*it));
        dead.iter().for_each(|it| self.nobody_at_work(*it));
        dead.iter().for_each(|it| self.forget_calls(*it));
        for (id, _) in top {
            self.reset(id, Reason::Reset);
        }
        for (id, depth) in below {
            self.cut(id, depth);
        }
        for id in ending {
            self.doom(id);
        }
    }

    /// Everything at work in an instance that is silent stops where it is.
    pub(super) fn freeze_the_silent(&mut self) {
        for (id, depth) in self.those_inside(Health::Silent) {
            let token = &mut self.tokens[id];
            token.flags |= flag::HANGS_BELOW;
            if token.depth == depth + 1 && !token.is(flag::HUNG) {
                self.stop_work(id);
                self.stop_waiting_for_row(id);
                self.tokens[id].flags |= flag::HUNG;
            }
        }
        for instance in self.network.instances.ids() {
            if self.instances[instance].state == Health::Silent
                && let Some(log) = &self.logs[instance]
            {
                self.tokens[log.token].flags |= flag::HUNG;
            }
            let host = self.network.instances[instance].host;
            if self.instances[instance].state == Health::Silent && self.down[host] > 0 {
                self.freeze_accelerator(instance);
            }
        }
        self.replace_silent_consumers();
    }

    /// A program that falls silent on a host that goes on uses the devices there no more, and what it
    /// asked of them is dropped; at other programs' expense it would hold on to them otherwise.
    pub(super) fn let_go_of_devices(&mut self, instance: InstanceId) {
        if self.instances[instance].state != Health::Silent {
            return;
        }
        let mut inside = self.those_inside(Health::Silent);
        inside.retain(|(id, depth)| {
            let token = &self.tokens[*id];
            token.depth == depth + 1 && token.held(*depth) == instance && !token.is(flag::HUNG)
        });
        // Nobody silent may stand in a line when places are given back.
        for (id, _) in &inside {
            let id = *id;
            match self.tokens[id].wait {
                Wait::Accelerator => self.leave_accelerator(id),
                Wait::Line => {
                    let pool = self.line_of(id).expect("it stands in a line");
                    self.pools[pool].leave_line(&mut self.tokens, self.now, id);
                }
                _ => continue,
            }
            self.tokens[id].wait = Wait::Moving;
        }
        self.detach_log(instance);
        inside.iter().for_each(|(id, _)| self.let_go_of_disk(*id));
        self.reset_log(instance);
    }

    /// Its access is not made: it stands where it asked for the disk, and hangs there.
    fn let_go_of_disk(&mut self, id: TokenId) {
        if self.tokens[id].failing != 0 {
            return;
        }
        if let Step::Transfer { .. } | Step::Move { .. } = self.step_of(id) {
            let token = &mut self.tokens[id];
            token.step = StepId::new(token.step.index() - 1);
            let disk = self.instances[token.held(token.depth - 1)].disk;
            self.free(disk.expect("checked: there is a disk"));
        }
    }

    /// The tokens inside instances in this state, each with the innermost such depth of its own. A
    /// branch or an attempt sits in its parent's instance too, and dies with it.
    fn those_inside(&self, state: Health) -> Vec<(TokenId, Depth)> {
        let innermost = |id: TokenId| {
            let token = &self.tokens[id];
            let waits = flag::LOG | flag::THINKS | flag::WAITS_TO_RETRY;
            if token.flags & waits != 0 {
                return None;
            }
            let entered = token.depth - u8::from(self.is_on_its_way(id));
            let lowest = token.base.saturating_sub(u8::from(!token.is(flag::CUT)));
            let mut own = (lowest..entered).rev();
            own.find(|depth| self.instances[token.held(*depth)].state == state)
                .map(|depth| (id, depth))
        };
        self.tokens.ids().filter_map(innermost).collect()
    }

    /// The step that the token is waiting in.
    pub(super) fn step_of(&self, id: TokenId) -> Step {
        self.network.steps[StepId::new(self.tokens[id].step.index() - 1)]
    }

    /// Whether it is crossing over to an instance, and not there yet.
    pub(super) fn is_on_its_way(&self, id: TokenId) -> bool {
        let token = &self.tokens[id];
        token.wait == Wait::Crossing
            && token.failing == 0
            && matches!(self.step_of(id), Step::Call { .. })
    }

    /// The pool in whose line the token stands, if it stands in one.
    pub(super) fn line_of(&self, id: TokenId) -> Option<PoolId> {
        let instance = |depth| &self.network.instances[self.tokens[id].held(depth)];
        match self.step_of(id) {
            _ if self.is_out_of_work(&self.tokens[id]) => {
                Some(instance(self.tokens[id].depth - 1).workers)
            }
            Step::Seize { depth, .. } => Some(instance(depth).workers),
            Step::Borrow { pool, depth } => Some(instance(depth).pool(pool)),
            Step::Occupy { depth } => self.disk_of(id, depth),
            Step::Ask { depth } => Some(self.log_disk(self.tokens[id].held(depth))),
            _ => None,
        }
    }

    /// Takes the token off the processor that it computes on.
    fn stop_work(&mut self, id: TokenId) {
        match self.step_of(id) {
            // Whoever fails does not stand where it worked.
            _ if self.tokens[id].failing != 0 => {}
            _ if self.is_out_of_work(&self.tokens[id]) => {
                self.computed(id, self.interrupted.at(self.tokens[id].left).left);
            }
            Step::Delay { .. } => self.stop_computing(id),
            // Its core wakes up for nobody.
            Step::Wake { depth, .. } => {
                let host = self.network.instances[self.tokens[id].held(depth)].host;
                let woken = self.woken_for(id, &self.network.hosts[host]);
                let cpu = woken.expect("it waits for a core to wake up");
                let next = self.cpus[cpu].awake(self.now);
                self.date_cpu(cpu, next);
            }
            Step::Compute { depth, .. } => {
                let at = self.tokens[id].held(depth);
                let cpu = self.own_cpu(id, at);
                let claimant = self.network.instances[at].claimant;
                let (left, next) = self.cpus[cpu].abort(self.now, claimant, id);
                self.date_cpu(cpu, next);
                self.tokens[id].wait = Wait::Moving;
                if !self.tokens[id].is_wanted_for_sure() {
                    self.computed(id, left);
                }
            }
            _ => {}
        }
    }

    /// Takes the token out of whatever it waits for.
    pub(super) fn detach(&mut self, id: TokenId) {
        if self.tokens[id].failing != 0 {
            return;
        }
        if !self.tokens[id].is(flag::HUNG) {
            self.stop_work(id);
        }
        let now = self.now;
        match self.tokens[id].wait {
            Wait::Line => {
                let pool = self.line_of(id).expect("it stands in a line");
                self.pools[pool].leave_line(&mut self.tokens, now, id);
            }
            Wait::Row => self.stop_waiting_for_row(id),
            Wait::Accelerator => self.leave_accelerator(id),
            Wait::Children => self.end_wait(id),
            Wait::Moving | Wait::Crossing | Wait::Cpu | Wait::Flush => {}
        }
    }

    /// Instances of a service share its rows: one may be gone while others let go of them.
    fn stop_waiting_for_row(&mut self, id: TokenId) {
        if self.tokens[id].wait == Wait::Row {
            let Step::Lock { lock, .. } = self.step_of(id) else { unreachable!("waits for a row") };
            self.rows[lock].leave(&mut self.tokens, self.now, id);
        }
    }

    fn detach_log(&mut self, instance: InstanceId) {
        let Some(log) = &self.logs[instance] else { return };
        let id = log.token;
        if self.tokens[id].wait == Wait::Line {
            let disk = self.log_disk(instance);
            self.pools[disk].leave_line(&mut self.tokens, self.now, id);
        }
    }

    /// The log of a dead instance forgets what it was doing, and those who waited for it.
    fn reset_log(&mut self, instance: InstanceId) {
        self.reset_replication(instance);
        let Some(log) = &mut self.logs[instance] else { return };
        let id = log.token;
        log.stop(&mut self.tokens);
        if self.tokens[id].step.index() > 0 && matches!(self.step_of(id), Step::Flush { .. }) {
            self.free(self.log_disk(instance));
        }
        let token = &mut self.tokens[id];
        token.generation = token.generation.wrapping_add(1);
        token.flags &= !flag::HUNG;
        token.step = self.network.instances[instance].log.as_ref().expect("it has one").first;
    }

    /// The token's instance is gone, or its work is taken back: the request there fails, and gives back
    /// what it holds.
    pub(super) fn reset(&mut self, id: TokenId, reason: Reason) {
        let token = &mut self.tokens[id];
        token.flags &= !(flag::HUNG | flag::LOST);
        // Its events are void, the patience of whoever waits for it too: it fails right now.
        token.generation = token.generation.wrapping_add(1);
        token.wait = Wait::Moving;
        let flow = match self.step_of(id) {
            _ if self.tokens[id].failing != 0 => Flow::On,
            // At rest in this step or on its way there, it has no worker yet.
            Step::Call { visit, .. } | Step::Seize { visit, .. } => {
                self.turn_away(id, visit, reason)
            }
            _ if self.is_out_of_work(&self.tokens[id]) => self.reset_while_out(id, reason),
            _ => self.fail(id, reason),
        };
        self.forget_interruption(id);
        if flow == Flow::On {
            self.ready.push_back(id);
        }
    }

    /// The caller at `depth` is gone while the token works further in: a new token fails in the
    /// caller's place, and this one's work goes on for nobody.
    pub(super) fn cut(&mut self, id: TokenId, depth: Depth) {
        let token = &mut self.tokens[id];
        let whole = *token;
        let mut caller = whole;
        let own = token.base..depth + 1;
        let gone = flag::ORPHAN | flag::HANGS_BELOW | flag::DELIVERS;
        token.flags = token.flags & !gone | flag::CUT;
        token.base = depth + 1;
        token.parent = NOBODY;
        // An attempt need not hold anything of its caller's.
        let Some(step) = self.step_back_at(&caller, depth) else { return };
        caller.step = step;
        let inherited =
            flag::ORPHAN | flag::CUT | flag::HANGS_BELOW | flag::DELIVERS | flag::TAKEN_BACK;
        caller.flags &= inherited;
        caller.failing = Reason::Reset as u8;
        caller.wait = Wait::Moving;
        caller.depth = depth + 1;
        caller.left = 0;
        caller.row = self.outer_rows(id, &whole, step);
        let caller = self.tokens.admit_copy(&caller);
        self.take_over_rows(caller, step);
        for depth in own {
            self.stand_in_at_work(id, caller, self.tokens[id].held(depth));
        }
        self.ready.push_back(caller);
    }

    /// Separates the rows that a token holds further in, or waits for there, from those that its
    /// caller has yet to give back from `step` on; returns the place of the last taken of those.
    fn outer_rows(&mut self, id: TokenId, whole: &Token, step: StepId) -> u32 {
        let (mut at, mut last) = (whole.row, None);
        if whole.wait == Wait::Row
            && let Step::Lock { lock, .. } = self.step_of(id)
        {
            last = Some((lock, at));
            at = self.rows[lock].outer(at);
        }
        let mut back = self.first_to_give_back(whole);
        while let Some(here) = back.filter(|it| *it != step) {
            if let Step::Unlock { lock, .. } = self.network.steps[here] {
                last = Some((lock, at));
                at = self.rows[lock].outer(at);
            }
            back = self.next_to_give_back(whole, here);
        }
        match last {
            Some((lock, place)) => self.rows[lock].forget_outer(place),
            None => self.tokens[id].row = NOBODY,
        }
        at
    }

    /// The rows that a token has to give back from where it stands are its own from now on.
    fn take_over_rows(&mut self, id: TokenId, from: StepId) {
        let token = self.tokens[id];
        let (mut at, mut back) = (token.row, Some(from));
        while let Some(here) = back {
            if let Step::Unlock { lock, .. } = self.network.steps[here] {
                self.rows[lock].hand_over(at, id);
                at = self.rows[lock].outer(at);
            }
            back = self.next_to_give_back(&token, here);
        }
    }

    /// Where a token that is further in would go on to give things back at `depth`.
    fn step_back_at(&self, token: &Token, depth: Depth) -> Option<StepId> {
        let mut at = self.first_to_give_back(token);
        let mut back = at;
        while let Some(step) = at {
            at = self.next_to_give_back(token, step);
            if matches!(self.network.steps[step], Step::Leave { depth: it, .. } if it > depth) {
                back = at;
            }
        }
        back
    }

    /// The step by which a token would begin to give back what it holds, if it holds anything.
    pub(super) fn first_to_give_back(&self, token: &Token) -> Option<StepId> {
        let step = match token.failing {
            _ if token.is(flag::LOG) => return self.flush_under_way(token),
            _ if token.depth == 0 => return None,
            0 => self.network.unwind[StepId::new(token.step.index() - 1)],
            _ => token.step,
        };
        let step = if self.is_out_of_work(token) { self.network.unwind[step] } else { step };
        self.if_it_gives_back(token, step)
    }

    /// The next such step.
    pub(super) fn next_to_give_back(&self, token: &Token, step: StepId) -> Option<StepId> {
        if token.is(flag::LOG) {
            return None;
        }
        self.if_it_gives_back(token, self.network.unwind[step])
    }

    /// A token that was cut ends where its caller would have gone on.
    fn if_it_gives_back(&self, token: &Token, step: StepId) -> Option<StepId> {
        match self.network.steps[step] {
            Step::End => None,
            Step::Leave { depth, .. }
            | Step::Return { depth, .. }
            | Step::Disconnect { depth, .. }
            | Step::Unlock { depth, .. }
                if token.is(flag::CUT) && depth < token.base =>
            {
                None
            }
            _ => Some(step),
        }
    }

    /// The step that ends a flush, for a log that has the disk.
    fn flush_under_way(&self, token: &Token) -> Option<StepId> {
        let next = token.step;
        matches!(self.network.steps[next], Step::Flushed { .. }).then_some(next)
    }

    /// For a token that comes back to an instance that may be gone; true if it stops there.
    pub(super) fn back_to_nobody(&mut self, id: TokenId, depth: Depth) -> bool {
        let token = &mut self.tokens[id];
        if token.is(flag::CUT) && depth == token.base {
            self.tokens.dismiss(id);
            return true;
        }
        let silent = |it: InstanceId| self.instances[it].state == Health::Silent;
        if token.is(flag::HANGS_BELOW) && depth > 0 && silent(token.held(depth - 1)) {
            // What is taken back and is out of all its own instances just ends.
            if token.is(flag::TAKEN_BACK) && depth == token.base {
                return false;
            }
            token.flags = token.flags & !flag::TAKEN_BACK | flag::HUNG;
            return true;
        }
        false
    }
}
