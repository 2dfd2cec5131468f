//! The open connections of a pool: those at rest, the last used on top, and those in use.
//!
//! That the last one used is used first is what PgBouncer does (`server_round_robin = 0`), and it lets
//! the others grow old enough to be closed. A connection whose far end has gone down since is
//! found to be dead when somebody wants it. What is simplified: the balancer chooses an instance for
//! each call, not for each connection; connections at rest do not count against a database's
//! `connections`; and none is opened ahead of need.

use crate::network::{self, InstanceId};
use crate::units::Time;
use std::collections::VecDeque;

pub struct Connections {
    /// At rest, the longest first.
    at_rest: VecDeque<AtRest>,
    in_use: u32,
    /// How often its owner had gone down when it was last looked at.
    owner_stamp: u32,
    opened: u64,
    opened_at_opening: u64,
}

#[derive(Clone, Copy)]
struct AtRest {
    since: Time,
    /// The instance at the far end, and how often that had gone down. None if it has never been used.
    to: Option<(InstanceId, u32)>,
}

impl Connections {
    pub fn new(spec: &network::Connections) -> Connections {
        let mut at_rest = VecDeque::with_capacity(spec.size as usize);
        at_rest.extend((0..spec.minimum).map(|_| AtRest { since: Time::ZERO, to: None }));
        Connections { at_rest, in_use: 0, owner_stamp: 0, opened: 0, opened_at_opening: 0 }
    }

    /// Takes one that is open, if there is one; `stamp` says how often an instance has gone down.
    pub fn take(
        &mut self,
        spec: &network::Connections,
        now: Time,
        stamp: impl Fn(InstanceId) -> u32,
    ) -> bool {
        let owner_stamp = stamp(spec.owner);
        if owner_stamp != self.owner_stamp {
            self.owner_stamp = owner_stamp;
            self.at_rest.clear();
        }
        self.close_the_idle(spec, now);
        while let Some(last) = self.at_rest.pop_back() {
            if last.to.is_none_or(|(instance, before)| stamp(instance) == before) {
                return true;
            }
        }
        false
    }

    /// Somebody begins to open one.
    pub fn opened(&mut self) {
        self.opened += 1;
    }

    pub fn begin(&mut self) {
        self.in_use += 1;
    }

    /// It is used no more: it rests from now on, or is lost if nothing is said of its far end.
    pub fn end(&mut self, spec: &network::Connections, now: Time, to: Option<(InstanceId, u32)>) {
        self.in_use -= 1;
        if to.is_some() && self.at_rest.len() < spec.size as usize {
            self.at_rest.push_back(AtRest { since: now, to });
        }
        self.close_the_idle(spec, now);
    }

    /// Those that have rested too long are closed, but for the minimum.
    fn close_the_idle(&mut self, spec: &network::Connections, now: Time) {
        let Some(idle) = spec.idle else { return };
        while let Some(oldest) = self.at_rest.front()
            && oldest.since + idle <= now
            && self.at_rest.len() as u32 + self.in_use > spec.minimum
        {
            self.at_rest.pop_front();
        }
    }

    /// Measurement starts here.
    pub fn open(&mut self) {
        self.opened_at_opening = self.opened;
    }

    /// Connections that were opened since.
    pub fn measured(&self) -> u64 {
        self.opened - self.opened_at_opening
    }

    /// Whether so many tokens use one.
    pub fn audit(&self, spec: &network::Connections, users: u32) -> Result<(), &'static str> {
        match () {
            () if self.in_use != users => Err("connections in use are miscounted"),
            () if self.at_rest.len() > spec.size as usize => Err("more connections than places"),
            () => Ok(()),
        }
    }
}
