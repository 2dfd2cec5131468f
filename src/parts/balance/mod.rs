//! Which instance of a service a request goes to, by what its balancer believes of them.
//!
//! A balancer knows how many requests it has out at each instance and whether the health checks
//! let it through, not what really goes on there. If it believes that none works, it sends to all
//! as if all did: AWS load balancers "fail open" ("Target group health", ELB user guide), and so
//! does Envoy in panic mode ("Panic threshold", Envoy documentation).

mod careful;
mod consistent_hash;
mod least_outstanding;
mod nearest_zone;
mod power_of_two;
mod random;
mod round_robin;
mod slow_start;
pub mod subset;
mod weighted;

pub use careful::{Caller, Careful, CarefulRule, CarefulState};
pub use consistent_hash::{ConsistentHash, Ring};
pub use nearest_zone::{Distances, NearestZone};
pub use slow_start::SlowStart;
pub use subset::Subsets;
pub use weighted::Weighted;

use crate::problem::Findings;
use crate::rng::Draw;
use schemars::JsonSchema;
use serde::Deserialize;

/// Which instance a request goes to.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// There is no balancer: all goes to the first instance, working or not.
    None,
    /// Any, each as likely as the others.
    Random,
    /// One after the other.
    RoundRobin,
    /// The one with the fewest requests that are not answered yet.
    LeastOutstanding,
    /// The less loaded of two that are drawn at random.
    PowerOfTwo,
    /// By weight.
    Weighted(Weighted),
    /// The same instance for the same key.
    ConsistentHash(ConsistentHash),
    /// An instance in the caller's own zone, if there are enough.
    NearestZone(NearestZone),
}

/// The ways to choose that need to know nothing but who works and how much each has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Always the first; there is no asking for it.
    #[default]
    #[serde(skip)]
    None,
    /// Any, each as likely as the others.
    Random,
    /// One after the other.
    RoundRobin,
    /// The one with the fewest requests that are not answered yet.
    LeastOutstanding,
    /// The less loaded of two that are drawn at random.
    PowerOfTwo,
}

impl Balance {
    /// What is wrong with it, for a service of so many instances.
    pub fn check(&self, instances: u32, findings: &mut Findings) {
        match self {
            Balance::Weighted(it) => findings.inside("weighted", |f| it.check(instances, f)),
            Balance::ConsistentHash(it) => {
                findings.inside("consistent_hash", |f| it.check(instances, f));
            }
            Balance::NearestZone(it) => findings.inside("nearest_zone", |f| it.check(f)),
            _ => {}
        }
    }

    /// How one is chosen, once those are known who may be.
    pub fn rule(&self) -> Rule {
        match self {
            Balance::None | Balance::ConsistentHash(_) => Rule::None,
            Balance::Random => Rule::Random,
            Balance::RoundRobin => Rule::RoundRobin,
            Balance::LeastOutstanding => Rule::LeastOutstanding,
            Balance::PowerOfTwo => Rule::PowerOfTwo,
            Balance::Weighted(it) => it.then,
            Balance::NearestZone(it) => it.then,
        }
    }

    /// Whether the rule is all there is to it.
    pub fn is_plain(&self) -> bool {
        !matches!(self, Balance::Weighted(_) | Balance::ConsistentHash(_) | Balance::NearestZone(_))
    }
}

/// What a balancer believes of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Requests sent there and not yet back.
    pub outstanding: u32,
    pub healthy: bool,
    /// Whether there is such an instance at all: a service that scales has places for more.
    pub there: bool,
}

/// Where a balancer that goes round is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    next: u32,
}

impl State {
    /// Whose turn it is; there may have been more instances when that was noted. A comparison, as
    /// a division takes longer than all the rest.
    #[inline]
    fn turn(self, count: usize) -> usize {
        if (self.next as usize) < count { self.next as usize } else { 0 }
    }
}

impl Rule {
    /// The place of the chosen one among `candidates`, of which there is at least one.
    ///
    /// `all_healthy` says that none of them needs to be left out, which is looked up faster than
    /// counted. Allocates nothing.
    #[inline]
    pub fn pick(
        self,
        state: &mut State,
        candidates: &[Candidate],
        all_healthy: bool,
        draw: &mut Draw,
    ) -> usize {
        debug_assert!(!candidates.is_empty(), "nothing to choose from");
        debug_assert!(!all_healthy || candidates.iter().all(|it| it.healthy));
        let among = if all_healthy { Among::All(candidates) } else { Among::healthy(candidates) };
        match self {
            Rule::None => 0,
            Rule::Random => random::pick(among, draw),
            Rule::RoundRobin => round_robin::pick(state, among),
            Rule::LeastOutstanding => least_outstanding::pick(state, among),
            Rule::PowerOfTwo => power_of_two::pick(among, draw),
        }
    }
}

