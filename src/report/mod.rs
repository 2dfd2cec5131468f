//! An outcome as text, table and chart.
//!
//! Nothing here simulates or knows a model: a report can be made again from a stored outcome.

pub mod chart;
pub mod csv;
pub mod figure;
pub mod json;
pub mod table;

#[cfg(test)]
pub(crate) mod fixture;
