//! When faults begin and end, and what they do besides taking hosts down.

use super::*;
use crate::network::{Failing, FaultStyle, Slow, When};

/// What is out of the ordinary now.
pub(super) struct Troubles {
    /// Which faults last, and how often each has begun.
    pub lasting: Vec<bool>,
    begun: Vec<u64>,
    /// How many of those that last befall links.
    pub bad_links: u32,
    /// How many faults keep each instance down, on whatever host.
    pub down: Table<InstanceId, u32>,
    /// Of faults that last, whom they keep down no more, since it was started anew.
    cured: Vec<(usize, InstanceId)>,
    /// Times that a host went down or came back: what was planned for it before is void.
    pub host_stamps: Table<HostId, u32>,
    /// Hosts that are back, and cannot start programs yet.
    pub booting: Table<HostId, bool>,
    /// How often each host has gone that was up.
    pub outages: Table<HostId, u32>,
    /// Since when each host has been down, if it is, and how long it was before that.
    gone: Table<HostId, (Option<Time>, Span)>,
    /// Speeds of disks, as multiples of the usual.
    disks: Table<HostId, f64>,
}

impl Troubles {
    pub fn new(network: &Network) -> Troubles {
        Troubles {
            lasting: vec![false; network.faults.len()],
            begun: vec![0; network.faults.len()],
            bad_links: 0,
            down: network.instances.map(|_, _| 0),
            cured: Vec::new(),
            host_stamps: network.hosts.map(|_, _| 0),
            booting: network.hosts.map(|_, _| false),
            outages: network.hosts.map(|_, _| 0),
            gone: network.hosts.map(|_, _| (None, Span::ZERO)),
            disks: network.hosts.map(|_, _| 1.0),
        }
    }

    pub fn host_goes(&mut self, host: HostId, now: Time) {
        let (since, _) = &mut self.gone[host];
        since.get_or_insert(now);
    }

    pub fn host_is_back(&mut self, host: HostId, now: Time) {
        let (since, all) = &mut self.gone[host];
        *all += since.take().map_or(Span::ZERO, |since| now - since);
    }

    /// How long a host has been down in all.
    fn gone(&self, host: HostId, now: Time) -> Span {
        let (since, all) = self.gone[host];
        all + since.map_or(Span::ZERO, |since| now - since)
    }

    pub fn open(&mut self, now: Time) {
        for (since, all) in self.gone.iter_mut() {
            *since = since.map(|_| now);
            *all = Span::ZERO;
        }
    }
}

