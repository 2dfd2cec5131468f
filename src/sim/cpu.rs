//! A host's CPU as its instances share it: processor sharing within each, max–min fair among them.
//!
//! All requests of one instance progress alike. `done` is the work that one of them would have
//! behind it had it been there since the instance last fell idle; one that starts now and needs
//! `work` is finished when `done` has grown by that much, whatever the speeds in between. So only
//! the earliest finish of the host needs an event, dated anew when somebody comes or goes.
//!
//! Waking a core and switching it between requests costs CPU time, where a host says so: a request
//! has that much more to do, and cores that switch get less done. What is lost counts as busy.

use super::token::TokenId;
use crate::parts::law::fair_share::{Claim, fill};
use crate::parts::law::switching::Switching;
use crate::units::{Span, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nanoseconds of work that one request would have done so far in computing without a pause, for how
/// long somebody has computed, and how fast one alone would.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    pub done_ns: f64,
    pub busy_ns: f64,
    pub pace: f64,
}

pub struct Cpu {
    cores: f64,
    /// The fastest that any of the claimants has been.
    fastest: f64,
    claimants: Vec<Claimant>,
    claims: Vec<Claim>,
    switch: Option<Switching>,
    now: Time,
    /// When somebody last finished, and how many did at that instant: their cores are still awake.
    freed: (Time, u32),
    /// Cores that are waking up, and cannot be used yet.
    waking: u32,
    /// Starts so far; the earlier of two equal finishes is the one that started first.
    started: u64,
}

/// One instance as a claimant of its host's cores.
struct Claimant {
    weight: f64,
    limit: f64,
    /// Cores that each of its requests has now, and how fast they are as a multiple of the usual.
    speed: f64,
    pace: f64,
    done_ns: f64,
    /// Core-nanoseconds used since the run opened, and up to the window's opening.
    used_ns: f64,
    /// For how long it has had requests, and what one of them would have done in that time.
    busy_ns: f64,
    ever_done_ns: f64,
    used_at_opening_ns: f64,
    /// The share of its cores' time that is lost between slices, and core-nanoseconds so lost.
    loss: f64,
    lost_ns: f64,
    /// Core-nanoseconds that those who finished had lost to begin with.
    begun_ns: f64,
    lost_at_opening_ns: f64,
    /// What `done_ns` will be when each request finishes, as bits: those of non-negative floats
    /// sort as the floats do.
    marks: BinaryHeap<Reverse<Mark>>,
}

impl Claimant {
    /// The most cores that it can use. One that stands still runs nothing: its neighbours have the cores.
    fn cap(&self) -> f64 {
        if self.pace == 0.0 { 0.0 } else { self.limit.min(self.marks.len() as f64) }
    }
}

/// The mark, the number of the start, who, and what it lost as it began, in nanoseconds.
type Mark = (u64, u64, TokenId, u32);

impl Cpu {
    /// `claimants` are the weight and the limit in cores of each instance on the host.
    pub fn new(
        cores: u32,
        switch: Option<Switching>,
        claimants: impl Iterator<Item = (f64, f64)>,
    ) -> Cpu {
        let claimants: Vec<Claimant> = claimants
            .map(|(weight, limit)| Claimant {
                weight,
                limit,
                speed: 0.0,
                pace: 1.0,
                done_ns: 0.0,
                used_ns: 0.0,
                busy_ns: 0.0,
                ever_done_ns: 0.0,
                used_at_opening_ns: 0.0,
                loss: 0.0,
                lost_ns: 0.0,
                begun_ns: 0.0,
                lost_at_opening_ns: 0.0,
                marks: BinaryHeap::with_capacity(256),
            })
            .collect();
        Cpu {
            cores: f64::from(cores),
            fastest: 1.0,
            claims: Vec::with_capacity(claimants.len()),
            claimants,
            switch,
            now: Time::ZERO,
            freed: (Time::ZERO, 0),
            waking: 0,
            started: 0,
        }
    }

