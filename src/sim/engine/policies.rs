//! What callers do beyond patience and retries: deadlines, breakers, budgets, hedges, fallbacks.

use super::steps::Flow;
use super::*;
use crate::network::{ChoiceId, HedgeAfter, Hedged, Policy, PolicyId};
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    /// Which of what its service's instances keep is that of the caller of an attempt.
    fn place_of(&self, attempt: &Token, policy: &Policy) -> usize {
        let Some(service) = policy.caller else { return 0 };
        let first = self.network.services[service].instances.start;
        attempt.held(attempt.base - 1).index() - first.index()
    }

    /// The caller begins a call, of which `first` is to be the first attempt.
    pub(super) fn begin_call(&mut self, id: TokenId, first: TokenId, policy: PolicyId) {
        let policy = &self.network.policies[policy];
        let caller = &mut self.tokens[id];
        caller.branches = 0;
        caller.left = policy.hedge.map_or(0, |it| it.most);
        if let Some(deadline) = &policy.deadline {
            let span = deadline.law.draw(&mut self.draw(id, deadline.key));
            let attempt = &mut self.tokens[first];
            attempt.deadline = attempt.deadline.min(self.now + span);
        }
        if let Some(hedge) = policy.hedge {
            self.policies.hedges[hedge.hedge].seen.calls += 1;
        }
    }

    /// An attempt is about to be sent; false if it is not.
    #[inline(never)]
    pub(super) fn may_send(&mut self, id: TokenId, policy: PolicyId) -> bool {
        let policy = &self.network.policies[policy];
        let token = self.tokens[id];
        if token.parent == NOBODY {
            return true;
        }
        let caller = TokenId::from_raw(token.parent);
        if policy.hedge.is_some() {
            if token.attempt > 0 && !self.may_retry(&token) {
                self.tokens[caller].left = 0;
                self.tokens.dismiss(id);
                return false;
            }
            self.tokens[caller].left -= 1;
            self.tokens[caller].branches += 1;
        }
        if self.now >= token.deadline {
            self.turn_back(id, Reason::Timeout);
            return false;
        }
        if let Some(breaker) = policy.breaker {
            let place = self.place_of(&token, policy);
            if !self.policies.breakers[breaker][place].permits(self.now) {
                self.turn_back(id, Reason::Refused);
                return false;
            }
        }
        self.tokens[id].born = self.now;
        if policy.caller.is_none() && token.attempt > 0 {
            self.probe.retried(token.class);
        }
        if let Some(hedge) = policy.hedge {
            self.policies.hedges[hedge.hedge].seen.more += u64::from(token.attempt > 0);
            self.plan_to_ask_again(id, &hedge);
        }
        true
    }

    /// The attempt is not sent at all, and fails once it is its turn.
    fn turn_back(&mut self, id: TokenId, reason: Reason) {
        let token = &mut self.tokens[id];
        let first = self.network.guards[token.guard].first;
        token.born = Time::NEVER;
        token.failing = reason as u8;
        token.step = self.network.unwind[first];
        self.ready.push_back(id);
    }

    /// Whoever waits for the attempt does so no longer than its timeout, nor than its deadline.
    #[inline(never)]
    pub(super) fn set_patience_until(&mut self, id: TokenId, policy: PolicyId) {
        let policy = &self.network.policies[policy];
        let Token { parent, attempt, .. } = self.tokens[id];
        if let Some(deadline) = &policy.deadline
            && parent == NOBODY
            && attempt == 0
        {
            let span = deadline.law.draw(&mut self.draw(id, deadline.key));
            self.tokens[id].deadline = self.now + span;
        }
        if policy.wraps || !policy.due {
            return;
        }
        let left = self.tokens[id].deadline - self.now;
        match policy.timeout {
            Some(timeout) if self.network.delays[timeout] <= left => {
                self.schedule_constant(timeout, Rank::Timeout, Kind::Timeout, id);
            }
            _ => self.schedule(left, Rank::Timeout, Kind::Timeout, id),
        }
    }

    /// The same call once more, unless an answer comes before.
    fn plan_to_ask_again(&mut self, id: TokenId, hedge: &Hedged) {
        let token = self.tokens[id];
        if self.tokens[TokenId::from_raw(token.parent)].left == 0 {
            return;
        }
        let seen = match hedge.after {
            HedgeAfter::Delay(delay) => {
                let next = self.next_attempt(&token);
                return self.schedule_constant(delay, Rank::Arrive, Kind::Send, next);
            }
            HedgeAfter::Percentile(share) => {
                let policy = self.network.guards[token.guard].policy.expect("it hedges");
                let place = self.place_of(&token, &self.network.policies[policy]);
                self.policies.hedges[hedge.hedge].records[place].percentile(share)
            }
        };
        if let Some(after) = seen {
            let next = self.next_attempt(&token);
            self.schedule(after, Rank::Arrive, Kind::Send, next);
        }
    }

    /// An attempt was answered while its caller waited for it.
    #[inline(never)]
    pub(super) fn tell_of_answer(&mut self, attempt: &Token, policy: PolicyId) {
        self.tell_breaker(attempt, policy, false);
        self.tell_record(attempt, policy);
        if let Some(Hedged { hedge, .. }) = self.network.policies[policy].hedge {
            self.policies.hedges[hedge].seen.won += u64::from(attempt.attempt > 0);
        }
    }

    /// The record of a hedged call learns how long its first try took.
    pub(super) fn tell_record(&mut self, attempt: &Token, policy: PolicyId) {
        let policy = &self.network.policies[policy];
        let Some(Hedged { hedge, after: HedgeAfter::Percentile(_), .. }) = policy.hedge else {
            return;
        };
        if attempt.attempt == 0 && attempt.born != Time::NEVER {
            let place = self.place_of(attempt, policy);
            self.policies.hedges[hedge].records[place].add(self.now - attempt.born);
        }
    }

    /// The breaker that let an attempt through learns how it went.
    pub(super) fn tell_breaker(&mut self, attempt: &Token, policy: PolicyId, failed: bool) {
        let policy = &self.network.policies[policy];
        let Some(breaker) = policy.breaker.filter(|_| attempt.born != Time::NEVER) else { return };
        let place = self.place_of(attempt, policy);
        self.policies.breakers[breaker][place].ended(self.now, attempt.born, failed);
    }

    /// Nobody will learn how an attempt would have ended.
    pub(super) fn drop_trial(&mut self, attempt: &Token) {
        let policy = match attempt.guard {
            GuardId::LAST => return,
            guard => self.network.guards[guard].policy,
        };
        let Some(id) = policy else { return };
        self.tell_record(attempt, id);
        let policy = &self.network.policies[id];
        if let Some(breaker) = policy.breaker {
            let place = self.place_of(attempt, policy);
            self.policies.breakers[breaker][place].dropped(attempt.born);
        }
    }

    /// Whether the deadline will have passed after such a pause.
    pub(super) fn is_too_late(&self, failed: &Token, policy: PolicyId, pause: Span) -> bool {
        self.network.policies[policy].due && self.now + pause >= failed.deadline
    }

    /// One of several tries side by side has failed: the next follows at once, if there is one.
    pub(super) fn hedged_attempt_failed(&mut self, token: &Token, reason: Reason) {
        let caller = TokenId::from_raw(token.parent);
        if reason == Reason::Timeout
            && let Some(policy) = self.network.guards[token.guard].policy
        {
            self.tell_record(token, policy);
        }
        self.tokens[caller].branches -= 1;
        if self.tokens[caller].left > 0 {
            let waits = |it: &TokenId| self.tokens[*it].is(flag::WAITS_TO_RETRY);
            let planned = self.families.of(&self.tokens, caller).find(waits);
            let next = planned.unwrap_or_else(|| self.next_attempt(token));
            self.send(next);
        }
        if self.tokens[caller].branches == 0 {
            self.give_up(token, reason);
        }
    }

    /// The caller at this depth has given up a call, and does something else instead, if it can.
    pub(super) fn falls_back(&mut self, attempt: &Token) -> bool {
        let policy = match attempt.guard {
            GuardId::LAST => return false,
            guard => self.network.guards[guard].policy,
        };
        let Some(step) = policy.and_then(|it| self.network.policies[it].fallback) else {
            return false;
        };
        let caller = TokenId::from_raw(attempt.parent);
        self.end_wait(caller);
        let token = &mut self.tokens[caller];
        token.flags |= flag::DEGRADED;
        token.step = step;
        self.go_on(caller);
        true
    }

    /// Fails if the deadline has passed.
    #[inline(never)]
    pub(super) fn due(&mut self, id: TokenId) -> Flow {
        if self.now >= self.tokens[id].deadline {
            return self.fail(id, Reason::Timeout);
        }
        Flow::On
    }

    /// Fails by chance.
    #[inline(never)]
    pub(super) fn fail_by_chance(&mut self, id: TokenId, choice: ChoiceId) -> Flow {
        let choice = &self.network.choices[choice];
        if self.draw(id, choice.key).unit() < choice.options[0].0 {
            return self.fail(id, Reason::Error);
        }
        Flow::On
    }

    /// An instance that comes back knows nothing of how its calls went.
    pub(super) fn forget_calls(&mut self, instance: InstanceId) {
        let service = self.network.instances[instance].service;
        let place = instance.index() - self.network.services[service].instances.start.index();
        self.policies.restart(self.network, service, place, self.now);
    }

    /// Whether everybody who waits for attempts or branches has some under way, and lists of them are
    /// kept for nobody else.
    pub(super) fn audit_waits(&self) -> Result<(), &'static str> {
        self.policies.audit()?;
        let mut has_children = vec![false; self.tokens.places()];
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.parent != NOBODY
                && self.tokens[TokenId::from_raw(token.parent)].epoch == token.parent_epoch
            {
                has_children[token.parent as usize] = true;
            }
        }
        let mut cells = 0;
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            let waits = token.wait == Wait::Children;
            if waits && !token.is(flag::HUNG) && !has_children[id.index()] {
                return Err("somebody waits for nobody");
            }
            if waits && self.network.has_families {
                cells += self.families.len_of(&self.tokens, id);
            }
            if token.is(flag::TAKEN_BACK) && token.wait != Wait::Flush {
                return Err("what was taken back is still there");
            }
        }
        if cells != self.families.in_use() { Err("children of nobody are kept") } else { Ok(()) }
    }
}
