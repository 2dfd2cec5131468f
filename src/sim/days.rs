//! The responses of a whole story, day by day.

use super::measure::ClassSeen;
use crate::ids::Table;
use crate::network::{ClassId, Network};
use crate::stats::histogram::Histogram;
use crate::stats::sparse::Sparse;

#[derive(Clone, Debug)]
pub struct Days {
    /// How many slices make a day.
    slices: usize,
    /// How responses looked when the present day began.
    before: Table<ClassId, Histogram>,
    /// Responses in nanoseconds, of the days that are over.
    pub seen: Vec<Table<ClassId, Sparse>>,
}

impl Days {
    pub fn new(network: &Network, slices: usize) -> Days {
        let before = network.classes.map(|_, _| Histogram::default());
        Days { slices, before, seen: Vec::new() }
    }

    pub fn open(&mut self) {
        self.before.iter_mut().for_each(Histogram::clear);
        self.seen.clear();
    }

    /// So many slices have ended.
    pub fn sliced(&mut self, ended: usize, classes: &Table<ClassId, ClassSeen>) {
        if !ended.is_multiple_of(self.slices) {
            return;
        }
        self.seen.push(self.so_far(classes));
        for (before, now) in self.before.iter_mut().zip(classes.as_slice()) {
            before.become_like(&now.response);
        }
    }

    /// The responses of the day that is not over.
    pub fn so_far(&self, classes: &Table<ClassId, ClassSeen>) -> Table<ClassId, Sparse> {
        classes.map(|id, it| it.response.since(&self.before[id]))
    }

    /// How many slices make a day.
    pub fn slices(&self) -> usize {
        self.slices
    }
}