    /// Wakes a core, if one sleeps. One that has done its work at this very instant does not yet:
    /// whoever goes on right after another is like a program that wakes the next and only then
    /// falls asleep.
    pub fn wake(&mut self, now: Time) -> bool {
        let freed = if self.freed.0 == now { self.freed.1 } else { 0 };
        let sleeps = f64::from(self.runnable() + freed + self.waking) < self.cores;
        self.waking += u32::from(sleeps);
        sleeps
    }

    /// A core is awake; returns when the next finish of the host is due.
    pub fn awake(&mut self, now: Time) -> Time {
        self.catch_up(now);
        self.waking -= 1;
        self.share();
        self.next_finish()
    }

    pub fn runnable(&self) -> u32 {
        self.claimants.iter().map(|it| it.marks.len() as u32).sum()
    }

    /// What a request loses that begins now, as it is switched in.
    pub fn switched_in(&self) -> Span {
        let cost_ns = self.switch.map_or(0, |it| it.entry_ns(self.runnable(), self.cores));
        Span::from_nanos(cost_ns)
    }

    /// The token begins to compute, after it has `lost` some time; returns when the next finish of
    /// the host is due.
    pub fn begin(
        &mut self,
        now: Time,
        claimant: u32,
        token: TokenId,
        work: Span,
        lost: Span,
    ) -> Time {
        self.catch_up(now);
        let mine = &mut self.claimants[claimant as usize];
        let mark = mine.done_ns + (work + lost).nanos() as f64;
        let lost_ns = u32::try_from(lost.nanos()).unwrap_or(u32::MAX);
        mine.marks.push(Reverse((mark.to_bits(), self.started, token, lost_ns)));
        self.started += 1;
        self.share();
        self.next_finish()
    }

    /// The token whose finish is due now, and when the next one is.
    pub fn finish(&mut self, now: Time) -> (TokenId, Time) {
        self.catch_up(now);
        let due = self.earliest().expect("a finish was dated").1;
        let mine = &mut self.claimants[due];
        let Reverse((mark, _, token, lost_ns)) = mine.marks.pop().expect("it has a request");
        mine.done_ns = mine.done_ns.max(f64::from_bits(mark));
        mine.begun_ns += f64::from(lost_ns) / mine.pace.max(1.0);
        self.free_a_core(now);
        self.share();
        (token, self.next_finish())
    }

    fn free_a_core(&mut self, now: Time) {
        self.freed = (now, if self.freed.0 == now { self.freed.1 + 1 } else { 1 });
    }

    /// Takes a token off the CPU before it is done; returns what it had still to do, and when the next
    /// finish is due.
    pub fn abort(&mut self, now: Time, claimant: u32, token: TokenId) -> (Span, Time) {
        self.catch_up(now);
        let mine = &mut self.claimants[claimant as usize];
        let mark = mine.marks.iter().find(|Reverse(mark)| mark.2 == token);
        let Reverse((mark, ..)) = mark.expect("it computes here");
        let left_ns = (f64::from_bits(*mark) - mine.done_ns).max(0.0);
        mine.marks.retain(|Reverse(mark)| mark.2 != token);
        self.share();
        (Span::from_nanos_f64(left_ns), self.next_finish())
    }

    /// The same for one that goes on later.
    pub fn interrupt(&mut self, now: Time, claimant: u32, token: TokenId) -> (Span, Time) {
        self.free_a_core(now);
        self.abort(now, claimant, token)
    }

    /// The cores are so fast for one of the claimants from now on, as a multiple of the usual; where
    /// they stand still they are not busy. Returns when the next finish is due.
    pub fn set_speed(&mut self, now: Time, claimant: u32, pace: f64) -> Time {
        self.catch_up(now);
        self.fastest = self.fastest.max(pace);
        self.claimants[claimant as usize].pace = pace;
        self.share();
        self.next_finish()
    }

