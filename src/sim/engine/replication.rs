//! Primaries and standbys: who takes what, and commits that cross the link.

use super::steps::Flow;
use super::*;
use crate::network::{Depth, Failing, LinkTrouble, Readers, ReplicationId, Visit, VisitId, ZoneId};
use crate::sim::probe::Replicated;
use crate::sim::replication::Replication;
use crate::sim::token::Reason;

/// The luck of the first member's messages, counted from a replication's key; see failover.rs.
const LINKED: u64 = 4;

/// Every primary with its standbys, and a token for each instance that takes in what it is sent.
pub(super) fn replications(
    network: &Network,
    tokens: &mut Tokens,
) -> Table<ReplicationId, Replication> {
    network.replications.map(|_, spec| {
        let instances = network.services[spec.service].instances.clone().map_ids();
        let receivers = instances.map(|instance| {
            let log = network.instances[instance].log.as_ref().expect("checked: it commits");
            let (class, guard) = (ClassId::default(), GuardId::LAST);
            let id = tokens.admit(class, guard, log.receive, log.key, Time::ZERO);
            let token = &mut tokens[id];
            token.flags = flag::LOG;
            token.held[0] = instance;
            token.depth = 1;
            id
        });
        Replication::new(spec, receivers)
    })
}

impl<P: Probe> Engine<'_, P> {
    pub(super) fn open_replications(&mut self) {
        for id in self.network.replications.ids() {
            (0..self.replications[id].members.len())
                .for_each(|place| self.connect_member(id, place));
        }
    }

    pub(super) fn member(&self, replication: ReplicationId, place: usize) -> InstanceId {
        let service = self.network.replications[replication].service;
        InstanceId::new(self.network.services[service].instances.start.index() + place)
    }

    /// The instance's part in a primary and its standbys, if it has one.
    pub(super) fn part_of(&self, instance: InstanceId) -> Option<(ReplicationId, usize)> {
        let spec = &self.network.services[self.network.instances[instance].service];
        Some((spec.replication?, instance.index() - spec.instances.start.index()))
    }

    pub(super) fn is_up(&self, replication: ReplicationId, place: usize) -> bool {
        self.instances[self.member(replication, place)].state == Health::Up
    }

    /// Whom a call goes to, where one instance takes writes and the others follow.
    pub(super) fn choose_member(
        &mut self,
        id: TokenId,
        visit: &Visit,
        replication: ReplicationId,
    ) -> Option<InstanceId> {
        let service = &self.network.services[visit.service];
        let own = &mut self.replications[replication];
        let primary = InstanceId::new(service.instances.start.index() + own.primary);
        own.candidates.clear();
        for (place, it) in self.candidates[service.instances.clone()].iter().enumerate() {
            let may = visit.readers == Readers::Any || place != own.primary;
            own.candidates.push(Candidate { healthy: it.healthy && may, ..*it });
        }
        if visit.readers == Readers::Primary
            && let Some(pretender) = own.pretender
            && self.tokens[id].key.wrapping_add(visit.key).is_multiple_of(2)
        {
            return Some(InstanceId::new(service.instances.start.index() + pretender));
        }
        let nobody = !own.candidates.iter().any(|it| it.healthy);
        (visit.readers == Readers::Primary || nobody).then_some(primary)
    }

    /// Whether an instance takes a request that has come for it.
    #[inline(never)]
    pub(super) fn takes(&mut self, to: VisitId, instance: InstanceId) -> bool {
        let Some((replication, place)) = self.part_of(instance) else { return true };
        let visit = self.named.visits.at(to);
        let own = &self.replications[replication];
        if visit.readers != Readers::Primary {
            let stale = own.is_stale(place, self.now);
            self.probe.replicated(self.now, visit.service, Replicated::Read { stale });
            return true;
        }
        place == own.primary && own.promoting.is_none() || own.pretender == Some(place)
    }

    /// The primary has flushed a commit: it sets out for the standbys, and may have to wait for them.
    #[inline(never)]
    pub(super) fn replicate(&mut self, id: TokenId, depth: Depth) -> Flow {
        let instance = self.tokens[id].held(depth);
        let (replication, place) = self.part_of(instance).expect("it has standbys");
        if place != self.replications[replication].primary {
            self.replications[replication].diverge();
            return Flow::On;
        }
        let number = self.replications[replication].commit();
        for place in 0..self.replications[replication].members.len() {
            if self.replications[replication].members[place].connected {
                self.ship(replication, place, false);
            }
        }
        let own = &mut self.replications[replication];
        self.tokens[id].joined = self.now;
        if own.must_wait() {
            own.wait(&mut self.tokens, id, number);
            return Flow::Stay;
        }
        own.answered(&mut self.tokens);
        self.tell_committed(replication, id);
        Flow::On
    }

    fn tell_committed(&mut self, replication: ReplicationId, id: TokenId) {
        let service = self.network.replications[replication].service;
        let waited = self.now - self.tokens[id].joined;
        self.probe.replicated(self.now, service, Replicated::Committed { waited });
    }

    fn ship(&mut self, replication: ReplicationId, place: usize, catches_up: bool) {
        let own = self.replications[replication].primary;
        let Some(takes) = self.stream_takes(replication, place, own, place) else { return };
        let it = &mut self.replications[replication];
        if let Some(at) = it.ship(place, self.now, takes, catches_up) {
            let stamp = it.members[place].stamp;
            let member = self.member(replication, place);
            self.finish(at, Control::Shipped(member, stamp));
        }
    }

    /// What a message of a standby's takes from one member to another; nothing if it does not get there.
    fn stream_takes(
        &mut self,
        replication: ReplicationId,
        standby: usize,
        from: usize,
        to: usize,
    ) -> Option<Span> {
        let zone = |place| self.network.zone_of(self.member(replication, place));
        let (from, to) = (zone(from), zone(to));
        let law = self.network.link(from, to);
        let member = &mut self.replications[replication].members[standby];
        member.messages += 1;
        let key = self.network.replications[replication].key;
        let luck = self.keys.control(key.wrapping_add(LINKED + standby as u64));
        let (usual, more) = (2 * member.messages, 2 * member.messages + 1);
        let mut takes = law.map_or(Span::ZERO, |it| it.draw(&mut self.keys.draw(luck, usual)));
        if self.troubles.bad_links == 0 {
            return Some(takes);
        }
        for fault in self.bad_links_between(from, to) {
            match fault {
                LinkTrouble::Cut(_) => return None,
                LinkTrouble::Bad { added, .. } => {
                    let added = added.as_ref();
                    takes +=
                        added.map_or(Span::ZERO, |it| it.draw(&mut self.keys.draw(luck, more)));
                }
            }
        }
        Some(takes)
    }

    /// Whether nothing gets from the primary to a standby.
    fn is_cut_off(&self, replication: ReplicationId, standby: usize) -> bool {
        let primary = self.replications[replication].primary;
        let zone = |place| self.network.zone_of(self.member(replication, place));
        let mut links = self.bad_links_between(zone(primary), zone(standby));
        links.any(|it| matches!(it, LinkTrouble::Cut(_)))
    }

    fn bad_links_between(&self, from: ZoneId, to: ZoneId) -> impl Iterator<Item = &LinkTrouble> {
        let faults = self.network.faults.iter().zip(&self.troubles.lasting);
        faults.filter(|it| *it.1).filter_map(move |(fault, _)| match &fault.what {
            Failing::Link { trouble, .. } if fault.what.is_between(from, to) => Some(trouble),
            _ => None,
        })
    }

    /// What a standby was sent has come.
    pub(super) fn shipped(&mut self, member: InstanceId, stamp: u32) {
        let Some((replication, place)) = self.part_of(member) else { return };
        let own = &mut self.replications[replication];
        if own.members[place].stamp == stamp && own.came(place) {
            self.ready.push_back(own.members[place].token);
        }
    }

    /// A standby has flushed what had come.
    #[inline(never)]
    pub(super) fn received(&mut self, id: TokenId, depth: Depth) -> Flow {
        let member = self.tokens[id].held(depth);
        let (replication, place) = self.part_of(member).expect("it is a standby's");
        let log = self.network.instances[member].log.as_ref().expect("checked: it commits");
        self.tokens[id].step = log.receive;
        let service = self.network.replications[replication].service;
        let (now, probe) = (self.now, &mut self.probe);
        let goes_on = self.replications[replication].flushed(place, now, |lag| {
            probe.replicated(now, service, Replicated::Applied { lag });
        });
        self.say(replication, place);
        if goes_on { Flow::On } else { Flow::Stay }
    }

    /// A standby tells the primary how far it has come, if any commit waits for that.
    fn say(&mut self, replication: ReplicationId, place: usize) {
        let own = &self.replications[replication];
        if !own.members[place].connected || !own.waits_for_standbys() {
            return;
        }
        let Some(takes) = self.stream_takes(replication, place, place, own.primary) else { return };
        let own = &mut self.replications[replication];
        let at = own.say(place, self.now, takes);
        let stamp = own.members[place].stamp;
        let member = self.member(replication, place);
        self.finish(at, Control::Acknowledged(member, stamp));
    }

    pub(super) fn acknowledged(&mut self, member: InstanceId, stamp: u32) {
        let Some((replication, place)) = self.part_of(member) else { return };
        let own = &mut self.replications[replication];
        if own.members[place].stamp == stamp {
            own.hear(place);
            self.answer_commits(replication);
        }
    }

    /// Those whose commits have been acknowledged by enough go on.
    pub(super) fn answer_commits(&mut self, replication: ReplicationId) {
        if !self.is_up(replication, self.replications[replication].primary) {
            return;
        }
        while let Some(id) = self.replications[replication].answered(&mut self.tokens) {
            let token = &mut self.tokens[id];
            if token.is(flag::TAKEN_BACK) {
                token.failing = Reason::Timeout as u8;
                token.step = self.network.unwind[StepId::new(token.step.index() - 1)];
            } else {
                self.tell_committed(replication, id);
            }
            self.ready.push_back(id);
        }
    }

    /// A standby and the primary find each other, if both are up and the link between them is.
    pub(super) fn connect_member(&mut self, replication: ReplicationId, place: usize) {
        let own = &self.replications[replication];
        let primary = own.primary;
        if place == primary
            || own.pretender == Some(place)
            || own.members[place].connected
            || own.promoting.is_some()
            || !self.is_up(replication, place)
            || !self.is_up(replication, primary)
            || self.is_cut_off(replication, place)
        {
            return;
        }
        if self.replications[replication].connect(place) {
            self.ship(replication, place, true);
        } else {
            self.say(replication, place);
        }
    }

    pub(super) fn disconnect_member(&mut self, replication: ReplicationId, place: usize) {
        self.replications[replication].members[place].disconnect();
        self.wait_in_patience(replication, place);
    }

    /// For a standby that is gone commits do not wait for ever.
    pub(super) fn wait_in_patience(&mut self, replication: ReplicationId, place: usize) {
        let own = &self.replications[replication];
        let Some(patience) = self.network.replications[replication].patience else { return };
        if own.waits_for_standbys() && own.members[place].counts && place != own.primary {
            let stamp = own.members[place].stamp;
            let member = self.member(replication, place);
            self.control(self.now + patience, Control::GoesOnWithout(member, stamp));
        }
    }

    /// The primary has waited long enough for a standby that is gone.
    pub(super) fn goes_on_without(&mut self, member: InstanceId, stamp: u32) {
        let Some((replication, place)) = self.part_of(member) else { return };
        let waits = self.is_up(replication, self.replications[replication].primary);
        let it = &mut self.replications[replication].members[place];
        if waits && it.stamp == stamp {
            it.counts = false;
            self.answer_commits(replication);
        }
    }

    /// A link between zones has gone bad, or is well again.
    pub(super) fn links_changed(&mut self) {
        for replication in self.network.replications.ids() {
            for place in 0..self.replications[replication].members.len() {
                let cut = self.is_cut_off(replication, place);
                match self.replications[replication].members[place].connected {
                    true if cut => self.disconnect_member(replication, place),
                    false if !cut => self.connect_member(replication, place),
                    _ => {}
                }
            }
        }
    }

    /// The commits that wait for the standbys of an instance are over with it.
    pub(super) fn reset_replication(&mut self, instance: InstanceId) {
        if let Some((replication, place)) = self.part_of(instance)
            && place == self.replications[replication].primary
        {
            self.replications[replication].stop(&mut self.tokens);
        }
    }

    pub(super) fn audit_replications(&self) -> Result<(), Failure> {
        let mut waiting = self.network.replications.map(|_, _| 0);
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.wait == Wait::Flush
                && let Step::Replicate { depth } = self.step_of(id)
                && let Some((replication, _)) = self.part_of(token.held(depth))
            {
                waiting[replication] += 1;
            }
        }
        for id in self.network.replications.ids() {
            let audit = self.replications[id].audit(waiting[id]);
            let broken = |law| Failure::Broken { law, what: "replication", index: id.index() };
            audit.map_err(broken)?;
        }
        Ok(())
    }
}
