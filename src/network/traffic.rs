//! Kinds of requests, and how they come.

use super::{ClassId, GuardId};
use crate::parts::distribution::{CountLaw, Law};
use crate::units::{Span, Time};
use std::sync::Arc;

/// A kind of request.
#[derive(Clone, Debug)]
pub struct Class {
    /// Whether it is work that no user waits for.
    pub background: bool,
    pub arrival: Arrival,
    /// How many come at once, if it is not one.
    pub batch: Option<CountLaw>,
    pub guard: GuardId,
    pub key: u64,
}

#[derive(Clone, Debug)]
pub enum Arrival {
    /// Poisson with a rate that is constant from each of these times on, per second; the first is
    /// at zero.
    Open { rates: Vec<(Time, f64)> },
    /// A renewal process: gaps of this law between one request and the next.
    Renewal { gap: Law },
    /// Poisson at a rate that changes at random: rates per second and mean stays, in turn.
    Bursts { phases: Vec<(f64, Span)> },
    /// At these instants.
    Instants { at: Arc<[Time]> },
    /// So many users who think in between.
    Closed { users: u32, think: Law },
    /// Users ask in the course of their sessions.
    InSessions,
}

/// Users who come, make requests one after the other, and go.
#[derive(Clone, Debug)]
pub struct Session {
    /// How they come.
    pub arrival: Arrival,
    /// A session begins in the first.
    pub stages: Vec<Stage>,
    /// How many of those whose request failed leave.
    pub leave_on_failure: f64,
    pub key: u64,
}

/// What a session is about for a while.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The class of its requests.
    pub ask: ClassId,
    /// Before each of them.
    pub think: Law,
    /// How many there are, and in how many sessions there are any.
    pub times: CountLaw,
    pub share: f64,
    /// What may come next, and the chance that it or one before it in this list does; else the end.
    pub then: Vec<(f64, u32)>,
    /// How often it comes in a session on average, if no request fails.
    pub visits: f64,
}

impl Session {
    /// How many requests there are in a session, roughly, if none fails.
    pub fn requests(&self) -> f64 {
        let each = |it: &Stage| it.visits * it.share * it.times.roughly();
        self.stages.iter().map(each).sum()
    }
}
