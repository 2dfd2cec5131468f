//! A line that has not been empty for a while is a line of those who will not be answered in time:
//! whoever joins it may wait only a moment.
//!
//! The "controlled delay" of B. Maurer, "Fail at scale", ACM Queue 13(8), 2015, with its times: a
//! request may wait 100 ms if the line was empty within the last 100 ms, else 5 ms.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How long a request may stand in line before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdaptivePatience {
    /// If the line was empty within the last so long, so long.
    #[serde(default = "hundred_ms")]
    pub long: Span,
    /// Else so long.
    #[serde(default = "five_ms")]
    pub short: Span,
}

fn hundred_ms() -> Span {
    Span::from_nanos(100_000_000)
}
fn five_ms() -> Span {
    Span::from_nanos(5_000_000)
}

impl AdaptivePatience {
    pub fn check(&self, findings: &mut Findings) {
        if self.short >= self.long {
            let rule = format!("must be shorter than the long one, {}", self.long);
            findings.wrong_at("short", Code::E010, rule, "\"5ms\"");
        }
    }
}
