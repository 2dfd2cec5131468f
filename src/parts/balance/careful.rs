//! Balancers that look at more than who works and how much each has to do: weights, keys, zones,
//! subsets, and who has just come back.

use super::consistent_hash::Ring;
use super::nearest_zone::Distances;
use super::slow_start::SlowStart;
use super::subset::Subsets;
use super::weighted::{Turns, Weighed};
use super::{Candidate, Rule};
use crate::parts::distribution::Zipf;
use crate::rng::{Draw, key_of};
use crate::units::Time;

/// How such a balancer chooses.
#[derive(Clone, Debug)]
pub struct Careful {
    pub rule: CarefulRule,
    /// The weight of each instance.
    pub weights: Vec<f64>,
    pub zones: Option<Distances>,
    pub subsets: Option<Subsets>,
    pub slow_start: Option<SlowStart>,
}

#[derive(Clone, Debug)]
pub enum CarefulRule {
    Weighed(Rule),
    Hashed(Zipf, Ring),
}

/// Who asks, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The zone of the calling instance and its number within its service; none for a client.
    pub instance: Option<(usize, u32)>,
    /// What the request keeps through all retries and calls.
    pub origin: u64,
}

/// Where such a balancer is.
#[derive(Clone, Debug)]
pub struct CarefulState {
    turns: Turns,
    /// When each instance came back; none if it has been there all along.
    back: Vec<Option<Time>>,
    /// Room for those who may be chosen, and for the weights of all.
    among: Vec<u32>,
    weights: Vec<f64>,
    /// Room for how many instances each distance has, and how many of them are believed to work.
    ranks: Vec<(u32, u32)>,
}

impl CarefulState {
    pub fn new(careful: &Careful) -> CarefulState {
        let instances = careful.weights.len();
        CarefulState {
            turns: Turns::new(instances),
            back: vec![None; instances],
            among: Vec::with_capacity(instances),
            weights: careful.weights.clone(),
            ranks: Vec::with_capacity(instances),
        }
    }

    /// The instance with this place is believed to work again.
    pub fn came_back(&mut self, place: usize, now: Time) {
        self.back[place] = Some(now);
    }
}

impl Careful {
    /// The place of the chosen one among `candidates`. Allocates nothing.
    pub fn pick(
        &self,
        state: &mut CarefulState,
        candidates: &[Candidate],
        caller: Caller,
        now: Time,
        draw: &mut Draw,
    ) -> usize {
        self.who_may_be_chosen(state, candidates, caller, draw);
        if let CarefulRule::Hashed(keys, ring) = &self.rule {
            let key = keys.draw(&mut draw.side().draw(caller.origin, key_of("affinity")));
            return ring.pick(key, candidates, &state.among) as usize;
        }
        let CarefulRule::Weighed(rule) = self.rule else { unreachable!("the other kind") };
        self.weigh(state, now);
        let weighed = Weighed { candidates, among: &state.among, weights: &state.weights };
        state.turns.pick(rule, &weighed, draw) as usize
    }

    /// Those in the caller's subset that are believed to work, or all of it if none is; of the zone
    /// whose turn it is, where zones play a part.
    fn who_may_be_chosen(
        &self,
        state: &mut CarefulState,
        candidates: &[Candidate],
        caller: Caller,
        draw: &mut Draw,
    ) {
        let CarefulState { among, ranks, .. } = state;
        among.clear();
        match (&self.subsets, caller.instance) {
            (Some(subsets), Some((_, number))) => among.extend_from_slice(subsets.of(number)),
            _ => among.extend(0..candidates.len() as u32),
        }
        let healthy = |it: &u32| candidates[*it as usize].healthy;
        if !among.iter().any(healthy) {
            let there = |it: &u32| candidates[*it as usize].there;
            if among.iter().any(there) {
                among.retain(there);
            }
            return;
        }
        if let (Some(distances), Some((zone, _))) = (&self.zones, caller.instance) {
            let own = &distances.ranks[zone];
            ranks.clear();
            for it in among.iter() {
                let rank = own[*it as usize] as usize;
                if ranks.len() <= rank {
                    ranks.resize(rank + 1, (0, 0));
                }
                ranks[rank].0 += u32::from(candidates[*it as usize].there);
                ranks[rank].1 += u32::from(healthy(it));
            }
            let rank = distances.rank(ranks, draw.unit()).expect("one is healthy");
            among.retain(|it| own[*it as usize] == rank);
        }
        among.retain(healthy);
    }

    /// Whoever has just come back weighs less.
    fn weigh(&self, state: &mut CarefulState, now: Time) {
        let Some(slow) = &self.slow_start else { return };
        for (place, back) in state.back.iter_mut().enumerate() {
            let Some(since) = *back else { continue };
            let factor = slow.factor(now - since);
            state.weights[place] = self.weights[place] * factor;
            if factor == 1.0 {
                *back = None;
            }
        }
    }
}
