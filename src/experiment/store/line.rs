//! A part as one line of JSON that says of itself what it is and whether it is whole.
//!
//! `{"check":"…","format":"outgrow.trial/1","key":"…","program":…,"label":…,"trial":…}`: the check is
//! the SHA-256 of the rest of the line, from `"format"` to the last brace.

use super::key::{self, Key};
use crate::experiment::trial::Trial;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What the lines are called that this program writes and reads.
pub const FORMAT: &str = "outgrow.trial/1";

/// One finished replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub format: String,
    pub key: String,
    pub program: Program,
    pub label: Label,
    pub trial: Trial,
}

/// Which program came to a result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Program {
    pub version: String,
    /// A digest of what it was built from.
    pub sources: String,
    /// What it was built for: elsewhere the last digit of a logarithm may differ.
    pub target: String,
}

impl Program {
    /// This one.
    pub fn this() -> Program {
        Program {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sources: env!("OUTGROW_SOURCES").to_owned(),
            target: env!("OUTGROW_TARGET").to_owned(),
        }
    }
}

/// What a part is called by people. It says who ran it first; the same run may belong to other
/// experiments too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Label {
    pub experiment: String,
    pub model: String,
    pub factors: IndexMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Runs of the same point have the same.
    pub point: String,
    /// Whether it looks for the end of the warm-up, and is no measurement.
    pub pilot: bool,
    pub seed: u64,
    pub replication: u32,
    pub warm_up_s: f64,
    pub window_s: f64,
}

/// Why a part cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not what was once written.
    Damaged(String),
    /// It is whole, and of another format.
    Foreign(String),
}

impl Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Damaged(why) => write!(to, "is damaged: {why}"),
            Wrong::Foreign(format) => {
                write!(
                    to,
                    "is foreign: its format is \"{format}\", and this program reads \"{FORMAT}\""
                )
            }
        }
    }
}

const BEFORE: &str = "{\"check\":\"";
const AFTER: &str = "\",";
const DIGITS: usize = 64;

/// The line of a part, with its end.
///
/// An error if it would not be read as it is: a result that no text can tell is not kept.
pub fn written(key: &Key, label: Label, trial: &Trial) -> Result<Vec<u8>, String> {
    let part = Part {
        format: FORMAT.to_owned(),
        key: key.to_string(),
        program: Program::this(),
        label,
        trial: trial.clone(),
    };
    let text = serde_json::to_string(&part).map_err(|error| format!("{key}: {error}"))?;
    let line = sealed(&text);
    match read(line.as_bytes()) {
        Ok(told) if told == part => Ok(line.into_bytes()),
        _ => Err(format!("{key}: its figures cannot be written as they are")),
    }
}

/// A JSON object as a line with its check.
fn sealed(object: &str) -> String {
    let rest = object.strip_prefix('{').unwrap_or(object);
    format!("{BEFORE}{}{AFTER}{rest}\n", key::check(rest.as_bytes()))
}

/// The longest line that is read: a part has some ten thousand bytes for each class.
const MAX_BYTES: u64 = 256 << 20;

/// What is in a file, as far as it can be a part.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The part in a file.
pub fn read(bytes: &[u8]) -> Result<Part, Wrong> {
    let damaged = |why: &str| Err(Wrong::Damaged(why.to_owned()));
    if bytes.is_empty() {
        return damaged("it is empty");
    }
    let Some(end) = bytes.iter().position(|it| *it == b'\n') else {
        return damaged("its line has no end");
    };
    let (line, after) = (&bytes[..end], &bytes[end + 1..]);
    if !after.is_empty() {
        return damaged("something stands after its line");
    }
    let Some((check, rest)) = parts_of(line) else {
        return damaged("its line does not begin with a check");
    };
    if check != key::check(rest).as_bytes() {
        return damaged("its check is not that of the rest of the line");
    }
    // The check is right: this is what was written, by whomever.
    let object = [b"{", rest].concat();
    match serde_json::from_slice::<Head>(&object) {
        Ok(head) if head.format != FORMAT => return Err(Wrong::Foreign(head.format)),
        Ok(_) => {}
        Err(_) => return Err(Wrong::Foreign("none".to_owned())),
    }
    serde_json::from_slice(&object)
        .map_err(|why| Wrong::Damaged(format!("it lacks something: {why}")))
}

/// What is wrong with a part under a name that is not its key.
pub fn misnamed() -> Wrong {
    Wrong::Damaged("it holds another run than its name says".to_owned())
}

/// The check of a line and what it is of.
fn parts_of(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(BEFORE.as_bytes())?;
    let (check, rest) = rest.split_at_checked(DIGITS)?;
    Some((check, rest.strip_prefix(AFTER.as_bytes())?))
}

#[derive(Deserialize)]
struct Head {
    format: String,
}
