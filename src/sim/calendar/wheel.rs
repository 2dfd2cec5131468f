//! Events far ahead, put away by date without being sorted: a hierarchical timing wheel.
//!
//! Varghese and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987, scheme 7: level 0 has
//! a slot for each nanosecond of the current 64, level 1 one for each 64 ns of the current 4096,
//! and so on to the end of time. Going through time, the earliest slot is spread over the level
//! below it; a slot with few events is handed out instead, for the caller to sort.

use super::Scheduled;
use crate::units::Time;

/// Bits of a date that one level looks at, and with them the slots of a level.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;

/// So many events are cheaper to sort at once than to spread over further levels.
const FEW: usize = 24;

/// Unsorted events, none of them before the instant up to which the wheel has turned.
#[derive(Clone, Debug)]
pub struct Wheel<E> {
    /// `LEVELS` times `SLOTS` lists, once there has been an event.
    slots: Vec<Vec<Scheduled<E>>>,
    /// Which slots of each level hold events, and which levels do.
    occupied: [u64; LEVELS],
    levels: u32,
    /// How far the wheel has turned. An event is on the level of the highest digit (in base 64)
    /// in which its date differs from this.
    turned: u64,
    len: usize,
}

impl<E> Default for Wheel<E> {
    fn default() -> Wheel<E> {
        Wheel { slots: Vec::new(), occupied: [0; LEVELS], levels: 0, turned: 0, len: 0 }
    }
}

impl<E: Copy> Wheel<E> {
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts an event away; it must not be due before the end of what was last handed out.
    #[inline]
    pub fn put(&mut self, event: Scheduled<E>) {
        let at = event.at.nanos();
        debug_assert!(at >= self.turned, "the wheel has turned past this event");
        let level = level(at ^ self.turned);
        let slot = (at >> (level * BITS)) as usize % SLOTS;
        self.slots[level as usize * SLOTS + slot].push(event);
        self.occupied[level as usize] |= 1 << slot;
        self.levels |= 1 << level;
        self.len += 1;
    }

    /// Hands out the earliest events: a few, or any number that are due at one instant.
    ///
    /// Returns the time before which nothing is left here, which is when they end.
    pub fn take_earliest(&mut self, into: &mut Vec<Scheduled<E>>) -> Time {
        debug_assert!(!self.is_empty());
        loop {
            let level = self.levels.trailing_zeros();
            let slot = self.occupied[level as usize].trailing_zeros();
            let width = 1u64 << (level * BITS);
            // The digits above this level stay, this one becomes the slot, those below nought.
            let above = self.turned.checked_shr((level + 1) * BITS).unwrap_or(0);
            let start =
                above.checked_shl((level + 1) * BITS).unwrap_or(0) + u64::from(slot) * width;
            let mut events = self.empty_slot(level, slot);
            self.turned = start;
            let hand_out = events.len() <= FEW || level == 0;
            if hand_out {
                into.extend_from_slice(&events);
            } else {
                events.iter().for_each(|&event| self.put(event));
            }
            events.clear();
            self.slots[level as usize * SLOTS + slot as usize] = events;
            if hand_out {
                return Time::from_nanos(start.saturating_add(width));
            }
        }
    }

    /// Turns the wheel back, so that events as early as `to` can be put away.
    ///
    /// Returns how many events had to move for it. An empty wheel turns for nothing, both ways.
    pub fn turn_back(&mut self, to: Time) -> usize {
        if self.slots.is_empty() {
            self.slots = (0..LEVELS * SLOTS).map(|_| Vec::new()).collect();
        }
        if self.is_empty() {
            self.turned = to.nanos();
        }
        if self.turned <= to.nanos() {
            return 0;
        }
        // On the level of the highest digit that changes, and above, all stay where they are.
        let changed = level(to.nanos() ^ self.turned);
        let mut moved = Vec::new();
        for level in 0..changed {
            while self.occupied[level as usize] != 0 {
                let slot = self.occupied[level as usize].trailing_zeros();
                moved.append(&mut self.empty_slot(level, slot));
            }
        }
        self.turned = to.nanos();
        moved.iter().for_each(|&event| self.put(event));
        moved.len()
    }

    /// Takes the events of a slot out, with the memory that they lie in.
    fn empty_slot(&mut self, level: u32, slot: u32) -> Vec<Scheduled<E>> {
        let occupied = &mut self.occupied[level as usize];
        *occupied &= !(1 << slot);
        if *occupied == 0 {
            self.levels &= !(1 << level);
        }
        let events = std::mem::take(&mut self.slots[level as usize * SLOTS + slot as usize]);
        self.len -= events.len();
        events
    }
}

/// The highest digit in which two dates differ, from their exclusive or.
#[inline]
fn level(difference: u64) -> u32 {
    (u64::BITS - 1 - (difference | 1).leading_zeros()) / BITS
}