    /// A claimant has such a weight and limit from now on. Returns when the next finish is due.
    pub fn set_claim(&mut self, now: Time, claimant: u32, (weight, limit): (f64, f64)) -> Time {
        self.catch_up(now);
        let mine = &mut self.claimants[claimant as usize];
        (mine.weight, mine.limit) = (weight, limit);
        self.share();
        self.next_finish()
    }

    /// Divides the cores anew; to be called whenever the number of requests has changed.
    fn share(&mut self) {
        let cores = self.cores - f64::from(self.waking);
        if let [only] = &mut self.claimants[..] {
            let runnable = only.marks.len() as f64;
            only.speed = (cores.min(only.limit) / runnable).min(1.0);
        } else {
            self.share_among_several(cores);
        }
        if let Some(switch) = self.switch {
            self.lose_between_slices(switch);
        }
        for idle in self.claimants.iter_mut().filter(|it| it.marks.is_empty()) {
            idle.done_ns = 0.0;
        }
    }

    /// Requests that have less than a core each are switched in and out, and get less done; but for
    /// those whom only their own limit holds back: they run until it is used up, and then wait.
    #[inline(never)]
    fn lose_between_slices(&mut self, switch: Switching) {
        let runnable: usize = self.claimants.iter().map(|it| it.marks.len()).sum();
        let crowded = (self.cores / runnable as f64).min(1.0);
        for it in self.claimants.iter_mut().filter(|it| it.speed > 0.0) {
            let is_held_back = it.speed * it.marks.len() as f64 >= it.limit * (1.0 - 1e-12);
            let share = if is_held_back { it.speed.max(crowded) } else { it.speed };
            let efficiency = switch.efficiency(share);
            it.speed *= efficiency;
            it.loss = 1.0 / efficiency - 1.0;
        }
    }

    fn share_among_several(&mut self, cores: f64) {
        // Mostly there is enough for all, which takes one look at each.
        let mut demand = 0.0;
        for it in &mut self.claimants {
            let cap = it.cap();
            it.speed = cap / it.marks.len().max(1) as f64;
            demand += cap;
        }
        if demand <= cores {
            return;
        }
        self.claims.clear();
        for it in &self.claimants {
            self.claims.push(Claim { weight: it.weight, cap: it.cap(), share: 0.0 });
        }
        fill(cores, &mut self.claims);
        for (claimant, claim) in self.claimants.iter_mut().zip(&self.claims) {
            claimant.speed = claim.share / claimant.marks.len().max(1) as f64;
        }
    }

    fn catch_up(&mut self, now: Time) {
        let passed_ns = (now - self.now).nanos() as f64;
        self.now = now;
        for it in self.claimants.iter_mut().filter(|it| !it.marks.is_empty()) {
            let each_ns = passed_ns * it.speed;
            it.done_ns += each_ns * it.pace;
            it.ever_done_ns += each_ns * it.pace;
            it.busy_ns += passed_ns;
            let all_ns = if it.pace == 0.0 { 0.0 } else { each_ns * it.marks.len() as f64 };
            it.used_ns += all_ns;
            it.lost_ns += all_ns * it.loss;
        }
    }

