//! Weighted max–min fair shares: nobody gets more than it can use, and what is left is divided by
//! weight, as a Linux host divides its cores among cgroups.
//!
//! D. Bertsekas, R. Gallager, "Data networks", 2nd ed. 1992, § 6.5.2: water is filled in until
//! those with the lowest level are full, which then leave the rest to the others.

/// One claimant: `cap` is the most that it can use, `share` what [`fill`] gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Above zero.
    pub weight: f64,
    /// Zero or more; may be endless.
    pub cap: f64,
    pub share: f64,
}

/// Marks a claim that is not full yet.
const OPEN: f64 = -1.0;

/// Divides `capacity`, in place and without reordering: every claimant gets its cap, or else
/// `weight` × the one level at which nothing is left.
///
/// It takes as many rounds as there are different levels at which somebody is full, mostly one or
/// two.
pub fn fill(capacity: f64, claims: &mut [Claim]) {
    debug_assert!(capacity >= 0.0 && claims.iter().all(|it| it.weight > 0.0 && it.cap >= 0.0));
    let demand: f64 = claims.iter().map(|it| it.cap).sum();
    if demand <= capacity {
        return claims.iter_mut().for_each(|it| it.share = it.cap);
    }
    let mut left = capacity;
    let mut weight: f64 = claims.iter().map(|it| it.weight).sum();
    claims.iter_mut().for_each(|it| it.share = OPEN);
    loop {
        let level = left / weight;
        let (mut full, mut open) = (0.0, 0.0);
        for it in claims.iter_mut().filter(|it| it.share == OPEN) {
            if it.cap <= level * it.weight {
                it.share = it.cap;
                full += it.cap;
            } else {
                open += it.weight;
            }
        }
        // Weights are summed anew, lest subtraction leave a little of nothing. Somebody stays
        // open, as not all can be full, but for rounding.
        if open == 0.0 {
            return;
        }
        if open == weight {
            for it in claims.iter_mut().filter(|it| it.share == OPEN) {
                it.share = level * it.weight;
            }
            return;
        }
        left = (left - full).max(0.0);
        weight = open;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Draw;

    fn shares<const N: usize>(capacity: f64, claims: [(f64, f64); N]) -> [f64; N] {
        let mut claims = claims.map(|(weight, cap)| Claim { weight, cap, share: 0.0 });
        fill(capacity, &mut claims);
        claims.map(|it| it.share)
    }

    const ENDLESS: f64 = f64::INFINITY;

    #[test]
    fn cores_are_divided_by_weight_up_to_what_each_can_use() {
        assert_eq!(shares(4.0, [(1.0, ENDLESS), (3.0, ENDLESS)]), [1.0, 3.0]);
        assert_eq!(shares(4.0, [(1.0, ENDLESS), (3.0, 2.0)]), [2.0, 2.0]);
        assert_eq!(shares(4.0, [(1.0, 1.0), (3.0, 2.0)]), [1.0, 2.0]);
        assert_eq!(
            shares(16.0, [(1.0, 0.0), (1.0, 3.0), (2.0, 20.0), (2.0, 20.0)]),
            [0.0, 3.0, 6.5, 6.5]
        );
        // Each one that is full lifts the level, and so fills the next.
        assert_eq!(shares(10.0, [(1.0, 1.0), (1.0, 3.0), (1.0, 9.0)]), [1.0, 3.0, 6.0]);
        assert_eq!(shares(0.0, [(1.0, 1.0), (1.0, 0.0)]), [0.0, 0.0]);
        assert_eq!(shares(1.0, []), [0.0; 0]);
    }

    /// A random host: a seed, its cores and up to twelve claimants.
    fn host(seed: u64) -> (f64, Vec<Claim>) {
        let mut draw = Draw::at(seed, 0);
        let count = 1 + draw.below(12);
        let capacity = draw.below(33) as f64;
        let claims = (0..count)
            .map(|_| {
                let weight = 0.01 + draw.unit() * 10.0;
                let cap = match draw.below(4) {
                    0 => ENDLESS,
                    1 => draw.below(4) as f64,
                    _ => draw.unit() * 20.0,
                };
                Claim { weight, cap, share: f64::NAN }
            })
            .collect();
        (capacity, claims)
    }

    #[test]
    fn shares_are_feasible_leave_nothing_and_favour_nobody() {
        for seed in 0..20_000 {
            let (capacity, mut claims) = host(seed);
            fill(capacity, &mut claims);
            let demand: f64 = claims.iter().map(|it| it.cap).sum();
            let given: f64 = claims.iter().map(|it| it.share).sum();
            let expected = demand.min(capacity);
            assert!((given - expected).abs() <= 1e-12 * (1.0 + expected), "seed {seed}: {given}");
            // Whoever is below its cap has the highest level of all.
            let level = |it: &Claim| it.share / it.weight;
            let top = claims.iter().map(level).fold(0.0, f64::max);
            for it in &claims {
                assert!((0.0..=it.cap).contains(&it.share), "seed {seed}: {it:?}");
                let satisfied = it.share == it.cap || level(it) >= top * (1.0 - 1e-12);
                assert!(satisfied, "seed {seed}: {it:?} is below the level {top}");
            }
        }
    }

    #[test]
    fn the_order_of_claimants_does_not_matter() {
        for seed in 0..5_000 {
            let (capacity, mut claims) = host(seed);
            let mut turned: Vec<Claim> = claims.iter().rev().copied().collect();
            fill(capacity, &mut claims);
            fill(capacity, &mut turned);
            for (a, b) in claims.iter().zip(turned.iter().rev()) {
                assert!((a.share - b.share).abs() < 1e-12 * (1.0 + a.share), "seed {seed}");
            }
        }
    }
}
