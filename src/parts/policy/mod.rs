//! What callers, balancers and services do to live with failure and overload.

pub mod adaptive_patience;
pub mod budget;
pub mod codel;
pub mod health;
pub mod outlier_ejection;
pub mod rate_limit;
pub mod retry;
pub mod shed;
