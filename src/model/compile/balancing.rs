//! Balancers that look at more than who works and how much each has to do.

use super::*;
use crate::parts::balance::{Balance, Careful, CarefulRule, Distances, NearestZone, Ring, Subsets};

impl<'m> Compiler<'m> {
    /// Once all instances are placed.
    pub(super) fn balancers(&mut self) {
        for (i, service) in self.model.services.values().enumerate() {
            let id = ServiceId::new(i);
            let plain = service.balancer().is_plain()
                && service.slow_start.is_none()
                && service.subset.is_none();
            let plain = plain && service.replication.is_none();
            if service.instances > 1 && !plain {
                let careful = self.careful(id, service);
                self.network.services[id].careful = Some(self.network.careful.push(careful));
            }
        }
    }

    fn careful(&self, id: ServiceId, service: &Service) -> Careful {
        let instances = service.instances;
        let key = self.network.services[id].key;
        let rule = match service.balancer() {
            Balance::ConsistentHash(it) => {
                CarefulRule::Hashed(it.law(), Ring::new(instances, key, it.bound))
            }
            other => CarefulRule::Weighed(other.rule()),
        };
        let weights: Vec<f64> = match service.balancer() {
            Balance::Weighted(it) => {
                it.weights.iter().copied().cycle().take(instances as usize).collect()
            }
            _ => vec![1.0; instances as usize],
        };
        let zones = match service.balancer() {
            Balance::NearestZone(it) => Some(self.distances(id, it)),
            _ => None,
        };
        let callers = self.model.services.values().map(|it| it.instances).max().unwrap_or(0);
        let subsets = service.subset.map(|it| Subsets::new(instances, it, callers, key));
        Careful { rule, weights, zones, subsets, slow_start: service.slow_start }
    }

    /// How far each instance is from each zone: its own first, then by the mean time there.
    fn distances(&self, id: ServiceId, spec: &NearestZone) -> Distances {
        let network = &self.network;
        let zones: Vec<ZoneId> = (0..network.zones as usize).map(ZoneId::new).collect();
        let far = |from: ZoneId, to: ZoneId| {
            let mean_ns = network.link(from, to).map_or(0.0, |law| law.mean_ns());
            if from == to { -1.0 } else { mean_ns }
        };
        let ranks = |from: ZoneId| {
            let mut steps: Vec<f64> = zones.iter().map(|to| far(from, *to)).collect();
            steps.sort_by(f64::total_cmp);
            steps.dedup();
            let rank = |instance: InstanceId| {
                let own = far(from, network.zone_of(instance));
                steps.partition_point(|it| *it < own) as u32
            };
            network.services[id].instances.clone().map_ids().map(rank).collect()
        };
        let ranks = zones.iter().map(|from| ranks(*from)).collect();
        Distances { ranks, overprovisioning: spec.overprovisioning }
    }
}
