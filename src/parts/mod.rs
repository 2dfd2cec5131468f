//! Everything that a model can name, one file each.
//!
//! A part holds its sentence and reference, its parameters as written in a file, its check, its
//! behaviour and its test. It sees its parameters, a narrow view and a draw, never the engine.

pub mod arrival;
pub mod balance;
pub mod cache;
pub mod clock;
pub mod columns;
pub mod device;
pub mod discipline;
pub mod distribution;
pub mod fault;
pub mod growth;
pub mod law;
pub mod operation;
pub mod policy;
pub mod queue;
pub mod replication;
pub mod scaling;
