//! Taking work back that nobody waits for any more, wherever it stands.
//!
//! Whoever is to be taken back is noted, and taken back once all that moves at this instant rests: then
//! each stands in some line, on some device or at somebody's call, as it does when a fault strikes, and
//! is taken out of there in the same way. It gives back all it holds, and what it has sent in
//! turn is taken back too. Simplified: the word of it takes no time to travel, not even over links; an
//! access to a disk is broken off; what waits for a log's flush is let go of when that is over, as in a
//! database that has begun to commit; and writes that nobody ever waited for go on.

use super::steps::Flow;
use super::*;
use crate::network::Depth;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    /// The token's work is to be taken back, and all that it has sent.
    pub(super) fn doom(&mut self, id: TokenId) {
        if self.doomed.is_empty() {
            self.ready.push_back(self.taker);
        }
        self.doomed.push((id, self.tokens[id].generation));
    }

    /// The step of the token that does nothing but this.
    #[inline(never)]
    pub(super) fn take_back_doomed(&mut self, id: TokenId) -> Flow {
        self.tokens[id].step = self.network.take_back.expect("this is its token");
        if !self.ready.is_empty() {
            self.ready.push_back(id);
            return Flow::Stay;
        }
        let mut next = 0;
        while let Some((token, generation)) = self.doomed.get(next).copied() {
            if self.tokens[token].generation == generation {
                self.take_back_work(token);
            }
            next += 1;
        }
        self.doomed.clear();
        Flow::Stay
    }

    fn take_back_work(&mut self, id: TokenId) {
        let token = self.tokens[id];
        if token.flags & (flag::ORPHAN | flag::CUT) == 0 {
            self.drop_trial(&token);
        }
        self.tokens[id].flags |= flag::ORPHAN | flag::TAKEN_BACK;
        if let Some(silent) = self.first_silent(id) {
            return self.take_back_up_to(id, silent);
        }
        match token.wait {
            Wait::Flush => return,
            Wait::Children => self.let_go(id, true),
            _ => {}
        }
        self.detach(id);
        self.tokens[id].flags &= !flag::HANGS_BELOW;
        self.reset(id, Reason::Timeout);
    }

    /// Who was to go once a flush is over hangs, as its log has fallen silent.
    pub(super) fn hang_if_taken_back(&mut self, id: TokenId) {
        if !self.tokens[id].is(flag::TAKEN_BACK) {
            return;
        }
        match self.first_silent(id) {
            Some(silent) => self.take_back_up_to(id, silent),
            // A branch holds nothing of its own in front of the instance that it shares with its parent.
            None => self.tokens[id].flags &= !flag::TAKEN_BACK,
        }
    }

    /// The first depth of its own whose instance has gone silent: nobody hears of anything there.
    fn first_silent(&self, id: TokenId) -> Option<Depth> {
        if self.network.faults.is_empty() {
            return None;
        }
        let token = &self.tokens[id];
        let entered = token.depth - u8::from(self.is_on_its_way(id));
        let silent = |it: &Depth| self.instances[token.held(*it)].state == Health::Silent;
        (token.base..entered).find(silent)
    }

    /// What the token holds in front of an instance that has gone silent is given back; it hangs there.
    fn take_back_up_to(&mut self, id: TokenId, silent: Depth) {
        let token = &mut self.tokens[id];
        let hangs = token.flags & flag::HANGS_BELOW;
        match silent.checked_sub(1) {
            Some(above) => self.cut(id, above),
            None => token.parent = NOBODY,
        }
        let token = &mut self.tokens[id];
        token.flags = token.flags & !flag::TAKEN_BACK | hangs;
    }

    /// Whether the token's work ends with whoever asked for it.
    pub(super) fn ends_with_its_caller(&self, id: TokenId) -> bool {
        let mut token = &self.tokens[id];
        loop {
            if token.flags & (flag::ORPHAN | flag::CUT) != 0 {
                return false;
            }
            let policy = match token.guard {
                GuardId::LAST => None,
                guard => self.network.guards[guard].policy,
            };
            if policy.is_some_and(|it| self.network.policies[it].cancel) {
                return true;
            }
            if token.parent == NOBODY {
                return false;
            }
            let parent = &self.tokens[TokenId::from_raw(token.parent)];
            if parent.epoch != token.parent_epoch {
                return false;
            }
            token = parent;
        }
    }

    /// The wait of the token for its children is over: nobody waits for those that are left.
    pub(super) fn let_go(&mut self, id: TokenId, cancel: bool) {
        while let Some(child) = self.families.pop(&mut self.tokens, id) {
            if self.tokens[child].is(flag::WAITS_TO_RETRY) {
                self.tokens.dismiss(child);
            } else if cancel {
                self.doom(child);
            }
        }
    }

    /// Whether what the token waits for is taken back once it does so no longer.
    pub(super) fn cancels_children(&self, id: TokenId) -> bool {
        match self.step_of(id) {
            Step::Guarded { guard, .. } => {
                let policy = self.network.guards[guard].policy;
                policy.is_some_and(|it| self.network.policies[it].cancel)
            }
            Step::Fork { fork, .. } => self.network.forks[fork].cancel,
            _ => false,
        }
    }
}
