//! What callers, balancers and services do to live with failure and overload.
//!
//! Around one call they stand in this order, the outermost first: deadline, fallback, retry or hedge,
//! breaker, timeout, and last the pool that it goes through (a bulkhead). resilience4j nests its
//! decorators alike. So each try has a timeout of its own and is told to the breaker by itself.

pub mod adaptive_patience;
pub mod breaker;
pub mod budget;
pub mod codel;
pub mod health;
pub mod hedge;
pub mod outlier_ejection;
pub mod rate_limit;
pub mod reason;
pub mod retry;
pub mod shed;
