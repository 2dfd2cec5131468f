//! What those who run a system do to it while it runs, or have done for them.

pub mod deploy;
pub mod reschedule;
pub mod restart;
