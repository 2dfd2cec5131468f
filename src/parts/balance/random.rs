//! Any instance, each as likely as the others. Splits a Poisson stream into Poisson streams.

use super::Among;
use crate::rng::Draw;

#[inline]
pub fn pick(among: Among, draw: &mut Draw) -> usize {
    among.nth(draw.below(among.count() as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::{Rule, tests::*};

    #[test]
    fn each_is_as_likely_as_the_others_whatever_their_load() {
        let all = candidates([0, 9, 99, 3, 1], [true; 5]);
        fair(counts(Rule::Random, all, 100_000), [0.2; 5]);
        let some = candidates([0, 9, 99, 3, 1], [true, false, true, true, false]);
        fair(counts(Rule::Random, some, 100_000), [1.0 / 3.0, 0.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]);
    }
}
