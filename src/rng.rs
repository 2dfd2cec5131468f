//! Keyed random draws: a value depends on what it is for, never on who drew before.
//!
//! A key is made by a path (seed, replication) → class → request → attempt, and a [`Draw`] starts
//! at a key and a purpose. So request 81,234 of a class has the same work in every design. The
//! generator is SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom
//! number generators", OOPSLA 2014) started at the key; the tests look at it the way it is used:
//! few outputs from each of many neighbouring keys.

use rand::TryRng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use std::convert::Infallible;

/// 2⁶⁴ / golden ratio, odd: the step from one output of a [`Draw`] to the next.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The step from one purpose to the next, odd and unlike [`GOLDEN`], so that the outputs of
/// neighbouring purposes never fall on one another (the multiplier of L'Ecuyer's 64-bit MLCG,
/// "Tables of linear congruential generators", Math. Comp. 68, 1999).
const PURPOSE: u64 = 2_862_933_555_777_941_757;

/// Where the tails of `rand_distr`'s ziggurats begin. It takes the logarithms of what lies beyond
/// from the C library, whose last bit differs between machines; so the tails (1 draw in 2,200, and
/// 1 in 3,900) are drawn again here with `libm`.
const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
const NORMAL_TAIL: f64 = 3.654_152_885_361_009;

/// The finaliser of SplitMix64, a bijection (D. Stafford, "Better bit mixing", 2011, variant 13).
#[inline]
pub const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// The key of a name, the same on every machine and in every version (FNV-1a, then [`mix`]).
pub const fn key_of(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01B3);
        at += 1;
    }
    mix(hash)
}

/// The random numbers for one purpose: an ordinary `rand` generator.
///
/// Not `Copy`, lest a copy repeat the same luck unnoticed.
#[derive(Clone, Debug)]
pub struct Draw {
    state: u64,
    side: Side,
}

/// Which of two antithetic runs: where one draws u, the other draws 1 − u (J. M. Hammersley, K. W. Morton,
/// "A new Monte Carlo technique: antithetic variates", Math. Proc. Camb. Phil. Soc. 52(3), 1956).
///
/// What the other run draws follows the same law. It is turned round after the draw, by F⁻¹(1 − F(x)), so
/// that the first run of a pair is the run that it would be without the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// What the bits of a uniform draw are xored with: nothing, or all ones.
    mask: u64,
}

impl Side {
    pub const PLAIN: Side = Side { mask: 0 };
    pub const MIRRORED: Side = Side { mask: u64::MAX };

    /// [`Draw::at`], on this side.
    #[inline]
    pub const fn draw(self, key: u64, purpose: u64) -> Draw {
        Draw { state: key.wrapping_add(purpose.wrapping_mul(PURPOSE)), side: self }
    }

    #[inline]
    const fn is_mirrored(self) -> bool {
        self.mask != 0
    }
}

impl Draw {
    /// The draw of `purpose` under `key`.
    ///
    /// `key` comes from [`Keys`]; `purpose` may be a small number (a step) or a [`key_of`]. It
    /// costs a multiplication and an addition; with a constant purpose, an addition.
    #[inline]
    pub const fn at(key: u64, purpose: u64) -> Draw {
        Side::PLAIN.draw(key, purpose)
    }

    /// Which of two antithetic runs it is for.
    #[inline]
    pub const fn side(&self) -> Side {
        self.side
    }

    #[inline]
    pub const fn bits(&mut self) -> u64 {
        self.plain_bits() ^ self.side.mask
    }

    #[inline]
    const fn plain_bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    #[inline]
    pub const fn unit(&mut self) -> f64 {
        unit_of(self.bits())
    }

    const fn plain_unit(&mut self) -> f64 {
        unit_of(self.plain_bits())
    }

    /// Uniform in 0..`end`, which must not be zero; uneven by less than `end` / 2⁶⁴.
    #[inline]
    pub const fn below(&mut self, end: u64) -> u64 {
        debug_assert!(end > 0, "nothing is below zero");
        ((self.bits() as u128 * end as u128) >> 64) as u64
    }

