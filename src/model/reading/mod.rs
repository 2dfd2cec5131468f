//! How files are read: text to tree with places, tree against the schema of a type, tree to value.
//!
//! ```
//! use outgrow::model::reading::Document;
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Host {
//!     cores: u32,
//! }
//! let mut file = Document::parse("host.json", "{ \"cores\": 16, } // two sockets").unwrap();
//! assert_eq!(file.read::<Host>().unwrap().cores, 16);
//! file.set("cores", "many").unwrap();
//! let problems = file.read::<Host>().err().unwrap();
//! assert_eq!(problems[0].rule, "must be a whole number, not the text \"many\"");
//! assert_eq!(problems[0].file, "--set cores=many");
//! ```

mod choice;
mod number;
mod repair;
mod set;
mod shape;
mod syntax;
mod token;
mod tree;
mod words;

use set::Origin;
pub use set::assignment;
use shape::Misfits;
pub use shape::{Shape, schema_of};

use crate::problem::{Code, Finding, Findings, Problem, Segment, Source};
use repair::{Guess, How, Mends, Repair};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tree::{Node, Place};

/// The largest file that is read.
pub const MAX_BYTES: usize = 16 << 20;
/// How deep objects and lists may be nested.
pub const MAX_DEPTH: usize = 64;
/// The most numbers, texts, lists and objects in a file.
pub const MAX_VALUES: usize = 1_000_000;
/// More problems than this are not told at once.
pub const MAX_PROBLEMS: usize = 200;

/// A file that has been read, with the place of everything in it.
///
/// A clone shares the text, so that each point of a sweep can have its own.
#[derive(Clone, Debug)]
pub struct Document {
    source: Arc<Source>,
    root: Node,
    /// Where what was set from outside comes from.
    sets: Vec<Origin>,
    /// Keys that stand twice; told together with what `read` finds.
    twice: Vec<(Place, Finding)>,
}

/// The text of a file, or what is wrong with its bytes.
pub fn text_of<'a>(file_name: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large(file_name, bytes.len()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            let rule = "the file is text in UTF-16, and UTF-8 is needed";
            return Problem::without_place(Code::E011, file_name, rule, "save it as UTF-8");
        }
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let source = Source::new(file_name, &format!("{valid}\u{fffd}"));
        let range = valid.len()..valid.len() + '\u{fffd}'.len_utf8();
        let byte = bytes[error.valid_up_to()];
        let rule = format!("the file is not text in UTF-8: the byte 0x{byte:02x} is none of it");
        source.problem(range, Code::E011, &[], rule, "save it as UTF-8")
    })
}

fn too_large(file_name: &str, bytes: usize) -> Problem {
    let rule =
        format!("a file has at most {} MiB, not {}", MAX_BYTES >> 20, bytes.div_ceil(1 << 20));
    let mend = "long series belong in a CSV file";
    Problem::without_place(Code::E012, file_name, rule, mend)
}

impl Document {
    /// Reads JSON with comments and trailing commas.
    ///
    /// A mistake of grammar is told here, and hides the rest; anything else by [`Document::read`].
    pub fn parse(file_name: &str, text: &str) -> Result<Document, Vec<Problem>> {
        if text.len() > MAX_BYTES {
            return Err(vec![too_large(file_name, text.len())]);
        }
        // Editors do not count a byte order mark as a character.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = Source::new(file_name, text);
        let mut twice = Vec::new();
        match syntax::parse(text, &mut twice) {
            Ok(root) => {
                let twice = twice.into_iter().map(|it| it.told(&source)).collect();
                Ok(Document { source: Arc::new(source), root, sets: Vec::new(), twice })
            }
            Err(it) => Err(vec![source.problem(it.range, it.code, &[], it.rule, it.mend)]),
        }
    }

