//! What an observer of a run may see. The engine calls; probes never steer.

use super::accelerator::Told;
use super::token::Reason;
use crate::ids::Table;
use crate::network::{
    CacheId, ClassId, GroupId, InstanceId, LockId, PoolGroupId, QueueId, ServiceId,
};
use crate::units::{Span, Time};

/// What came of looking into a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    Hit,
    Missed,
    /// It had missed, and waited for what another fetched.
    Waited,
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It was put into the queue.
    Sent,
    /// The queue was full, and did not take it.
    Refused,
    /// A consumer was called with it, after so long a wait; again, if not for the first time.
    Delivered { waited: Span, again: bool },
    /// A consumer has done it, so long after it was sent.
    Acknowledged { lag: Span },
    /// It was delivered as often as may be, and is given up.
    Dead,
    /// It made room for another.
    Dropped,
}

/// What the rules of a service did to a request that asked for a worker, or to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gated {
    /// Refused, as the line was full.
    Full,
    /// Refused, as there were no tokens.
    Limited,
    /// Refused, as too many were busy or had waited too long.
    Shed,
    /// Thrown away, as nobody waited for it.
    Discarded,
    /// It left the line, out of patience.
    Left,
    /// It lost its worker to one that matters more.
    Interrupted,
    /// An instance is left out for a while, for how its callers fared.
    Ejected,
}

impl Gated {
    pub const COUNT: usize = 7;
}

/// What happened between a primary and its standbys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicated {
    /// A commit was answered, having waited so long for standbys.
    Committed { waited: Span },
    /// A standby's readers see a commit, so long after the primary flushed it.
    Applied { lag: Span },
    /// An operation for standbys was asked for; whether where something answered was missing.
    Read { stale: bool },
    /// The primary was found to be gone, and a standby is being promoted.
    Detected,
    /// It is promoted, without so many commits that had been answered.
    Promoted { lost: u64 },
}

pub trait Probe {
    /// A user wanted something.
    fn born(&mut self, _now: Time, _class: ClassId) {}
    /// A client sent another attempt at a request; the first goes without saying.
    fn retried(&mut self, _class: ClassId) {}
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
    /// The same without waiting.
    #[inline]
    fn seized_at_once(&mut self, group: PoolGroupId) {
        self.seized(group, Span::ZERO);
    }
    /// A row was locked, after waiting for it.
    fn locked(&mut self, _lock: LockId, _waited: Span) {}
    /// A cache was looked into.
    fn looked(&mut self, _cache: CacheId, _seen: Looked) {}
    /// Something happened to a message.
    fn queued(&mut self, _now: Time, _queue: QueueId, _what: Queued) {}
    /// The rules of a service did something to a request.
    fn gated(&mut self, _service: ServiceId, _what: Gated) {}
    /// An instance was chosen for a call, in the caller's zone or not.
    fn crossed(&mut self, _service: ServiceId, _same_zone: bool) {}
    /// Something happened between a primary and its standbys.
    fn replicated(&mut self, _now: Time, _service: ServiceId, _what: Replicated) {}
    /// The accelerators of a host group did something.
    fn inferred(&mut self, _of: GroupId, _told: Told) {}
    /// An instance has come to answer, or answers no more.
    fn turned(&mut self, _now: Time, _instance: InstanceId, _up: bool) {}
    /// Its balancer has come to believe that an instance is well, or that it is not.
    fn believed(&mut self, _now: Time, _instance: InstanceId, _healthy: bool) {}
    /// At the end of a slice in a run with faults, so many instances were up, and believed to be.
    fn present(&mut self, _service: ServiceId, _levels: [u32; 2]) {}
    /// Until then hosts of a group had used so many core-nanoseconds of so many that there were.
    fn used(&mut self, _group: GroupId, _used_and_up: [f64; 2]) {}
    /// The warm-up is over: what is measured counts from here.
    fn opened(&mut self, _now: Time) {}
    /// A slice of time is over, with so many attempts of each class under way, wanted or not.
    fn sliced(&mut self, _now: Time, _backlog: &Table<ClassId, u32>) {}
    /// At the end of that slice a queue held so many messages, those being delivered included.
    fn unsettled(&mut self, _queue: QueueId, _messages: u32) {}
}

/// Sees nothing, costs nothing.
impl Probe for () {}

impl<A: Probe, B: Probe> Probe for (A, B) {
    fn born(&mut self, now: Time, class: ClassId) {
        self.0.born(now, class);
        self.1.born(now, class);
    }
    fn retried(&mut self, class: ClassId) {
        self.0.retried(class);
        self.1.retried(class);
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
    fn seized_at_once(&mut self, group: PoolGroupId) {
        self.0.seized_at_once(group);
        self.1.seized_at_once(group);
    }
    fn locked(&mut self, lock: LockId, waited: Span) {
        self.0.locked(lock, waited);
        self.1.locked(lock, waited);
    }
    fn looked(&mut self, cache: CacheId, seen: Looked) {
        self.0.looked(cache, seen);
        self.1.looked(cache, seen);
    }
    fn gated(&mut self, service: ServiceId, what: Gated) {
        self.0.gated(service, what);
        self.1.gated(service, what);
    }
    fn crossed(&mut self, service: ServiceId, same_zone: bool) {
        self.0.crossed(service, same_zone);
        self.1.crossed(service, same_zone);
    }
    fn replicated(&mut self, now: Time, service: ServiceId, what: Replicated) {
        self.0.replicated(now, service, what);
        self.1.replicated(now, service, what);
    }
    fn inferred(&mut self, of: GroupId, told: Told) {
        self.0.inferred(of, told);
        self.1.inferred(of, told);
    }
    fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        self.0.turned(now, instance, up);
        self.1.turned(now, instance, up);
    }
    fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        self.0.believed(now, instance, healthy);
        self.1.believed(now, instance, healthy);
    }
    fn present(&mut self, service: ServiceId, levels: [u32; 2]) {
        self.0.present(service, levels);
        self.1.present(service, levels);
    }
    fn used(&mut self, group: GroupId, used_and_up: [f64; 2]) {
        self.0.used(group, used_and_up);
        self.1.used(group, used_and_up);
    }
    fn opened(&mut self, now: Time) {
        self.0.opened(now);
        self.1.opened(now);
    }
    fn sliced(&mut self, now: Time, backlog: &Table<ClassId, u32>) {
        self.0.sliced(now, backlog);
        self.1.sliced(now, backlog);
    }
    fn queued(&mut self, now: Time, queue: QueueId, what: Queued) {
        self.0.queued(now, queue, what);
        self.1.queued(now, queue, what);
    }
    fn unsettled(&mut self, queue: QueueId, messages: u32) {
        self.0.unsettled(queue, messages);
        self.1.unsettled(queue, messages);
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
    fn queued(&mut self, _: Time, _: QueueId, what: Queued) {
        match what {
            Queued::Delivered { waited, .. } => self.add(waited.nanos()),
            Queued::Acknowledged { lag } => self.add(lag.nanos()),
            Queued::Sent => self.add(1),
            Queued::Refused => self.add(2),
            Queued::Dead => self.add(3),
            Queued::Dropped => self.add(4),
        }
    }
    fn gated(&mut self, _: ServiceId, what: Gated) {
        self.add(what as u64);
    }
    fn inferred(&mut self, _: GroupId, told: Told) {
        let (Told::Waited(span) | Told::FirstToken(span) | Told::OutputToken(span)) = told;
        self.add(span.nanos());
    }
}
