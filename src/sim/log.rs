//! A database's log: commits wait for a flush, and those that wait together share one.
//!
//! One flush is under way at a time. All that asked before it began are answered when it is over;
//! all that ask meanwhile share the next one (group commit: DeWitt et al., "Implementation
//! techniques for main memory database systems", SIGMOD 1984, section 5). PostgreSQL does the same:
//! whoever finds a flush under way waits for it, and the next one takes all that was written meanwhile.

use super::line::Line;
use super::token::{TokenId, Tokens, Wait};

pub struct Log {
    /// The log's own token, which queues at the disk for the flushes.
    pub token: TokenId,
    /// Flushes begun; the n-th has its own luck.
    pub flushes: u64,
    under_way: bool,
    asking: Line,
    in_flush: Line,
}

impl Log {
    pub fn new(token: TokenId) -> Log {
        Log {
            token,
            flushes: 0,
            under_way: false,
            asking: Line::default(),
            in_flush: Line::default(),
        }
    }

    /// The token waits for the next flush; true if that must be started.
    pub fn ask(&mut self, tokens: &mut Tokens, id: TokenId) -> bool {
        self.asking.join(tokens, id, Wait::Flush);
        !std::mem::replace(&mut self.under_way, true)
    }

    /// The disk begins to flush: whoever has asked by now is in.
    pub fn begin(&mut self) {
        debug_assert!(self.in_flush.is_empty(), "two flushes at once");
        self.in_flush = std::mem::take(&mut self.asking);
        self.flushes += 1;
    }

    /// One of those whose flush is over, until there are none.
    pub fn answered(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        self.in_flush.pop(tokens)
    }

    /// The flush is over and all were answered; true if another must be started.
    pub fn goes_on(&mut self) -> bool {
        self.under_way = !self.asking.is_empty();
        self.under_way
    }

    /// Its instance is gone, and all that waited with it.
    pub fn stop(&mut self, tokens: &mut Tokens) {
        while self.asking.pop(tokens).is_some() || self.in_flush.pop(tokens).is_some() {}
        self.under_way = false;
    }
}
