//! outgrow
pub mod ids;
pub mod units;
pub mod problem;
pub mod rng;
pub mod stats;
pub mod parts;
pub mod network;
pub mod sim;
pub mod model;
