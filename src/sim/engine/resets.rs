//! What becomes of whoever is at work in an instance that is down, or silent.
//!
//! All of this is rare, so it may look at every token; requests pay nothing for it meanwhile.

use super::steps::Flow;
use super::*;
use crate::network::Depth;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
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
            token.depth == depth + 1 && token.held(*depth) == instance
        });
        let all = inside.clone();
        // By its host they may hang already.
        inside.retain(|it| !self.tokens[it.0].is(flag::HUNG));
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
        all.iter().for_each(|(id, _)| self.hang_if_taken_back(*id));
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
}
