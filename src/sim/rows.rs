//! Row locks: holders of one row exclude one another; those who wait for it are served in order.

use super::meter::Meter;
use super::token::{NOBODY, TokenId, Tokens, Wait};
use crate::units::{Span, Time};

/// The rows of one table that are held or waited for, in buckets.
///
/// A bucket lists whoever holds or wants one of its rows, in the order in which they came; the
/// first with a row holds it. Only rows in use take memory, however many there are.
pub struct Rows {
    buckets: Vec<Bucket>,
    nodes: Vec<Node>,
    vacant: Vec<u32>,
    waiting: Meter,
    waited_ns: u128,
    waiting_at_opening_ns: u128,
}

#[derive(Clone, Copy)]
struct Bucket {
    head: u32,
    tail: u32,
}

#[derive(Clone, Copy)]
struct Node {
    token: TokenId,
    row: u64,
    next: u32,
    prev: u32,
}

const BUCKETS_MAX: u64 = 4096;

impl Rows {
    pub fn new(rows: u64) -> Rows {
        let buckets = rows.clamp(1, BUCKETS_MAX).next_power_of_two() as usize;
        Rows {
            buckets: vec![Bucket { head: NOBODY, tail: NOBODY }; buckets],
            nodes: Vec::with_capacity(1024),
            vacant: Vec::with_capacity(1024),
            waiting: Meter::default(),
            waited_ns: 0,
            waiting_at_opening_ns: 0,
        }
    }

    /// Takes the row, or waits for it; true if the token has it now.
    pub fn lock(&mut self, tokens: &mut Tokens, now: Time, id: TokenId, row: u64) -> bool {
        let bucket = self.bucket(row);
        let held = self.next_with(self.buckets[bucket].head, row) != NOBODY;
        let node = self.append(bucket, id, row);
        let token = &mut tokens[id];
        token.row = node;
        if held {
            self.waiting.up(now);
            token.joined = now;
            token.wait = Wait::Row;
        }
        !held
    }

    /// Lets go of the row; returns who has it now and how long that one waited.
    pub fn unlock(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        id: TokenId,
    ) -> Option<(TokenId, Span)> {
        let node = self.take_node(tokens, id);
        let next = self.next_with(node.next, node.row);
        if next == NOBODY {
            return None;
        }
        let heir = self.nodes[next as usize].token;
        Some((heir, self.stop_waiting(tokens, now, heir)))
    }

    /// Takes a token that waits out of the list.
    pub fn leave(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) {
        self.stop_waiting(tokens, now, id);
        self.take_node(tokens, id);
    }

    fn bucket(&self, row: u64) -> usize {
        row as usize & (self.buckets.len() - 1)
    }

    fn stop_waiting(&mut self, tokens: &mut Tokens, now: Time, id: TokenId) -> Span {
        self.waiting.down(now);
        let token = &mut tokens[id];
        token.wait = Wait::Moving;
        let waited = now - token.joined;
        self.waited_ns += u128::from(waited.nanos());
        waited
    }

    /// The first node with `row` from `at` on.
    fn next_with(&self, mut at: u32, row: u64) -> u32 {
        while at != NOBODY && self.nodes[at as usize].row != row {
            at = self.nodes[at as usize].next;
        }
        at
    }

    fn append(&mut self, bucket: usize, token: TokenId, row: u64) -> u32 {
        let tail = self.buckets[bucket].tail;
        let node = Node { token, row, next: NOBODY, prev: tail };
        let at = match self.vacant.pop() {
            Some(at) => {
                self.nodes[at as usize] = node;
                at
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() as u32 - 1
            }
        };
        match tail {
            NOBODY => self.buckets[bucket].head = at,
            tail => self.nodes[tail as usize].next = at,
        }
        self.buckets[bucket].tail = at;
        at
    }

    fn take_node(&mut self, tokens: &mut Tokens, id: TokenId) -> Node {
        let at = std::mem::replace(&mut tokens[id].row, NOBODY);
        let node = self.nodes[at as usize];
        let bucket = self.bucket(node.row);
        match node.prev {
            NOBODY => self.buckets[bucket].head = node.next,
            prev => self.nodes[prev as usize].next = node.next,
        }
        match node.next {
            NOBODY => self.buckets[bucket].tail = node.prev,
            next => self.nodes[next as usize].prev = node.prev,
        }
        self.vacant.push(at);
        node
    }

    pub fn open(&mut self, now: Time) {
        self.waiting_at_opening_ns = self.waiting.area_ns(now);
    }

    /// Waiter-nanoseconds since the window opened.
    pub fn measured_line_ns(&self, now: Time) -> u128 {
        self.waiting.area_ns(now) - self.waiting_at_opening_ns
    }

    /// Little's law for those who wait for rows.
    pub fn audit(&self, tokens: &Tokens, now: Time) -> Result<(), &'static str> {
        let after = |at: &u32| Some(self.nodes[*at as usize].next).filter(|next| *next != NOBODY);
        let heads = self.buckets.iter().map(|bucket| bucket.head).filter(|head| *head != NOBODY);
        let in_use = heads.flat_map(|head| std::iter::successors(Some(head), after));
        let waiting = in_use
            .map(|at| &tokens[self.nodes[at as usize].token])
            .filter(|token| token.wait == Wait::Row);
        let stood: u128 = waiting.map(|token| u128::from((now - token.joined).nanos())).sum();
        let fits = self.waited_ns + stood == self.waiting.area_ns(now);
        if fits { Ok(()) } else { Err("Little's law fails for the waits for rows") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ClassId, GuardId, StepId};

    #[test]
    fn a_row_has_one_holder_at_a_time_and_other_rows_do_not_mind() {
        let mut rows = Rows::new(1_000_000);
        let mut tokens = Tokens::with_capacity(8);
        let (class, guard, step) = (ClassId::default(), GuardId::default(), StepId::default());
        let ids: Vec<TokenId> =
            (0..5).map(|_| tokens.admit(class, guard, step, 0, Time::ZERO)).collect();
        let at = |secs: u64| Time::ZERO + Span::from_whole_secs(secs);
        // Rows 7 and 7 + 4096 share a bucket and nothing else.
        let wanted = [7, 7 + BUCKETS_MAX, 7, 7, 7];
        let got: Vec<bool> =
            (0..5).map(|i| rows.lock(&mut tokens, at(i as u64), ids[i], wanted[i])).collect();
        assert_eq!(got, [true, true, false, false, false]);
        rows.leave(&mut tokens, at(5), ids[2]);
        assert_eq!(rows.audit(&tokens, at(6)), Ok(()));
        let six = Some((ids[3], Span::from_whole_secs(3)));
        assert_eq!(rows.unlock(&mut tokens, at(6), ids[0]), six);
        assert_eq!(rows.unlock(&mut tokens, at(7), ids[1]), None);
        assert_eq!(rows.unlock(&mut tokens, at(8), ids[3]).map(|it| it.0), Some(ids[4]));
        assert_eq!(rows.audit(&tokens, at(9)), Ok(()));
    }
}
