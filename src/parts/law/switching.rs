//! What it costs a CPU to go from one request to another, and to wake a core that sleeps.
//!
//! A core on which `k` requests take turns last ran the one that begins in one of `k` cases; in the
//! others it is switched in, and finds its caches full of somebody else's data. So does a request
//! that computes for longer than a time slice, slice after slice. A switch itself takes one or two
//! microseconds; refilling the caches takes from nothing to a millisecond (C. Li, C. Ding, K. Shen,
//! "Quantifying the cost of context switch", ExpCS 2007). Slices are those of Linux: the base slice
//! of EEVDF (kernel 6.6 and later), 0.75 ms × (1 + ⌊log₂ cores⌋) and no more than 3 ms, which is also
//! the shortest slice of the CFS before it (kernel/sched/fair.c). CFS gives longer ones to few; that
//! is left out.

use crate::parts::distribution::Distribution;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The cost of switching a core from one request to another, where more compute than there are cores.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switching {
    /// CPU time lost when a core goes over to another request: a few microseconds, or as long as
    /// it takes to fill the caches with its data. Where k requests take turns on a core, one that
    /// begins loses (1 - 1/k) of it, as it may be the one that ran there last.
    pub cost: Span,
    /// How long a core computes for one request before it goes over to the next that waits for it.
    /// If absent 3ms, as of Linux on machines of eight cores and more.
    #[serde(default = "base_slice")]
    pub slice: Span,
}

/// The cost of waking a core that sleeps, as cores do when there is nothing to compute.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waking {
    /// The time until the core is awake: a few microseconds, tens of them on virtual machines.
    pub delay: Distribution,
    /// CPU time that it takes besides: interrupts, leaving the idle loop, caches gone cold.
    #[serde(default)]
    pub cpu: Span,
}

fn base_slice() -> Span {
    Span::from_nanos(3_000_000)
}

impl Waking {
    pub fn check(&self, findings: &mut Findings) {
        findings.inside("delay", |it| self.delay.check(it));
        if self.cpu > Span::from_whole_secs(1) {
            findings.wrong_at("cpu", Code::E007, "must be at most 1s", "\"20us\"");
        }
    }
}

impl Switching {
    pub fn check(&self, findings: &mut Findings) {
        if self.cost > Span::from_whole_secs(1) {
            findings.wrong_at("cost", Code::E007, "must be at most 1s", "\"5us\"");
        }
        if self.slice < Span::from_nanos(1000) {
            findings.wrong_at("slice", Code::E007, "must be at least 1us", "\"3ms\"");
        }
    }

    /// Nanoseconds that a request loses as it begins, with so many others computing already.
    #[inline]
    pub fn entry_ns(&self, others: u32, cores: f64) -> u64 {
        let turns = f64::from(others + 1) / cores;
        if turns <= 1.0 {
            return 0;
        }
        (self.cost.nanos() as f64 * (1.0 - 1.0 / turns)) as u64
    }

    /// The share of its time that a core does work, for requests that have so much of a core each.
    #[inline]
    pub fn efficiency(&self, cores_each: f64) -> f64 {
        // With fewer than two for each core, only some of the cores have two to go between.
        let crowded = (1.0 / cores_each - 1.0).clamp(0.0, 1.0);
        let (cost, slice) = (self.cost.nanos() as f64, self.slice.nanos() as f64);
        1.0 - crowded * cost / (slice + cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_to_a_core_costs_nothing_and_many_cost_a_switch_for_each_slice() {
        let us = |it: u64| Span::from_nanos(it * 1000);
        let it = Switching { cost: us(100), slice: us(900) };
        assert_eq!([0, 1, 3, 7].map(|others| it.entry_ns(others, 2.0)), [0, 0, 50_000, 75_000]);
        let each = [1.0, 2.0 / 3.0, 0.5, 0.01].map(|each| it.efficiency(each));
        assert_eq!(each, [1.0, 0.95, 0.9, 0.9]);
        let free = Switching { cost: Span::ZERO, slice: us(900) };
        assert_eq!((free.entry_ns(7, 2.0), free.efficiency(0.1)), (0, 1.0));
    }
}
