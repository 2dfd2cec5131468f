//! When the next request of each class comes: unit exponential gaps, stretched by the rate.
//!
//! An inhomogeneous Poisson process is a unit-rate one seen through the cumulated rate Λ: its n-th
//! arrival is where Λ reaches the sum of the first n gaps (E. Çinlar, "Introduction to Stochastic
//! Processes", 1975, section 4.7). The gaps hang on the request's number alone, so that two designs
//! under the same load meet the same arrivals.

use crate::rng::Draw;
use crate::units::{Span, Time};

/// An open class's stream of requests.
pub struct Arrivals {
    key: u64,
    /// Requests so far.
    pub number: u64,
    /// The present stretch of constant rate.
    stretch: usize,
    last: Time,
}

impl Arrivals {
    pub fn new(key: u64) -> Arrivals {
        Arrivals { key, number: 0, stretch: 0, last: Time::ZERO }
    }

    /// When the next one comes under these rates, constant per second from each time on.
    #[inline]
    pub fn next(&mut self, rates: &[(Time, f64)]) -> Time {
        let gap = Draw::at(self.key, self.number).exponential();
        self.number += 1;
        match rates {
            [(_, rate)] if *rate > 0.0 => self.last = self.last + Span::from_nanos_f64(gap * 1e9 / rate),
            _ => self.last = self.across(gap, rates),
        }
        self.last
    }

    /// Uses the gap up across stretches of different rates.
    fn across(&mut self, mut gap: f64, rates: &[(Time, f64)]) -> Time {
        let mut from = self.last;
        loop {
            let rate = rates[self.stretch].1;
            let Some((end, _)) = rates.get(self.stretch + 1) else {
                let never = rate <= 0.0 || from == Time::NEVER;
                return if never { Time::NEVER } else { from + Span::from_nanos_f64(gap * 1e9 / rate) };
            };
            let holds = rate * (*end - from).as_secs();
            if gap < holds {
                return from + Span::from_nanos_f64(gap * 1e9 / rate);
            }
            gap -= holds;
            from = *end;
            self.stretch += 1;
        }
    }
}
