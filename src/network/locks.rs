//! Rows that are held by one at a time.

use super::ServiceId;
use crate::parts::distribution::Zipf;

/// Rows that exclude one another's holders.
#[derive(Clone, Debug)]
pub struct Lock {
    pub service: ServiceId,
    /// How many rows there are, and the law by which they are picked.
    pub count: u64,
    pub rows: Zipf,
    /// Whether each instance has rows of its own.
    pub apart: bool,
}
