//! Things that always have one next date, moved in place: the lanes of a calendar.
//!
//! The next arrival of each traffic class, the head of each ring, the earliest finish of each
//! processor: how many there are is known when a run opens. A tournament decides which is first
//! (Knuth, "The Art of Computer Programming" vol. 3, 5.4.1): moving a date replays only the
//! matches of its own lane, and no more of them than change their winner.

use super::{Due, NOTHING};
use crate::units::Time;

/// A fixed number of slots, each due once, at a date that may be moved at any time.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// The tournament: match `i` was won by the winner of `2i` or of `2i + 1`; the slots
    /// themselves are the second half.
    matches: Vec<(Due, usize)>,
}

impl Lanes {
    /// Slots `0..slots`, with nothing due in any of them.
    pub fn new(slots: usize) -> Lanes {
        let leaves = slots.max(1).next_power_of_two();
        let mut matches = vec![(NOTHING, 0); 2 * leaves];
        for (slot, leaf) in matches[leaves..].iter_mut().enumerate() {
            leaf.1 = slot;
        }
        Lanes { matches }
    }

    /// What is due first, and in which slot; [`NOTHING`] if no slot has a date.
    #[inline]
    pub fn first(&self) -> (Time, u64, usize) {
        let ((at, order), slot) = self.matches[1];
        (at, order, slot)
    }

    /// What is due in one slot.
    #[inline]
    pub fn due(&self, slot: usize) -> Due {
        self.matches[self.matches.len() / 2 + slot].0
    }

    /// Moves the date of a slot; `Time::NEVER` with `u64::MAX` leaves it without one.
    #[inline]
    pub fn set(&mut self, slot: usize, at: Time, order: u64) {
        let mut i = self.matches.len() / 2 + slot;
        self.matches[i] = ((at, order), slot);
        while i > 1 {
            let (one, other) = (self.matches[i], self.matches[i ^ 1]);
            let winner = if one.0 <= other.0 { one } else { other };
            i /= 2;
            if self.matches[i] == winner {
                return;
            }
            self.matches[i] = winner;
        }
    }

    /// Leaves a slot without a date.
    #[inline]
    pub fn clear(&mut self, slot: usize) {
        self.set(slot, NOTHING.0, NOTHING.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_slot_is_first_however_often_dates_are_moved() {
        for slots in 1..=20 {
            let mut lanes = Lanes::new(slots);
            let mut dates = vec![NOTHING; slots];
            let mut state = slots as u64;
            assert_eq!((lanes.first().0, lanes.first().1), NOTHING);
            for order in 0..2000 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let slot = (state >> 33) as usize % slots;
                let date = match (state >> 59) % 4 {
                    0 => NOTHING,
                    _ => (Time::from_nanos((state >> 40) % 16), order),
                };
                dates[slot] = date;
                lanes.set(slot, date.0, date.1);
                let (at, order, first) = lanes.first();
                assert_eq!((at, order), *dates.iter().min().unwrap());
                assert_eq!(lanes.due(slot), date);
                assert!((at, order) == NOTHING || dates[first] == (at, order));
            }
        }
    }
}
