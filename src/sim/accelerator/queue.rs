//! The line in front of accelerators, which measures itself.

use crate::sim::line::Line;
use crate::sim::meter::Meter;
use crate::sim::token::{TokenId, Tokens, Wait};
use crate::units::{Span, Time};

#[derive(Default)]
pub struct Queue {
    line: Line,
    waiting: Meter,
    waited_ns: u128,
}

impl Queue {
    pub fn len(&self) -> u32 {
        self.line.len()
    }

    pub fn first(&self) -> Option<TokenId> {
        self.line.first()
    }

    pub fn iter<'t>(&self, tokens: &'t Tokens) -> impl Iterator<Item = TokenId> + 't {
        self.line.iter(tokens)
    }

    pub fn join(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        tokens[id].joined = now;
        self.line.join(tokens, id, Wait::Accelerator);
        self.waiting.up(now);
    }

    /// Stands in front of all others, as one that had been let in before them.
    pub fn rejoin(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        tokens[id].joined = now;
        self.line.rejoin(tokens, id, Wait::Accelerator);
        self.waiting.up(now);
    }

    /// The first in line is let in; how long it stood there. From now on it counts when that was.
    pub fn take(&mut self, tokens: &mut Tokens, now: Time) -> Option<(TokenId, Span)> {
        let id = self.line.pop(tokens)?;
        let waited = self.stop_waiting(tokens, now, id);
        tokens[id].joined = now;
        Some((id, waited))
    }

    pub fn leave(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        self.line.leave(tokens, id);
        self.stop_waiting(tokens, now, id);
    }

    fn stop_waiting(&mut self, tokens: &Tokens, now: Time, id: TokenId) -> Span {
        self.waiting.down(now);
        let waited = now - tokens[id].joined;
        self.waited_ns += u128::from(waited.nanos());
        waited
    }

    pub fn area_ns(&self, now: Time) -> u128 {
        self.waiting.area_ns(now)
    }

    /// Little's law for the line.
    pub fn audit(&self, tokens: &Tokens, now: Time) -> Result<(), &'static str> {
        let stood = self.iter(tokens).map(|id| u128::from((now - tokens[id].joined).nanos()));
        let waited = self.waited_ns + stood.sum::<u128>();
        match () {
            () if self.line.len() != self.waiting.level() => Err("the line is miscounted"),
            () if waited != self.waiting.area_ns(now) => Err("Little's law fails for the line"),
            () => Ok(()),
        }
    }
}
