//! A mixture of a short and a long exponential, each of which makes up half of the mean.
//!
//! "Balanced means": with probability p the draw has mean m / 2p, else m / 2(1 − p), where
//! p = (1 + √((cv² − 1) / (cv² + 1))) / 2. H. C. Tijms, "A first course in stochastic models",
//! 2003, appendix B.

use super::MeanCv;
use crate::rng::Draw;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hyperexponential {
    /// The share of short draws.
    share: f64,
    short_ns: f64,
    long_ns: f64,
}

impl Hyperexponential {
    pub fn new(written: &MeanCv) -> Hyperexponential {
        let (mean, cv2) = (written.mean.nanos() as f64, written.cv * written.cv);
        let share = 0.5 * (1.0 + ((cv2 - 1.0) / (cv2 + 1.0)).sqrt());
        Hyperexponential {
            share,
            short_ns: mean / (2.0 * share),
            long_ns: mean / (2.0 * (1.0 - share)),
        }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Hyperexponential {
        Hyperexponential { short_ns: self.short_ns * by, long_ns: self.long_ns * by, ..self }
    }

    #[inline]
    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        let mean = if draw.unit() < self.share { self.short_ns } else { self.long_ns };
        mean * draw.exponential()
    }

    pub fn mean_ns(&self) -> f64 {
        2.0 * self.share * self.short_ns
    }

    /// The mean of e^(−s X): the mixture of those of its parts.
    pub fn transform(&self, s: f64) -> f64 {
        self.share / (1.0 + s * self.short_ns) + (1.0 - self.share) / (1.0 + s * self.long_ns)
    }

    /// The second moment of a mixture is the mixture of the second moments, 2m² each.
    pub fn cv2(&self) -> f64 {
        let Hyperexponential { share, short_ns, long_ns } = *self;
        let second = 2.0 * (share * short_ns * short_ns + (1.0 - share) * long_ns * long_ns);
        second / (self.mean_ns() * self.mean_ns()) - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{follows, read};
    use super::*;

    #[test]
    fn draws_follow_their_law() {
        for cv in [1.5, 4.0] {
            let mean = crate::units::Span::parse("4ms").unwrap();
            let it = Hyperexponential::new(&MeanCv { mean, cv });
            follows(
                &format!("{{\"hyperexponential\": {{\"mean\": \"4ms\", \"cv\": {cv}}}}}"),
                |x| {
                    let below = |mean: f64| -libm::expm1(-x / mean);
                    it.share * below(it.short_ns) + (1.0 - it.share) * below(it.long_ns)
                },
            );
        }
    }

    #[test]
    fn mean_and_scatter_are_those_written() {
        for cv in [1.01, 2.0, 100.0] {
            let json = format!("{{\"hyperexponential\": {{\"mean\": \"4ms\", \"cv\": {cv}}}}}");
            let law = read(&json).law();
            assert!((law.mean_ns() / 4e6 - 1.0).abs() < 1e-14);
            assert!((law.cv2() / (cv * cv) - 1.0).abs() < 1e-10, "{}", law.cv2());
        }
    }
}
