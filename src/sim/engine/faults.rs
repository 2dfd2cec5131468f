//! Hosts and instances going down and coming back.
//!
//! All of this is rare, so it may look at every token; requests pay nothing for it meanwhile.

use super::*;
use crate::network::FaultStyle;

impl<P: Probe> Engine<'_, P> {
    pub(super) fn hosts_fail(&mut self, hosts: &[HostId], style: FaultStyle) {
        for host in hosts {
            self.expect_rescheduling(*host);
            self.down[*host] += 1;
            self.troubles.host_goes(*host, self.now);
            self.troubles.host_stamps[*host] += 1;
            self.troubles.booting[*host] = false;
            for instance in &self.network.hosts[*host].instances {
                self.goes_down(*instance, style);
            }
        }
        match style {
            FaultStyle::Crash => self.reset_the_dead(),
            FaultStyle::Silence => self.freeze_the_silent(),
        }
    }

    pub(super) fn goes_down(&mut self, instance: InstanceId, style: FaultStyle) {
        let it = &mut self.instances[instance];
        it.stamp += 1;
        match (style, it.state) {
            (FaultStyle::Crash, _) => self.turn(instance, Health::Down),
            (FaultStyle::Silence, Health::Up) => self.turn(instance, Health::Silent),
            (FaultStyle::Silence, _) => {}
        }
    }

    pub(super) fn turn(&mut self, instance: InstanceId, state: Health) {
        let was = std::mem::replace(&mut self.instances[instance].state, state);
        let up = state == Health::Up;
        if (was == Health::Up) != up {
            let service = self.network.instances[instance].service;
            self.presence[service].turned(self.now, up);
            self.probe.turned(self.now, instance, up);
            if self.network.services[service].replication.is_some() {
                self.member_turned(instance, up);
            }
        }
    }

    /// They boot first, unless that is done by then.
    pub(super) fn hosts_come_back(&mut self, hosts: &[HostId], boot: bool) {
        for host in hosts {
            self.down[*host] -= 1;
            if self.down[*host] > 0 {
                continue;
            }
            self.troubles.host_stamps[*host] += 1;
            self.troubles.booting[*host] = true;
            let spec = &self.network.hosts[*host];
            for instance in &spec.instances {
                // What had gone silent comes back without memory of what it was doing.
                self.turn(*instance, Health::Down);
                self.forget_crashes(*instance);
                self.instances[*instance].stamp += 1;
            }
            let stamp = self.troubles.host_stamps[*host];
            let boots = if boot { spec.boot } else { Span::ZERO };
            self.control(self.now + boots, Control::HostUp(*host, stamp));
        }
        self.reset_the_dead();
        self.clear_away(hosts);
    }

    pub(super) fn host_up(&mut self, host: HostId, stamp: u32) {
        if self.troubles.host_stamps[host] != stamp {
            return;
        }
        self.troubles.booting[host] = false;
        if !self.is_absent(host) {
            self.troubles.host_is_back(host, self.now);
        }
        for instance in &self.network.hosts[host].instances {
            if self.may_start(*instance) {
                self.start(*instance);
            }
        }
        // There is room again for those who found none.
        if self.reschedules_any() {
            self.all_come_to_wanted();
        }
    }

    /// Its host can run programs again.
    pub(super) fn start(&mut self, instance: InstanceId) {
        if self.is_not_wanted(instance) {
            return;
        }
        let service = &self.network.services[self.network.instances[instance].service];
        let stamp = self.instances[instance].stamp;
        let number = (instance.index() as u64) << 32 | u64::from(stamp);
        let start = service.start.draw(&mut self.keys.draw(self.keys.control(service.key), number));
        self.control(self.now + start, Control::InstanceUp(instance, stamp));
    }

    pub(super) fn instance_up(&mut self, instance: InstanceId, stamp: u32) {
        if self.instances[instance].stamp != stamp || self.crashes_again(instance) {
            return;
        }
        if self.comes_up(instance) {
            self.runs_again(instance);
            self.is_found_again(instance);
            self.is_probed_anew(instance);
            self.turn(instance, Health::Up);
            if let Some(buffer) = self.network.instances[instance].buffer {
                self.buffers[buffer].empty();
            }
            self.believe(instance);
        }
    }
}
