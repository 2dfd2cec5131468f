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
mod tests;
