//! Tables that are opened at every step of every request: without a look at their length.
//!
//! Looking costs two instructions and a load of the length each time, 4 % of what a request of a
//! small model takes (`benches/engine.rs`). Instead all ids that a network names are looked at once,
//! when a run opens: see `sound` in the engine.

use crate::ids::{Id, Table};
use std::ops::{Deref, Index, IndexMut, Range};

/// A table opened only by ids that are known to be in it; all but that is as for a [`Table`].
pub struct Hot<I, T>(Table<I, T>);

/// The same of a table that somebody else owns.
pub struct HotRef<'t, I, T>(&'t Table<I, T>);

impl<I: Id, T> Hot<I, T> {
    /// # Safety
    /// It must never be opened by an id, or a range of them, that is not in it.
    pub unsafe fn new(table: Table<I, T>) -> Self {
        Hot(table)
    }

    /// Its items; not the table itself, which a shorter one could be put in place of.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }
}

impl<'t, I: Id, T> HotRef<'t, I, T> {
    /// # Safety
    /// As for [`Hot::new`].
    pub unsafe fn new(table: &'t Table<I, T>) -> Self {
        HotRef(table)
    }
}

impl<I: Id, T> Index<I> for Hot<I, T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, id: I) -> &T {
        debug_assert!(id.index() < self.0.len(), "an id from elsewhere");
        // SAFETY: who made the table sees to it that the id is in it.
        unsafe { self.0.as_slice().get_unchecked(id.index()) }
    }
}

impl<I: Id, T> IndexMut<I> for Hot<I, T> {
    #[inline(always)]
    fn index_mut(&mut self, id: I) -> &mut T {
        debug_assert!(id.index() < self.0.len(), "an id from elsewhere");
        // SAFETY: as for `index`.
        unsafe { self.0.as_mut_slice().get_unchecked_mut(id.index()) }
    }
}

impl<I: Id, T> Index<Range<I>> for Hot<I, T> {
    type Output = [T];
    #[inline(always)]
    fn index(&self, ids: Range<I>) -> &[T] {
        let ids = ids.start.index()..ids.end.index();
        debug_assert!(ids.start <= ids.end && ids.end <= self.0.len(), "ids from elsewhere");
        // SAFETY: as for a single id.
        unsafe { self.0.as_slice().get_unchecked(ids) }
    }
}

impl<'t, I: Id, T> HotRef<'t, I, T> {
    /// For as long as the owner lives.
    #[inline(always)]
    pub fn at(&self, id: I) -> &'t T {
        debug_assert!(id.index() < self.0.len(), "an id from elsewhere");
        // SAFETY: as for [`Hot`].
        unsafe { self.0.as_slice().get_unchecked(id.index()) }
    }
}

impl<I, T> Deref for Hot<I, T> {
    type Target = Table<I, T>;
    fn deref(&self) -> &Table<I, T> {
        &self.0
    }
}
