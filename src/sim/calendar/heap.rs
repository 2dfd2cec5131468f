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
    /// Whether what stands first has been taken out and its place is still to be filled: by the
    /// next push, as most events bring about another one, or by the last in the heap.
    is_open: bool,
}

impl<E: Copy> Heap<E> {
    /// Takes memory for `capacity` pending events; more than that allocates.
    pub fn with_capacity(capacity: usize) -> Heap<E> {
        let times = vec![Time::NEVER; capacity + CHILDREN];
        Heap { times, rest: Vec::with_capacity(capacity), is_open: false }
    }
    #[inline]
    pub fn len(&self) -> usize {
        self.rest.len() - usize::from(self.is_open)
    }
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What is due first, or [`NOTHING`].
    #[inline(always)]
    pub fn peek(&mut self) -> Due {
        if self.is_open {
            self.close();
        }
        self.rest.first().map_or(NOTHING, |&(order, _)| (self.times[0], order))
    }

    /// Tells whether there are more events now than before one was last taken out.
    #[inline(always)]
    pub fn push(&mut self, at: Time, order: u64, event: E) -> bool {
        debug_assert!(at < Time::NEVER && order < u64::MAX, "an event without a date");
        if self.is_open {
            self.is_open = false;
            if let ([time, ..], [only]) = (&mut self.times[..], &mut self.rest[..]) {
                (*time, *only) = (at, (order, event));
            } else {
                self.sink(at, (order, event));
            }
            return false;
        }
        self.rest.push((order, event));
        if self.times.len() < self.rest.len() + CHILDREN {
            self.times.resize(2 * self.times.len(), Time::NEVER);
        }
        // Slices in hand spare the loops a look at the vectors after each write: 15 % of a hold.
        let rest = &mut self.rest[..];
        let times = &mut self.times[..rest.len()];
        let mut hole = rest.len() - 1;
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            let parent_at = times[parent];
            if parent_at < at || (parent_at == at && rest[parent].0 < order) {
                break;
            }
            times[hole] = parent_at;
            rest[hole] = rest[parent];
            hole = parent;
        }
        times[hole] = at;
        rest[hole] = (order, event);
        true
    }

    /// Takes out what is due first.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Scheduled<E>> {
        if self.is_open {
            self.close();
        }
        let (order, event) = *self.rest.first()?;
        self.is_open = true;
        Some(Scheduled { at: self.times[0], order, event })
    }

    /// Takes out what is due first, whenever that is.
    #[inline(always)]
    pub fn pop_event(&mut self) -> Option<E> {
        if self.is_open {
            self.close();
        }
        let (_, event) = *self.rest.first()?;
        self.is_open = true;
        Some(event)
    }

    /// Fills the first place with what stands last.
    #[inline]
    fn close(&mut self) {
        self.is_open = false;
        let Some(last) = self.rest.pop() else { return };
        let at = std::mem::replace(&mut self.times[self.rest.len()], Time::NEVER);
        if !self.rest.is_empty() {
            self.sink(at, last);
        }
    }

    /// Puts an event in the first place, and lets it sink from there to its own.
    #[inline]
    fn sink(&mut self, at: Time, this: (u64, E)) {
        let (times, rest) = (&mut self.times[..], &mut self.rest[..]);
        let mut hole = 0;
        while let Some((child, child_at)) = earliest_child(hole, times, rest) {
            let child_rest = rest[child];
            if at < child_at || (at == child_at && this.0 < child_rest.0) {
                break;
            }
            times[hole] = child_at;
            rest[hole] = child_rest;
            hole = child;
        }
        times[hole] = at;
        rest[hole] = this;
    }

    /// Takes all out, in no order.
    pub fn drain(&mut self, mut take: impl FnMut(Scheduled<E>)) {
        if self.is_open {
            self.close();
        }
        for ((order, event), at) in self.rest.drain(..).zip(&mut self.times) {
            take(Scheduled { at: std::mem::replace(at, Time::NEVER), order, event });
        }
    }
}

/// Which child of a node is due first, and when; none if there are no children.
#[inline]
fn earliest_child<E>(node: usize, times: &[Time], rest: &[(u64, E)]) -> Option<(usize, Time)> {
    let first = node * CHILDREN + 1;
    if first >= rest.len() {
        return None;
    }
    let among: &[Time] = &times[first..first + CHILDREN];
    let (mut earliest, mut at, mut tie) = (0, among[0], false);
    for (child, &time) in among.iter().enumerate().skip(1) {
        // Without branches, as no processor can predict which child it will be.
        tie |= time == at;
        let earlier = time < at;
        earliest = if earlier { child } else { earliest };
        at = if earlier { time } else { at };
    }
    if tie {
        earliest = first_of_tied(among, &rest[first..]);
    }
    Some((first + earliest, at))
}

#[cold]
fn first_of_tied<E>(times: &[Time], rest: &[(u64, E)]) -> usize {
    let children = times.len().min(rest.len());
    (0..children).min_by_key(|&child| (times[child], rest[child].0)).unwrap_or(0)
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
