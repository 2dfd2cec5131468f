//! Who gets a worker, where rules have a say in it: rate limits, shedding, patience, and who of
//! those in line goes next.

use super::steps::Flow;
use super::*;
use crate::network::{Admission, Depth, Patience, VisitId};
use crate::parts::policy::codel::Standing;
use crate::parts::policy::rate_limit::Bucket;
use crate::sim::probe::Gated;
use crate::sim::token::Reason;

/// How an instance with rules has let requests in of late.
#[derive(Default)]
pub(super) struct Gate {
    standing: Standing,
    /// When the line was last empty before somebody joined it.
    empty: Time,
    /// Who has a worker, in the order in which they got it; kept only where one may lose it.
    at_work: Vec<TokenId>,
}

/// The buckets of each rate limit: one for all instances, or one for each.
pub(super) fn tokens_of(network: &Network, service: &network::Service) -> Vec<Vec<Bucket>> {
    let Some(rules) = service.admission else { return Vec::new() };
    let instances = service.instances.end.index() - service.instances.start.index();
    let limits = network.admissions[rules].limits.iter();
    limits.map(|it| vec![it.bucket; if it.shared { 1 } else { instances }]).collect()
}

/// The purposes of draws for one visit, counted from its key.
const PATIENCE: u64 = 3;
const SHED: u64 = 4;

impl<'n, P: Probe> Engine<'n, P> {
    pub(super) fn has_rules(&self, instance: InstanceId) -> bool {
        self.network.services[self.network.instances[instance].service].admission.is_some()
    }

    pub(super) fn rules(&self, instance: InstanceId) -> (ServiceId, &'n Admission) {
        let service = self.network.instances[instance].service;
        let rules = self.network.services[service].admission.expect("it has rules");
        (service, &self.network.admissions[rules])
    }

    /// Takes a worker, or stands in line for one, if the rules allow that.
    #[inline(never)]
    pub(super) fn ask_for_worker(&mut self, id: TokenId, to: VisitId, at: InstanceId) -> Flow {
        let (service, rules) = self.rules(at);
        let refused = match () {
            () if !self.has_tokens(id, rules, service, at) => Some(Gated::Limited),
            () if self.is_shed(id, to, rules, at) => Some(Gated::Shed),
            () => None,
        };
        if let Some(why) = refused {
            return self.refuse(id, to, service, why);
        }
        let workers = self.instances[at].workers;
        if self.pools[workers].take(self.now) {
            self.let_in(id, at, Span::ZERO);
            return Flow::On;
        }
        if rules.order.preempts()
            && let Some(least) = self.least_at_work(at, self.tokens[id].class)
        {
            self.interrupt(least, at);
            self.let_in(id, at, Span::ZERO);
            return Flow::On;
        }
        if !self.pools[workers].has_room_in_line() {
            return self.refuse(id, to, service, Gated::Full);
        }
        self.stand_in_line(id, to, rules, at);
        Flow::Stay
    }

    fn refuse(&mut self, id: TokenId, to: VisitId, service: ServiceId, why: Gated) -> Flow {
        self.probe.gated(service, why);
        self.turn_away(id, to, Reason::Refused)
    }

    /// Takes a token of each limit that is for the request's class, unless one has none.
    fn has_tokens(
        &mut self,
        id: TokenId,
        rules: &Admission,
        service: ServiceId,
        at: InstanceId,
    ) -> bool {
        let (now, class) = (self.now, self.tokens[id].class);
        let first = self.network.services[service].instances.start.index();
        let buckets = &mut self.rate_buckets[service];
        let own = || rules.limits.iter().enumerate().filter(|(_, it)| it.classes[class.index()]);
        let place = |shared: bool| if shared { 0 } else { at.index() - first };
        let all_have_one = own().all(|(i, it)| buckets[i][place(it.shared)].has_one(now));
        if all_have_one {
            own().for_each(|(i, it)| buckets[i][place(it.shared)].take(now));
        }
        all_have_one
    }

