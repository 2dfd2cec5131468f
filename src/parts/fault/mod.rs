//! What fails: a zone or a host, when, for how long, and how it shows.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a failure shows to those who are talking to the failed machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultStyle {
    /// Connections are reset at once, and new ones are refused.
    #[default]
    Crash,
    /// Nothing answers: requests hang until somebody's patience ends.
    Silence,
}

impl FaultStyle {
    /// The word for it in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            FaultStyle::Crash => "crash",
            FaultStyle::Silence => "silence",
        }
    }
}

/// Something fails for a while. Give `zone` or `host`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The zone that fails; "any" plays each zone's failure in turn.
    #[serde(default)]
    pub zone: Option<String>,
    /// The host that fails: the name of its group and its number from 0, as in "rack.0".
    #[serde(default)]
    pub host: Option<String>,
    /// When it begins, counted from the start of the story.
    pub at: Span,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub duration: Span,
    /// How it shows.
    #[serde(default)]
    pub style: FaultStyle,
}

impl Fault {
    pub fn check(&self, findings: &mut Findings) {
        if self.zone.is_some() == self.host.is_some() {
            findings.wrong(Code::E010, "give either zone or host", "name what fails");
        }
        if self.duration.is_zero() {
            let mend = "an outage takes minutes: \"20m\"";
            findings.wrong_at("for", Code::E007, "must be longer than nothing", mend);
        }
    }
}
