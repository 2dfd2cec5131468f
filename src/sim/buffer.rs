//! An instance's memory for pages: how many reads it has seen since it was empty, and how many hit.

use crate::network;
use crate::parts::device::buffer::FULL;
use crate::parts::distribution::Misses;
use crate::rng::Draw;

pub struct Buffer {
    /// Reads since it was empty.
    reads: u64,
    seen: Reads,
    seen_at_opening: Reads,
}

/// Reads that went through a buffer, and those of them that the disk never saw.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reads {
    pub all: u64,
    pub hits: u64,
}

impl Buffer {
    pub fn new(spec: &network::Buffer) -> Buffer {
        let reads = if spec.cold { 0 } else { FULL };
        Buffer { reads, seen: Reads::default(), seen_at_opening: Reads::default() }
    }

    /// How many of so many reads the disk sees.
    pub fn read(&mut self, spec: &network::Buffer, count: u32, draw: &mut Draw) -> u32 {
        let misses = Misses::new(count, spec.hits.after(self.reads).clamp(0.0, 1.0)).draw(draw);
        self.reads = self.reads.saturating_add(u64::from(count));
        self.seen.all += u64::from(count);
        self.seen.hits += u64::from(count - misses);
        misses
    }

    /// Its instance has started anew.
    pub fn empty(&mut self) {
        self.reads = 0;
    }

    /// Measurement starts here.
    pub fn open(&mut self) {
        self.seen_at_opening = self.seen;
    }

    pub fn measured(&self) -> Reads {
        let Reads { all, hits } = self.seen_at_opening;
        Reads { all: self.seen.all - all, hits: self.seen.hits - hits }
    }
}
