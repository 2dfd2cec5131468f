//! Figures and how sure they are: numbers in, numbers out.
//!
//! No names and no clock: callers say what a figure is called and in which unit it stands. Every
//! result is finite; where there is nothing to say the answer is `None` and never NaN. Logarithms
//! and the like come from `libm`, so that results have the same bits on every machine.

pub mod batches;
pub mod clusters;
pub mod compare;
pub mod control;
pub mod histogram;
pub mod interval;
pub mod quantile;
pub mod select;
pub mod sensitivity;
pub mod sequential;
pub mod share;
pub mod skewness;
pub mod sparse;
pub mod student;
pub mod trend;
pub mod warm_up;

pub use compare::{Aim, Comparison, Verdict, paired, unpaired};
pub use histogram::Histogram;
pub use interval::Estimate;
pub use sequential::{Looks, Sides, sides};
pub use student::t_quantile;
pub use trend::{Growth, growth};
pub use warm_up::{Truncation, mser5, mser5_of_mean, slowest};

#[cfg(test)]
mod luck;
