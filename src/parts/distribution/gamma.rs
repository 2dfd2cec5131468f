//! The gamma distribution, and Erlang's, which is the sum of so many exponential stages.
//!
//! Drawn by G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS
//! 26(3), 2000: a cubed normal, accepted or not; for shapes below one, that of shape + 1 times a
//! power of a uniform.

use super::{CV_MAX, MeanCv, check_mean};
use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// A sum of equal exponential stages: the more of them, the less it scatters.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// How many stages.
    #[schemars(range(min = 1))]
    pub stages: u32,
    /// The mean of their sum.
    pub mean: Span,
}

const STAGES_MAX: u32 = 10_000;

impl Stages {
    pub fn check(&self, findings: &mut Findings) {
        if !(1..=STAGES_MAX).contains(&self.stages) {
            let rule = format!("must be from 1 to {STAGES_MAX}, not {}", self.stages);
            findings.wrong_at("stages", Code::E007, rule, "");
        }
        findings.inside("mean", |it| check_mean(self.mean, it));
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    shape: f64,
    scale_ns: f64,
}

impl Gamma {
    /// The shape is 1 / cv²; the mean is the shape times the scale.
    pub fn new(written: &MeanCv) -> Gamma {
        let shape = 1.0 / (written.cv * written.cv);
        Gamma { shape, scale_ns: written.mean.nanos() as f64 / shape }
    }

    pub fn erlang(written: &Stages) -> Gamma {
        let shape = f64::from(written.stages);
        Gamma { shape, scale_ns: written.mean.nanos() as f64 / shape }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Gamma {
        Gamma { scale_ns: self.scale_ns * by, ..self }
    }

    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        let below_one = self.shape < 1.0;
        let d = self.shape + f64::from(u8::from(below_one)) - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        let drawn = loop {
            let z = draw.normal();
            let v = 1.0 + c * z;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            // In (0, 1], so that its logarithm is a number.
            let u = 1.0 - draw.unit();
            if libm::log(u) < 0.5 * z * z + d - d * v + d * libm::log(v) {
                break d * v;
            }
        };
        let power = if below_one { libm::pow(1.0 - draw.unit(), 1.0 / self.shape) } else { 1.0 };
        self.scale_ns * drawn * power
    }

    pub fn mean_ns(&self) -> f64 {
        self.shape * self.scale_ns
    }

    /// The mean of e^(−s X).
    pub fn transform(&self, s: f64) -> f64 {
        libm::exp(-self.shape * libm::log1p(s * self.scale_ns))
    }

    pub fn cv2(&self) -> f64 {
        1.0 / self.shape
    }
}

/// The least scatter of a gamma that differs from a constant in any figure.
pub const CV_MIN: f64 = 1e-3;
const _: () = assert!(CV_MIN < CV_MAX);

#[cfg(test)]
mod tests {
    use super::super::tests::{findings, follows, read};
    use statrs::distribution::{ContinuousCDF, Gamma as Reference};

    #[test]
    fn draws_follow_their_law() {
        // Beyond, so many draws are shorter than a nanosecond that the distance shows it.
        for cv in [0.3, 1.0, 1.4] {
            let shape = 1.0 / (cv * cv);
            let reference = Reference::new(shape, shape / 4e6).unwrap();
            let json = format!(r#"{{"gamma": {{"mean": "4ms", "cv": {cv}}}}}"#);
            follows(&json, |x| reference.cdf(x));
        }
    }

    #[test]
    fn erlang_is_the_sum_of_its_stages() {
        let reference = Reference::new(3.0, 3.0 / 4e6).unwrap();
        follows(r#"{"erlang": {"stages": 3, "mean": "4ms"}}"#, |x| reference.cdf(x));
        let one = read(r#"{"erlang": {"stages": 1, "mean": "4ms"}}"#).law();
        assert_eq!(one, read(r#"{"exponential": "4ms"}"#).law());
    }

    #[test]
    fn no_stages_and_impossible_scatter_are_wrong() {
        let found = findings(r#"{"erlang": {"stages": 0, "mean": "4ms"}}"#);
        assert_eq!(found, ["erlang.stages: must be from 1 to 10000, not 0"]);
        assert_eq!(findings(r#"{"gamma": {"mean": "4ms", "cv": 0}}"#).len(), 1);
    }
}
