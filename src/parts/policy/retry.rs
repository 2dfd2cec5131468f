//! Trying again after a failure, with a pause that may grow and scatter.
//!
//! M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015: after the n-th
//! failure the pause is min(cap, base × factorⁿ⁻¹), of which "full" jitter takes a uniform part
//! and "equal" jitter one half and a uniform part of the other. A "decorrelated" pause is
//! min(cap, uniform from base to three times the pause before), the first being after the base.

use super::budget::Budget;
use super::reason::Reason;
use crate::parts::distribution::{Distribution, Law};
use crate::problem::{Code, Findings};
use crate::rng::{self, Side};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How often a request is tried, and how long the pauses between are.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The most tries in all, the first included.
    #[schemars(range(min = 1))]
    pub attempts: u32,
    /// The pause before trying again; if absent there is none, as urllib3's `Retry` has it
    /// (`backoff_factor` 0).
    #[serde(default)]
    pub backoff: Backoff,
    /// What is tried again. Every failure, if absent.
    #[serde(default)]
    pub on: Option<Vec<Reason>>,
    /// How many retries there may be in all. Unlimited if absent.
    #[serde(default)]
    pub budget: Option<Budget>,
}

/// The pause before trying again: always the same, or not.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Backoff {
    /// The same pause every time.
    Fixed(Span),
    Varying(Varying),
}

/// A pause that differs from try to try.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Varying {
    /// Each pause is a multiple of the one before.
    Exponential(Exponential),
    /// The same pause every time, but for its jitter.
    Fixed(Fixed),
    /// Anything from the base to three times the pause before.
    Decorrelated(Decorrelated),
    /// Drawn from a distribution.
    Random(Distribution),
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The first pause.
    #[schemars(example = "1s")]
    pub base: Span,
    /// How many times as long each next pause is; doubling if absent.
    #[serde(default = "two")]
    pub factor: f64,
    /// No pause is longer.
    #[serde(default)]
    #[schemars(example = "20s")]
    pub cap: Option<Span>,
    /// How pauses scatter, so that clients that failed together do not come back together.
    #[serde(default)]
    pub jitter: Jitter,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// The pause.
    #[schemars(example = "1s")]
    pub pause: Span,
    /// How it scatters.
    #[serde(default)]
    pub jitter: Jitter,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decorrelated {
    /// No pause is shorter.
    #[schemars(example = "1s")]
    pub base: Span,
    /// No pause is longer.
    #[serde(default)]
    #[schemars(example = "20s")]
    pub cap: Option<Span>,
}

/// How a pause scatters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Anything from nothing to the whole pause.
    Full,
    /// Anything from half to the whole pause.
    Equal,
}

fn two() -> f64 {
    2.0
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff::Fixed(Span::ZERO)
    }
}

const ATTEMPTS_MAX: u32 = 100;
const FACTOR_MAX: f64 = 100.0;

impl Retry {
    pub fn check(&self, findings: &mut Findings) {
        if !(1..=ATTEMPTS_MAX).contains(&self.attempts) {
            let rule = format!("must be from 1 to {ATTEMPTS_MAX}, not {}", self.attempts);
            findings.wrong_at("attempts", Code::E007, rule, "the first try counts");
        }
        if let Backoff::Varying(it) = &self.backoff {
            findings.inside("backoff", |f| it.check(f));
        }
        if self.on.as_ref().is_some_and(Vec::is_empty) {
            let mend = "leave it out to try again whatever failed";
            findings.wrong_at("on", Code::E010, "nothing would ever be tried again", mend);
        }
        if let Some(budget) = &self.budget {
            findings.inside("budget", |it| budget.check(it));
        }
    }

    /// Whether its tries must know of what they are tries.
    pub fn is_one_of_many(&self) -> bool {
        matches!(self.backoff, Backoff::Varying(Varying::Decorrelated(_)))
    }

    /// What an engine needs of it; only where [`Retry::check`] found nothing.
    pub fn tries(&self) -> Tries {
        let bit = |reason: &Reason| 1 << *reason as u8;
        Tries {
            attempts: self.attempts,
            on: self.on.as_ref().map_or(u8::MAX, |on| on.iter().map(bit).fold(0, |a, b| a | b)),
            pause: self.backoff.pause(),
        }
    }
}

impl Varying {
    fn check(&self, findings: &mut Findings) {
        match self {
            Varying::Exponential(it) => findings.inside("exponential", |f| it.check(f)),
            Varying::Fixed(_) => {}
            Varying::Decorrelated(it) => {
                findings.inside("decorrelated", |f| check_base_and_cap(it.base, it.cap, f));
            }
            Varying::Random(it) => findings.inside("random", |f| it.check(f)),
        }
    }
}

impl Exponential {
    fn check(&self, findings: &mut Findings) {
        if !(1.0..=FACTOR_MAX).contains(&self.factor) {
            let rule = format!("must be between 1 and {FACTOR_MAX}, not {}", self.factor);
            findings.wrong_at("factor", Code::E007, rule, "");
        }
        check_base_and_cap(self.base, self.cap, findings);
    }
}

