//! What instances used of a CPU so far: a histogram in which older samples weigh ever less.
//!
//! As the recommender of the Kubernetes vertical pod autoscaler keeps it (kubernetes/autoscaler,
//! vertical-pod-autoscaler, `pkg/recommender`: `util/decaying_histogram.go`, `model/aggregations_config.go`):
//! buckets from 0.01 cores to 1,000, each 5 % wider than the one before, and a percentile is the upper end
//! of the bucket in which it lies, so that it is never told as less than it is, nor as 5 % more and a
//! hundredth of a core.

use crate::units::{Span, Time};

/// Cores that the first bucket holds, and by how much each is wider than the one before.
const FIRST: f64 = 0.01;
const GROWTH: f64 = 1.05;
/// Begins where buckets end: from 1,000 cores on there is one.
const CORES_MAX: f64 = 1000.0;
/// Weights grow by two to this power at most before all are made smaller again.
const DOUBLINGS_MAX: f64 = 100.0;

#[derive(Clone, Debug)]
pub struct History {
    /// Where each bucket begins, and what lies in it weighs.
    starts: Vec<f64>,
    weights: Vec<f64>,
    /// A sample of this time weighs once.
    reference: Time,
    /// When the first sample and the newest were taken, and how many there were.
    spans: Option<(Time, Time)>,
    samples: u64,
}

impl Default for History {
    fn default() -> History {
        let mut starts = Vec::new();
        let (mut start, mut width) = (0.0, FIRST);
        while start < CORES_MAX {
            starts.push(start);
            start += width;
            width *= GROWTH;
        }
        starts.push(start);
        let weights = vec![0.0; starts.len()];
        History { starts, weights, reference: Time::ZERO, spans: None, samples: 0 }
    }
}

impl History {
    /// Takes in what was used at a time, with its weight. Times do not fall.
    pub fn take_in(&mut self, cores: f64, weight: f64, now: Time, half_life: Span) {
        let age = |since: Time| (now - since).nanos() as f64 / half_life.nanos() as f64;
        if age(self.reference) > DOUBLINGS_MAX {
            let shrunk = libm::exp2(-age(self.reference));
            self.weights.iter_mut().for_each(|it| *it *= shrunk);
            self.reference = now;
        }
        let bucket = self.starts.partition_point(|it| *it <= cores).saturating_sub(1);
        self.weights[bucket] += weight * libm::exp2(age(self.reference));
        self.spans = Some((self.spans.map_or(now, |it| it.0), now));
        self.samples += 1;
    }

    /// The cores below which such a share of all lies; none as long as there is nothing.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let all: f64 = self.weights.iter().sum();
        let last = self.weights.iter().rposition(|it| *it > 0.0)?;
        let mut below = 0.0;
        let bucket = self.weights.iter().position(|it| {
            below += it;
            *it > 0.0 && below >= share * all
        });
        let bucket = bucket.map_or(last, |it| it.min(last));
        Some(self.starts.get(bucket + 1).copied().unwrap_or(self.starts[bucket]))
    }

    /// For how many times such a length samples have come in, one every so often: 2.0 if the first came
    /// twice as long before the newest.
    pub fn length(&self, interval: Span, of: Span) -> f64 {
        let times = |nanos: f64| nanos / of.nanos() as f64;
        let lasted = self.spans.map_or(0.0, |(first, newest)| (newest - first).nanos() as f64);
        times(lasted).min(times(self.samples as f64 * interval.nanos() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Span = Span::from_whole_secs(86_400);

    fn at(days: f64) -> Time {
        Time::ZERO + Span::from_secs(86_400.0 * days)
    }

    #[test]
    fn there_are_as_many_buckets_as_in_the_recommender() {
        let history = History::default();
        // The first of n begins at 0.2 × (1.05^n − 1) cores.
        assert_eq!(history.starts.len(), 176);
        for (n, start) in history.starts.iter().enumerate() {
            let closed = 0.2 * (libm::pow(1.05, n as f64) - 1.0);
            assert!((start - closed).abs() <= 1e-9 * closed, "{n}: {start}, not {closed}");
        }
    }

    #[test]
    fn a_percentile_is_the_upper_end_of_its_bucket() {
        let mut history = History::default();
        assert_eq!(history.percentile(0.9), None);
        for hundredth in 0..100 {
            history.take_in(f64::from(hundredth) / 100.0, 1.0, at(0.0), DAY);
        }
        for (share, exact) in [(0.5, 0.49), (0.9, 0.89), (0.95, 0.94)] {
            let told = history.percentile(share).unwrap();
            assert!((exact..exact * 1.05 + 0.01).contains(&told), "{share}: {told}");
        }
        // What lies beyond the last bucket is told as where that begins.
        history.take_in(1e6, 1e9, at(0.0), DAY);
        assert_eq!(history.percentile(0.5), history.starts.last().copied());
    }

    #[test]
    fn after_a_half_life_a_sample_weighs_half_as_much() {
        let mut history = History::default();
        history.take_in(1.0, 3.0, at(0.0), DAY);
        history.take_in(2.0, 1.4, at(1.0), DAY);
        assert!(history.percentile(0.5).unwrap() < 1.1, "1.5 against 1.4");
        history.take_in(2.0, 0.2, at(1.0), DAY);
        assert!(history.percentile(0.5).unwrap() > 2.0, "1.5 against 1.6");
    }

    #[test]
    fn the_last_sample_of_a_hundred_years_still_counts_and_the_first_does_not() {
        let mut history = History::default();
        history.take_in(8.0, 1000.0, at(0.0), DAY);
        history.take_in(2.0, 1.0, at(90.0), DAY);
        for year in 1..100 {
            history.take_in(1.0, 1.0, at(366.0 * f64::from(year)), DAY);
        }
        assert!(history.percentile(1.0 - 1e-9).unwrap() < 1.1);
    }

    #[test]
    fn it_is_as_long_as_its_samples_tell() {
        let minute = Span::from_whole_secs(60);
        let mut history = History::default();
        assert_eq!(history.length(minute, DAY), 0.0);
        history.take_in(1.0, 1.0, at(1.0), DAY);
        assert_eq!(history.length(minute, DAY), 0.0);
        // Two samples of a minute are two minutes, though a day lies between them.
        history.take_in(1.0, 1.0, at(2.0), DAY);
        assert_eq!(history.length(minute, DAY), 2.0 / 1440.0);
    }
}
