//! Each class its share of the workers' turns, whatever the others send.
//!
//! Start-time fair queueing: P. Goyal, H. M. Vin, H. Cheng, "Start-time fair queuing: a scheduling
//! algorithm for integrated services packet switching networks", SIGCOMM 1996. Every request counts
//! as one, as nobody knows beforehand what it will cost; so turns are shared, not time.

use crate::problem::{Code, Findings};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Classes in turn, by weight.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fair {
    /// The weight of each traffic class; those not named have 1. A class of weight 2 gets two turns
    /// for each of a class of weight 1, as long as both have requests in line.
    #[serde(default)]
    pub weights: IndexMap<String, f64>,
}

impl Fair {
    pub fn check(&self, known: &dyn Fn(&str, &mut Findings), findings: &mut Findings) {
        findings.inside("weights", |it| {
            for (class, weight) in &self.weights {
                it.inside(class, |it| {
                    known(class, it);
                    if !(1e-6..=1e6).contains(weight) {
                        let rule = format!("must be from 0.000001 to 1000000, not {weight}");
                        it.wrong(Code::E007, rule, "\"gold\": 2");
                    }
                });
            }
        });
    }

    pub fn weight(&self, class: &str) -> f64 {
        self.weights.get(class).copied().unwrap_or(1.0)
    }
}

/// How far each class has come, in turns by weight.
///
/// The first in a class's line is tagged with when it may start: once all before it of its class
/// have had their turns, and not before the class came back from idling. The least tag goes next.
/// Once nobody is left, at work or in line, nothing is owed any more.
#[derive(Clone, Debug)]
pub struct VirtualTime {
    /// The tag of the last request that was let in.
    now: f64,
    /// For each class, the tag of its first in line, or of whoever comes next.
    starts: Vec<f64>,
    /// For each class, what one request takes of it.
    steps: Vec<f64>,
}

impl VirtualTime {
    pub fn new(weights: &[f64]) -> VirtualTime {
        let steps: Vec<f64> = weights.iter().map(|it| 1.0 / it).collect();
        VirtualTime { now: 0.0, starts: vec![0.0; steps.len()], steps }
    }

    /// A class that had none in line has one now.
    pub fn came(&mut self, class: usize) {
        self.starts[class] = self.starts[class].max(self.now);
    }

    /// The first of a class is let in.
    pub fn served(&mut self, class: usize) {
        self.now = self.starts[class];
        self.starts[class] += self.steps[class];
    }

    /// Nobody is at work, and nobody waits: time goes on to the end of the last turn.
    pub fn all_idle(&mut self) {
        self.now = self.starts.iter().copied().fold(self.now, f64::max);
    }

    pub fn start(&self, class: usize) -> f64 {
        self.starts[class]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(time: &mut VirtualTime, waiting: &[usize], count: usize) -> Vec<usize> {
        let next = |time: &VirtualTime| {
            let by_start = |a: &usize, b: &usize| time.start(*a).total_cmp(&time.start(*b));
            waiting.iter().copied().min_by(by_start).unwrap()
        };
        let turn = |_| {
            let class = next(time);
            time.served(class);
            class
        };
        (0..count).map(turn).collect()
    }

    #[test]
    fn turns_are_shared_by_weight() {
        let mut time = VirtualTime::new(&[2.0, 1.0]);
        (0..2).for_each(|it| time.came(it));
        let turns = turns(&mut time, &[0, 1], 300);
        assert_eq!(turns.iter().filter(|it| **it == 0).count(), 200);
        assert_eq!(turns[..6], [0, 1, 0, 0, 1, 0]);
    }

    #[test]
    fn who_idles_while_others_work_saves_nothing_up() {
        let mut time = VirtualTime::new(&[1.0, 1.0]);
        time.came(0);
        turns(&mut time, &[0], 100);
        time.came(1);
        // The other's last turn is not over yet.
        assert_eq!(turns(&mut time, &[0, 1], 4), [1, 0, 1, 0]);
    }

    #[test]
    fn nobody_owes_anything_once_all_have_idled() {
        let mut time = VirtualTime::new(&[0.01, 1.0]);
        time.came(0);
        turns(&mut time, &[0], 1);
        time.all_idle();
        (0..2).for_each(|it| time.came(it));
        assert_eq!(turns(&mut time, &[0, 1], 4), [0, 1, 1, 1]);
    }
}
