//! The Weibull distribution: with a shape below one, the longer it has taken, the longer it will take.
//! N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous univariate distributions" 1, 1994, ch. 21.

use super::check_mean;
use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The shape of a Weibull distribution, and its mean.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShapeMean {
    /// Below 1 the tail is longer than that of an exponential, above it is shorter.
    pub shape: f64,
    /// The mean length of time.
    pub mean: Span,
}

/// Below it means and variances are those of single draws.
const SHAPE_MIN: f64 = 0.2;
const SHAPE_MAX: f64 = 100.0;

impl ShapeMean {
    pub fn check(&self, findings: &mut Findings) {
        if !(SHAPE_MIN..=SHAPE_MAX).contains(&self.shape) {
            let rule = format!("must be from {SHAPE_MIN} to {SHAPE_MAX}, not {}", self.shape);
            findings.wrong_at("shape", Code::E007, rule, "");
        }
        findings.inside("mean", |it| check_mean(self.mean, it));
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weibull {
    shape: f64,
    scale_ns: f64,
}

impl Weibull {
    pub fn new(written: &ShapeMean) -> Weibull {
        let scale_ns = written.mean.nanos() as f64 / libm::tgamma(1.0 + 1.0 / written.shape);
        Weibull { shape: written.shape, scale_ns }
    }

    pub fn from_scale(shape: f64, scale_ns: f64) -> Weibull {
        Weibull { shape, scale_ns }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Weibull {
        Weibull { scale_ns: self.scale_ns * by, ..self }
    }

    /// A power of an exponential.
    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        self.scale_ns * libm::pow(draw.exponential(), 1.0 / self.shape)
    }

    pub fn mean_ns(&self) -> f64 {
        self.scale_ns * libm::tgamma(1.0 + 1.0 / self.shape)
    }

    pub fn cv2(&self) -> f64 {
        let first = libm::tgamma(1.0 + 1.0 / self.shape);
        libm::tgamma(1.0 + 2.0 / self.shape) / (first * first) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{findings, follows, read};

    #[test]
    fn draws_follow_their_law() {
        for shape in [0.7, 1.0, 3.0] {
            let scale = 4e6 / libm::tgamma(1.0 + 1.0 / shape);
            let json = format!(r#"{{"weibull": {{"shape": {shape}, "mean": "4ms"}}}}"#);
            follows(&json, |x| -libm::expm1(-libm::pow(x / scale, shape)));
        }
    }

    #[test]
    fn its_mean_is_the_one_written() {
        let law = read(r#"{"weibull": {"shape": 0.5, "mean": "4ms"}}"#).law();
        assert!((law.mean_ns() / 4e6 - 1.0).abs() < 1e-12);
        // Gamma(5) / Gamma(3)² - 1
        assert!((law.cv2() - 5.0).abs() < 1e-9);
    }

    #[test]
    fn shapes_without_a_meaning_are_wrong() {
        assert_eq!(findings(r#"{"weibull": {"shape": 0.1, "mean": "4ms"}}"#).len(), 1);
    }
}
