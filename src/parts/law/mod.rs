//! laws
pub mod fair_share;
