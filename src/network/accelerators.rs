//! Accelerators, and how they take from their line.

use super::GroupId;
use crate::parts::distribution::{CountLaw, Law};
use crate::units::Span;

/// The accelerators of a host, and how they take from their line.
#[derive(Clone, Debug)]
pub struct Accelerator {
    pub group: GroupId,
    pub count: u32,
    pub serving: Serving,
}

#[derive(Clone, Debug)]
pub enum Serving {
    Batches(Batches),
    Sequences(Sequences),
}

/// Whole batches.
#[derive(Clone, Debug)]
pub struct Batches {
    /// Items in one at most, and how many are kept waiting no longer.
    pub most: u32,
    pub enough: u32,
    pub wait: Span,
    pub base: Law,
    pub per_item: Span,
}

/// Token by token.
#[derive(Clone, Copy, Debug)]
pub struct Sequences {
    pub most: u32,
    /// Tokens that fit into memory.
    pub memory: u64,
    /// Whether memory is taken as it is needed, rather than reserved.
    pub optimistic: bool,
    /// Whether a batch stays together until all its outputs are done.
    pub together: bool,
    pub base: Span,
    pub per_sequence: Span,
    pub per_prompt_token: Span,
}

/// One place in a program where an accelerator is asked, with the key that its luck hangs on.
#[derive(Clone, Copy, Debug)]
pub struct Inference {
    pub demand: Demand,
    pub key: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Demand {
    Items(CountLaw),
    Tokens { prompt: CountLaw, output: CountLaw },
}
