//! What a file would say once its mistakes of shape are mended, so that its sense is checked with them.
//!
//! Nobody knows what was meant. So a file is mended in two ways that differ as far as they can: the
//! sparing one leaves out what does not fit, the generous one takes a misspelt key for the one that is
//! close to it and puts something in every place. What is wrong with the sense of both is told, unless
//! it lies so near a mend that it may come of it.

use super::choice::Alternative;
use super::shape::{Shape, Walk};
use super::tree::{Entry, Kind, Node};
use super::words::{Schema, example, names, types, unit};
use crate::problem::{Code, Finding, Segment};
use serde_json::{Map, Value};

/// How something that has not the shape asked for can be mended.
pub struct Repair {
    pub path: Vec<Segment>,
    pub how: How,
    pub loss: Loss,
}

/// What is lost by a mend, so that others may seem wrong.
#[derive(Clone, Copy, Default)]
pub struct Loss {
    /// Names that others may use, such as those of the operations of a service.
    names: bool,
    /// What nobody can guess: others may need it, or may stand beside it in vain.
    meaning: bool,
}

pub enum How {
    /// A key that may not stand there, and the one that was probably meant.
    Unknown(Option<String>),
    /// A value that does not fit, or is missing: a small one that fits, and a large one.
    Fit(Value, Value),
}

/// How much is assumed of what does not fit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    Sparing,
    Generous,
}

/// What is put in the place of a number that does not fit: larger than most that matter.
const LARGE: f64 = 1000.0;
/// A mend may need another, as where a key is taken for one whose value does not fit either.
const ROUNDS: usize = 6;

/// The tree with the shape asked for, if it can be brought there.
pub fn mended(root: &Node, shape: &Shape, guess: Guess) -> Option<Node> {
    let mut root = root.clone();
    for round in 0..ROUNDS {
        let misfits = shape.misfits(&root);
        if misfits.findings.is_empty() {
            return Some(root);
        }
        for repair in misfits.repairs {
            // What is left out and had to be there is missing in the next round.
            let leave_out = guess == Guess::Sparing && round == 0;
            apply(&mut root, repair, guess, leave_out);
        }
    }
    None
}

fn apply(root: &mut Node, repair: Repair, guess: Guess, leave_out: bool) {
    let Some((last, before)) = repair.path.split_last() else {
        if let How::Fit(least, most) = repair.how {
            *root = Node::of_value(either(guess, least, most), root.place);
        }
        return;
    };
    let Some(parent) = before.iter().try_fold(root, |node, at| node.child_mut(at)) else { return };
    let place = parent.place;
    match (&mut parent.kind, last, repair.how) {
        (Kind::Object(entries), Segment::Key(key), How::Unknown(meant)) => {
            let Some(entry) = entries.shift_remove(key) else { return };
            if let Some(meant) = meant.filter(|_| guess == Guess::Generous) {
                entries.entry(meant).or_insert(entry);
            }
        }
        (Kind::Object(entries), Segment::Key(key), How::Fit(..))
            if leave_out && entries.contains_key(key) =>
        {
            entries.shift_remove(key);
        }
        (Kind::Object(entries), Segment::Key(key), How::Fit(least, most)) => {
            let node = Node::of_value(either(guess, least, most), place);
            entries.insert(key.clone(), Entry { key: place, node });
        }
        (Kind::List(elements), Segment::Index(index), How::Fit(least, most)) => {
            if let Some(element) = elements.get_mut(*index) {
                *element = Node::of_value(either(guess, least, most), place);
            }
        }
        _ => {}
    }
}

fn either(guess: Guess, least: Value, most: Value) -> Value {
    match guess {
        Guess::Sparing => least,
        Guess::Generous => most,
    }
}

/// What was mended, and where.
pub struct Mends {
    places: Vec<Vec<Segment>>,
    loss: Loss,
}

impl Mends {
    /// `twice` are the paths of keys that stand twice, of which one is taken.
    pub fn new<'r>(
        repairs: impl Iterator<Item = &'r Repair>,
        twice: impl Iterator<Item = Vec<Segment>>,
    ) -> Mends {
        let mut places: Vec<Vec<Segment>> = twice.collect();
        let mut loss = Loss { names: !places.is_empty(), meaning: !places.is_empty() };
        for repair in repairs {
            loss.names |= repair.loss.names;
            loss.meaning |= repair.loss.meaning;
            places.push(repair.path.clone());
            if let (How::Unknown(Some(meant)), Some((_, before))) =
                (&repair.how, repair.path.split_last())
            {
                places.push([before, &[Segment::from(meant)]].concat());
            }
        }
        Mends { places, loss }
    }

    /// Whether a finding stands, whatever was meant by what was mended.
    pub fn spare(&self, finding: &Finding) -> bool {
        let path = finding.path.as_slice();
        !self.places.iter().any(|it| path.starts_with(it) || self.may_come_of(finding, it))
    }

    fn may_come_of(&self, finding: &Finding, mend: &[Segment]) -> bool {
        let path = finding.path.as_slice();
        match finding.code {
            // Mends take calls and waits away, and add none.
            Code::E009 => false,
            Code::E008 | Code::E011 => self.loss.names,
            // That something is missing, does not fit or stands beside another.
            Code::E002 | Code::E004 | Code::E010 | Code::E012 | Code::E013 => {
                let element = &path[..path.len().min(2)];
                self.loss.meaning || mend.starts_with(element) || element.starts_with(mend)
            }
            // A value by itself is only held against those that stand near it.
            _ => {
                let around = |path: &[Segment], up: usize| path.len().checked_sub(up);
                let own = around(mend, 1).filter(|it| *it > 0);
                let near = |up| own.is_some() && around(path, up) == own;
                own.is_some_and(|own| path.starts_with(&mend[..own])) && (near(1) || near(2))
            }
        }
    }
}

