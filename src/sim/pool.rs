//! A pool: what requests hold while they work, and the line of those waiting for it.
//!
//! State only; the engine owns the clock. A pool measures itself: the areas under the numbers of
//! holders and of waiters are what utilization and the laws at a run's close are computed from.

use super::line::Line;
use super::meter::Meter;
use super::order::Order;
use super::token::{TokenId, Tokens, Wait};
use crate::ids::Id;
use crate::network::{self, ClassId, PoolGroupId};
use crate::units::{Span, Time};

/// What is looked at each time stands in front, in one cache line.
#[repr(C, align(64))]
pub struct Pool {
    busy: Meter,
    size: u32,
    line_max: u32,
    line: Line,
    pub group: PoolGroupId,
    /// Places taken without waiting since that was last told: most are, and counting is all it takes.
    at_once: u64,
    waiting: Meter,
    /// Sum of the waits that ended.
    waited_ns: u128,
    at_opening: Area,
    /// Those in line, where they are not served in the order in which they came; `line` is empty then.
    order: Option<Order>,
}

/// Areas under the number of holders and of waiters, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    pub busy: u128,
    pub line: u128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seize {
    Granted,
    Queued,
    Refused,
}

impl Pool {
    pub fn new(spec: &network::Pool) -> Pool {
        Pool {
            size: spec.size,
            line_max: spec.line_max,
            line: Line::default(),
            group: spec.group,
            at_once: 0,
            busy: Meter::default(),
            waiting: Meter::default(),
            waited_ns: 0,
            at_opening: Area::default(),
            order: None,
        }
    }

    /// The same with another order than first come, first served.
    pub fn in_order(spec: &network::Pool, order: Option<Order>) -> Pool {
        Pool { order, ..Pool::new(spec) }
    }

    /// Takes one, if there is one; else joins the line, if there is room.
    #[inline]
    pub fn seize(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) -> Seize {
        if self.busy.level() < self.size {
            debug_assert!(self.line.is_empty(), "something is free while a request waits for it");
            self.busy.up(now);
            self.at_once += 1;
            return Seize::Granted;
        }
        if self.line.len() >= self.line_max {
            return Seize::Refused;
        }
        tokens[id].joined = now;
        self.line.join(tokens, id, Wait::Line);
        self.waiting.up(now);
        Seize::Queued
    }

    /// Gives one back; whoever is first in line has it now.
    #[inline]
    pub fn release(&mut self, tokens: &mut Tokens, now: Time) -> Option<(TokenId, Span)> {
        let Some(next) = self.line.pop(tokens) else {
            self.busy.down(now);
            return None;
        };
        Some((next, self.stop_waiting(tokens, now, next)))
    }

    /// Takes a token out of the line, wherever it stands there.
    pub fn leave_line(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        match &mut self.order {
            None => self.line.leave(tokens, id),
            Some(order) => order.leave(tokens, id),
        }
        self.stop_waiting(tokens, now, id);
    }

    /// Takes one, if there is one; for a pool whose line is seen to by rules.
    pub fn take(&mut self, now: Time) -> bool {
        if self.busy.level() >= self.size {
            return false;
        }
        debug_assert!(self.waiting.level() == 0, "something is free while a request waits for it");
        self.busy.up(now);
        true
    }

    /// A token has a place, whether it stood in line for it or not.
    pub fn let_in(&mut self, tokens: &Tokens, id: TokenId) {
        if let Some(order) = &mut self.order {
            order.let_in(tokens, id);
        }
    }

    pub fn has_room_in_line(&self) -> bool {
        self.waiting.level() < self.line_max
    }

    /// Joins the line; `size_ns` is how much there is to do, where that says who goes next.
    pub fn join(&mut self, tokens: &mut Tokens, now: Time, id: TokenId, size_ns: u64) {
        tokens[id].joined = now;
        match &mut self.order {
            None => self.line.join(tokens, id, Wait::Line),
            Some(order) => order.join(tokens, id, size_ns),
        }
        self.waiting.up(now);
    }

    /// Goes back in line, before its equals.
    pub fn step_back(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        tokens[id].joined = now;
        let order = self.order.as_mut().expect("some matter more than others");
        order.join_first(tokens, id);
        self.waiting.up(now);
    }

    /// Whoever goes next leaves the line, after so long, to be let in or not; the place that became
    /// free is still taken.
    pub fn next(&mut self, tokens: &mut Tokens, now: Time) -> Option<(TokenId, Span)> {
        let next = match &mut self.order {
            None => self.line.pop(tokens),
            Some(order) => order.pop(tokens),
        }?;
        Some((next, self.stop_waiting(tokens, now, next)))
    }

    /// A place is free that nobody waits for.
    pub fn give_back(&mut self, now: Time) {
        debug_assert!(self.waiting.level() == 0, "something is free while a request waits for it");
        self.busy.down(now);
        if self.busy.level() == 0
            && let Some(order) = &mut self.order
        {
            order.all_idle();
        }
    }

