//! A 4-ary heap with its times apart from the events: best for dozens to thousands.

/// Pending events, the earliest first.
pub struct TimeHeap<E> {
    /// In heap order, then `u64::MAX` to the end of the last group of children.
    times: Vec<u64>,
    events: Vec<E>,
}

impl<E: Copy> TimeHeap<E> {
    pub fn new(capacity: usize) -> TimeHeap<E> {
        TimeHeap { times: vec![u64::MAX; capacity + 4], events: Vec::with_capacity(capacity) }
    }

    #[inline]
    pub fn earliest(&self) -> u64 {
        self.times[0]
    }

    #[inline]
    pub fn insert(&mut self, at: u64, event: E) {
        self.events.push(event);
        if self.times.len() < self.events.len() + 4 {
            self.times.resize(2 * self.times.len(), u64::MAX);
        }
        let events = &mut self.events[..];
        let times = &mut self.times[..events.len()];
        let mut hole = events.len() - 1;
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if times[parent] <= at {
                break;
            }
            (times[hole], events[hole]) = (times[parent], events[parent]);
            hole = parent;
        }
        (times[hole], events[hole]) = (at, event);
    }

    #[inline]
    pub fn take(&mut self) -> Option<(u64, E)> {
        let last = self.events.pop()?;
        let (times, events) = (&mut self.times[..], &mut self.events[..]);
        let last_at = std::mem::replace(&mut times[events.len()], u64::MAX);
        if events.is_empty() {
            return Some((last_at, last));
        }
        let first = (times[0], events[0]);
        let mut hole = 0;
        while 4 * hole + 1 < events.len() {
            let children = 4 * hole + 1;
            let (mut child, mut child_at) = (children, times[children]);
            for (i, &at) in times[children..children + 4].iter().enumerate() {
                child = if at < child_at { children + i } else { child };
                child_at = child_at.min(at);
            }
            if last_at <= child_at {
                break;
            }
            (times[hole], events[hole]) = (child_at, events[child]);
            hole = child;
        }
        (times[hole], events[hole]) = (last_at, last);
        Some(first)
    }
}
