//! The most important class first; within a class, first come, first served.
//!
//! Head-of-line priority: A. Cobham, "Priority assignment in waiting line problems", J. Operations
//! Research Society of America 2(1), 1954. Preemptive-resume: R. W. Conway, W. L. Maxwell, L. W.
//! Miller, "Theory of Scheduling", 1967, section 8.6.

use crate::problem::{Code, Findings};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Classes by how much they matter.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// A level for each traffic class, 0 before 1 before 2; those not named come after all others.
    pub classes: IndexMap<String, u32>,
    /// Whether a request that comes takes the worker of a less important one, which goes on later
    /// where it stopped, before others of its class. That can happen while it computes or waits in
    /// a `cpu` or `wait` step and holds nothing but its worker: no row, no connection, no place at
    /// a disk, and no branch or call of its own under way. The least important one gives way, and
    /// of several the one that began last.
    #[serde(default)]
    pub preemptive: bool,
}

const LEVEL_MAX: u32 = 1000;

impl Priority {
    pub fn check(&self, known: &dyn Fn(&str, &mut Findings), findings: &mut Findings) {
        findings.inside("classes", |it| {
            if self.classes.is_empty() {
                it.wrong(Code::E010, "all classes matter alike", "name some, or leave it out");
            }
            for (class, level) in &self.classes {
                it.inside(class, |it| {
                    known(class, it);
                    if *level > LEVEL_MAX {
                        let rule = format!("must be from 0 to {LEVEL_MAX}, not {level}");
                        it.wrong(Code::E007, rule, "0 matters most");
                    }
                });
            }
        });
    }

    /// The level of each class, without gaps, and how many levels there are.
    pub fn levels<'c>(&self, classes: impl Iterator<Item = &'c str>) -> (Vec<u16>, u16) {
        let last = u32::MAX;
        let level = |class: &str| self.classes.get(class).copied().unwrap_or(last);
        let given: Vec<u32> = classes.map(level).collect();
        let mut used = given.clone();
        used.sort_unstable();
        used.dedup();
        let place = |level: &u32| used.partition_point(|it| it < level) as u16;
        (given.iter().map(place).collect(), used.len() as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_close_up_and_classes_without_one_come_last() {
        let classes = [("a".to_owned(), 7), ("b".to_owned(), 0), ("c".to_owned(), 7)];
        let priority = Priority { classes: classes.into_iter().collect(), preemptive: false };
        let (levels, count) = priority.levels(["d", "c", "b", "a"].into_iter());
        assert_eq!((levels, count), (vec![2, 1, 0, 1], 3));
    }
}
