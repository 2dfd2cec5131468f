//! A circuit breaker: after too many failures, calls are refused at once for a while.
//!
//! M. Nygard, "Release It!", 2007, chapter 5; windows, thresholds and defaults are those of
//! resilience4j (its manual, "CircuitBreaker"). Simplified: a window of time is looked at in tenths,
//! and calls that were sent before it half opened are not told to the half-open breaker.

use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// Refuses calls at once while too many of the last ones failed or were slow. Each calling instance has
/// one for each service that it calls so; all clients of a class have one together. Each try counts.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    /// What is looked at: the last so many calls, or those of the last so long.
    #[serde(default)]
    pub window: Window,
    /// Fewer calls than these in the window tell nothing. All of a window of calls, if that is shorter.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1))]
    pub minimum: u32,
    /// The share of failed calls from which on it opens.
    #[serde(default = "half")]
    pub failures: f64,
    /// A call that takes longer than this is slow, whether it fails or not.
    #[serde(default = "minute")]
    #[schemars(example = "1s")]
    pub slow: Span,
    /// The share of slow calls from which on it opens.
    #[serde(default = "all")]
    pub slow_calls: f64,
    /// How long it stays open before it lets trial calls through.
    #[serde(default = "minute")]
    #[schemars(example = "60s")]
    pub open: Span,
    /// How many calls it lets through then. Once all have ended, it closes or opens again.
    #[serde(default = "ten")]
    #[schemars(range(min = 1))]
    pub trials: u32,
}

/// So many calls, or so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Window {
    /// The last so many calls.
    Calls(#[schemars(range(min = 1))] u32),
    /// The calls of the last so long.
    Time(Span),
}

impl Default for Window {
    fn default() -> Self {
        Window::Calls(100)
    }
}

fn hundred() -> u32 {
    100
}
fn half() -> f64 {
    0.5
}
fn minute() -> Span {
    Span::from_whole_secs(60)
}
fn all() -> f64 {
    1.0
}
fn ten() -> u32 {
    10
}

/// Calls that a window can hold.
pub const CALLS_MAX: u32 = 10_000;

impl Breaker {
    pub fn check(&self, findings: &mut Findings) {
        match self.window {
            Window::Calls(calls) if !(1..=CALLS_MAX).contains(&calls) => {
                let rule = format!("must be from 1 to {CALLS_MAX} calls, not {calls}");
                findings.wrong_at("window", Code::E007, rule, "or give a length of time: \"10s\"");
            }
            Window::Time(span) if span < Span::from_nanos(1_000_000) => {
                findings.wrong_at("window", Code::E007, "must be at least 1ms", "\"10s\"");
            }
            _ => {}
        }
        for (key, count) in [("minimum", self.minimum), ("trials", self.trials)] {
            if count == 0 {
                findings.wrong_at(key, Code::E007, "must be at least 1, not 0", "");
            }
        }
        for (key, share) in [("failures", self.failures), ("slow_calls", self.slow_calls)] {
            if !(share > 0.0 && share <= 1.0) {
                let rule = format!("must be above 0 and at most 1, not {share}");
                findings.wrong_at(key, Code::E007, rule, "0.5 is half of the calls");
            }
        }
        if self.open.is_zero() {
            findings.wrong_at("open", Code::E007, "must be longer than nothing", "\"60s\"");
        }
    }

    /// How many calls its window keeps one by one.
    pub fn kept(&self) -> u32 {
        match self.window {
            Window::Calls(calls) => calls,
            Window::Time(_) => TENTHS as u32,
        }
    }
}

/// Calls by how they went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Calls {
    all: u32,
    failed: u32,
    slow: u32,
}

impl Calls {
    fn add(&mut self, other: Calls) {
        self.all += other.all;
        self.failed += other.failed;
        self.slow += other.slow;
    }
    fn take(&mut self, other: Calls) {
        self.all -= other.all;
        self.failed -= other.failed;
        self.slow -= other.slow;
    }
}

const TENTHS: usize = 10;

/// The calls in the window.
struct Recent {
    /// One by one, or tenth by tenth.
    ring: Vec<Calls>,
    sum: Calls,
    next: usize,
    /// The number of the present tenth.
    tenth: u64,
}

impl Recent {
    fn new(spec: &Breaker) -> Recent {
        let ring = vec![Calls::default(); spec.kept() as usize];
        Recent { ring, sum: Calls::default(), next: 0, tenth: 0 }
    }

