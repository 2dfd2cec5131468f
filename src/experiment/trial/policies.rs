//! Figures of what callers do to live with failure, and of what that costs.

use super::*;
use crate::network::{AcceleratorId, BreakerId, HedgeId, Step};
use crate::sim::HedgeSeen;

impl Reading<'_> {
    /// What breakers and hedges did.
    pub(super) fn policies(&self, figures: &mut Figures) {
        let per_s = |count: u64| count as f64 / self.window_s();
        for (i, name) in self.names().breakers.iter().enumerate() {
            let (seen, count) = self.usage.policies.breakers[BreakerId::new(i)];
            let all_ns = self.window.nanos() as f64 * count as f64;
            figures.add(format!("{name}.open"), Unit::Ratio, seen.open_ns as f64 / all_ns);
            figures.add(format!("{name}.rejected"), Unit::PerSecond, per_s(seen.rejected));
        }
        for (i, name) in self.names().hedges.iter().enumerate() {
            let HedgeSeen { calls, more, won } = self.usage.policies.hedges[HedgeId::new(i)];
            figures.add(format!("{name}.hedged"), Unit::Ratio, share(more, calls));
            figures.add(format!("{name}.won"), Unit::Ratio, share(won, calls));
        }
    }

    /// How many requests reach each service for each that is made.
    pub(super) fn visits(&self, figures: &mut Figures) {
        let made: u64 = self.seen.classes.as_slice().iter().map(|it| it.born).sum();
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            let let_in = self.seen.waits[self.network().workers_of(service)].count();
            let came = let_in + self.seen.turned_away[service];
            let visits = (made > 0).then(|| came as f64 / made as f64);
            figures.add(format!("{name}.visits"), Unit::Count, visits);
        }
    }

    /// The share of the time of CPUs, disks and accelerators that went into answers that nobody waited
    /// for; of an accelerator, by the share of such requests in its batches. What ends in the window may
    /// have begun before it.
    pub(super) fn wasted(&self, figures: &mut Figures) {
        let network = self.network();
        if !network.may_waste && network.faults.is_empty() {
            return;
        }
        let part = |wasted: f64, of: f64| (of > 0.0).then(|| (wasted / of).min(1.0));
        let (mut all_wasted, mut all) = (0.0, 0.0);
        for (service, name) in network.services.ids().zip(&self.names().services) {
            let instances = network.services[service].instances.clone().map_ids();
            let used: f64 = instances.map(|it| self.usage.instances[it]).sum();
            let wasted = self.usage.wasted.cpu_ns[service];
            figures.add(format!("{name}.wasted"), Unit::Ratio, part(wasted, used));
            (all_wasted, all) = (all_wasted + wasted, all + used);
        }
        for (group, name) in network.groups.ids().zip(&self.names().groups) {
            let Some(disks) = network.groups[group].disks else { continue };
            let own = network.pools.ids().filter(|it| network.pools[*it].group == disks);
            let used: f64 = own.map(|it| self.usage.pools[it].busy as f64).sum();
            let wasted = self.usage.wasted.disk_ns[group];
            figures.add(format!("{name}.disk.wasted"), Unit::Ratio, part(wasted, used));
            (all_wasted, all) = (all_wasted + wasted, all + used);
        }
        for (group, name) in network.groups.ids().zip(&self.names().groups) {
            let of_group = |it: &AcceleratorId| network.accelerators[*it].group == group;
            let own: Vec<_> = network.accelerators.ids().filter(of_group).collect();
            if own.is_empty() {
                continue;
            }
            let served = own.iter().map(|it| &self.usage.accelerators[*it]);
            let (busy, running) = served.fold((0.0, 0.0), |(busy, running), it| {
                (busy + it.busy as f64, running + it.running as f64)
            });
            let share = part(self.usage.wasted.inference_ns[group], running);
            figures.add(format!("{name}.accelerator.wasted"), Unit::Ratio, share);
            (all_wasted, all) = (all_wasted + share.unwrap_or(0.0) * busy, all + busy);
        }
        figures.add("wasted".to_owned(), Unit::Ratio, part(all_wasted, all));
    }

    /// Whether a program may fail by itself, so that failing so is worth a figure.
    pub(super) fn has_errors(&self) -> bool {
        let steps = self.network().steps.as_slice();
        steps.iter().any(|it| matches!(it, Step::Fail { .. }))
    }

    pub(super) fn has_fallbacks(&self) -> bool {
        self.network().policies.as_slice().iter().any(|it| it.fallback.is_some())
    }
}
