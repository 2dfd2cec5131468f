//! A database's buffer cache: how many reads memory answers, by how much of the data fits into it.
//!
//! Pages are read independently by Zipf's law and the least recently used gives way (LRU). The share
//! of hits is H. Che, Y. Tung and Z. Wang's approximation ("Hierarchical web caching systems", IEEE
//! JSAC 20(7), 2002; why it is so good: C. Fricker, P. Robert and J. Roberts, ITC 24, 2012): a page
//! with the probability p is there if it was read within the last T reads, which happens with
//! 1 − exp(−pT), and T is such that as many pages are there as fit.
//!
//! After a restart nothing is there, and nothing gives way before memory is full: after n reads
//! a page is there with 1 − exp(−pn). So the hits of a cold buffer follow the same formula with n in
//! place of T, until n reaches T. What is simplified: writes neither fill it nor displace anything,
//! and the pages that many clients are waiting for are read once for each of them.

use crate::problem::{Code, Findings};
use crate::units::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

/// Memory that holds the pages read last, in each instance. Reads of the service go through it, but
/// for those that say their `hit` or come in `chunk`s.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// Memory for pages, such as PostgreSQL's shared_buffers and the page cache behind it.
    pub memory: Bytes,
    /// The data that requests read from: the working set.
    pub data: Bytes,
    /// The size of a page.
    #[serde(default = "eight_kib")]
    pub page: Bytes,
    /// The exponent of Zipf's law by which pages are read; 0 reads all alike.
    #[serde(default)]
    pub skew: f64,
    /// Whether it is empty at the start of a run, as it is after every restart.
    #[serde(default)]
    pub cold: bool,
}

fn eight_kib() -> Bytes {
    Bytes::new(8192)
}

/// Pages beyond which a working set is refused: eight petabytes of 8 KiB.
const PAGES_MAX: u64 = 1_000_000_000_000;

impl Buffer {
    pub fn check(&self, findings: &mut Findings) {
        if self.page.count() == 0 {
            return findings.wrong_at("page", Code::E007, "must be at least 1B", "\"8KiB\"");
        }
        for (key, bytes) in [("memory", self.memory), ("data", self.data)] {
            let pages = bytes.count() / self.page.count();
            if pages == 0 {
                findings.wrong_at(key, Code::E007, "must hold at least one page", "");
            }
            if pages > PAGES_MAX {
                let rule = format!("{pages} pages; at most {PAGES_MAX} can be run");
                findings.wrong_at(key, Code::E012, rule, "give larger pages");
            }
        }
        if !(0.0..=10.0).contains(&self.skew) {
            let rule = format!("must be from 0 to 10, not {}", self.skew);
            findings.wrong_at("skew", Code::E007, rule, "");
        }
    }
}

/// The share of hits by how many pages have been read since the buffer was empty.
#[derive(Clone, Debug, PartialEq)]
pub struct HitCurve {
    /// Hits after each of these numbers of reads, which grow by a constant factor from one on.
    shares: Vec<f64>,
    factor_log: f64,
    /// Reads after which it is full, and the share of hits from then on.
    pub full_after: f64,
    pub full: f64,
}

/// More reads than there ever are.
pub const FULL: u64 = u64::MAX;

/// Points of the curve between an empty buffer and a full one.
const POINTS: usize = 64;

impl HitCurve {
    pub fn new(buffer: &Buffer) -> HitCurve {
        let page = buffer.page.count();
        let pages = buffer.data.count() / page;
        let room = (buffer.memory.count() / page) as f64;
        let popularity = Popularity::new(pages, buffer.skew);
        let all_fits = room >= pages as f64;
        // Where everything fits it never ends; it is as good as full when half a page is missing.
        let full_after = popularity.reads_for(room.min(pages as f64 - 0.5));
        let full = if all_fits { 1.0 } else { popularity.hits(full_after) };
        let factor_log = libm::log(full_after.max(1.0)) / (POINTS - 1) as f64;
        let at = |i: usize| popularity.hits(libm::exp(factor_log * i as f64));
        HitCurve { shares: (0..POINTS).map(at).collect(), factor_log, full_after, full }
    }

    /// The share of hits after so many reads; [`FULL`] of them have filled any buffer.
    pub fn after(&self, reads: u64) -> f64 {
        if reads == FULL || reads as f64 >= self.full_after {
            return self.full;
        }
        let reads = reads as f64;
        if reads < 1.0 || self.factor_log <= 0.0 {
            return self.shares[0] * reads.min(1.0);
        }
        let place = libm::log(reads) / self.factor_log;
        let below = (place as usize).min(POINTS - 2);
        let part = (place - below as f64).min(1.0);
        self.shares[below] * (1.0 - part) + self.shares[below + 1] * part
    }
}

/// How often pages are read: groups of neighbours in rank, each as if all in it were alike.
struct Popularity {
    /// Pages of each group, and the probability of reading one of them.
    groups: Vec<(f64, f64)>,
}

/// Ranks that stand alone; after them groups grow by a fiftieth of their rank, over which Zipf's law
/// is straight enough for five digits.
const ALONE: u64 = 1000;
const GROWTH: u64 = 50;

