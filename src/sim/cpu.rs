//! A host's CPU as its instances share it: processor sharing within each, max–min fair among them.
//!
//! All requests of one instance progress alike. `done` is the work that one of them would have
//! behind it had it been there since the instance last fell idle; one that starts now and needs
//! `work` is finished when `done` has grown by that much, whatever the speeds in between. So only
//! the earliest finish of the host needs an event, dated anew when somebody comes or goes.

use super::token::TokenId;
use crate::parts::law::fair_share::{Claim, fill};
use crate::units::{Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub struct Cpu {
    cores: f64,
    claimants: Vec<Claimant>,
    claims: Vec<Claim>,
    now: Time,
    /// Starts so far; the earlier of two equal finishes is the one that started first.
    started: u64,
}

/// One instance as a claimant of its host's cores.
struct Claimant {
    weight: f64,
    limit: f64,
    /// Cores that each of its requests has now.
    speed: f64,
    done_ns: f64,
    /// Core-nanoseconds used since the run opened, and up to the window's opening.
    used_ns: f64,
    used_at_opening_ns: f64,
    /// What `done_ns` will be when each request finishes, as bits: those of non-negative floats
    /// sort as the floats do.
    marks: BinaryHeap<Reverse<(u64, u64, TokenId)>>,
}

impl Cpu {
    /// `claimants` are the weight and the limit in cores of each instance on the host.
    pub fn new(cores: u32, claimants: impl Iterator<Item = (f64, f64)>) -> Cpu {
        let claimants: Vec<Claimant> = claimants
            .map(|(weight, limit)| Claimant {
                weight,
                limit,
                speed: 0.0,
                done_ns: 0.0,
                used_ns: 0.0,
                used_at_opening_ns: 0.0,
                marks: BinaryHeap::with_capacity(256),
            })
            .collect();
        Cpu {
            cores: f64::from(cores),
            claims: Vec::with_capacity(claimants.len()),
            claimants,
            now: Time::ZERO,
            started: 0,
        }
    }

    /// The token begins to compute; returns when the next finish of the host is due.
    pub fn begin(&mut self, now: Time, claimant: u32, token: TokenId, work: Span) -> Time {
        self.catch_up(now);
        let mine = &mut self.claimants[claimant as usize];
        let mark = mine.done_ns + work.nanos() as f64;
        mine.marks.push(Reverse((mark.to_bits(), self.started, token)));
        self.started += 1;
        self.share();
        self.next_finish()
    }

    /// The token whose finish is due now, and when the next one is.
    pub fn finish(&mut self, now: Time) -> (TokenId, Time) {
        self.catch_up(now);
        let due = self.earliest().expect("a finish was dated").1;
        let mine = &mut self.claimants[due];
        let Reverse((mark, _, token)) = mine.marks.pop().expect("it has a request");
        mine.done_ns = mine.done_ns.max(f64::from_bits(mark));
        self.share();
        (token, self.next_finish())
    }

    /// Takes a token off the CPU before it is done; returns when the next finish is due, and how many
    /// nanoseconds of work were left to do.
    pub fn abort(&mut self, now: Time, claimant: u32, token: TokenId) -> (Time, f64) {
        self.catch_up(now);
        let mine = &mut self.claimants[claimant as usize];
        let own = mine.marks.iter().find(|Reverse((_, _, it))| *it == token);
        let left_ns = own.map_or(0.0, |Reverse((mark, _, _))| f64::from_bits(*mark) - mine.done_ns);
        mine.marks.retain(|Reverse((_, _, it))| *it != token);
        self.share();
        (self.next_finish(), left_ns.max(0.0))
    }

    /// Divides the cores anew; to be called whenever the number of requests has changed.
    fn share(&mut self) {
        if let [only] = &mut self.claimants[..] {
            let runnable = only.marks.len() as f64;
            only.speed = (self.cores.min(only.limit) / runnable).min(1.0);
        } else {
            self.share_among_several();
        }
        for idle in self.claimants.iter_mut().filter(|it| it.marks.is_empty()) {
            idle.done_ns = 0.0;
        }
    }

    fn share_among_several(&mut self) {
        self.claims.clear();
        self.claims.extend(self.claimants.iter().map(|it| {
            let runnable = it.marks.len() as f64;
            Claim { weight: it.weight, cap: it.limit.min(runnable), share: 0.0 }
        }));
        fill(self.cores, &mut self.claims);
        for (claimant, claim) in self.claimants.iter_mut().zip(&self.claims) {
            claimant.speed = claim.share / claimant.marks.len().max(1) as f64;
        }
    }

    fn catch_up(&mut self, now: Time) {
        let passed_ns = (now - self.now).nanos() as f64;
        self.now = now;
        for it in self.claimants.iter_mut().filter(|it| !it.marks.is_empty()) {
            let each_ns = passed_ns * it.speed;
            it.done_ns += each_ns;
            it.used_ns += each_ns * it.marks.len() as f64;
        }
    }

    /// Nanoseconds from now until the earliest finish, and whose it is; the first claimant among
    /// equals.
    fn earliest(&self) -> Option<(f64, usize)> {
        let mut earliest: Option<(f64, usize)> = None;
        for (i, it) in self.claimants.iter().enumerate() {
            let Some(Reverse((mark, _, _))) = it.marks.peek() else { continue };
            let left_ns = (f64::from_bits(*mark) - it.done_ns).max(0.0) / it.speed;
            if earliest.is_none_or(|(least, _)| left_ns < least) {
                earliest = Some((left_ns, i));
            }
        }
        earliest
    }

    fn next_finish(&self) -> Time {
        match self.earliest() {
            Some((left_ns, _)) => self.now + Span::from_nanos_f64(left_ns),
            None => Time::NEVER,
        }
    }

    pub fn open(&mut self, now: Time) {
        self.catch_up(now);
        self.claimants.iter_mut().for_each(|it| it.used_at_opening_ns = it.used_ns);
    }

    /// Core-nanoseconds used since the window opened.
    pub fn measured_ns(&mut self, now: Time) -> f64 {
        self.catch_up(now);
        (0..self.claimants.len() as u32).map(|it| self.measured_of_ns(it)).sum()
    }

    /// Core-nanoseconds that one claimant used since the window opened, up to the last change.
    pub fn measured_of_ns(&self, claimant: u32) -> f64 {
        let it = &self.claimants[claimant as usize];
        it.used_ns - it.used_at_opening_ns
    }

    /// Whether no more was used than there was; sums of floats may be off in their last digits.
    pub fn audit(&mut self, now: Time) -> Result<(), &'static str> {
        self.catch_up(now);
        let most_ns = self.cores * now.nanos() as f64;
        let used_ns: f64 = self.claimants.iter().map(|it| it.used_ns).sum();
        if used_ns <= most_ns * (1.0 + 1e-9) { Ok(()) } else { Err("more CPU used than exists") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    fn secs(secs: f64) -> Span {
        Span::from_secs(secs)
    }

    #[test]
    fn two_requests_on_one_core_take_twice_as_long_while_both_are_there() {
        let mut cpu = Cpu::new(1, [(1.0, f64::INFINITY)].into_iter());
        let (a, b) = (TokenId::new(0), TokenId::new(1));
        assert_eq!(cpu.begin(Time::ZERO, 0, a, secs(4.0)), Time::ZERO + secs(4.0));
        let at = Time::ZERO + secs(2.0);
        assert_eq!(cpu.begin(at, 0, b, secs(1.0)), at + secs(2.0));
        let at = at + secs(2.0);
        assert_eq!(cpu.finish(at), (b, at + secs(1.0)));
        assert_eq!(cpu.finish(at + secs(1.0)), (a, Time::NEVER));
        assert_eq!(cpu.measured_ns(at + secs(9.0)), 5e9);
    }

    #[test]
    fn a_neighbour_gets_its_weight_and_a_limit_binds() {
        let mut cpu = Cpu::new(4, [(1.0, f64::INFINITY), (3.0, 2.0)].into_iter());
        for i in 0..8 {
            cpu.begin(Time::ZERO, 0, TokenId::new(i), secs(1.0));
        }
        let mut next = Time::NEVER;
        for i in 8..16 {
            next = cpu.begin(Time::ZERO, 1, TokenId::new(i), secs(1.0));
        }
        // Three of four cores by weight, but no more than two: a quarter core for each of eight.
        assert_eq!(next, Time::ZERO + secs(4.0));
    }
}
