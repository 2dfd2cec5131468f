//! The probe that measures what reports show: counts, histograms, and how they grew slice by slice.

use super::accelerator::Told;
use super::course::Course;
use super::days::Days;
use super::episodes::Episode;
use super::probe::{Gated, Looked, Probe, Queued, Replicated};
use super::sessions::Ended;
use super::token::Reason;
use crate::ids::Table;
use crate::network::{
    CacheId, ClassId, GroupId, InstanceId, LockId, Network, PoolGroupId, QueueId, ServiceId,
    SessionId,
};
use crate::stats::histogram::Histogram;
use crate::stats::sparse::Sparse;
use crate::units::{Span, Time};
use std::ops::Range;

/// What was seen of one class since the window opened.
#[derive(Clone, Debug, Default)]
pub struct ClassSeen {
    pub born: u64,
    /// Attempts beyond the first.
    pub retries: u64,
    pub failed: [u64; Reason::COUNT],
    /// Answered, but with something in place of what a call failed to bring.
    pub degraded: u64,
    /// Responses of what was answered, in nanoseconds.
    pub response: Histogram,
    /// The same, tenth by tenth of the window.
    pub batches: Vec<Sparse>,
    /// How `response` looked when the present batch began.
    pub(super) before: Histogram,
}

/// Batches into which a window is cut.
pub const BATCHES: usize = 10;

/// What came of looking into a cache since the window opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CacheSeen {
    pub hits: u64,
    pub misses: u64,
    /// Misses that waited for what another fetched.
    pub waited: u64,
}

/// What happened to the messages of a queue since the window opened.
#[derive(Clone, Debug, Default)]
pub struct QueueSeen {
    pub sent: u64,
    pub refused: u64,
    pub redelivered: u64,
    pub dead: u64,
    pub dropped: u64,
    /// Waits in line, delivery by delivery; from being sent to being acknowledged.
    pub waits: Histogram,
    pub lags: Histogram,
    /// How many messages there were at the end of each slice.
    pub unsettled: Vec<u32>,
}

/// What was seen of sessions of one kind since the window opened.
#[derive(Clone, Debug, Default)]
pub struct SessionSeen {
    pub begun: u64,
    /// Those that ended because a request had failed.
    pub left: u64,
    /// Requests in those that ended, and how long these lasted.
    pub requests: u64,
    pub lasted: Histogram,
}

/// Times at the accelerators of a host group since the window opened, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct InferenceSeen {
    pub waits: Histogram,
    pub first_token: Histogram,
    pub output_token: Histogram,
}

/// What was seen of a primary and its standbys since the window opened; times in nanoseconds.
#[derive(Clone, Debug, Default)]
pub struct ReplicationSeen {
    /// How long commits waited for standbys, and how long it took until standbys' readers saw them.
    pub waits: Histogram,
    pub lags: Histogram,
    /// Requests for operations of standbys, and those that missed something that was answered.
    pub reads: u64,
    pub stale: u64,
    /// When a primary was last found to be gone, and when a standby last took its place.
    pub detected: Option<Time>,
    pub promoted: Option<Time>,
    /// When a commit was first answered after that.
    pub resumed: Option<Time>,
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
    pub queues: Table<QueueId, QueueSeen>,
    pub sessions: Table<SessionId, SessionSeen>,
    /// What the rules of services did, by [`Gated`].
    pub gated: Table<ServiceId, [u64; Gated::COUNT]>,
    /// Calls to other zones and within one, where the balancer looks at zones.
    pub crossed: Table<ServiceId, [u64; 2]>,
    /// Of the host groups with accelerators.
    pub inferences: Table<GroupId, Option<InferenceSeen>>,
    /// Of the services with a primary and standbys.
    pub replications: Table<ServiceId, Option<ReplicationSeen>>,
    /// Requests that each service turned away.
    pub turned_away: Table<ServiceId, u64>,
    pub slices: Vec<Slice>,
    pub opened: Time,
    /// Where something fails.
    pub course: Option<Course>,
    /// Of a whole story.
    pub days: Option<Days>,
    /// What is looked at by itself in it.
    pub episodes: Vec<Episode>,
    /// How many slices of the run make one that is kept, how many have ended, and how long the window is:
    /// what it ends with is kept in any case.
    each: usize,
    ended: usize,
    window: Span,
    /// How many slices make a batch.
    batch_slices: usize,
}