impl Popularity {
    fn new(pages: u64, skew: f64) -> Popularity {
        if skew == 0.0 {
            return Popularity { groups: vec![(pages as f64, 1.0 / pages as f64)] };
        }
        let mut groups = Vec::new();
        let mut first = 1;
        while first <= pages {
            let size = if first <= ALONE { 1 } else { first / GROWTH }.min(pages - first + 1);
            let middle = first as f64 + (size - 1) as f64 / 2.0;
            groups.push((size as f64, libm::exp(-skew * libm::log(middle))));
            first += size;
        }
        let total: f64 = groups.iter().map(|(size, weight)| size * weight).sum();
        groups.iter_mut().for_each(|(_, weight)| *weight /= total);
        Popularity { groups }
    }

    /// The share of reads that find a page which was read in the last so many.
    fn hits(&self, reads: f64) -> f64 {
        self.groups.iter().map(|(size, p)| size * p * -libm::expm1(-p * reads)).sum()
    }

    /// How many pages are among the last so many reads.
    fn distinct(&self, reads: f64) -> f64 {
        self.groups.iter().map(|(size, p)| size * -libm::expm1(-p * reads)).sum()
    }

    /// Reads until so many pages are among them.
    fn reads_for(&self, pages: f64) -> f64 {
        let mut high = 1.0;
        while self.distinct(high) < pages && high < 1e30 {
            high *= 2.0;
        }
        let mut low = high / 2.0;
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if self.distinct(middle) < pages { low = middle } else { high = middle }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(memory: u64, data: u64, skew: f64) -> HitCurve {
        let bytes = |pages: u64| Bytes::new(pages * 8192);
        let page = Bytes::new(8192);
        let (memory, data) = (bytes(memory), bytes(data));
        HitCurve::new(&Buffer { memory, data, page, skew, cold: false })
    }

    #[test]
    fn the_share_of_hits_is_that_of_ches_approximation() {
        // Computed with the sum written out: 6 pages, 3 fit; 1,000 pages, 100 fit.
        for (memory, data, skew, reads, hits) in [
            (3, 6, 0.8, 4.60958742241, 0.58910211002),
            (100, 1000, 0.8, 133.864732735, 0.377790221283),
            (2, 5, 0.0, 2.55412811883, 0.4),
        ] {
            let curve = curve(memory, data, skew);
            assert!((curve.full_after / reads - 1.0).abs() < 1e-9, "{}", curve.full_after);
            assert!((curve.full - hits).abs() < 1e-9, "{}", curve.full);
        }
    }

    #[test]
    fn groups_of_pages_do_as_well_as_single_ones() {
        let (pages, skew) = (200_000u64, 0.9);
        let weights: Vec<f64> = (1..=pages).map(|i| (i as f64).powf(-skew)).collect();
        let total: f64 = weights.iter().sum();
        let grouped = Popularity::new(pages, skew);
        for reads in [100.0, 10_000.0, 1e6] {
            let hits: f64 =
                weights.iter().map(|w| w / total * (1.0 - (-w / total * reads).exp())).sum();
            let distinct: f64 = weights.iter().map(|w| 1.0 - (-w / total * reads).exp()).sum();
            assert!((grouped.hits(reads) - hits).abs() < 1e-5, "{reads}");
            assert!((grouped.distinct(reads) / distinct - 1.0).abs() < 1e-5, "{reads}");
        }
    }

    #[test]
    fn an_empty_buffer_hits_nothing_and_a_full_one_what_it_can() {
        let curve = curve(1000, 100_000, 0.9);
        assert_eq!(curve.after(0), 0.0);
        let mut before = 0.0;
        for reads in (0..10_000).chain((10_000..).step_by(1000).take(100)) {
            let share = curve.after(reads);
            assert!(share >= before && share <= curve.full + 1e-12, "{reads}: {share}");
            before = share;
        }
        assert_eq!(curve.after(FULL), curve.full);
    }

    #[test]
    fn a_cold_buffer_fills_as_pages_are_first_read() {
        // Exactly, a page is there after n reads with 1 - (1 - p)^n.
        let curve = curve(400, 1000, 0.8);
        let weights: Vec<f64> = (1..=1000).map(|i| f64::from(i).powf(-0.8)).collect();
        let total: f64 = weights.iter().sum();
        for reads in [1u64, 3, 10, 50, 200, 500] {
            let there = |p: f64| 1.0 - (1.0 - p).powf(reads as f64);
            let exact: f64 = weights.iter().map(|w| w / total * there(w / total)).sum();
            let close = (curve.after(reads) - exact).abs() < 0.002;
            assert!(close, "{reads}: {}, not {exact}", curve.after(reads));
        }
    }

    #[test]
    fn what_fits_is_all_found_once_it_has_been_read() {
        for skew in [0.0, 0.9] {
            let curve = curve(5000, 4000, skew);
            assert_eq!(curve.after(FULL), 1.0);
            assert!(curve.after(10) < 0.2);
        }
        assert_eq!(curve(1, 1, 0.0).after(1), 1.0);
        // Pages that are never read keep no warm buffer from answering what is.
        assert_eq!(curve(1_000_000, 1_000_000, 10.0).after(FULL), 1.0);
    }
}
