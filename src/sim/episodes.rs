//! What happens in a stretch of a run that is looked at by itself, as a fault within a whole story is: what
//! a window of its own would see of requests, from how far everything had come when it began.

use super::course::Course;
use super::measure::{ClassSeen, Counters, Measure, ReplicationSeen, Slice};
use super::probe::Replicated;
use crate::ids::Table;
use crate::network::{ClassId, GroupId, InstanceId, Network, ServiceId};
use crate::units::Time;
use std::ops::Range;

/// When a standby took a primary's place: found to be gone, replaced, a commit answered again.
type Turn = [Option<Time>; 3];

#[derive(Clone, Debug)]
pub struct Episode {
    /// The slices of the run that it is made of.
    slices: Range<usize>,
    is_open: bool,
    opened: Time,
    /// How far each class had come when it began, and in the end how far since.
    classes: Table<ClassId, ClassSeen>,
    turns: Table<ServiceId, Turn>,
    seen: Vec<Slice>,
    course: Course,
}

impl Episode {
    pub fn new(network: &Network, slices: Range<usize>) -> Episode {
        Episode {
            is_open: false,
            opened: Time::ZERO,
            classes: network.classes.map(|_, _| ClassSeen::default()),
            turns: network.services.map(|_, _| Turn::default()),
            seen: Vec::with_capacity(slices.len() + 1),
            course: Course::new(network, slices.len() + 1),
            slices,
        }
    }

    /// So many slices of the run have ended, none of them if it has just begun.
    pub fn sliced(
        &mut self,
        ended: usize,
        now: Time,
        classes: &Table<ClassId, ClassSeen>,
        backlog: &Table<ClassId, u32>,
    ) {
        if self.is_open {
            self.course.sliced(classes);
            let since = |id: ClassId, it: &ClassSeen| {
                let (now, then) = (it.counters(), self.classes[id].counters());
                Counters { backlog: backlog[id], ..counted_since(now, then) }
            };
            self.seen.push(Slice { at: now, classes: classes.map(since) });
        }
        if !self.is_open && ended == self.slices.start {
            self.is_open = true;
            self.opened = now;
            self.classes = classes.map(|_, it| it.clone());
            self.course.open_amid(classes);
        } else if self.is_open && ended >= self.slices.end {
            self.close(classes);
        }
    }

    /// What is still open when the run ends, ends with it.
    pub fn close(&mut self, classes: &Table<ClassId, ClassSeen>) {
        if std::mem::take(&mut self.is_open) {
            self.classes = classes.map(|id, it| seen_since(it, &self.classes[id]));
        }
    }

    pub fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        if self.is_open {
            self.course.turned(now, instance, up);
        }
    }

    pub fn dismissed(&mut self, instance: InstanceId) {
        if self.is_open {
            self.course.dismissed(instance);
        }
    }

    pub fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        if self.is_open {
            self.course.believed(now, instance, healthy);
        }
    }

    pub fn present(&mut self, service: ServiceId, levels: [u32; 2]) {
        let told = &mut self.course.instances[service];
        if told.len() < self.seen.len() {
            told.push(levels);
        }
    }

    pub fn used(&mut self, group: GroupId, used_and_up: [f64; 2]) {
        if self.course.cpus[group].len() < self.seen.len() {
            self.course.used(group, used_and_up);
        } else if self.is_open && self.seen.is_empty() {
            self.course.begins_with(group, used_and_up);
        }
    }

    pub fn replicated(&mut self, now: Time, service: ServiceId, what: &Replicated) {
        let [detected, promoted, resumed] = &mut self.turns[service];
        match what {
            Replicated::Detected if self.is_open => *detected = Some(now),
            Replicated::Promoted { .. } if self.is_open => {
                (*promoted, *resumed) = (Some(now), None);
            }
            Replicated::Committed { .. } if self.is_open && promoted.is_some() => {
                resumed.get_or_insert(now);
            }
            _ => {}
        }
    }

    /// The same as a window of its own.
    pub fn measured(&self, network: &Network) -> Measure {
        let mut measure = Measure::new(network, 0);
        measure.opened = self.opened;
        measure.classes = self.classes.clone();
        measure.slices = self.seen.clone();
        measure.course = Some(self.course.clone());
        for (seen, turns) in measure.replications.iter_mut().zip(self.turns.as_slice()) {
            let [detected, promoted, resumed] = *turns;
            if let Some(seen) = seen {
                *seen =
                    ReplicationSeen { detected, promoted, resumed, ..ReplicationSeen::default() };
            }
        }
        measure
    }
}

/// What was counted of a class since it looked like `before`.
fn counted_since(now: Counters, before: Counters) -> Counters {
    Counters {
        born: now.born - before.born,
        answered: now.answered - before.answered,
        failed: now.failed - before.failed,
        response_ns: now.response_ns - before.response_ns,
        backlog: now.backlog,
    }
}

/// The same of all that was seen.
fn seen_since(now: &ClassSeen, before: &ClassSeen) -> ClassSeen {
    let mut since = ClassSeen {
        born: now.born - before.born,
        retries: now.retries - before.retries,
        degraded: now.degraded - before.degraded,
        failed: std::array::from_fn(|i| now.failed[i] - before.failed[i]),
        ..ClassSeen::default()
    };
    since.response.set_difference(&now.response, &before.response);
    since
}
