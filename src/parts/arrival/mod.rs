//! How the requests of a class come, where that is more than a rate.

mod bursts;
mod timestamps;

pub use bursts::{Burst, Phases};
pub use timestamps::Timestamps;
