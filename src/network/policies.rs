//! What callers do about slow and failed calls.

use super::{BreakerId, BudgetId, DelayId, HedgeId, PolicyId, ServiceId, StepId, Work};
use crate::parts::policy::budget::Budget;
use crate::parts::policy::retry::Tries;

/// Who asks with patience and tries again: a client, or a caller with a timeout or retries.
#[derive(Clone, Debug)]
pub struct Guard {
    pub first: StepId,
    /// How long each attempt is waited for, if that is always as long.
    pub timeout: Option<DelayId>,
    pub tries: Tries,
    /// What its retries or hedges are paid from, if they are limited.
    pub budget: Option<BudgetId>,
    pub key: u64,
    /// What else there is to it, which most guards pay one test for.
    pub policy: Option<PolicyId>,
}

/// What a caller does beyond patience and retries.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The service whose instances call; none for clients.
    pub caller: Option<ServiceId>,
    /// Whether there may be a deadline: patience is then at most what is left of it.
    pub due: bool,
    /// How long each attempt is waited for if the deadline is no sooner.
    pub timeout: Option<DelayId>,
    /// Sets one, so long after a call begins.
    pub deadline: Option<Work>,
    /// Whether it only stands for a client whose attempts are guarded further in.
    pub wraps: bool,
    /// Whether what nobody waits for is taken back.
    pub cancel: bool,
    pub breaker: Option<BreakerId>,
    pub hedge: Option<Hedged>,
    /// Where to go on if a call fails for good.
    pub fallback: Option<StepId>,
}

/// When to ask once more.
#[derive(Clone, Copy, Debug)]
pub struct Hedged {
    pub after: HedgeAfter,
    pub most: u32,
    pub hedge: HedgeId,
}

#[derive(Clone, Copy, Debug)]
pub enum HedgeAfter {
    Delay(DelayId),
    /// When it has taken longer than this share of those before.
    Percentile(f64),
}

/// What the instances of a service keep of a policy, each its own; or clients, all together.
#[derive(Clone, Copy, Debug)]
pub struct Kept<S> {
    pub caller: Option<ServiceId>,
    pub spec: S,
}

/// A retry budget of a class's clients, or of the instances that make a call, each its own.
#[derive(Clone, Copy, Debug)]
pub struct RetryBudget {
    pub budget: Budget,
    pub of_clients: bool,
}
