//! Runs one replication of a network.

mod arrivals;
pub mod calendar;
mod cpu;
mod engine;
mod line;
mod log;
mod measure;
mod meter;
mod pool;
mod probe;
mod rows;
mod token;

pub use engine::{Failure, Plan, Usage, run};
pub use measure::{ClassSeen, Counters, Measure, Slice};
pub use pool::Area;
pub use probe::{Fingerprint, Probe};
pub use rows::RowsUse;
pub use token::Reason;
