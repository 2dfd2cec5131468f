//! A load surge: for a while more requests come than usual (a marketing blitz, a flash sale).

use crate::units::{Span, Time};

/// A factor on the rate of arrivals: one before, rising in a straight line, held, and falling again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surge {
    pub factor: f64,
    pub at: Time,
    pub hold: Span,
    pub rise: Span,
    pub decay: Span,
}

/// Into how many steps of constant rate a rise or a decay is cut.
const RAMP: u64 = 100;

impl Surge {
    /// Rates that are constant from each of these times on, multiplied with the surge; the first
    /// time is zero, and no time is given twice.
    pub fn on(&self, rates: &[(Time, f64)]) -> Vec<(Time, f64)> {
        let mut times: Vec<Time> = rates.iter().map(|it| it.0).chain(self.times()).collect();
        times.sort_unstable();
        times.dedup();
        let rate = |at: Time| rates.iter().rev().find(|it| it.0 <= at).map_or(0.0, |it| it.1);
        times.iter().map(|at| (*at, rate(*at) * self.factor_at(*at))).collect()
    }

    /// When the factor changes.
    fn times(&self) -> impl Iterator<Item = Time> + '_ {
        let ramp = |from: Time, length: Span| {
            let steps = if length.is_zero() { 1 } else { RAMP };
            (0..=steps).map(move |i| from + Span::from_nanos(length.nanos() / steps * i))
        };
        let falls = self.at + self.rise + self.hold;
        ramp(self.at, self.rise).chain(ramp(falls, self.decay)).chain([falls + self.decay])
    }

    /// The factor in the step that begins then: that of the middle of the step.
    fn factor_at(&self, at: Time) -> f64 {
        let (full, falls) = (self.at + self.rise, self.at + self.rise + self.hold);
        let share = |from: Time, length: Span| {
            let step = length.nanos() / RAMP;
            ((at - from).nanos() / step.max(1)) as f64 / RAMP as f64 + 0.5 / RAMP as f64
        };
        let risen = match at {
            it if it < self.at || it >= falls + self.decay => 0.0,
            it if it < full => share(self.at, self.rise),
            it if it < falls => 1.0,
            _ => 1.0 - share(falls, self.decay),
        };
        1.0 + (self.factor - 1.0) * risen.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_whole_secs(secs)
    }

    fn surge(rise: u64, decay: u64) -> Surge {
        let span = Span::from_whole_secs;
        Surge { factor: 3.0, at: at(100), hold: span(30), rise: span(rise), decay: span(decay) }
    }

    #[test]
    fn without_ramps_the_rate_is_multiplied_for_a_while_and_as_before_after_it() {
        let rates = surge(0, 0).on(&[(Time::ZERO, 10.0), (at(110), 20.0)]);
        let expected = [(Time::ZERO, 10.0), (at(100), 30.0), (at(110), 60.0), (at(130), 20.0)];
        assert_eq!(rates, expected);
    }

    #[test]
    fn ramps_add_half_of_what_they_would_if_held() {
        let rates = surge(10, 20).on(&[(Time::ZERO, 10.0)]);
        let ends = rates.iter().skip(1).map(|it| it.0).chain([at(1000)]);
        let all: f64 =
            rates.iter().zip(ends).map(|((from, rate), to)| rate * (to - *from).as_secs()).sum();
        // A thousand seconds at ten, twenty more while it is held, ten more on average on the ramps.
        assert!((all - (10_000.0 + 600.0 + 300.0)).abs() < 1e-6, "{all}");
        assert!(rates.iter().all(|it| (10.0..=30.0).contains(&it.1)));
    }
}
