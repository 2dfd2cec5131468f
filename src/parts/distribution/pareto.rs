//! The bounded Pareto distribution: most draws are short, a few are very long, none is endless.
//! M. Harchol-Balter, "Performance modeling and design of computer systems", 2013, section 20.4.

use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// A power law between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PowerLaw {
    /// The exponent of the tail: the smaller, the more of all time lies in few long draws.
    pub alpha: f64,
    /// The shortest time.
    pub min: Span,
    /// The longest time.
    pub max: Span,
}

impl PowerLaw {
    pub fn check(&self, findings: &mut Findings) {
        if !(0.01..=100.0).contains(&self.alpha) {
            let rule = format!("must be from 0.01 to 100, not {}", self.alpha);
            findings.wrong_at("alpha", Code::E007, rule, "\"alpha\": 1.5");
        }
        if self.min.is_zero() {
            findings.wrong_at("min", Code::E007, "must be longer than nothing", "\"1ms\"");
        }
        if self.max <= self.min {
            let rule = format!("must be longer than min, {}, not {}", self.min, self.max);
            findings.wrong_at("max", Code::E010, rule, "");
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    alpha: f64,
    min_ns: f64,
    max_ns: f64,
}

impl Pareto {
    pub fn new(written: &PowerLaw) -> Pareto {
        let PowerLaw { alpha, min, max } = *written;
        Pareto { alpha, min_ns: min.nanos() as f64, max_ns: max.nanos() as f64 }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Pareto {
        Pareto { min_ns: self.min_ns * by, max_ns: self.max_ns * by, ..self }
    }

    /// The share of an unbounded Pareto that lies below the upper bound.
    fn kept(&self) -> f64 {
        1.0 - libm::pow(self.min_ns / self.max_ns, self.alpha)
    }

    /// By inversion.
    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        self.min_ns * libm::pow(1.0 - draw.unit() * self.kept(), -1.0 / self.alpha)
    }

    pub fn mean_ns(&self) -> f64 {
        self.moment(1.0)
    }

    pub fn cv2(&self) -> f64 {
        self.moment(2.0) / (self.mean_ns() * self.mean_ns()) - 1.0
    }

    /// α minᵅ (maxᵏ⁻ᵅ − minᵏ⁻ᵅ) / ((k − α) (1 − (min / max)ᵅ)), in its limit where α = k.
    fn moment(&self, k: f64) -> f64 {
        let Pareto { alpha, min_ns, max_ns } = *self;
        let log = libm::log(max_ns / min_ns);
        let t = (k - alpha) * log;
        // (eᵗ − 1) / t by its series where the quotient would lose its digits.
        let quotient = if t.abs() > 1e-8 { libm::expm1(t) / t } else { 1.0 + t / 2.0 };
        alpha * libm::pow(min_ns, k) * quotient * log / self.kept()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{findings, follows, read};

    #[test]
    fn draws_follow_their_law() {
        for alpha in [1.0, 2.5] {
            let json =
                format!(r#"{{"pareto": {{"alpha": {alpha}, "min": "1ms", "max": "100ms"}}}}"#);
            let kept = 1.0 - libm::pow(0.01, alpha);
            follows(&json, |x| (1.0 - libm::pow(1e6 / x, alpha)) / kept);
        }
    }

    #[test]
    fn its_moments_are_those_of_the_integral() {
        // alpha 1 between 1 and 100 ms: the mean is ln 100 / 0.99, the second moment 99 / 0.99.
        let law = read(r#"{"pareto": {"alpha": 1, "min": "1ms", "max": "100ms"}}"#).law();
        let mean = 100f64.ln() / 0.99;
        assert!((law.mean_ns() / 1e6 / mean - 1.0).abs() < 1e-12);
        assert!((law.cv2() - (100.0 / mean / mean - 1.0)).abs() < 1e-10);
    }

    #[test]
    fn impossible_bounds_are_wrong() {
        let found = findings(r#"{"pareto": {"alpha": 0, "min": "0s", "max": "0s"}}"#);
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
