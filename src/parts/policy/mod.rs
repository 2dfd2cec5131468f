//! What callers and balancers do to live with failure.

pub mod health;
pub mod retry;
