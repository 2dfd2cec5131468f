//! Hosts that are asked for while instances find no room, and given up while they are hardly used.

use super::*;
use crate::network::{Provisioner, ProvisionerId};
use crate::sim::provisioning::Stage;
use crate::sim::scaling::Phase;

impl<P: Probe> Engine<'_, P> {
    /// A look knows nothing of when something will be pending.
    pub(super) fn open_provisioning(&mut self) {
        for id in self.network.provisioners.ids() {
            let spec = &self.network.provisioners[id];
            for host in self.network.groups[spec.group].hosts.clone().map_ids() {
                if self.hosts.lives[host].stage == Stage::Absent {
                    self.troubles.host_goes(host, Time::ZERO);
                }
            }
            let mut luck = self.keys.draw(self.keys.control(spec.key), u64::MAX);
            let first = Time::from_nanos(luck.below(spec.scan_interval.nanos()));
            self.control(first, Control::LookForRoom(id));
        }
    }

    /// Thousandths of a core that instances on a host request, those that still drain included.
    fn taken(&self, host: HostId) -> u64 {
        let network = self.network;
        let all = network.hosts[host].instances.iter();
        let there = all.filter(|it| {
            let scaled = network.services[network.instances[**it].service].scaler.is_some();
            !scaled || self.lives[**it].phase != Phase::Off
        });
        there.map(|it| self.requested_by(*it)).sum()
    }

    /// Thousandths of a core that an instance requests.
    fn requested_by(&self, instance: InstanceId) -> u64 {
        match self.scaler_of(instance) {
            Some(_) => self.lives[instance].request,
            None => self.network.services[self.network.instances[instance].service].request,
        }
    }

    /// Whether an instance may be placed where it is laid out: always, if neither hosts come and go nor
    /// it may be placed elsewhere, nor grow.
    pub(super) fn has_room(&self, instance: InstanceId) -> bool {
        let own = &self.network.instances[instance];
        let host = &self.network.hosts[own.host];
        let group = &self.network.groups[host.group];
        let may_move = self.may_move(instance);
        let scaler = self.scaler_of(instance);
        let grows = scaler.is_some_and(|it| self.network.scalers[it].spec.vertical().is_some());
        if group.provisioner.is_none() && !may_move && !grows {
            return true;
        }
        let own_request = scaler.map_or(self.requested_by(instance), |it| self.scalers[it].request);
        let is_there =
            group.provisioner.is_none() || self.hosts.lives[own.host].stage == Stage::There;
        let room = u64::from(host.cores) * 1000;
        is_there
            && self.down[own.host] == 0
            && (!may_move || !self.troubles.booting[own.host])
            && self.taken(own.host) + own_request <= room
    }

    /// Asks for as many hosts as those need who find no room, and gives up one that is hardly used.
    pub(super) fn look_for_room(&mut self, id: ProvisionerId) {
        let spec = &self.network.provisioners[id];
        self.control(self.now + spec.scan_interval, Control::LookForRoom(id));
        self.all_come_to_wanted();
        let needed = self.hosts_needed(spec);
        let coming = self.hosts.count(self.network, id, Stage::Coming);
        for _ in coming..needed {
            if !self.ask_for_host(id) {
                break;
            }
        }
        match needed {
            0 => self.give_up_hosts(id),
            // While some are pending nobody goes.
            _ => self.forget_idle(id),
        }
    }

    /// How many empty hosts the pending instances of a group fill, first come, first placed.
    fn hosts_needed(&self, spec: &Provisioner) -> u32 {
        let (mut needed, mut left) = (0, 0);
        for scaler in self.network.scalers.ids() {
            let of = &self.network.scalers[scaler];
            let service = &self.network.services[of.service];
            let host = self.network.instances[service.instances.start].host;
            if self.network.hosts[host].group != spec.group {
                continue;
            }
            let request = self.scalers[scaler].request;
            for _ in 0..self.missing(scaler) {
                if left < request {
                    (needed, left) = (needed + 1, spec.room);
                }
                left -= request;
            }
        }
        needed
    }

    /// The next that may come is of the zone that has the fewest; false if there are as many as may
    /// be.
    fn ask_for_host(&mut self, id: ProvisionerId) -> bool {
        let spec = &self.network.provisioners[id];
        let network = self.network;
        let all = || network.groups[spec.group].hosts.clone().map_ids();
        let in_zone = |host: HostId| {
            let zone = network.hosts[host].zone;
            let others = all().filter(|it| network.hosts[*it].zone == zone);
            others.filter(|it| self.hosts.lives[*it].stage != Stage::Absent).count()
        };
        let absent = all().filter(|it| self.hosts.lives[*it].stage == Stage::Absent);
        let Some(host) = absent.min_by_key(|it| (self.down[*it] > 0, in_zone(*it), *it)) else {
            return false;
        };
        let state = &mut self.hosts.of[id];
        let luck = self.keys.draw(self.keys.control(spec.key), state.asked);
        state.asked += 1;
        self.hosts.lives[host].turn(Stage::Coming, self.now);
        let takes = spec.takes.draw(&mut { luck });
        self.control(self.now + takes, Control::Provisioned(id, host));
        true
    }

    /// A host is there. Those who were pending are placed there now.
    pub(super) fn provisioned(&mut self, id: ProvisionerId, host: HostId) {
        self.hosts.lives[host].turn(Stage::There, self.now);
        if self.down[host] == 0 {
            self.troubles.host_is_back(host, self.now);
        }
        let state = &mut self.hosts.of[id];
        (state.last_added, state.used.added) = (Some(self.now), state.used.added + 1);
        self.hosts.note_most(self.network, id);
        self.all_come_to_wanted();
    }

    /// After an outage a host that there is none of is still not there.
    pub(super) fn is_absent(&self, host: HostId) -> bool {
        !self.hosts.lives.is_empty()
            && matches!(self.hosts.lives[host].stage, Stage::Absent | Stage::Coming)
    }

    fn forget_idle(&mut self, id: ProvisionerId) {
        for host in self.network.groups[self.network.provisioners[id].group].hosts.clone().map_ids()
        {
            self.hosts.lives[host].idle_since = None;
        }
    }

    /// Gives up the first host that has been hardly used for long enough.
    fn give_up_hosts(&mut self, id: ProvisionerId) {
        let spec = &self.network.provisioners[id];
        let all = self.network.groups[spec.group].hosts.clone().map_ids();
        let (now, last) = (self.now, self.hosts.of[id].last_added);
        let may_go = last.is_none_or(|last| last + spec.delay_after_add <= now)
            && self.hosts.count(self.network, id, Stage::There) > spec.min
            && self.hosts.count(self.network, id, Stage::Coming) == 0;
        let mut going = None;
        for host in all {
            let idle = self.hosts.lives[host].stage == Stage::There
                && self.taken(host) < spec.used
                && self.fits_elsewhere(host, spec);
            let life = &mut self.hosts.lives[host];
            match idle {
                true => _ = life.idle_since.get_or_insert(now),
                false => life.idle_since = None,
            }
            let long = life.idle_since.is_some_and(|since| since + spec.unneeded <= now);
            // The one that came last goes first, as far as they are alike.
            if long && may_go {
                going = Some(host);
            }
        }
        if let Some(host) = going {
            self.dismiss_host(id, host);
        }
    }

    /// Whether all instances of a host come and go, and the other hosts have room for them.
    fn fits_elsewhere(&self, host: HostId, spec: &Provisioner) -> bool {
        let network = self.network;
        let own = |it: &&InstanceId| {
            let service = &network.services[network.instances[**it].service];
            service.scaler.is_none() || self.lives[**it].phase != Phase::Off
        };
        let others = || {
            let all = network.groups[spec.group].hosts.clone().map_ids();
            all.filter(|it| *it != host && self.down[*it] == 0)
                .filter(|it| self.hosts.lives[*it].stage == Stage::There)
        };
        let leave = network.hosts[host].instances.iter().filter(own);
        let (mut count, mut largest) = (0u64, 0);
        for it in leave {
            let service = network.instances[*it].service;
            let Some(scaler) = network.services[service].scaler else { return false };
            if !self.may_lose_those_on(scaler, host) {
                return false;
            }
            count += 1;
            largest = self.requested_by(*it).max(largest);
        }
        let room = |it| spec.room.saturating_sub(self.taken(it)).checked_div(largest);
        count == 0 || others().map(|it| room(it).unwrap_or(u64::MAX)).sum::<u64>() >= count
    }

    /// Whether enough of a service are left ready when those on a host are not.
    fn may_lose_those_on(&self, scaler: ScalerId, host: HostId) -> bool {
        let of_service =
            self.network.services[self.network.scalers[scaler].service].instances.clone();
        let elsewhere = of_service.map_ids().filter(|it| {
            self.lives[*it].counts()
                && self.lives[*it].ready
                && self.network.instances[*it].host != host
        });
        elsewhere.count() as u32 >= self.least_ready(scaler)
    }

    /// Its instances drain while others start elsewhere.
    fn dismiss_host(&mut self, id: ProvisionerId, host: HostId) {
        self.hosts.lives[host].turn(Stage::Leaving, self.now);
        self.hosts.of[id].used.removed += 1;
        let mut gone = false;
        for instance in &self.network.hosts[host].instances {
            let service = self.network.instances[*instance].service;
            if let Some(scaler) = self.network.services[service].scaler
                && self.lives[*instance].counts()
            {
                gone |= self.stop(scaler, *instance);
            }
        }
        if gone {
            self.reset_the_dead();
        }
        self.all_come_to_wanted();
        self.leave_if_empty(host);
    }

    /// A host that leaves is gone with the last of its instances.
    pub(super) fn leave_if_empty(&mut self, host: HostId) {
        if !self.hosts.lives.is_empty()
            && self.hosts.lives[host].stage == Stage::Leaving
            && self.taken(host) == 0
        {
            self.hosts.lives[host].turn(Stage::Absent, self.now);
            self.troubles.host_goes(host, self.now);
        }
    }

    /// No instance is where there is no host, and no host is overfull.
    pub(super) fn audit_hosts(&self) -> Result<(), Failure> {
        for id in self.network.provisioners.ids() {
            let spec = &self.network.provisioners[id];
            let broken =
                |law| Failure::Broken { law, what: "host group", index: spec.group.index() };
            for host in self.network.groups[spec.group].hosts.clone().map_ids() {
                if self.is_absent(host) && self.taken(host) > 0 {
                    return Err(broken("an instance is on a host that is not there"));
                }
                if self.taken(host) > spec.room {
                    return Err(broken("instances request more than their host has"));
                }
            }
        }
        Ok(())
    }
}