    /// Nanoseconds from now until the earliest finish, and whose it is; the first claimant among
    /// equals.
    fn earliest(&self) -> Option<(f64, usize)> {
        let mut earliest: Option<(f64, usize)> = None;
        for (i, it) in self.claimants.iter().enumerate() {
            let Some(Reverse((mark, ..))) = it.marks.peek() else { continue };
            let speed = it.speed * it.pace;
            if speed <= 0.0 {
                continue;
            }
            let left_ns = (f64::from_bits(*mark) - it.done_ns).max(0.0) / speed;
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
        for it in &mut self.claimants {
            it.used_at_opening_ns = it.used_ns + it.lost_ns;
            it.lost_at_opening_ns = it.lost_ns + it.begun_ns;
        }
    }

    /// Core-nanoseconds lost to waking and switching since the window opened.
    pub fn measured_lost_ns(&self) -> f64 {
        let lost = self.claimants.iter().map(|it| it.lost_ns + it.begun_ns - it.lost_at_opening_ns);
        lost.sum()
    }

    /// Core-nanoseconds used since the window opened.
    pub fn measured_ns(&mut self, now: Time) -> f64 {
        self.catch_up(now);
        (0..self.claimants.len() as u32).map(|it| self.measured_of_ns(it)).sum()
    }

    /// Core-nanoseconds that one claimant used since the window opened, up to the last change.
    pub fn measured_of_ns(&self, claimant: u32) -> f64 {
        let it = &self.claimants[claimant as usize];
        it.used_ns + it.lost_ns - it.used_at_opening_ns
    }

    /// Core-nanoseconds that one claimant has used since the run opened.
    pub fn used_ns(&mut self, now: Time, claimant: u32) -> f64 {
        self.catch_up(now);
        let it = &self.claimants[claimant as usize];
        it.used_ns + it.lost_ns
    }

    /// How far one request of a claimant would have come by now that never stopped, and for how long the
    /// claimant has been busy.
    pub fn progress(&mut self, now: Time, claimant: u32) -> Progress {
        self.catch_up(now);
        let it = &self.claimants[claimant as usize];
        Progress {
            done_ns: it.ever_done_ns,
            busy_ns: it.busy_ns,
            pace: it.pace * it.limit.min(1.0),
        }
    }

    /// Whether no more was used than there was; sums of floats may be off in their last digits.
    pub fn audit(&mut self, now: Time) -> Result<(), &'static str> {
        self.catch_up(now);
        let most_ns = self.cores * now.nanos() as f64;
        let used_ns: f64 = self.claimants.iter().map(|it| it.used_ns + it.lost_ns).sum();
        let lost_ns: f64 = self.claimants.iter().map(|it| it.lost_ns + it.begun_ns).sum();
        match () {
            () if used_ns > most_ns * (1.0 + 1e-9) => Err("more CPU used than exists"),
            // What was switched in while cores were fast may have been counted when they no longer were.
            () if lost_ns > used_ns * self.fastest * (1.0 + 1e-9) => Err("more CPU lost than used"),
            () => Ok(()),
        }
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
        let mut cpu = Cpu::new(1, None, [(1.0, f64::INFINITY)].into_iter());
        let (a, b) = (TokenId::new(0), TokenId::new(1));
        assert_eq!(cpu.begin(Time::ZERO, 0, a, secs(4.0), Span::ZERO), Time::ZERO + secs(4.0));
        let at = Time::ZERO + secs(2.0);
        assert_eq!(cpu.begin(at, 0, b, secs(1.0), Span::ZERO), at + secs(2.0));
        let at = at + secs(2.0);
        assert_eq!(cpu.finish(at), (b, at + secs(1.0)));
        assert_eq!(cpu.finish(at + secs(1.0)), (a, Time::NEVER));
        assert_eq!(cpu.measured_ns(at + secs(9.0)), 5e9);
    }

    #[test]
    fn a_neighbour_gets_its_weight_and_a_limit_binds() {
        let mut cpu = Cpu::new(4, None, [(1.0, f64::INFINITY), (3.0, 2.0)].into_iter());
        for i in 0..8 {
            cpu.begin(Time::ZERO, 0, TokenId::new(i), secs(1.0), Span::ZERO);
        }
        let mut next = Time::NEVER;
        for i in 8..16 {
            next = cpu.begin(Time::ZERO, 1, TokenId::new(i), secs(1.0), Span::ZERO);
        }
        // Three of four cores by weight, but no more than two: a quarter core for each of eight.
        assert_eq!(next, Time::ZERO + secs(4.0));
    }
}
