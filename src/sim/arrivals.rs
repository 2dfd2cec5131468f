//! When the next request of each class comes: unit exponential gaps, stretched by the rate.
//!
//! An inhomogeneous Poisson process is a unit-rate one seen through the cumulated rate Λ: its n-th
//! arrival is where Λ reaches the sum of the first n gaps (E. Çinlar, "Introduction to Stochastic
//! Processes", 1975, section 4.7). The gaps hang on the request's number alone, so that two designs
//! under the same load meet the same arrivals. A renewal process draws its gaps from any law. Recorded
//! instants are taken as they are.

use crate::network::Arrival;
use crate::parts::arrival::Phases;
use crate::parts::distribution::Law;
use crate::rng::{Side, mix};
use crate::units::{Span, Time};

/// An open class's stream of requests.
pub struct Arrivals<'n> {
    /// Per second, if it never changes; else not a number.
    constant: f64,
    course: Course<'n>,
    key: u64,
    side: Side,
    /// Requests so far.
    pub number: u64,
    /// The gap before the next one, drawn one request ahead: by the time it is needed it is there.
    gap: f64,
    last: Time,
}

/// What the gaps between requests depend on, where it is more than a rate.
enum Course<'n> {
    /// Rates per second, constant from each of these times on, and the present stretch.
    Rates(&'n [(Time, f64)], usize),
    /// The law of the gaps, where they are not exponential.
    Gaps(&'n Law),
    Bursts(Phases<'n>),
    Instants(&'n [Time]),
}

impl<'n> Arrivals<'n> {
    pub fn new(key: u64, side: Side, arrival: &'n Arrival) -> Self {
        let gap = side.draw(key, 0).exponential();
        let constant = match arrival {
            Arrival::Open { rates } if rates.len() == 1 && rates[0].1 > 0.0 => rates[0].1,
            _ => f64::NAN,
        };
        let course = match arrival {
            Arrival::Open { rates } => Course::Rates(rates, 0),
            Arrival::Renewal { gap } => Course::Gaps(gap),
            // Phases have luck of their own, apart from that of the requests in them.
            Arrival::Bursts { phases } => Course::Bursts(Phases::new(phases, mix(key), side)),
            Arrival::Instants { at } => Course::Instants(at),
            // They come when their users ask, and none by itself.
            Arrival::Closed { .. } | Arrival::InSessions => Course::Instants(&[]),
        };
        Arrivals { constant, course, key, side, number: 0, gap, last: Time::ZERO }
    }

    /// When the next one comes.
    #[inline(always)]
    pub fn next(&mut self) -> Time {
        self.number += 1;
        let following = self.side.draw(self.key, self.number).exponential();
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
        match &mut self.course {
            Course::Gaps(law) => self.last + law.draw(&mut self.side.draw(self.key, self.number)),
            Course::Bursts(phases) => phases.across(self.last, gap),
            Course::Instants(at) => {
                at.get(self.number as usize - 1).copied().unwrap_or(Time::NEVER)
            }
            Course::Rates(rates, stretch) => across(rates, stretch, self.last, gap),
        }
    }
}

/// Uses a gap up across stretches of different rates.
fn across(rates: &[(Time, f64)], stretch: &mut usize, mut from: Time, mut gap: f64) -> Time {
    loop {
        let rate = rates[*stretch].1;
        let Some((end, _)) = rates.get(*stretch + 1) else {
            let never = rate <= 0.0 || from == Time::NEVER;
            return if never { Time::NEVER } else { from + Span::from_nanos_f64(gap * 1e9 / rate) };
        };
        let holds = rate * (*end - from).as_secs();
        if gap < holds {
            return from + Span::from_nanos_f64(gap * 1e9 / rate);
        }
        gap -= holds;
        from = *end;
        *stretch += 1;
    }
}
