//! Controllers that say how many instances of a service are wanted.

pub mod hpa;
