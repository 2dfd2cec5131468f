//! How capacity is divided.

pub mod fair_share;
pub mod switching;
