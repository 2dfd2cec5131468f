//! Generation token by token, without an event for every token.
//!
//! All sequences that run on one accelerator get one token in each iteration, and iterations without
//! a prompt take equally long for as long as nobody comes or goes. So a sequence is done when its
//! accelerator has done so many iterations, whatever happens in between, and only the next change is
//! dated: the first end of an output, memory that runs out, or the next end of an iteration after
//! somebody has come who fits. In between, whoever looks counts the iterations that are over.
//!
//! An iteration takes in whoever has come up to and including the instant at which it begins, so
//! that it does not matter in which order the events of one instant are carried out.

use super::queue::Queue;
use super::unit::{Job, Unit};
use super::{Served, Told, at_speed, times};
use crate::network;
use crate::sim::line::Line;
use crate::sim::meter::Meter;
use crate::sim::token::{TokenId, Tokens, Wait};
use crate::units::{Span, Time};
use std::cmp::Reverse;

pub struct Sequences {
    spec: network::Sequences,
    queue: Queue,
    jobs: Vec<Job>,
    vacant: Vec<u32>,
    units: Vec<Unit>,
    frozen: bool,
    /// Requests let in so far: the last of them is the first to be put off.
    admitted: u64,
    busy: Meter,
    running: Meter,
    seen: Served,
    /// Tokens generated for those that left, done or not.
    gone: u64,
    pub answered: Line,
    pub at_opening: Served,
    /// As a multiple of the usual.
    pub speed: f64,
}

/// Room for so many is taken when a run opens, and for more when there first are more.
const ROOM: usize = 64;

impl Sequences {
    pub fn new(spec: network::Sequences, count: u32) -> Sequences {
        let room = ROOM.min(spec.most as usize);
        Sequences {
            spec,
            queue: Queue::default(),
            jobs: Vec::with_capacity(ROOM),
            vacant: Vec::with_capacity(ROOM),
            units: (0..count).map(|_| Unit::new(room)).collect(),
            frozen: false,
            admitted: 0,
            busy: Meter::default(),
            running: Meter::default(),
            seen: Served::default(),
            gone: 0,
            answered: Line::EMPTY,
            at_opening: Served::default(),
            speed: 1.0,
        }
    }

    pub fn join(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        id: TokenId,
        prompt: u32,
        output: u32,
        mut told: impl FnMut(Told),
    ) {
        let job = Job { token: id, prompt, output, done: 0, asked: now, first: None, unit: None };
        let place = match self.vacant.pop() {
            Some(place) => {
                self.jobs[place as usize] = job;
                place
            }
            None => {
                self.jobs.push(job);
                self.jobs.len() as u32 - 1
            }
        };
        tokens[id].left = place;
        self.queue.join(tokens, now, id);
        if self.queue.len() == 1 {
            self.offer(tokens, now, &mut told);
        }
    }

    pub fn due(&mut self, tokens: &mut Tokens, now: Time, mut told: impl FnMut(Told)) {
        for unit in 0..self.units.len() {
            if self.units[unit].due() == now {
                self.catch_up(unit, now, &mut told);
                self.turn(tokens, unit, now, &mut told);
            }
        }
        self.offer(tokens, now, &mut told);
    }

    pub fn next(&self) -> Time {
        self.units.iter().map(Unit::due).min().unwrap_or(Time::NEVER)
    }

    /// Whoever is first in line may be let in: at once where nothing is under way, or something that
    /// began this very instant; else at the end of the iteration under way, where there is room.
    fn offer(&mut self, tokens: &mut Tokens, now: Time, told: &mut impl FnMut(Told)) {
        let mut before = 0;
        while self.queue.len() > 0 && self.queue.len() != before {
            before = self.queue.len();
            for unit in 0..self.units.len() {
                if !self.units[unit].busy {
                    self.turn(tokens, unit, now, told);
                }
            }
            for unit in 0..self.units.len() {
                self.offer_to(tokens, unit, now, told);
            }
        }
    }

    fn offer_to(
        &mut self,
        tokens: &mut Tokens,
        unit: usize,
        now: Time,
        told: &mut impl FnMut(Told),
    ) {
        let Some(first) = self.queue.first().filter(|_| self.units[unit].busy) else { return };
        self.catch_up(unit, now, told);
        let it = &self.units[unit];
        if it.began == now {
            self.turn(tokens, unit, now, told);
        } else if it.left > 1 && !self.spec.together {
            let grown = it.used + if self.spec.optimistic { it.level() } else { 0 };
            if self.fits(unit, grown, &self.jobs[tokens[first].left as usize]) {
                self.units[unit].left = 1;
            }
        }
    }

