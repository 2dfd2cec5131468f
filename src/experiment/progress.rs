//! How far the work has come: in expected events, and of whole stories in days.

use crate::units::Span;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// How far the work has come.
pub trait Progress: Sync {
    /// Work so far and in all, in expected events.
    fn advance(&self, done: f64, total: f64);

    /// How far the whole story has come that is least far of those under way, and how long it is.
    fn reached(&self, _at: Span, _over: Span) {}
}

impl Progress for () {
    fn advance(&self, _: f64, _: f64) {}
}

/// All runs of an experiment, side by side.
pub struct Underway<'a> {
    progress: &'a dyn Progress,
    /// Expected events of the runs that are done.
    done: AtomicU64,
    /// Expected events of all runs, by what is known so far.
    planned: AtomicU64,
    /// How far whole stories have come, by point and replication.
    stories: Mutex<BTreeMap<(usize, u32), Span>>,
}

impl<'a> Underway<'a> {
    pub fn new(progress: &'a dyn Progress, expected: f64) -> Underway<'a> {
        Underway {
            progress,
            done: AtomicU64::new(0),
            planned: AtomicU64::new(expected as u64),
            stories: Mutex::default(),
        }
    }

    /// So much is left.
    pub fn plan(&self, left: f64) {
        self.planned.store(self.done.load(Relaxed) + left as u64, Relaxed);
    }

    /// So many expected events more are done.
    pub fn advance(&self, events: u64) {
        let done = self.done.fetch_add(events, Relaxed) + events;
        let total = self.planned.load(Relaxed).max(done);
        self.progress.advance(done as f64, total as f64);
    }

    /// A whole story has come so far.
    pub fn reached(&self, story: (usize, u32), at: Span, over: Span) {
        let mut stories = self.stories.lock().unwrap_or_else(PoisonError::into_inner);
        stories.insert(story, at);
        if let Some(least) = stories.values().min() {
            self.progress.reached(*least, over);
        }
    }

    pub fn ended(&self, story: (usize, u32)) {
        self.stories.lock().unwrap_or_else(PoisonError::into_inner).remove(&story);
    }
}
