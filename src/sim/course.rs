//! The course of an outage, as it is measured: who is up and who is believed to be, how busy those
//! are that are left, how long answers take, slice by slice; and when each instance went and came.

use super::measure::ClassSeen;
use crate::ids::Table;
use crate::network::{ClassId, GroupId, InstanceId, Network, ServiceId};
use crate::stats::histogram::Histogram;
use crate::units::Time;

/// The quantiles of responses that are told of each slice.
pub const SLICE_QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

#[derive(Clone, Debug)]
pub struct Course {
    /// Instances up, and believed to be, at the end of each slice.
    pub instances: Table<ServiceId, Vec<[u32; 2]>>,
    /// Core-nanoseconds used in each slice, and those that there were on hosts that were up.
    pub cpus: Table<GroupId, Vec<[f64; 2]>>,
    cpus_before: Table<GroupId, [f64; 2]>,
    /// Quantiles of the responses of all users' requests answered in each slice, in nanoseconds.
    pub responses: Vec<[Option<f64>; SLICE_QUANTILES.len()]>,
    /// The classes that users wait for.
    of_users: Table<ClassId, bool>,
    all: Histogram,
    before: Histogram,
    within: Histogram,
    pub turns: Table<InstanceId, Turns>,
}

/// When an instance last went down, and what followed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turns {
    pub down: Option<Time>,
    /// Its balancer first believed so.
    pub ejected: Option<Time>,
    /// It was up again.
    pub up: Option<Time>,
    /// It was up, and its balancer believed so again.
    pub back: Option<Time>,
}

impl Course {
    pub fn new(network: &Network, slices: usize) -> Course {
        Course {
            instances: network.services.map(|_, _| Vec::with_capacity(slices + 2)),
            cpus: network.groups.map(|_, _| Vec::with_capacity(slices + 2)),
            cpus_before: network.groups.map(|_, _| [0.0; 2]),
            responses: Vec::with_capacity(slices + 2),
            of_users: network.classes.map(|_, it| !it.background),
            all: Histogram::default(),
            before: Histogram::default(),
            within: Histogram::default(),
            turns: network.instances.map(|_, _| Turns::default()),
        }
    }

    pub fn open(&mut self) {
        self.before.clear();
        self.cpus_before.iter_mut().for_each(|it| *it = [0.0; 2]);
    }

    /// The same in the midst of a run, in which so much has been seen.
    pub fn open_amid(&mut self, seen: &Table<ClassId, ClassSeen>) {
        self.before.clear();
        for (seen, of_users) in seen.as_slice().iter().zip(self.of_users.as_slice()) {
            if *of_users {
                self.before.merge(&seen.response);
            }
        }
    }

    /// What hosts of a group had used, and what there had been, when it began.
    pub fn begins_with(&mut self, group: GroupId, used_and_up: [f64; 2]) {
        self.cpus_before[group] = used_and_up;
    }

    pub fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        let turns = &mut self.turns[instance];
        match up {
            true => turns.up = Some(now),
            false => *turns = Turns { down: Some(now), ..Turns::default() },
        }
    }

    pub fn dismissed(&mut self, instance: InstanceId) {
        self.turns[instance] = Turns::default();
    }

    pub fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        let turns = &mut self.turns[instance];
        match healthy {
            true => turns.back = turns.up.map(|_| now),
            false => turns.ejected = turns.ejected.or(turns.down.map(|_| now)),
        }
    }

    /// The quantiles of what was answered in the slice that is over.
    pub fn sliced(&mut self, seen: &Table<ClassId, ClassSeen>) {
        self.all.clear();
        for (seen, of_users) in seen.as_slice().iter().zip(self.of_users.as_slice()) {
            if *of_users {
                self.all.merge(&seen.response);
            }
        }
        self.within.set_difference(&self.all, &self.before);
        self.responses.push(SLICE_QUANTILES.map(|q| self.within.quantile(q)));
        std::mem::swap(&mut self.all, &mut self.before);
    }

    /// The core-nanoseconds since the window opened that hosts of a group used, and that there were.
    pub fn used(&mut self, group: GroupId, used_and_up: [f64; 2]) {
        let before = std::mem::replace(&mut self.cpus_before[group], used_and_up);
        self.cpus[group].push([used_and_up[0] - before[0], used_and_up[1] - before[1]]);
    }
}
