//! How many of a request's I/Os miss a cache: binomial, by inversion of one uniform number.
//!
//! L. Devroye, "Non-uniform random variate generation", 1986, § X.4.3. One number, so that the
//! misses of a request fall and rise together in two designs with different hit ratios.

use crate::rng::Draw;

/// The number of misses among `count` accesses, each of which hits with the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Misses {
    count: u32,
    /// Whether it is hits that are counted, as they are the rarer.
    count_hits: bool,
    /// The probability that none of what is counted happens, and the odds of one.
    none: f64,
    odds: f64,
}

impl Misses {
    /// More than that would make the probability of none too small for a float.
    pub const COUNT_MAX: u32 = 1000;

    /// `count` is at most [`Misses::COUNT_MAX`], `hit` between 0 and 1.
    pub fn new(count: u32, hit: f64) -> Misses {
        debug_assert!(count <= Misses::COUNT_MAX && (0.0..=1.0).contains(&hit));
        let count_hits = hit < 0.5;
        let common = if count_hits { 1.0 - hit } else { hit };
        let none = libm::pow(common, count as f64);
        Misses { count, count_hits, none, odds: (1.0 - common) / common }
    }

    /// The number of accesses, hits included.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The mean number of misses.
    pub fn mean(&self) -> f64 {
        let rare = self.odds / (1.0 + self.odds) * self.count as f64;
        if self.count_hits { self.count as f64 - rare } else { rare }
    }

    #[inline]
    pub fn draw(&self, draw: &mut Draw) -> u32 {
        // Where nothing is left to luck, none is asked for: draws are keyed, and no other moves by that.
        if self.none == 1.0 {
            return if self.count_hits { self.count } else { 0 };
        }
        self.quantile(draw.unit())
    }

    /// The least number that is not exceeded with a probability above `u`.
    #[inline]
    fn quantile(&self, u: f64) -> u32 {
        // Hits run the other way, so that a larger u always means more misses. The result stays
        // below one, as u is a multiple of half an epsilon.
        let u = if self.count_hits { (1.0 - f64::EPSILON / 2.0 - u).max(0.0) } else { u };
        let rare = if u < self.none { 0 } else { self.search(u - self.none) };
        if self.count_hits { self.count - rare } else { rare }
    }

    /// Takes off the probabilities of 1, 2, 3, …, each made from the one before.
    fn search(&self, mut left: f64) -> u32 {
        let mut probability = self.none;
        for k in 1..self.count {
            let ratio = self.odds * (self.count - k + 1) as f64 / k as f64;
            probability *= ratio;
            // Past the mode, what is left over of 1e-18 is rounding.
            if left < probability || (ratio < 1.0 && probability < 1e-18) {
                return k;
            }
            left -= probability;
        }
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(at most k of n), by the logarithms of the terms.
    fn below(n: u32, p: f64, k: u32) -> f64 {
        let term = |i: u32| {
            let [n, i] = [n as f64, i as f64];
            let choose = libm::lgamma(n + 1.0) - libm::lgamma(i + 1.0) - libm::lgamma(n - i + 1.0);
            libm::exp(choose + i * libm::log(p) + (n - i) * libm::log1p(-p))
        };
        (0..=k).map(term).sum()
    }

    #[test]
    fn quantiles_are_those_of_the_binomial() {
        for n in [1, 2, 4, 17, 1000] {
            for hit in [0.01, 0.3, 0.4999, 0.5, 0.95, 0.999] {
                let misses = Misses::new(n, hit);
                let mut before = 0;
                for u in (0..1000).map(|i| (i as f64 + 0.123) / 1000.0) {
                    let k = misses.quantile(u);
                    assert!(k >= before, "n {n}, hit {hit}: fewer misses at {u}");
                    let lower = if k == 0 { 0.0 } else { below(n, 1.0 - hit, k - 1) };
                    let inside = lower <= u + 1e-9 && u <= below(n, 1.0 - hit, k) + 1e-9;
                    assert!(inside, "n {n}, hit {hit}: quantile {u} is not {k}");
                    before = k;
                }
            }
        }
    }

    #[test]
    fn certain_hits_and_certain_misses_are_certain() {
        for (hit, misses) in [(1.0, 0), (0.0, 4)] {
            let law = Misses::new(4, hit);
            assert_eq!(law.mean(), misses as f64);
            for u in [0.0, 0.5, 1.0 - f64::EPSILON] {
                assert_eq!(law.quantile(u), misses);
            }
        }
        assert_eq!(Misses::new(0, 0.5).quantile(0.5), 0);
    }

    #[test]
    fn the_largest_uniform_number_gives_a_believable_number() {
        assert!(Misses::new(1000, 0.999).quantile(1.0 - f64::EPSILON / 2.0) < 25);
        assert!(Misses::new(1000, 0.001).quantile(0.0) > 975);
    }

    #[test]
    fn the_mean_is_that_of_the_draws() {
        for hit in [0.2, 0.95] {
            let law = Misses::new(20, hit);
            let draws = 100_000;
            let sum: u32 = (0..draws).map(|n| law.draw(&mut Draw::at(9, n as u64))).sum();
            let error = (20.0 * hit * (1.0 - hit) / draws as f64).sqrt();
            let z = (sum as f64 / draws as f64 - law.mean()) / error;
            assert!(z.abs() < 4.0 && (law.mean() - 20.0 * (1.0 - hit)).abs() < 1e-12, "{z:.1}");
        }
    }
}
