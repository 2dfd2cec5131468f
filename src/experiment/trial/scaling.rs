//! Figures of services whose instances come and go.

use super::*;
use crate::ids::Table;
use crate::network::{Group, HostId, InstanceId, PoolId, ScalerId, ServiceId};
use crate::sim::ScalingUse;

impl Reading<'_> {
    /// How many instances were ready and how many were wanted, on average and at most, how many came
    /// and went, and how long new versions took to be brought out.
    pub(super) fn scaling(&self, scaler: ScalerId, name: &str, figures: &mut Figures) {
        let used = self.usage.scalers[scaler];
        let mean = |area: u128| area as f64 / self.window.nanos() as f64;
        let mut count = |what: &str, value: f64| {
            figures.add(format!("{name}.instances{what}"), Unit::Count, value);
        };
        count("", mean(used.ready_ns));
        count(".wanted", mean(used.wanted_ns));
        count(".max", f64::from(used.most));
        count(".started", f64::from(used.started));
        count(".stopped", f64::from(used.stopped));
        let spec = &self.network().scalers[scaler];
        let is_vertical = spec.spec.vertical().is_some();
        if spec.reschedule.is_some() || is_vertical {
            count(".evicted", f64::from(used.evicted));
        }
        if is_vertical {
            let mean = self.mean_request(spec.service);
            figures.add(format!("{name}.cpu.request"), Unit::Count, mean);
        }
        if let Some(deploy) = &self.network().scalers[scaler].deploy {
            figures.add(format!("{name}.deploys"), Unit::Count, f64::from(used.deploys));
            if used.deploys > 0 {
                let took = used.deploying.as_secs() / f64::from(used.deploys);
                figures.add(format!("{name}.deploy"), Unit::Seconds, took);
            }
            if let Some(canary) = deploy.strategy.canary() {
                self.canary(&used, canary.objective.is_some(), name, figures);
            }
        }
    }

    /// The cores that an instance requested on average while it was there.
    fn mean_request(&self, service: ServiceId) -> Option<f64> {
        let all = || self.network().services[service].instances.clone().map_ids();
        let requested: u128 = all().map(|it| self.usage.requested[it]).sum();
        let there: u128 = all().map(|it| self.usage.present_ns[it]).sum();
        (there > 0).then(|| requested as f64 / 1000.0 / there as f64)
    }

    /// What each controller had whoever started request at the end, if any moves that.
    pub(super) fn requests_left(&self) -> Vec<u64> {
        let scalers = self.network().scalers.as_slice();
        let any = scalers.iter().any(|it| it.spec.vertical().is_some());
        if any { self.usage.advised.as_slice().to_vec() } else { Vec::new() }
    }

    /// How many new versions were taken back, how long after they began to come, and what they had been
    /// tried with.
    fn canary(&self, used: &ScalingUse, is_judged: bool, name: &str, figures: &mut Figures) {
        let mut count = |what: &str, value: f64| {
            figures.add(format!("{name}.{what}"), Unit::Count, value);
        };
        count("rollbacks", f64::from(used.rollbacks));
        if is_judged {
            count("canary.requests", used.tried.requests as f64);
            count("canary.failed", used.tried.failed as f64);
        }
        let took = || used.doubted.as_secs() / f64::from(used.rollbacks);
        let took = (used.rollbacks > 0).then(took);
        figures.add(format!("{name}.rollback"), Unit::Seconds, took);
    }

    /// The share of the window in which an instance was there.
    pub(super) fn there(&self, id: InstanceId) -> f64 {
        let service = self.network().instances[id].service;
        match self.network().services[service].scaler {
            None => 1.0,
            Some(_) => self.usage.present_ns[id] as f64 / self.window.nanos() as f64,
        }
    }

    /// The same of each pool: that of its instance.
    pub(super) fn pools_there(&self) -> Table<PoolId, f64> {
        let network = self.network();
        let mut there = network.pools.map(|_, _| 1.0);
        if network.scalers.is_empty() && network.provisioners.is_empty() {
            return there;
        }
        for id in network.hosts.ids() {
            let host = &network.hosts[id];
            let disks = [host.disk, host.log].into_iter().flatten();
            disks.for_each(|disk| there[disk] = self.host_there(id));
        }
        for id in network.instances.ids() {
            let own = &network.instances[id];
            there[own.workers] = self.there(id);
            (0..own.pools).for_each(|n| there[own.pool(n)] = self.there(id));
        }
        there
    }

    /// The share of the window in which a host was there.
    pub(super) fn host_there(&self, host: HostId) -> f64 {
        let spec = &self.network().hosts[host];
        match self.network().groups[spec.group].provisioner {
            None => 1.0,
            Some(_) => self.usage.hosts_present_ns[host] as f64 / self.window.nanos() as f64,
        }
    }

    /// How many hosts of a group there were on average.
    pub(super) fn hosts_there(&self, group: &Group) -> f64 {
        group.hosts.clone().map_ids().map(|it| self.host_there(it)).sum()
    }

    /// How many hosts there were, on average and at most, and how many came and went.
    pub(super) fn hosts(&self, figures: &mut Figures) {
        for (group, name) in self.network().groups.as_slice().iter().zip(&self.names().groups) {
            let Some(provisioner) = group.provisioner else { continue };
            let used = self.usage.hosts[provisioner];
            let mut count = |what: &str, value: f64| {
                figures.add(format!("{name}.hosts{what}"), Unit::Count, value);
            };
            count("", self.hosts_there(group));
            count(".max", f64::from(used.most));
            count(".added", f64::from(used.added));
            count(".removed", f64::from(used.removed));
        }
    }
}

/// The share that is used by the busiest of those that were there for at least half of the window: one
/// that comes for a moment is not what binds. If there is none, the share used of all.
pub(super) fn fullest(each: impl Iterator<Item = (f64, f64)>, mean: f64) -> f64 {
    let lasting = each.filter(|(_, there)| *there >= 0.5);
    match lasting.map(|it| it.0).fold(0.0, f64::max) {
        0.0 => mean,
        fullest => fullest,
    }
}
