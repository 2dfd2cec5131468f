//! The same instance for the same key, and few keys moved when instances come or go.
//!
//! A ring: D. Karger et al., "Consistent hashing and random trees", STOC 1997, with 160 points for
//! each instance as nginx's `hash … consistent` and ketama have them. With a bound, an instance that
//! has more than its share out already is passed over: V. Mirrokni, M. Thorup, M. Zadimoghaddam,
//! "Consistent hashing with bounded loads", SODA 2018; HAProxy's `hash-balance-factor`.

use super::Candidate;
use crate::parts::distribution::Zipf;
use crate::problem::{Code, Findings};
use crate::rng::mix;
use schemars::JsonSchema;
use serde::Deserialize;

/// By a key that each request has, such as its user's: its retries have the same one, and so do all
/// calls that are made for it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsistentHash {
    /// How many different keys there are.
    #[schemars(range(min = 1))]
    pub keys: u64,
    /// The exponent of Zipf's law by which requests have them; 0 makes all alike.
    #[serde(default)]
    pub skew: f64,
    /// How many times its even share of all outstanding requests an instance may have; one that has
    /// as many is passed over. No bound if absent.
    #[serde(default)]
    pub bound: Option<f64>,
}

const KEYS_MAX: u64 = 1_000_000_000_000;
/// Instances beyond which the ring would grow too large.
const INSTANCES_MAX: u32 = 10_000;

impl ConsistentHash {
    pub fn check(&self, instances: u32, findings: &mut Findings) {
        if !(1..=KEYS_MAX).contains(&self.keys) {
            findings.wrong_at("keys", Code::E007, format!("must be from 1 to {KEYS_MAX}"), "");
        }
        if !(0.0..=10.0).contains(&self.skew) {
            findings.wrong_at("skew", Code::E007, "must be from 0 to 10", "\"skew\": 0.9");
        }
        if let Some(bound) = self.bound
            && !(bound > 1.0 && bound <= 1e6)
        {
            let rule = format!("must be above 1 and at most 1000000, not {bound}");
            findings.wrong_at("bound", Code::E007, rule, "\"bound\": 1.25");
        }
        if instances > INSTANCES_MAX {
            let rule = format!("at most {INSTANCES_MAX} instances can stand on a ring");
            findings.wrong(Code::E012, rule, "");
        }
    }

    pub fn law(&self) -> Zipf {
        Zipf::new(self.keys, self.skew)
    }
}

const POINTS: u64 = 160;

/// The points of all instances, in the order of the ring.
#[derive(Clone, Debug)]
pub struct Ring {
    points: Vec<(u64, u32)>,
    bound: Option<f64>,
}

impl Ring {
    /// `name` is the key of the service, so that two services lie differently on their rings.
    pub fn new(instances: u32, name: u64, bound: Option<f64>) -> Ring {
        let of = |it: u32| {
            let own = mix(name ^ mix(u64::from(it) + 1));
            (0..POINTS).map(move |n| (mix(own.wrapping_add(n)), it))
        };
        let mut points: Vec<(u64, u32)> = (0..instances).flat_map(of).collect();
        points.sort_unstable();
        Ring { points, bound }
    }

    /// The place of the first instance from the key on that may be chosen.
    pub fn pick(&self, key: u64, candidates: &[Candidate], among: &[u32]) -> u32 {
        let all = among.len() == candidates.len();
        let allowed = |it: u32| all || among.binary_search(&it).is_ok();
        let out = |it: u32| u64::from(candidates[it as usize].outstanding);
        let most = self.bound.map(|bound| {
            let total = among.iter().map(|it| out(*it)).sum::<u64>() + 1;
            libm::ceil(bound * total as f64 / among.len() as f64) as u64
        });
        let at = mix(key.wrapping_add(0x51_7C_C1_B7));
        let start = self.points.partition_point(|it| it.0 < at);
        let round = self.points[start..].iter().chain(&self.points[..start]).map(|it| it.1);
        let mut fitting =
            round.filter(|it| allowed(*it) && most.is_none_or(|most| out(*it) < most));
        fitting.next().unwrap_or(among[0])
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::candidates;
    use super::*;

    const KEYS: u64 = 100_000;

    fn owners(ring: &Ring, among: &[u32], outstanding: [u32; 5]) -> Vec<u32> {
        let all = candidates(outstanding, [true; 5]);
        (0..KEYS).map(|key| ring.pick(key, &all, among)).collect()
    }

    #[test]
    fn keys_are_spread_over_all_about_evenly() {
        let owners = owners(&Ring::new(5, 1, None), &[0, 1, 2, 3, 4], [0; 5]);
        for it in 0..5 {
            let own = owners.iter().filter(|owner| **owner == it).count() as f64;
            // An arc of 160 points scatters by 1 / √160 of the mean, about 8 %.
            assert!((own / (KEYS as f64 / 5.0) - 1.0).abs() < 0.32, "{it}: {own}");
        }
    }

    #[test]
    fn only_the_keys_of_one_that_goes_are_moved() {
        let ring = Ring::new(5, 1, None);
        let before = owners(&ring, &[0, 1, 2, 3, 4], [0; 5]);
        let after = owners(&ring, &[0, 1, 3, 4], [0; 5]);
        assert!(before.iter().zip(&after).all(|(a, b)| a == b || *a == 2));
        assert!(after.iter().all(|it| *it != 2));
    }

    #[test]
    fn who_has_more_than_its_share_is_passed_over_and_an_endless_bound_changes_nothing() {
        let all = [0, 1, 2, 3, 4];
        // 20 are out, so that with one more none may have more than ⌈1.25 × 21 / 5⌉ = 6.
        let bounded = owners(&Ring::new(5, 1, Some(1.25)), &all, [6, 5, 4, 5, 0]);
        assert!(bounded.iter().all(|it| *it != 0));
        let plain = owners(&Ring::new(5, 1, None), &all, [6, 5, 4, 5, 0]);
        assert!(plain.iter().zip(&bounded).all(|(a, b)| a == b || *a == 0));
        assert_eq!(owners(&Ring::new(5, 1, Some(1e6)), &all, [6, 5, 4, 5, 0]), plain);
    }
}
