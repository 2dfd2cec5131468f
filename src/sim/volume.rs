//! A disk that can do only so much in a second: what limits it, and what it has saved up.
//!
//! Each limit is a token bucket in the form of a virtual clock (the generic cell rate algorithm,
//! ITU-T I.371, 2004, annex A): `due` is when all that was begun so far would have been earned. It
//! never falls further behind than there is room to save, and moves on by the cost of each access. An
//! access is paid once the clock has come to that: at once as long as something is saved up. With
//! no room to save, this is one line of bytes behind all accesses under way: a shared bandwidth.

use crate::network::{self, CREDITS, Costs, LIMITS};
use crate::units::{Span, Time};

pub struct Volume {
    limits: [Option<Bucket>; LIMITS],
    opened: Time,
    /// When credits first did not cover an access, since the window opened.
    ran_out: Option<Time>,
}

/// All in nanoseconds; what is saved up when a run opens was earned before it began.
struct Bucket {
    room: i128,
    first_due: i128,
    due: i128,
    spent: i128,
    spent_at_opening: i128,
}

/// What a disk's limits saw in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limited {
    /// The share of what came in that was used, limit by limit; more than 1 where savings were.
    pub used: [Option<f64>; LIMITS],
    /// The share of the credits that is left, if there are any to have.
    pub credits: Option<f64>,
    /// When they first did not do, since the window opened.
    pub ran_out: Option<Span>,
}

impl Volume {
    pub fn new(spec: &network::Volume) -> Volume {
        let bucket = |limit: network::Limit| {
            let due = -i128::from(limit.start.nanos());
            let room = i128::from(limit.room.nanos());
            Bucket { room, first_due: due, due, spent: 0, spent_at_opening: 0 }
        };
        let limits = spec.limits.map(|it| it.map(bucket));
        Volume { limits, opened: Time::ZERO, ran_out: None }
    }

    /// An access begins; returns how long it takes at least.
    pub fn pay(&mut self, now: Time, costs: &Costs) -> Span {
        let mut longest = 0;
        for (i, (bucket, cost)) in self.limits.iter_mut().zip(costs).enumerate() {
            let Some(bucket) = bucket else { continue };
            let late = bucket.pay(now, *cost);
            if i == CREDITS && late > 0 {
                self.ran_out.get_or_insert(now);
            }
            longest = longest.max(late);
        }
        Span::from_nanos(u64::try_from(longest).unwrap_or(Span::MAX.nanos()).min(Span::MAX.nanos()))
    }

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        self.opened = now;
        self.ran_out = None;
        for bucket in self.limits.iter_mut().flatten() {
            bucket.spent_at_opening = bucket.spent;
        }
    }

    pub fn measured(&self, now: Time) -> Limited {
        let passed = (now - self.opened).nanos() as f64;
        let used = |it: &Bucket| (it.spent - it.spent_at_opening) as f64 / passed;
        let [.., credits] = &self.limits;
        Limited {
            used: [0, 1, 2].map(|i: usize| self.limits[i].as_ref().map(used)),
            credits: credits.as_ref().map(|it| it.saved(now) as f64 / it.room.max(1) as f64),
            ran_out: self.ran_out.map(|at| at - self.opened),
        }
    }

    /// Whether nothing was used that was neither saved up at first nor earned, and nothing saved
    /// up beyond the room for it.
    pub fn audit(&self, now: Time) -> Result<(), &'static str> {
        for it in self.limits.iter().flatten() {
            if it.spent > it.due - it.first_due {
                return Err("more was used than was earned");
            }
            if it.saved(now) < 0 || it.saved(now) > it.room {
                return Err("savings beyond the room for them");
            }
        }
        Ok(())
    }
}

impl Bucket {
    /// Pays for one access; returns by how much it is ahead of what has been earned.
    fn pay(&mut self, now: Time, cost: Span) -> i128 {
        let (now, cost) = (i128::from(now.nanos()), i128::from(cost.nanos()));
        self.due = self.due.max(now - self.room) + cost;
        self.spent += cost;
        self.due - now
    }

    fn saved(&self, now: Time) -> i128 {
        (i128::from(now.nanos()) - self.due).clamp(0, self.room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{BANDWIDTH, Limit, PoolId};

    fn at(ms: u64) -> Time {
        Time::ZERO + Span::from_nanos(ms * 1_000_000)
    }

    fn ms(ms: u64) -> Span {
        Span::from_nanos(ms * 1_000_000)
    }

    fn volume(limit: usize, room: Span, start: Span) -> Volume {
        let mut limits = [None; LIMITS];
        limits[limit] = Some(Limit { room, start });
        Volume::new(&network::Volume { places: PoolId::default(), limits })
    }

    #[test]
    fn accesses_begun_together_move_their_bytes_one_after_the_other() {
        let mut volume = volume(BANDWIDTH, Span::ZERO, Span::ZERO);
        let costs = [ms(0), ms(10), ms(0)];
        assert_eq!([0, 0, 5].map(|now| volume.pay(at(now), &costs)), [ms(10), ms(20), ms(25)]);
        assert_eq!(volume.pay(at(100), &costs), ms(10));
        assert_eq!(volume.measured(at(200)).used[BANDWIDTH], Some(0.2));
        assert_eq!(volume.audit(at(200)), Ok(()));
    }

    #[test]
    fn savings_pay_until_they_are_used_up_and_fill_up_no_further_than_there_is_room() {
        // One credit in 10 ms, two saved of three that there is room for.
        let mut volume = volume(CREDITS, ms(30), ms(20));
        let costs = [ms(0), ms(0), ms(10)];
        assert_eq!([0, 0].map(|now| volume.pay(at(now), &costs)), [ms(0); 2]);
        assert_eq!(volume.measured(at(10)).ran_out, None);
        assert_eq!([0, 0, 4].map(|now| volume.pay(at(now), &costs)), [ms(10), ms(20), ms(26)]);
        assert_eq!(volume.measured(at(10)).ran_out, Some(Span::ZERO));
        volume.open(at(1000));
        assert_eq!(volume.measured(at(1010)).credits, Some(1.0));
        assert_eq!([1010; 4].map(|now| volume.pay(at(now), &costs)), [ms(0), ms(0), ms(0), ms(10)]);
        assert_eq!(volume.measured(at(1110)).ran_out, Some(ms(10)));
        assert_eq!(volume.audit(at(1110)), Ok(()));
    }
}
