//! Figures of accelerators: how busy they are, how full their batches, how soon tokens come.

use super::*;
use crate::network::{AcceleratorId, Batches, Sequences, Serving};
use crate::sim::{InferenceSeen, Served};

impl Reading<'_> {
    /// Of each host group with accelerators. That one is always busy says little of how much more it
    /// could do, as it may be busy with small batches: what binds is the share of its highest
    /// throughput that is used.
    pub(super) fn accelerators(
        &self,
        figures: &mut Figures,
        utilizations: &mut Vec<(String, f64)>,
    ) {
        let groups = self.network().groups.ids().zip(&self.names().groups);
        for (group, name) in groups {
            let Some(seen) = &self.seen.inferences[group] else { continue };
            let network = self.network();
            let all = network.accelerators.ids();
            let own: Vec<_> = all.filter(|it| network.accelerators[*it].group == group).collect();
            let name = format!("{name}.accelerator");
            self.work(&name, &own, figures);
            self.inference_times(&name, own[0], seen, figures);
            let used: Vec<f64> = own.iter().map(|it| self.throughput_used(*it)).collect();
            let mean = used.iter().sum::<f64>() / used.len() as f64;
            let name = format!("{name}.throughput");
            let fullest = used.iter().copied().fold(0.0, f64::max);
            figures.add_used(name, used.len(), (mean, fullest), utilizations);
        }
    }

    fn work(&self, name: &str, own: &[AcceleratorId], figures: &mut Figures) {
        let spec = &self.network().accelerators[own[0]];
        let sum = |of: fn(&Served) -> u128| {
            own.iter().map(|it| of(&self.usage.accelerators[*it])).sum::<u128>() as f64
        };
        let window_ns = self.window.nanos() as f64;
        let accelerators = f64::from(spec.count) * own.len() as f64;
        let busy = sum(|it| it.busy) / window_ns;
        figures.add(format!("{name}.busy"), Unit::Count, busy);
        figures.add(format!("{name}.utilization"), Unit::Ratio, busy / accelerators);
        let line = sum(|it| it.line) / window_ns;
        figures.add_steady(Steady::System, format!("{name}.line"), Unit::Count, line);
        let running = sum(|it| it.running) / window_ns;
        figures.add(format!("{name}.running"), Unit::Count, running);
        let (items, batches) = (sum(|it| u128::from(it.items)), sum(|it| u128::from(it.batches)));
        let batch = (batches > 0.0).then(|| items / batches);
        figures.add(format!("{name}.batch"), Unit::Count, batch);
        let per_s = items / self.window_s();
        match &spec.serving {
            Serving::Batches(_) => figures.add(format!("{name}.items"), Unit::PerSecond, per_s),
            Serving::Sequences(it) => {
                figures.add(format!("{name}.tokens"), Unit::PerSecond, per_s);
                let preempted = sum(|it| u128::from(it.preempted)) / self.window_s();
                figures.add(format!("{name}.preempted"), Unit::PerSecond, preempted);
                if it.memory < u64::MAX {
                    let memory = it.memory as f64 * accelerators * window_ns;
                    let used = sum(|it| it.memory) / memory;
                    figures.add(format!("{name}.memory.utilization"), Unit::Ratio, used);
                }
            }
        }
    }

    fn inference_times(
        &self,
        name: &str,
        one: AcceleratorId,
        seen: &InferenceSeen,
        figures: &mut Figures,
    ) {
        times(Steady::System, &format!("{name}.waiting"), &seen.waits, figures);
        if matches!(self.network().accelerators[one].serving, Serving::Sequences(_)) {
            times(Steady::System, &format!("{name}.first_token"), &seen.first_token, figures);
            times(Steady::System, &format!("{name}.output_token"), &seen.output_token, figures);
        }
    }

    /// The share of the window that its work would have taken in full batches.
    fn throughput_used(&self, id: AcceleratorId) -> f64 {
        let spec = &self.network().accelerators[id];
        let served = &self.usage.accelerators[id];
        let all_ns = f64::from(spec.count) * self.window.nanos() as f64;
        let least_ns = match &spec.serving {
            Serving::Batches(it) => in_full_batches_ns(it, served),
            Serving::Sequences(it) if it.together => in_full_static_batches_ns(it, served),
            Serving::Sequences(it) => in_full_iterations_ns(it, served),
        };
        // Work counts from when it begins, and may be done after the window.
        (least_ns / all_ns).min(1.0)
    }
}

fn in_full_batches_ns(spec: &Batches, served: &Served) -> f64 {
    let each_ns = spec.base.mean_ns() / f64::from(spec.most) + spec.per_item.nanos() as f64;
    served.items as f64 * each_ns
}

fn in_full_iterations_ns(spec: &Sequences, served: &Served) -> f64 {
    let decoded = served.items.saturating_sub(served.prefills);
    served.items as f64 * spec.base.nanos() as f64 / full(spec, served)
        + decoded as f64 * spec.per_sequence.nanos() as f64
        + served.prompts as f64 * spec.per_prompt_token.nanos() as f64
}

/// Prompts take as long in any batch; decoding, at least as many iterations as it took. How many more
/// it would be depends on how unlike the outputs are.
fn in_full_static_batches_ns(spec: &Sequences, served: &Served) -> f64 {
    let prompts_ns = served.prompts as f64 * spec.per_prompt_token.nanos() as f64;
    let level = served.running as f64 / (served.busy as f64).max(1.0);
    let decoding_ns = (served.busy as f64 - prompts_ns).max(0.0);
    prompts_ns + decoding_ns * (level / full(spec, served)).min(1.0)
}

/// How many sequences may run, or fit into memory as they are.
fn full(spec: &Sequences, served: &Served) -> f64 {
    let each = served.memory as f64 / (served.running as f64).max(1.0);
    let fit = if each > 0.0 { spec.memory as f64 / each } else { f64::INFINITY };
    f64::from(spec.most).min(fit).max(1.0)
}
