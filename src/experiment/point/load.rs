//! A design under any load.

use super::instants::{Instant, hour_factor};
use super::{Point, WARM_UP, point};
use crate::experiment::design::Design;
use crate::experiment::file::{Experiment, WarmUp};
use crate::network::{Arrival, Network};

/// How much traffic there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// What is given per user is made by so many.
    Users(f64),
    /// Everything that comes at a rate comes so many times as often.
    Times(f64),
}

impl Load {
    /// The same kind of load, and as much of it as this.
    pub fn at(self, much: f64) -> Load {
        match self {
            Load::Users(_) => Load::Users(much),
            Load::Times(_) => Load::Times(much),
        }
    }
}

/// A design under any load, at the hour that the experiment looks at.
pub fn at_load(experiment: &Experiment, design: usize, of: &Design, load: Load) -> Point {
    let users = match load {
        Load::Users(users) => Some(users),
        Load::Times(_) => of.model.file.users,
    };
    let factor = experiment.growth.as_ref().map_or(1.0, hour_factor);
    let instant = Instant { day: None, users, load: users.map(|it| it * factor) };
    let mut point = point(experiment, design, of, &instant);
    if let Load::Times(times) = load {
        let Network { classes, sessions, .. } = &mut point.network;
        let own = classes.iter_mut().map(|it| &mut it.arrival);
        for arrival in own.chain(sessions.iter_mut().map(|it| &mut it.arrival)) {
            match arrival {
                Arrival::Open { rates } => rates.iter_mut().for_each(|it| it.1 *= times),
                Arrival::Bursts { phases } => phases.iter_mut().for_each(|it| it.0 *= times),
                Arrival::Renewal { .. }
                | Arrival::Instants { .. }
                | Arrival::Closed { .. }
                | Arrival::InSessions => {}
            }
        }
    }
    if let WarmUp::Auto(_) = point.warm_up {
        point.warm_up = WarmUp::Fixed(WARM_UP);
    }
    point
}
