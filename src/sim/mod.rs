//! Runs one replication of a network.

mod accelerator;
mod arrivals;
mod buffer;
mod cache;
pub mod calendar;
mod connections;
mod course;
mod cpu;
mod days;
mod engine;
mod episodes;
mod family;
mod hot;
mod interrupted;
mod line;
mod log;
mod measure;
mod meter;
mod order;
mod pipe;
mod policies;
mod pool;
mod presence;
mod probe;
mod provisioning;
mod queue;
mod replication;
mod rows;
mod scaling;
mod sessions;
mod token;
mod volume;

pub use accelerator::{Served, Told};
pub use buffer::Reads;
pub use course::{Course, SLICE_QUANTILES, Turns};
pub use days::Days;
pub use engine::{Failure, Plan, Run, Usage, Wasted, run};
pub use measure::{
    BATCHES, CacheSeen, ClassSeen, Counters, InferenceSeen, Measure, QueueSeen, ReplicationSeen,
    SessionSeen, Slice,
};
pub use policies::{HedgeSeen, PoliciesSeen};
pub use pool::Area;
pub use presence::Present;
pub use probe::{Fingerprint, Gated, Looked, Probe, Queued, Replicated};
pub use provisioning::HostsUse;
pub use queue::QueueArea;
pub use replication::ReplicationUse;
pub use rows::RowsUse;
pub use scaling::ScalingUse;
pub use sessions::Ended;
pub use token::Reason;
pub use volume::Limited;
