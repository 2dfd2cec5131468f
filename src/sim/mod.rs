//! One replication of a network: the clock, the calendar and what happens.

pub mod calendar;
