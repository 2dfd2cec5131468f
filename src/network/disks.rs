//! Disks: accesses, what limits their rate, and the memory that answers in their stead.

use super::{PoolId, ServiceId};
use crate::parts::device::buffer::HitCurve;
use crate::parts::distribution::{Law, Misses};
use crate::units::Span;

/// Accesses to a disk.
#[derive(Clone, Debug)]
pub struct Access {
    pub misses: Misses,
    pub time: Law,
    pub key: u64,
    /// How many they are where that is certain, whatever `misses` says; chunks may be many.
    pub certain: Option<u32>,
    /// Whether the instance's buffer says how many of them the disk sees.
    pub buffered: bool,
    /// The least time from one access to the next.
    pub pace: Span,
    /// What each costs where the disk is limited.
    pub costs: Costs,
}

/// What limits a disk: accesses a second, bytes a second, burst credits.
pub const LIMITS: usize = 3;
pub const OPERATIONS: usize = 0;
pub const BANDWIDTH: usize = 1;
pub const CREDITS: usize = 2;

/// How long each limit of a disk needs for one access.
pub type Costs = [Span; LIMITS];

/// A disk with limits of its rate.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    pub places: PoolId,
    pub limits: [Option<Limit>; LIMITS],
}

/// What is earned while nothing is used, up to some: a token bucket, all in time that it takes to
/// earn. Without any room, accesses are spaced out by what they cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub room: Span,
    /// What is saved up when a run opens.
    pub start: Span,
}

/// An instance's memory.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub service: ServiceId,
    pub hits: HitCurve,
    /// Whether it is empty when a run opens.
    pub cold: bool,
}
