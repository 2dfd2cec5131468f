//! Sessions under way: whose turn it is, what has been asked, how long each has lasted.
//!
//! State only; the engine owns the clock and asks the requests.

use super::meter::Meter;
use crate::ids::Table;
use crate::network::{Network, SessionId};
use crate::units::{Span, Time};

/// A user in the course of a session.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    pub of: SessionId,
    /// What the luck of its requests hangs on, and what that of thinking and turning hangs on.
    pub key: u64,
    pub luck: u64,
    pub begun: Time,
    /// What it is about now, and how many more such requests there will be.
    pub stage: u32,
    pub left: u32,
    /// Requests asked so far.
    pub asked: u32,
    /// Stages gone through so far.
    pub turns: u32,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub requests: u32,
    pub lasted: Span,
    /// Whether the user left because a request failed.
    pub left: bool,
}

/// Sessions of one kind.
#[derive(Clone, Copy, Default)]
struct Kind {
    inside: Meter,
    at_opening_ns: u128,
    /// Sum of how long those that ended lasted.
    lasted_ns: u128,
    begun: u64,
    ended: u64,
}

pub struct Sessions {
    kinds: Table<SessionId, Kind>,
    visitors: Vec<Visitor>,
    vacant: Vec<u32>,
}

impl Sessions {
    pub fn new(network: &Network) -> Sessions {
        let kinds = network.sessions.map(|_, _| Kind::default());
        Sessions { kinds, visitors: Vec::new(), vacant: Vec::new() }
    }

    pub fn begin(&mut self, visitor: Visitor) -> u32 {
        let kind = &mut self.kinds[visitor.of];
        kind.begun += 1;
        kind.inside.up(visitor.begun);
        match self.vacant.pop() {
            Some(place) => {
                self.visitors[place as usize] = visitor;
                place
            }
            None => {
                self.visitors.push(visitor);
                self.visitors.len() as u32 - 1
            }
        }
    }

    pub fn visitor(&mut self, place: u32) -> &mut Visitor {
        &mut self.visitors[place as usize]
    }

    pub fn end(&mut self, place: u32, now: Time, left: bool) -> (SessionId, Ended) {
        let Visitor { of, begun, asked, .. } = self.visitors[place as usize];
        self.vacant.push(place);
        let kind = &mut self.kinds[of];
        let lasted = now - begun;
        kind.ended += 1;
        kind.inside.down(now);
        kind.lasted_ns += u128::from(lasted.nanos());
        (of, Ended { requests: asked, lasted, left })
    }

    /// How many are under way.
    pub fn under_way(&self) -> u32 {
        (self.visitors.len() - self.vacant.len()) as u32
    }

    /// The window opens.
    pub fn open(&mut self, now: Time) {
        self.kinds.iter_mut().for_each(|it| it.at_opening_ns = it.inside.area_ns(now));
    }

    /// The area under the number of sessions of a kind since then, in nanoseconds.
    pub fn area_ns(&self, now: Time, of: SessionId) -> u128 {
        self.kinds[of].inside.area_ns(now) - self.kinds[of].at_opening_ns
    }

    /// `asking` is the number of users found in the midst of a session, thinking or waiting for an
    /// answer.
    pub fn audit(&self, now: Time, asking: u32) -> Result<(), &'static str> {
        if asking != self.under_way() {
            return Err("sessions were lost");
        }
        let mut still = self.kinds.map(|_, _| (0, 0));
        let mut vacant = vec![false; self.visitors.len()];
        self.vacant.iter().for_each(|place| vacant[*place as usize] = true);
        for (visitor, vacant) in self.visitors.iter().zip(vacant) {
            if !vacant {
                let (count, stays_ns) = &mut still[visitor.of];
                *count += 1;
                *stays_ns += u128::from((now - visitor.begun).nanos());
            }
        }
        for (kind, (count, stays_ns)) in self.kinds.as_slice().iter().zip(still.as_slice()) {
            if kind.begun != kind.ended + count || u64::from(kind.inside.level()) != *count {
                return Err("sessions begun are not those ended and those under way");
            }
            if kind.inside.area_ns(now) != kind.lasted_ns + stays_ns {
                return Err("Little's law fails for sessions");
            }
        }
        Ok(())
    }
}
