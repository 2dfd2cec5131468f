//! Instances of which one takes writes and the others follow.

use super::ServiceId;
use crate::parts::distribution::Law;
use crate::units::Span;

/// A primary and its standbys.
#[derive(Clone, Debug)]
pub struct Replication {
    pub service: ServiceId,
    pub acknowledged: Acknowledged,
    /// Whether standbys answer anything.
    pub reads: bool,
    /// How long commits wait for a standby that is gone; none if they do so for ever.
    pub patience: Option<Span>,
    /// How long a standby takes to apply one commit.
    pub apply: Span,
    pub failover: Option<Failover>,
    /// Key of the draws of links, detection and promotion.
    pub key: u64,
}

/// By whom a commit must be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledged {
    ByNobody,
    ByAll,
    By(u32),
}

/// How a standby takes over.
#[derive(Clone, Debug)]
pub struct Failover {
    /// How long it takes to find out; none if health checks do.
    pub detection: Option<Law>,
    pub promotion: Law,
    pub coverage: f64,
    /// How long an old primary goes on taking writes once it is back; none if it is fenced.
    pub unfenced: Option<Law>,
}

/// Who answers a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// The primary alone; of services without one, any instance.
    #[default]
    Primary,
    Standbys,
    Any,
}
