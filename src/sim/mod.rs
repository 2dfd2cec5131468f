//! Runs one replication of a network.

mod arrivals;
mod buffer;
mod cache;
pub mod calendar;
mod connections;
mod cpu;
mod engine;
mod line;
mod log;
mod measure;
mod meter;
mod pool;
mod probe;
mod queue;
mod rows;
mod token;
mod volume;

pub use buffer::Reads;
pub use engine::{Failure, Plan, Usage, run};
pub use measure::{CacheSeen, ClassSeen, Counters, Measure, QueueSeen, Slice};
pub use pool::Area;
pub use probe::{Fingerprint, Looked, Probe, Queued};
pub use queue::QueueArea;
pub use token::Reason;
pub use volume::Limited;
