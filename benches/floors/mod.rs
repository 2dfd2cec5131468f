//! The floors: each model of the benches as the fastest loop known that simulates exactly it.
//!
//! No model file, no generality, no statistics beyond one sum. What the engine takes more than
//! these, on the same machine in the same minute, is the price of being general. The event set of
//! each is the fastest of some twenty that were measured for it; how ties fall is left open.

mod shop;
mod time_heap;

pub use shop::shop;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp1};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use time_heap::TimeHeap;

/// One server, λ = 0.8, μ = 1: mean waiting time of so many jobs. In theory 4.
pub fn mm1(jobs: u64, seed: u64) -> f64 {
    mmc::<PackedHeap>(jobs, seed, 1, 0.8)
}

/// Sixteen servers, λ = 14.4, μ = 1: mean waiting time of so many jobs. By Erlang C 0.36959.
pub fn mm16(jobs: u64, seed: u64) -> f64 {
    mmc::<TimeHeap<bool>>(jobs, seed, 16, 14.4)
}

/// Pending events of [`mmc`]: true for a finish, false for an arrival.
trait EventSet {
    fn with_capacity(capacity: usize) -> Self;
    fn push(&mut self, at: u64, event: bool);
    fn pop(&mut self) -> Option<(u64, bool)>;
}

/// First come, first served by `servers` at rate 1. Times are `f64`, whose bits sort alike.
fn mmc<S: EventSet>(jobs: u64, seed: u64, servers: u32, lambda: f64) -> f64 {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut draw = || -> f64 { Exp1.sample(&mut random) };
    let mut pending = S::with_capacity(64);
    let mut line = VecDeque::with_capacity(4096);
    let between = 1.0 / lambda;
    let (mut arrived, mut started, mut busy, mut waited) = (0, 0, 0, 0.0);
    pending.push((draw() * between).to_bits(), false);
    while started < jobs {
        let Some((at, is_finish)) = pending.pop() else { break };
        let now = f64::from_bits(at);
        if !is_finish {
            arrived += 1;
            if arrived < jobs {
                pending.push((now + draw() * between).to_bits(), false);
            }
            if busy == servers {
                line.push_back(now);
                continue;
            }
            busy += 1;
        } else if let Some(arrival) = line.pop_front() {
            waited += now - arrival;
        } else {
            busy -= 1;
            continue;
        }
        started += 1;
        pending.push((now + draw()).to_bits(), true);
    }
    waited / jobs as f64
}

/// The standard library's heap of time and event packed in one number: best for two or three.
struct PackedHeap(BinaryHeap<Reverse<u128>>);

impl EventSet for PackedHeap {
    fn with_capacity(capacity: usize) -> PackedHeap {
        PackedHeap(BinaryHeap::with_capacity(capacity))
    }
    fn push(&mut self, at: u64, event: bool) {
        self.0.push(Reverse(u128::from(at) << 64 | u128::from(event)));
    }
    fn pop(&mut self) -> Option<(u64, bool)> {
        self.0.pop().map(|Reverse(packed)| ((packed >> 64) as u64, packed as u64 != 0))
    }
}

impl EventSet for TimeHeap<bool> {
    fn with_capacity(capacity: usize) -> TimeHeap<bool> {
        TimeHeap::new(capacity)
    }
    fn push(&mut self, at: u64, event: bool) {
        self.insert(at, event);
    }
    fn pop(&mut self) -> Option<(u64, bool)> {
        self.take()
    }
}
