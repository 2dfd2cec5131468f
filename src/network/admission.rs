//! By what rules a service lets requests in.

use super::DelayId;
use crate::parts::distribution::Law;
use crate::parts::policy::codel::Codel;
use crate::parts::policy::rate_limit::Bucket;

/// By what rules requests get a worker of a service, beyond one after the other.
#[derive(Clone, Debug)]
pub struct Admission {
    pub order: Order,
    pub patience: Option<Patience>,
    pub codel: Option<Codel>,
    /// Whether nobody is served who is no longer waited for.
    pub discard_expired: bool,
    pub limits: Vec<RateLimit>,
    pub sheds: Vec<Shed>,
}

/// Who in line goes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Whoever came first.
    First,
    /// Whoever came last, while more than so many wait.
    Last { above: u32 },
    /// The level of each class, of so many; the least goes first.
    Levels { of: Vec<u16>, count: u16, preemptive: bool },
    /// Each class in turn, by these weights.
    Fair { weights: Vec<f64> },
    /// Whoever has the least to do in its first step.
    Shortest,
}

impl Order {
    /// Whether whoever comes may take the place of somebody at work.
    pub fn preempts(&self) -> bool {
        matches!(self, Order::Levels { preemptive: true, .. })
    }
}

/// How long one stands in line before one gives up.
#[derive(Clone, Debug)]
pub enum Patience {
    Constant(DelayId),
    Drawn(Law),
    /// The second where the line has not been empty for as long as the first.
    Adaptive(DelayId, DelayId),
}

/// So many requests a second.
#[derive(Clone, Debug)]
pub struct RateLimit {
    pub bucket: Bucket,
    /// Whether all instances draw on one.
    pub shared: bool,
    /// Which classes it is for.
    pub classes: Vec<bool>,
}

/// Who is refused while many are busy.
#[derive(Clone, Debug)]
pub struct Shed {
    /// So many of an instance's workers.
    pub from: u32,
    /// How many of each class, as a share.
    pub shares: Vec<f64>,
}