    fn clear(&mut self) {
        self.ring.fill(Calls::default());
        (self.sum, self.next) = (Calls::default(), 0);
    }

    fn add(&mut self, window: Window, now: Time, call: Calls) {
        match window {
            Window::Calls(_) => {
                let oldest = std::mem::replace(&mut self.ring[self.next], call);
                self.sum.take(oldest);
                self.next = (self.next + 1) % self.ring.len();
            }
            Window::Time(span) => {
                let tenth = now.nanos() / (span.nanos() / TENTHS as u64).max(1);
                let gone = (tenth - self.tenth).min(TENTHS as u64);
                for _ in 0..gone {
                    self.next = (self.next + 1) % TENTHS;
                    self.sum.take(std::mem::take(&mut self.ring[self.next]));
                }
                self.tenth = tenth;
                self.ring[self.next].add(call);
            }
        }
        self.sum.add(call);
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Closed,
    Open {
        since: Time,
        until: Time,
    },
    /// Calls let through since then, and those that have ended.
    Trying {
        since: Time,
        begun: u32,
        ended: Calls,
    },
}

/// A breaker at work.
pub struct State {
    spec: Breaker,
    phase: Phase,
    recent: Recent,
    seen: Seen,
    at_opening: Seen,
}

/// What a breaker has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Nanoseconds for which it was open.
    pub open_ns: u64,
    /// Calls that it refused.
    pub rejected: u64,
}

impl State {
    pub fn new(spec: &Breaker) -> State {
        State {
            spec: *spec,
            phase: Phase::Closed,
            recent: Recent::new(spec),
            seen: Seen::default(),
            at_opening: Seen::default(),
        }
    }

    /// Whether a call may be sent now.
    pub fn permits(&mut self, now: Time) -> bool {
        if let Phase::Open { since, until } = self.phase
            && now >= until
        {
            self.seen.open_ns += (until - since).nanos();
            self.phase = Phase::Trying { since: now, begun: 0, ended: Calls::default() };
        }
        let permitted = match &mut self.phase {
            Phase::Closed => true,
            Phase::Open { .. } => false,
            Phase::Trying { begun, .. } if *begun == self.spec.trials => false,
            Phase::Trying { begun, .. } => {
                *begun += 1;
                true
            }
        };
        self.seen.rejected += u64::from(!permitted);
        permitted
    }

    /// A call that was sent then has ended.
    pub fn ended(&mut self, now: Time, sent: Time, failed: bool) {
        let slow = now - sent > self.spec.slow;
        let call = Calls { all: 1, failed: u32::from(failed), slow: u32::from(slow) };
        match &mut self.phase {
            Phase::Closed => {
                self.recent.add(self.spec.window, now, call);
                if self.too_many(self.recent.sum, self.minimum()) {
                    self.open(now);
                }
            }
            Phase::Open { .. } => {}
            Phase::Trying { since, .. } if sent < *since => {}
            Phase::Trying { ended, .. } => {
                ended.add(call);
                let (ended, trials) = (*ended, self.spec.trials);
                if self.too_many(ended, trials) {
                    self.open(now);
                } else if ended.all == trials {
                    self.phase = Phase::Closed;
                    self.recent.clear();
                }
            }
        }
    }

    /// A call that was sent then is of no interest any more: another may be tried in its place.
    pub fn dropped(&mut self, sent: Time) {
        if let Phase::Trying { since, begun, .. } = &mut self.phase
            && sent >= *since
        {
            *begun -= 1;
        }
    }

    fn minimum(&self) -> u32 {
        match self.spec.window {
            Window::Calls(calls) => self.spec.minimum.min(calls),
            Window::Time(_) => self.spec.minimum,
        }
    }

    fn too_many(&self, calls: Calls, minimum: u32) -> bool {
        let reaches = |part: u32, share: f64| f64::from(part) >= share * f64::from(calls.all);
        calls.all >= minimum
            && (reaches(calls.failed, self.spec.failures)
                || reaches(calls.slow, self.spec.slow_calls))
    }

    fn open(&mut self, now: Time) {
        self.phase = Phase::Open { since: now, until: now + self.spec.open };
        self.recent.clear();
    }

