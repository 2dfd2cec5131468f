//! What determines the result of a run, as one number.

use super::line::{FORMAT, Program};
use crate::experiment::design::Design;
use crate::experiment::point::Point;
use crate::experiment::trial::Left;
use crate::sim::Plan;
use sha2::{Digest, Sha256};
use std::fmt::{self, Display, Write};

/// The SHA-256 of everything that a run's result hangs on: equal keys have equal results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u8; 32]);

/// The same of everything but its luck and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointKey([u8; 32]);

impl PointKey {
    /// What is simulated, as it was compiled, and what figures are read with. What a file says in
    /// other words and compiles to the same has the same key.
    pub fn of(point: &Point, design: &Design) -> PointKey {
        let Point { network, names, users, fault, leaving, .. } = point;
        let business = &design.model.file.business;
        let mut digest = Digested(Sha256::new());
        // Floats are told with as many digits as tell them apart, and names of fields are told too,
        // so that what differs is written differently.
        let Program { version, sources, target } = Program::this();
        digest.add(&(FORMAT, version, sources, target));
        // Of a whole story its days are told too, and what fails in it.
        digest.add(&(network, names, users, fault, leaving, business, point.is_whole_story()));
        digest.add(&point.episodes);
        PointKey(digest.0.finalize().into())
    }

    /// One run of it.
    pub fn run(&self, plan: &Plan, left: Option<&Left>, is_pilot: bool, with_batches: bool) -> Key {
        // How many events are allowed changes no result that there is.
        let Plan { seed, replication, in_pairs, warm_up, window, slice, events_max: _ } = *plan;
        let mut digest = Digested(Sha256::new());
        digest.0.update(self.0);
        let spans = [warm_up, window, slice].map(|it| it.nanos());
        digest.add(&(seed, replication, in_pairs, spans, left, is_pilot, with_batches));
        Key(digest.0.finalize().into())
    }
}

impl Display for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, to)
    }
}

impl Display for PointKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, to)
    }
}

fn hex(bytes: &[u8], to: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|it| write!(to, "{it:02x}"))
}

/// The check of some bytes, in hexadecimal digits.
pub fn check(bytes: &[u8]) -> String {
    Key(Sha256::digest(bytes).into()).to_string()
}

/// Text that is digested as it is written, and never held.
struct Digested(Sha256);

impl Digested {
    fn add(&mut self, what: &dyn fmt::Debug) {
        write!(self, "{what:?};").expect("digesting text cannot fail");
    }
}

impl Write for Digested {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}
