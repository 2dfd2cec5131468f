//! An instance in the caller's own zone while enough of them work there, else one farther off.
//!
//! How much spills over is what Envoy does between priority levels ("Priority levels",
//! Envoy documentation, with its factor of 1.4): a zone takes 1.4 times the share of its instances
//! that are believed to work of what it is asked, so everything while at least five in seven do; what
//! is left goes to the next zone, and so on. Zones are the nearer the less time the link takes on
//! average; those of the same distance are one. Clients stand in no zone, and ask anywhere.

use super::Rule;
use crate::problem::{Code, Findings};
use schemars::JsonSchema;
use serde::Deserialize;

/// By zones, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NearestZone {
    /// How one of a zone's instances is chosen.
    #[serde(default = "least")]
    pub then: Rule,
    /// How many times its share of working instances a zone takes of what it is asked, at most
    /// everything.
    #[serde(default = "envoys")]
    pub overprovisioning: f64,
}

fn least() -> Rule {
    Rule::LeastOutstanding
}
fn envoys() -> f64 {
    1.4
}

impl NearestZone {
    pub fn check(&self, findings: &mut Findings) {
        if !(1.0..=1000.0).contains(&self.overprovisioning) {
            let rule = format!("must be from 1 to 1000, not {}", self.overprovisioning);
            findings.wrong_at("overprovisioning", Code::E007, rule, "Envoy has 1.4");
        }
    }
}

/// How far each instance is from callers in each zone.
#[derive(Clone, Debug)]
pub struct Distances {
    /// For each zone of a caller, the rank of each instance: 0 for the nearest.
    pub ranks: Vec<Vec<u32>>,
    pub overprovisioning: f64,
}

impl Distances {
    /// Which of the ranks a request goes to, by how many instances each has and how many of them are
    /// believed to work; `luck` is from 0 to 1. None if none works.
    pub fn rank(&self, ranks: &[(u32, u32)], luck: f64) -> Option<u32> {
        let takes = |(all, healthy): (u32, u32)| match all {
            0 => 0.0,
            all => (self.overprovisioning * f64::from(healthy) / f64::from(all)).min(1.0),
        };
        let total: f64 = ranks.iter().map(|it| takes(*it)).sum::<f64>().min(1.0);
        let mut left = luck * total;
        let mut last = None;
        for (rank, it) in ranks.iter().enumerate().filter(|it| it.1.1 > 0) {
            last = Some(rank as u32);
            left -= takes(*it);
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of requests that go to each of three ranks.
    fn shares(ranks: [(u32, u32); 3]) -> [f64; 3] {
        let distances = Distances { ranks: Vec::new(), overprovisioning: 1.4 };
        let mut shares = [0.0; 3];
        for i in 0..1000 {
            let rank = distances.rank(&ranks, (f64::from(i) + 0.5) / 1000.0);
            shares[rank.expect("one works") as usize] += 0.001;
        }
        shares.map(|it: f64| (it * 1000.0).round() / 1000.0)
    }

    #[test]
    fn a_zone_keeps_everything_until_too_few_work_and_the_next_takes_the_rest() {
        assert_eq!(shares([(7, 7), (7, 7), (7, 7)]), [1.0, 0.0, 0.0]);
        assert_eq!(shares([(7, 5), (7, 7), (7, 7)]), [1.0, 0.0, 0.0]);
        assert_eq!(shares([(4, 2), (4, 4), (4, 4)]), [0.7, 0.3, 0.0]);
        assert_eq!(shares([(10, 0), (10, 4), (10, 10)]), [0.0, 0.56, 0.44]);
        // If all together cannot take everything, each takes its part of it.
        assert_eq!(shares([(10, 1), (10, 2), (10, 0)]), [0.333, 0.667, 0.0]);
        let nobody = Distances { ranks: Vec::new(), overprovisioning: 1.4 };
        assert_eq!(nobody.rank(&[(3, 0), (0, 0)], 0.5), None);
    }
}
