//! The lognormal distribution: its logarithm is normal.
//! N. L. Johnson, S. Kotz, N. Balakrishnan, "Continuous univariate distributions" 1, 1994, ch. 14.

use super::MeanCv;
use crate::rng::Draw;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lognormal {
    /// Mean and standard deviation of the logarithm of the nanoseconds.
    mu: f64,
    sigma: f64,
}

impl Lognormal {
    /// σ² = ln(1 + cv²), μ = ln(mean) − σ²/2.
    pub fn new(written: &MeanCv) -> Lognormal {
        let variance = libm::log1p(written.cv * written.cv);
        let mu = libm::log(written.mean.nanos() as f64) - variance / 2.0;
        Lognormal { mu, sigma: variance.sqrt() }
    }

    /// From the mean and the standard deviation of the logarithm of the nanoseconds.
    pub fn from_logs(mu: f64, sigma: f64) -> Lognormal {
        Lognormal { mu, sigma }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Lognormal {
        Lognormal { mu: self.mu + libm::log(by), ..self }
    }

    #[inline]
    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        libm::exp(self.mu + self.sigma * draw.normal())
    }

    pub fn mean_ns(&self) -> f64 {
        libm::exp(self.mu + self.sigma * self.sigma / 2.0)
    }

    pub fn cv2(&self) -> f64 {
        libm::expm1(self.sigma * self.sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{normal_below, tests::follows, tests::read};

    #[test]
    fn draws_follow_their_law() {
        for (mean_ns, cv) in [(180e6, 1.2), (1.5e6, 0.6), (1e9, 0.05)] {
            let sigma = libm::log1p(cv * cv).sqrt();
            let mu = libm::log(mean_ns) - sigma * sigma / 2.0;
            let json = format!("{{\"lognormal\": {{\"mean\": \"{mean_ns}ns\", \"cv\": {cv}}}}}");
            follows(&json, |x| normal_below((libm::log(x) - mu) / sigma));
        }
    }

    #[test]
    fn mean_and_scatter_are_those_written() {
        let law = read(r#"{"lognormal": {"mean": "180ms", "cv": 1.2}}"#).law();
        assert!((law.mean_ns() / 180e6 - 1.0).abs() < 1e-14);
        assert!((law.cv2() - 1.44).abs() < 1e-14);
    }
}
