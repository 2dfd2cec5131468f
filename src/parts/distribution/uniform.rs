//! Anything between two bounds, each as likely as the others.
//! N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous univariate distributions" 2, 1995, ch. 26.

use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The bounds of a uniform distribution.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// The shortest time.
    pub min: Span,
    /// The longest time.
    pub max: Span,
}

impl Bounds {
    pub fn check(&self, findings: &mut Findings) {
        if self.max <= self.min {
            let rule = format!("must be longer than min, {}, not {}", self.min, self.max);
            let mend = match self.max < self.min {
                true => "min is the shorter of the two",
                false => "write a bare duration for what always takes as long",
            };
            findings.wrong_at("max", Code::E010, rule, mend);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    min_ns: f64,
    width_ns: f64,
}

impl Uniform {
    pub fn new(written: &Bounds) -> Uniform {
        let min_ns = written.min.nanos() as f64;
        Uniform { min_ns, width_ns: written.max.nanos() as f64 - min_ns }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Uniform {
        Uniform { min_ns: self.min_ns * by, width_ns: self.width_ns * by }
    }

    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        self.min_ns + self.width_ns * draw.unit()
    }

    pub fn mean_ns(&self) -> f64 {
        self.min_ns + self.width_ns / 2.0
    }

    /// The mean of e^(−s X).
    pub fn transform(&self, s: f64) -> f64 {
        let across = s * self.width_ns;
        let part = if across > 0.0 { -libm::expm1(-across) / across } else { 1.0 };
        libm::exp(-s * self.min_ns) * part
    }

    pub fn cv2(&self) -> f64 {
        self.width_ns * self.width_ns / 12.0 / (self.mean_ns() * self.mean_ns())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{findings, follows};

    #[test]
    fn draws_follow_their_law() {
        follows(r#"{"uniform": {"min": "2ms", "max": "10ms"}}"#, |x| {
            ((x - 2e6) / 8e6).clamp(0.0, 1.0)
        });
        follows(r#"{"uniform": {"min": "0s", "max": "1s"}}"#, |x| x / 1e9);
    }

    #[test]
    fn bounds_the_wrong_way_round_are_wrong() {
        let found = findings(r#"{"uniform": {"min": "2ms", "max": "2ms"}}"#);
        assert_eq!(found, ["uniform.max: must be longer than min, 2ms, not 2ms"]);
        let found = findings(r#"{"uniform": {"min": "3ms", "max": "2ms"}}"#);
        assert_eq!(found, ["uniform.max: must be longer than min, 3ms, not 2ms"]);
    }
}
