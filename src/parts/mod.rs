//! Everything that a model can name, one file each.
pub mod balance;
pub mod distribution;
pub mod fault;
pub mod law;
pub mod policy;
