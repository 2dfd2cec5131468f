//! Pending events in a heap whose times lie apart from what they carry.
//!
//! Four children to a node, so that the times compared at one level share a cache line; the rest
//! of an event is looked at only to break a tie. Measured against the standard library's binary
//! heap of whole events in `benches/calendar.rs`.

use super::{Due, NOTHING, Scheduled};
use crate::units::Time;

const CHILDREN: usize = 4;

/// A priority queue of events; see the module's sentence.
#[derive(Clone, Debug)]
pub struct Heap<E> {
    /// In heap order, and then `NEVER` to the end of the last group of children.
    times: Vec<Time>,
    /// Order and event that belong to the time at the same index.
    rest: Vec<(u64, E)>,
}

impl<E: Copy> Heap<E> {
    /// Takes memory for `capacity` pending events; more than that allocates.
    pub fn with_capacity(capacity: usize) -> Heap<E> {
        let times = vec![Time::NEVER; capacity + CHILDREN];
        Heap { times, rest: Vec::with_capacity(capacity) }
    }
    pub fn len(&self) -> usize {
        self.rest.len()
    }
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
    /// What is due first, or [`NOTHING`].
    #[inline]
    pub fn peek(&self) -> Due {
        self.rest.first().map_or(NOTHING, |&(order, _)| (self.times[0], order))
    }

    #[inline]
    pub fn push(&mut self, at: Time, order: u64, event: E) {
        debug_assert!(at < Time::NEVER && order < u64::MAX, "an event without a date");
        let mut hole = self.rest.len();
        if hole + CHILDREN >= self.times.len() {
            self.times.resize(2 * self.times.len(), Time::NEVER);
        }
        self.rest.push((order, event));
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if (self.times[parent], self.rest[parent].0) < (at, order) {
                break;
            }
            self.times[hole] = self.times[parent];
            self.rest[hole] = self.rest[parent];
            hole = parent;
        }
        self.times[hole] = at;
        self.rest[hole] = (order, event);
    }

    /// Takes out what is due first.
    #[inline]
    pub fn pop(&mut self) -> Option<Scheduled<E>> {
        let last = self.rest.pop()?;
        let len = self.rest.len();
        let last_at = std::mem::replace(&mut self.times[len], Time::NEVER);
        if len == 0 {
            return Some(Scheduled { at: last_at, order: last.0, event: last.1 });
        }
        let first = Scheduled { at: self.times[0], order: self.rest[0].0, event: self.rest[0].1 };
        self.sink(last_at, last);
        Some(first)
    }

    /// Takes all out, in no order.
    pub fn drain(&mut self, mut take: impl FnMut(Scheduled<E>)) {
        for ((order, event), at) in self.rest.drain(..).zip(&mut self.times) {
            take(Scheduled { at: std::mem::replace(at, Time::NEVER), order, event });
        }
    }

    /// Lets an event sink from the root to its place.
    #[inline]
    fn sink(&mut self, at: Time, rest: (u64, E)) {
        let mut hole = 0;
        loop {
            let children = hole * CHILDREN + 1;
            if children >= self.rest.len() {
                break;
            }
            let child = children + self.least_of(children);
            let child_at = self.times[child];
            if (at, rest.0) < (child_at, self.rest[child].0) {
                break;
            }
            self.times[hole] = child_at;
            self.rest[hole] = self.rest[child];
            hole = child;
        }
        self.times[hole] = at;
        self.rest[hole] = rest;
    }

    /// Which of the children that begin at `from` is due first.
    #[inline]
    fn least_of(&self, from: usize) -> usize {
        let times = &self.times[from..from + CHILDREN];
        let (mut least, mut at, mut tie) = (0, times[0], false);
        for (i, &time) in times.iter().enumerate().skip(1) {
            // Written without branches: which child is first cannot be predicted.
            tie |= time == at;
            let earlier = time < at;
            least = if earlier { i } else { least };
            at = if earlier { time } else { at };
        }
        if tie { self.least_of_tied(from) } else { least }
    }

    #[cold]
    fn least_of_tied(&self, from: usize) -> usize {
        let among = CHILDREN.min(self.rest.len() - from);
        let due = |i: &usize| (self.times[from + i], self.rest[from + i].0);
        (0..among).min_by_key(due).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_heap_has_nothing_due() {
        let mut heap = Heap::<u64>::with_capacity(0);
        assert_eq!(heap.peek(), NOTHING);
        assert_eq!(heap.pop(), None);
    }

    #[test]
    fn at_one_instant_the_smaller_order_leaves_first() {
        let mut heap = Heap::with_capacity(2);
        for order in [5, 1, 4, 2, 0, 3, 9, 8, 7, 6] {
            heap.push(Time::from_nanos(7), order, order * 10);
        }
        for order in 0..10 {
            assert_eq!(heap.peek(), (Time::from_nanos(7), order));
            assert_eq!(heap.pop().unwrap().event, order * 10);
        }
        assert!(heap.is_empty());
    }
}
