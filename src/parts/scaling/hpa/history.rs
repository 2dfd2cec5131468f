//! What the controller has asked for, and what came of it.

use crate::units::{Span, Time};
use std::collections::VecDeque;

/// Counts by when they were noted, none older than is ever asked for.
#[derive(Clone, Debug, Default)]
pub struct History {
    notes: VecDeque<(Time, u32)>,
    keep: Span,
}

impl History {
    /// Remembers so long a time, in which so many notes are taken at most.
    pub fn new(keep: Span, notes: usize) -> History {
        History { notes: VecDeque::with_capacity(notes), keep }
    }

    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    pub fn note(&mut self, now: Time, count: u32) {
        while self.notes.front().is_some_and(|(at, _)| *at + self.keep <= now) {
            self.notes.pop_front();
        }
        self.notes.push_back((now, count));
    }

    /// Those of the last so long, the very beginning left out.
    pub fn last(&self, span: Span, now: Time) -> impl Iterator<Item = u32> {
        let recent = move |it: &&(Time, u32)| it.0 + span > now;
        self.notes.iter().rev().take_while(recent).map(|it| it.1)
    }
}
