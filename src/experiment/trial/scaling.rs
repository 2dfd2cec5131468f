//! Figures of services whose instances come and go.

use super::*;
use crate::ids::Table;
use crate::network::{Group, HostId, InstanceId, PoolId, ScalerId};
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
        if self.network().scalers[scaler].reschedule.is_some() {
            count(".evicted", f64::from(used.evicted));
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
