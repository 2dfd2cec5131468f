//! outgrow: discrete-event simulation of scaling architectures.
//!
//! Two waists of plain data hold everything apart: a model file is compiled into a [`network`], a
//! run of it is told as an [`outcome`]. Rooms from the ground up; a room may use only rooms above it
//! in the list below (`tests/it/rooms.rs` holds the order).
//!
//! What holds everywhere:
//! - No file in [`sim`] mentions serde, text, hash maps, trait objects or boxes. Memory is taken when
//!   a run opens; after that nothing is allocated per event.
//! - Only the engine owns the clock and the calendar. Pools, devices and policies change their own
//!   state and return what the engine must do. Probes observe and never steer.
//! - A run is a pure function of network and seed. A parallel experiment equals the serial one byte
//!   for byte.
//! - Rooms before [`experiment`] know no threads, files or clocks.
//! - A user's mistake is a [`problem::Problem`], told with all others before anything runs; a failing
//!   disk is an error with its context; a broken law is a bug, reported with its seed.

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
