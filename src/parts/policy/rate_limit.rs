//! So many requests a second, and no more than so many at once: a token bucket.
//!
//! As the local rate limit of Envoy or Kong's plugins; nginx's `limit_req … burst=n nodelay` is the
//! same with a leaky bucket. Tokens come in continuously. In the form of a virtual clock (the
//! generic cell rate algorithm, ITU-T I.371, annex A), which needs one number in place of two.

use crate::problem::{Code, Findings};
use crate::units::{Rate, Time};
use schemars::JsonSchema;
use serde::Deserialize;

/// Requests beyond this are refused at once.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How many tokens come in; each request takes one.
    pub rate: Rate,
    /// How many tokens the bucket holds: so many requests may come at once. It is full when a run
    /// begins.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub burst: u32,
    /// The traffic classes that it is for. All if absent.
    #[serde(default)]
    pub classes: Vec<String>,
    /// Whether all instances of the service draw on one bucket, as with a rate limit service behind
    /// a gateway. If not, each has its own.
    #[serde(default)]
    pub shared: bool,
}

fn one() -> u32 {
    1
}

impl RateLimit {
    pub fn check(&self, known: &dyn Fn(&str, &mut Findings), findings: &mut Findings) {
        let per_s = self.rate.as_per_s();
        if !(1e-6..=1e9).contains(&per_s) {
            findings.wrong_at("rate", Code::E007, "must be from 0.000001/s to 1e9/s", "\"100/s\"");
        }
        if self.burst == 0 {
            let rule = "must be at least 1, not 0: a request takes a whole token";
            findings.wrong_at("burst", Code::E007, rule, "\"burst\": 10");
        }
        for (i, class) in self.classes.iter().enumerate() {
            findings.inside("classes", |it| it.inside(i, |it| known(class, it)));
        }
    }

    pub fn bucket(&self) -> Bucket {
        let cost_ns = 1e9 / self.rate.as_per_s();
        let room_ns = cost_ns * f64::from(self.burst - 1);
        Bucket { cost_ns, room_ns, due_ns: f64::NEG_INFINITY }
    }
}

/// Tokens that come in, all in nanoseconds that they take to do so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    cost_ns: f64,
    /// How far ahead of the clock one may be and still take a token.
    room_ns: f64,
    /// When the bucket will be full again.
    due_ns: f64,
}

impl Bucket {
    /// Whether there is a token.
    pub fn has_one(&self, now: Time) -> bool {
        // Rounding may not cost the request that comes at the very instant of its token.
        self.due_ns - now.nanos() as f64 <= self.room_ns + 0.5
    }

    pub fn take(&mut self, now: Time) {
        self.due_ns = self.due_ns.max(now.nanos() as f64) + self.cost_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Span;

    #[test]
    fn a_burst_is_let_through_and_then_one_at_a_time() {
        let limit =
            RateLimit { rate: Rate::per_s(10.0), burst: 3, classes: Vec::new(), shared: false };
        let mut bucket = limit.bucket();
        let mut passes = |ms: u64| {
            let now = Time::ZERO + Span::from_nanos(ms * 1_000_000);
            let passes = bucket.has_one(now);
            if passes {
                bucket.take(now);
            }
            passes
        };
        assert_eq!(
            [0, 0, 0, 0, 99, 100, 150, 200].map(&mut passes),
            [true, true, true, false, false, true, false, true]
        );
        assert_eq!([10_000, 10_000, 10_000, 10_000].map(passes), [true, true, true, false]);
    }
}
