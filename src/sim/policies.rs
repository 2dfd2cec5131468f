//! What callers keep of their policies while a run goes on: breakers, records of answers.

use crate::ids::{Id, Table};
use crate::network::{BreakerId, HedgeId, Kept, Network, ServiceId};
use crate::parts::policy::breaker::{self, Seen};
use crate::parts::policy::hedge::Record;
use crate::units::Time;

/// By instance, or one for all clients.
pub struct Policies {
    pub breakers: Table<BreakerId, Vec<breaker::State>>,
    pub hedges: Table<HedgeId, Hedges>,
}

pub struct Hedges {
    pub records: Vec<Record>,
    pub seen: HedgeSeen,
    at_opening: HedgeSeen,
}

/// What came of asking once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HedgeSeen {
    pub calls: u64,
    /// Tries after the first.
    pub more: u64,
    /// Calls that one of those answered.
    pub won: u64,
}

/// What all policies did since the window opened, all instances together.
#[derive(Clone, Debug, Default)]
pub struct PoliciesSeen {
    /// Of each breaker, and how many of it there are.
    pub breakers: Table<BreakerId, (Seen, usize)>,
    pub hedges: Table<HedgeId, HedgeSeen>,
}

impl Policies {
    pub fn new(network: &Network) -> Policies {
        let count = |caller: Option<ServiceId>| {
            let instances = caller.map(|it| network.services[it].instances.clone());
            instances.map_or(1, |it| it.end.index() - it.start.index())
        };
        Policies {
            breakers: network.breakers.map(|_, it| {
                (0..count(it.caller)).map(|_| breaker::State::new(&it.spec)).collect()
            }),
            hedges: network.hedges.map(|_, it| Hedges {
                records: (0..count(it.caller)).map(|_| Record::default()).collect(),
                seen: HedgeSeen::default(),
                at_opening: HedgeSeen::default(),
            }),
        }
    }

    pub fn open_window(&mut self, now: Time) {
        self.breakers.iter_mut().flatten().for_each(|it| it.open_window(now));
        self.hedges.iter_mut().for_each(|it| it.at_opening = it.seen);
    }

    pub fn measured(&self, now: Time) -> PoliciesSeen {
        let both = |a: Seen, b: Seen| Seen {
            open_ns: a.open_ns + b.open_ns,
            rejected: a.rejected + b.rejected,
        };
        PoliciesSeen {
            breakers: self.breakers.map(|_, all| {
                let seen = all.iter().map(|it| it.measured(now));
                (seen.fold(Seen::default(), both), all.len())
            }),
            hedges: self.hedges.map(|_, it| HedgeSeen {
                calls: it.seen.calls - it.at_opening.calls,
                more: it.seen.more - it.at_opening.more,
                won: it.seen.won - it.at_opening.won,
            }),
        }
    }

    /// An instance of the service, the one at this place, starts anew and remembers nothing.
    pub fn restart(&mut self, network: &Network, service: ServiceId, place: usize, now: Time) {
        fn is_of<S>(kept: &Kept<S>, service: ServiceId) -> bool {
            kept.caller == Some(service)
        }
        for id in network.breakers.ids().filter(|it| is_of(&network.breakers[*it], service)) {
            self.breakers[id][place].restart(now);
        }
        for id in network.hedges.ids().filter(|it| is_of(&network.hedges[*it], service)) {
            self.hedges[id].records[place].restart();
        }
    }

    pub fn audit(&self) -> Result<(), &'static str> {
        self.breakers.as_slice().iter().flatten().try_for_each(breaker::State::audit)?;
        for hedge in self.hedges.as_slice() {
            hedge.records.iter().try_for_each(Record::audit)?;
            if hedge.seen.won > hedge.seen.calls {
                return Err("more hedges won than calls were made");
            }
        }
        Ok(())
    }
}
