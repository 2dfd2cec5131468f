//! Lines that are not first come, first served: who stands in them, and who goes next.

use super::line::Line;
use super::token::{TokenId, Tokens, Wait};
use crate::ids::Id;
use crate::network;
use crate::parts::discipline::VirtualTime;

/// Those in line, in whatever order they leave it.
pub enum Order {
    /// The last to come goes first while more than so many wait.
    Last { line: Line, above: u32 },
    /// A line for each level, and the level of each class.
    Levels { lines: Vec<Line>, of: Vec<u16> },
    /// A line for each class.
    Fair { lines: Vec<Line>, time: VirtualTime },
    /// The least goes first.
    Shortest(Shortest),
}

impl Order {
    /// None for first come, first served.
    pub fn new(spec: &network::Order) -> Option<Order> {
        Some(match spec {
            network::Order::First => return None,
            network::Order::Last { above } => Order::Last { line: Line::default(), above: *above },
            network::Order::Levels { of, count, .. } => {
                Order::Levels { lines: vec![Line::default(); *count as usize], of: of.clone() }
            }
            network::Order::Fair { weights } => Order::Fair {
                lines: vec![Line::default(); weights.len()],
                time: VirtualTime::new(weights),
            },
            network::Order::Shortest => Order::Shortest(Shortest::default()),
        })
    }

    /// Joins the line; `size_ns` is how much there is to do, where that is asked for.
    pub fn join(&mut self, tokens: &mut Tokens, id: TokenId, size_ns: u64) {
        let class = tokens[id].class.index();
        match self {
            Order::Last { line, .. } => line.join(tokens, id, Wait::Line),
            Order::Levels { lines, of } => {
                lines[of[class] as usize].join(tokens, id, Wait::Line);
            }
            Order::Fair { lines, time } => {
                if lines[class].is_empty() {
                    time.came(class);
                }
                lines[class].join(tokens, id, Wait::Line);
            }
            Order::Shortest(it) => it.join(tokens, id, size_ns),
        }
    }

    /// Goes on before all others of its level; it has been at work before.
    pub fn join_first(&mut self, tokens: &mut Tokens, id: TokenId) {
        let Order::Levels { lines, of } = self else { unreachable!("nobody else gives way") };
        let level = of[tokens[id].class.index()];
        lines[level as usize].rejoin(tokens, id, Wait::Line);
    }

    /// Whoever goes next leaves the line, to be let in or not.
    pub fn pop(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        match self {
            Order::Last { line, above } if line.len() > *above => line.pop_last(tokens),
            Order::Last { line, .. } => line.pop(tokens),
            Order::Levels { lines, .. } => lines.iter_mut().find_map(|it| it.pop(tokens)),
            Order::Fair { lines, time } => {
                let waiting = (0..lines.len()).filter(|it| !lines[*it].is_empty());
                let by_start = |a: &usize, b: &usize| time.start(*a).total_cmp(&time.start(*b));
                let class = waiting.min_by(by_start)?;
                lines[class].pop(tokens)
            }
            Order::Shortest(it) => it.pop(tokens),
        }
    }

    /// One was let in, who may have stood in line or not: only they have had a turn.
    pub fn let_in(&mut self, tokens: &Tokens, id: TokenId) {
        if let Order::Fair { time, .. } = self {
            let class = tokens[id].class.index();
            time.came(class);
            time.served(class);
        }
    }

    /// Nobody is at work, and nobody waits.
    pub fn all_idle(&mut self) {
        if let Order::Fair { time, .. } = self {
            time.all_idle();
        }
    }

    /// Leaves from wherever it stands.
    pub fn leave(&mut self, tokens: &mut Tokens, id: TokenId) {
        let class = tokens[id].class.index();
        match self {
            Order::Last { line, .. } => line.leave(tokens, id),
            Order::Levels { lines, of } => lines[of[class] as usize].leave(tokens, id),
            Order::Fair { lines, .. } => lines[class].leave(tokens, id),
            Order::Shortest(it) => it.leave(tokens, id),
        }
    }

    /// Whether somebody waits who matters more than a class does.
    pub fn is_outranked(&self, class: usize) -> bool {
        let Order::Levels { lines, of } = self else { return false };
        lines[..of[class] as usize].iter().any(|it| !it.is_empty())
    }

    /// Everybody in line.
    pub fn each(&self, tokens: &Tokens, look: impl FnMut(TokenId)) {
        match self {
            Order::Last { line, .. } => line.iter(tokens).for_each(look),
            Order::Levels { lines, .. } | Order::Fair { lines, .. } => {
                lines.iter().flat_map(|it| it.iter(tokens)).for_each(look);
            }
            Order::Shortest(it) => it.heap.iter().map(|it| it.token).for_each(look),
        }
    }
}

/// A heap of those in line by how much they have to do, and by when they came among equals. Each
/// token knows its place in it, so that it can leave from there.
#[derive(Default)]
pub struct Shortest {
    heap: Vec<Waiting>,
    came: u64,
}

#[derive(Clone, Copy)]
struct Waiting {
    size_ns: u64,
    came: u64,
    token: TokenId,
}

impl Waiting {
    fn before(&self, other: &Waiting) -> bool {
        (self.size_ns, self.came) < (other.size_ns, other.came)
    }
}

