//! What fails: a zone or a host, when, for how long, and how it shows; or a surge of load.

mod surge;

pub use surge::Surge;

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

/// Something is out of the ordinary for a while. Give `zone`, `host` or `surge`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The zone that fails; "any" plays each zone's failure in turn.
    #[serde(default)]
    pub zone: Option<String>,
    /// The host that fails: the name of its group and its number from 0, as in "rack.0".
    #[serde(default)]
    pub host: Option<String>,
    /// A surge of load: so many times the usual rate of arrivals.
    #[serde(default)]
    pub surge: Option<f64>,
    /// The traffic class that surges. All that do not wait for answers if absent; each
    /// must come at a rate.
    #[serde(default)]
    pub of: Option<String>,
    /// How long a surge takes to rise, before it is held.
    #[serde(default)]
    pub rise: Span,
    /// How long it takes to decay, after it was held.
    #[serde(default)]
    pub decay: Span,
    /// When it begins, counted from the start of the story. Without growth, that says nothing.
    #[serde(default)]
    pub at: Span,
    /// How long it lasts, or is held.
    #[serde(rename = "for")]
    pub duration: Span,
    /// How it shows.
    #[serde(default)]
    pub style: FaultStyle,
}

/// A larger surge is no surge of anything that exists.
const SURGE_MAX: f64 = 1e6;

impl Fault {
    /// All of it, ramps too.
    pub fn whole(&self) -> Span {
        self.rise + self.duration + self.decay
    }

    /// The word for how it shows, in reports.
    pub fn style_name(&self) -> &'static str {
        if self.surge.is_some() { "surge" } else { self.style.name() }
    }

    pub fn check(&self, findings: &mut Findings) {
        let given = [self.zone.is_some(), self.host.is_some(), self.surge.is_some()];
        if given.iter().filter(|it| **it).count() != 1 {
            findings.wrong(
                Code::E010,
                "give exactly one of zone, host and surge",
                "name what fails",
            );
        }
        if let Some(factor) = self.surge
            && !(0.0..=SURGE_MAX).contains(&factor)
        {
            let rule = format!("must be from 0 to {SURGE_MAX} times the usual rate, not {factor}");
            findings.wrong_at("surge", Code::E007, rule, "\"surge\": 3");
        }
        let ramps = [
            ("of", self.of.is_some()),
            ("rise", !self.rise.is_zero()),
            ("decay", !self.decay.is_zero()),
        ];
        for (key, _) in ramps.iter().filter(|it| it.1 && self.surge.is_none()) {
            findings.wrong_at(*key, Code::E010, "belongs to a surge", "give \"surge\" too");
        }
        if self.surge.is_some() && self.style != FaultStyle::default() {
            findings.wrong_at(
                "style",
                Code::E010,
                "belongs to what fails",
                "leave it out of a surge",
            );
        }
        if self.duration.is_zero() {
            let mend = "an outage takes minutes: \"20m\"";
            findings.wrong_at("for", Code::E007, "must be longer than nothing", mend);
        }
    }
}
