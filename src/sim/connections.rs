//! The open connections of a pool: those at rest, the last used on top, and those in use.
//!
//! That the last one used is used first is what PgBouncer does (`server_round_robin = 0`), and it lets
//! the others grow old enough to be closed. What is simplified: the balancer chooses an instance for
//! each call, not for each connection; a connection is lost with whatever fails over it; and none is
//! opened ahead of need.

use crate::ids::Id;
use crate::network::{self, InstanceId};
use crate::units::Time;
use std::collections::VecDeque;
use std::ops::Range;

pub struct Connections {
    /// At rest, the longest first.
    at_rest: VecDeque<AtRest>,
    /// In use, or being opened.
    in_use: u32,
    /// How often its owner had gone down when it was last looked at.
    owner_stamp: u32,
    begun: u64,
    begun_at_opening: u64,
}

#[derive(Clone, Copy)]
struct AtRest {
    since: Time,
    /// The instance at the far end, and how often that had gone down.
    to: (InstanceId, u32),
}

impl AtRest {
    fn is_broken(&self, stamp: &impl Fn(InstanceId) -> u32) -> bool {
        stamp(self.to.0) != self.to.1
    }
}

impl Connections {
    /// Those that are open from the start go to the instances at the far end in turn.
    pub fn new(spec: &network::Connections, far: &Range<InstanceId>) -> Connections {
        let mut at_rest = VecDeque::with_capacity(spec.size as usize);
        let (first, count) = (far.start.index(), far.end.index() - far.start.index());
        at_rest.extend(
            (0..spec.minimum as usize)
                .map(|i| AtRest { since: Time::ZERO, to: (InstanceId::new(first + i % count), 0) }),
        );
        Connections { at_rest, in_use: 0, owner_stamp: 0, begun: 0, begun_at_opening: 0 }
    }

    /// Takes one that is open, if there is one; `stamp` says how often an instance has gone down.
    pub fn take(&mut self, stamp: impl Fn(InstanceId) -> u32) -> bool {
        while let Some(last) = self.at_rest.pop_back() {
            if !last.is_broken(&stamp) {
                self.in_use += 1;
                return true;
            }
        }
        false
    }

    /// Begins to open one.
    pub fn begin(&mut self) {
        self.in_use += 1;
        self.begun += 1;
    }

    /// It is used no more: it rests from now on, or is lost if nothing is said of its far end.
    pub fn end(&mut self, now: Time, to: Option<(InstanceId, u32)>) {
        self.in_use -= 1;
        if let Some(to) = to {
            self.at_rest.push_back(AtRest { since: now, to });
        }
    }

    /// Closes all when their owner has gone down, and those that have rested too long, but for the
    /// minimum.
    pub fn close(
        &mut self,
        spec: &network::Connections,
        now: Time,
        stamp: impl Fn(InstanceId) -> u32,
    ) {
        let owner_stamp = stamp(spec.owner);
        if owner_stamp != self.owner_stamp {
            self.owner_stamp = owner_stamp;
            self.at_rest.clear();
        }
        let Some(idle) = spec.idle else { return };
        while let Some(oldest) = self.at_rest.front()
            && oldest.since + idle <= now
            && self.open() > spec.minimum
        {
            self.at_rest.pop_front();
        }
    }

    /// Forgets those whose far end has gone down.
    pub fn forget_the_broken(&mut self, stamp: impl Fn(InstanceId) -> u32) {
        self.at_rest.retain(|it| !it.is_broken(&stamp));
    }

    /// How many there are, those being opened included.
    pub fn open(&self) -> u32 {
        self.at_rest.len() as u32 + self.in_use
    }

    /// Measurement starts here.
    pub fn open_window(&mut self) {
        self.begun_at_opening = self.begun;
    }

    /// How many were begun to be opened since.
    pub fn measured(&self) -> u64 {
        self.begun - self.begun_at_opening
    }

    /// Whether so many tokens use one, and no more are open than there are places for.
    pub fn audit(&self, spec: &network::Connections, users: u32) -> Result<(), &'static str> {
        match () {
            () if self.in_use != users => Err("connections in use are miscounted"),
            () if self.open() > spec.size => Err("more connections than places"),
            () => Ok(()),
        }
    }
}
