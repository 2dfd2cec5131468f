//! What an observer of a run may see. The engine calls; probes never steer.

use super::token::Reason;
use crate::ids::Table;
use crate::network::{CacheId, ClassId, LockId, PoolGroupId, ServiceId};
use crate::units::{Span, Time};

/// What came of looking into a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    Hit,
    Missed,
    /// It had missed, and waited for what another fetched.
    Waited,
}

pub trait Probe {
    /// A user wanted something.
    fn born(&mut self, _now: Time, _class: ClassId) {}
    /// A client sent one attempt.
    fn attempted(&mut self, _class: ClassId) {}
    /// A request was answered in time, `response` after it was meant to start.
    fn answered(&mut self, _now: Time, _class: ClassId, _response: Span) {}
    /// A request failed for good.
    fn failed(&mut self, _now: Time, _class: ClassId, _reason: Reason) {}
    /// A request that is about to be answered went the way of a fallback somewhere.
    fn degraded(&mut self, _class: ClassId) {}
    /// A request was turned away by an instance of a service.
    fn turned_away(&mut self, _service: ServiceId) {}
    /// A place in a pool was taken, after waiting for it.
    fn seized(&mut self, _group: PoolGroupId, _waited: Span) {}
    /// A row was locked, after waiting for it.
    fn locked(&mut self, _lock: LockId, _waited: Span) {}
    /// A cache was looked into.
    fn looked(&mut self, _cache: CacheId, _seen: Looked) {}
    /// The warm-up is over: what is measured counts from here.
    fn opened(&mut self, _now: Time) {}
    /// A slice of time is over, with so many attempts of each class under way, wanted or not.
    fn sliced(&mut self, _now: Time, _backlog: &Table<ClassId, u32>) {}
}

/// Sees nothing, costs nothing.
impl Probe for () {}

impl<A: Probe, B: Probe> Probe for (A, B) {
    fn born(&mut self, now: Time, class: ClassId) {
        self.0.born(now, class);
        self.1.born(now, class);
    }
    fn attempted(&mut self, class: ClassId) {
        self.0.attempted(class);
        self.1.attempted(class);
    }
    fn answered(&mut self, now: Time, class: ClassId, response: Span) {
        self.0.answered(now, class, response);
        self.1.answered(now, class, response);
    }
    fn failed(&mut self, now: Time, class: ClassId, reason: Reason) {
        self.0.failed(now, class, reason);
        self.1.failed(now, class, reason);
    }
    fn degraded(&mut self, class: ClassId) {
        self.0.degraded(class);
        self.1.degraded(class);
    }
    fn turned_away(&mut self, service: ServiceId) {
        self.0.turned_away(service);
        self.1.turned_away(service);
    }
    fn seized(&mut self, group: PoolGroupId, waited: Span) {
        self.0.seized(group, waited);
        self.1.seized(group, waited);
    }
    fn locked(&mut self, lock: LockId, waited: Span) {
        self.0.locked(lock, waited);
        self.1.locked(lock, waited);
    }
    fn looked(&mut self, cache: CacheId, seen: Looked) {
        self.0.looked(cache, seen);
        self.1.looked(cache, seen);
    }
    fn opened(&mut self, now: Time) {
        self.0.opened(now);
        self.1.opened(now);
    }
    fn sliced(&mut self, now: Time, backlog: &Table<ClassId, u32>) {
        self.0.sliced(now, backlog);
        self.1.sliced(now, backlog);
    }
}

/// Hashes the trajectory, so that a test can tell whether a run changed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    fn add(&mut self, word: u64) {
        self.0 = crate::rng::mix(self.0 ^ word);
    }
}

impl Probe for Fingerprint {
    fn born(&mut self, now: Time, class: ClassId) {
        self.add(now.nanos());
        self.add(crate::ids::Id::index(class) as u64);
    }
    fn answered(&mut self, now: Time, _: ClassId, response: Span) {
        self.add(now.nanos());
        self.add(response.nanos());
    }
    fn failed(&mut self, now: Time, _: ClassId, reason: Reason) {
        self.add(now.nanos());
        self.add(reason as u64);
    }
    fn seized(&mut self, _: PoolGroupId, waited: Span) {
        self.add(waited.nanos());
    }
    fn looked(&mut self, _: CacheId, seen: Looked) {
        self.add(seen as u64);
    }
}
