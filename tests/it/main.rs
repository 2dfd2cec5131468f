//! Tests of the engine through the model file: what it promises, by name.

mod support;

mod coverage;
mod determinism;
mod expectations;
mod fingerprints;
mod laws;
mod mechanisms;
mod rooms;
mod scheduling;
mod swarm;
mod theory;
