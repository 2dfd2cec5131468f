//! What callers and balancers do to live with failure.

pub mod budget;
pub mod health;
pub mod retry;
