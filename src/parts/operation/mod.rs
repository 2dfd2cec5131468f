//! What those who run a system do to it while it runs, or have done for them.

pub mod canary;
pub mod deploy;
pub mod disruption;
pub mod liveness;
pub mod reschedule;
pub mod restart;