impl<'s> Walk<'s, '_> {
    /// What stands here is to be one of these.
    pub fn fit(&mut self, all: &[Alternative<'s>]) {
        let text = self.any_inside(all, is_free_text);
        let loss = Loss {
            names: self.any_inside(all, has_names) || all.iter().any(|it| is_free_text(it.schema)),
            meaning: text,
        };
        self.put(all, loss);
    }

    /// What is missing here is to be one of these.
    pub fn add(&mut self, all: &[Alternative<'s>]) {
        let names = self.any_inside(all, has_names);
        self.put(all, Loss { names, meaning: names || self.any_inside(all, is_free_text) });
    }

    fn put(&mut self, all: &[Alternative<'s>], loss: Loss) {
        let sample = |guess| self.sample(all, guess, 0);
        if let (Some(least), Some(most)) = (sample(Guess::Sparing), sample(Guess::Generous)) {
            let path = self.findings.here().to_vec();
            let meaning = loss.meaning || loss.names || path.len() < 2;
            let loss = Loss { meaning, ..loss };
            self.repairs.push(Repair { path, how: How::Fit(least, most), loss });
        }
    }

    /// A key here that may not stand here.
    pub fn unknown(&mut self, key: &str, node: &Node, meant: Option<&str>) {
        let may_name = matches!(node.kind, Kind::Object(_) | Kind::List(_) | Kind::Text(_));
        let loss = Loss { names: meant.is_none() && may_name, meaning: meant.is_none() };
        let path = [self.findings.here(), &[Segment::from(key)]].concat();
        self.repairs.push(Repair { path, how: How::Unknown(meant.map(str::to_owned)), loss });
    }

    /// Something that fits one of these; nothing if that would go on for ever.
    fn sample(&self, all: &[Alternative<'s>], guess: Guess, depth: usize) -> Option<Value> {
        let some = all.iter().filter(|it| types(it.schema) != ["null"] && depth < 20);
        some.map(|it| self.one_sample(it.schema, guess, depth)).find_map(|it| it)
    }

    fn one_sample(&self, schema: &'s Schema, guess: Guess, depth: usize) -> Option<Value> {
        if let Some(large) = large(schema).filter(|_| guess == Guess::Generous) {
            return Some(Value::from(large));
        }
        if let Some(example) = example(schema) {
            return serde_json::from_str(&example).ok();
        }
        let inner = |it: &'s Value| self.sample(&self.alternatives(it), guess, depth + 1);
        Some(match *types(schema).first()? {
            "integer" | "number" => number(schema, guess),
            "boolean" => Value::Bool(guess == Guess::Generous),
            "string" if names(schema).is_empty() => Value::from("?"),
            "array" => {
                let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let first = schema.get("prefixItems").and_then(Value::as_array);
                let of = |i: u64| first.and_then(|it| it.get(i as usize)).or(schema.get("items"));
                let elements = (0..count).map(|i| inner(of(i)?));
                Value::Array(elements.collect::<Option<Vec<Value>>>()?)
            }
            "object" => {
                let of = |key: &'s str| schema.get("properties").and_then(|it| it.get(key));
                let keys = Alternative { schema, name: None, such_as: None }.required();
                let entries = keys.map(|key| Some((key.to_owned(), inner(of(key)?)?)));
                Value::Object(entries.collect::<Option<Map<_, _>>>()?)
            }
            "null" => Value::Null,
            _ => return None,
        })
    }

    /// Whether something that may stand there, or inside of it, is as `wanted`.
    fn any_inside(&self, all: &[Alternative<'s>], wanted: fn(&Schema) -> bool) -> bool {
        let mut seen: Vec<*const Schema> = Vec::new();
        let mut left: Vec<&'s Schema> = all.iter().map(|it| it.schema).collect();
        while let Some(schema) = left.pop() {
            if wanted(schema) {
                return true;
            }
            if seen.contains(&std::ptr::from_ref(schema)) {
                continue;
            }
            seen.push(schema);
            let properties = schema.get("properties").and_then(Value::as_object);
            let elements = schema.get("prefixItems").and_then(Value::as_array);
            let inner = properties.into_iter().flat_map(Map::values);
            let inner = inner.chain(elements.into_iter().flatten()).chain(schema.get("items"));
            left.extend(inner.flat_map(|it| self.alternatives(it)).map(|it| it.schema));
        }
        false
    }
}

/// Whether keys of the user's may stand in it, by which others name things.
fn has_names(schema: &Schema) -> bool {
    schema.get("additionalProperties").is_some_and(|it| *it != Value::Bool(false))
}

/// Whether it is a text of the user's own: a name, or what names something.
fn is_free_text(schema: &Schema) -> bool {
    types(schema).contains(&"string") && names(schema).is_empty() && unit(schema).is_none()
}

/// A large quantity.
fn large(schema: &Schema) -> Option<&'static str> {
    Some(match schema.get("x-unit")?.as_str()? {
        "Span" => "1000d",
        "Rate" => "1000000/s",
        "Bytes" => "1TiB",
        "Bandwidth" => "1TiB/s",
        _ => return None,
    })
}

fn number(schema: &Schema, guess: Guess) -> Value {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
    let least = limit("minimum").or(limit("exclusiveMinimum").map(|it| it + 1.0));
    let most = limit("maximum").or(limit("exclusiveMaximum").map(|it| it - 1.0));
    let wanted = if guess == Guess::Generous { LARGE } else { 1.0 };
    let wanted = wanted.max(least.unwrap_or(wanted)).min(most.unwrap_or(LARGE));
    Value::from(wanted as i64)
}
