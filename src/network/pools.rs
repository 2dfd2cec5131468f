//! What is held while working, and connections that must be opened.

use super::{ConnectionsId, DelayId, InstanceId, PoolGroupId, PoolId, ServiceId};
use crate::units::Span;

/// What is held while working, and the line in front of it.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    pub group: PoolGroupId,
    pub size: u32,
    pub line_max: u32,
    pub patience: Option<DelayId>,
    pub connections: Option<ConnectionsId>,
}

/// Connections of a pool of one instance that must be opened before they are used.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    pub pool: PoolId,
    /// Whose they are, and where to.
    pub owner: InstanceId,
    pub to: ServiceId,
    /// At most so many, and at least so many once they have been opened.
    pub size: u32,
    pub minimum: u32,
    /// How long one may rest.
    pub idle: Option<Span>,
}

/// Unlimited size of a pool or line.
pub const UNLIMITED: u32 = u32::MAX;
