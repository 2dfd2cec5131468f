//! Figures of services whose instances come and go.

use super::*;
use crate::ids::Table;
use crate::network::{InstanceId, PoolId, ScalerId};

impl Reading<'_> {
    /// How many instances were ready and how many were wanted, on average and at most, and how many
    /// came and went.
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
        if network.scalers.is_empty() {
            return there;
        }
        for id in network.instances.ids() {
            let own = &network.instances[id];
            there[own.workers] = self.there(id);
            (0..own.pools).for_each(|n| there[own.pool(n)] = self.there(id));
        }
        there
    }
}
