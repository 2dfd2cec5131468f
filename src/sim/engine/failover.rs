//! How a standby takes over when the primary is gone, and what becomes of the old one.

use super::*;
use crate::network::ReplicationId;
use crate::sim::probe::Replicated;

/// What sets the luck of each apart, counted from a replication's key.
const DETECTED: u64 = 0;
const COVERED: u64 = 1;
const PROMOTED: u64 = 2;
const NOTICED: u64 = 3;

impl<P: Probe> Engine<'_, P> {
    /// A member has come to answer, or answers no more.
    #[inline(never)]
    pub(super) fn member_turned(&mut self, instance: InstanceId, up: bool) {
        let Some((replication, place)) = self.part_of(instance) else { return };
        let is_primary = place == self.replications[replication].primary;
        match (is_primary, up) {
            (true, false) => {
                for place in 0..self.replications[replication].members.len() {
                    if self.replications[replication].members[place].connected {
                        self.disconnect_member(replication, place);
                    }
                }
                self.look_for_primary(replication);
            }
            (true, true) => self.primary_is_back(replication),
            (false, false) => self.standby_goes(replication, place),
            (false, true) if self.still_takes_writes(replication, place) => {}
            (false, true) => {
                self.connect_member(replication, place);
                self.look_for_primary(replication);
            }
        }
        self.note_primary(replication);
    }

    fn note_primary(&mut self, replication: ReplicationId) {
        let is_up = self.is_up(replication, self.replications[replication].primary);
        let own = &mut self.replications[replication];
        own.has_primary(self.now, is_up && own.promoting.is_none());
    }

    /// It goes on as the primary, unless another is already being promoted in its stead.
    fn primary_is_back(&mut self, replication: ReplicationId) {
        let own = &mut self.replications[replication];
        if own.promoting.is_some() {
            return;
        }
        own.term = own.term.wrapping_add(1);
        own.searching = false;
        own.gave_up = false;
        for place in 0..own.members.len() {
            self.connect_member(replication, place);
            if !self.replications[replication].members[place].connected {
                self.wait_in_patience(replication, place);
            }
        }
    }

    /// Whether one that is back still takes itself for the primary.
    fn still_takes_writes(&mut self, replication: ReplicationId, place: usize) -> bool {
        let spec = &self.network.replications[replication];
        let own = &mut self.replications[replication];
        let unfenced = spec.failover.as_ref().and_then(|it| it.unfenced.as_ref());
        let Some(law) = unfenced.filter(|_| own.deposed == Some(place)) else { return false };
        own.deposed = None;
        own.pretender = Some(place);
        let luck = self.keys.control(spec.key.wrapping_add(NOTICED));
        let span = law.draw(&mut self.keys.draw(luck, u64::from(own.term)));
        let member = self.member(replication, place);
        self.control(self.now + span, Control::Noticed(member, self.instances[member].stamp));
        true
    }

    /// Somebody notices an old primary, and makes it a standby.
    pub(super) fn noticed(&mut self, member: InstanceId, stamp: u32) {
        let Some((replication, place)) = self.part_of(member) else { return };
        let own = &mut self.replications[replication];
        if self.instances[member].stamp == stamp && own.pretender == Some(place) {
            own.pretender = None;
            self.connect_member(replication, place);
            self.look_for_primary(replication);
        }
    }

    fn standby_goes(&mut self, replication: ReplicationId, place: usize) {
        if self.replications[replication].members[place].connected {
            self.disconnect_member(replication, place);
        }
        let now = self.now;
        let own = &mut self.replications[replication];
        own.pretender = own.pretender.filter(|it| *it != place);
        own.members[place].dies(now);
        let token = own.members[place].token;
        let log = self.network.instances[self.member(replication, place)].log.as_ref();
        self.tokens[token].step = log.expect("checked: it commits").receive;
        let own = &mut self.replications[replication];
        if own.promoting == Some(place) {
            own.promoting = None;
            own.term = own.term.wrapping_add(1);
            match self.is_up(replication, self.replications[replication].primary) {
                true => self.primary_is_back(replication),
                false => self.look_for_primary(replication),
            }
        }
    }

    /// If the primary is gone, that will be found out, if there is anybody to take over.
    fn look_for_primary(&mut self, replication: ReplicationId) {
        let Some(failover) = &self.network.replications[replication].failover else { return };
        let own = &self.replications[replication];
        let busy = own.searching || own.gave_up || own.promoting.is_some();
        let primary = own.primary;
        if busy || self.is_up(replication, primary) {
            return;
        }
        let own = &mut self.replications[replication];
        own.searching = true;
        own.searches += 1;
        match &failover.detection {
            Some(law) => {
                let key = self.network.replications[replication].key;
                let luck = self.keys.control(key.wrapping_add(DETECTED));
                let span = law.draw(&mut self.keys.draw(luck, own.searches));
                let term = own.term;
                self.control(self.now + span, Control::Detected(replication, term));
            }
            None if !self.candidates[self.member(replication, primary)].healthy => {
                let term = self.replications[replication].term;
                self.detected(replication, term);
            }
            None => {}
        }
    }

    /// Health checks have found an instance gone.
    pub(super) fn found_gone(&mut self, instance: InstanceId) {
        let Some((replication, place)) = self.part_of(instance) else { return };
        let failover = &self.network.replications[replication].failover;
        let by_checks = failover.as_ref().is_some_and(|it| it.detection.is_none());
        let own = &self.replications[replication];
        if by_checks && place == own.primary && own.searching {
            self.detected(replication, own.term);
        }
    }

    /// The primary is known to be gone: a standby is promoted, if there is one that may be.
    pub(super) fn detected(&mut self, replication: ReplicationId, term: u32) {
        if self.replications[replication].term != term {
            return;
        }
        let spec = &self.network.replications[replication];
        let own = &self.replications[replication];
        let may = |place| self.is_up(replication, place) && own.pretender != Some(place);
        let successor = own.successor(may);
        let own = &mut self.replications[replication];
        own.searching = false;
        let Some(successor) = successor else { return };
        let failover = spec.failover.as_ref().expect("there is one");
        let luck = |of: u64| self.keys.control(spec.key.wrapping_add(of));
        if self.keys.draw(luck(COVERED), own.searches).unit() >= failover.coverage {
            own.gave_up = true;
            return;
        }
        own.promoting = Some(successor);
        own.term = own.term.wrapping_add(1);
        let term = own.term;
        let span = failover.promotion.draw(&mut self.keys.draw(luck(PROMOTED), own.searches));
        self.probe.replicated(self.now, spec.service, Replicated::Detected);
        self.control(self.now + span, Control::Promoted(replication, term));
    }

    /// The standby takes writes, and callers send them to it.
    pub(super) fn promoted(&mut self, replication: ReplicationId, term: u32) {
        let own = &mut self.replications[replication];
        let Some(successor) = own.promoting.filter(|_| own.term == term) else { return };
        own.promoting = None;
        own.deposed = Some(own.primary);
        own.term = own.term.wrapping_add(1);
        let lost = own.promote(successor, &mut self.tokens);
        let service = self.network.replications[replication].service;
        self.probe.replicated(self.now, service, Replicated::Promoted { lost });
        for place in 0..self.replications[replication].members.len() {
            let up = self.is_up(replication, place);
            if up {
                self.still_takes_writes(replication, place);
            }
            let strict = self.network.replications[replication].patience.is_none();
            // Whoever promotes knows who is there.
            self.replications[replication].members[place].counts = up || strict;
            self.connect_member(replication, place);
            if up && !self.replications[replication].members[place].connected {
                self.wait_in_patience(replication, place);
            }
        }
        self.note_primary(replication);
    }
}
