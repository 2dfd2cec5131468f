//! Refusing some requests before everything is taken: load shedding by how much matters.
//!
//! "Handling overload" in B. Beyer et al. (eds.), "Site Reliability Engineering", 2016, chapter 21:
//! a server refuses what is sheddable long before it refuses what is critical. In telephony this is
//! trunk reservation (J. M. Akinpelu, "The overload performance of engineered networks with
//! nonhierarchical and hierarchical routing", AT&T Bell Labs Tech. J. 63(7), 1984). How busy the
//! instance is is what its own workers say at that moment.

use crate::problem::{Code, Findings};
use schemars::JsonSchema;
use serde::Deserialize;

/// When to refuse which requests.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shed {
    /// The share of an instance's workers, or connections, that are busy: from there on requests
    /// are refused, between 0 and 1.
    pub above: f64,
    /// The traffic classes that are refused then. All if absent.
    #[serde(default)]
    pub classes: Vec<String>,
    /// How many of them, at random, as a share between 0 and 1. All if absent.
    #[serde(default = "all")]
    pub share: f64,
}

fn all() -> f64 {
    1.0
}

impl Shed {
    pub fn check(&self, known: &dyn Fn(&str, &mut Findings), findings: &mut Findings) {
        if !(self.above > 0.0 && self.above <= 1.0) {
            let rule = format!("must be above 0 and at most 1, not {}", self.above);
            findings.wrong_at("above", Code::E007, rule, "\"above\": 0.8");
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            let rule = format!("must be above 0 and at most 1, not {}", self.share);
            findings.wrong_at("share", Code::E007, rule, "\"share\": 0.5");
        }
        for (i, class) in self.classes.iter().enumerate() {
            findings.inside("classes", |it| it.inside(i, |it| known(class, it)));
        }
    }

    /// How many must be busy, of so many.
    pub fn from(&self, workers: u32) -> u32 {
        // 0.8 of 10 is a hair more than 8 in binary.
        libm::ceil(self.above * f64::from(workers) * (1.0 - 1e-12)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_workers_is_rounded_up() {
        let from = |above, workers| Shed { above, classes: Vec::new(), share: 1.0 }.from(workers);
        assert_eq!([from(0.8, 10), from(0.7, 10), from(0.75, 10), from(1.0, 3)], [8, 7, 8, 3]);
    }
}
