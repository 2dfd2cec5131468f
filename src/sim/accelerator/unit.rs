//! One accelerator that generates token by token, and the requests that it knows.

use super::{capped, times};
use crate::network;
use crate::sim::token::TokenId;
use crate::units::{Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A request; its token has the place of this in `left`.
#[derive(Clone, Copy)]
pub struct Job {
    pub token: TokenId,
    pub prompt: u32,
    pub output: u32,
    /// Tokens generated before it was let in, the last time if it was put off.
    pub done: u32,
    pub asked: Time,
    pub first: Option<Time>,
    /// The accelerator that it runs on.
    pub unit: Option<u32>,
}

impl Job {
    /// Tokens that it has when it is let in.
    pub fn context(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.done)
    }

    pub fn whole(&self) -> u64 {
        u64::from(self.prompt) + u64::from(self.output)
    }
}

/// One accelerator.
pub struct Unit {
    /// Whether it is iterating.
    pub busy: bool,
    /// When the iteration under way began, how long it takes, and how many like it there are until
    /// something changes.
    pub began: Time,
    pub each: Span,
    pub left: u64,
    /// Iterations done so far.
    pub iterations: u64,
    /// The iteration after which each that runs is done, its number among those let in, its job.
    pub running: BinaryHeap<Reverse<(u64, u64, u32)>>,
    /// The last iteration of the longest.
    pub longest: u64,
    /// Tokens in memory when the iteration under way began.
    pub used: u64,
    /// Those whose prompts are prefilled in the iteration under way, and the tokens in these.
    pub fresh: Vec<u32>,
    pub prompts: u64,
}

impl Unit {
    pub fn new(room: usize) -> Unit {
        Unit {
            busy: false,
            began: Time::ZERO,
            each: Span::ZERO,
            left: 0,
            iterations: 0,
            running: BinaryHeap::with_capacity(room),
            longest: 0,
            used: 0,
            fresh: Vec::with_capacity(room),
            prompts: 0,
        }
    }

    /// How many run.
    pub fn level(&self) -> u64 {
        self.running.len() as u64
    }

    /// When something changes.
    pub fn due(&self) -> Time {
        match self.busy {
            true => self.began + capped(times(self.each, self.left)),
            false => Time::NEVER,
        }
    }

    pub fn has_room_for_all(&self, memory: u64) -> bool {
        // In the iteration that has begun with a prompt, room has been made.
        !self.fresh.is_empty() || self.used + self.level() <= memory
    }

    /// Takes out the one that is meant; its job, and how many tokens it still lacks.
    pub fn remove(&mut self, is_meant: impl Fn(u64, u32) -> bool) -> (u32, u64) {
        let (mut place, mut left) = (0, 0);
        let iterations = self.iterations;
        self.running.retain(|Reverse((last, admitted, job))| {
            let meant = is_meant(*admitted, *job);
            if meant {
                // In a static batch it may be done and wait for the others.
                (place, left) = (*job, last.saturating_sub(iterations));
            }
            !meant
        });
        (place, left)
    }

    /// Tokens generated so far for those that run, by what they still lack.
    pub fn present(&self, jobs: &[Job]) -> u64 {
        let done = |Reverse((last, _, job)): &Reverse<(u64, u64, u32)>| {
            u64::from(jobs[*job as usize].output) - last.saturating_sub(self.iterations)
        };
        self.running.iter().map(done).sum()
    }

    /// Tokens in memory, by what runs.
    pub fn memory(&self, spec: &network::Sequences, jobs: &[Job]) -> u64 {
        let jobs_of = self.running.iter().map(|Reverse((_, _, job))| &jobs[*job as usize]);
        match spec.optimistic {
            true => jobs_of.map(|it| u64::from(it.prompt)).sum::<u64>() + self.present(jobs),
            false => jobs_of.map(Job::whole).sum(),
        }
    }
}