    /// Counts the iterations that are over by now. There is no change but at the end of the last.
    fn catch_up(&mut self, unit: usize, now: Time, told: &mut impl FnMut(Told)) {
        let spec = &self.spec;
        let it = &mut self.units[unit];
        if !it.busy {
            return;
        }
        let over = (now - it.began).nanos() / it.each.nanos();
        debug_assert!(over <= it.left, "a change was missed");
        if over == 0 {
            return;
        }
        let level = it.level();
        it.iterations += over;
        it.left -= over;
        it.began = it.began + Span::from_nanos(it.each.nanos() * over);
        self.seen.batches += over;
        // The memory in use grows by a token each in every iteration, or is all reserved.
        let (each, over) = (u128::from(it.each.nanos()), u128::from(over));
        let used = over * u128::from(it.used);
        let grows = u128::from(level) * over * (over + 1) / 2;
        self.seen.memory += each * if spec.optimistic { used + grows } else { used };
        let generated = level * over as u64;
        if spec.optimistic {
            it.used += generated;
        }
        if !spec.together {
            self.seen.items += generated;
        }
        for job in it.fresh.drain(..) {
            let job = &mut self.jobs[job as usize];
            if job.first.is_none() {
                job.first = Some(it.began);
                told(Told::FirstToken(it.began - job.asked));
            }
        }
        it.prompts = 0;
    }

    /// An iteration begins now: those that are done go, then others come.
    fn turn(&mut self, tokens: &mut Tokens, unit: usize, now: Time, told: &mut impl FnMut(Told)) {
        self.finish(tokens, unit, now, told);
        self.put_off(tokens, unit, now);
        self.let_in(tokens, unit, now, told);
        self.plan(unit, now);
    }

    fn finish(&mut self, tokens: &mut Tokens, unit: usize, now: Time, told: &mut impl FnMut(Told)) {
        let it = &self.units[unit];
        if self.spec.together && it.longest > it.iterations {
            return;
        }
        while let Some(Reverse((last, _, _))) = self.units[unit].running.peek()
            && *last <= self.units[unit].iterations
        {
            let Some(Reverse((_, _, place))) = self.units[unit].running.pop() else { break };
            let job = self.jobs[place as usize];
            self.units[unit].used -= job.whole();
            self.running.down(now);
            self.gone += u64::from(job.output);
            if self.spec.together {
                self.seen.items += u64::from(job.output);
            }
            if let Some(first) = job.first.filter(|_| job.output > 1) {
                let further = u64::from(job.output) - 1;
                told(Told::OutputToken(Span::from_nanos((now - first).nanos() / further)));
            }
            self.vacant.push(place);
            self.answered.join(tokens, job.token, Wait::Accelerator);
        }
    }

    /// While not all that run can get another token, the last to be let in goes back to the line.
    fn put_off(&mut self, tokens: &mut Tokens, unit: usize, now: Time) {
        while self.spec.optimistic && !self.units[unit].has_room_for_all(self.spec.memory) {
            let it = &mut self.units[unit];
            let last = it.running.iter().map(|Reverse((_, admitted, _))| *admitted).max();
            let last = last.expect("memory is used by those that run");
            let (place, left) = it.remove(|admitted, _| admitted == last);
            let job = &mut self.jobs[place as usize];
            job.done = job.output - left as u32;
            job.unit = None;
            it.used -= job.context();
            self.running.down(now);
            self.seen.preempted += 1;
            self.queue.rejoin(tokens, now, job.token);
        }
    }

    /// Lets in whoever is first in line, while there is room.
    fn let_in(&mut self, tokens: &mut Tokens, unit: usize, now: Time, told: &mut impl FnMut(Told)) {
        while let Some(first) = self.queue.first() {
            let place = tokens[first].left;
            let it = &self.units[unit];
            let closed = self.spec.together && it.fresh.len() < it.running.len();
            if closed || !self.fits(unit, it.used, &self.jobs[place as usize]) {
                return;
            }
            let (_, waited) = self.queue.take(tokens, now).expect("it is the first");
            tokens[first].wait = Wait::Accelerator;
            told(Told::Waited(waited));
            let job = &mut self.jobs[place as usize];
            job.unit = Some(unit as u32);
            let it = &mut self.units[unit];
            let last = it.iterations + u64::from(job.output - job.done);
            self.admitted += 1;
            it.running.push(Reverse((last, self.admitted, place)));
            it.longest = if it.running.len() == 1 { last } else { it.longest.max(last) };
            it.used += if self.spec.optimistic { job.context() } else { job.whole() };
            it.fresh.push(place);
            it.prompts += job.context();
            self.seen.prompts += job.context();
            self.seen.prefills += 1;
            self.running.up(now);
        }
    }

    /// Whether a request can be let in where so many tokens are in memory.
    fn fits(&self, unit: usize, used: u64, job: &Job) -> bool {
        let level = self.units[unit].level();
        let need = if self.spec.optimistic { level + job.context() + 1 } else { job.whole() };
        level < u64::from(self.spec.most) && need <= self.spec.memory.saturating_sub(used)
    }

