//! Throwing away whoever has waited too long, once everybody does: controlled delay.
//!
//! K. Nichols, V. Jacobson, "Controlling queue delay", ACM Queue 10(5), 2012; in the form of RFC
//! 8289, 2018, section 5. A line that is only a burst is left alone; one whose shortest wait in an
//! interval was above the target stands, and is thinned: one request at first, then more and more
//! often, as the square root of how many it has been. Requests count where packets did, and the
//! last in line is always served.

use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// When to thin a line out; what is thrown away is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Codel {
    /// The wait that is put up with for good; RFC 8289 has 5 ms.
    #[serde(default = "five_ms")]
    #[schemars(example = "5ms")]
    pub target: Span,
    /// For how long all must have waited longer; RFC 8289 has 100 ms.
    #[serde(default = "hundred_ms")]
    #[schemars(example = "100ms")]
    pub interval: Span,
}

fn five_ms() -> Span {
    Span::from_nanos(5_000_000)
}
fn hundred_ms() -> Span {
    Span::from_nanos(100_000_000)
}

impl Codel {
    pub fn check(&self, findings: &mut Findings) {
        if self.interval.is_zero() {
            let rule = "must be longer than nothing";
            findings.wrong_at("interval", Code::E007, rule, "\"100ms\"");
        } else if self.target >= self.interval {
            let rule = format!("must be shorter than the interval, {}", self.interval);
            findings.wrong_at("target", Code::E010, rule, "\"5ms\"");
        }
    }
}

/// How a line has stood of late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// When the waits will have been too long for an interval; none if the last one was short.
    too_long_at: Option<Time>,
    /// Whether the line is being thinned.
    thins: bool,
    /// When the next one is thrown away.
    next: Time,
    /// How many were thrown away in this thinning, and when the one before it began to ebb.
    count: u32,
    count_before: u32,
    /// What the one just taken out of line meant, as that decides about the one behind it.
    after: After,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum After {
    #[default]
    Served,
    /// It was the first that a thinning threw away: the one behind it is served.
    First,
    /// It was thrown away like others before it.
    Another,
}

impl Standing {
    /// Whether the one that was just taken out of line, where it waited so long, with so many still
    /// behind it, is to be thrown away.
    pub fn throws(&mut self, spec: &Codel, now: Time, waited: Span, behind: u32) -> bool {
        let late = self.is_late(spec, now, waited, behind);
        let throws = match std::mem::take(&mut self.after) {
            After::First => false,
            After::Another if !late => {
                self.thins = false;
                false
            }
            After::Another => {
                self.next = self.law(spec, self.next);
                now >= self.next
            }
            After::Served if self.thins && !late => {
                self.thins = false;
                false
            }
            After::Served if self.thins => now >= self.next,
            After::Served if late => {
                self.begin(spec, now);
                self.after = After::First;
                return true;
            }
            After::Served => false,
        };
        if throws {
            self.count += 1;
            self.after = After::Another;
        }
        throws
    }

    /// Nobody is left in line.
    pub fn emptied(&mut self) {
        self.too_long_at = None;
        if std::mem::take(&mut self.after) == After::Another {
            self.thins = false;
        }
    }

    fn is_late(&mut self, spec: &Codel, now: Time, waited: Span, behind: u32) -> bool {
        if waited < spec.target || behind == 0 {
            self.too_long_at = None;
            return false;
        }
        now >= *self.too_long_at.get_or_insert(now + spec.interval) && waited >= spec.target
    }

    /// A thinning begins, about as fast as the last one ended if that is not long ago.
    fn begin(&mut self, spec: &Codel, now: Time) {
        self.thins = true;
        let more = self.count.saturating_sub(self.count_before);
        let lately = now.nanos() < self.next.nanos().saturating_add(16 * spec.interval.nanos());
        self.count = if more > 1 && lately { more } else { 1 };
        self.count_before = self.count;
        self.next = self.law(spec, now);
    }

    fn law(&self, spec: &Codel, from: Time) -> Time {
        let ns = spec.interval.nanos() as f64 / f64::from(self.count.max(1)).sqrt();
        from + Span::from_nanos_f64(ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Span {
        Span::from_nanos(ms * 1_000_000)
    }

    /// One is taken out of a long line every ten milliseconds; when some are thrown away, so many
    /// more are, until one is served.
    fn thrown_at(waited: impl Fn(u64) -> Span, until: u64) -> Vec<u64> {
        let (spec, mut line) = (Codel { target: ms(5), interval: ms(100) }, Standing::default());
        let mut thrown = Vec::new();
        for at in (0..until).step_by(10) {
            while line.throws(&spec, Time::ZERO + ms(at), waited(at), 9) {
                thrown.push(at);
            }
        }
        thrown
    }

    #[test]
    fn a_standing_line_is_thinned_faster_and_faster() {
        // The first interval must pass; then at 100, and 100/√n after each of the others.
        assert_eq!(thrown_at(|_| ms(20), 500), [100, 200, 280, 330, 380, 430, 470]);
    }

    #[test]
    fn a_burst_is_left_alone() {
        let bursts = |at: u64| if at % 100 == 90 { ms(1) } else { ms(50) };
        assert_eq!(thrown_at(bursts, 5000), Vec::<u64>::new());
    }

    #[test]
    fn thinning_ends_when_one_has_waited_little_and_the_last_in_line_is_always_served() {
        assert_eq!(thrown_at(|at| if at < 300 { ms(20) } else { ms(2) }, 900), [100, 200, 280]);
        let (spec, mut line) = (Codel { target: ms(5), interval: ms(100) }, Standing::default());
        let at = |it: u64| Time::ZERO + ms(it);
        assert!((0..100).all(|it| !line.throws(&spec, at(10 * it), ms(500), 0)));
    }
}
