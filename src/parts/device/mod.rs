//! What disks and memories do besides taking time.

pub mod buffer;
pub mod burst;