    /// Exponential with mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        let x: f64 = Exp1.sample(&mut Plain(self));
        // Beyond the tail's start only now and then, and one look tells both.
        if x > EXPONENTIAL_TAIL || self.side.is_mirrored() { self.exponential_else(x) } else { x }
    }

    /// Normal with mean 0 and variance 1.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let z: f64 = StandardNormal.sample(&mut Plain(self));
        let z = if z.abs() > NORMAL_TAIL { self.normal_tail().copysign(z) } else { z };
        if self.side.is_mirrored() { -z } else { z }
    }

    /// What lies in the tail, or is to be mirrored: −ln(1 − e⁻ˣ) is as likely to be above as x below.
    #[cold]
    fn exponential_else(&mut self, x: f64) -> f64 {
        let x = if x > EXPONENTIAL_TAIL { self.exponential_tail() } else { x };
        if !self.side.is_mirrored() {
            return x;
        }
        // The opposite of nothing would have no end.
        -libm::log(-libm::expm1(-x.max(f64::EPSILON / 2.0)))
    }

    /// What is left beyond the tail's start is exponential again.
    #[cold]
    fn exponential_tail(&mut self) -> f64 {
        EXPONENTIAL_TAIL - libm::log(1.0 - self.plain_unit())
    }

    /// G. Marsaglia, "Generating a variable from the tail of the normal distribution",
    /// Technometrics 6(1), 1964.
    #[cold]
    fn normal_tail(&mut self) -> f64 {
        loop {
            let x = -libm::log(1.0 - self.plain_unit()) / NORMAL_TAIL;
            let y = -libm::log(1.0 - self.plain_unit());
            if y + y >= x * x {
                return NORMAL_TAIL + x;
            }
        }
    }
}

#[inline]
const fn unit_of(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A draw as it would be in the first of two antithetic runs: a ziggurat whose bits were turned round would
/// choose another layer, and not the opposite value.
struct Plain<'a>(&'a mut Draw);