impl Measure {
    pub fn new(network: &Network, slices: usize) -> Measure {
        let mut waits = Table::with_capacity(network.pool_groups as usize);
        (0..network.pool_groups).for_each(|_| {
            waits.push(Histogram::default());
        });
        Measure {
            classes: network.classes.map(|_, _| ClassSeen {
                batches: Vec::with_capacity(BATCHES + 1),
                ..ClassSeen::default()
            }),
            waits,
            row_waits: network.locks.map(|_, _| Histogram::default()),
            caches: network.caches.map(|_, _| CacheSeen::default()),
            queues: network.queues.map(|_, _| QueueSeen::new(slices)),
            sessions: network.sessions.map(|_, _| SessionSeen::default()),
            gated: network.services.map(|_, _| [0; Gated::COUNT]),
            crossed: network.services.map(|_, _| [0; 2]),
            inferences: network.groups.map(|_, group| {
                let accelerated = network.hosts[group.hosts.start].accelerator.is_some();
                accelerated.then(InferenceSeen::default)
            }),
            replications: network
                .services
                .map(|_, it| it.replication.map(|_| ReplicationSeen::default())),
            turned_away: network.services.map(|_, _| 0),
            slices: Vec::with_capacity(slices),
            opened: Time::ZERO,
            course: (!network.faults.is_empty()).then(|| Course::new(network, slices)),
            days: None,
            episodes: Vec::new(),
            each: 1,
            ended: 0,
            window: Span::ZERO,
            // The slice that a window ends in may be a short one.
            batch_slices: (slices.saturating_sub(1) / BATCHES).max(1),
        }
    }
}

impl Measure {
    /// Watches the course of what is out of the ordinary, even if nothing fails outright.
    pub fn watch_course(&mut self, network: &Network, slices: usize) {
        self.course.get_or_insert_with(|| Course::new(network, slices));
    }

    /// Tells the days of a story apart, each of so many slices.
    pub fn watch_days(&mut self, network: &Network, slices: usize) {
        self.days = Some(Days::new(network, slices));
    }

    /// Looks at stretches of a window by themselves, each from one slice of the run to another, where only
    /// one in so many slices is kept of the whole.
    pub fn watch_episodes(
        &mut self,
        network: &Network,
        episodes: impl Iterator<Item = Range<usize>>,
        each: usize,
        window: Span,
    ) {
        self.episodes = episodes.map(|it| Episode::new(network, it)).collect();
        (self.each, self.window) = (each, window);
    }
}

impl QueueSeen {
    fn new(slices: usize) -> QueueSeen {
        QueueSeen { unsettled: Vec::with_capacity(slices), ..QueueSeen::default() }
    }

    fn open(&mut self) {
        (self.sent, self.refused, self.redelivered) = (0, 0, 0);
        (self.dead, self.dropped) = (0, 0);
        self.waits.clear();
        self.lags.clear();
    }
}

impl ClassSeen {
    pub fn counters(&self) -> Counters {
        Counters {
            born: self.born,
            answered: self.response.count(),
            failed: self.failed.iter().sum(),
            response_ns: self.response.sum(),
            backlog: 0,
        }
    }

    fn end_batch(&mut self) {
        self.batches.push(self.response.since(&self.before));
        self.before.become_like(&self.response);
    }
}

