//! Figures of links: how much they carry, how busy they are, and what data costs that leaves a place.

use super::*;
use crate::network::Way;

impl Reading<'_> {
    /// Both directions of a link are told as two alike: the fuller one binds.
    pub(super) fn links(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        let window_ns = self.window.nanos() as f64;
        for (i, name) in self.names().links.iter().enumerate() {
            let of = |it: &&(&Way, u64)| it.0.link == Some(i as u32);
            let ways: Vec<(&Way, u64)> = self.ways().collect();
            let carried: u64 = ways.iter().filter(of).map(|it| it.1).sum();
            if !ways.iter().any(|it| of(&it)) {
                continue;
            }
            let per_s = carried as f64 / self.window_s();
            figures.add(format!("{name}.carried"), Unit::BytesPerSecond, per_s);
            let pipes = self.network().pipes.ids();
            let pipes = pipes.filter(|it| self.network().pipes[*it].link == i as u32);
            let each: Vec<f64> = pipes.map(|it| self.usage.pipes[it] as f64 / window_ns).collect();
            if !each.is_empty() {
                let fullest = each.iter().copied().fold(0.0, f64::max);
                let mean = each.iter().sum::<f64>() / each.len() as f64;
                figures.add_used(name.clone(), each.len(), (mean, fullest), utilizations);
            }
        }
    }

    /// What data cost an hour that left a place for another or for the clients; none if it has no price
    /// anywhere.
    pub(super) fn egress_per_hour(&self) -> Option<f64> {
        let priced = self.ways().filter(|it| it.0.price_per_byte > 0.0);
        let costs: Vec<f64> = priced.map(|it| it.0.price_per_byte * it.1 as f64).collect();
        (!costs.is_empty()).then(|| costs.iter().sum::<f64>() * 3600.0 / self.window_s())
    }

    /// The ways on which it matters how much goes there, and how many bytes did.
    fn ways(&self) -> impl Iterator<Item = (&Way, u64)> {
        let ways = self.network().ways.iter().zip(&self.usage.moved);
        ways.filter_map(|(way, moved)| Some((way.as_ref()?, *moved)))
    }
}
