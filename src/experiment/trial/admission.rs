//! Figures of what the rules of services did to requests that asked for a worker, and of what their
//! balancers did.

use super::*;
use crate::network::{InstanceId, Order, Patience, Pool, Service, ServiceId};
use crate::sim::Gated;

impl Reading<'_> {
    pub(super) fn admissions(&self, figures: &mut Figures) {
        let network = self.network();
        for (service, name) in network.services.ids().zip(&self.names().services) {
            for (what, gated, _) in self.kinds(&network.services[service]).iter().filter(|it| it.2)
            {
                let count = self.seen.gated[service][*gated as usize];
                let per_s = count as f64 / self.window_s();
                figures.add(format!("{name}.{what}"), Unit::PerSecond, per_s);
            }
            self.balance(service, name, figures);
        }
    }

    /// What can happen to whoever asks for a worker: the names are of how often it does, per second.
    fn kinds(&self, spec: &Service) -> [(&'static str, Gated, bool); 7] {
        let network = self.network();
        let Pool { line_max, .. } = network.pools[network.instances[spec.instances.start].workers];
        let rules = spec.admission.map(|it| &network.admissions[it]);
        let patience = rules.and_then(|it| it.patience.as_ref());
        let adaptive = matches!(patience, Some(Patience::Adaptive(..)));
        let interrupts = |order: &Order| matches!(order, Order::Levels { preemptive: true, .. });
        [
            ("full", Gated::Full, rules.is_some() && line_max < UNLIMITED),
            ("limited", Gated::Limited, rules.is_some_and(|it| !it.limits.is_empty())),
            (
                "shed",
                Gated::Shed,
                adaptive || rules.is_some_and(|it| it.codel.is_some() || !it.sheds.is_empty()),
            ),
            ("discarded", Gated::Discarded, rules.is_some_and(|it| it.discard_expired)),
            ("left", Gated::Left, patience.is_some() && !adaptive),
            ("interrupted", Gated::Interrupted, rules.is_some_and(|it| interrupts(&it.order))),
            ("ejections", Gated::Ejected, spec.ejection.is_some()),
        ]
    }

    /// How evenly a balancer that looks at more than load spreads it, and how much of it stays near.
    fn balance(&self, service: ServiceId, name: &str, figures: &mut Figures) {
        let network = self.network();
        let spec = &network.services[service];
        let Some(careful) = spec.careful else { return };
        let busy = |id: InstanceId| self.usage.pools[network.instances[id].workers].busy as f64;
        let all: Vec<f64> = spec.instances.clone().map_ids().map(busy).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let most = all.iter().copied().fold(0.0, f64::max);
        let imbalance = (mean > 0.0).then(|| most / mean);
        figures.add(format!("{name}.imbalance"), Unit::Count, imbalance);
        if network.careful[careful].zones.is_some() {
            let [far, near] = self.seen.crossed[service];
            figures.add(format!("{name}.same_zone"), Unit::Ratio, share(near, near + far));
        }
    }
}
