//! What an observer of a run may see. The engine calls; probes never steer.

use super::accelerator::Told;
use super::sessions::Ended;
use super::token::Reason;
use crate::ids::Table;
use crate::network::{
    CacheId, ClassId, GroupId, InstanceId, LockId, PoolGroupId, QueueId, ServiceId, SessionId,
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

/// What there is to see is listed once: it makes the trait, in which all is overlooked unless it is
/// said otherwise, and how two observers, or one elsewhere, are told.
macro_rules! probe {
    ($( $(#[$doc:meta])* fn $seen:ident($($what:ident: $kind:ty),*); )*) => {
        pub trait Probe {
            $(
                $(#[$doc])*
                #[inline]
                fn $seen(&mut self, $($what: $kind),*) {
                    let _ = ($($what,)*);
                }
            )*
        }

        impl<A: Probe, B: Probe> Probe for (A, B) {
            $(
                fn $seen(&mut self, $($what: $kind),*) {
                    self.0.$seen($($what),*);
                    self.1.$seen($($what),*);
                }
            )*
        }

        impl<P: Probe + ?Sized> Probe for &mut P {
            $(
                fn $seen(&mut self, $($what: $kind),*) {
                    (**self).$seen($($what),*);
                }
            )*
        }
    };
}

probe! {
    /// A user wanted something.
    fn born(now: Time, class: ClassId);
    /// A client sent another attempt at a request; the first goes without saying.
    fn retried(class: ClassId);
    /// A request was answered in time, `response` after it was meant to start.
    fn answered(now: Time, class: ClassId, response: Span);
    /// A request failed for good.
    fn failed(now: Time, class: ClassId, reason: Reason);
    /// A request that is about to be answered went the way of a fallback somewhere.
    fn degraded(class: ClassId);
    /// A request was turned away by an instance of a service.
    fn turned_away(service: ServiceId);
    /// A place in a pool was taken, after waiting for it.
    fn seized(group: PoolGroupId, waited: Span);
    /// Since the slice began so many places in a pool were taken without waiting.
    fn seized_at_once(group: PoolGroupId, times: u64);
    /// A row was locked, after waiting for it.
    fn locked(lock: LockId, waited: Span);
    /// A cache was looked into.
    fn looked(cache: CacheId, seen: Looked);
    /// Something happened to a message.
    fn queued(now: Time, queue: QueueId, what: Queued);
    /// Something happened between a primary and its standbys.
    fn replicated(now: Time, service: ServiceId, what: Replicated);
    /// A user came and began a session.
    fn session_begun(now: Time, session: SessionId);
    /// A session is over.
    fn session_ended(now: Time, session: SessionId, how: Ended);
    /// The rules of a service did something to a request.
    fn gated(service: ServiceId, what: Gated);
    /// An instance was chosen for a call, in the caller's zone or not.
    fn crossed(service: ServiceId, same_zone: bool);
    /// The accelerators of a host group did something.
    fn inferred(of: GroupId, told: Told);
    /// An instance has come to answer, or answers no more.
    fn turned(now: Time, instance: InstanceId, up: bool);
    /// An instance is gone for good, or was never there: it is not missed.
    fn dismissed(instance: InstanceId);
    /// Its balancer has come to believe that an instance is well, or that it is not.
    fn believed(now: Time, instance: InstanceId, healthy: bool);
    /// At the end of a slice in a run with faults, so many instances were up, and believed to be.
    fn present(service: ServiceId, levels: [u32; 2]);
    /// Until then hosts of a group had used so many core-nanoseconds of so many that there were.
    fn used(group: GroupId, used_and_up: [f64; 2]);
    /// The warm-up is over: what is measured counts from here.
    fn opened(now: Time);
    /// A slice of time is over, with so many attempts of each class under way, wanted or not.
    fn sliced(now: Time, backlog: &Table<ClassId, u32>);
    /// At the end of that slice a queue held so many messages, those being delivered included.
    fn unsettled(queue: QueueId, messages: u32);
}

/// Sees nothing, costs nothing.
impl Probe for () {}

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
    fn session_begun(&mut self, now: Time, _: SessionId) {
        self.add(now.nanos());
    }
    fn session_ended(&mut self, now: Time, _: SessionId, how: Ended) {
        self.add(now.nanos());
        self.add(how.lasted.nanos());
    }
    fn gated(&mut self, _: ServiceId, what: Gated) {
        self.add(what as u64);
    }
    fn inferred(&mut self, _: GroupId, told: Told) {
        let (Told::Waited(span) | Told::FirstToken(span) | Told::OutputToken(span)) = told;
        self.add(span.nanos());
    }
}
