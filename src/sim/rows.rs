//! Row locks: holders of one row exclude one another; those who wait for it are served in order.
//!
//! A token may hold rows of several tables, each taken while it held those before and let go in the
//! opposite order: the places of its rows are linked, the last taken first.

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
    holding: Meter,
    /// Sum of the holds that ended.
    held_ns: u128,
    /// For how long each of the most wanted rows was held since the window opened, up to whoever
    /// holds it now.
    held_of_ns: Vec<u64>,
    opened: Time,
    waiting_at_opening_ns: u128,
    holding_at_opening_ns: u128,
}

/// What was seen of a table's rows since the window opened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowsUse {
    /// Waiter-nanoseconds.
    pub line_ns: u128,
    /// Holder-nanoseconds.
    pub held_ns: u128,
    /// For how long the busiest row was held. Rows are wanted the less the higher their number, so
    /// that it is enough to look at the first few thousand.
    pub busiest_ns: u64,
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
    /// The place of the row that the token took before this one and still holds, in another table.
    outer: u32,
    /// Since when it holds the row; never, while it waits for it.
    since: Time,
}

/// The first rows, each of which is measured by itself.
const MEASURED_MAX: u64 = 4096;
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
            holding: Meter::default(),
            held_ns: 0,
            held_of_ns: vec![0; rows.min(MEASURED_MAX) as usize],
            opened: Time::ZERO,
            waiting_at_opening_ns: 0,
            holding_at_opening_ns: 0,
        }
    }

    /// Takes the row, or waits for it; true if the token has it now.
    pub fn lock(&mut self, tokens: &mut Tokens, now: Time, id: TokenId, row: u64) -> bool {
        let bucket = self.bucket(row);
        let held = self.next_with(self.buckets[bucket].head, row) != NOBODY;
        let token = &mut tokens[id];
        let node = self.append(bucket, id, row, token.row);
        token.row = node;
        if held {
            self.waiting.up(now);
            token.joined = now;
            token.wait = Wait::Row;
        } else {
            self.grant(node, now);
        }
        !held
    }

    fn grant(&mut self, node: u32, now: Time) {
        self.nodes[node as usize].since = now;
        self.holding.up(now);
    }

    /// A hold ends.
    fn end_hold(&mut self, node: &Node, now: Time) {
        self.holding.down(now);
        self.held_ns += u128::from((now - node.since).nanos());
        if let Some(held_ns) = self.held_of_ns.get_mut(node.row as usize) {
            *held_ns += (now - node.since.max(self.opened)).nanos();
        }
    }

    /// Lets go of the row; returns who has it now and how long that one waited.
    pub fn unlock(
        &mut self,
        tokens: &mut Tokens,
        now: Time,
        id: TokenId,
    ) -> Option<(TokenId, Span)> {
        let node = self.take_node(tokens, id);
        self.end_hold(&node, now);
        let next = self.next_with(node.next, node.row);
        if next == NOBODY {
            return None;
        }
        self.grant(next, now);
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

    /// The place of the row that was taken before the one at `place` and is still held.
    pub fn outer(&self, place: u32) -> u32 {
        self.nodes[place as usize].outer
    }

    /// Nothing was taken before the row at `place`, as far as its token is concerned.
    pub fn forget_outer(&mut self, place: u32) {
        self.nodes[place as usize].outer = NOBODY;
    }

    /// The row at `place` is another token's from now on.
    pub fn hand_over(&mut self, place: u32, to: TokenId) {
        self.nodes[place as usize].token = to;
    }

    fn append(&mut self, bucket: usize, token: TokenId, row: u64, outer: u32) -> u32 {
        let tail = self.buckets[bucket].tail;
        let node = Node { token, row, next: NOBODY, prev: tail, outer, since: Time::NEVER };
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
        let at = tokens[id].row;
        let node = self.nodes[at as usize];
        tokens[id].row = node.outer;
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
        self.holding_at_opening_ns = self.holding.area_ns(now);
        self.held_of_ns.fill(0);
        self.opened = now;
    }

    /// What was seen since the window opened.
    pub fn measured(&self, now: Time) -> RowsUse {
        let done_ns = self.held_of_ns.iter().copied().max().unwrap_or(0);
        let still = self.in_use().filter(|node| node.since != Time::NEVER).filter_map(|node| {
            let done_ns = self.held_of_ns.get(node.row as usize)?;
            Some(done_ns + (now - node.since.max(self.opened)).nanos())
        });
        RowsUse {
            line_ns: self.waiting.area_ns(now) - self.waiting_at_opening_ns,
            held_ns: self.holding.area_ns(now) - self.holding_at_opening_ns,
            busiest_ns: still.fold(done_ns, u64::max),
        }
    }

    /// Those who hold or want a row.
    fn in_use(&self) -> impl Iterator<Item = &Node> {
        let after = |at: &u32| Some(self.nodes[*at as usize].next).filter(|next| *next != NOBODY);
        let heads = self.buckets.iter().map(|bucket| bucket.head).filter(|head| *head != NOBODY);
        let places = heads.flat_map(move |head| std::iter::successors(Some(head), after));
        places.map(|at| &self.nodes[at as usize])
    }

    /// Little's law for those who wait for rows and for those who hold one, of whom there are so
    /// many.
    pub fn audit(&self, tokens: &Tokens, now: Time, holders: u32) -> Result<(), &'static str> {
        let waits = self.in_use().filter(|node| node.since == Time::NEVER);
        let stood = waits.map(|node| u128::from((now - tokens[node.token].joined).nanos()));
        let waited_ns = self.waited_ns + stood.sum::<u128>();
        let holds = self.in_use().filter(|node| node.since != Time::NEVER);
        let held_ns = holds.map(|node| u128::from((now - node.since).nanos())).sum::<u128>();
        match () {
            () if waited_ns != self.waiting.area_ns(now) => {
                Err("Little's law fails for the waits for rows")
            }
            () if self.held_ns + held_ns != self.holding.area_ns(now) => {
                Err("Little's law fails for the holders of rows")
            }
            () if self.holding.level() != holders => Err("a row was not given back"),
            () => Ok(()),
        }
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
        assert_eq!(rows.audit(&tokens, at(6), 2), Ok(()));
        let six = Some((ids[3], Span::from_whole_secs(3)));
        assert_eq!(rows.unlock(&mut tokens, at(6), ids[0]), six);
        assert_eq!(rows.unlock(&mut tokens, at(7), ids[1]), None);
        assert_eq!(rows.unlock(&mut tokens, at(8), ids[3]).map(|it| it.0), Some(ids[4]));
        assert_eq!(rows.audit(&tokens, at(9), 1), Ok(()));
        // Row 7 from 0 to 9, the other, which is not among the first, from 1 to 7.
        let (nine, fifteen) = (9_000_000_000, 15_000_000_000);
        let seen = RowsUse { line_ns: 3 + 3 + 4, held_ns: fifteen, busiest_ns: nine };
        assert_eq!(rows.measured(at(9)), RowsUse { line_ns: seen.line_ns * 1_000_000_000, ..seen });
    }
}
