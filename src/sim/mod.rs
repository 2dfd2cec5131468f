//! Runs one replication of a network.

mod accelerator;
mod arrivals;
mod buffer;
mod cache;
pub mod calendar;
mod connections;
mod cpu;
mod engine;
mod hot;
mod interrupted;
mod line;
mod log;
mod measure;
mod meter;
mod order;
mod pool;
mod probe;
mod queue;
mod rows;
mod sessions;
mod token;
mod volume;

pub use accelerator::{Served, Told};
pub use buffer::Reads;
pub use engine::{Failure, Plan, Usage, run};
pub use measure::{
    CacheSeen, ClassSeen, Counters, InferenceSeen, Measure, QueueSeen, SessionSeen, Slice,
};
pub use pool::Area;
pub use probe::{Fingerprint, Gated, Looked, Probe, Queued};
pub use queue::QueueArea;
pub use rows::RowsUse;
pub use sessions::Ended;
pub use token::Reason;
pub use volume::Limited;
