//! What a token has yet to give back, and who does so where its caller is gone.

use super::*;
use crate::network::Depth;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
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
