//! Tests of the engine through the model file: what it promises, by name.

mod beside;
mod support;

mod churn;
mod coverage;
mod determinism;
mod estimates;
mod expectations;
mod fingerprints;
mod laws;
mod mechanisms;
mod rooms;
mod scaling;
mod scheduling;
mod slips;
mod stories;
mod swarm;
mod theory;
