//! What those have still to do who were interrupted at their work.

use crate::units::Span;

/// By place; a token that is or was out of work knows its own.
#[derive(Default)]
pub struct Interrupted {
    places: Vec<Work>,
    vacant: Vec<u32>,
}

/// Work that was interrupted.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub left: Span,
    /// Finishes that were dated before an interruption and are still to come: they mean nothing. All
    /// of them come before the true one.
    pub void: u32,
    /// Whether it waits to go on.
    pub is_out: bool,
}

impl Interrupted {
    pub fn add(&mut self) -> u32 {
        let work = Work { left: Span::ZERO, void: 0, is_out: true };
        match self.vacant.pop() {
            Some(place) => {
                self.places[place as usize] = work;
                place
            }
            None => {
                self.places.push(work);
                self.places.len() as u32 - 1
            }
        }
    }

    pub fn at(&self, place: u32) -> Work {
        self.places[place as usize]
    }

    pub fn at_mut(&mut self, place: u32) -> &mut Work {
        &mut self.places[place as usize]
    }

    pub fn remove(&mut self, place: u32) {
        self.vacant.push(place);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len() - self.vacant.len()
    }
}