/// Those that a balancer may choose from.
#[derive(Clone, Copy)]
enum Among<'a> {
    All(&'a [Candidate]),
    /// Some are left out; so many are not, at least one: those that are healthy.
    Healthy(&'a [Candidate], usize),
    /// None is healthy, and so many are there, at least one.
    There(&'a [Candidate], usize),
}

impl<'a> Among<'a> {
    #[cold]
    fn healthy(candidates: &'a [Candidate]) -> Self {
        match candidates.iter().filter(|it| it.healthy).count() {
            0 => match candidates.iter().filter(|it| it.there).count() {
                0 => Among::All(candidates),
                count => Among::There(candidates, count),
            },
            count if count == candidates.len() => Among::All(candidates),
            count => Among::Healthy(candidates, count),
        }
    }

    fn candidates(self) -> &'a [Candidate] {
        match self {
            Among::All(it) | Among::Healthy(it, _) | Among::There(it, _) => it,
        }
    }

    /// How many there are to choose from.
    #[inline]
    fn count(self) -> usize {
        match self {
            Among::All(candidates) => candidates.len(),
            Among::Healthy(_, count) | Among::There(_, count) => count,
        }
    }

    /// The place of the n-th of them.
    #[inline]
    fn nth(self, n: usize) -> usize {
        match self {
            Among::All(_) => n,
            _ => (0..self.candidates().len())
                .filter(|&at| self.allows(at))
                .nth(n)
                .unwrap_or_default(),
        }
    }

    #[inline]
    fn allows(self, at: usize) -> bool {
        match self {
            Among::All(_) => true,
            Among::Healthy(candidates, _) => candidates[at].healthy,
            Among::There(candidates, _) => candidates[at].there,
        }
    }

    /// The place after `at`, going round.
    #[inline]
    fn after(self, at: usize) -> usize {
        if at + 1 >= self.candidates().len() { 0 } else { at + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const ALL: [Rule; 5] =
        [Rule::None, Rule::Random, Rule::RoundRobin, Rule::LeastOutstanding, Rule::PowerOfTwo];

    pub fn candidates<const N: usize>(outstanding: [u32; N], healthy: [bool; N]) -> [Candidate; N] {
        let mut all =
            outstanding.map(|outstanding| Candidate { outstanding, healthy: true, there: true });
        all.iter_mut().zip(healthy).for_each(|(it, healthy)| it.healthy = healthy);
        all
    }

    /// How often each is picked in `picks`, all of them staying as they are.
    pub fn counts<const N: usize>(balance: Rule, all: [Candidate; N], picks: u64) -> [u64; N] {
        let (mut state, mut counts) = (State::default(), [0; N]);
        let all_healthy = all.iter().all(|it| it.healthy);
        for n in 0..picks {
            counts[balance.pick(&mut state, &all, all_healthy, &mut Draw::at(11, n))] += 1;
        }
        counts
    }

    /// Whether the counts are those of fair draws, each of these shares of `picks`.
    pub fn fair<const N: usize>(counts: [u64; N], shares: [f64; N]) {
        let picks = counts.iter().sum::<u64>() as f64;
        for (count, share) in counts.into_iter().zip(shares) {
            let error = (picks * share * (1.0 - share)).sqrt();
            let off = (count as f64 - picks * share).abs();
            assert!(off <= 4.0 * error, "{counts:?}: not {share} of {picks}");
        }
    }

    #[test]
    fn their_names_in_files_are_in_snake_case() {
        for (name, balance) in
            ["none", "random", "round_robin", "least_outstanding", "power_of_two"].iter().zip(ALL)
        {
            let json = format!("\"{name}\"");
            assert_eq!(serde_json::from_str::<Balance>(&json).unwrap().rule(), balance);
        }
    }

    #[test]
    fn without_a_balancer_all_goes_to_the_first() {
        let all = candidates([9, 0, 0], [false, true, true]);
        assert_eq!(counts(Rule::None, all, 10), [10, 0, 0]);
    }

    #[test]
    fn what_is_believed_not_to_work_gets_nothing() {
        let all = candidates([0, 5, 0, 5], [false, true, false, true]);
        for balance in &ALL[1..] {
            let [a, b, c, d] = counts(*balance, all, 1000);
            assert!(a + c == 0 && b.abs_diff(d) < 130, "{balance:?}: {a} {b} {c} {d}");
        }
    }

    #[test]
    fn if_none_is_believed_to_work_all_get_requests() {
        let all = candidates([1; 4], [false; 4]);
        for balance in &ALL[1..] {
            let counts = counts(*balance, all, 4000);
            assert!(counts.iter().all(|it| it.abs_diff(1000) < 110), "{balance:?}: {counts:?}");
        }
    }

    #[test]
    fn places_without_an_instance_get_nothing_even_if_none_is_believed_to_work() {
        let mut all = candidates([1; 4], [false; 4]);
        (all[1].there, all[2].there) = (false, false);
        for balance in &ALL[1..] {
            let [a, b, c, d] = counts(*balance, all, 2000);
            assert!(b + c == 0 && a.abs_diff(d) < 180, "{balance:?}: {a} {b} {c} {d}");
        }
    }

    #[test]
    fn the_only_one_left_gets_everything() {
        for balance in &ALL[1..] {
            assert_eq!(counts(*balance, candidates([7, 7], [false, true]), 10), [0, 10]);
            assert_eq!(counts(*balance, candidates([7], [true]), 10), [10]);
        }
    }
}
