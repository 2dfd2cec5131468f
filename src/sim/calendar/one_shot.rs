//! What is scheduled at any time ahead and happens once: a heap, and a wheel behind it when there
//! is much.
//!
//! A heap is best for few pending events and a wheel for many (DESIGN section 5), so all begin in
//! a heap. When that outgrows the nearest cache, what lies beyond a *horizon* is put away in a wheel
//! unsorted and comes back in small sorted batches. The order in which events leave is the same.

use super::{Due, Heap, Scheduled, wheel::Wheel};
use crate::units::Time;

/// Pending events beyond which the wheel takes over.
///
/// Nanoseconds per hold (a pop and a push, exponential delays; `benches/calendar.rs`), heap and
/// wheel: with 30 events pending 30 and 33, 1,000: 44 and 46, 2,000: 48 and 51, 4,000: 61 and 60,
/// 10,000: 63 and 58, 100,000: 114 and 83, 1,000,000: 560 and 90.
const HEAP_LIMIT: usize = 2048;

/// A priority queue of any number of events; see the module's sentence.
///
/// Nothing may be scheduled before what was last taken out.
#[derive(Clone, Debug)]
pub struct OneShot<E> {
    /// What was scheduled before the horizon.
    heap: Heap<E>,
    /// What was put away and has come back as the horizon went by, the earliest last.
    batch: Vec<Scheduled<E>>,
    /// All that is due at the horizon or later.
    wheel: Wheel<E>,
    /// Never, as long as the heap suffices. While there is anything beyond the horizon, there is
    /// something before it.
    horizon: Time,
    heap_limit: usize,
    /// How large the heap may grow before it is put away; the limit or, after much had to be
    /// moved, as much as that, so that each event pays for a bounded number of moves.
    limit: usize,
}

impl<E: Copy> OneShot<E> {
    /// Takes memory for `capacity` pending events; more than that allocates.
    pub fn with_capacity(capacity: usize) -> OneShot<E> {
        OneShot::with_heap_limit(HEAP_LIMIT, capacity)
    }
    /// As [`OneShot::with_capacity`], with another number of events than the measured one up to
    /// which they stay in the heap.
    pub fn with_heap_limit(heap_limit: usize, capacity: usize) -> OneShot<E> {
        OneShot {
            heap: Heap::with_capacity(capacity.min(heap_limit + 1)),
            batch: Vec::new(),
            wheel: Wheel::default(),
            horizon: Time::NEVER,
            heap_limit,
            limit: heap_limit,
        }
    }
    pub fn len(&self) -> usize {
        self.heap.len() + self.batch.len() + self.wheel.len()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is due first, or [`NOTHING`](super::NOTHING).
    #[inline(always)]
    pub fn peek(&mut self) -> Due {
        let due = self.heap.peek();
        self.batch.last().map_or(due, |next| next.due().min(due))
    }

    #[inline(always)]
    pub fn push(&mut self, at: Time, order: u64, event: E) {
        if at < self.horizon {
            if self.heap.push(at, order, event) && self.heap.len() > self.limit {
                self.put_away();
            }
        } else {
            self.wheel.put(Scheduled { at, order, event });
        }
    }

    /// Takes out what is due first.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Scheduled<E>> {
        if !self.batch.is_empty() {
            return self.pop_beside_batch();
        }
        let first = self.heap.pop();
        if self.heap.is_empty() && self.horizon != Time::NEVER {
            self.move_horizon();
        }
        first
    }

    /// Takes out what is due first, whenever that is.
    #[inline(always)]
    pub fn pop_event(&mut self) -> Option<E> {
        if !self.batch.is_empty() {
            return self.pop_beside_batch().map(|it| it.event);
        }
        let first = self.heap.pop_event();
        if self.horizon != Time::NEVER && self.heap.is_empty() {
            self.move_horizon();
        }
        first
    }

    /// As [`OneShot::pop`], apart from it so that its path through the heap alone is short.
    #[inline(never)]
    fn pop_beside_batch(&mut self) -> Option<Scheduled<E>> {
        let first = match self.batch.last() {
            Some(next) if next.due() < self.heap.peek() => self.batch.pop(),
            _ => self.heap.pop(),
        };
        if self.batch.is_empty() && self.heap.is_empty() && self.horizon != Time::NEVER {
            self.move_horizon();
        }
        first
    }

    /// Brings the next batch back, or all if the heap suffices for it.
    fn move_horizon(&mut self) {
        debug_assert!(self.batch.is_empty() && self.heap.is_empty());
        // Well below the limit, so that it does not go to and fro.
        let suffices = self.wheel.len() <= self.heap_limit / 4;
        self.horizon = Time::NEVER;
        while !self.wheel.is_empty() {
            self.horizon = self.wheel.take_earliest(&mut self.batch);
            if !suffices {
                break;
            }
        }
        if suffices {
            self.horizon = Time::NEVER;
            self.limit = self.heap_limit;
        }
        self.batch.sort_unstable_by_key(|event| std::cmp::Reverse(event.due()));
    }

