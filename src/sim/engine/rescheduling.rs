//! Instances of hosts that are gone: when they are missed, given up, and started elsewhere.
//!
//! One that is given up counts no more, so that another is started where there is room; it never comes back,
//! whatever becomes of its host.

use super::*;
use crate::network::ScalerId;
use crate::sim::scaling::Phase;

impl<P: Probe> Engine<'_, P> {
    pub(super) fn reschedules_any(&self) -> bool {
        self.network.scalers.as_slice().iter().any(|it| it.reschedule.is_some())
    }

    /// Whether another may be started in its place on another host.
    pub(super) fn may_move(&self, instance: InstanceId) -> bool {
        let scaler = self.scaler_of(instance);
        scaler.is_some_and(|it| self.network.scalers[it].reschedule.is_some())
    }

    /// A host goes, or goes once more while it is gone or boots: it has been missing from the first time on.
    pub(super) fn expect_rescheduling(&mut self, host: HostId) {
        if !self.is_host_up(host) {
            return;
        }
        self.troubles.outages[host] += 1;
        let outage = self.troubles.outages[host];
        for scaler in self.network.scalers.ids() {
            if let Some(reschedule) = self.network.scalers[scaler].reschedule {
                let at = self.now + reschedule.detection;
                self.control(at, Control::HostMissed(scaler, host, outage));
            }
        }
    }

    pub(super) fn is_host_up(&self, host: HostId) -> bool {
        self.down[host] == 0 && !self.troubles.booting[host]
    }

    fn is_still_gone(&self, host: HostId, outage: u32) -> bool {
        self.troubles.outages[host] == outage && !self.is_host_up(host)
    }

    /// The instances of a service on a host.
    fn own_on(
        &self,
        scaler: ScalerId,
        host: HostId,
    ) -> impl Iterator<Item = InstanceId> + use<'_, P> {
        let (network, service) = (self.network, self.network.scalers[scaler].service);
        let all = network.hosts[host].instances.iter().copied();
        all.filter(move |it| network.instances[*it].service == service)
    }

    /// A host has been gone for so long that its instances get no requests any more.
    pub(super) fn host_missed(&mut self, scaler: ScalerId, host: HostId, outage: u32) {
        if !self.is_still_gone(host, outage) {
            return;
        }
        let own: Vec<InstanceId> = self.own_on(scaler, host).collect();
        for instance in own {
            if self.lives[instance].phase == Phase::Running {
                self.lives[instance].missed = true;
                self.believe(instance);
            }
        }
        let reschedule = self.network.scalers[scaler].reschedule.expect("it is started elsewhere");
        self.control(self.now + reschedule.eviction, Control::Evict(scaler, host, outage));
    }

    /// It is up again on the host that was missed.
    pub(super) fn is_found_again(&mut self, instance: InstanceId) {
        if !self.lives.is_empty() {
            self.lives[instance].missed = false;
        }
    }

    /// A host has been gone for so long that its instances are given up.
    pub(super) fn evict(&mut self, scaler: ScalerId, host: HostId, outage: u32) {
        if !self.is_still_gone(host, outage) {
            return;
        }
        let own = self.own_on(scaler, host).filter(|it| self.lives[*it].counts());
        for instance in own.collect::<Vec<_>>() {
            self.scalers[scaler].evicted += 1;
            let silent = self.instances[instance].state == Health::Silent;
            if self.lives[instance].phase == Phase::Running && silent {
                // Those who wait for it there do so until their patience ends, or the outage does.
                self.lives[instance].turn(Phase::Draining, self.now);
                self.believe(instance);
            } else {
                self.be_gone(instance);
                self.believe(instance);
            }
        }
        self.reset_the_dead();
        self.all_come_to_wanted();
    }

    /// Those who were given up in silence are gone once their hosts are back.
    pub(super) fn clear_away(&mut self, hosts: &[HostId]) {
        if !self.reschedules_any() {
            return;
        }
        for host in hosts {
            for instance in &self.network.hosts[*host].instances {
                let leaves = self.lives[*instance].phase == Phase::Draining;
                if self.down[*host] == 0 && leaves && self.may_move(*instance) {
                    self.be_gone(*instance);
                }
            }
        }
        self.all_come_to_wanted();
    }
}
