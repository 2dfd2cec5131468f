//! What queueing theory says of simple systems: exact figures to hold a simulation against.
//!
//! Times are in seconds and rates per second, as the names say. Where there is no steady state
//! there is no system: constructors answer `None`. Transcendental functions come from `libm`, so
//! that a report has the same bits on every machine.

mod approximate;
mod beside;
pub mod classes;
pub mod closed;
pub mod erlang;
mod erlang_a;
pub mod gm1;
pub mod jackson;
pub mod mg1;
pub mod predict;
pub mod ps;

mod tail;

pub use beside::{Holds, Told, beside};
pub use classes::{Chain, OfChain, closed_classes};
pub use closed::{Closed, Station, closed};
pub use erlang::{Mmc, Mmck, erlang_b, erlang_c};
pub use gm1::Gm1;
pub use jackson::{Node, OpenNetwork};
pub use mg1::{Md1, Mg1};
pub use predict::{Prediction, predict};
pub use ps::MgcPs;

/// Tests hold figures against references of twelve digits.
#[cfg(test)]
#[track_caller]
fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got} is not {expected}");
}
