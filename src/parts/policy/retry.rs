//! Trying again after a failure, with a pause that may grow and scatter.
//!
//! M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015: after the n-th
//! failure the pause is min(cap, base × factorⁿ⁻¹), of which "full" jitter takes a uniform part
//! and "equal" jitter one half and a uniform part of the other.

use super::budget::Budget;
use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How often a request is tried, and how long the pauses between are.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// The most tries in all, the first included.
    pub attempts: u32,
    /// The pause before trying again; if absent there is none, as urllib3's `Retry` has it
    /// (`backoff_factor` 0).
    #[serde(default)]
    pub backoff: Backoff,
    /// How many retries there may be in all. Unlimited if absent.
    #[serde(default)]
    pub budget: Option<Budget>,
}

/// The pause before trying again: always the same, or growing.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Backoff {
    /// The same pause every time.
    Fixed(Span),
    Growing(Growing),
}

/// A pause that grows from try to try.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Growing {
    /// Each pause is a multiple of the one before.
    Exponential(Exponential),
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exponential {
    /// The first pause.
    pub base: Span,
    /// How many times as long each next pause is; doubling if absent.
    #[serde(default = "two")]
    pub factor: f64,
    /// No pause is longer.
    #[serde(default)]
    pub cap: Option<Span>,
    /// How pauses scatter, so that clients that failed together do not come back together.
    #[serde(default)]
    pub jitter: Jitter,
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

/// One try, and no other.
impl Default for Retry {
    fn default() -> Self {
        Retry { attempts: 1, backoff: Backoff::default(), budget: None }
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
        if let Some(budget) = &self.budget {
            findings.inside("budget", |f| budget.check(f));
        }
        if let Backoff::Growing(Growing::Exponential(it)) = &self.backoff {
            findings.inside("backoff", |f| f.inside("exponential", |f| it.check(f)));
        }
    }

    /// The pause after the try that was number `failed`, counted from 1.
    pub fn delay(&self, failed: u32, draw: &mut Draw) -> Span {
        match &self.backoff {
            Backoff::Fixed(pause) => *pause,
            Backoff::Growing(Growing::Exponential(it)) => it.delay(failed, draw),
        }
    }

    /// The pause after try `failed`, if it is always the same.
    pub fn constant(&self, failed: u32) -> Option<Span> {
        match &self.backoff {
            Backoff::Fixed(pause) => Some(*pause),
            Backoff::Growing(Growing::Exponential(it)) => it.constant(failed),
        }
    }
}

impl Exponential {
    fn check(&self, findings: &mut Findings) {
        if self.base.is_zero() {
            let mend = "for no pause at all write \"backoff\": \"0s\"";
            findings.wrong_at("base", Code::E007, "must be longer than nothing", mend);
        }
        if !(1.0..=FACTOR_MAX).contains(&self.factor) {
            let rule = format!("must be between 1 and {FACTOR_MAX}, not {}", self.factor);
            findings.wrong_at("factor", Code::E007, rule, "");
        }
        if let Some(cap) = self.cap.filter(|cap| *cap < self.base) {
            let rule = format!("must be at least base, {}, not {cap}", self.base);
            findings.wrong_at("cap", Code::E010, rule, "");
        }
    }

    fn full_ns(&self, failed: u32) -> f64 {
        let growth = libm::pow(self.factor, f64::from(failed.saturating_sub(1)));
        (self.base.nanos() as f64 * growth).min(self.cap.unwrap_or(Span::MAX).nanos() as f64)
    }

    fn delay(&self, failed: u32, draw: &mut Draw) -> Span {
        let full_ns = self.full_ns(failed);
        Span::from_nanos_f64(match self.jitter {
            Jitter::None => full_ns,
            Jitter::Full => full_ns * draw.unit(),
            Jitter::Equal => full_ns * (0.5 + 0.5 * draw.unit()),
        })
    }

    fn constant(&self, failed: u32) -> Option<Span> {
        (self.jitter == Jitter::None).then(|| Span::from_nanos_f64(self.full_ns(failed)))
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
        (1..=6)
            .map(|failed| {
                let pause = retry.delay(failed, &mut Draw::at(1, 2));
                assert_eq!(retry.constant(failed), Some(pause));
                pause.to_string()
            })
            .collect()
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
        assert_eq!(read(r#"{"attempts": 3}"#).constant(1), Some(Span::ZERO));
    }

    #[test]
    fn even_the_hundredth_pause_is_a_length_of_time() {
        let retry =
            read(r#"{"attempts": 100, "backoff": {"exponential": {"base": "1d", "factor": 100}}}"#);
        assert_eq!(retry.delay(99, &mut Draw::at(1, 2)), Span::MAX);
    }

    #[test]
    fn jitter_is_uniform_over_the_whole_or_half_of_the_pause() {
        for (jitter, low, high) in [("full", 0.0, 4.0), ("equal", 2.0, 4.0)] {
            let retry = read(&format!(
                "{{\"attempts\": 9, \"backoff\": {{\"exponential\": {{\"base\": \"1s\", \"jitter\": \"{jitter}\"}}}}}}"
            ));
            assert_eq!(retry.constant(3), None);
            let draws = 100_000u32;
            let mut all: Vec<f64> = (0..draws)
                .map(|n| retry.delay(3, &mut Draw::at(5, u64::from(n))).as_secs())
                .collect();
            all.sort_by(f64::total_cmp);
            let far = |(n, x): (usize, &f64)| ((x - low) / (high - low) - n as f64 / 1e5).abs();
            let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
            // Kolmogorov: exceeded by chance once in 3,000.
            assert!(distance * f64::from(draws).sqrt() < 2.1, "{jitter}: {distance}");
        }
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
