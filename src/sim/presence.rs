//! How many instances of a service there are: in truth, and as its balancer believes.

use super::meter::Meter;
use crate::units::Time;

#[derive(Clone, Copy, Debug, Default)]
pub struct Presence {
    up: Meter,
    believed: Meter,
    at_opening: Present,
}

/// The areas under both numbers since the window opened, in instance-nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Present {
    pub up: u128,
    pub believed: u128,
}

impl Presence {
    pub fn of(instances: usize) -> Presence {
        let mut presence = Presence::default();
        for _ in 0..instances {
            presence.up.up(Time::ZERO);
            presence.believed.up(Time::ZERO);
        }
        presence
    }

    /// An instance has come to answer, or answers no more.
    pub fn turned(&mut self, now: Time, up: bool) {
        if up { self.up.up(now) } else { self.up.down(now) }
    }

    /// One is believed to be well, or no more.
    pub fn believed(&mut self, now: Time, healthy: bool) {
        if healthy { self.believed.up(now) } else { self.believed.down(now) }
    }

    /// How many are up, and how many are believed to be.
    pub fn levels(&self) -> [u32; 2] {
        [self.up.level(), self.believed.level()]
    }

    pub fn open(&mut self, now: Time) {
        self.at_opening = self.all(now);
    }

    pub fn measured(&self, now: Time) -> Present {
        let Present { up, believed } = self.all(now);
        Present { up: up - self.at_opening.up, believed: believed - self.at_opening.believed }
    }

    fn all(&self, now: Time) -> Present {
        Present { up: self.up.area_ns(now), believed: self.believed.area_ns(now) }
    }
}
