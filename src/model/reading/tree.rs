//! A file's values with their places.

use super::syntax::Wrong;
use crate::problem::{Code, Finding, Segment, Source};
use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

/// Where something was written: bytes of the file, or an argument that set it.
///
/// Ordered as problems are told: by place in the file, then what was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    File { start: u32, end: u32 },
    Set(u32),
}

#[derive(Clone, Debug)]
pub struct Node {
    pub place: Place,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Null,
    Bool(bool),
    /// A whole number of at most 64 bits is held as such, however it was written.
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(IndexMap<String, Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub key: Place,
    pub node: Node,
}

impl Place {
    /// Files are smaller than 4 GiB by [`super::MAX_BYTES`].
    pub fn file(start: usize, end: usize) -> Place {
        Place::File { start: start as u32, end: end as u32 }
    }
}

impl Node {
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Object(entries) => entries.get(key),
            _ => None,
        }
    }

    pub fn element(&self, index: usize) -> Option<&Node> {
        match &self.kind {
            Kind::List(elements) => elements.get(index),
            _ => None,
        }
    }

    pub fn child(&self, segment: &Segment) -> Option<&Node> {
        match segment {
            Segment::Key(key) => self.entry(key).map(|it| &it.node),
            Segment::Index(index) => self.element(*index),
        }
    }

    pub fn child_mut(&mut self, segment: &Segment) -> Option<&mut Node> {
        match (&mut self.kind, segment) {
            (Kind::Object(entries), Segment::Key(key)) => {
                entries.get_mut(key).map(|it| &mut it.node)
            }
            (Kind::List(elements), Segment::Index(index)) => elements.get_mut(*index),
            _ => None,
        }
    }

    /// As [`Node::child`]; a key that an object does not have is added, written at `place`.
    pub fn child_or_new(&mut self, segment: &Segment, place: Place) -> Option<&mut Node> {
        match (&mut self.kind, segment) {
            (Kind::Object(entries), Segment::Key(key)) => {
                let new = || Entry { key: place, node: Node { place, kind: Kind::Null } };
                Some(&mut entries.entry(key.clone()).or_insert_with(new).node)
            }
            (Kind::List(elements), Segment::Index(index)) => elements.get_mut(*index),
            _ => None,
        }
    }

    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(it) => Value::Bool(*it),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(elements) => Value::Array(elements.iter().map(Node::value).collect()),
            Kind::Object(entries) => {
                let pairs = entries.iter().map(|(key, it)| (key.clone(), it.node.value()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// A tree whose every part was written at `place`.
    pub fn of_value(value: Value, place: Place) -> Node {
        let kind = match value {
            Value::Null => Kind::Null,
            Value::Bool(it) => Kind::Bool(it),
            Value::Number(number) => Kind::Number(super::number::whole_if_it_is(number)),
            Value::String(text) => Kind::Text(text),
            Value::Array(values) => {
                Kind::List(values.into_iter().map(|it| Node::of_value(it, place)).collect())
            }
            Value::Object(map) => {
                let entry =
                    |(key, it)| (key, Entry { key: place, node: Node::of_value(it, place) });
                Kind::Object(map.into_iter().map(entry).collect())
            }
        };
        Node { place, kind }
    }

    /// How many levels of lists and objects there are.
    pub fn depth(&self) -> usize {
        let deepest = match &self.kind {
            Kind::List(elements) => elements.iter().map(Node::depth).max(),
            Kind::Object(entries) => entries.values().map(|it| it.node.depth()).max(),
            _ => return 0,
        };
        1 + deepest.unwrap_or(0)
    }
}

/// A key that stands a second time in its object.
pub struct Twice {
    pub path: Vec<Segment>,
    pub first: usize,
    pub range: std::ops::Range<usize>,
}

impl Twice {
    pub fn told(self, source: &Source) -> (Place, Finding) {
        let rule = format!("stands twice; the first is in line {}", source.line(self.first));
        let mend = "remove one of the two, or give one another name".to_owned();
        let place = Place::file(self.range.start, self.range.end);
        (place, Finding { code: Code::E002, path: self.path, rule, mend })
    }

    /// As a mistake of a text that has no lines.
    pub fn wrong(self) -> Wrong {
        let rule = format!("the key {} stands twice", crate::problem::path_text(&self.path));
        Wrong { code: Code::E002, range: self.range, rule, mend: String::new() }
    }
}