    /// Puts all that is before the horizon away, and brings the earliest of it back.
    #[cold]
    fn put_away(&mut self) {
        let mut moved = self.len() - self.wheel.len();
        let first = self.peek().0;
        moved += self.wheel.turn_back(first);
        self.batch.drain(..).for_each(|event| self.wheel.put(event));
        self.heap.drain(|event| self.wheel.put(event));
        self.limit = moved.max(self.heap_limit);
        self.move_horizon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::calendar::NOTHING;
    use crate::units::Span;
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// Random pushes and pops, `burst` at a time, in the structure and in the yardstick at once.
    fn check(
        seed: u64,
        heap_limit: usize,
        burst: u64,
        mut delay: impl FnMut(&mut Xoshiro256PlusPlus) -> u64,
    ) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut pending = OneShot::with_heap_limit(heap_limit, 0);
        let mut yardstick = BinaryHeap::new();
        let (mut now, mut scheduled) = (0, 0);
        for phase in 0..40 {
            for _ in 0..random.random_range(0..=burst) {
                // Phases grow and shrink in turn, and end where they began.
                if random.random_bool(if phase % 2 == 0 { 0.6 } else { 0.4 }) {
                    let kind = random.random_range(0..4u64) << 60;
                    let at = (now + delay(&mut random)).min(u64::MAX / 2);
                    scheduled += 1;
                    pending.push(Time::from_nanos(at), kind | scheduled, scheduled);
                    yardstick.push(Reverse((at, kind | scheduled)));
                } else {
                    let expected = yardstick.pop().map(|Reverse(due)| due);
                    let popped = pending.pop();
                    assert_eq!(popped.map(|it| (it.at.nanos(), it.order)), expected, "seed {seed}");
                    assert!(popped.is_none_or(|it| it.order & !(3 << 60) == it.event));
                    now = expected.map_or(now, |due| due.0);
                }
                let next =
                    yardstick.peek().map(|Reverse((at, order))| (Time::from_nanos(*at), *order));
                assert_eq!(pending.peek(), next.unwrap_or(NOTHING), "seed {seed}");
                assert_eq!(pending.len(), yardstick.len());
            }
        }
        while let Some(Reverse(due)) = yardstick.pop() {
            let popped = pending.pop().unwrap();
            assert_eq!((popped.at.nanos(), popped.order), due, "seed {seed}");
        }
        assert!(pending.is_empty() && pending.pop().is_none());
    }

    #[test]
    fn events_leave_in_the_order_of_a_binary_heap_whatever_their_dates() {
        let century = Span::MAX.nanos();
        for seed in 0..40 {
            for heap_limit in [0, 1, 64, HEAP_LIMIT] {
                check(seed, heap_limit, 600, |random| random.random_range(0..1000));
                check(seed, heap_limit, 600, |random| random.random_range(0..=century));
                // All orders of magnitude alike, with many ties and zero delays among the small.
                check(seed, heap_limit, 600, |random| century >> random.random_range(0..64));
                check(seed, heap_limit, 600, |random| 1_000_000 * random.random_range(0..3));
            }
        }
    }

    #[test]
    fn the_order_is_kept_when_the_heap_outgrows_its_limit_and_when_it_suffices_again() {
        for seed in 0..4 {
            check(seed, HEAP_LIMIT, 60_000, |random| random.random_range(0..1_000_000));
            check(seed, HEAP_LIMIT, 60_000, |random| {
                Span::MAX.nanos() >> random.random_range(0..64)
            });
        }
    }

    #[test]
    fn what_is_due_at_the_end_of_time_comes_after_all_else() {
        let mut pending = OneShot::with_heap_limit(0, 0);
        let ends = [0, 1, u64::MAX - 1, 1 << 60, 15 << 60, (15 << 60) - 1, u64::MAX - 2];
        for (order, at) in ends.into_iter().enumerate() {
            pending.push(Time::from_nanos(at), order as u64, at);
        }
        let left: Vec<u64> = std::iter::from_fn(|| pending.pop()).map(|it| it.event).collect();
        assert_eq!(left, [0, 1, 1 << 60, (15 << 60) - 1, 15 << 60, u64::MAX - 2, u64::MAX - 1]);
    }

    /// Each of a crowd due at one instant schedules another for that same instant: a structure
    /// that inserts in place would make some 10^10 moves here.
    #[test]
    fn a_crowd_at_one_instant_that_schedules_as_many_again_takes_no_quadratic_time() {
        const CROWD: u64 = 100_000;
        for kinds in [1, 3] {
            let mut pending = OneShot::with_capacity(0);
            let instant = Time::from_nanos(86_400_000_000_000);
            let order = |i: u64| (i % kinds) << 60 | i;
            (0..CROWD).for_each(|i| pending.push(instant, order(i), i));
            for i in CROWD..3 * CROWD {
                assert_eq!(pending.pop().unwrap().at, instant);
                pending.push(instant, order(i), i);
            }
            let left: Vec<u64> = std::iter::from_fn(|| pending.pop()).map(|it| it.order).collect();
            assert_eq!(left.len() as u64, CROWD);
            assert!(left.is_sorted());
        }
    }

    /// The wheel has turned an hour ahead for a few early events when a flood comes in before
    /// them.
    #[test]
    fn a_flood_before_the_horizon_turns_the_wheel_back() {
        let mut pending = OneShot::with_heap_limit(64, 0);
        let hour = 3_600_000_000_000;
        for i in 0..1000 {
            pending.push(Time::from_nanos(hour + i * hour / 100), i, i);
        }
        assert!(pending.wheel.len() > 900);
        for i in 1000..200_000 {
            pending.push(Time::from_nanos((i * 7919) % hour), i, i);
        }
        assert!(pending.heap.len() < 10_000 && pending.batch.len() < 100);
        let left: Vec<Due> = std::iter::from_fn(|| pending.pop()).map(|it| it.due()).collect();
        assert!(left.is_sorted() && left.len() == 200_000);
    }
}
