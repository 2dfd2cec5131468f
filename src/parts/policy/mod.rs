//! policies
pub mod health;
pub mod retry;
