//! Burst credits of a cloud volume: a token bucket that what is used above the baseline empties.
//!
//! Amazon EBS User Guide, "General Purpose SSD volumes" (gp2: 3 accesses a second for each GiB are
//! the baseline and what is earned; 5.4 million credits at most; 3,000 accesses a second while
//! there are any) and "Throughput Optimized HDD volumes" (st1: the same with bytes, 40 MiB/s for
//! each TiB, bursts of 250 MiB/s for each TiB, one TiB of credits for each TiB). gp3 has none.
//!
//! Each access pays one credit, or one for each of its bytes, when it begins. While it is not
//! covered by credits it takes until they have come in. What is simplified: an access is one,
//! however large, where EBS counts pieces of 256 KiB and merges small sequential ones.

use crate::problem::{Code, Findings};
use crate::units::{Bandwidth, Bytes, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// Burst credits. Give `iops` and `credits`, or `bandwidth` and `credit_bytes`; the disk's own
/// `iops` or `bandwidth` is then the baseline: what is earned, and what is left once they are used up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Accesses per second while there are credits.
    #[serde(default)]
    pub iops: Option<f64>,
    /// The most credits that are saved up; each pays for one access.
    #[serde(default)]
    pub credits: Option<f64>,
    /// Bytes per second while there are credits.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
    /// The most credits that are saved up, each of which pays for one byte.
    #[serde(default)]
    pub credit_bytes: Option<Bytes>,
    /// The share of them that there is at the start of a run, between 0 and 1.
    #[serde(default = "full")]
    pub start: f64,
}

fn full() -> f64 {
    1.0
}

/// The longest time that a bucket may take to fill: thirty years.
const FILLING_MAX_S: f64 = 1e9;

impl Burst {
    /// `iops` and `bandwidth` are the disk's baseline.
    pub fn check(&self, iops: Option<f64>, bandwidth: Option<Bandwidth>, findings: &mut Findings) {
        let counts = self.iops.is_some() || self.credits.is_some();
        let bytes = self.bandwidth.is_some() || self.credit_bytes.is_some();
        if counts == bytes {
            let rule = "give either iops and credits, or bandwidth and credit_bytes";
            return findings.wrong(Code::E010, rule, "\"iops\": 3000, \"credits\": 5400000");
        }
        let (keys, burst, most, base) = match counts {
            true => (["iops", "credits"], self.iops, self.credits, iops),
            false => (
                ["bandwidth", "credit_bytes"],
                self.bandwidth.map(Bandwidth::as_bytes_per_s),
                self.credit_bytes.map(|it| it.count() as f64),
                bandwidth.map(Bandwidth::as_bytes_per_s),
            ),
        };
        for (key, given) in keys.into_iter().zip([burst, most]) {
            if given.is_none() {
                let rule = format!("a burst needs its {key}");
                findings.wrong(Code::E004, rule, "");
            }
        }
        if !(0.0..=1.0).contains(&self.start) {
            let rule = format!("must be from 0 to 1, not {}", self.start);
            findings.wrong_at("start", Code::E007, rule, "");
        }
        let Some(base) = base else {
            let rule = format!("the disk has no {} of its own for when credits are out", keys[0]);
            return findings.wrong(Code::E004, rule, "give the disk its baseline");
        };
        if burst.is_some_and(|it| it <= base) {
            let rule = "must be more than the disk's own: nobody bursts to less";
            findings.wrong_at(keys[0], Code::E010, rule, "leave \"burst\" out");
        }
        if most.is_some_and(|it| it < 1.0) {
            findings.wrong_at(keys[1], Code::E007, "must be at least 1", "");
        }
        if most.is_some_and(|it| it / base > FILLING_MAX_S) {
            let rule = "would take more than thirty years to save up";
            findings.wrong_at(keys[1], Code::E012, rule, "");
        }
    }

    /// How long the baseline takes to earn all credits; one access earns back what it pays in
    /// [`Burst::cost`].
    pub fn filling(&self, iops: Option<f64>, bandwidth: Option<Bandwidth>) -> Span {
        let (most, base) = match self.credits {
            Some(credits) => (credits, iops),
            None => {
                let bytes = self.credit_bytes.map_or(0, Bytes::count) as f64;
                (bytes, bandwidth.map(Bandwidth::as_bytes_per_s))
            }
        };
        Span::from_secs(most / base.expect("checked: there is a baseline"))
    }

    /// How long the baseline takes to earn what an access of so many bytes pays.
    pub fn cost(&self, iops: Option<f64>, bandwidth: Option<Bandwidth>, bytes: Bytes) -> Span {
        match (self.credits, iops, bandwidth) {
            (Some(_), Some(iops), _) => Span::from_secs(1.0 / iops),
            (_, _, Some(bandwidth)) => {
                Span::from_secs(bytes.count() as f64 / bandwidth.as_bytes_per_s())
            }
            _ => unreachable!("checked: there is a baseline"),
        }
    }
}
