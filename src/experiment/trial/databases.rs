//! Figures of what limits disks, of buffers, and of connections that are opened.

use super::*;
use crate::network::{BANDWIDTH, CREDITS, OPERATIONS};
use crate::sim::Limited;

impl Reading<'_> {
    /// How much of what limits a disk is used, and what is left of its credits. Of several hosts, the
    /// mean of what is used and the least of what is left.
    pub(super) fn volumes(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        let network = self.network();
        for (i, name) in self.names().pool_groups.iter().enumerate() {
            let group = PoolGroupId::new(i);
            let own = network
                .volumes
                .ids()
                .filter(|it| network.pools[network.volumes[*it].places].group == group);
            let seen: Vec<Limited> = own.map(|it| self.usage.volumes[it]).collect();
            for (limit, what) in
                [(OPERATIONS, "iops"), (BANDWIDTH, "bandwidth"), (CREDITS, "credits")]
            {
                let used: Vec<f64> = seen.iter().filter_map(|it| it.used[limit]).collect();
                if used.is_empty() {
                    continue;
                }
                let name = format!("{name}.{what}");
                let mean = used.iter().sum::<f64>() / used.len() as f64;
                // What is under way has been paid for up to its end, beyond that of the window; only
                // credits can be used faster than they come in.
                let mean = if limit == CREDITS { mean } else { mean.min(1.0) };
                // Whoever lives on savings has nothing to spare.
                let busiest = used.iter().copied().fold(0.0, f64::max).min(1.0);
                figures.add_used(name, used.len(), (mean, busiest), utilizations);
            }
            let left = seen.iter().filter_map(|it| it.credits).reduce(f64::min);
            if left.is_some() {
                figures.add(format!("{name}.credits"), Unit::Ratio, left);
                let out = seen.iter().filter_map(|it| it.ran_out).min();
                let out_s = out.map(Span::as_secs);
                figures.add(format!("{name}.credits.out"), Unit::Seconds, out_s);
            }
        }
    }

    /// Of the reads that go through the buffers of a service, the share that memory answers.
    pub(super) fn buffers(&self, figures: &mut Figures) {
        let network = self.network();
        for (service, name) in network.services.ids().zip(&self.names().services) {
            let own = || network.buffers.ids().filter(|it| network.buffers[*it].service == service);
            if own().next().is_none() {
                continue;
            }
            let (hits, all) = own()
                .map(|it| self.usage.buffers[it])
                .fold((0, 0), |sum, it| (sum.0 + it.hits, sum.1 + it.all));
            figures.add(format!("{name}.buffer.hit_ratio"), Unit::Ratio, share(hits, all));
        }
    }

    /// Connections per second that were opened, or would have been had the other end taken them; of all
    /// instances together.
    pub(super) fn connects(&self, figures: &mut Figures) {
        let network = self.network();
        for (i, name) in self.names().pool_groups.iter().enumerate() {
            let group = PoolGroupId::new(i);
            let of_group = |it: &crate::network::ConnectionsId| {
                network.pools[network.connections[*it].pool].group == group
            };
            let own: Vec<_> = network.connections.ids().filter(of_group).collect();
            if !own.is_empty() {
                let opened: u64 = own.iter().map(|it| self.usage.connects[*it]).sum();
                let per_s = opened as f64 / self.window_s();
                figures.add(format!("{name}.connects"), Unit::PerSecond, per_s);
            }
        }
    }
}
