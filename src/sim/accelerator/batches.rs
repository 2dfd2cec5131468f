//! Whole batches: whoever waits when one begins is in it, and all are done when it is over.

use super::queue::Queue;
use super::{Next, Served, Told, at_speed, times};
use crate::network;
use crate::rng::Draw;
use crate::sim::line::Line;
use crate::sim::meter::Meter;
use crate::sim::token::{Token, TokenId, Tokens, Wait};
use crate::units::Time;

pub struct Batches {
    spec: network::Batches,
    queue: Queue,
    /// Items of those in line; a token has its own in `left`.
    items_in_line: u64,
    units: Vec<Unit>,
    /// Whether the host is silent.
    frozen: bool,
    busy: Meter,
    running: Meter,
    batches: u64,
    items: u64,
    pub answered: Line,
    pub at_opening: Served,
    /// As a multiple of the usual.
    pub speed: f64,
}

/// One accelerator.
#[derive(Clone, Copy)]
struct Unit {
    /// When its batch is done; never, if it is free.
    until: Time,
    batch: Line,
}

const FREE: Unit = Unit { until: Time::NEVER, batch: Line::EMPTY };

impl Batches {
    pub fn new(spec: network::Batches, count: u32) -> Batches {
        Batches {
            spec,
            queue: Queue::default(),
            items_in_line: 0,
            units: vec![FREE; count as usize],
            frozen: false,
            busy: Meter::default(),
            running: Meter::default(),
            batches: 0,
            items: 0,
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
        items: u32,
        luck: impl Fn(&Token) -> Draw,
        told: impl FnMut(Told),
    ) {
        tokens[id].left = items;
        self.queue.join(tokens, now, id);
        self.items_in_line += u64::from(items);
        self.begin_batches(tokens, now, luck, told);
    }

    pub fn due(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        luck: impl Fn(&Token) -> Draw,
        told: impl FnMut(Told),
    ) {
        for unit in self.units.iter_mut().filter(|it| it.until == now) {
            while let Some(id) = unit.batch.pop(tokens) {
                self.running.down(now);
                self.answered.join(tokens, id, Wait::Accelerator);
            }
            self.busy.down(now);
            unit.until = Time::NEVER;
        }
        self.begin_batches(tokens, now, luck, told);
    }

    fn begin_batches(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        luck: impl Fn(&Token) -> Draw,
        mut told: impl FnMut(Told),
    ) {
        while self.ripe_at(tokens).is_some_and(|it| it <= now)
            && let Some(unit) = self.units.iter().position(|it| it.until == Time::NEVER)
        {
            self.begin(tokens, now, unit, &luck, &mut told);
        }
    }

    /// When a batch may begin, if nobody else comes.
    fn ripe_at(&self, tokens: &Tokens) -> Option<Time> {
        let oldest = tokens[self.queue.first()?].joined;
        let enough = self.items_in_line >= u64::from(self.spec.enough);
        Some(if enough { oldest } else { oldest + self.spec.wait })
    }

    fn begin(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        unit: usize,
        luck: &impl Fn(&Token) -> Draw,
        told: &mut impl FnMut(Told),
    ) {
        let first = self.queue.first().expect("somebody waits");
        let base = self.spec.base.draw(&mut luck(&tokens[first]));
        let mut items = 0;
        while let Some(next) = self.queue.first()
            && items + tokens[next].left <= self.spec.most
        {
            let (id, waited) = self.queue.take(tokens, now).expect("it is the first");
            items += tokens[id].left;
            self.units[unit].batch.join(tokens, id, Wait::Accelerator);
            self.running.up(now);
            told(Told::Waited(waited));
        }
        self.items_in_line -= u64::from(items);
        self.batches += 1;
        self.items += u64::from(items);
        self.busy.up(now);
        let all = u128::from(base.nanos()) + times(self.spec.per_item, u64::from(items));
        self.units[unit].until = now + at_speed(self.speed, all);
    }

    pub fn next(&self, tokens: &Tokens) -> Next {
        if self.frozen {
            return Next::Done(Time::NEVER);
        }
        let done = self.units.iter().map(|it| it.until).min().unwrap_or(Time::NEVER);
        let free = self.units.iter().any(|it| it.until == Time::NEVER);
        match self.ripe_at(tokens).filter(|_| free) {
            Some(ripe) if ripe < done => Next::Waited(ripe),
            _ => Next::Done(done),
        }
    }

    pub fn leave(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) -> bool {
        let mut served = self.units.iter_mut().map(|it| &mut it.batch);
        if let Some(batch) = served.find(|it| it.iter(tokens).any(|other| other == id)) {
            batch.leave(tokens, id);
            self.running.down(now);
            true
        } else {
            self.items_in_line -= u64::from(tokens[id].left);
            self.queue.leave(tokens, now, id);
            false
        }
    }

    /// Nothing is at work any more; nor will be, if the host is silent.
    pub fn stop(&mut self, now: Time, silent: bool) {
        for unit in self.units.iter_mut().filter(|it| it.until < Time::NEVER) {
            unit.until = Time::NEVER;
            self.busy.down(now);
        }
        self.frozen = silent;
    }

    pub fn served(&self, now: Time) -> Served {
        Served {
            busy: self.busy.area_ns(now),
            line: self.queue.area_ns(now),
            running: self.running.area_ns(now),
            batches: self.batches,
            items: self.items,
            ..Served::default()
        }
    }

    pub fn audit(&self, tokens: &Tokens, now: Time, here: u32) -> Result<(), &'static str> {
        self.queue.audit(tokens, now)?;
        let served: u32 = self.units.iter().map(|it| it.batch.len()).sum();
        let in_line = self.queue.iter(tokens).map(|id| u64::from(tokens[id].left)).sum::<u64>();
        let fullest = self.units.iter().map(|it| it.batch.iter(tokens));
        let fullest = fullest.map(|batch| batch.map(|id| tokens[id].left).sum::<u32>()).max();
        let busy = self.units.iter().filter(|it| it.until < Time::NEVER).count() as u32;
        let most_ns = u128::from(now.nanos()) * self.units.len() as u128;
        let ripe = self.ripe_at(tokens).is_some_and(|it| it < now);
        match () {
            () if served != self.running.level() => Err("those in batches are miscounted"),
            () if served + self.queue.len() != here => Err("requests were lost"),
            () if in_line != self.items_in_line => Err("items in line are miscounted"),
            () if fullest > Some(self.spec.most) => Err("a batch has more items than it may"),
            () if busy != self.busy.level() => Err("accelerators at work are miscounted"),
            () if self.busy.area_ns(now) > most_ns => Err("more was busy than there is"),
            () if ripe && busy < self.units.len() as u32 && !self.frozen => {
                Err("idle though a batch could begin")
            }
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ClassId, GuardId, StepId};
    use crate::parts::distribution::Law;
    use crate::units::Span;

    fn ms(ms: u64) -> Span {
        Span::from_nanos(ms * 1_000_000)
    }

    fn at(it: u64) -> Time {
        Time::ZERO + ms(it)
    }

    #[test]
    fn what_fits_is_taken_when_it_is_enough_or_the_oldest_has_waited() {
        let spec = network::Batches {
            most: 4,
            enough: 3,
            wait: ms(5),
            base: Law::Constant(ms(10)),
            per_item: ms(1),
        };
        let mut it = Batches::new(spec, 1);
        let mut tokens = Tokens::with_capacity(8);
        let luck = |_: &Token| Draw::at(1, 1);
        let ids: Vec<TokenId> = (0..5)
            .map(|_| {
                tokens.admit(
                    ClassId::default(),
                    GuardId::default(),
                    StepId::default(),
                    0,
                    Time::ZERO,
                )
            })
            .collect();
        it.join(&mut tokens, at(0), ids[0], 2, luck, |_| {});
        assert_eq!(it.next(&tokens), Next::Waited(at(5)));
        // Three items would have been enough, but three more do not fit with two.
        it.join(&mut tokens, at(3), ids[1], 3, luck, |_| {});
        assert_eq!(it.next(&tokens), Next::Done(at(15)));
        it.join(&mut tokens, at(4), ids[2], 1, luck, |_| {});
        it.due(&mut tokens, at(15), luck, |_| {});
        assert_eq!(it.answered.pop(&mut tokens), Some(ids[0]));
        assert_eq!(it.answered.pop(&mut tokens), None);
        assert_eq!(it.next(&tokens), Next::Done(at(29)));
        it.leave(&mut tokens, at(20), ids[1]);
        assert_eq!(it.audit(&tokens, at(20), 1), Ok(()));
        it.due(&mut tokens, at(29), luck, |_| {});
        assert_eq!(it.answered.pop(&mut tokens), Some(ids[2]));
        assert_eq!(it.served(at(40)).busy, u128::from(ms(26).nanos()));
        assert_eq!(it.audit(&tokens, at(40), 0), Ok(()));
    }
}
