//! Runs one replication of a network.

mod arrivals;
mod buffer;
mod cache;
pub mod calendar;
mod connections;
mod cpu;
mod engine;
mod family;
mod line;
mod log;
mod measure;
mod meter;
mod policies;
mod pool;
mod probe;
mod rows;
mod token;
mod volume;

pub use buffer::Reads;
pub use engine::{Failure, Plan, Usage, Wasted, run};
pub use measure::{CacheSeen, ClassSeen, Counters, Measure, Slice};
pub use policies::{HedgeSeen, PoliciesSeen};
pub use pool::Area;
pub use probe::{Fingerprint, Looked, Probe};
pub use token::Reason;
pub use volume::Limited;
