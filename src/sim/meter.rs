//! How many there are of something over time, and the area under that number.
//!
//! The area under a count that goes up when something comes and down when it goes is the sum of
//! the times of going, less the sum of the times of coming, plus the present time for each that is
//! still there. So a change costs one addition, and nothing is ever rounded.

use crate::units::Time;

#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    /// The times of going less those of coming, in nanoseconds.
    stamps_ns: i128,
    level: u32,
}

impl Meter {
    #[inline]
    pub fn up(&mut self, now: Time) {
        self.level += 1;
        self.stamps_ns -= i128::from(now.nanos());
    }

    #[inline]
    pub fn down(&mut self, now: Time) {
        debug_assert!(self.level > 0, "more went than came");
        self.level -= 1;
        self.stamps_ns += i128::from(now.nanos());
    }

    #[inline]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// The area since the run opened, in nanoseconds.
    pub fn area_ns(&self, now: Time) -> u128 {
        (self.stamps_ns + i128::from(self.level) * i128::from(now.nanos())) as u128
    }
}
