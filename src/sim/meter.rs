//! How many there are of something over time, and the area under that number.
//!
//! The area under a count that goes up when something comes and down when it goes is the sum of
//! the times of going, less the sum of the times of coming, plus the present time for each that is
//! still there. So a change costs one addition, and nothing is ever rounded.

use crate::units::Time;

#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    level: u32,
    stamps_ns: i128,
    at_opening_ns: i128,
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

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        self.at_opening_ns = self.area_ns(now) as i128;
    }

    /// The area since the measurement started, in nanoseconds.
    pub fn measured_ns(&self, now: Time) -> u128 {
        self.area_ns(now) - self.at_opening_ns as u128
    }
}
