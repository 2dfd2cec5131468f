//! What disks and memories do besides taking time, and accelerators that serve batches.

pub mod accelerator;
pub mod buffer;
pub mod burst;
