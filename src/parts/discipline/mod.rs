//! Who of those in line for a worker goes next.
//!
//! First come, first served is what nearly all servers do. Each of the others is a bet on what is
//! known of the requests: that the newest are still waited for, that some matter more than others,
//! that nobody may take it all, that short work keeps few waiting.

mod fair;
mod priority;

pub use fair::{Fair, VirtualTime};
pub use priority::Priority;

use crate::problem::{Code, Findings};
use schemars::JsonSchema;
use serde::Deserialize;

/// Who of those in line for a worker goes next.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// Whoever came first.
    #[default]
    Fifo,
    /// Whoever came last: under overload those get an answer who have not given up yet.
    Lifo,
    /// First come, first served while the line is short, last come, first served while it is long.
    AdaptiveLifo(AdaptiveLifo),
    /// The class that matters most.
    Priority(Priority),
    /// Each class in turn, by weight.
    Fair(Fair),
    /// Whoever has the least to do, as far as the first step of the operation tells, which must be
    /// `cpu` or `wait`: the known size of a job.
    ShortestFirst,
}

/// When a line counts as long: B. Maurer, "Fail at scale", ACM Queue 13(8), 2015.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveLifo {
    /// The last to come goes first while more than so many wait.
    #[schemars(range(min = 1))]
    pub above: u32,
}

impl Discipline {
    /// What is wrong with it, in a model with these traffic classes.
    pub fn check(&self, known: &dyn Fn(&str, &mut Findings), findings: &mut Findings) {
        match self {
            Discipline::Fifo | Discipline::Lifo | Discipline::ShortestFirst => {}
            Discipline::AdaptiveLifo(it) => findings.inside("adaptive_lifo", |f| {
                if it.above == 0 {
                    let rule = "last come, first served at any length";
                    f.wrong_at("above", Code::E010, rule, "that is \"lifo\"");
                }
            }),
            Discipline::Priority(it) => findings.inside("priority", |f| it.check(known, f)),
            Discipline::Fair(it) => findings.inside("fair", |f| it.check(known, f)),
        }
    }

    /// Whether whoever comes may take the place of somebody at work.
    pub fn preempts(&self) -> bool {
        matches!(self, Discipline::Priority(it) if it.preemptive)
    }
}
