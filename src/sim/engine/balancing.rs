//! What balancers know beyond who works and how much each has to do: keys, zones, who has just come
//! back, and how callers fared.

use super::*;
use crate::network::{Depth, Visit, VisitId};
use crate::parts::balance::Caller;
use crate::sim::probe::Gated;

impl<P: Probe> Engine<'_, P> {
    /// Has a balancer choose that looks at more than the others do.
    #[inline(never)]
    pub(super) fn choose_carefully(
        &mut self,
        id: TokenId,
        visit: &Visit,
        depth: Depth,
        careful: CarefulId,
    ) -> InstanceId {
        let replication = self.network.services[visit.service].replication;
        if let Some(it) = replication
            && let Some(primary) = self.choose_member(id, visit, it)
        {
            return primary;
        }
        let token = &self.tokens[id];
        let network = self.network;
        let above = (depth > 0).then(|| token.held(depth - 1));
        let zone = |it| network.zone_of(it);
        let number = |it: InstanceId| {
            let own = network.instances[it].service;
            (it.index() - network.services[own].instances.start.index()) as u32
        };
        let caller = Caller {
            instance: above.map(|it| (zone(it).index(), number(it))),
            origin: rng::mix(u64::from(token.origin)),
        };
        let instances = network.services[visit.service].instances.clone();
        let luck = &mut self.keys.draw(token.key, visit.key);
        let candidates = match replication {
            Some(it) => self.replications[it].candidates.as_slice(),
            None => &self.candidates[instances.clone()],
        };
        let state = &mut self.careful[careful];
        let spec = &network.careful[careful];
        let place = spec.pick(state, candidates, caller, self.now, luck);
        assert!(place < candidates.len(), "a balancer chooses among the instances of its service");
        let chosen = InstanceId::new(instances.start.index() + place);
        if let (Some(_), Some(above)) = (&spec.zones, above) {
            self.probe.crossed(visit.service, zone(above) == zone(chosen));
        }
        chosen
    }

    /// What its balancer believes of an instance, by checks and by how callers fared.
    pub(super) fn believe(&mut self, instance: InstanceId) {
        let Instance { belief, record, .. } = &self.instances[instance];
        let there = self.is_in_service(instance);
        let healthy = belief.healthy && !record.is_out && there;
        self.note_readiness(instance);
        self.candidates[instance].there = there;
        if self.candidates[instance].healthy == healthy {
            return;
        }
        self.candidates[instance].healthy = healthy;
        let service = self.network.instances[instance].service;
        self.presence[service].believed(self.now, healthy);
        self.probe.believed(self.now, instance, healthy);
        let spec = &self.network.services[service];
        let ejected = &mut self.ejected[service];
        *ejected = if healthy { *ejected - 1 } else { *ejected + 1 };
        if let Some(careful) = spec.careful.filter(|_| healthy) {
            let place = instance.index() - spec.instances.start.index();
            self.careful[careful].came_back(place, self.now);
        }
        if spec.replication.is_some() && !healthy {
            self.found_gone(instance);
        }
    }

    /// Gives a worker back where rules say who gets it next, or callers watch how they fare.
    #[inline(never)]
    pub(super) fn leave_by_rules(&mut self, id: TokenId, instance: InstanceId, visit: VisitId) {
        self.may_answer_with_error(id, instance, visit);
        let failed = self.tokens[id].failing != 0;
        self.notice_answer(id, instance, failed);
        match self.has_rules(instance) {
            true => self.free_worker(id, instance),
            false => self.free(self.instances[instance].workers),
        }
        self.look_whether_drained(instance);
    }

    /// The answer of an instance, or its failure, goes back to whoever called, if that one waits.
    pub(super) fn notice_answer(&mut self, id: TokenId, instance: InstanceId, failed: bool) {
        self.try_out(id, instance, failed);
        let token = &self.tokens[id];
        let unheard = token.flags & (flag::ORPHAN | flag::CUT) != 0 && token.depth == token.base;
        if !unheard && !token.is(flag::TAKEN_BACK) {
            self.notice(instance, failed);
        }
    }

    /// A caller sees how an instance does.
    pub(super) fn notice(&mut self, instance: InstanceId, failed: bool) {
        let service = self.network.instances[instance].service;
        let spec = &self.network.services[service];
        let Some(ejection) = &spec.ejection else { return };
        if !self.instances[instance].record.saw(ejection, failed) {
            return;
        }
        let (mut there, mut out) = (0, 0);
        for it in spec.instances.clone().map_ids().filter(|it| self.is_in_service(*it)) {
            there += 1;
            out += u32::from(self.instances[it].record.is_out);
        }
        if out >= ejection.most(there) {
            return;
        }
        let span = self.instances[instance].record.leave_out(ejection, self.now);
        self.believe(instance);
        self.probe.gated(service, Gated::Ejected);
        self.control(self.now + span, Control::TakeBack(instance));
    }

    /// An instance that was left out for how callers fared has its next chance.
    pub(super) fn take_back(&mut self, instance: InstanceId) {
        self.instances[instance].record.take_back(self.now);
        self.believe(instance);
    }
}
