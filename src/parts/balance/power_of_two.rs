//! The less loaded of two different instances drawn at random.
//!
//! M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10),
//! 2001. Among equals the first drawn, which is as likely to be either.

use super::Among;
use crate::rng::Draw;

#[inline]
pub fn pick(among: Among, draw: &mut Draw) -> usize {
    let count = among.count() as u64;
    if count == 1 {
        return among.nth(0);
    }
    let first = draw.below(count);
    // One of the others.
    let second = draw.below(count - 1);
    let second = if second < first { second } else { second + 1 };
    let (first, second) = (among.nth(first as usize), among.nth(second as usize));
    let load = |at: usize| among.candidates()[at].outstanding;
    if load(second) < load(first) { second } else { first }
}

#[cfg(test)]
mod tests {
    use super::super::{Rule, tests::*};

    #[test]
    fn the_less_loaded_of_each_pair_is_chosen() {
        // Of the six pairs the least loaded wins three, the next two, the next one.
        let all = candidates([7, 1, 5, 3], [true; 4]);
        fair(counts(Rule::PowerOfTwo, all, 100_000), [0.0, 3.0 / 6.0, 1.0 / 6.0, 2.0 / 6.0]);
        let some = candidates([7, 1, 5, 3], [true, false, true, true]);
        fair(counts(Rule::PowerOfTwo, some, 100_000), [0.0, 0.0, 1.0 / 3.0, 2.0 / 3.0]);
    }

    #[test]
    fn equals_share_alike() {
        fair(counts(Rule::PowerOfTwo, candidates([2; 5], [true; 5]), 100_000), [0.2; 5]);
    }
}