    /// How long the iteration that begins now takes, and how many are alike.
    fn plan(&mut self, unit: usize, now: Time) {
        let it = &mut self.units[unit];
        let level = it.level();
        if (level > 0) != it.busy {
            it.busy = level > 0;
            if it.busy { self.busy.up(now) } else { self.busy.down(now) }
        }
        if level == 0 {
            return;
        }
        let decoded = level - it.fresh.len() as u64;
        let each = u128::from(self.spec.base.nanos())
            + times(self.spec.per_sequence, decoded)
            + times(self.spec.per_prompt_token, it.prompts);
        it.began = now;
        it.each = at_speed(self.speed, each);
        let first = it.running.peek().map_or(0, |Reverse((last, _, _))| *last);
        let until = if self.spec.together { it.longest } else { first } - it.iterations;
        it.left = match () {
            () if !it.fresh.is_empty() => 1,
            () if self.spec.optimistic => until.min((self.spec.memory - it.used) / level),
            () => until,
        };
    }

    pub fn leave(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) -> bool {
        let place = tokens[id].left;
        self.vacant.push(place);
        let job = self.jobs[place as usize];
        let Some(unit) = job.unit else {
            self.gone += u64::from(job.done);
            self.queue.leave(tokens, now, id);
            self.look_at_the_line(now);
            return false;
        };
        self.catch_up(unit as usize, now, &mut |_| {});
        let it = &mut self.units[unit as usize];
        let (_, left) = it.remove(|_, other| other == place);
        if it.fresh.contains(&place) {
            it.fresh.retain(|other| *other != place);
            it.prompts -= job.context();
        }
        let done = u64::from(job.output) - left;
        it.used -= if self.spec.optimistic { u64::from(job.prompt) + done } else { job.whole() };
        it.left = it.left.min(1);
        self.gone += done;
        self.running.down(now);
        tokens[id].wait = Wait::Moving;
        true
    }

    /// Somebody else is first in line, and may fit where the other did not.
    fn look_at_the_line(&mut self, now: Time) {
        for unit in 0..self.units.len() {
            self.catch_up(unit, now, &mut |_| {});
            self.units[unit].left = self.units[unit].left.min(1);
        }
    }

    /// Nothing is at work any more; nor will be, if the host is silent.
    pub fn stop(&mut self, now: Time, silent: bool) {
        for unit in 0..self.units.len() {
            self.catch_up(unit, now, &mut |_| {});
            let it = &mut self.units[unit];
            if it.busy {
                self.busy.down(now);
            }
            it.busy = false;
        }
        self.frozen = silent;
    }

    pub fn served(&mut self, now: Time) -> Served {
        for unit in 0..self.units.len() {
            self.catch_up(unit, now, &mut |_| {});
        }
        Served {
            busy: self.busy.area_ns(now),
            line: self.queue.area_ns(now),
            running: self.running.area_ns(now),
            ..self.seen
        }
    }

    pub fn audit(&self, tokens: &Tokens, now: Time, here: u32) -> Result<(), &'static str> {
        self.queue.audit(tokens, now)?;
        let served: u32 = self.units.iter().map(|it| it.level() as u32).sum();
        let busy = self.units.iter().filter(|it| it.busy).count() as u32;
        let idle_with_a_line = self.queue.len() > 0 && busy < self.units.len() as u32;
        let most_ns = u128::from(now.nanos()) * self.units.len() as u128;
        let present = self.units.iter().map(|it| it.present(&self.jobs)).sum::<u64>()
            + self.queue.iter(tokens).map(|id| u64::from(self.job(tokens, id).done)).sum::<u64>();
        let too_many = self.units.iter().any(|it| it.level() > u64::from(self.spec.most));
        match () {
            () if served != self.running.level() => Err("those that run are miscounted"),
            () if served + self.queue.len() != here => Err("requests were lost"),
            () if too_many => Err("more run than may"),
            () if self.units.iter().any(|it| it.used != it.memory(&self.spec, &self.jobs)) => {
                Err("memory is miscounted")
            }
            () if self.units.iter().any(|it| it.used > self.spec.memory) => {
                Err("more memory was used than there is")
            }
            () if !self.spec.together && self.seen.items != self.gone + present => {
                Err("tokens were lost")
            }
            () if busy != self.busy.level() => Err("accelerators at work are miscounted"),
            () if self.busy.area_ns(now) > most_ns => Err("more was busy than there is"),
            () if idle_with_a_line && !self.frozen => Err("idle with a line"),
            () => Ok(()),
        }
    }

    fn job(&self, tokens: &Tokens, id: TokenId) -> &Job {
        &self.jobs[tokens[id].left as usize]
    }
}