    fn is_shed(&self, id: TokenId, to: VisitId, rules: &Admission, at: InstanceId) -> bool {
        let busy = self.pools[self.instances[at].workers].in_use();
        let class = self.tokens[id].class.index();
        let key = self.named.visits.at(to).key.wrapping_add(SHED);
        let mut luck = self.draw(id, key);
        rules.sheds.iter().any(|it| luck.unit() < it.shares[class] && busy >= it.from)
    }

    fn stand_in_line(&mut self, id: TokenId, to: VisitId, rules: &Admission, at: InstanceId) {
        let workers = self.instances[at].workers;
        let size_ns = match rules.order {
            network::Order::Shortest => self.size_ns(id),
            _ => 0,
        };
        if self.pools[workers].in_line() == 0 {
            self.gates[at].empty = self.now;
        }
        self.pools[workers].join(&mut self.tokens, self.now, id, size_ns);
        match &rules.patience {
            None => {}
            Some(Patience::Constant(delay)) => {
                self.schedule_constant(*delay, Rank::Timeout, Kind::Patience, id);
            }
            Some(Patience::Drawn(law)) => {
                let span = law.draw(&mut self.luck_of_patience(id, to));
                self.schedule(span, Rank::Timeout, Kind::Patience, id);
            }
            Some(Patience::Adaptive(long, short)) => {
                let stands = self.now - self.gates[at].empty >= self.network.delays[*long];
                // What it chose must be known when the time is up; nothing else is left to do yet.
                self.tokens[id].left = u32::from(stands);
                let delay = if stands { *short } else { *long };
                self.schedule_constant(delay, Rank::Timeout, Kind::Patience, id);
            }
        }
    }

    fn luck_of_patience(&self, id: TokenId, to: VisitId) -> Draw {
        self.draw(id, self.named.visits.at(to).key.wrapping_add(PATIENCE))
    }

    /// How much the first step has to do: it will draw the same.
    fn size_ns(&self, id: TokenId) -> u64 {
        let mut at = self.tokens[id].step;
        while let Step::Due | Step::GiveWay { .. } = self.network.steps[at] {
            at = StepId::new(at.index() + 1);
        }
        match self.network.steps[at] {
            // Its core has to wake up before it computes.
            Step::Wake { work, .. }
            | Step::Compute { work, .. }
            | Step::Delay { work, .. }
            | Step::Wait { work } => {
                let work = self.named.works.at(work);
                work.law.draw(&mut self.draw(id, work.key)).nanos()
            }
            _ => 0,
        }
    }

    /// Gives up standing in line for a worker, if its time is up.
    pub(super) fn impatient_for_worker(&mut self, id: TokenId, to: VisitId, depth: Depth) {
        let at = self.tokens[id].held(depth);
        let service = self.network.instances[at].service;
        let Some(rules) = self.network.services[service].admission else { return };
        let delay = |delay: &DelayId| self.network.delays[*delay];
        let (span, why, reason) = match &self.network.admissions[rules].patience {
            None => return,
            Some(Patience::Constant(it)) => (delay(it), Gated::Left, Reason::Timeout),
            Some(Patience::Drawn(law)) => {
                let span = law.draw(&mut self.luck_of_patience(id, to));
                (span, Gated::Left, Reason::Timeout)
            }
            Some(Patience::Adaptive(long, short)) => {
                let it = if self.tokens[id].left == 1 { short } else { long };
                (delay(it), Gated::Shed, Reason::Refused)
            }
        };
        if self.tokens[id].joined + span != self.now {
            return;
        }
        let workers = self.instances[at].workers;
        self.pools[workers].leave_line(&mut self.tokens, self.now, id);
        if self.pools[workers].in_line() == 0 {
            self.gates[at].standing.emptied();
        }
        self.probe.gated(service, why);
        if self.turn_away(id, to, reason) == Flow::On {
            self.ready.push_back(id);
        }
    }

