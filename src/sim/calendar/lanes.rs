//! Things that always have one next date, moved in place: the lanes of a calendar.
//!
//! The next arrival of each traffic class, the head of each ring, the earliest finish of each
//! processor: how many there are is known when a run opens. A tournament decides which is first
//! (Knuth, "The Art of Computer Programming" vol. 3, section 5.4.1): moving a date replays only
//! the matches of its own slot, and no more of them than it wins or used to win.
//!
//! Measured: 2 ns a move with one slot, 7 with two, 12 with four, 17 with eight, 23 with sixteen.
//! Looking through all slots instead is 1 to 3 ns faster up to eight, and slower from twelve on; so
//! a few are looked through, and even that only if the earliest is moved behind the second.

use super::{Due, NOTHING, earlier};
use crate::units::Time;

/// A fixed number of slots, each due once, at a date that may be moved at any time.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// Time, order and slot of what is due first of all.
    first: (Time, u64, usize),
    /// Of a few slots, when the earliest of the others is due.
    second: Due,
    /// The dates of a few slots, which are looked through.
    few: [Due; FEW],
    /// Of more slots, time, order and slot that won each match. Match `i` is between the winners of
    /// `2i` and `2i + 1`; the second half are the slots themselves.
    matches: Vec<(Time, u64, usize)>,
}

/// So many slots are looked through.
const FEW: usize = 4;

impl Lanes {
    /// Slots `0..slots`, with nothing due in any of them.
    pub fn new(slots: usize) -> Lanes {
        let leaves = if slots <= FEW { 0 } else { slots.next_power_of_two() };
        let matches = (0..2 * leaves).map(|i| (NOTHING.0, NOTHING.1, i % leaves)).collect();
        let first = (NOTHING.0, NOTHING.1, 0);
        Lanes { first, second: NOTHING, few: [NOTHING; FEW], matches }
    }

    /// What is due first, and in which slot; [`NOTHING`], and any slot, if none has a date.
    #[inline]
    pub fn first(&self) -> (Time, u64, usize) {
        self.first
    }

    /// What is due in one slot, or [`NOTHING`].
    #[inline]
    pub fn due(&self, slot: usize) -> Due {
        match self.matches.len() {
            0 => self.few[slot],
            len => {
                let (at, order, _) = self.matches[len / 2 + slot];
                (at, order)
            }
        }
    }

    /// Moves the date of a slot.
    #[inline(always)]
    pub fn set(&mut self, slot: usize, at: Time, order: u64) {
        if !self.matches.is_empty() {
            return self.play(slot, at, order);
        }
        self.few[slot % FEW] = (at, order);
        if slot == self.first.2 && earlier((at, order), self.second) {
            self.first = (at, order, slot);
        } else {
            self.look_through();
        }
    }

    #[inline(never)]
    fn look_through(&mut self) {
        self.first = first_of(&self.few);
        let mut others = self.few;
        others[self.first.2] = NOTHING;
        let (at, order, _) = first_of(&others);
        self.second = (at, order);
    }

    #[inline(never)]
    fn play(&mut self, slot: usize, at: Time, order: u64) {
        let matches = &mut self.matches[..];
        let mut i = matches.len() / 2 + slot;
        let mut winner = (at, order, slot);
        matches[i] = winner;
        while i > 1 {
            let other = matches[i ^ 1];
            let loses = earlier((other.0, other.1), (winner.0, winner.1));
            i /= 2;
            if loses && matches[i].2 == other.2 {
                return; // The other had won before: nothing changes from here on.
            }
            winner = if loses { other } else { winner };
            matches[i] = winner;
        }
        self.first = winner;
    }

    /// Leaves a slot without a date.
    #[inline]
    pub fn clear(&mut self, slot: usize) {
        self.set(slot, NOTHING.0, NOTHING.1);
    }
}

/// The earliest of a few dates, in two rounds: no branch depends on who wins.
#[inline(always)]
fn first_of(few: &[Due; FEW]) -> (Time, u64, usize) {
    let of = |one: (Due, usize), other: (Due, usize)| {
        if earlier(other.0, one.0) { other } else { one }
    };
    let [a, b, c, d] = *few;
    let ((at, order), slot) = of(of((a, 0), (b, 1)), of((c, 2), (d, 3)));
    (at, order, slot)
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
