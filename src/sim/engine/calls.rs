//! How requests come in, go from service to service, and come back.

use super::links::Crossing;
use super::steps::Flow;
use super::*;
use crate::network::DEPTH_MAX;
use crate::network::{Depth, Visit, VisitId};
use crate::sim::pool::Seize;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    pub(super) fn expect_arrival(&mut self, class: ClassId) {
        let at = self.sources[class].arrivals.next();
        let order = self.order(Rank::Arrive);
        let slot = match self.network.classes[class].batch {
            None => class.index(),
            Some(_) => self.batch_slot(class),
        };
        self.lanes.set(slot, at, order);
    }

    /// A request comes in from outside, and is to go on.
    #[inline]
    pub(super) fn arrive(&mut self, class: ClassId) -> TokenId {
        let Source { arrivals, key, birth } = &mut self.sources[class];
        let key = rng::request(*key, arrivals.number - 1);
        let (next, birth) = (arrivals.next(), *birth);
        let order = self.order(Rank::Arrive);
        self.lanes.set(class.index(), next, order);
        self.be_born(class, birth, key, NOBODY)
    }

    #[inline(always)]
    pub(super) fn be_born(&mut self, class: ClassId, birth: Birth, key: u64, user: u32) -> TokenId {
        let Birth { guard, first, patience, watched } = birth;
        let token = self.tokens.admit(class, guard, first, key, self.now);
        if user != NOBODY {
            self.tokens[token].user = user;
        }
        self.inside.enter(self.now);
        self.probe.born(self.now, class);
        if let Some(patience) = patience {
            self.schedule_constant(patience, Rank::Timeout, Kind::Timeout, token);
        }
        if watched {
            self.watch(token, guard);
        }
        token
    }

    /// A user's request was answered, or has failed for good.
    #[inline(never)]
    pub(super) fn user_goes_on(&mut self, class: ClassId, user: u32, failed: bool) {
        match self.network.classes[class].arrival {
            Arrival::InSessions => self.session_goes_on(user, failed),
            _ => self.think(class, user),
        }
    }

    /// A client of whom there is more to know than how long it waits.
    #[inline(never)]
    fn watch(&mut self, token: TokenId, guard: GuardId) {
        if let Some(policy) = self.network.guards[guard].policy {
            self.set_patience_until(token, policy);
        }
        self.deposit(token);
    }

    /// Whatever is under way counts, also what nobody waits for any more: all of it takes memory.
    /// Users who think have been asked for; they are no crowd.
    #[cold]
    pub(super) fn is_too_crowded(&mut self) -> bool {
        if self.tokens.most() <= ALIVE_MAX {
            return false;
        }
        let users: usize = self.rounds.as_slice().iter().map(Vec::len).sum();
        let too_many = self.tokens.alive() as usize > ALIVE_MAX as usize + users;
        if too_many {
            self.give_up_run(Failure::TooManyInside { at: self.now });
        }
        too_many
    }

    /// A user of a closed class thinks about the next request.
    pub(super) fn think(&mut self, class: ClassId, user: u32) {
        let Arrival::Closed { think, .. } = &self.network.classes[class].arrival else { return };
        let round = &mut self.rounds[class][user as usize];
        let number = u64::from(user) << 32 | u64::from(*round);
        *round = round.wrapping_add(1);
        let Source { key, birth: Birth { guard, first, .. }, .. } = self.sources[class];
        let key = rng::request(key, number);
        let token = self.tokens.admit(class, guard, first, key, self.now);
        self.tokens[token].user = user;
        self.tokens[token].flags = flag::THINKS;
        let luck = self.keys.arrivals(self.network.classes[class].key);
        let span = think.draw(&mut self.keys.draw(luck, number));
        if span.is_zero() {
            self.watch_the_restless();
        }
        self.schedule(span, Rank::Arrive, Kind::Send, token);
    }

    /// Users who are refused at once, and ask again at once, would stop the clock for ever.
    #[cold]
    pub(super) fn watch_the_restless(&mut self) {
        let (since, rounds) = self.restless;
        self.restless = if since == self.now { (since, rounds + 1) } else { (self.now, 0) };
        if rounds > RESTLESS_MAX {
            self.give_up_run(Failure::Spinning { at: self.now });
        }
    }

    /// A pause is over: a user's who has done thinking, or one between two attempts.
    #[inline(never)]
    pub(super) fn set_out(&mut self, id: TokenId) -> Option<TokenId> {
        let Token { class, key, user, .. } = self.tokens[id];
        if !self.tokens[id].is(flag::THINKS) {
            // It may have been sent before its time.
            if self.tokens[id].is(flag::WAITS_TO_RETRY) {
                self.send(id);
            }
            return None;
        }
        self.tokens.dismiss(id);
        Some(self.be_born(class, self.sources[class].birth, key, user))
    }

    /// An attempt sets out: a client's or a caller's.
    pub(super) fn send(&mut self, id: TokenId) {
        let token = &mut self.tokens[id];
        token.flags &= !flag::WAITS_TO_RETRY;
        if token.parent == NOBODY {
            let class = token.class;
            self.probe.retried(class);
        } else if !self.is_waiting_for(&self.tokens[id]) {
            return self.tokens.dismiss(id);
        }
        let guard = self.tokens[id].guard;
        let policy = self.network.guards[guard].policy;
        if policy.is_some_and(|it| !self.may_send(id, it)) {
            return;
        }
        self.set_patience(id, guard);
        self.ready.push_back(id);
    }

    /// Whoever sent the attempt waits no longer than this for it.
    #[inline(always)]
    pub(super) fn set_patience(&mut self, id: TokenId, guard: GuardId) {
        let guard = &self.network.guards[guard];
        if let Some(timeout) = guard.timeout {
            self.schedule_constant(timeout, Rank::Timeout, Kind::Timeout, id);
        } else if let Some(policy) = guard.policy {
            self.set_patience_until(id, policy);
        }
    }

    /// Chooses an instance and crosses over to it.
    #[inline(always)]
    pub(super) fn call(&mut self, id: TokenId, to: VisitId, depth: Depth) -> Flow {
        let visit = self.named.visits.at(to);
        let instance = match visit.only {
            Some(only) => only,
            None => self.choose_instance(id, visit, depth),
        };
        self.candidates[instance].outstanding += 1;
        let token = &mut self.tokens[id];
        token.held[depth as usize % DEPTH_MAX] = instance;
        token.depth = depth + 1;
        if !self.has_links {
            token.pass();
        } else {
            match self.cross(id, depth, to, true) {
                Crossing::AtOnce => self.tokens[id].pass(),
                Crossing::Away => return Flow::Stay,
                Crossing::NoWay => return self.call_fails_here(id, Reason::Unreachable),
            }
        }
        self.seize_worker(id, to, instance)
    }

    /// Has the balancer choose among the instances of a service.
    #[inline]
    fn choose_instance(&mut self, id: TokenId, visit: &Visit, depth: Depth) -> InstanceId {
        let service = self.named.services.at(visit.service);
        let all_healthy = self.ejected[visit.service] == 0;
        if !all_healthy && let Some(none) = self.nobody_ready(visit.service) {
            return none;
        }
        if let Some(careful) = service.careful {
            return self.choose_carefully(id, visit, depth, careful);
        }
        let luck = &mut self.keys.draw(self.tokens[id].key, visit.key);
        let candidates = &self.candidates[service.instances.clone()];
        let balancer = &mut self.balancers[visit.service];
        let chosen = service.balance.pick(balancer, candidates, all_healthy, luck);
        InstanceId::new(service.instances.start.index() + chosen)
    }

    /// Takes a worker of the instance, or waits for one.
    #[inline(never)]
    pub(super) fn seize(&mut self, id: TokenId, visit: VisitId, depth: Depth) -> Flow {
        self.seize_worker(id, visit, self.tokens[id].held(depth))
    }

    #[inline(always)]
    fn seize_worker(&mut self, id: TokenId, visit: VisitId, instance: InstanceId) -> Flow {
        let Instance { workers, state, ruled, .. } = self.instances[instance];
        match state {
            Health::Up => {}
            Health::Down => return self.turn_away(id, visit, Reason::Unreachable),
            Health::Silent => {
                self.tokens[id].flags |= flag::HUNG;
                return Flow::Stay;
            }
        }
        if ruled && !self.takes(visit, instance) {
            return self.turn_away(id, visit, Reason::Unreachable);
        }
        if ruled && self.has_rules(instance) {
            return self.ask_for_worker(id, visit, instance);
        }
        match self.take(workers, id) {
            Seize::Granted => Flow::On,
            Seize::Queued => Flow::Stay,
            Seize::Refused => self.turn_away(id, visit, Reason::Refused),
        }
    }

    /// The instance does not take the request, and says so to the caller.
    #[inline(never)]
    pub(super) fn turn_away(&mut self, id: TokenId, visit: VisitId, reason: Reason) -> Flow {
        let token = &mut self.tokens[id];
        let depth = token.depth - 1;
        token.depth = depth;
        let instance = token.held(depth);
        self.candidates[instance].outstanding -= 1;
        if self.instances[instance].ruled {
            self.notice_answer(id, instance, true);
            self.look_whether_drained(instance);
        }
        self.probe.turned_away(self.network.visits[visit].service);
        self.fail(id, reason);
        self.back_to_caller(id, visit, depth)
    }

    /// Gives the worker back and crosses over to the caller.
    #[inline(always)]
    pub(super) fn leave(&mut self, id: TokenId, visit: VisitId, depth: Depth) -> Flow {
        let token = &mut self.tokens[id];
        let instance = token.held(depth);
        token.depth = depth;
        let mut is_plain = token.is_plain();
        self.candidates[instance].outstanding -= 1;
        let Instance { workers, ruled, .. } = self.instances[instance];
        if ruled {
            self.leave_by_rules(id, instance, visit);
            is_plain &= self.tokens[id].failing == 0;
        } else {
            self.free(workers);
        }
        if is_plain && !self.has_links {
            // Behind the call of a client comes the end, which is known without another round.
            return if depth == 0 { self.end(id) } else { Flow::On };
        }
        self.after_giving_back(id);
        self.back_to_caller(id, visit, depth)
    }

    #[inline(never)]
    fn back_to_caller(&mut self, id: TokenId, visit: VisitId, depth: Depth) -> Flow {
        if self.tokens[id].flags & (flag::CUT | flag::HANGS_BELOW) != 0
            && self.back_to_nobody(id, depth)
        {
            return Flow::Stay;
        }
        if self.has_links {
            match self.cross(id, depth, visit, false) {
                Crossing::AtOnce => {}
                Crossing::Away => return Flow::Stay,
                Crossing::NoWay => return self.answer_fails(id),
            }
        }
        Flow::On
    }

    pub(super) fn borrow(&mut self, id: TokenId, pool: u16, depth: Depth) -> Flow {
        let pool = self.named_pool(id, pool, depth);
        match self.take(pool, id) {
            Seize::Granted => Flow::On,
            Seize::Refused => self.fail(id, Reason::Refused),
            Seize::Queued => {
                if let Some(patience) = self.network.pools[pool].patience {
                    self.schedule_constant(patience, Rank::Timeout, Kind::Patience, id);
                }
                Flow::Stay
            }
        }
    }

    pub(super) fn give_back(&mut self, id: TokenId, pool: u16, depth: Depth) -> Flow {
        self.free(self.named_pool(id, pool, depth));
        self.after_giving_back(id)
    }

    fn named_pool(&self, id: TokenId, pool: u16, depth: Depth) -> PoolId {
        self.network.instances[self.tokens[id].held(depth)].pool(pool)
    }
}