impl Probe for Measure {
    #[inline]
    fn born(&mut self, _: Time, class: ClassId) {
        self.classes[class].born += 1;
    }
    #[inline]
    fn retried(&mut self, class: ClassId) {
        self.classes[class].retries += 1;
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
    fn seized_at_once(&mut self, group: PoolGroupId, times: u64) {
        self.waits[group].record_zeros(times);
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
    fn queued(&mut self, _: Time, queue: QueueId, what: Queued) {
        let seen = &mut self.queues[queue];
        match what {
            Queued::Sent => seen.sent += 1,
            Queued::Refused => seen.refused += 1,
            Queued::Delivered { waited, again } => {
                seen.waits.record(waited.nanos());
                seen.redelivered += u64::from(again);
            }
            Queued::Acknowledged { lag } => seen.lags.record(lag.nanos()),
            Queued::Dead => seen.dead += 1,
            Queued::Dropped => seen.dropped += 1,
        }
    }
    fn unsettled(&mut self, queue: QueueId, messages: u32) {
        let seen = &mut self.queues[queue].unsettled;
        // A run may close where a slice ends, and is told of it twice.
        if seen.len() < self.slices.len() {
            seen.push(messages);
        }
    }
    fn session_begun(&mut self, _: Time, session: SessionId) {
        self.sessions[session].begun += 1;
    }
    fn session_ended(&mut self, _: Time, session: SessionId, how: Ended) {
        let seen = &mut self.sessions[session];
        seen.left += u64::from(how.left);
        seen.requests += u64::from(how.requests);
        seen.lasted.record(how.lasted.nanos());
    }
    fn gated(&mut self, service: ServiceId, what: Gated) {
        self.gated[service][what as usize] += 1;
    }
    fn crossed(&mut self, service: ServiceId, same_zone: bool) {
        self.crossed[service][usize::from(same_zone)] += 1;
    }
    fn inferred(&mut self, of: GroupId, told: Told) {
        let Some(seen) = &mut self.inferences[of] else { return };
        let (times, span) = match told {
            Told::Waited(span) => (&mut seen.waits, span),
            Told::FirstToken(span) => (&mut seen.first_token, span),
            Told::OutputToken(span) => (&mut seen.output_token, span),
        };
        times.record(span.nanos());
    }
    fn replicated(&mut self, now: Time, service: ServiceId, what: Replicated) {
        self.episodes.iter_mut().for_each(|it| it.replicated(now, service, &what));
        let Some(seen) = &mut self.replications[service] else { return };
        match what {
            Replicated::Committed { waited } => {
                seen.waits.record(waited.nanos());
                if seen.promoted.is_some() {
                    seen.resumed.get_or_insert(now);
                }
            }
            Replicated::Applied { lag } => seen.lags.record(lag.nanos()),
            Replicated::Read { stale } => {
                seen.reads += 1;
                seen.stale += u64::from(stale);
            }
            Replicated::Detected => seen.detected = Some(now),
            Replicated::Promoted { .. } => (seen.promoted, seen.resumed) = (Some(now), None),
        }
    }
    fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        self.course.iter_mut().for_each(|it| it.turned(now, instance, up));
        self.episodes.iter_mut().for_each(|it| it.turned(now, instance, up));
    }
    fn dismissed(&mut self, instance: InstanceId) {
        self.course.iter_mut().for_each(|it| it.dismissed(instance));
        self.episodes.iter_mut().for_each(|it| it.dismissed(instance));
    }
    fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        self.course.iter_mut().for_each(|it| it.believed(now, instance, healthy));
        self.episodes.iter_mut().for_each(|it| it.believed(now, instance, healthy));
    }
    fn present(&mut self, service: ServiceId, levels: [u32; 2]) {
        let told = self.slices.len();
        if let Some(course) = self.course.as_mut().filter(|it| it.instances[service].len() < told) {
            course.instances[service].push(levels);
        }
        self.episodes.iter_mut().for_each(|it| it.present(service, levels));
    }
    fn used(&mut self, group: GroupId, used_and_up: [f64; 2]) {
        let told = self.slices.len();
        if let Some(course) = self.course.as_mut().filter(|it| it.cpus[group].len() < told) {
            course.used(group, used_and_up);
        }
        self.episodes.iter_mut().for_each(|it| it.used(group, used_and_up));
    }
    fn opened(&mut self, now: Time) {
        self.opened = now;
        self.course.iter_mut().for_each(Course::open);
        self.days.iter_mut().for_each(Days::open);
        self.caches.iter_mut().for_each(|it| *it = CacheSeen::default());
        self.queues.iter_mut().for_each(QueueSeen::open);
        for seen in self.sessions.iter_mut() {
            (seen.begun, seen.left, seen.requests) = (0, 0, 0);
            seen.lasted.clear();
        }
        self.crossed.iter_mut().for_each(|it| *it = [0; 2]);
        self.gated.iter_mut().for_each(|it| *it = [0; Gated::COUNT]);
        for class in self.classes.iter_mut() {
            class.response.clear();
            class.before.clear();
            (class.born, class.retries, class.failed) = (0, 0, [0; Reason::COUNT]);
            class.degraded = 0;
        }
        for seen in self.inferences.iter_mut().flatten() {
            let InferenceSeen { waits, first_token, output_token } = seen;
            [waits, first_token, output_token].into_iter().for_each(Histogram::clear);
        }
        for seen in self.replications.iter_mut().flatten() {
            seen.waits.clear();
            seen.lags.clear();
            (seen.reads, seen.stale) = (0, 0);
            (seen.detected, seen.promoted, seen.resumed) = (None, None, None);
        }
        self.turned_away.iter_mut().for_each(|it| *it = 0);
        self.waits.iter_mut().chain(self.row_waits.iter_mut()).for_each(Histogram::clear);
        let nobody = self.classes.map(|_, _| 0);
        self.ended = 0;
        self.episodes.iter_mut().for_each(|it| it.sliced(0, now, &self.classes, &nobody));
    }
    fn sliced(&mut self, now: Time, backlog: &Table<ClassId, u32>) {
        if self.slices.last().is_some_and(|last| last.at == now) {
            return;
        }
        self.ended += 1;
        for episode in &mut self.episodes {
            episode.sliced(self.ended, now, &self.classes, backlog);
        }
        let is_last = now - self.opened >= self.window;
        if is_last {
            self.episodes.iter_mut().for_each(|it| it.close(&self.classes));
        }
        if !is_last && !self.ended.is_multiple_of(self.each) {
            return;
        }
        if let Some(course) = &mut self.course {
            course.sliced(&self.classes);
        }
        let counters = |id, it: &ClassSeen| Counters { backlog: backlog[id], ..it.counters() };
        let classes = self.classes.map(counters);
        self.slices.push(Slice { at: now, classes });
        if let Some(days) = &mut self.days {
            days.sliced(self.slices.len(), &self.classes);
        }
        let batches = self.slices.len() / self.batch_slices;
        if self.slices.len().is_multiple_of(self.batch_slices) && batches <= BATCHES {
            self.classes.iter_mut().for_each(ClassSeen::end_batch);
        }
    }
}
