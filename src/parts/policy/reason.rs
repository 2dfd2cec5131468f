//! Why a request, or one attempt at it, failed.

use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Reason {
    /// A line or the connections were full, or a circuit breaker was open.
    Refused = 1,
    /// Somebody's patience ended, or the deadline had passed.
    Timeout = 2,
    /// The instance at work on it died.
    Reset = 3,
    /// No instance was there to take it.
    Unreachable = 4,
    /// The program answered with an error of its own.
    Error = 5,
}

impl Reason {
    pub const COUNT: usize = 5;
    pub const NAMES: [&str; Reason::COUNT] =
        ["refused", "timeout", "reset", "unreachable", "error"];

    pub fn index(self) -> usize {
        self as usize - 1
    }

    /// The reason with this number, if it is one.
    #[inline]
    pub fn from_code(code: u8) -> Option<Reason> {
        match code {
            1 => Some(Reason::Refused),
            2 => Some(Reason::Timeout),
            3 => Some(Reason::Reset),
            4 => Some(Reason::Unreachable),
            5 => Some(Reason::Error),
            _ => None,
        }
    }
}
