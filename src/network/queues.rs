//! Brokers of messages.

use super::{GuardId, QueueId};
use crate::parts::queue::Full;
use crate::units::Span;

/// Messages of a broker, and who takes them.
#[derive(Clone, Debug)]
pub struct Queue {
    /// How many may wait.
    pub length: u32,
    pub full: Full,
    /// How many calls may be under way at a time; none if nobody takes messages out.
    pub consumers: u32,
    /// How many messages one call takes at most; how many are enough, and how long is waited for
    /// them.
    pub batch: u32,
    pub enough: u32,
    pub linger: Span,
    /// Sends one call, with the patience of the broker.
    pub guard: GuardId,
    pub attempts: u32,
    /// The rest after a failed delivery.
    pub pause: Span,
    pub dead_letter: Option<QueueId>,
    pub key: u64,
}

/// One place in a program where a message is sent.
#[derive(Clone, Copy, Debug)]
pub struct Send {
    pub queue: QueueId,
    /// What tells this message's luck from that of the request's others; 0 for its first.
    pub key: u64,
}
