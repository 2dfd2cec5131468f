//! Arrivals in bursts: a Poisson process whose rate changes at random (a Markov-modulated Poisson
//! process: W. Fischer, K. Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook",
//! Performance Evaluation 18(2), 1993). Its phases follow one another in turn, each for an
//! exponential time.

use crate::problem::{Code, Findings};
use crate::rng::Side;
use crate::units::{Rate, Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// A phase of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Requests while it lasts.
    pub rate: Rate,
    /// How long it lasts, on average.
    #[schemars(example = "10s")]
    pub stay: Span,
}

/// Requests for each time that all phases have come.
const REQUESTS_MIN: f64 = 1e-6;
const PHASES_MAX: usize = 100;
/// Phases shorter than this are a rate of their own.
const STAY_MIN: Span = Span::from_nanos(1_000_000);

impl Burst {
    pub fn check_all(all: &[Burst], findings: &mut Findings) {
        if !(2..=PHASES_MAX).contains(&all.len()) {
            let rule = format!("must have from 2 to {PHASES_MAX} phases, not {}", all.len());
            findings.wrong(Code::E007, rule, "a quiet one and a busy one");
        }
        for (i, burst) in all.iter().enumerate() {
            findings.inside(i, |it| {
                if burst.stay < STAY_MIN {
                    let rule = format!("must be at least {STAY_MIN}, not {}", burst.stay);
                    it.wrong_at("stay", Code::E007, rule, "");
                }
                if burst.rate.as_per_s() > 1e9 {
                    it.wrong_at("rate", Code::E012, "at most 1e9/s can be run", "");
                }
            });
        }
        let in_turn: f64 = all.iter().map(|it| it.rate.as_per_s() * it.stay.as_secs()).sum();
        if !all.is_empty() && in_turn < REQUESTS_MIN {
            let rule = "the phases go round a million times before there is a request";
            findings.wrong(Code::E013, rule, "\"rate\": \"100/s\"");
        }
    }
}

/// Phases as they come in one run.
#[derive(Clone, Debug)]
pub struct Phases<'n> {
    /// Rate per second and mean stay.
    phases: &'n [(f64, Span)],
    key: u64,
    side: Side,
    /// Phases begun so far, the present one too.
    begun: u64,
    at: usize,
    until: Time,
}

impl<'n> Phases<'n> {
    /// Begins in a phase with the chance that a late look would find it there.
    pub fn new(phases: &'n [(f64, Span)], key: u64, side: Side) -> Phases<'n> {
        let mut it = Phases { phases, key, side, begun: 0, at: 0, until: Time::ZERO };
        let all: f64 = phases.iter().map(|it| it.1.as_secs()).sum();
        let mut chosen = side.draw(key, u64::MAX).unit() * all;
        let found = phases.iter().position(|phase| {
            chosen -= phase.1.as_secs();
            chosen < 0.0
        });
        it.at = found.unwrap_or(0);
        it.begin(Time::ZERO);
        it
    }

    fn begin(&mut self, now: Time) {
        let stay = self.side.draw(self.key, self.begun).exponential();
        self.begun += 1;
        self.until = now + Span::from_nanos_f64(stay * self.phases[self.at].1.nanos() as f64);
    }

    /// When so many mean numbers of requests more have come, from a time in the present phase on.
    pub fn across(&mut self, from: Time, mut gap: f64) -> Time {
        let mut from = from;
        loop {
            let rate = self.phases[self.at].0;
            let holds = rate * (self.until - from).as_secs();
            if gap < holds {
                return from + Span::from_nanos_f64(gap * 1e9 / rate);
            }
            gap -= holds;
            from = self.until;
            self.at = (self.at + 1) % self.phases.len();
            self.begin(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Draw;

    #[test]
    fn requests_come_at_the_mean_rate_and_scatter_more_than_poisson() {
        let phases = [(100.0, Span::from_whole_secs(3)), (1000.0, Span::from_whole_secs(1))];
        let count = |run: u64| {
            let key = crate::rng::mix(run);
            let (mut it, mut at, mut n) = (Phases::new(&phases, key, Side::PLAIN), Time::ZERO, 0);
            while at < Time::ZERO + Span::from_whole_secs(400) {
                at = it.across(at, Draw::at(!key, n).exponential());
                n += 1;
            }
            n as f64
        };
        let counts: Vec<f64> = (0..200).map(count).collect();
        let mean = counts.iter().sum::<f64>() / 200.0;
        let variance = counts.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 199.0;
        // Mean rate (3 × 100 + 1 × 1000) / 4.
        let expected = 400.0 * 325.0;
        assert!((mean - expected).abs() < 4.0 * (variance / 200.0).sqrt(), "{mean}");
        assert!(variance > 20.0 * mean, "{variance} is hardly more than Poisson's {mean}");
    }
}
