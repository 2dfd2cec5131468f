//! What is sent over links, and what the way costs.

use super::PipeId;
use crate::parts::distribution::Law;

/// Sizes of what is sent there and back, in bytes, each of which stands as a nanosecond.
#[derive(Clone, Debug)]
pub struct Messages {
    pub request: Option<Law>,
    pub answer: Option<Law>,
}

/// One direction of a link: messages go into it one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Pipe {
    /// How long one byte takes to be sent.
    pub ns_per_byte: f64,
    /// Which of the links of the model it belongs to.
    pub link: u32,
}

/// The way from a zone to another, or to the clients, where it matters how much goes there.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Which of the links of the model it goes over; none to the clients.
    pub link: Option<u32>,
    pub pipe: Option<PipeId>,
    /// Money for each byte.
    pub price_per_byte: f64,
}
