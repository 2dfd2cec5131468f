//! What is wrong with a user's file: where it stands, which rule it breaks, how to mend it.
//!
//! Parts and checks tell [`Findings`] what they find, by path; the reader of the file knows where
//! each path stands and turns findings into [`Problem`]s.

mod code;
mod path;
mod show;
mod source;

pub use code::Code;
pub use path::{Segment, parse_path, path_text};
pub use show::{cut, shown};
pub use source::{Excerpt, Source};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A user's mistake, with its place; printed as rustc prints its errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    pub code: Code,
    /// The file as the user named it, or the argument (`--set path=value`) that is to blame.
    pub file: String,
    /// Counted from 1; absent where the problem has no place in a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// In characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// As in `services.app.operations.login[0].cpu`; `.` for the whole file.
    pub path: String,
    /// What must hold, and what is there instead.
    pub rule: String,
    /// What to write instead; may be empty.
    #[serde(default)]
    pub mend: String,
    /// The line in question, for printing.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

impl Problem {
    /// A problem with all of a file, or with something that is not in a file.
    pub fn without_place(code: Code, file: &str, rule: impl Into<String>, mend: &str) -> Problem {
        Problem {
            code,
            file: file.to_owned(),
            line: None,
            column: None,
            path: path_text(&[]),
            rule: rule.into(),
            mend: mend.to_owned(),
            excerpt: None,
        }
    }
}

/// One finding, by path.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub code: Code,
    pub path: Vec<Segment>,
    /// What must hold, and what is there instead: "must be at least 1, not 0".
    pub rule: String,
    /// What to write instead, or nothing.
    pub mend: String,
}

/// Collects findings while a walk goes down and up a file.
#[derive(Debug, Default)]
pub struct Findings {
    path: Vec<Segment>,
    found: Vec<Finding>,
}

impl Findings {
    /// Runs `look` one step further down the path.
    pub fn inside<T>(&mut self, at: impl Into<Segment>, look: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(at.into());
        let seen = look(self);
        self.path.pop();
        seen
    }

    /// The path that the walk has come to.
    pub fn here(&self) -> &[Segment] {
        &self.path
    }

    /// Something is wrong right here.
    pub fn wrong(&mut self, code: Code, rule: impl Into<String>, mend: impl Into<String>) {
        let path = self.path.clone();
        self.found.push(Finding { code, path, rule: rule.into(), mend: mend.into() });
    }

    /// Something is wrong one step further down.
    pub fn wrong_at(
        &mut self,
        at: impl Into<Segment>,
        code: Code,
        rule: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.inside(at, |it| it.wrong(code, rule, mend));
    }

    pub fn len(&self) -> usize {
        self.found.len()
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether anything of this kind has been found.
    pub fn has(&self, code: Code) -> bool {
        self.found.iter().any(|it| it.code == code)
    }

    pub fn into_vec(self) -> Vec<Finding> {
        self.found
    }
}

/// `did you mean "web"?`, if one of `known` is close to `unknown`; else the choice there is.
pub fn suggest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = nearest(unknown, known.iter().copied()) {
        return format!("did you mean {}?", shown(name));
    }
    // A name of the user's may be of any length.
    let names: Vec<String> = known.iter().take(12).map(|name| show::cut(name, 40)).collect();
    match known.len() {
        0 => String::new(),
        1 => format!("there is only {}", names[0]),
        2..=12 => format!("there are {}", names.join(", ")),
        _ => format!("there are {}, …", names.join(", ")),
    }
}

/// The one of `known` that `unknown` is most likely a misspelling of.
///
/// One slip of the fingers in a short name, one more for every four letters.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name that a person types is longer, and the comparison takes time in the square of it.
    const LONGEST: usize = 100;
    if unknown.len() > LONGEST {
        return None;
    }
    let unknown = unknown.to_lowercase();
    let far = |name: &str| strsim::damerau_levenshtein(&unknown, &name.to_lowercase());
    let near = known.into_iter().filter(|name| name.len() <= LONGEST);
    let (far, name) = near.map(|name| (far(name), name)).min()?;
    (far <= 1 + name.len() / 4).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_recognised_and_a_strange_one_gets_the_choice() {
        let known = ["web", "database", "cache"];
        assert_eq!(suggest("wbe", known), "did you mean \"web\"?");
        assert_eq!(suggest("Database", known), "did you mean \"database\"?");
        assert_eq!(suggest("queue", known), "there are web, database, cache");
        assert_eq!(suggest("queue", ["elsewhere"]), "there is only elsewhere");
        assert_eq!(suggest("queue", []), "");
        let long = "x".repeat(1 << 20);
        assert_eq!(suggest(&long, [long.as_str()]).chars().count(), "there is only ".len() + 41);
    }
}
