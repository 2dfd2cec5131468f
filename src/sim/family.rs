//! Who waits for whom: for each token that waits, the attempts or branches that it has sent.
//!
//! Only where a child must be found from its parent, to take back its work or to send it sooner. A list
//! lasts as long as the wait and begins in the parent's own place for a neighbour in line, as nobody
//! stands in a line while waiting for children. Children come and go without telling: a cell
//! remembers the child's generation, and knows by that whether it is still there.

use super::token::{NOBODY, TokenId, Tokens};

#[derive(Default)]
pub struct Families {
    cells: Vec<Cell>,
    vacant: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Cell {
    child: TokenId,
    generation: u32,
    next: u32,
}

impl Families {
    pub fn with_capacity(capacity: usize) -> Families {
        Families { cells: Vec::with_capacity(capacity), vacant: Vec::with_capacity(capacity) }
    }

    /// The token begins to wait for children that are still to be sent.
    pub fn begin(&self, tokens: &mut Tokens, parent: TokenId) {
        tokens[parent].prev = NOBODY;
    }

    pub fn add(&mut self, tokens: &mut Tokens, parent: TokenId, child: TokenId) {
        let generation = tokens[child].generation;
        let cell = Cell { child, generation, next: tokens[parent].prev };
        tokens[parent].prev = match self.vacant.pop() {
            Some(at) => {
                self.cells[at as usize] = cell;
                at
            }
            None => {
                self.cells.push(cell);
                self.cells.len() as u32 - 1
            }
        };
    }

    /// Takes a child out of the list, the youngest first; none when the list has come to its end.
    pub fn pop(&mut self, tokens: &mut Tokens, parent: TokenId) -> Option<TokenId> {
        loop {
            let at = tokens[parent].prev;
            let cell = *self.cells.get(at as usize)?;
            tokens[parent].prev = cell.next;
            self.vacant.push(at);
            if tokens[cell.child].generation == cell.generation {
                return Some(cell.child);
            }
        }
    }

    /// The children that are still there, the youngest first.
    pub fn of<'t>(
        &'t self,
        tokens: &'t Tokens,
        parent: TokenId,
    ) -> impl Iterator<Item = TokenId> + 't {
        let cell = |at: u32| self.cells.get(at as usize);
        let all = std::iter::successors(cell(tokens[parent].prev), move |it| cell(it.next));
        all.filter(|it| tokens[it.child].generation == it.generation).map(|it| it.child)
    }

    /// How many cells are in lists.
    pub fn in_use(&self) -> usize {
        self.cells.len() - self.vacant.len()
    }

    /// How many cells are in the list of this one.
    pub fn len_of(&self, tokens: &Tokens, parent: TokenId) -> usize {
        let cell = |at: u32| self.cells.get(at as usize);
        std::iter::successors(cell(tokens[parent].prev), |it| cell(it.next)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ClassId, GuardId, StepId};
    use crate::units::Time;

    #[test]
    fn a_child_that_has_gone_is_not_found_even_if_another_has_its_place() {
        let mut tokens = Tokens::with_capacity(8);
        let (class, guard, step) = (ClassId::default(), GuardId::default(), StepId::default());
        let admit = |tokens: &mut Tokens| tokens.admit(class, guard, step, 0, Time::ZERO);
        let mut families = Families::with_capacity(8);
        let [parent, a, b, c] = [0; 4].map(|_| admit(&mut tokens));
        families.begin(&mut tokens, parent);
        [a, b, c].into_iter().for_each(|it| families.add(&mut tokens, parent, it));
        tokens.dismiss(b);
        assert_eq!(admit(&mut tokens), b);
        assert_eq!(families.of(&tokens, parent).collect::<Vec<_>>(), [c, a]);
        let mut popped = Vec::new();
        while let Some(child) = families.pop(&mut tokens, parent) {
            popped.push(child);
        }
        assert_eq!((popped, families.in_use()), (vec![c, a], 0));
    }
}
