//! An instance that has come back gets its share bit by bit, while its caches and pools fill.
//!
//! Envoy's formula ("Slow start mode", Envoy documentation): its weight is multiplied by
//! max(least, (t / over)^(1 / aggression)), t after it came back. With a least of 0.1 and an
//! aggression of 1, the defaults there, it grows in a line; nginx's `slow_start` does too.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How an instance that the balancer takes back comes to its full weight.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlowStart {
    /// The time until it has its full weight.
    #[schemars(example = "30s")]
    pub over: Span,
    /// The least share of its weight that it has, from the first moment on.
    #[serde(default = "a_tenth")]
    pub least: f64,
    /// Above 1 it grows faster at first, below 1 more slowly.
    #[serde(default = "one")]
    pub aggression: f64,
}

fn a_tenth() -> f64 {
    0.1
}
fn one() -> f64 {
    1.0
}

impl SlowStart {
    pub fn check(&self, findings: &mut Findings) {
        if self.over.is_zero() {
            findings.wrong_at("over", Code::E007, "must be longer than nothing", "\"30s\"");
        }
        if !(self.least > 0.0 && self.least <= 1.0) {
            let rule = format!("must be above 0 and at most 1, not {}", self.least);
            findings.wrong_at("least", Code::E007, rule, "Envoy has 0.1");
        }
        if !(0.01..=100.0).contains(&self.aggression) {
            let rule = format!("must be from 0.01 to 100, not {}", self.aggression);
            findings.wrong_at("aggression", Code::E007, rule, "Envoy has 1");
        }
    }

    /// What its weight is multiplied with, so long after it came back.
    pub fn factor(&self, since: Span) -> f64 {
        if since >= self.over {
            return 1.0;
        }
        let share = since.nanos() as f64 / self.over.nanos() as f64;
        let grown =
            if self.aggression == 1.0 { share } else { libm::pow(share, 1.0 / self.aggression) };
        grown.max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_grows_from_its_least_to_the_whole() {
        let over = Span::from_whole_secs(10);
        let factors = |aggression: f64| {
            let slow = SlowStart { over, least: 0.1, aggression };
            [0.0, 0.5, 2.5, 5.0, 10.0, 99.0].map(|it| slow.factor(Span::from_secs(it)))
        };
        assert_eq!(factors(1.0), [0.1, 0.1, 0.25, 0.5, 1.0, 1.0]);
        let [.., quarter, _, _, _] = factors(2.0);
        assert!((quarter - 0.5).abs() < 1e-12);
    }
}
