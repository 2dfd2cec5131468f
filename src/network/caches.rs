//! Caches: what they hold, and where they are looked into.

use super::{CacheId, ServiceId, StepId};
use crate::parts::cache::Evict;
use crate::parts::distribution::Zipf;
use crate::units::Span;

/// What some requests find without doing the work for it.
#[derive(Clone, Debug)]
pub struct Cache {
    pub service: ServiceId,
    /// Whether the service's instances have one together.
    pub shared: bool,
    pub contents: Contents,
    pub key: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Contents {
    /// Nothing is known of them but the share of lookups that hit.
    Unknown {
        hit: f64,
    },
    Keys(Keyed),
}

/// Contents by keys.
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    pub keys: Zipf,
    pub capacity: u32,
    pub evict: Evict,
    pub ttl: Option<Span>,
    /// Whether a hit starts the time to live anew.
    pub renew: bool,
    /// Whether it is empty when a run begins.
    pub cold: bool,
}

/// One place in a program where a cache is looked into.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub cache: CacheId,
    pub key: u64,
    /// Where to go on if it hits.
    pub found: StepId,
    /// Whether it is looked into once more, by one who waited for another's fetch.
    pub again: bool,
}