fn check_base_and_cap(base: Span, cap: Option<Span>, findings: &mut Findings) {
    if base.is_zero() {
        let mend = "for no pause at all write \"backoff\": \"0s\"";
        findings.wrong_at("base", Code::E007, "must be longer than nothing", mend);
    }
    if let Some(cap) = cap.filter(|cap| *cap < base) {
        let rule = format!("must be at least base, {base}, not {cap}");
        findings.wrong_at("cap", Code::E010, rule, "");
    }
}

impl Backoff {
    fn pause(&self) -> Pause {
        let ns = |span: Span| span.nanos() as f64;
        let cap_ns = |cap: Option<Span>| ns(cap.unwrap_or(Span::MAX));
        match self {
            Backoff::Fixed(pause) => Pause::Constant(*pause),
            Backoff::Varying(Varying::Exponential(it)) => Pause::Growing {
                base_ns: ns(it.base),
                factor: it.factor,
                cap_ns: cap_ns(it.cap),
                jitter: it.jitter,
            },
            Backoff::Varying(Varying::Fixed(Fixed { pause, jitter })) => Pause::Growing {
                base_ns: ns(*pause),
                factor: 1.0,
                cap_ns: ns(*pause),
                jitter: *jitter,
            },
            Backoff::Varying(Varying::Decorrelated(it)) => {
                Pause::Decorrelated { base_ns: ns(it.base), cap_ns: cap_ns(it.cap) }
            }
            Backoff::Varying(Varying::Random(it)) => Pause::Random(it.law()),
        }
    }
}

/// How often something is tried, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Tries {
    pub attempts: u32,
    /// A bit for each reason that is tried again.
    on: u8,
    pause: Pause,
}