    fn let_in(&mut self, id: TokenId, at: InstanceId, waited: Span) {
        let pool = &mut self.pools[self.instances[at].workers];
        pool.let_in(&self.tokens, id);
        self.probe.seized(pool.group, waited);
        if self.rules(at).1.order.preempts() {
            self.gates[at].at_work.push(id);
        }
    }

    /// A worker is free: whoever goes next has it, unless the rules say otherwise of that one.
    #[inline(never)]
    pub(super) fn free_worker(&mut self, id: TokenId, at: InstanceId) {
        self.no_longer_at_work(id, at);
        self.let_next_in(at);
    }

    pub(super) fn no_longer_at_work(&mut self, id: TokenId, at: InstanceId) {
        let at_work = &mut self.gates[at].at_work;
        if let Some(place) = at_work.iter().rposition(|it| *it == id) {
            at_work.remove(place);
        }
    }

    pub(super) fn let_next_in(&mut self, at: InstanceId) {
        let (service, rules) = self.rules(at);
        let workers = self.instances[at].workers;
        while let Some((next, waited)) = self.pools[workers].next(&mut self.tokens, self.now) {
            if self.tokens[next].is(flag::INTERRUPTED) {
                self.let_in(next, at, waited);
                return self.resume(next);
            }
            let behind = self.pools[workers].in_line();
            let is_expired = rules.discard_expired && self.is_expired(next);
            let standing = &mut self.gates[at].standing;
            let thrown = match &rules.codel {
                _ if is_expired => Some(Gated::Discarded),
                Some(it) if standing.throws(it, self.now, waited, behind) => Some(Gated::Shed),
                _ => None,
            };
            let Some(why) = thrown else {
                self.let_in(next, at, waited);
                return self.ready.push_back(next);
            };
            let Step::Seize { visit, .. } = self.step_of(next) else { unreachable!("in line") };
            if self.refuse(next, visit, service, why) == Flow::On {
                self.ready.push_back(next);
            }
        }
        self.gates[at].standing.emptied();
        self.pools[workers].give_back(self.now);
    }

    /// Whether whoever asked has gone: its patience ended, it died, or it has enough answers.
    fn is_expired(&self, id: TokenId) -> bool {
        let token = &self.tokens[id];
        let gone = |parent: u32| self.tokens[TokenId::from_raw(parent)].epoch != token.parent_epoch;
        token.flags & (flag::ORPHAN | flag::CUT) != 0
            || token.parent != NOBODY && gone(token.parent)
    }

    pub(super) fn at_work(&self, at: InstanceId) -> &[TokenId] {
        &self.gates[at].at_work
    }

    /// Another token holds the worker that one got first, from now on.
    pub(super) fn stand_in_at_work(&mut self, id: TokenId, other: TokenId, at: InstanceId) {
        if let Some(place) = self.gates[at].at_work.iter_mut().find(|it| **it == id) {
            *place = other;
        }
    }

    /// All that an instance was doing is gone.
    pub(super) fn nobody_at_work(&mut self, at: InstanceId) {
        self.gates[at] = Gate::default();
    }

    pub(super) fn audit_admission(&self) -> Result<(), Failure> {
        let broken = |what, index| Failure::Broken { law: "workers are mistaken", what, index };
        for id in self.network.instances.ids().filter(|it| self.has_rules(*it)) {
            let busy = self.pools[self.instances[id].workers].in_use() as usize;
            if self.rules(id).1.order.preempts() && self.gates[id].at_work.len() != busy {
                return Err(broken("instance", id.index()));
            }
        }
        let out = self.tokens.ids().filter(|it| self.tokens[*it].is(flag::INTERRUPTED)).count();
        if out == self.interrupted.len() { Ok(()) } else { Err(broken("interrupted", 0)) }
    }
}
