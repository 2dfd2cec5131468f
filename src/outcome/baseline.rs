//! An outcome against an earlier one of the same experiment.

use super::{Estimate, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An outcome against an earlier one of the same experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Baseline {
    /// The version of the program that wrote the earlier one.
    pub version: String,
    /// Whether both have the same seed, so that runs were compared pair by pair; else by Welch's test.
    pub paired: bool,
    /// The chance that any figure is called better or worse that is not, after Holm's correction.
    pub significance: f64,
    /// The share of a figure by which it may become worse.
    pub tolerance: f64,
    /// Every figure that both have.
    pub changes: Vec<Change>,
}

/// A figure now and before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where: model, levels, day, fault.
    pub place: String,
    pub metric: String,
    pub before: Estimate,
    pub now: Estimate,
    pub difference: Estimate,
    /// Better or worse by more than is tolerated; else it cannot be told that it is either.
    pub verdict: Verdict,
}

impl Change {
    pub fn verdict_text(&self) -> &'static str {
        match self.verdict {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Same | Verdict::CannotTell => "no change shown",
        }
    }
}

impl Baseline {
    /// Whether anything is worse.
    pub fn is_worse(&self) -> bool {
        self.changes.iter().any(|it| it.verdict == Verdict::Worse)
    }

    /// How it was told, in a sentence.
    pub fn method(&self) -> String {
        let how = if self.paired { "pair by pair on the same luck" } else { "by Welch's test" };
        format!(
            "Better, worse: by more than {} %, compared {how}; the chance that any of the {} is told wrongly is \
             at most {} % (Holm's correction).",
            self.tolerance * 100.0,
            self.changes.len(),
            self.significance * 100.0
        )
    }
}
