//! Figures of what the rules of services did to requests that asked for a worker.

use super::*;
use crate::network::{Order, Patience, Pool};
use crate::sim::Gated;

impl Reading<'_> {
    /// Per second, each only where a rule of its kind is.
    pub(super) fn admissions(&self, figures: &mut Figures) {
        let network = self.network();
        for (service, name) in network.services.ids().zip(&self.names().services) {
            let spec = &network.services[service];
            let Some(rules) = spec.admission.map(|it| &network.admissions[it]) else { continue };
            let Pool { line_max, .. } =
                network.pools[network.instances[spec.instances.start].workers];
            let adaptive = matches!(rules.patience, Some(Patience::Adaptive(..)));
            let sheds = adaptive || rules.codel.is_some() || !rules.sheds.is_empty();
            let interrupts = matches!(rules.order, Order::Levels { preemptive: true, .. });
            let kinds = [
                ("full", Gated::Full, line_max < UNLIMITED),
                ("limited", Gated::Limited, !rules.limits.is_empty()),
                ("shed", Gated::Shed, sheds),
                ("discarded", Gated::Discarded, rules.discard_expired),
                ("left", Gated::Left, rules.patience.is_some() && !adaptive),
                ("interrupted", Gated::Interrupted, interrupts),
            ];
            for (what, gated, _) in kinds.into_iter().filter(|it| it.2) {
                let count = self.seen.gated[service][gated as usize];
                let per_s = count as f64 / self.window_s();
                figures.add(format!("{name}.{what}"), Unit::PerSecond, per_s);
            }
        }
    }
}