    /// Its instance has started anew.
    pub fn restart(&mut self, now: Time) {
        self.seen = self.until(now);
        self.phase = Phase::Closed;
        self.recent.clear();
    }

    fn until(&self, now: Time) -> Seen {
        let open_ns = match self.phase {
            Phase::Open { since, until } => (now.min(until) - since).nanos(),
            _ => 0,
        };
        Seen { open_ns: self.seen.open_ns + open_ns, ..self.seen }
    }

    pub fn open_window(&mut self, now: Time) {
        self.at_opening = self.until(now);
    }

    /// Since the window opened.
    pub fn measured(&self, now: Time) -> Seen {
        let Seen { open_ns, rejected } = self.until(now);
        Seen {
            open_ns: open_ns - self.at_opening.open_ns,
            rejected: rejected - self.at_opening.rejected,
        }
    }

    pub fn audit(&self) -> Result<(), &'static str> {
        let mut sum = Calls::default();
        self.recent.ring.iter().for_each(|it| sum.add(*it));
        match self.phase {
            _ if sum != self.recent.sum => Err("the calls in its window are miscounted"),
            Phase::Trying { begun, ended, .. } if ended.all > begun => {
                Err("more trial calls ended than were sent")
            }
            Phase::Trying { begun, .. } if begun > self.spec.trials => Err("too many trial calls"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: &str) -> State {
        State::new(&serde_json::from_str(json).unwrap())
    }

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_nanos(ms * 1_000_000)
    }

    /// A call of a millisecond that begins then; whether it was let through.
    fn call(state: &mut State, ms: u64, failed: bool) -> bool {
        let permitted = state.permits(at(ms));
        if permitted {
            state.ended(at(ms + 1), at(ms), failed);
        }
        assert_eq!(state.audit(), Ok(()));
        permitted
    }

    #[test]
    fn it_opens_at_half_of_the_last_calls_and_closes_when_trial_calls_succeed() {
        let mut it = state(
            r#"{ "window": 4, "minimum": 4, "failures": 0.5, "open": "100ms", "trials": 2 }"#,
        );
        // One failure of four, then two of the last four.
        for (ms, failed) in [(0, true), (10, false), (20, false), (30, false), (40, true)] {
            assert!(call(&mut it, ms, failed));
        }
        assert!(call(&mut it, 50, true));
        assert!(!call(&mut it, 51, false) && !call(&mut it, 150, false));
        // Open from 51 until 151: then two trial calls, of which one fails.
        assert!(call(&mut it, 151, true) && call(&mut it, 153, false));
        assert!(!call(&mut it, 200, false));
        assert!(call(&mut it, 300, false) && call(&mut it, 302, false));
        assert_eq!(it.phase, Phase::Closed);
        assert_eq!(it.measured(at(400)), Seen { open_ns: 200_000_000, rejected: 3 });
    }

    #[test]
    fn trial_calls_that_nobody_waits_for_any_more_give_their_place_to_others() {
        let mut it = state(r#"{ "window": 1, "open": "10ms", "trials": 1 }"#);
        assert!(call(&mut it, 0, true));
        assert!(it.permits(at(20)) && !it.permits(at(21)));
        it.dropped(at(20));
        assert!(it.permits(at(22)));
        // What was sent before it half opened says nothing now.
        it.ended(at(23), at(0), true);
        it.ended(at(24), at(22), false);
        assert_eq!(it.phase, Phase::Closed);
    }

    #[test]
    fn a_window_of_time_forgets_tenth_by_tenth() {
        let mut it = state(r#"{ "window": "1s", "minimum": 3, "failures": 0.6 }"#);
        assert!(call(&mut it, 0, true) && call(&mut it, 50, true));
        // The first tenth is gone a second later.
        assert!(call(&mut it, 1000, true) && call(&mut it, 1100, false));
        assert_eq!(it.recent.sum, Calls { all: 2, failed: 1, slow: 0 });
        assert!(call(&mut it, 1200, true));
        assert!(!call(&mut it, 1202, true), "two of three failed");
    }

    #[test]
    fn slow_calls_open_it_too() {
        let mut it = state(r#"{ "window": 2, "slow": "5ms", "slow_calls": 0.5 }"#);
        for sent in [0, 10] {
            assert!(it.permits(at(sent)));
            it.ended(at(sent + 6), at(sent), false);
        }
        assert!(!it.permits(at(20)));
    }
}
