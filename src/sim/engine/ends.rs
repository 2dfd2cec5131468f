//! How attempts, calls and branches end, and who tries again.

use super::steps::Flow;
use super::*;
use crate::network::{Depth, ForkId, Guard};
use crate::parts::policy::retry::Luck;
use crate::sim::token::{Reason, Wait};

impl<P: Probe> Engine<'_, P> {
    /// The answer, or the failure, reaches whoever asked.
    #[inline(always)]
    pub(super) fn end(&mut self, id: TokenId) -> Flow {
        let token = &self.tokens[id];
        let Token { born, class, user, .. } = *token;
        if token.parent == NOBODY && token.is_plain() {
            self.tokens.dismiss(id);
            self.answer(class, born, user);
        } else {
            self.end_of_other(id);
        }
        Flow::Stay
    }

    /// The end of what is not simply a client's request, answered.
    #[inline(never)]
    fn end_of_other(&mut self, id: TokenId) {
        let token = self.tokens[id];
        self.tokens.dismiss(id);
        if token.is(flag::DELIVERS) {
            return self.delivery_ended(&token);
        }
        if token.is(flag::ORPHAN) {
            return;
        }
        match Reason::from_code(token.failing) {
            None if token.parent == NOBODY => {
                if token.is(flag::DEGRADED) {
                    self.probe.degraded(token.class);
                }
                self.answer(token.class, token.born, token.user);
            }
            _ if token.parent != NOBODY && !self.is_waiting_for(&token) => {
                self.ends_unheard(&token)
            }
            None if token.guard == GuardId::LAST => self.branch_ended(&token, None),
            None => self.attempt_answered(&token),
            Some(reason) if token.guard == GuardId::LAST => {
                self.branch_ended(&token, Some(reason));
            }
            Some(reason) => self.attempt_failed(&token, reason),
        }
    }

    #[inline]
    fn answer(&mut self, class: ClassId, born: Time, user: u32) {
        self.inside.resolve(self.now, born);
        self.probe.answered(self.now, class, self.now - born);
        if user != NOBODY {
            self.user_goes_on(class, user, false);
        }
    }

    /// The caller's process learns how the attempt went, though nobody there waits for it.
    fn ends_unheard(&mut self, token: &Token) {
        let policy = match token.guard {
            GuardId::LAST => return,
            guard => self.network.guards[guard].policy,
        };
        if let Some(policy) = policy.filter(|_| !token.is(flag::CUT)) {
            self.tell_breaker(token, policy, token.failing != 0);
            if token.failing == 0 {
                self.tell_record(token, policy);
            }
        }
    }

    fn attempt_answered(&mut self, token: &Token) {
        if let Some(policy) = self.network.guards[token.guard].policy {
            self.tell_of_answer(token, policy);
        }
        self.tokens[TokenId::from_raw(token.parent)].flags |= token.flags & flag::DEGRADED;
        self.wake(token.parent);
    }

    /// Whether the parent stands where it sent this token from, and can hear.
    pub(super) fn is_waiting_for(&self, token: &Token) -> bool {
        let parent = &self.tokens[TokenId::from_raw(token.parent)];
        parent.epoch == token.parent_epoch && !parent.is(flag::HUNG)
    }

    /// The parent's wait for its children is over.
    fn wake(&mut self, parent: u32) {
        let id = TokenId::of_somebody(parent);
        self.end_wait(id);
        self.go_on(id);
    }

    /// It no longer waits for any of them; to be called while it stands where it sent them from.
    pub(super) fn end_wait(&mut self, id: TokenId) {
        if self.network.has_families {
            self.let_go(id, self.cancels_children(id));
        }
        let token = &mut self.tokens[id];
        token.epoch = token.epoch.wrapping_add(1);
    }

    /// Whoever waits for the attempt has no more patience; its work goes on all the same.
    pub(super) fn timed_out(&mut self, id: TokenId) {
        let token = self.tokens[id];
        if token.flags & (flag::ORPHAN | flag::CUT) != 0 {
            return;
        }
        if token.parent != NOBODY && !self.is_waiting_for(&token) {
            return;
        }
        self.tokens[id].flags |= flag::ORPHAN;
        if token.depth > token.base {
            self.notice(token.held(token.base), true);
        }
        if token.is(flag::LOST) {
            self.give_up_on_lost(id);
        }
        if token.is(flag::DELIVERS) {
            return self.delivery_timed_out(id);
        }
        if self.network.take_back.is_some() {
            let policy = self.network.guards[token.guard].policy;
            if policy.is_some_and(|it| self.network.policies[it].cancel) {
                self.doom(id);
            }
        }
        self.attempt_failed(&token, Reason::Timeout);
    }

    /// Another attempt, if the guard allows one; else the failure is final.
    fn attempt_failed(&mut self, token: &Token, reason: Reason) {
        let guard = &self.network.guards[token.guard];
        if let Some(policy) = guard.policy {
            self.tell_breaker(token, policy, true);
            if self.network.policies[policy].hedge.is_some() {
                return self.hedged_attempt_failed(token, reason);
            }
        }
        let tries = u32::from(token.attempt) + 1;
        if !guard.tries.go_on(tries, reason) {
            return self.give_up(token, reason);
        }
        let whole = match token.parent {
            NOBODY => token.key,
            parent => self.tokens[TokenId::from_raw(parent)].key,
        };
        let luck = Luck { attempt: token.key, whole, purpose: guard.key, side: self.keys.side() };
        let pause = guard.tries.pause(tries, luck);
        if guard.policy.is_some_and(|it| self.is_too_late(token, it, pause))
            || !self.may_retry(token)
        {
            return self.give_up(token, reason);
        }
        let next = self.next_attempt(token);
        if pause.is_zero() {
            self.send(next);
        } else {
            self.schedule(pause, Rank::Arrive, Kind::Send, next);
        }
    }

    /// An attempt like this one, to be sent after it.
    pub(super) fn next_attempt(&mut self, token: &Token) -> TokenId {
        let guard = &self.network.guards[token.guard];
        // Keyed by the guard too: a client's second try is another than its call's second try.
        let key = rng::attempt(token.key ^ guard.key, u32::from(token.attempt) + 1);
        let id = self.tokens.admit(token.class, token.guard, guard.first, key, token.born);
        let next = &mut self.tokens[id];
        next.attempt = token.attempt + 1;
        next.flags = flag::WAITS_TO_RETRY;
        next.user = token.user;
        next.origin = token.origin;
        next.parent = token.parent;
        next.parent_epoch = token.parent_epoch;
        next.held = token.held;
        next.depth = token.base;
        next.base = token.base;
        next.deadline = token.deadline;
        if self.network.has_families && token.parent != NOBODY {
            self.families.add(&mut self.tokens, TokenId::from_raw(token.parent), id);
        }
        id
    }

    pub(super) fn give_up(&mut self, token: &Token, reason: Reason) {
        if token.parent != NOBODY {
            if !self.falls_back(token) {
                self.fail_parent(token.parent, reason);
            }
            return;
        }
        self.inside.resolve(self.now, token.born);
        self.probe.failed(self.now, token.class, reason);
        if token.user != NOBODY {
            self.user_goes_on(token.class, token.user, true);
        }
    }

    fn fail_parent(&mut self, parent: u32, reason: Reason) {
        let id = TokenId::of_somebody(parent);
        self.end_wait(id);
        self.fail(id, reason);
        self.go_on(id);
    }

    /// Gives up waiting for a connection.
    pub(super) fn impatient(&mut self, id: TokenId) {
        if self.tokens[id].wait != Wait::Line {
            return;
        }
        if let Step::Seize { visit, depth } = self.step_of(id) {
            return self.impatient_for_worker(id, visit, depth);
        }
        let token = &self.tokens[id];
        let Some(pool) = self.line_of(id) else { return };
        let Some(patience) = self.network.pools[pool].patience else { return };
        if token.joined + self.network.delays[patience] != self.now {
            return;
        }
        self.pools[pool].leave_line(&mut self.tokens, self.now, id);
        self.fail(id, Reason::Timeout);
        self.ready.push_back(id);
    }

    /// Sends the first attempt of a call with patience or retries.
    #[inline(never)]
    pub(super) fn guarded(&mut self, id: TokenId, guard: GuardId, depth: Depth) -> Flow {
        let Guard { first, policy, .. } = self.network.guards[guard];
        let child = self.child_of(id, guard, first, depth);
        if self.network.has_families {
            self.families.begin(&mut self.tokens, id);
            self.families.add(&mut self.tokens, id, child);
        }
        self.tokens[id].wait = Wait::Children;
        self.deposit(child);
        if let Some(policy) = policy {
            self.begin_call(id, child, policy);
        }
        self.send(child);
        Flow::Stay
    }

    /// Sends all branches at once.
    #[inline(never)]
    pub(super) fn fork(&mut self, id: TokenId, fork: ForkId, depth: Depth) -> Flow {
        let fork = &self.network.forks[fork];
        if self.network.has_families {
            self.families.begin(&mut self.tokens, id);
        }
        for first in &fork.branches {
            let child = self.child_of(id, GuardId::LAST, *first, depth);
            if self.network.has_families {
                self.families.add(&mut self.tokens, id, child);
            }
            self.ready.push_back(child);
        }
        let token = &mut self.tokens[id];
        token.wait = Wait::Children;
        token.branches = fork.branches.len() as u16;
        token.left = fork.need;
        Flow::Stay
    }

    /// A token that works for this one, inside the same instances, of which it may leave none.
    pub(super) fn child_of(
        &mut self,
        id: TokenId,
        guard: GuardId,
        first: StepId,
        depth: Depth,
    ) -> TokenId {
        let Token { class, key, epoch, held, origin, deadline, .. } = self.tokens[id];
        let child_id = self.tokens.admit(class, guard, first, key, self.now);
        let child = &mut self.tokens[child_id];
        child.parent = id.raw();
        child.parent_epoch = epoch;
        child.held = held;
        child.origin = origin;
        // A client has no depth: what it sends begins at the first.
        child.depth = depth.wrapping_add(1);
        child.base = depth.wrapping_add(1);
        child.deadline = deadline;
        child_id
    }

    fn branch_ended(&mut self, branch: &Token, failed: Option<Reason>) {
        let parent = &mut self.tokens[TokenId::of_somebody(branch.parent)];
        parent.flags |= branch.flags & flag::DEGRADED;
        parent.branches -= 1;
        match failed {
            None => {
                parent.left -= 1;
                if parent.left == 0 {
                    self.wake(branch.parent);
                }
            }
            Some(reason) if u32::from(parent.branches) < parent.left => {
                self.fail_parent(branch.parent, reason);
            }
            Some(_) => {}
        }
    }
}