impl Shortest {
    fn join(&mut self, tokens: &mut Tokens, id: TokenId, size_ns: u64) {
        tokens[id].wait = Wait::Line;
        self.came += 1;
        self.heap.push(Waiting { size_ns, came: self.came, token: id });
        self.rise(tokens, self.heap.len() - 1);
    }

    fn pop(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        let first = self.heap.first()?.token;
        self.leave(tokens, first);
        Some(first)
    }

    fn leave(&mut self, tokens: &mut Tokens, id: TokenId) {
        tokens[id].wait = Wait::Moving;
        let place = tokens[id].next as usize;
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            let risen = self.rise(tokens, place);
            self.sink(tokens, risen);
        }
    }

    /// Up past all that go later; returns where it came to stand.
    fn rise(&mut self, tokens: &mut Tokens, mut place: usize) -> usize {
        while place > 0 && self.heap[place].before(&self.heap[(place - 1) / 2]) {
            self.heap.swap(place, (place - 1) / 2);
            self.note(tokens, place);
            place = (place - 1) / 2;
        }
        self.note(tokens, place);
        place
    }

    fn sink(&mut self, tokens: &mut Tokens, mut place: usize) {
        loop {
            let children = [2 * place + 1, 2 * place + 2];
            let there = children.into_iter().filter(|it| *it < self.heap.len());
            let first = there.min_by_key(|it| (self.heap[*it].size_ns, self.heap[*it].came));
            let Some(child) = first.filter(|it| self.heap[*it].before(&self.heap[place])) else {
                return;
            };
            self.heap.swap(place, child);
            self.note(tokens, place);
            self.note(tokens, child);
            place = child;
        }
    }

    fn note(&self, tokens: &mut Tokens, place: usize) {
        tokens[self.heap[place].token].next = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ClassId, GuardId, StepId};
    use crate::units::Time;

    fn crowd(classes: &[usize]) -> (Tokens, Vec<TokenId>) {
        let mut tokens = Tokens::with_capacity(classes.len());
        let (guard, step) = (GuardId::default(), StepId::default());
        let admit = |class: &usize| tokens.admit(ClassId::new(*class), guard, step, 0, Time::ZERO);
        let ids = classes.iter().map(admit).collect();
        (tokens, ids)
    }

    /// The order in which all leave, by the places in which they came; `early` leaves before that.
    fn leaves(spec: network::Order, classes: &[usize], sizes: &[u64], early: usize) -> Vec<usize> {
        let (mut tokens, ids) = crowd(classes);
        let mut order = Order::new(&spec).expect("it is not first come, first served");
        for (id, size) in ids.iter().zip(sizes) {
            order.join(&mut tokens, *id, *size);
        }
        order.leave(&mut tokens, ids[early]);
        let mut standing = 0;
        order.each(&tokens, |_| standing += 1);
        assert_eq!(standing, ids.len() - 1);
        let next = std::iter::from_fn(|| {
            let next = order.pop(&mut tokens)?;
            order.let_in(&tokens, next);
            Some(next)
        });
        next.map(|id| ids.iter().position(|it| *it == id).unwrap()).collect()
    }

    #[test]
    fn the_last_to_come_goes_first_while_the_line_is_long() {
        let always = network::Order::Last { above: 0 };
        assert_eq!(leaves(always, &[0; 5], &[0; 5], 3), [4, 2, 1, 0]);
        let long = network::Order::Last { above: 2 };
        assert_eq!(leaves(long, &[0; 6], &[0; 6], 4), [5, 3, 2, 0, 1]);
    }

    #[test]
    fn levels_go_in_turn_and_within_one_whoever_came_first() {
        let levels = network::Order::Levels { of: vec![1, 0, 1], count: 2, preemptive: false };
        assert_eq!(leaves(levels, &[0, 1, 2, 1, 0, 1], &[0; 6], 3), [1, 5, 0, 2, 4]);
    }

    #[test]
    fn classes_take_turns() {
        let fair = network::Order::Fair { weights: vec![1.0, 1.0] };
        assert_eq!(leaves(fair, &[0, 0, 0, 0, 1, 1], &[0; 6], 0), [1, 4, 2, 5, 3]);
    }

    #[test]
    fn whoever_is_thrown_away_has_had_no_turn() {
        let fair = network::Order::Fair { weights: vec![1.0, 1.0] };
        let (mut tokens, ids) = crowd(&[0, 0, 0, 1, 1]);
        let mut order = Order::new(&fair).unwrap();
        ids.iter().for_each(|id| order.join(&mut tokens, *id, 0));
        let mut next = |is_let_in| {
            let next = order.pop(&mut tokens).unwrap();
            if is_let_in {
                order.let_in(&tokens, next);
            }
            ids.iter().position(|it| *it == next).unwrap()
        };
        assert_eq!([false, false, true, true, true].map(&mut next), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn the_shortest_goes_first_and_any_may_leave() {
        let sizes: Vec<u64> = (0..100).map(|it| it * 37 % 50).collect();
        for early in [0, 13, 50, 99] {
            let mut expected: Vec<usize> = (0..100).filter(|it| *it != early).collect();
            expected.sort_by_key(|it| (sizes[*it], *it));
            assert_eq!(leaves(network::Order::Shortest, &[0; 100], &sizes, early), expected);
        }
    }
}
