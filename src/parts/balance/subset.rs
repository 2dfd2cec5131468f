//! Each calling instance talks to a few of the instances only, so that connections and health checks
//! do not grow as callers × instances.
//!
//! Deterministic subsetting: "Load balancing in the datacenter" in B. Beyer et al. (eds.), "Site
//! Reliability Engineering", 2016, chapter 20. Callers are taken in rounds; each round shuffles the
//! instances anew and deals them out, so that each has about as many callers as the others. Callers
//! are numbered within their own service; clients talk to all.

use crate::rng::Draw;

/// Who talks to whom.
#[derive(Clone, Debug)]
pub struct Subsets {
    size: u32,
    instances: u32,
    /// The instances, shuffled, for each round.
    shuffled: Vec<u32>,
}

/// Places in all shuffles beyond which a model is refused.
pub const PLACES_MAX: u64 = 20_000_000;

/// How many rounds so many callers take.
fn rounds(instances: u32, size: u32, callers: u32) -> u32 {
    callers.div_ceil((instances / size).max(1)).max(1)
}

/// How many places the shuffles take.
pub fn places(instances: u32, size: u32, callers: u32) -> u64 {
    u64::from(rounds(instances, size, callers)) * u64::from(instances)
}

impl Subsets {
    /// `size` is at least 1 and at most `instances`; `name` is the key of the service.
    pub fn new(instances: u32, size: u32, callers: u32, name: u64) -> Subsets {
        let mut shuffled = Vec::new();
        for round in 0..rounds(instances, size, callers) {
            let start = shuffled.len();
            shuffled.extend(0..instances);
            let mut draw = Draw::at(name, u64::from(round));
            // R. Durstenfeld, "Random permutation", Comm. ACM 7(7), 1964.
            for left in (1..instances as usize).rev() {
                let other = draw.below(left as u64 + 1) as usize;
                shuffled.swap(start + left, start + other);
            }
        }
        // A balancer goes through them in the order of their places.
        for dealt in shuffled.chunks_mut(instances as usize) {
            dealt.chunks_exact_mut(size as usize).for_each(<[u32]>::sort_unstable);
        }
        Subsets { size, instances, shuffled }
    }

    /// The places of the instances that a caller with this number talks to, ascending.
    pub fn of(&self, caller: u32) -> &[u32] {
        let subsets = self.instances / self.size;
        let start = caller / subsets * self.instances + caller % subsets * self.size;
        &self.shuffled[start as usize..(start + self.size) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instance_is_talked_to_by_about_as_many_callers() {
        let subsets = Subsets::new(12, 3, 40, 7);
        let mut callers = [0; 12];
        for caller in 0..40 {
            let own = subsets.of(caller);
            assert!(own.is_sorted_by(|a, b| a < b) && own.len() == 3);
            own.iter().for_each(|it| callers[*it as usize] += 1);
        }
        // Forty callers are ten full rounds of four.
        assert_eq!(callers, [10; 12]);
    }

    #[test]
    fn a_subset_of_all_is_all_and_some_are_left_over_where_they_cannot_be_dealt_out() {
        assert_eq!(Subsets::new(5, 5, 3, 7).of(2), [0, 1, 2, 3, 4]);
        let subsets = Subsets::new(7, 3, 200, 7);
        let talked_to = |it: u32| (0..200).any(|caller| subsets.of(caller).contains(&it));
        assert!((0..7).all(talked_to));
    }
}
