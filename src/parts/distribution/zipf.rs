//! Which of n things is asked for, when the k-th most popular is so as 1 / kˢ.
//!
//! Rejection-inversion: W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from
//! monotone discrete distributions", ACM TOMACS 6(3), 1996. It needs no table and rejects seldom.

use crate::rng::Draw;

/// Zipf's law over `0..n`, the most popular first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    n: u64,
    exponent: f64,
    /// The integral of the hat at both ends, and the width that is accepted without a test.
    first: f64,
    last: f64,
    accept: f64,
}

impl Zipf {
    /// `n` must be at least 1 and `exponent` not negative; exponent 0 is uniform.
    pub fn new(n: u64, exponent: f64) -> Zipf {
        debug_assert!(n >= 1 && exponent >= 0.0);
        let mut it = Zipf { n, exponent, first: 0.0, last: 0.0, accept: 0.0 };
        it.first = it.area(1.5) - 1.0;
        it.last = it.area(n as f64 + 0.5);
        it.accept = 2.0 - it.inverse(it.area(2.5) - it.hat(2.0));
        it
    }

    /// How many things there are.
    pub fn count(&self) -> u64 {
        self.n
    }

    pub fn draw(&self, draw: &mut Draw) -> u64 {
        if self.exponent == 0.0 || self.n == 1 {
            return draw.below(self.n);
        }
        loop {
            let u = self.last + draw.unit() * (self.first - self.last);
            let x = self.inverse(u);
            // Rounding errors may lead just outside.
            let k = (x + 0.5).clamp(1.0, self.n as f64).floor();
            if k - x <= self.accept || u >= self.area(k + 0.5) - self.hat(k) {
                return (k as u64 - 1).min(self.n - 1);
            }
        }
    }

    /// x⁻ˢ
    fn hat(&self, x: f64) -> f64 {
        libm::exp(-self.exponent * libm::log(x))
    }

    /// ∫ of the hat from 1 to x: (x¹⁻ˢ − 1) / (1 − s), and ln x at s = 1.
    fn area(&self, x: f64) -> f64 {
        let log = libm::log(x);
        let t = (1.0 - self.exponent) * log;
        // (eᵗ − 1) / t by its series where the quotient would lose its digits.
        let quotient = if t.abs() > 1e-8 { libm::expm1(t) / t } else { 1.0 + t / 2.0 };
        quotient * log
    }

    /// The inverse of [`Zipf::area`].
    fn inverse(&self, area: f64) -> f64 {
        let t = (area * (1.0 - self.exponent)).max(-1.0);
        let quotient = if t.abs() > 1e-8 { libm::log1p(t) / t } else { 1.0 - t / 2.0 };
        libm::exp(quotient * area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Keys, key_of, request};

    const DRAWS: u64 = 1_000_000;

    fn counts(n: u64, exponent: f64) -> Vec<u64> {
        let zipf = Zipf::new(n, exponent);
        let class = Keys::new(3, 0).class(key_of("rows"));
        let mut counts = vec![0; n as usize];
        for number in 0..DRAWS {
            counts[zipf.draw(&mut Draw::at(request(class, number), 0)) as usize] += 1;
        }
        counts
    }

    #[test]
    fn each_is_drawn_as_often_as_its_rank_says() {
        for (n, exponent) in [
            (1, 1.0),
            (2, 0.9),
            (10, 0.0),
            (100, 0.5),
            (1000, 0.99),
            (1000, 1.0),
            (50, 1.0 + 1e-9),
            (30, 3.0),
        ] {
            let weight = |rank: u64| ((rank + 1) as f64).powf(-exponent);
            let total: f64 = (0..n).map(weight).sum();
            for (rank, count) in counts(n, exponent).into_iter().enumerate() {
                let p = weight(rank as u64) / total;
                let z = (count as f64 - DRAWS as f64 * p) / (DRAWS as f64 * p * (1.0 - p)).sqrt();
                // 2,200 ranks are looked at, those of the far tail too rare to be normal.
                let far = z.abs() > 4.5 && (count as f64 - DRAWS as f64 * p).abs() > 20.0;
                assert!(!far, "n {n}, s {exponent}, rank {rank}: {z:.1} standard errors");
            }
        }
    }

    #[test]
    fn the_largest_table_and_the_steepest_law_stay_in_range() {
        for (n, exponent) in [(u64::MAX, 0.9), (u64::MAX, 0.0), (1 << 53, 1.0), (1000, 500.0)] {
            let zipf = Zipf::new(n, exponent);
            for number in 0..10_000 {
                let rank = zipf.draw(&mut Draw::at(request(1, number), 0));
                assert!(rank < n && (exponent < 100.0 || rank == 0), "{rank} of {n}");
            }
        }
    }
}
