//! How machines are provisioned, and how long that takes: from code, by hand, by ticket, or bought.
//!
//! The times of the named ways are those of single published cases, and differ from house to house: who
//! has measured one writes that instead.
//! - From code: 41.5 s from the request to a login, the mean of twenty starts of a Debian machine with two
//!   cores at Google's cloud ("Understanding and profiling GCE cold-boot time", Google Cloud Community, on
//!   medium.com); that they vary by 30 % is assumed.
//! - By hand and by ticket: an environment took 40 hours of work and a week of waiting for approvals and
//!   meetings (P. Duvall, "Fire your 1990s-style operations team", stelligent.com, 17 February 2011); that
//!   both vary by half is assumed.
//! - Bought: twelve weeks from the specification to a machine that works in its rack (Servnet, "UK server
//!   lead times in 2026", servnetuk.com); that it varies by a third is assumed.

use crate::parts::distribution::{Distribution, Law, MeanCv, Shape};
use crate::problem::Findings;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The time from asking for a machine until programs can start on it: a way to come by one, or a time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Provision {
    /// As one usually comes by a machine.
    How(How),
    /// So long.
    Takes(Distribution),
}

/// How machines are provisioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By a program that asks a cloud for it: 42 s, a standard deviation of 30 %.
    AsCode,
    /// By somebody who sets it up by hand: 40 h, a standard deviation of half.
    ByHand,
    /// By somebody who does so when a ticket has been approved, a week later: 208 h, a standard deviation
    /// of half.
    ByTicket,
    /// Ordered, built, delivered and put into a rack: 84 d, a standard deviation of a third.
    Bought,
}

impl How {
    fn takes(self) -> Distribution {
        let (seconds, cv) = match self {
            How::AsCode => (42, 0.3),
            How::ByHand => (40 * 3600, 0.5),
            How::ByTicket => ((7 * 24 + 40) * 3600, 0.5),
            How::Bought => (12 * 7 * 86_400, 1.0 / 3.0),
        };
        let mean = Span::from_whole_secs(seconds);
        Distribution::Random(Shape::Lognormal(MeanCv { mean, cv }))
    }
}

impl Provision {
    pub fn check(&self, findings: &mut Findings) {
        if let Provision::Takes(law) = self {
            law.check(findings);
        }
    }

    /// What to draw from; only where [`Provision::check`] found nothing.
    pub fn law(&self) -> Law {
        match self {
            Provision::How(how) => how.takes().law(),
            Provision::Takes(law) => law.law(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_faster_than_hands_and_hands_than_tickets_and_those_than_buying() {
        let all = [How::AsCode, How::ByHand, How::ByTicket, How::Bought];
        let means_s = all.map(|it| (Provision::How(it).law().mean_ns() / 1e9).round());
        assert_eq!(means_s, [42.0, 144_000.0, 748_800.0, 7_257_600.0]);
    }
}
