//! When the next request of each class comes: unit exponential gaps, stretched by the rate.
//!
//! An inhomogeneous Poisson process is a unit-rate one seen through the cumulated rate Λ: its n-th
//! arrival is where Λ reaches the sum of the first n gaps (E. Çinlar, "Introduction to Stochastic
//! Processes", 1975, section 4.7). The gaps hang on the request's number alone, so that two designs
//! under the same load meet the same arrivals. A renewal process draws its gaps from any law.

use crate::parts::distribution::Law;
use crate::rng::Draw;
use crate::units::{Span, Time};

/// An open class's stream of requests.
pub struct Arrivals<'n> {
    /// Per second, if it never changes; else not a number.
    constant: f64,
    /// Per second, constant from each of these times on.
    rates: &'n [(Time, f64)],
    /// The law of the gaps, where they are not exponential.
    gaps: Option<&'n Law>,
    key: u64,
    /// Requests so far.
    pub number: u64,
    /// The gap before the next one, drawn one request ahead: by the time it is needed it is there.
    gap: f64,
    last: Time,
    /// The present stretch of constant rate.
    stretch: usize,
}

impl<'n> Arrivals<'n> {
    pub fn new(key: u64, rates: &'n [(Time, f64)], gaps: Option<&'n Law>) -> Self {
        let gap = Draw::at(key, 0).exponential();
        let constant = match rates {
            [(_, rate)] if *rate > 0.0 => *rate,
            _ => f64::NAN,
        };
        Arrivals { constant, rates, gaps, key, number: 0, gap, last: Time::ZERO, stretch: 0 }
    }

    /// When the next one comes.
    #[inline(always)]
    pub fn next(&mut self) -> Time {
        self.number += 1;
        let following = Draw::at(self.key, self.number).exponential();
        let gap = std::mem::replace(&mut self.gap, following);
        self.last = match self.constant > 0.0 {
            true => self.last + Span::from_nanos_f64(gap * 1e9 / self.constant),
            false => self.later(gap),
        };
        self.last
    }

    /// The same at a rate that changes, or by gaps of another law.
    #[inline(never)]
    fn later(&mut self, gap: f64) -> Time {
        match self.gaps {
            Some(law) => self.last + law.draw(&mut Draw::at(self.key, self.number)),
            None => self.across(gap),
        }
    }

    /// Uses the gap up across stretches of different rates.
    #[cold]
    fn across(&mut self, mut gap: f64) -> Time {
        let rates = self.rates;
        let mut from = self.last;
        loop {
            let rate = rates[self.stretch].1;
            let Some((end, _)) = rates.get(self.stretch + 1) else {
                let never = rate <= 0.0 || from == Time::NEVER;
                return if never {
                    Time::NEVER
                } else {
                    from + Span::from_nanos_f64(gap * 1e9 / rate)
                };
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
