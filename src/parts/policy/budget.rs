//! A retry budget: retries may be only so many for so many requests, so that a system in trouble is not
//! hit several times as hard.
//!
//! A token bucket, as in Finagle ("Retry budgets", Finagle user's guide) and in gRPC's retry throttling
//! (gRFC A6): each request puts a share of a token in, each retry takes a whole one out, and
//! without one there is no retry.

use crate::problem::{Code, Findings};
use crate::units::{Rate, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// How many retries there may be. The clients of a class share one budget; of a call, each calling
/// instance has its own.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Retries for each request, on average: 0.2 allows one for every five.
    pub ratio: f64,
    /// Retries that are allowed besides, so that a caller with few requests may retry at all.
    #[serde(default)]
    pub reserve: Option<Rate>,
    /// The most retries that can be saved up.
    #[serde(default = "ten")]
    pub burst: f64,
}

fn ten() -> f64 {
    10.0
}

const MOST: f64 = 1e9;

impl Budget {
    pub fn check(&self, findings: &mut Findings) {
        if !(0.0..=100.0).contains(&self.ratio) {
            let rule = format!("must be from 0 to 100 retries for a request, not {}", self.ratio);
            findings.wrong_at("ratio", Code::E007, rule, "\"ratio\": 0.2");
        }
        if !(1.0..=MOST).contains(&self.burst) {
            let rule = format!("must be from 1 to {MOST:e}, not {}", self.burst);
            findings.wrong_at("burst", Code::E007, rule, "less than one retry is none");
        }
        if self.reserve.is_some_and(|it| it.as_per_s() > MOST) {
            findings.wrong_at("reserve", Code::E012, format!("at most {MOST:e}/s can be run"), "");
        }
    }
}

/// What is left of a budget. It begins full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    tokens: f64,
    since: Time,
}

impl Bucket {
    pub fn full(budget: &Budget) -> Bucket {
        Bucket { tokens: budget.burst, since: Time::ZERO }
    }

    /// A request was sent for the first time.
    pub fn deposit(&mut self, budget: &Budget) {
        self.tokens = (self.tokens + budget.ratio).min(budget.burst);
    }

    /// Whether there may be a retry now; if so it is taken from what is left.
    pub fn withdraw(&mut self, budget: &Budget, now: Time) -> bool {
        if let Some(reserve) = budget.reserve {
            let more = reserve.as_per_s() * (now - self.since).as_secs();
            self.tokens = (self.tokens + more).min(budget.burst);
            self.since = now;
        }
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    fn read(json: &str) -> Budget {
        serde_json::from_str(json).unwrap()
    }

    fn retries(budget: &Budget, bucket: &mut Bucket, tries: u32, now: Time) -> u32 {
        (0..tries).map(|_| u32::from(bucket.withdraw(budget, now))).sum()
    }

    #[test]
    fn once_its_savings_are_spent_it_allows_a_share_of_the_requests() {
        let budget = read(r#"{"ratio": 0.25, "burst": 5}"#);
        let mut bucket = Bucket::full(&budget);
        assert_eq!(retries(&budget, &mut bucket, 100, Time::ZERO), 5);
        (0..12).for_each(|_| bucket.deposit(&budget));
        assert_eq!(retries(&budget, &mut bucket, 100, Time::ZERO), 3);
        (0..1000).for_each(|_| bucket.deposit(&budget));
        assert_eq!(retries(&budget, &mut bucket, 100, Time::ZERO), 5, "no more than its burst");
    }

    #[test]
    fn its_reserve_comes_with_time() {
        let budget = read(r#"{"ratio": 0, "burst": 2, "reserve": "10/s"}"#);
        let mut bucket = Bucket::full(&budget);
        assert_eq!(retries(&budget, &mut bucket, 9, Time::ZERO), 2);
        let later = Time::ZERO + Span::from_secs(0.15);
        assert_eq!(retries(&budget, &mut bucket, 9, later), 1);
        assert_eq!(retries(&budget, &mut bucket, 9, later + Span::from_secs(9.0)), 2);
    }

    #[test]
    fn impossible_budgets_are_wrong() {
        let mut findings = Findings::default();
        read(r#"{"ratio": -1, "burst": 0.5}"#).check(&mut findings);
        assert_eq!(findings.into_vec().len(), 2);
    }
}
