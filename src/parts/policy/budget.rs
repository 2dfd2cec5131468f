//! How many retries there may be: a share of the requests, and some more.
//!
//! K. Oliver, "Retry budgets", Finagle blog, 2016; its defaults are those here: a fifth of the requests
//! and ten a second beside. Finagle's credits expire after ten seconds; here they do not, but no
//! more than `burst` are ever saved up, which is what ten seconds of its minimum come to.

use crate::problem::{Code, Findings};
use crate::units::{Rate, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// A token bucket for retries: each request brings a part of a token, time brings some, and each retry
/// takes one. When there is none left, what fails is not tried again. Each calling instance has one
/// for each service that it calls; all clients of a class have one together.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The share of requests that may be tried again.
    #[serde(default = "a_fifth")]
    pub share: f64,
    /// Retries beside those, so that few requests can be tried again too.
    #[serde(default = "ten_a_second")]
    pub minimum: Rate,
    /// The most retries that are saved up; so many are there at first.
    #[serde(default = "hundred")]
    pub burst: f64,
}

fn a_fifth() -> f64 {
    0.2
}
fn ten_a_second() -> Rate {
    Rate::per_s(10.0)
}
fn hundred() -> f64 {
    100.0
}

const SHARE_MAX: f64 = 100.0;
const TOKENS_MAX: f64 = 1e9;

impl Budget {
    pub fn check(&self, findings: &mut Findings) {
        if !(0.0..=SHARE_MAX).contains(&self.share) {
            let rule = format!("must be from 0 to {SHARE_MAX}, not {}", self.share);
            findings.wrong_at("share", Code::E007, rule, "0.1 is a tenth of the requests");
        }
        if self.minimum.as_per_s() > TOKENS_MAX {
            findings.wrong_at("minimum", Code::E012, "at most 1e9 a second can be run", "");
        }
        if !(1.0..=TOKENS_MAX).contains(&self.burst) {
            let rule = format!("must be from 1 to {TOKENS_MAX:e}, not {}", self.burst);
            findings.wrong_at("burst", Code::E007, rule, "less than one retry is never one");
        }
    }
}

/// What is left of a budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    spec: Budget,
    tokens: f64,
    at: Time,
    /// Retries that it did not allow, and up to the window's opening.
    denied: u64,
    denied_at_opening: u64,
}

impl Bucket {
    pub fn new(spec: &Budget) -> Bucket {
        let tokens = spec.burst;
        Bucket { spec: *spec, tokens, at: Time::ZERO, denied: 0, denied_at_opening: 0 }
    }

    /// A request is sent for the first time.
    pub fn deposit(&mut self, now: Time) {
        self.earn(now, self.spec.share);
    }

    /// Takes a retry out, if there is one.
    pub fn withdraw(&mut self, now: Time) -> bool {
        self.earn(now, 0.0);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        } else {
            self.denied += 1;
        }
        allowed
    }

    fn earn(&mut self, now: Time, more: f64) {
        let passed_s = (now - self.at).as_secs();
        self.at = now;
        let earned = self.tokens + passed_s * self.spec.minimum.as_per_s() + more;
        self.tokens = earned.min(self.spec.burst);
    }

    /// Its instance has started anew.
    pub fn restart(&mut self, now: Time) {
        (self.tokens, self.at) = (self.spec.burst, now);
    }

    pub fn open_window(&mut self) {
        self.denied_at_opening = self.denied;
    }

    /// Retries that it has not allowed since the window opened.
    pub fn denied(&self) -> u64 {
        self.denied - self.denied_at_opening
    }

    pub fn audit(&self) -> Result<(), &'static str> {
        let fits = (0.0..=self.spec.burst).contains(&self.tokens);
        if fits { Ok(()) } else { Err("retries that were never earned") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    fn bucket(json: &str) -> Bucket {
        Bucket::new(&serde_json::from_str(json).unwrap())
    }

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn every_fourth_request_pays_for_a_retry_once_the_savings_are_gone() {
        let mut bucket = bucket(r#"{ "share": 0.25, "minimum": "0/s", "burst": 2 }"#);
        let mut allowed = 0;
        for i in 0..1000 {
            bucket.deposit(at(i));
            allowed += u32::from(bucket.withdraw(at(i)));
        }
        assert_eq!((allowed, bucket.denied()), (2 + 249, 1000 - 251));
        assert_eq!(bucket.audit(), Ok(()));
    }

    #[test]
    fn time_pays_for_retries_too_but_no_more_than_fit_in() {
        let mut bucket = bucket(r#"{ "share": 0, "minimum": "2/s", "burst": 3 }"#);
        let seen: Vec<bool> = [0, 0, 0, 0, 499, 500, 500, 10_000, 10_000, 10_000, 10_000]
            .map(|ms| bucket.withdraw(at(ms)))
            .into();
        let expected = [1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0].map(|it| it == 1);
        assert_eq!(seen, expected);
    }
}
