//! How the requests of a class come, where that is more than a rate.

mod bursts;

pub use bursts::{Burst, Phases};