impl TryRng for Plain<'_> {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.0.plain_bits() >> 32) as u32)
    }
    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.plain_bits())
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(8) {
            chunk.copy_from_slice(&self.0.plain_bits().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// The keys of one run. Each kind of key has a space of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    root: u64,
    side: Side,
}

impl Keys {
    pub const fn new(seed: u64, replication: u32) -> Keys {
        // Mixed in between, or (seed, replication + 1) would be close to (seed + 1, replication).
        let root = mix(mix(seed.wrapping_add(GOLDEN)).wrapping_add(replication as u64));
        Keys { root, side: Side::PLAIN }
    }

    /// The same, where replications come in antithetic pairs: each odd one has the keys of the even one
    /// before it, and draws the opposite of all that that draws.
    pub const fn in_pairs(seed: u64, replication: u32) -> Keys {
        let side = if replication % 2 == 1 { Side::MIRRORED } else { Side::PLAIN };
        Keys { side, ..Keys::new(seed, replication - replication % 2) }
    }

    pub const fn side(self) -> Side {
        self.side
    }

    /// The draw of `purpose` under `key`, on this run's side of its pair.
    #[inline]
    pub const fn draw(self, key: u64, purpose: u64) -> Draw {
        self.side.draw(key, purpose)
    }

    /// The key of a traffic class; `class` is the [`key_of`] its name.
    pub const fn class(self, class: u64) -> u64 {
        self.space(key_of("class"), class)
    }

    /// The key of the arrivals of a class: the n-th gap is `Draw::at(arrivals, n)`.
    pub const fn arrivals(self, class: u64) -> u64 {
        self.space(key_of("arrivals"), class)
    }

    /// The key of a fault; `fault` is the [`key_of`] its name or its place in the file.
    pub const fn fault(self, fault: u64) -> u64 {
        self.space(key_of("fault"), fault)
    }

    /// The key of what no request asks for: health checks, autoscalers, deploys.
    pub const fn control(self, of: u64) -> u64 {
        self.space(key_of("control"), of)
    }

    const fn space(self, space: u64, key: u64) -> u64 {
        mix(mix(self.root ^ space).wrapping_add(key))
    }
}

/// The key of request `number` of a class, from the class's key in this run.
#[inline]
pub const fn request(class: u64, number: u64) -> u64 {
    mix(class.wrapping_add(number.wrapping_mul(GOLDEN)))
}

/// The key of one attempt at a request, counted from 0.
#[inline]
pub const fn attempt(request: u64, attempt: u32) -> u64 {
    mix(request ^ (attempt as u64 + 1).wrapping_mul(PURPOSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: u64 = 1 << 20;
    const KEYS: Keys = Keys::new(2026, 0);

    const CLASS: u64 = KEYS.class(key_of("generate"));
    const ARRIVALS: u64 = KEYS.arrivals(key_of("generate"));
    const ONE: u64 = request(CLASS, 81_234);

    const fn first(key: u64, purpose: u64) -> u64 {
        Draw::at(key, purpose).bits()
    }
    fn second(key: u64, purpose: u64) -> u64 {
        let mut draw = Draw::at(key, purpose);
        draw.bits();
        draw.bits()
    }

    type Bits = fn(u64) -> u64;

    /// Bits keyed in every way in which a simulation keys them, by a running number.
    const KEYED: &[(&str, Bits)] = &[
        ("requests, first output", |n| first(request(CLASS, n), 0)),
        ("requests, second output", |n| second(request(CLASS, n), 3)),
        ("purposes of one request", |n| first(ONE, n)),
        ("purposes, second output", |n| second(ONE, n)),
        ("16 purposes each", |n| first(request(CLASS, n / 16), n % 16)),
        ("attempts of one request", |n| first(attempt(ONE, n as u32), 0)),
        ("4 attempts each", |n| first(attempt(request(CLASS, n / 4), n as u32 % 4), 1)),
        ("gaps of arrivals", |n| first(ARRIVALS, n)),
        ("faults", |n| first(KEYS.fault(n), 0)),
        ("control loops", |n| first(KEYS.control(n), 0)),
        ("replications", |n| first(request(Keys::new(7, n as u32).class(CLASS), 0), 0)),
        ("seeds", |n| first(Keys::new(n, 0).arrivals(CLASS), 0)),
    ];

    /// Pearson's statistic as a normal deviate (Wilson & Hilferty 1931).
    fn chi_square(counts: &[u64]) -> f64 {
        let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        let sum: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
        let freedom = (counts.len() - 1) as f64;
        let spread = 2.0 / (9.0 * freedom);
        ((sum / freedom).cbrt() - (1.0 - spread)) / spread.sqrt()
    }

    /// The largest of the 1,700 deviates looked at here is below 4.5 in 99 cases of 100.
    fn believable(z: f64, what: &str, name: &str) {
        assert!(z.abs() < 4.5, "{name}: {what} is {z:.1} standard deviations from chance");
    }

    #[test]
    fn keyed_bits_are_uniform_from_the_top_and_from_the_bottom() {
        for (name, bits) in KEYED {
            let (mut top, mut bottom) = (vec![0; 1024], vec![0; 1024]);
            for n in 0..DRAWS {
                top[(bits(n) >> 54) as usize] += 1;
                bottom[(bits(n) & 1023) as usize] += 1;
            }
            believable(chi_square(&top), "the top", name);
            believable(chi_square(&bottom), "the bottom", name);
        }
    }

    #[test]
    fn neighbouring_keys_give_independent_pairs() {
        for (name, bits) in KEYED {
            for lag in [1, 2, 16] {
                let mut pairs = vec![0; 1 << 12];
                for n in 0..DRAWS {
                    pairs[(bits(n) >> 58 << 6 | bits(n + lag) >> 58) as usize] += 1;
                }
                believable(chi_square(&pairs), "pairs", name);
            }
        }
    }

    #[test]
    fn neighbouring_keys_are_not_correlated() {
        let unit = |bits: u64| (bits >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
        for (name, bits) in KEYED {
            for lag in [1, 2, 3, 16, 1000] {
                let sum: f64 = (0..DRAWS).map(|n| unit(bits(n)) * unit(bits(n + lag))).sum();
                believable(sum * 12.0 / (DRAWS as f64).sqrt(), "the serial correlation", name);
            }
        }
    }

    #[test]
    fn every_bit_is_set_and_flips_half_of_the_time() {
        for (name, bits) in KEYED {
            let (mut set, mut flipped) = ([0u64; 64], [0u64; 64]);
            for n in 0..DRAWS {
                let (here, flip) = (bits(n), bits(n) ^ bits(n + 1));
                for bit in 0..64 {
                    set[bit] += here >> bit & 1;
                    flipped[bit] += flip >> bit & 1;
                }
            }
            let half = DRAWS as f64 / 2.0;
            let deviate = |count: u64| (count as f64 - half) / (half / 2.0).sqrt();
            for bit in 0..64 {
                believable(deviate(set[bit]), "a bit", name);
                believable(deviate(flipped[bit]), "a flip", name);
            }
        }
    }

    #[test]
    fn no_two_of_a_million_keys_are_the_same() {
        let mut keys = Vec::new();
        for name in ["login", "generate", "track"] {
            let class = KEYS.class(key_of(name));
            keys.extend([class, KEYS.arrivals(key_of(name)), KEYS.fault(key_of(name))]);
            keys.push(KEYS.control(key_of(name)));
            for number in 0..100_000 {
                let request = request(class, number);
                keys.extend([request, attempt(request, 0), attempt(request, 1)]);
                keys.push(attempt(request, 2));
            }
        }
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert!(count > 1_000_000 && keys.len() == count, "{} of {count} differ", keys.len());
    }

    #[test]
    fn runs_classes_and_spaces_have_keys_of_their_own() {
        let a = key_of("a");
        assert_ne!(Keys::new(1, 0), Keys::new(0, 1));
        assert_ne!(KEYS.class(a), Keys::new(2026, 1).class(a));
        assert_ne!(KEYS.class(a), KEYS.class(key_of("b")));
        assert_ne!(KEYS.class(a), KEYS.arrivals(a));
        assert_ne!(KEYS.fault(a), KEYS.control(a));
    }

    #[test]
    fn the_bits_are_those_of_the_published_generator() {
        // The first outputs of SplitMix64 from state 1234567, as in the test vectors of Vigna's
        // splitmix64.c that Rosetta Code lists.
        let mut draw = Draw::at(1_234_567, 0);
        let bits: Vec<u64> = (0..3).map(|_| draw.bits()).collect();
        assert_eq!(
            bits,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    /// Mean, variance and largest distance from `below`, the distribution function, of draws that
    /// are the first of their keys.
    fn compare(name: &str, draw: fn(&mut Draw) -> f64, moments: [f64; 3], below: fn(f64) -> f64) {
        let class = KEYS.class(key_of(name));
        let drawn = |n| draw(&mut Draw::at(request(class, n), 5));
        let mut all: Vec<f64> = (0..DRAWS).map(drawn).collect();
        let (count, [mean, variance, fourth]) = (DRAWS as f64, moments);
        let average = all.iter().sum::<f64>() / count;
        let square = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        believable((average - mean) / (variance / count).sqrt(), "the mean", name);
        let error = ((fourth - variance * variance) / count).sqrt();
        believable((square - variance) / error, "the variance", name);
        all.sort_by(f64::total_cmp);
        let far = |(n, &x): (usize, &f64)| (below(x) - n as f64 / count).abs();
        let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
        // Kolmogorov: exceeded once in 5,000.
        assert!(distance * count.sqrt() < 2.1, "{name}: {distance}");
    }

    #[test]
    fn exponential_normal_and_uniform_draws_follow_their_laws() {
        compare("unit", Draw::unit, [0.5, 1.0 / 12.0, 1.0 / 80.0], |x| x);
        compare("exponential", Draw::exponential, [1.0, 1.0, 9.0], |x| -(-x).exp_m1());
        compare("normal", Draw::normal, [0.0, 1.0, 3.0], |z| {
            0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
        });
    }

    #[test]
    fn the_tails_drawn_again_follow_their_laws() {
        let tail = |draw: fn(&mut Draw) -> f64| {
            let drawn = |n| draw(&mut Draw::at(KEYS.control(n), 0));
            (0..DRAWS).map(drawn).sum::<f64>() / DRAWS as f64
        };
        let error = 1.0 / (DRAWS as f64).sqrt();
        let exponential = tail(Draw::exponential_tail);
        believable((exponential - EXPONENTIAL_TAIL - 1.0) / error, "the mean", "exponential tail");
        // The inverse Mills ratio; the tail's standard deviation is about a quarter.
        let density = (-NORMAL_TAIL * NORMAL_TAIL / 2.0).exp() / std::f64::consts::TAU.sqrt();
        let beyond = 0.5 * libm::erfc(NORMAL_TAIL / std::f64::consts::SQRT_2);
        let normal = tail(Draw::normal_tail);
        believable((normal - density / beyond) / (error / 4.0), "the mean", "normal tail");
    }

    #[test]
    fn whole_numbers_below_an_end_are_uniform() {
        let mut counts = [0; 7];
        for n in 0..DRAWS {
            counts[Draw::at(KEYS.fault(n), 0).below(7) as usize] += 1;
        }
        believable(chi_square(&counts), "below 7", "faults");
        assert_eq!(Draw::at(1, 1).below(1), 0);
    }

    #[test]
    fn mirrored_draws_follow_their_laws_and_lie_opposite() {
        let pair = |n| [Side::PLAIN, Side::MIRRORED].map(|it| it.draw(request(CLASS, n), 5));
        let (mut sum, mut product) = (0.0, 0.0);
        for n in 0..DRAWS {
            let [mut plain, mut mirrored] = pair(n);
            assert_eq!(plain.unit() + mirrored.unit(), 1.0 - 1.0 / (1u64 << 53) as f64);
            let [mut plain, mut mirrored] = pair(n);
            assert_eq!(plain.normal(), -mirrored.normal());
            let [mut plain, mut mirrored] = pair(n);
            assert_eq!(plain.below(7) + mirrored.below(7), 6);
            let [mut plain, mut mirrored] = pair(n);
            let (x, y) = (plain.exponential(), mirrored.exponential());
            assert!(((-x).exp() + (-y).exp() - 1.0).abs() < 1e-15, "{x} and {y}");
            sum += y - 1.0;
            product += (x - 1.0) * (y - 1.0);
        }
        let count = DRAWS as f64;
        believable(sum / count.sqrt(), "the mean", "mirrored exponentials");
        // The covariance of ln u and ln (1 - u) is 1 - π²/6; that of one product has a deviation below 1.5.
        let expected = 1.0 - std::f64::consts::PI.powi(2) / 6.0;
        believable((product / count - expected) * count.sqrt() / 1.5, "the covariance", "pairs");
        for (name, draw) in [("unit", Draw::unit as fn(&mut Draw) -> f64), ("tail", exponential)] {
            let below = if name == "unit" { |x: f64| x } else { |x: f64| -(-x).exp_m1() };
            let mut all: Vec<f64> = (0..DRAWS).map(|n| draw(&mut pair(n)[1])).collect();
            all.sort_by(f64::total_cmp);
            let far = |(n, &x): (usize, &f64)| (below(x) - n as f64 / count).abs();
            let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
            assert!(distance * count.sqrt() < 2.1, "{name}: {distance}");
        }
    }

    fn exponential(draw: &mut Draw) -> f64 {
        draw.exponential()
    }

    #[test]
    fn an_odd_run_has_the_keys_of_the_even_one_before_it() {
        let [first, second, third] = [0, 1, 2].map(|it| Keys::in_pairs(7, it));
        assert_eq!(first, Keys::new(7, 0));
        assert_eq!(third, Keys::new(7, 2));
        assert_eq!((second.root, second.side), (first.root, Side::MIRRORED));
    }
}
