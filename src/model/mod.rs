//! The model file: read, checked and compiled into a network and its names.

pub mod check;
mod compile;
pub mod file;
mod places;

pub use compile::{Recorded, compile};