impl<P: Probe> Engine<'_, P> {
    pub(super) fn expect_faults(&mut self) {
        for i in 0..self.network.faults.len() {
            match &self.network.faults[i].when {
                When::Once { at, until } => {
                    self.control(*at, Control::FaultBegins(i as u32));
                    self.control(*until, Control::FaultEnds(i as u32));
                }
                When::ForGood { at, .. } => self.control(*at, Control::FaultBegins(i as u32)),
                When::AtRandom { .. } => self.expect_again(i),
            }
        }
    }

    /// What comes at random comes again after a while.
    fn expect_again(&mut self, fault: usize) {
        if let When::AtRandom { every, key, .. } = &self.network.faults[fault].when {
            let luck = self.keys.draw(self.keys.fault(*key), 2 * self.troubles.begun[fault]);
            let span = every.draw(&mut { luck });
            self.control(self.now + span, Control::FaultBegins(fault as u32));
        }
    }

    pub(super) fn fault_begins(&mut self, fault: usize) {
        let spec = &self.network.faults[fault];
        self.troubles.lasting[fault] = true;
        self.troubles.begun[fault] += 1;
        match &spec.what {
            Failing::Hosts(hosts, style) => {
                self.hosts_fail(hosts, *style);
                if let When::ForGood { key, .. } = spec.when {
                    self.replace(hosts, key);
                }
            }
            Failing::Instances(instances, style) => self.instances_fail(instances, *style),
            Failing::Slow { instances, hosts, .. } => self.change_speeds(instances, hosts),
            Failing::Link { .. } => {
                self.troubles.bad_links += 1;
                self.links_changed();
            }
            Failing::Caches { caches, instances } => self.lose_what_is_stored(caches, instances),
        }
        if let When::AtRandom { lasts, key, .. } = &spec.when {
            let luck = self.keys.draw(self.keys.fault(*key), 2 * self.troubles.begun[fault] - 1);
            let span = lasts.draw(&mut { luck });
            self.control(self.now + span, Control::FaultEnds(fault as u32));
        }
    }

    /// Others are provisioned in the place of machines that are lost, each by itself.
    fn replace(&mut self, hosts: &[HostId], key: u64) {
        for host in hosts {
            let law = &self.network.groups[self.network.hosts[*host].group].provision;
            let law = law.as_ref().expect("checked: it says how long that takes");
            let takes = law.draw(&mut self.keys.draw(self.keys.fault(key), host.index() as u64));
            self.control(self.now + takes, Control::Replaced(*host));
        }
    }

    pub(super) fn fault_ends(&mut self, fault: usize) {
        self.troubles.lasting[fault] = false;
        match &self.network.faults[fault].what {
            Failing::Hosts(hosts, _) => self.hosts_come_back(hosts, true),
            Failing::Instances(instances, _) => self.instances_come_back(fault, instances),
            Failing::Slow { instances, hosts, .. } => self.change_speeds(instances, hosts),
            Failing::Link { .. } => self.link_is_well_again(fault),
            Failing::Caches { .. } => {}
        }
        self.expect_again(fault);
    }

    /// Programs die, or fall silent, on hosts that go on.
    fn instances_fail(&mut self, instances: &[InstanceId], style: FaultStyle) {
        for instance in instances {
            self.troubles.down[*instance] += 1;
            let restarts = style == FaultStyle::Crash && self.restart_of(*instance).is_some();
            if !restarts {
                self.goes_down(*instance, style);
            } else if self.instances[*instance].state != Health::Down {
                self.goes_down(*instance, style);
                self.crashed(*instance);
            }
        }
        match style {
            FaultStyle::Crash => self.reset_the_dead(),
            FaultStyle::Silence => {
                instances.iter().for_each(|it| self.let_go_of_devices(*it));
                self.freeze_the_silent();
            }
        }
    }

    /// What keeps an instance down by itself, and not by its host, does so no more.
    pub(super) fn cure(&mut self, instance: InstanceId) {
        self.troubles.down[instance] = 0;
        for (i, fault) in self.network.faults.iter().enumerate() {
            let Failing::Instances(instances, _) = &fault.what else { continue };
            let one = (i, instance);
            if self.troubles.lasting[i]
                && instances.contains(&instance)
                && !self.troubles.cured.contains(&one)
            {
                self.troubles.cured.push(one);
            }
        }
    }

    /// They are started again, if their hosts are there and nothing else keeps them down.
    fn instances_come_back(&mut self, fault: usize, instances: &[InstanceId]) {
        for instance in instances {
            let cured = &mut self.troubles.cured;
            if let Some(place) = cured.iter().position(|it| *it == (fault, *instance)) {
                cured.swap_remove(place);
                continue;
            }
            self.troubles.down[*instance] -= 1;
            let host = self.network.instances[*instance].host;
            if self.troubles.down[*instance] > 0 || self.down[host] > 0 {
                continue;
            }
            // What crashed is started again when its pause is over.
            if self.restart_of(*instance).is_some()
                && self.instances[*instance].state == Health::Down
            {
                continue;
            }
            // What had gone silent comes back without memory of what it was doing.
            self.turn(*instance, Health::Down);
            self.instances[*instance].stamp += 1;
            if !self.troubles.booting[host] {
                self.start(*instance);
            }
        }
        self.reset_the_dead();
    }

    /// The speeds of the processors that instances compute on, and of the other devices of hosts,
    /// after a slowdown began or ended.
    pub(super) fn change_speeds(&mut self, instances: &[InstanceId], hosts: &[HostId]) {
        for instance in instances {
            let speed = self.speed(|it, _| it.contains(instance), |it| it.cpu)
                / self.cost_of_version(*instance);
            let spec = &self.network.instances[*instance];
            for cpu in self.network.hosts[spec.host].cpus.clone().map_ids() {
                let next = self.cpus[cpu].set_speed(self.now, spec.claimant, speed);
                self.date_cpu(cpu, next);
            }
        }
        for host in hosts {
            self.troubles.disks[*host] = self.speed(|_, it| it.contains(host), |it| it.disk);
            if let Some(device) = self.network.hosts[*host].accelerator {
                let speed = self.speed(|_, it| it.contains(host), |it| it.accelerator);
                self.accelerators[device].set_speed(speed);
            }
        }
    }

    /// The product of the speeds of all slowdowns of something that last.
    fn speed(
        &self,
        is_meant: impl Fn(&[InstanceId], &[HostId]) -> bool,
        of: fn(&Slow) -> f64,
    ) -> f64 {
        let all = self.network.faults.iter().zip(&self.troubles.lasting);
        let lasting = all.filter(|it| *it.1).filter_map(|(fault, _)| match &fault.what {
            Failing::Slow { instances, hosts, speed } => {
                is_meant(instances, hosts).then(|| of(speed))
            }
            _ => None,
        });
        lasting.product()
    }

    /// How long an access to a disk takes at its present speed.
    #[inline]
    pub(super) fn at_speed_of_disk(&self, host: HostId, span: Span) -> Span {
        let speed = self.troubles.disks[host];
        if speed == 1.0 { span } else { Span::from_nanos_f64(span.nanos() as f64 / speed) }
    }

    /// How many instances there are, and how busy the hosts that are left.
    pub(super) fn tell_course(&mut self) {
        if self.network.faults.is_empty() && self.network.scalers.is_empty() {
            return;
        }
        for service in self.network.services.ids() {
            self.probe.present(service, self.presence[service].levels());
        }
        let computed_ns = self.computed_in_window_ns();
        let window_ns = (self.now - (Time::ZERO + self.plan.warm_up)).nanos() as f64;
        for group in self.network.groups.ids() {
            let (mut used, mut up) = (0.0, 0.0);
            for host in self.network.groups[group].hosts.clone().map_ids() {
                used += self.cpu_used_ns(host, &computed_ns);
                let gone_ns = self.troubles.gone(host, self.now).nanos() as f64;
                up += f64::from(self.network.hosts[host].cores) * (window_ns - gone_ns);
            }
            self.probe.used(group, [used, up]);
        }
    }

    fn lose_what_is_stored(&mut self, caches: &[CacheId], instances: &[InstanceId]) {
        for cache in caches {
            self.stores[*cache].iter_mut().for_each(crate::sim::cache::Store::clear);
        }
        for instance in instances {
            if let Some(buffer) = self.network.instances[*instance].buffer {
                self.buffers[buffer].empty();
            }
        }
    }
}
