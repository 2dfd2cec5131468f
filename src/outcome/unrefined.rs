//! Why levels were added no further.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Levels that were wanted and could not be added. What was run before stands in the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Unrefined {
    /// What levels were added to: a path into the model.
    pub path: String,
    /// The levels that were wanted, the smallest first.
    pub wanted: Vec<String>,
    /// Why they were not run.
    pub why: String,
    /// What would help; absent where nobody can know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mend: String,
}
