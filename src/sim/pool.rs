//! A pool: what requests hold while they work, and the line of those waiting for it.
//!
//! State only; the engine owns the clock. A pool measures itself: the areas under the numbers of
//! holders and of waiters are what utilization and the laws at a run's close are computed from.

use super::line::Line;
use super::token::{TokenId, Tokens, Wait};
use crate::network;
use crate::units::{Span, Time};

pub struct Pool {
    size: u32,
    line_max: u32,
    busy: u32,
    line: Line,
    since: Time,
    /// Holder-nanoseconds and waiter-nanoseconds since the run opened.
    area: Area,
    /// The same when the window opened.
    at_opening: Area,
    /// Sum of the times at which holders left, less those at which they came, modulo 2^64.
    stays_ns: u64,
    /// Sum of the waits that ended.
    waited_ns: u128,
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
            busy: 0,
            line: Line::default(),
            since: Time::ZERO,
            area: Area::default(),
            at_opening: Area::default(),
            stays_ns: 0,
            waited_ns: 0,
        }
    }

    /// Takes one, if there is one; else joins the line, if there is room.
    #[inline]
    pub fn seize(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) -> Seize {
        if self.busy < self.size {
            debug_assert!(self.line.is_empty(), "something is free while a request waits for it");
            self.settle(now);
            self.busy += 1;
            self.stays_ns = self.stays_ns.wrapping_sub(now.nanos());
            return Seize::Granted;
        }
        if self.line.len() >= self.line_max {
            return Seize::Refused;
        }
        self.settle(now);
        tokens[id].joined = now;
        self.line.join(tokens, id, Wait::Line);
        Seize::Queued
    }

    /// Gives one back; whoever is first in line has it now.
    #[inline]
    pub fn release(&mut self, tokens: &mut Tokens, now: Time) -> Option<(TokenId, Span)> {
        debug_assert!(self.busy > 0, "given back more often than taken");
        self.settle(now);
        self.stays_ns = self.stays_ns.wrapping_add(now.nanos());
        let Some(next) = self.line.pop(tokens) else {
            self.busy -= 1;
            return None;
        };
        self.stays_ns = self.stays_ns.wrapping_sub(now.nanos());
        Some((next, self.waited(tokens, now, next)))
    }

    /// Takes a token out of the line, wherever it stands there.
    pub fn leave_line(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        self.settle(now);
        self.line.leave(tokens, id);
        self.waited(tokens, now, id);
    }

    /// How long the token has stood in line, now that it no longer does.
    fn waited(&mut self, tokens: &Tokens, now: Time, id: TokenId) -> Span {
        let waited = now - tokens[id].joined;
        self.waited_ns += u128::from(waited.nanos());
        waited
    }

    #[inline]
    fn settle(&mut self, now: Time) {
        let passed = u128::from((now - self.since).nanos());
        self.area.busy += passed * u128::from(self.busy);
        if !self.line.is_empty() {
            self.area.line += passed * u128::from(self.line.len());
        }
        self.since = now;
    }

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        self.settle(now);
        self.at_opening = self.area;
    }

    /// Holder- and waiter-nanoseconds since the window opened.
    pub fn measured(&mut self, now: Time) -> Area {
        self.settle(now);
        Area {
            busy: self.area.busy - self.at_opening.busy,
            line: self.area.line - self.at_opening.line,
        }
    }

    /// Whether the laws hold on the whole path up to `now`: what was measured as an area is what
    /// was measured as stays (J. D. C. Little, "A proof for the queuing formula L = λW", 1961), and
    /// nobody held more than there is.
    pub fn audit(&mut self, tokens: &Tokens, now: Time) -> Result<(), &'static str> {
        self.settle(now);
        let stood = self.line.iter(tokens).map(|id| u128::from((now - tokens[id].joined).nanos()));
        let waited = self.waited_ns + stood.sum::<u128>();
        let still = now.nanos().wrapping_mul(u64::from(self.busy));
        let stays = self.stays_ns.wrapping_add(still);
        let capacity = u128::from(now.nanos()) * u128::from(self.size);
        match () {
            () if waited != self.area.line => Err("Little's law fails for the line"),
            () if stays != self.area.busy as u64 => Err("Little's law fails for the holders"),
            () if self.busy > self.size || self.area.busy > capacity => Err("more held than exist"),
            () => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ClassId, GuardId, PoolGroupId, StepId};

    #[test]
    fn those_who_wait_are_served_in_order_and_one_may_leave_from_the_middle() {
        let spec = network::Pool {
            group: PoolGroupId::default(),
            size: 1,
            line_max: 3,
            patience: None,
        };
        let mut pool = Pool::new(&spec);
        let mut tokens = Tokens::with_capacity(8);
        let at = |secs: u64| Time::ZERO + Span::from_whole_secs(secs);
        let (class, guard, step) = (ClassId::default(), GuardId::default(), StepId::default());
        let ids: Vec<TokenId> = (0..5)
            .map(|_| tokens.admit(Token::new(class, guard, step, 0, Time::ZERO)))
            .collect();
        let seen: Vec<Seize> =
            (0..5).map(|i| pool.seize(&mut tokens, at(i as u64), ids[i])).collect();
        use Seize::*;
        assert_eq!(seen, [Granted, Queued, Queued, Queued, Refused]);
        pool.leave_line(&mut tokens, at(5), ids[2]);
        assert_eq!(pool.release(&mut tokens, at(6)), Some((ids[1], Span::from_whole_secs(5))));
        assert_eq!(pool.release(&mut tokens, at(7)), Some((ids[3], Span::from_whole_secs(4))));
        assert_eq!(pool.audit(&tokens, at(8)), Ok(()));
        assert_eq!(pool.release(&mut tokens, at(9)), None);
        assert_eq!(pool.audit(&tokens, at(10)), Ok(()));
    }

    use super::super::token::Token;
}
