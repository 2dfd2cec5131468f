//! The probe that measures what reports show: counts, histograms, and how they grew slice by slice.

use super::probe::{Looked, Probe};
use super::token::Reason;
use crate::ids::Table;
use crate::network::{CacheId, ClassId, LockId, Network, PoolGroupId, ServiceId};
use crate::stats::histogram::Histogram;
use crate::units::{Span, Time};

/// What was seen of one class since the window opened.
#[derive(Clone, Debug, Default)]
pub struct ClassSeen {
    pub born: u64,
    pub attempts: u64,
    pub failed: [u64; Reason::COUNT],
    /// Answered, but with something in place of what a call failed to bring.
    pub degraded: u64,
    /// Responses of what was answered, in nanoseconds.
    pub response: Histogram,
}

/// What came of looking into a cache since the window opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CacheSeen {
    pub hits: u64,
    pub misses: u64,
    /// Misses that waited for what another fetched.
    pub waited: u64,
}

/// The counters of one class at the end of a slice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    pub born: u64,
    pub answered: u64,
    pub failed: u64,
    /// Sum of the answered requests' responses.
    pub response_ns: u128,
    /// Attempts under way, wanted or not.
    pub backlog: u32,
}

/// How far everything had come at the end of a slice.
#[derive(Clone, Debug)]
pub struct Slice {
    pub at: Time,
    pub classes: Table<ClassId, Counters>,
}

/// Everything that is measured in a run's window.
#[derive(Clone, Debug)]
pub struct Measure {
    pub classes: Table<ClassId, ClassSeen>,
    /// Waits for a place, by pool group.
    pub waits: Table<PoolGroupId, Histogram>,
    /// Waits for a row.
    pub row_waits: Table<LockId, Histogram>,
    pub caches: Table<CacheId, CacheSeen>,
    /// Requests that each service turned away.
    pub turned_away: Table<ServiceId, u64>,
    pub slices: Vec<Slice>,
    pub opened: Time,
}

impl Measure {
    pub fn new(network: &Network, slices: usize) -> Measure {
        let mut waits = Table::with_capacity(network.pool_groups as usize);
        (0..network.pool_groups).for_each(|_| {
            waits.push(Histogram::default());
        });
        Measure {
            classes: network.classes.map(|_, _| ClassSeen::default()),
            waits,
            row_waits: network.locks.map(|_, _| Histogram::default()),
            caches: network.caches.map(|_, _| CacheSeen::default()),
            turned_away: network.services.map(|_, _| 0),
            slices: Vec::with_capacity(slices),
            opened: Time::ZERO,
        }
    }
}

impl ClassSeen {
    fn counters(&self) -> Counters {
        Counters {
            born: self.born,
            answered: self.response.count(),
            failed: self.failed.iter().sum(),
            response_ns: self.response.sum(),
            backlog: 0,
        }
    }
}

impl Probe for Measure {
    #[inline]
    fn born(&mut self, _: Time, class: ClassId) {
        self.classes[class].born += 1;
    }
    #[inline]
    fn attempted(&mut self, class: ClassId) {
        self.classes[class].attempts += 1;
    }
    #[inline]
    fn answered(&mut self, _: Time, class: ClassId, response: Span) {
        self.classes[class].response.record(response.nanos());
    }
    #[inline]
    fn failed(&mut self, _: Time, class: ClassId, reason: Reason) {
        self.classes[class].failed[reason.index()] += 1;
    }
    fn degraded(&mut self, class: ClassId) {
        self.classes[class].degraded += 1;
    }
    fn turned_away(&mut self, service: ServiceId) {
        self.turned_away[service] += 1;
    }
    #[inline]
    fn seized(&mut self, group: PoolGroupId, waited: Span) {
        self.waits[group].record(waited.nanos());
    }
    #[inline]
    fn locked(&mut self, lock: LockId, waited: Span) {
        self.row_waits[lock].record(waited.nanos());
    }
    fn looked(&mut self, cache: CacheId, seen: Looked) {
        let counts = &mut self.caches[cache];
        match seen {
            Looked::Hit => counts.hits += 1,
            Looked::Missed => counts.misses += 1,
            Looked::Waited => counts.waited += 1,
        }
    }
    fn opened(&mut self, now: Time) {
        self.opened = now;
        self.caches.iter_mut().for_each(|it| *it = CacheSeen::default());
        self.turned_away.iter_mut().for_each(|it| *it = 0);
        for class in self.classes.iter_mut() {
            class.response.clear();
            (class.born, class.attempts, class.failed) = (0, 0, [0; Reason::COUNT]);
            class.degraded = 0;
        }
        self.waits.iter_mut().chain(self.row_waits.iter_mut()).for_each(Histogram::clear);
    }
    fn sliced(&mut self, now: Time, backlog: &Table<ClassId, u32>) {
        if self.slices.last().is_some_and(|last| last.at == now) {
            return;
        }
        let counters = |id, it: &ClassSeen| Counters { backlog: backlog[id], ..it.counters() };
        let classes = self.classes.map(counters);
        self.slices.push(Slice { at: now, classes });
    }
}
