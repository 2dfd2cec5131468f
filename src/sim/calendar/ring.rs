//! Events that are all due one constant delay after they are scheduled: first in, first out.
//!
//! A timeout that nearly always lapses unused costs a few nanoseconds here, and would cost a walk
//! through the heap, among a thousand others like it, there.

use super::{Due, NOTHING, Scheduled};
use crate::units::Time;

/// A queue in a circular buffer that doubles when full and allocates at no other time.
#[derive(Clone, Debug)]
pub struct Ring<E> {
    /// A power of two of places, or none yet.
    places: Vec<Scheduled<E>>,
    head: usize,
    len: usize,
}

impl<E> Default for Ring<E> {
    fn default() -> Ring<E> {
        Ring { places: Vec::new(), head: 0, len: 0 }
    }
}

impl<E: Copy> Ring<E> {
    pub fn new() -> Ring<E> {
        Ring::default()
    }
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// What is due first, or [`NOTHING`].
    #[inline]
    pub fn head(&self) -> Due {
        if self.len == 0 { NOTHING } else { self.places[self.head].due() }
    }

    /// The event that is due first.
    #[inline]
    pub fn first(&self) -> Option<E> {
        if self.len == 0 { None } else { Some(self.places[self.head].event) }
    }

    /// Appends an event, which must be due after all that are here.
    #[inline]
    pub fn push(&mut self, at: Time, order: u64, event: E) {
        let last = Scheduled { at, order, event };
        debug_assert!(
            self.len == 0 || self.places[self.place(self.len - 1)].due() < last.due(),
            "a constant delay keeps the order"
        );
        if self.len == self.places.len() {
            self.grow(last);
        }
        let place = self.place(self.len);
        self.places[place] = last;
        self.len += 1;
    }

    /// Takes out what is due first.
    #[inline]
    pub fn pop(&mut self) -> Option<Scheduled<E>> {
        if self.len == 0 {
            return None;
        }
        let first = self.places[self.head];
        self.head = self.place(1);
        self.len -= 1;
        Some(first)
    }

    /// Where the event lies that `ahead` others precede.
    #[inline]
    fn place(&self, ahead: usize) -> usize {
        (self.head + ahead) & (self.places.len() - 1)
    }

    #[cold]
    fn grow(&mut self, filler: Scheduled<E>) {
        self.places.rotate_left(self.head);
        self.head = 0;
        self.places.resize((2 * self.places.len()).max(16), filler);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_leave_in_the_order_in_which_they_came_while_the_ring_grows_and_turns() {
        let mut ring = Ring::new();
        let (mut pushed, mut popped) = (0, 0);
        assert_eq!((ring.head(), ring.pop()), (NOTHING, None));
        for (pushes, pops) in [(10, 7), (30, 2), (100, 120), (5, 16), (64, 0), (1, 65)] {
            for _ in 0..pushes {
                ring.push(Time::from_nanos(pushed / 3), pushed, pushed * 2);
                pushed += 1;
            }
            for _ in 0..pops {
                assert_eq!(ring.head(), (Time::from_nanos(popped / 3), popped));
                assert_eq!(ring.pop().unwrap().event, popped * 2);
                popped += 1;
            }
            assert_eq!(ring.len() as u64, pushed - popped);
        }
        assert!(ring.is_empty());
        assert_eq!(ring.head(), NOTHING);
    }
}
