//! outgrow: discrete-event simulation of scaling architectures.
//!
//! Rooms from the ground up; a room may use only rooms above it in this list
//! (`tests/it/rooms.rs` holds the order).

pub mod ids;

pub mod units;

pub mod problem;

pub mod rng;

pub mod stats;

pub mod parts;

pub mod network;

pub mod outcome;

pub mod report;

pub mod sim;

pub mod theory;

pub mod model;

pub mod experiment;

pub mod cli;
