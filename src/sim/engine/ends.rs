//! How attempts, calls and branches end, and who tries again.

use super::steps::Flow;
use super::*;
use crate::network::{Depth, ForkId};
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
            None if token.parent == NOBODY => self.answer(token.class, token.born, token.user),
            _ if token.parent != NOBODY && !self.is_waiting_for(&token) => {}
            None if token.guard == GuardId::LAST => self.branch_ended(&token, None),
            None => self.wake(token.parent),
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

    /// Whether the parent stands where it sent this token from, and can hear.
    pub(super) fn is_waiting_for(&self, token: &Token) -> bool {
        let parent = &self.tokens[TokenId::from_raw(token.parent)];
        parent.epoch == token.parent_epoch && !parent.is(flag::HUNG)
    }

    /// The parent's wait for its children is over.
    fn wake(&mut self, parent: u32) {
        let id = TokenId::from_raw(parent);
        let token = &mut self.tokens[id];
        token.epoch = token.epoch.wrapping_add(1);
        self.go_on(id);
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
        if token.is(flag::DELIVERS) {
            return self.delivery_timed_out(id);
        }
        self.attempt_failed(&token, Reason::Timeout);
    }

    /// Another attempt, if the guard allows one; else the failure is final.
    fn attempt_failed(&mut self, token: &Token, reason: Reason) {
        let guard = &self.network.guards[token.guard];
        let tries = u32::from(token.attempt) + 1;
        if tries >= guard.retry.attempts || !self.may_retry(token) {
            return self.give_up(token, reason);
        }
        let luck = &mut Draw::at(token.key, guard.key);
        let pause = guard.retry.delay(tries, luck);
        // Keyed by the guard too: a client's second try is another than its call's second try.
        let key = rng::attempt(token.key ^ guard.key, tries);
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
        if pause.is_zero() {
            self.send(id);
        } else {
            self.schedule(pause, Rank::Arrive, Kind::Send, id);
        }
    }

    fn give_up(&mut self, token: &Token, reason: Reason) {
        if token.parent != NOBODY {
            return self.fail_parent(token.parent, reason);
        }
        self.inside.resolve(self.now, token.born);
        self.probe.failed(self.now, token.class, reason);
        if token.user != NOBODY {
            self.user_goes_on(token.class, token.user, true);
        }
    }

    fn fail_parent(&mut self, parent: u32, reason: Reason) {
        self.fail(TokenId::from_raw(parent), reason);
        self.wake(parent);
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
        let child = self.child_of(id, guard, self.network.guards[guard].first, depth);
        self.tokens[id].wait = Wait::Children;
        self.deposit(child);
        self.send(child);
        Flow::Stay
    }

    /// Sends all branches at once.
    #[inline(never)]
    pub(super) fn fork(&mut self, id: TokenId, fork: ForkId, depth: Depth) -> Flow {
        let fork = &self.network.forks[fork];
        for first in &fork.branches {
            let child = self.child_of(id, GuardId::LAST, *first, depth);
            self.ready.push_back(child);
        }
        let token = &mut self.tokens[id];
        token.wait = Wait::Children;
        token.branches = fork.branches.len() as u32;
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
        let Token { class, key, epoch, held, origin, .. } = self.tokens[id];
        let child_id = self.tokens.admit(class, guard, first, key, self.now);
        let child = &mut self.tokens[child_id];
        child.parent = id.raw();
        child.parent_epoch = epoch;
        child.held = held;
        child.origin = origin;
        child.depth = depth + 1;
        child.base = depth + 1;
        child_id
    }

    fn branch_ended(&mut self, branch: &Token, failed: Option<Reason>) {
        let parent = &mut self.tokens[TokenId::from_raw(branch.parent)];
        parent.branches -= 1;
        match failed {
            None => {
                parent.left -= 1;
                if parent.left == 0 {
                    self.wake(branch.parent);
                }
            }
            Some(reason) if parent.branches < parent.left => {
                self.fail_parent(branch.parent, reason);
            }
            Some(_) => {}
        }
    }
}
