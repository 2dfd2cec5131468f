//! What is wrong with a user's file: where it stands, which rule it breaks, how to mend it.
//!
//! Parts and checks tell [`Findings`] what they find, by path; the reader of the file knows where
//! each path stands and turns findings into [`Problem`]s.

use serde::Serialize;

/// One step of a path into a file: `services`, `[2]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    Key(String),
    Index(usize),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Segment::Key(key.to_owned())
    }
}
impl From<&String> for Segment {
    fn from(key: &String) -> Self {
        Segment::Key(key.clone())
    }
}
impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Segment::Index(index)
    }
}

/// `services.app.operations.login[0].cpu`, as a user would write it; `.` for the whole file.
pub fn path_text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
        }
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// What kind of mistake it is; `outgrow explain E012` tells more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Code {
    /// The text is no JSON.
    E001,
    /// A key stands twice in one object.
    E002,
    /// No such key.
    E003,
    /// A key that must be there is missing.
    E004,
    /// The value is of another type.
    E005,
    /// The unit is wrong or missing.
    E006,
    /// The number lies outside what is possible.
    E007,
    /// Nothing has that name.
    E008,
    /// Calls go round in a circle.
    E009,
    /// Two statements contradict each other, or only one of them may stand.
    E010,
    /// The file, or one that it names, cannot be read.
    E011,
    /// It is larger than can be run.
    E012,
    /// Nothing would ever happen, or it could never fit.
    E013,
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

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn into_vec(self) -> Vec<Finding> {
        self.found
    }
}

/// `did you mean "web"?`, if one of `known` is close to `unknown`; else the choice there is.
pub fn suggest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&unknown.to_lowercase(), name), *name))
        .min();
    match near {
        Some((far, name)) if far <= 1 + name.len() / 4 => format!("did you mean \"{name}\"?"),
        _ if known.is_empty() => String::new(),
        _ if known.len() > 12 => format!("there are {}, …", known[..12].join(", ")),
        _ => format!("there are {}", known.join(", ")),
    }
}
