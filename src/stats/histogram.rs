//! A histogram of nanoseconds that keeps better than two significant digits over all of `u64`.
//!
//! Log-linear: every power of two is cut into 128 equal buckets, so that a bucket is never wider
//! than 1/128 (0.8 %) of its values, and below 256 holds exactly one. The same layout as
//! HdrHistogram (Tene, 2012), fixed so that the bucket is two shifts and an addition away.

use super::quantile::interpolate;
use super::sparse::Sparse;
use std::fmt;
use std::ops::Range;

const SUB_BITS: u32 = 7;
const SUB_BUCKETS: u64 = 1 << SUB_BITS;
/// The last power of two has its buckets 57 rows up: 58 KiB of counts in all.
const BUCKETS: usize = (64 - SUB_BITS as usize + 1) * SUB_BUCKETS as usize;

/// Counts, an exact sum, minimum and maximum of whole numbers, in practice of nanoseconds.
#[derive(Clone, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    count: u64,
    /// 128 bits: a hundred million requests of a hundred seconds come close to the 64th.
    sum: u128,
    /// The greatest number of all where nothing was recorded.
    min: u64,
    max: u64,
}

impl Histogram {
    pub fn new() -> Histogram {
        let counts = vec![0; BUCKETS].into_boxed_slice();
        let counts = counts.try_into().expect("a slice of as many buckets");
        Histogram { counts, count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    #[inline]
    pub fn record(&mut self, nanos: u64) {
        let bucket = bucket(nanos);
        debug_assert!(bucket < BUCKETS);
        // SAFETY: the bucket of the greatest number there is is the last.
        unsafe { *self.counts.get_unchecked_mut(bucket) += 1 };
        self.count += 1;
        self.sum += u128::from(nanos);
        if nanos < self.min || nanos > self.max {
            self.widen(nanos);
        }
    }

    #[cold]
    fn widen(&mut self, nanos: u64) {
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
    }

    /// As so many times `record(0)`: most waits are none, and are counted elsewhere first.
    pub fn record_zeros(&mut self, times: u64) {
        self.counts[0] += times;
        self.count += times;
        if times > 0 {
            self.min = 0;
        }
    }

    /// The buckets from the least to the greatest value: all others are empty. Most histograms of a
    /// run fill a few hundred of the thousands there are.
    fn filled(&self) -> Range<usize> {
        match self.min <= self.max {
            true => bucket(self.min)..bucket(self.max) + 1,
            false => 0..0,
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The exact sum.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Exact but for the rounding of one division; `None` when nothing was recorded.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The exact maximum; `None` when nothing was recorded.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The `q`-quantile; `None` when nothing was recorded.
    ///
    /// Type 7 of Hyndman & Fan (The American Statistician 50(4), 1996): linear interpolation
    /// between the order statistics around (n − 1) q. The members of a bucket are taken to lie
    /// evenly spread over the whole numbers that it holds, from the least to the greatest of all,
    /// which are known exactly.
    /// Off by less than 1/128 of the order statistics, and exact where they are below 256.
    ///
    /// # Panics
    /// If `q` is not inside [0, 1].
    pub fn quantile(&self, q: f64) -> Option<f64> {
        interpolate(self.count, q, |rank| self.order_statistic(rank))
    }

    /// The `q`-quantile of what was recorded since this looked like `before`; `None` if nothing was.
    pub fn quantile_since(&self, before: &Histogram, q: f64) -> Option<f64> {
        interpolate(self.count - before.count, q, |rank| {
            self.member(|bucket| self.counts[bucket] - before.counts[bucket], rank)
        })
    }

    /// What was recorded since this looked like `before`; its extremes only as exactly as their buckets.
    pub fn since(&self, before: &Histogram) -> Sparse {
        let mut buckets = Vec::new();
        each(self.filled(), |bucket| {
            let members = self.counts[bucket] - before.counts[bucket];
            if members > 0 {
                buckets.push((bucket as u32, members as u32));
            }
        });
        let highest = buckets.last().map_or(0, |it| {
            let (low, width) = range(it.0 as usize);
            (low + (width - 1)).min(self.max)
        });
        let lowest = buckets.first().map_or(u64::MAX, |it| range(it.0 as usize).0.max(self.min));
        Sparse { buckets, sum: self.sum - before.sum, min: lowest, max: highest }
    }

    /// Adds everything that is in `other`.
    pub fn add(&mut self, other: &Sparse) {
        for (bucket, members) in &other.buckets {
            self.counts[*bucket as usize] += u64::from(*members);
            self.count += u64::from(*members);
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        if !other.buckets.is_empty() {
            self.min = self.min.min(other.min);
        }
    }

    /// Becomes like another, and keeps the memory.
    pub fn become_like(&mut self, other: &Histogram) {
        self.clear();
        let filled = other.filled();
        self.counts[filled.clone()].copy_from_slice(&other.counts[filled]);
        (self.count, self.sum) = (other.count, other.sum);
        (self.min, self.max) = (other.min, other.max);
    }

    /// Adds everything recorded in `other`.
    pub fn merge(&mut self, other: &Histogram) {
        each(other.filled(), |bucket| self.counts[bucket] += other.counts[bucket]);
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// Becomes what was recorded in `all` after `before`, which is a part of it. The extremes are known
    /// but for the width of a bucket.
    pub fn set_difference(&mut self, all: &Histogram, before: &Histogram) {
        self.clear();
        (self.count, self.sum) = (all.count - before.count, all.sum - before.sum);
        each(all.filled(), |i| {
            self.counts[i] = all.counts[i] - before.counts[i];
            if self.counts[i] > 0 {
                let (low, width) = range(i);
                self.max = (low + (width - 1)).min(all.max);
                self.min = self.min.min(low.max(all.min));
            }
        });
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        let filled = self.filled();
        self.counts[filled].fill(0);
        (self.count, self.sum, self.min, self.max) = (0, 0, u64::MAX, 0);
    }

    /// The member with `rank` others before it, as placed within its bucket.
    fn order_statistic(&self, rank: u64) -> f64 {
        if rank == 0 {
            return self.min as f64;
        }
        if rank + 1 == self.count {
            return self.max as f64;
        }
        self.member(|bucket| self.counts[bucket], rank)
    }

    /// The member with `rank` others before it, of so many in each bucket.
    fn member(&self, count: impl Fn(usize) -> u64, rank: u64) -> f64 {
        let mut before = rank;
        let Range { start: mut bucket, end } = self.filled();
        while bucket < end {
            let members = count(bucket);
            if before < members {
                let (first, width) = range(bucket);
                let lowest = first.max(self.min);
                let highest = (first + (width - 1)).min(self.max);
                let share = (before as f64 + 0.5) / members as f64;
                return lowest as f64 + (highest - lowest) as f64 * share;
            }
            before -= members;
            bucket += 1;
        }
        unreachable!("rank {rank} of {} members", self.count)
    }
}

/// Does something with each bucket of a range. A plain loop: the tests' first level of optimization
/// keeps a call for each step of an iterator, which was half of their time.
#[inline]
fn each(buckets: Range<usize>, mut act: impl FnMut(usize)) {
    let Range { start: mut bucket, end } = buckets;
    while bucket < end {
        act(bucket);
        bucket += 1;
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram::new()
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count)
            .field("mean", &self.mean())
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}

/// The bucket of a value: the row of its power of two, and its eight leading bits within.
///
/// Values below 128 take the row of those below 256, where a bucket is one wide.
#[inline]
fn bucket(value: u64) -> usize {
    let shift = (63 - SUB_BITS) - (value | SUB_BUCKETS).leading_zeros();
    ((u64::from(shift) << SUB_BITS) + (value >> shift)) as usize
}

/// The least value of a bucket, and how many values it holds.
pub(super) fn range(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    let shift = (bucket >> SUB_BITS).saturating_sub(1);
    ((bucket - (shift << SUB_BITS)) << shift, 1 << shift)
}

#[cfg(test)]
mod tests {
    use super::super::luck::Luck;
    use super::super::quantile::quantile_of_sorted;
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        values.into_iter().for_each(|value| histogram.record(value));
        histogram
    }

    #[test]
    fn buckets_tile_all_of_u64_without_gap_or_overlap() {
        let mut next = 0u128;
        for index in 0..BUCKETS {
            let (low, width) = range(index);
            assert_eq!(u128::from(low), next, "bucket {index}");
            assert!(width == 1 || width * SUB_BUCKETS <= low, "bucket {index} is too wide");
            let highest = low + (width - 1);
            assert_eq!((bucket(low), bucket(highest)), (index, index));
            next = u128::from(highest) + 1;
        }
        assert_eq!(next, 1 << 64);
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        let empty = Histogram::new();
        assert_eq!((empty.count(), empty.mean(), empty.max()), (0, None, None));
        assert_eq!(empty.quantile(0.5), None);
    }

    #[test]
    fn count_mean_and_maximum_are_exact() {
        let histogram = of([u64::MAX, u64::MAX, 1, 3]);
        assert_eq!((histogram.count(), histogram.max()), (4, Some(u64::MAX)));
        assert_eq!(histogram.sum(), 2 * u128::from(u64::MAX) + 4);
        assert_eq!(histogram.mean(), Some(2f64.powi(63) + 1.0));
    }

    #[test]
    fn quantiles_of_small_values_are_exactly_those_of_type_7() {
        let values = [3, 1, 200, 17, 17, 17, 90, 255, 0];
        let mut sorted: Vec<f64> = values.iter().map(|&value| value as f64).collect();
        sorted.sort_by(f64::total_cmp);
        let histogram = of(values);
        for q in [0.0, 0.1, 0.25, 0.5, 0.77, 0.9, 0.99, 1.0] {
            assert_eq!(histogram.quantile(q), quantile_of_sorted(&sorted, q), "at {q}");
        }
    }

    #[test]
    fn a_lone_value_is_all_its_quantiles() {
        let histogram = of([123_456_789]);
        for q in [0.0, 0.5, 1.0] {
            assert_eq!(histogram.quantile(q), Some(123_456_789.0));
        }
    }

    #[test]
    fn quantiles_keep_two_significant_digits_over_nine_powers_of_ten() {
        for seed in 0..20 {
            let mut luck = Luck::new(seed);
            let values: Vec<u64> =
                (0..2000).map(|_| (10f64.powf(9.0 * luck.uniform())) as u64).collect();
            let mut sorted: Vec<f64> = values.iter().map(|&value| value as f64).collect();
            sorted.sort_by(f64::total_cmp);
            let histogram = of(values);
            for q in [0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
                let exact = quantile_of_sorted(&sorted, q).unwrap();
                let got = histogram.quantile(q).unwrap();
                assert!((got - exact).abs() <= exact / 128.0, "seed {seed} at {q}: {got} {exact}");
            }
        }
    }

    #[test]
    fn interpolation_finds_the_quantiles_of_many_members_of_one_bucket() {
        // 2^20 to 2^20 + 8191 is one bucket: its quantiles are spread over it to one part in 8192.
        let low = 1 << 20;
        let histogram = of(low..low + 8192);
        assert_eq!(histogram.quantile(0.5), Some(low as f64 + 4095.5));
        assert!((histogram.quantile(0.25).unwrap() - (low as f64 + 2047.75)).abs() < 1.0);
    }

    #[test]
    fn what_is_always_the_same_has_that_for_every_quantile() {
        for value in [0, 255, 257, 20_000_000, 123_456_789_012, u64::MAX] {
            let histogram = of([value; 1000]);
            for q in [0.0, 0.01, 0.5, 0.95, 0.999, 1.0] {
                assert_eq!(histogram.quantile(q), Some(value as f64), "{value} at {q}");
            }
        }
        let two = of([1_000_001, 1_000_003]);
        assert_eq!(two.quantile(0.0), Some(1_000_001.0));
        assert_eq!(two.quantile(0.5), Some(1_000_002.0));
    }

    #[test]
    fn merging_is_recording_both_and_clearing_is_forgetting() {
        let (some, more) = ([5, 1_000_000, 77], [u64::MAX, 6]);
        let mut merged = of(some);
        merged.merge(&of(more));
        assert_eq!(merged, of(some.into_iter().chain(more)));
        merged.clear();
        assert_eq!(merged, Histogram::new());
    }

    #[test]
    fn nothing_is_left_of_what_a_histogram_was_before() {
        let (before, after) = ([5, 77], [1_000, u64::MAX]);
        let all = of(before.into_iter().chain(after));
        let mut used = of([0, 3, 1_000_000]);
        used.become_like(&of(before));
        assert_eq!(used, of(before));
        used.set_difference(&all, &of(before));
        assert_eq!((used.count(), used.sum()), (2, 1_000 + u128::from(u64::MAX)));
        assert_eq!(used.counts, of(after).counts);
    }
}
