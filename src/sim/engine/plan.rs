//! How a run is to be made, and why it may have no result.

use super::*;

/// How one replication is to be run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    pub seed: u64,
    pub replication: u32,
    /// Whether replications come in antithetic pairs, 0 with 1, 2 with 3 and so on.
    pub in_pairs: bool,
    /// What is run first and not measured.
    pub warm_up: Span,
    /// What is measured.
    pub window: Span,
    /// How often the probe is told the backlog, counted from the end of the warm-up.
    pub slice: Span,
    /// More events than this and the run is given up.
    pub events_max: u64,
}

/// Why a run has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It needed more events than it was allowed, and had come this far.
    TooManyEvents { at: Time },
    /// More requests, attempts and branches were under way than are worth keeping: work piles up without a bound.
    TooManyInside { at: Time },
    /// Users of a closed class ask, fail and ask again without any time going by.
    Spinning { at: Time },
    /// A law that always holds did not: a bug, to be reported with the seed.
    Broken { law: &'static str, what: &'static str, index: usize },
}
