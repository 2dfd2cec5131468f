//! The accelerators of a host: one line, and what each of them has at hand.
//!
//! State only; the engine owns the clock. Whatever may finish or begin is answered: [`Told`] as it
//! happens, tokens that are done by [`Accelerator::answered`], and the next date by
//! [`Accelerator::next`].

mod batches;
mod queue;
mod sequences;
#[cfg(test)]
mod tests;
mod unit;

use super::token::{Token, TokenId, Tokens};
use crate::network::{self, Serving};
use crate::rng::Draw;
use crate::units::{Span, Time};
use batches::Batches;
use sequences::Sequences;

pub enum Accelerator {
    Batches(Batches),
    Sequences(Sequences),
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Items(u32),
    Tokens { prompt: u32, output: u32 },
}

/// What happens on the way, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A request was let in after waiting so long; one that was put off waits, and is told, again.
    Waited(Span),
    /// The first token came so long after it was asked for.
    FirstToken(Span),
    /// Each further token of an output took so long.
    OutputToken(Span),
}

/// What comes next: something is done, or the oldest in line has waited long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done(Time),
    Waited(Time),
}

/// What was done in the window, by all accelerators of a host together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Served {
    /// Accelerator-nanoseconds at work, and waiter-nanoseconds.
    pub busy: u128,
    pub line: u128,
    /// Request-nanoseconds in batches.
    pub running: u128,
    /// Token-nanoseconds in memory.
    pub memory: u128,
    /// Batches begun, or iterations done.
    pub batches: u64,
    /// Items in those batches, or tokens generated.
    pub items: u64,
    /// Tokens of prompts that were prefilled, and how many prompts those were.
    pub prompts: u64,
    pub prefills: u64,
    /// Requests that were put off.
    pub preempted: u64,
}

impl Served {
    fn since(self, before: Served) -> Served {
        Served {
            busy: self.busy - before.busy,
            line: self.line - before.line,
            running: self.running - before.running,
            memory: self.memory - before.memory,
            batches: self.batches - before.batches,
            items: self.items - before.items,
            prompts: self.prompts - before.prompts,
            prefills: self.prefills - before.prefills,
            preempted: self.preempted - before.preempted,
        }
    }
}

impl Accelerator {
    pub fn new(spec: &network::Accelerator) -> Accelerator {
        match &spec.serving {
            Serving::Batches(it) => Accelerator::Batches(Batches::new(it.clone(), spec.count)),
            Serving::Sequences(it) => Accelerator::Sequences(Sequences::new(*it, spec.count)),
        }
    }

    /// A request comes in. `luck` makes the draw of the batch that begins with a token.
    pub fn join(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        id: TokenId,
        asked: Asked,
        luck: impl Fn(&Token) -> Draw,
        told: impl FnMut(Told),
    ) {
        match (self, asked) {
            (Accelerator::Batches(it), Asked::Items(items)) => {
                it.join(tokens, now, id, items, luck, told);
            }
            (Accelerator::Sequences(it), Asked::Tokens { prompt, output }) => {
                it.join(tokens, now, id, prompt, output, told);
            }
            _ => unreachable!("checked: it asks for what is served"),
        }
    }

    /// What [`Accelerator::next`] had dated for now.
    pub fn due(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        luck: impl Fn(&Token) -> Draw,
        told: impl FnMut(Told),
    ) {
        match self {
            Accelerator::Batches(it) => it.due(tokens, now, luck, told),
            Accelerator::Sequences(it) => it.due(tokens, now, told),
        }
    }

    pub fn next(&self, tokens: &Tokens) -> Next {
        match self {
            Accelerator::Batches(it) => it.next(tokens),
            Accelerator::Sequences(it) => Next::Done(it.next()),
        }
    }

    /// One of those that are done, until there are none.
    pub fn answered(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        match self {
            Accelerator::Batches(it) => it.answered.pop(tokens),
            Accelerator::Sequences(it) => it.answered.pop(tokens),
        }
    }

    /// A token is taken out of the line, or of what it is served with; that goes on as it was dated.
    /// Whether it was served: since `joined`, then.
    pub fn leave(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) -> bool {
        match self {
            Accelerator::Batches(it) => it.leave(tokens, now, id),
            Accelerator::Sequences(it) => it.leave(tokens, now, id),
        }
    }

    /// Batches that begin from now on take so much longer; one that is under way takes what it takes.
    pub fn set_speed(&mut self, speed: f64) {
        match self {
            Accelerator::Batches(it) => it.speed = speed,
            Accelerator::Sequences(it) => it.speed = speed,
        }
    }

    /// The host has gone silent: nothing moves until it is reset.
    pub fn freeze(&mut self, now: Time) {
        match self {
            Accelerator::Batches(it) => it.stop(now, true),
            Accelerator::Sequences(it) => it.stop(now, true),
        }
    }

    /// The host has died, and all tokens there have left.
    pub fn reset(&mut self, now: Time) {
        match self {
            Accelerator::Batches(it) => it.stop(now, false),
            Accelerator::Sequences(it) => it.stop(now, false),
        }
    }

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        match self {
            Accelerator::Batches(it) => it.at_opening = it.served(now),
            Accelerator::Sequences(it) => it.at_opening = it.served(now),
        }
    }

    /// What was done since the window opened.
    pub fn measured(&mut self, now: Time) -> Served {
        match self {
            Accelerator::Batches(it) => it.served(now).since(it.at_opening),
            Accelerator::Sequences(it) => it.served(now).since(it.at_opening),
        }
    }

    /// Whether the laws hold on the whole path up to `now`, with so many tokens waiting here.
    pub fn audit(&mut self, tokens: &Tokens, now: Time, here: u32) -> Result<(), &'static str> {
        match self {
            Accelerator::Batches(it) => it.audit(tokens, now, here),
            Accelerator::Sequences(it) => it.audit(tokens, now, here),
        }
    }
}

/// So long for one, so many times; a hundred years at most.
fn times(span: Span, count: u64) -> u128 {
    u128::from(span.nanos()) * u128::from(count)
}

/// The same at a speed that may be lower than usual.
fn at_speed(speed: f64, nanos: u128) -> Span {
    let span = capped(nanos);
    if speed == 1.0 { span } else { Span::from_nanos_f64(span.nanos() as f64 / speed) }
}

fn capped(nanos: u128) -> Span {
    Span::from_nanos(nanos.min(u128::from(Span::MAX.nanos())) as u64)
}
