//! What happened: the plain data that every verb answers with and every report is made from.
//!
//! Times are seconds, rates per second, shares between 0 and 1. What has no value is absent, so
//! that nobody averages a zero that was never measured.

mod baseline;
mod capacity;
mod comparison;
mod design;
mod estimate;
mod expectation;
mod point;
mod sensitivity;
mod series;
mod summary;
mod theory;
mod unrefined;

pub use baseline::{Baseline, Change};
pub use capacity::{Capacity, CapacityUnit};
pub use comparison::{Comparison, Selection, Verdict};
pub use design::{Design, level_number, level_text};
pub use estimate::{Estimate, Unit};
pub use expectation::{Checked, Expectation, Kept};
pub use point::{Bottleneck, Fault, Overload, Point, Unmet, is_lower_bound};
pub use sensitivity::{Factor, Method, Sensitivity};
pub use series::{Instances, Series};
pub use summary::{BreaksOn, Found, ModelSummary, OverTime};
pub use theory::{Holds, Theory, TheoryOfPart};
pub use unrefined::Unrefined;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name and version of the shape below, as its `format` says it.
pub const FORMAT: &str = "outgrow.outcome/1";

/// The outcome of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The name and version of this shape: `outgrow.outcome/1`.
    pub format: String,
    /// The version of the program that wrote it.
    pub version: String,
    /// The verb that was asked for.
    pub verb: Verb,
    /// The name of the experiment, or of the model when only a model was run.
    pub experiment: String,
    /// What the experiment or model says about itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The seed of all chance.
    pub seed: u64,
    /// What was simulated, in the order of the experiment.
    pub points: Vec<Point>,
    /// What holds for a design over all its points, by its label: the model's name, and its
    /// levels where something is varied.
    pub models: IndexMap<String, ModelSummary>,
    /// Models against each other on the same luck.
    pub comparisons: Vec<Comparison>,
    /// Which designs may be the best, if that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selections: Vec<Selection>,
    /// The metrics that are drawn over two factors, if some were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surface: Vec<String>,
    /// What a metric depends on, for each model on each day, if that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitivities: Vec<Sensitivity>,
    /// Levels that were wanted and could not be added; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrefined: Option<Unrefined>,
    /// What had to hold, and whether it does.
    pub expectations: Vec<Expectation>,
    /// How the figures differ from those of an earlier outcome; absent if none was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Mistakes in the files; nothing was run when there are any.
    pub problems: Vec<Problem>,
}

/// What the program was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Run,
    Compare,
    Sweep,
    Capacity,
    Check,
    Explain,
}

/// A mistake in a file: where it stands, which rule it breaks, how to mend it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// What kind of mistake it is: `E008`.
    pub code: String,
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The path inside the file: `services.app.instances`.
    pub path: String,
    /// What must hold, and what is there instead.
    pub rule: String,
    /// What to write instead; absent where nobody can know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mend: String,
}

impl Outcome {
    /// An outcome of `verb` in which nothing has happened yet.
    pub fn new(verb: Verb, experiment: &str, about: &str, seed: u64) -> Self {
        Outcome {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            verb,
            experiment: experiment.to_owned(),
            about: about.to_owned(),
            seed,
            points: Vec::new(),
            models: IndexMap::new(),
            comparisons: Vec::new(),
            selections: Vec::new(),
            surface: Vec::new(),
            sensitivities: Vec::new(),
            unrefined: None,
            expectations: Vec::new(),
            baseline: None,
            problems: Vec::new(),
        }
    }

    /// The points of each design together, designs in the order of their first point.
    pub fn designs(&self) -> Vec<Design<'_>> {
        let mut designs: Vec<Design> = Vec::new();
        for point in &self.points {
            let same = |it: &&mut Design| it.has(&point.model, &point.factors);
            match designs.iter_mut().find(same) {
                Some(design) => design.points.push(point),
                None => designs.push(Design {
                    label: self.label(&point.model, &point.factors),
                    model: &point.model,
                    points: vec![point],
                }),
            }
        }
        designs
    }

    /// The point of a design on a day (any without growth), on which nothing fails.
    pub fn point(
        &self,
        model: &str,
        factors: &IndexMap<String, Value>,
        day: Option<f64>,
    ) -> Option<&Point> {
        self.points.iter().find(|it| {
            it.model == model && it.factors == *factors && it.day == day && it.fault.is_none()
        })
    }

    /// What holds for a design; what is said of its model holds for all of the model's designs.
    pub fn summary(&self, model: &str, factors: &IndexMap<String, Value>) -> Option<&ModelSummary> {
        self.models.get(&self.label(model, factors)).or_else(|| self.models.get(model))
    }

    /// What to call a design: `monolith`, or `monolith, cores 16`.
    pub fn label(&self, model: &str, factors: &IndexMap<String, Value>) -> String {
        let mut label = model.to_owned();
        for (path, level) in factors {
            label.push_str(&format!(", {} {}", self.short_name(path), level_text(level)));
        }
        label
    }

    /// The shortest end of a factor's path that no other factor of the outcome ends with.
    pub fn short_name<'a>(&self, path: &'a str) -> &'a str {
        let is_other = |it: &&String| it.as_str() != path;
        let others = || self.points.iter().flat_map(|it| it.factors.keys()).filter(is_other);
        let starts = path.match_indices('.').map(|(dot, _)| dot + 1).rev();
        let ends = starts.map(|start| &path[start..]);
        let is_alone = |end: &&str| !others().any(|it| ends_in(it, end));
        ends.into_iter().find(is_alone).unwrap_or(path)
    }
}

fn is_no(it: &bool) -> bool {
    !*it
}

/// Whether the last segments of `path` are `end`.
fn ends_in(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|start| start.is_empty() || start.ends_with('.'))
}

#[cfg(test)]
mod tests;