/// One try, and no other.
impl Default for Tries {
    fn default() -> Self {
        Tries { attempts: 1, on: u8::MAX, pause: Pause::Constant(Span::ZERO) }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Pause {
    Constant(Span),
    Growing { base_ns: f64, factor: f64, cap_ns: f64, jitter: Jitter },
    Decorrelated { base_ns: f64, cap_ns: f64 },
    Random(Law),
}

/// What the luck of a pause hangs on: the try that failed, the whole of which it is a try, and the purpose.
#[derive(Clone, Copy, Debug)]
pub struct Luck {
    pub attempt: u64,
    pub whole: u64,
    pub purpose: u64,
    pub side: Side,
}

impl Tries {
    /// Whether another try follows the one that was number `failed`, counted from 1, and failed so.
    pub fn go_on(&self, failed: u32, reason: Reason) -> bool {
        failed < self.attempts && self.on & 1 << reason as u8 != 0
    }

    /// The pause after try `failed`.
    pub fn pause(&self, failed: u32, luck: Luck) -> Span {
        let mut draw = luck.side.draw(luck.attempt, luck.purpose);
        match &self.pause {
            Pause::Constant(pause) => *pause,
            Pause::Growing { base_ns, factor, cap_ns, jitter } => {
                let growth = libm::pow(*factor, f64::from(failed.saturating_sub(1)));
                let full_ns = (base_ns * growth).min(*cap_ns);
                Span::from_nanos_f64(match jitter {
                    Jitter::None => full_ns,
                    Jitter::Full => full_ns * draw.unit(),
                    Jitter::Equal => full_ns * (0.5 + 0.5 * draw.unit()),
                })
            }
            Pause::Decorrelated { base_ns, cap_ns } => {
                // Each pause is drawn anew from its own key rather than kept.
                let mut pause_ns = *base_ns;
                for tried in 1..=failed {
                    let key = rng::attempt(luck.whole, tried);
                    let unit = luck.side.draw(key, luck.purpose).unit();
                    pause_ns = (base_ns + unit * (3.0 * pause_ns - base_ns)).min(*cap_ns);
                }
                Span::from_nanos_f64(pause_ns)
            }
            Pause::Random(law) => law.draw(&mut draw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::path_text;

    fn read(json: &str) -> Retry {
        serde_json::from_str(json).unwrap()
    }

    fn findings(json: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read(json).check(&mut findings);
        let text = |it: crate::problem::Finding| format!("{}: {}", path_text(&it.path), it.rule);
        findings.into_vec().into_iter().map(text).collect()
    }

    fn pauses(backoff: &str) -> Vec<String> {
        let retry = read(&format!("{{\"attempts\": 9, \"backoff\": {backoff}}}"));
        (1..=6).map(|failed| retry.tries().pause(failed, luck(1)).to_string()).collect()
    }

    fn luck(n: u64) -> Luck {
        Luck { attempt: n, whole: rng::mix(n), purpose: 2, side: Side::PLAIN }
    }

    #[test]
    fn a_fixed_pause_stays_and_an_exponential_one_doubles_up_to_its_cap() {
        assert_eq!(pauses("\"2s\""), ["2s"; 6]);
        assert_eq!(
            pauses(r#"{"exponential": {"base": "1s", "cap": "20s"}}"#),
            ["1s", "2s", "4s", "8s", "16s", "20s"]
        );
        assert_eq!(
            pauses(r#"{"exponential": {"base": "1ms", "factor": 10}}"#),
            ["1ms", "10ms", "100ms", "1s", "10s", "1.66667m"]
        );
        let plain = read(r#"{"attempts": 3}"#).tries();
        assert_eq!(plain.pause(1, luck(1)), Span::ZERO);
        assert!(plain.go_on(2, Reason::Refused) && !plain.go_on(3, Reason::Refused));
    }

    #[test]
    fn even_the_hundredth_pause_is_a_length_of_time() {
        let retry =
            read(r#"{"attempts": 100, "backoff": {"exponential": {"base": "1d", "factor": 100}}}"#);
        assert_eq!(retry.tries().pause(99, luck(1)), Span::MAX);
    }

    #[test]
    fn jitter_is_uniform_over_the_whole_or_half_of_the_pause() {
        for (jitter, low, high) in [("full", 0.0, 4.0), ("equal", 2.0, 4.0)] {
            let retry = read(&format!(
                "{{\"attempts\": 9, \"backoff\": {{\"exponential\": {{\"base\": \"1s\", \"jitter\": \"{jitter}\"}}}}}}"
            ));
            uniform(&retry.tries(), 3, low, high);
        }
        let fixed =
            read(r#"{"attempts": 9, "backoff": {"fixed": {"pause": "2s", "jitter": "equal"}}}"#);
        uniform(&fixed.tries(), 7, 1.0, 2.0);
        let decorrelated =
            read(r#"{"attempts": 9, "backoff": {"decorrelated": {"base": "2s", "cap": "1h"}}}"#);
        uniform(&decorrelated.tries(), 1, 2.0, 6.0);
    }

    /// Whether the pauses after try `failed` are spread evenly from `low` to `high` seconds.
    fn uniform(tries: &Tries, failed: u32, low: f64, high: f64) {
        let draws = 100_000u32;
        let mut all: Vec<f64> =
            (0..draws).map(|n| tries.pause(failed, luck(u64::from(n))).as_secs()).collect();
        all.sort_by(f64::total_cmp);
        let far = |(n, x): (usize, &f64)| ((x - low) / (high - low) - n as f64 / 1e5).abs();
        let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
        // Kolmogorov: exceeded by chance once in 3,000.
        assert!(distance * f64::from(draws).sqrt() < 2.1, "{tries:?}: {distance}");
    }

    #[test]
    fn a_decorrelated_pause_lies_between_the_base_and_three_times_the_one_before() {
        let json = r#"{"attempts": 9, "backoff": {"decorrelated": {"base": "1s", "cap": "9s"}}}"#;
        let tries = read(json).tries();
        let mut capped = 0;
        for n in 0..1000 {
            let mut before = Span::from_secs(1.0);
            for failed in 1..9 {
                let pause = tries.pause(failed, luck(n));
                assert!(pause >= Span::from_secs(1.0) && pause <= before * 3, "{pause}");
                capped += u32::from(pause == Span::from_secs(9.0));
                before = pause;
            }
        }
        // Its mean after the first is 2 s, and without a cap it would grow by half every time.
        let first: f64 = (0..10_000).map(|n| tries.pause(1, luck(n)).as_secs()).sum();
        assert!((first / 1e4 - 2.0).abs() < 4.0 * 3f64.powf(-0.5) / 100.0, "{first}");
        assert!(capped > 1000, "{capped}");
    }

    #[test]
    fn only_what_it_says_is_tried_again() {
        let tries = read(r#"{"attempts": 3, "on": ["timeout", "error"]}"#).tries();
        let all = [Reason::Refused, Reason::Timeout, Reason::Reset, Reason::Unreachable];
        assert_eq!(all.map(|it| tries.go_on(1, it)), [false, true, false, false]);
        assert!(tries.go_on(2, Reason::Error));
    }

    #[test]
    fn impossible_retries_are_wrong() {
        assert_eq!(findings(r#"{"attempts": 0}"#), ["attempts: must be from 1 to 100, not 0"]);
        assert_eq!(findings(r#"{"attempts": 101}"#), ["attempts: must be from 1 to 100, not 101"]);
        let growing = r#"{"base": "2s", "factor": 0.5, "cap": "1s"}"#;
        assert_eq!(
            findings(&format!("{{\"attempts\": 3, \"backoff\": {{\"exponential\": {growing}}}}}")),
            [
                "backoff.exponential.factor: must be between 1 and 100, not 0.5",
                "backoff.exponential.cap: must be at least base, 2s, not 1s",
            ]
        );
        let zero = r#"{"attempts": 3, "backoff": {"exponential": {"base": "0s"}}}"#;
        assert_eq!(findings(zero), ["backoff.exponential.base: must be longer than nothing"]);
    }
}
