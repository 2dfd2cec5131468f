//! Hedged calls: what has not been answered after a while is asked once more, and the first answer wins.
//!
//! J. Dean and L. A. Barroso, "The tail at scale", CACM 56(2), 2013; next tries follow as in gRPC
//! (proposal A6): one delay after another, or at once when a try has failed.

use super::budget::Budget;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Asks again, without giving up what was asked, when no answer has come after a while. The first answer
/// wins; the others go on in vain unless the call says `"cancel": true`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hedge {
    /// How long after a try the next one is sent.
    pub after: After,
    /// The most tries in all, the first included.
    #[serde(default = "two")]
    #[schemars(range(min = 2))]
    pub most: u32,
    /// What pays for the tries after the first, as for retries.
    #[serde(default)]
    pub budget: Option<Budget>,
}

/// A length of time, or what such calls took of late.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum After {
    /// Always so long.
    Delay(Span),
    Seen(Answers),
}

/// What such calls took of late.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// What this share of the last 1,000 first tries took at most; 0.95 asks again for the slowest
    /// twentieth. Each calling instance keeps its own record of each operation that it calls so; until
    /// it has seen 100, it asks only once.
    Percentile(f64),
}

fn two() -> u32 {
    2
}

const MOST: u32 = 10;

impl Hedge {
    pub fn check(&self, findings: &mut Findings) {
        if let After::Seen(Answers::Percentile(share)) = self.after
            && !(0.01..=0.999).contains(&share)
        {
            let rule = format!("must be from 0.01 to 0.999, not {share}");
            findings.inside("after", |it| it.wrong_at("percentile", Code::E007, rule, "0.95"));
        }
        if !(2..=MOST).contains(&self.most) {
            let rule = format!("must be from 2 to {MOST}, not {}", self.most);
            findings.wrong_at("most", Code::E007, rule, "the first try counts");
        }
        if let Some(budget) = &self.budget {
            findings.inside("budget", |it| budget.check(it));
        }
    }
}

/// Answers that a record keeps, and how many it must have to say anything.
const KEPT: usize = 1000;
const ENOUGH: usize = 100;

/// What the first tries of the last calls took: their exact order statistics.
#[derive(Default)]
pub struct Record {
    /// In the order of their coming, a ring.
    taken_ns: Vec<u64>,
    next: usize,
    sorted_ns: Vec<u64>,
}

impl Record {
    /// The first try of a call took so long, whether or not another answered before it. What was not waited
    /// for to its end took at least so long; that makes the slowest seem a little faster than they are.
    pub fn add(&mut self, took: Span) {
        let took_ns = took.nanos();
        if self.taken_ns.len() < KEPT {
            self.taken_ns.push(took_ns);
        } else {
            let oldest = std::mem::replace(&mut self.taken_ns[self.next], took_ns);
            self.next = (self.next + 1) % KEPT;
            let at = self.sorted_ns.binary_search(&oldest).expect("it is in both");
            self.sorted_ns.remove(at);
        }
        let at = self.sorted_ns.partition_point(|it| *it < took_ns);
        self.sorted_ns.insert(at, took_ns);
    }

    /// What this share of them took at most, between two neighbours where it falls: type 6 of Hyndman and
    /// Fan (The American Statistician 50(4), 1996), by which the next is slower in as many cases.
    pub fn percentile(&self, share: f64) -> Option<Span> {
        let count = self.sorted_ns.len();
        if count < ENOUGH {
            return None;
        }
        let rank = (share * (count + 1) as f64).clamp(1.0, count as f64);
        let below = rank as usize;
        let low = self.sorted_ns[below - 1];
        let high = self.sorted_ns[below.min(count - 1)];
        let part = (rank - below as f64) * (high - low) as f64;
        Some(Span::from_nanos(low + part as u64))
    }

    /// Its instance has started anew.
    pub fn restart(&mut self) {
        self.taken_ns.clear();
        self.sorted_ns.clear();
        self.next = 0;
    }

    pub fn audit(&self) -> Result<(), &'static str> {
        let fits = self.taken_ns.len() == self.sorted_ns.len() && self.sorted_ns.is_sorted();
        if fits { Ok(()) } else { Err("the record of answers is out of order") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_that_of_the_last_thousand() {
        let mut record = Record::default();
        (1..100).for_each(|ns| record.add(Span::from_nanos(ns)));
        assert_eq!(record.percentile(0.5), None);
        record.add(Span::from_nanos(100));
        // At rank 95.95 of 1 to 100, whole nanoseconds.
        assert_eq!(record.percentile(0.95), Some(Span::from_nanos(95)));
        assert_eq!(record.percentile(0.96), Some(Span::from_nanos(96)));
        // 777 is prime to 1,000: each of 5,000 to 5,999 once, in a wild order.
        (0..1000).for_each(|i| record.add(Span::from_nanos(5000 + i * 777 % 1000)));
        assert_eq!(record.percentile(0.99), Some(Span::from_nanos(5989)));
        assert_eq!(record.percentile(0.001), Some(Span::from_nanos(5000)));
        assert_eq!(record.percentile(0.999), Some(Span::from_nanos(5998)));
        assert_eq!(record.audit(), Ok(()));
    }
}
