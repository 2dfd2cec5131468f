//! Requests that lose their worker to one that matters more, and go on later where they stopped.

use super::steps::Flow;
use super::*;
use crate::network::Depth;
use crate::sim::probe::Gated;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    /// Who of those at work matters least, less than a class, and can be interrupted now; of several
    /// the one that began last.
    pub(super) fn least_at_work(&self, at: InstanceId, class: ClassId) -> Option<TokenId> {
        let (_, rules) = self.rules(at);
        let network::Order::Levels { of, .. } = &rules.order else { return None };
        let level = |class: ClassId| of[class.index()];
        let mut least: Option<(u16, TokenId)> = None;
        for id in self.at_work(at).iter().rev() {
            let own = level(self.tokens[*id].class);
            let lower = own > least.map_or(level(class), |it| it.0);
            if lower && self.is_interruptible(*id, at) {
                least = Some((own, *id));
            }
        }
        least.map(|it| it.1)
    }

    /// Whether it computes or waits there with nothing in hand but a worker: then it has just passed
    /// by a `GiveWay`.
    fn is_interruptible(&self, id: TokenId, at: InstanceId) -> bool {
        let token = &self.tokens[id];
        let works = match self.step_of(id) {
            Step::Compute { .. } => token.wait == Wait::Cpu,
            Step::Wait { .. } => token.wait == Wait::Moving,
            _ => return false,
        };
        let mut before = StepId::new(token.step.index() - 2);
        if matches!(self.network.steps[before], Step::Wake { .. }) {
            before = StepId::new(before.index() - 1);
        }
        let Step::GiveWay { depth } = self.network.steps[before] else { return false };
        works
            && !token.is(flag::HUNG)
            && token.failing == 0
            && token.depth == depth + 1
            && token.held(depth) == at
    }

    /// Takes its worker away from the token, which goes back in line before its equals.
    pub(super) fn interrupt(&mut self, id: TokenId, at: InstanceId) {
        let (left, void) = match self.step_of(id) {
            Step::Compute { .. } => {
                let claimant = self.network.instances[at].claimant;
                let cpu = self.own_cpu(id, at);
                let (left, next) = self.cpus[cpu].interrupt(self.now, claimant, id);
                self.date_cpu(cpu, next);
                (left, 0)
            }
            Step::Wait { .. } => (self.tokens[id].joined - self.now, 1),
            _ => unreachable!("it can be interrupted"),
        };
        self.step_back(id, at, left, void);
    }

    fn step_back(&mut self, id: TokenId, at: InstanceId, left: Span, void: u32) {
        self.no_longer_at_work(id, at);
        let token = &mut self.tokens[id];
        if !token.is(flag::INTERRUPTED) {
            token.flags |= flag::INTERRUPTED;
            token.left = self.interrupted.add();
        }
        let work = self.interrupted.at_mut(token.left);
        work.left = left;
        work.void += void;
        work.is_out = true;
        self.pools[self.instances[at].workers].step_back(&mut self.tokens, self.now, id);
        self.probe.gated(self.network.instances[at].service, Gated::Interrupted);
    }

    /// Before it computes or waits: lets whoever matters more have the worker first.
    #[inline(never)]
    pub(super) fn give_way(&mut self, id: TokenId, depth: Depth) -> Flow {
        let at = self.tokens[id].held(depth);
        let workers = self.instances[at].workers;
        if !self.pools[workers].is_outranked(self.tokens[id].class) {
            return Flow::On;
        }
        self.step_back(id, at, Span::ZERO, 0);
        self.let_next_in(at);
        Flow::Stay
    }

    /// Goes on where it stopped.
    pub(super) fn resume(&mut self, id: TokenId) {
        let place = self.tokens[id].left;
        let left = self.interrupted.at(place).left;
        match self.step_of(id) {
            Step::Compute { depth, .. } => {
                self.forget_interruption(id);
                // Whoever made way for it has just left a core that is still awake.
                self.tokens[id].left = 0;
                self.begin_computing(id, self.tokens[id].held(depth), left);
            }
            Step::Wait { .. } => {
                self.interrupted.at_mut(place).is_out = false;
                self.tokens[id].joined = self.now + left;
                self.schedule(left, Rank::Finish, Kind::Done, id);
            }
            _ => {
                self.forget_interruption(id);
                self.ready.push_back(id);
            }
        }
    }

    /// A wait that had been interrupted is over, unless that was dated before it was.
    #[inline(never)]
    pub(super) fn wait_is_over(&mut self, id: TokenId) -> bool {
        let work = self.interrupted.at_mut(self.tokens[id].left);
        if work.void > 0 {
            work.void -= 1;
            return false;
        }
        self.forget_interruption(id);
        true
    }

    pub(super) fn forget_interruption(&mut self, id: TokenId) {
        let token = &mut self.tokens[id];
        if token.is(flag::INTERRUPTED) {
            token.flags &= !flag::INTERRUPTED;
            self.interrupted.remove(token.left);
        }
    }

    /// Whether it stands in line to go on: it has no worker then.
    pub(super) fn is_out_of_work(&self, token: &Token) -> bool {
        token.is(flag::INTERRUPTED) && self.interrupted.at(token.left).is_out
    }

    /// It fails while it waits to go on: it has no worker to give back.
    pub(super) fn reset_while_out(&mut self, id: TokenId, reason: Reason) -> Flow {
        let at = StepId::new(self.tokens[id].step.index() - 1);
        let leave = self.network.unwind[at];
        let Step::Leave { visit, .. } = self.network.steps[leave] else {
            unreachable!("it held nothing but a worker")
        };
        self.tokens[id].step = StepId::new(leave.index() + 1);
        self.turn_away(id, visit, reason)
    }
}
