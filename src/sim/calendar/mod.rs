//! What is due when: the event structures from which the engine takes its next event.
//!
//! Everything here sorts by time, then by an `order` that the caller hands in (smaller leaves
//! first). An order is unique among what is pending and below `u64::MAX`; its top bits say what
//! kind of thing is due, the rest is a number that only grows. Nothing is due at [`Time::NEVER`]:
//! an empty structure answers [`NOTHING`].
//!
//! - [`OneShot`]: what is scheduled at any time ahead and happens once; a [`Heap`] while it is
//!   little, a [`wheel`] when it is much.
//! - [`Ring`]: what is due one constant delay after it was scheduled, so that it leaves in the
//!   order in which it came.
//! - [`Lanes`]: a fixed set of slots, each with one due time that is moved in place.

pub mod heap;
pub mod lanes;
pub mod one_shot;
pub mod ring;
pub mod wheel;

pub use heap::Heap;
pub use lanes::Lanes;
pub use one_shot::OneShot;
pub use ring::Ring;

use crate::units::Time;

/// When something is due, and its place among what is due at the same instant.
pub type Due = (Time, u64);

/// Whether one is due before the other; as one comparison of 128 bits it takes no branch.
#[inline]
pub fn earlier(one: Due, other: Due) -> bool {
    let bits = |(at, order): Due| u128::from(at.nanos()) << 64 | u128::from(order);
    bits(one) < bits(other)
}

/// What an empty structure answers when asked what is due: later than anything.
pub const NOTHING: Due = (Time::NEVER, u64::MAX);

/// An event with its place in the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled<E> {
    pub at: Time,
    pub order: u64,
    pub event: E,
}

impl<E> Scheduled<E> {
    #[inline]
    pub fn due(&self) -> Due {
        (self.at, self.order)
    }
}