    /// Whether somebody in line matters more than a class does.
    pub fn is_outranked(&self, class: ClassId) -> bool {
        self.order.as_ref().is_some_and(|it| it.is_outranked(class.index()))
    }

    /// Nanoseconds for which places have been held, and waits that ended, in all.
    pub fn held_and_waited(&self, now: Time) -> (u128, u128) {
        (self.busy.area_ns(now), self.waited_ns)
    }

    /// Whether somebody who came at `since` would still stand in line behind all who did then: one of those
    /// does, or all places have been held meanwhile and no wait has ended.
    pub fn keeps_waiting(
        &self,
        tokens: &Tokens,
        since: Time,
        held_ns: u128,
        waited_ns: u128,
        passed: Span,
    ) -> bool {
        let mut earlier = false;
        self.each_in_line(tokens, |it| earlier |= tokens[it].joined <= since);
        let all_held = u128::from(self.size) * u128::from(passed.nanos());
        earlier || held_ns >= all_held && waited_ns == 0
    }

    /// How many stand in line.
    pub fn in_line(&self) -> u32 {
        self.waiting.level()
    }

    /// How long the token has stood in line, now that it no longer does.
    #[inline]
    fn stop_waiting(&mut self, tokens: &Tokens, now: Time, id: TokenId) -> Span {
        self.waiting.down(now);
        let waited = now - tokens[id].joined;
        self.waited_ns += u128::from(waited.nanos());
        waited
    }

    /// How many are taken.
    pub fn in_use(&self) -> u32 {
        self.busy.level()
    }

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        self.at_opening = self.area(now);
        self.at_once = 0;
    }

    /// How many places were taken without waiting since this was last asked.
    pub fn tell_at_once(&mut self) -> u64 {
        std::mem::take(&mut self.at_once)
    }

    /// Holder- and waiter-nanoseconds since the window opened.
    pub fn measured(&self, now: Time) -> Area {
        let Area { busy, line } = self.area(now);
        Area { busy: busy - self.at_opening.busy, line: line - self.at_opening.line }
    }

    /// Both since the run opened.
    fn area(&self, now: Time) -> Area {
        Area { busy: self.busy.area_ns(now), line: self.waiting.area_ns(now) }
    }

    /// Whether the laws hold on the whole path up to `now`, with so many tokens holding a place: the
    /// area under the number of waiters is the sum of their waits (J. D. C. Little, "A proof for the
    /// queuing formula L = λW", 1961), and nobody held more than there is.
    pub fn audit(&self, tokens: &Tokens, now: Time, holders: u32) -> Result<(), &'static str> {
        let (mut waited, mut len) = (self.waited_ns, 0);
        self.each_in_line(tokens, |id| {
            waited += u128::from((now - tokens[id].joined).nanos());
            len += 1;
        });
        let capacity = u128::from(now.nanos()) * u128::from(self.size);
        match () {
            () if len != self.waiting.level() => Err("the line is miscounted"),
            () if waited != self.waiting.area_ns(now) => Err("Little's law fails for the line"),
            () if self.busy.level() != holders => Err("what was taken was not given back"),
            () if self.busy.level() < self.size && len > 0 => Err("idle with a line"),
            () if self.busy.area_ns(now) > capacity => Err("more was held than there is"),
            () => Ok(()),
        }
    }

    fn each_in_line(&self, tokens: &Tokens, look: impl FnMut(TokenId)) {
        match &self.order {
            None => self.line.iter(tokens).for_each(look),
            Some(order) => order.each(tokens, look),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{GuardId, StepId};

    #[test]
    fn those_who_wait_are_served_in_order_and_one_may_leave_from_the_middle() {
        let spec = network::Pool {
            group: PoolGroupId::default(),
            size: 1,
            line_max: 3,
            patience: None,
            connections: None,
        };
        let mut pool = Pool::new(&spec);
        let mut tokens = Tokens::with_capacity(8);
        let at = |secs: u64| Time::ZERO + Span::from_whole_secs(secs);
        let (class, guard, step) = (ClassId::default(), GuardId::default(), StepId::default());
        let ids: Vec<TokenId> =
            (0..5).map(|_| tokens.admit(class, guard, step, 0, Time::ZERO)).collect();
        let seen: Vec<Seize> =
            (0..5).map(|i| pool.seize(&mut tokens, at(i as u64), ids[i])).collect();
        use Seize::*;
        assert_eq!(seen, [Granted, Queued, Queued, Queued, Refused]);
        pool.leave_line(&mut tokens, at(5), ids[2]);
        assert_eq!(pool.release(&mut tokens, at(6)), Some((ids[1], Span::from_whole_secs(5))));
        assert_eq!(pool.release(&mut tokens, at(7)), Some((ids[3], Span::from_whole_secs(4))));
        assert_eq!(pool.audit(&tokens, at(8), 1), Ok(()));
        assert_eq!(pool.release(&mut tokens, at(9)), None);
        assert_eq!(pool.audit(&tokens, at(10), 0), Ok(()));
    }
}
