//! Reads, checks and compiles a model file.

pub mod reading;
