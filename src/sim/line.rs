//! A line of tokens: first come, first served, and anybody may leave from the middle.

use super::token::{NOBODY, TokenId, Tokens, Wait};

/// The ends of a list that is linked through the tokens themselves.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    head: u32,
    tail: u32,
    len: u32,
}

impl Default for Line {
    fn default() -> Self {
        Line::EMPTY
    }
}

impl Line {
    pub const EMPTY: Line = Line { head: NOBODY, tail: NOBODY, len: 0 };

    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Joins at the end, to wait as `wait` says.
    #[inline]
    pub fn join(&mut self, tokens: &mut Tokens, id: TokenId, wait: Wait) {
        let token = &mut tokens[id];
        token.next = NOBODY;
        token.prev = self.tail;
        token.wait = wait;
        match self.tail {
            NOBODY => self.head = id.raw(),
            tail => tokens[TokenId::from_raw(tail)].next = id.raw(),
        }
        self.tail = id.raw();
        self.len += 1;
    }

    /// Goes back to the front, to wait as `wait` says.
    pub fn rejoin(&mut self, tokens: &mut Tokens, id: TokenId, wait: Wait) {
        let token = &mut tokens[id];
        token.prev = NOBODY;
        token.next = self.head;
        token.wait = wait;
        match self.head {
            NOBODY => self.tail = id.raw(),
            head => tokens[TokenId::from_raw(head)].prev = id.raw(),
        }
        self.head = id.raw();
        self.len += 1;
    }

    /// Leaves from wherever it stands.
    #[inline]
    pub fn leave(&mut self, tokens: &mut Tokens, id: TokenId) {
        let token = &mut tokens[id];
        token.wait = Wait::Moving;
        let (prev, next) = (token.prev, token.next);
        match prev {
            NOBODY => self.head = next,
            prev => tokens[TokenId::from_raw(prev)].next = next,
        }
        match next {
            NOBODY => self.tail = prev,
            next => tokens[TokenId::from_raw(next)].prev = prev,
        }
        self.len -= 1;
    }

    #[inline]
    pub fn first(&self) -> Option<TokenId> {
        (self.head != NOBODY).then(|| TokenId::from_raw(self.head))
    }

    /// Whoever joined last leaves.
    pub fn pop_last(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        let last = (self.tail != NOBODY).then(|| TokenId::from_raw(self.tail))?;
        self.leave(tokens, last);
        Some(last)
    }

    #[inline]
    pub fn pop(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        let first = self.first()?;
        let token = &mut tokens[first];
        token.wait = Wait::Moving;
        self.head = token.next;
        match token.next {
            NOBODY => self.tail = NOBODY,
            next => tokens[TokenId::from_raw(next)].prev = NOBODY,
        }
        self.len -= 1;
        Some(first)
    }

    pub fn iter<'t>(&self, tokens: &'t Tokens) -> impl Iterator<Item = TokenId> + 't {
        std::iter::successors(self.first(), |id| {
            let next = tokens[*id].next;
            (next != NOBODY).then(|| TokenId::from_raw(next))
        })
    }
}