    /// The value, if it has the shape of `T`; else everything that is wrong with its shape.
    pub fn read<T: DeserializeOwned + JsonSchema + 'static>(&self) -> Result<T, Vec<Problem>> {
        let mut found = self.twice.clone();
        found.extend(self.placed(Shape::of::<T>().misfits(&self.root).findings));
        match found.is_empty() {
            true => self.deserialized(),
            false => Err(self.told(found)),
        }
    }

    /// The value, if it has the shape of `T`, and what `sense` makes of it, if it finds nothing wrong;
    /// else everything that is wrong with shape and sense.
    ///
    /// Where the shape is wrong, `sense` is asked about what the file would say if it was right, and told
    /// that this is not the `whole`; what may only come of that is left out.
    pub fn read_with<T: DeserializeOwned + JsonSchema + 'static, M>(
        &self,
        sense: impl Fn(&mut T, bool, &mut Findings) -> M,
    ) -> Result<(T, M), Vec<Problem>> {
        let shape = Shape::of::<T>();
        let misfits = shape.misfits(&self.root);
        if misfits.findings.is_empty() && self.twice.is_empty() {
            let (mut value, mut findings) = (self.deserialized()?, Findings::default());
            let made = sense(&mut value, true, &mut findings);
            return match findings.is_empty() {
                true => Ok((value, made)),
                false => Err(self.problems(findings.into_vec())),
            };
        }
        let mut found = self.twice.clone();
        // Where not even all mistakes of shape are known, nothing is known of the sense.
        if misfits.findings.len() < MAX_PROBLEMS {
            let found_in = |root: Node| {
                let mut value = serde_json::from_value(root.value()).ok()?;
                let mut findings = Findings::default();
                sense(&mut value, false, &mut findings);
                Some(findings.into_vec())
            };
            found.extend(self.placed(self.beside(&shape, &misfits, &found_in)));
        }
        found.extend(self.placed(misfits.findings));
        Err(self.told(found))
    }

    /// The value that is left without unknown keys, if nothing else is wrong with its shape.
    pub fn without_unknown_keys<T: DeserializeOwned + JsonSchema + 'static>(&self) -> Option<T> {
        let shape = Shape::of::<T>();
        let unknown = |it: &Repair| matches!(it.how, How::Unknown(_));
        let only_these = shape.misfits(&self.root).repairs.iter().all(unknown);
        let root = repair::mended(&self.root, &shape, Guess::Sparing).filter(|_| only_these)?;
        serde_json::from_value(root.value()).ok()
    }

    /// What is wrong with the sense too, whatever was meant where the shape is wrong; `found_in` tells
    /// what is found in a mended tree.
    fn beside(
        &self,
        shape: &Shape,
        misfits: &Misfits,
        found_in: &dyn Fn(Node) -> Option<Vec<Finding>>,
    ) -> Vec<Finding> {
        let found_if = |guess| found_in(repair::mended(&self.root, shape, guess)?);
        let (Some(mut beside), Some(generous)) =
            (found_if(Guess::Sparing), found_if(Guess::Generous))
        else {
            return Vec::new();
        };
        let mends =
            Mends::new(misfits.repairs.iter(), self.twice.iter().map(|it| it.1.path.clone()));
        // What is said of a key that is not there speaks of what is taken in its place.
        let there = |it: &Finding| it.code != Code::E008 || self.has(&it.path);
        beside.retain(|it| generous.contains(it) && there(it) && mends.spare(it));
        beside
    }

    fn deserialized<T: DeserializeOwned>(&self) -> Result<T, Vec<Problem>> {
        serde_json::from_value(self.value()).map_err(|error| {
            let rule = error.to_string();
            let it = Finding { code: Code::E005, path: Vec::new(), rule, mend: String::new() };
            self.problems(vec![it])
        })
    }

    /// What a check of the sense has found, with its places: sorted by place, each only once.
    ///
    /// What is found at a path that does not exist, such as a missing key, is told at the nearest
    /// thing around it.
    pub fn problems(&self, findings: Vec<Finding>) -> Vec<Problem> {
        self.told(self.placed(findings).collect())
    }

    fn placed(&self, findings: Vec<Finding>) -> impl Iterator<Item = (Place, Finding)> + use<'_> {
        findings.into_iter().map(|it| (self.place(&it), it))
    }

    /// Whether anything was set from outside.
    pub fn is_changed(&self) -> bool {
        !self.sets.is_empty()
    }

    /// Whether there is anything at this path.
    pub fn has(&self, path: &[Segment]) -> bool {
        self.at(path).is_some()
    }

    /// The text at this path, if there is one.
    pub fn text_at(&self, path: &[Segment]) -> Option<&str> {
        match &self.at(path)?.kind {
            tree::Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    fn at(&self, path: &[Segment]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, segment| node.child(segment))
    }

    /// The whole as a value, without places.
    pub fn value(&self) -> serde_json::Value {
        self.root.value()
    }

    fn told(&self, mut found: Vec<(Place, Finding)>) -> Vec<Problem> {
        found.sort_by(|(place, a), (other, b)| {
            (place, a.code, &a.path, &a.rule).cmp(&(other, b.code, &b.path, &b.rule))
        });
        found.dedup();
        found.truncate(MAX_PROBLEMS);
        let problem = |(place, it): (Place, Finding)| match place {
            Place::File { start, end } => {
                let range = start as usize..end as usize;
                self.source.problem(range, it.code, &it.path, it.rule, it.mend)
            }
            Place::Set(index) => {
                self.sets[index as usize].problem(it.code, &it.path, it.rule, it.mend)
            }
        };
        found.into_iter().map(problem).collect()
    }

    fn place(&self, finding: &Finding) -> Place {
        // What these are about is that the key stands there at all.
        let at_key = matches!(finding.code, Code::E002 | Code::E003 | Code::E010 | Code::E014);
        let (mut node, mut key) = (&self.root, None);
        for segment in &finding.path {
            let next = match segment {
                Segment::Key(name) => node.entry(name).map(|it| (Some(it.key), &it.node)),
                Segment::Index(index) => node.element(*index).map(|it| (None, it)),
            };
            match next {
                Some((next_key, next_node)) => (key, node) = (next_key, next_node),
                // An object that was set is to blame itself, not the key of what it replaced.
                None => match (node.place, key) {
                    (Place::File { .. }, Some(key)) => return key,
                    _ => return self.head_of(node),
                },
            }
        }
        key.filter(|_| at_key).unwrap_or_else(|| self.head_of(node))
    }

    /// Where a value stands; of one that spans lines, only where it begins.
    fn head_of(&self, node: &Node) -> Place {
        match node.place {
            Place::File { start, end }
                if self.source.line(start as usize) != self.source.line(end as usize) =>
            {
                Place::File { start, end: start + 1 }
            }
            place => place,
        }
    }
}

#[cfg(test)]
mod tests;
