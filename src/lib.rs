//! outgrow: discrete-event simulation of scaling architectures.
//!
//! Rooms from the ground up; a room may use only rooms above it in this list.

pub mod ids;

pub mod units;

pub mod problem;

pub mod outcome;

pub mod report;
