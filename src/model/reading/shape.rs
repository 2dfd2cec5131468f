//! Has a file the shape of a type? Its tree is compared with the type's JSON Schema.
//!
//! Serde stops at the first mistake and does not know where it stands; this finds all of them.
//! It understands what schemars writes for this program's types: see [`KEYWORDS`].

use super::choice::Alternative;
use super::repair::Repair;
use super::tree::{Entry, Kind, Node};
use super::words::{self, names, types};
use super::{MAX_PROBLEMS, number};
use crate::problem::{Code, Finding, Findings, Segment, nearest, shown, suggest};
use indexmap::IndexMap;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Number, Value};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The JSON Schema of a type, as editors use it.
pub fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// What the file of a type must look like.
#[derive(Clone, Debug)]
pub struct Shape {
    schema: Value,
}

/// The keywords that are checked, and those that only explain.
const KEYWORDS: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "anyOf",
    "oneOf",
    "format",
    "x-unit",
    // These only explain. A pattern is that of the unit beside it.
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "pattern",
    "uniqueItems",
];

/// The shapes that were asked for.
static MADE: Mutex<BTreeMap<TypeId, Arc<Shape>>> = Mutex::new(BTreeMap::new());

impl Shape {
    /// Made once for each type: it costs more than to read a small file.
    pub fn of<T: JsonSchema + 'static>() -> Arc<Shape> {
        // A shape is put in whole or not at all, so that a panic elsewhere does no harm.
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let shape = || Arc::new(Shape { schema: schema_of::<T>() });
        Arc::clone(made.entry(TypeId::of::<T>()).or_insert_with(shape))
    }

    /// Everything about `root` that is not as the schema has it.
    pub(super) fn misfits(&self, root: &Node) -> Misfits {
        let (mut findings, mut repairs) = (Findings::default(), Vec::new());
        Walk {
            schema: &self.schema,
            findings: &mut findings,
            repairs: &mut repairs,
            settled: Vec::new(),
        }
        .node(root, &self.schema);
        Misfits { findings: findings.into_vec(), repairs }
    }

    /// The keywords in the schema that the check passes over; a test sees to it that there are
    /// none in the schemas of this program.
    pub fn not_understood(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut schemas = vec![&self.schema];
        while let Some(schema) = schemas.pop() {
            let Value::Object(keywords) = schema else { continue };
            for (keyword, inner) in keywords {
                match (keyword.as_str(), inner) {
                    ("properties" | "$defs", Value::Object(named)) => {
                        schemas.extend(named.values())
                    }
                    ("anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                        schemas.extend(all);
                        let beside =
                            |key: &str| keyword != "prefixItems" && keywords.contains_key(key);
                        if beside("properties") || beside("$ref") {
                            unknown.push(format!("{keyword} beside others"));
                        }
                    }
                    ("items" | "additionalProperties", _) => schemas.push(inner),
                    ("x-unit", _) if words::unit(keywords).is_none() => {
                        unknown.push(format!("x-unit {inner}"));
                    }
                    (name, _) if !KEYWORDS.contains(&name) => unknown.push(name.to_owned()),
                    _ => {}
                }
            }
        }
        unknown
    }
}

/// What has not the shape asked for, and how it could have it.
pub(super) struct Misfits {
    pub findings: Vec<Finding>,
    pub repairs: Vec<Repair>,
}

/// A walk down the tree and the schema side by side.
pub(super) struct Walk<'s, 'f> {
    schema: &'s Value,
    pub findings: &'f mut Findings,
    pub repairs: &'f mut Vec<Repair>,
    /// Keys of the object at hand about which something has been said.
    pub settled: Vec<String>,
}

impl<'s> Walk<'s, '_> {
    fn node(&mut self, node: &Node, schema: &'s Value) {
        // `true` admits anything, and so does a schema that says nothing.
        if *schema == Value::Bool(true) || self.findings.len() >= MAX_PROBLEMS {
            return;
        }
        let alternatives = self.alternatives(schema);
        self.settled.clear();
        let Some(meant) = self.choose(node, &alternatives) else { return };
        match &node.kind {
            Kind::Null => {}
            Kind::Bool(_) => self.listed(node, &meant),
            Kind::Number(number) => self.number(number, node, &meant),
            Kind::Text(text) => self.text(text, node, &meant),
            Kind::List(elements) => self.list(elements, &meant),
            Kind::Object(entries) => self.object(entries, &meant),
        }
    }

    /// The things that may stand at a place, with references and choices in choices unfolded.
    pub fn alternatives(&self, schema: &'s Value) -> Vec<Alternative<'s>> {
        let mut alternatives = Vec::new();
        self.unfold(schema, None, 0, &mut alternatives);
        let own = schema.get("examples").and_then(|it| it.get(0));
        for it in &mut alternatives {
            let fits = |example: &&Value| {
                let read = words::unit(it.schema).zip(example.as_str());
                read.is_some_and(|((_, read), text)| read(text).is_ok())
            };
            it.such_as = own.filter(fits);
        }
        alternatives
    }

    fn unfold(
        &self,
        schema: &'s Value,
        name: Option<&'s str>,
        depth: usize,
        into: &mut Vec<Alternative<'s>>,
    ) {
        // No type of ours goes deeper; one that refers only to itself would never end.
        let Some(keywords) = schema.as_object().filter(|_| depth < 20) else { return };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let pointer = reference.trim_start_matches('#');
            let target = self.schema.pointer(pointer).unwrap_or(&Value::Null);
            return self.unfold(target, name.or(pointer.rsplit('/').next()), depth + 1, into);
        }
        match keywords.get("anyOf").or(keywords.get("oneOf")).and_then(Value::as_array) {
            Some(all) => all.iter().for_each(|it| self.unfold(it, name, depth + 1, into)),
            None => into.push(Alternative { schema: keywords, name, such_as: None }),
        }
    }

    pub fn wrong(&mut self, code: Code, rule: impl Into<String>, mend: impl Into<String>) {
        self.findings.wrong(code, rule, mend);
    }

    pub fn wrong_at(&mut self, at: impl Into<Segment>, code: Code, rule: String, mend: String) {
        self.findings.wrong_at(at, code, rule, mend);
    }

    /// A value whose type fits none of the alternatives.
    pub fn wrong_type(&mut self, node: &Node, all: &[Alternative<'s>]) {
        self.fit(all);
        let rule = format!("must be {}, not {}", words::expected(all), words::there(node));
        let admitted = |name| all.iter().any(|it| types(it.schema).contains(&name));
        let unit = all.iter().find(|it| words::unit(it.schema).is_some());
        match (&node.kind, unit) {
            (Kind::Number(number), Some(unit)) => {
                let unit = words::example_unit(unit).unwrap_or_default();
                self.wrong(Code::E006, rule, format!("write the unit, as in \"{number}{unit}\""));
            }
            (Kind::Text(text), _)
                if (admitted("number") || admitted("integer"))
                    && text.parse().is_ok_and(f64::is_finite) =>
            {
                self.wrong(Code::E005, rule, format!("write {text} without quotes"));
            }
            (Kind::Text(text), _) if admitted("number") && text.trim_end().ends_with('%') => {
                let percent = text.trim_end().trim_end_matches('%').trim().parse::<f64>();
                let share = percent.ok().and_then(|it| format!("{:.12}", it / 100.0).parse().ok());
                let mend =
                    share.map_or(String::new(), |it: f64| format!("write it as a share: {it}"));
                self.wrong(Code::E005, rule, mend);
            }
            (Kind::Number(number), None) if admitted("string") => {
                self.wrong(Code::E005, rule, format!("write \"{number}\""));
            }
            (kind, _) if admitted("array") && !matches!(kind, Kind::Object(_)) => {
                self.wrong(Code::E005, rule, "write it in [ ]");
            }
            _ => self.wrong(Code::E005, rule, ""),
        }
    }

    /// A value that must be one of those that the schema lists.
    fn listed(&mut self, node: &Node, meant: &Alternative<'s>) {
        let value = node.value();
        let listed = match (meant.schema.get("const"), meant.schema.get("enum")) {
            (Some(only), _) => std::slice::from_ref(only),
            (None, Some(Value::Array(all))) => all,
            _ => return,
        };
        if listed.contains(&value) {
            return;
        }
        self.fit(&[*meant]);
        let names = names(meant.schema);
        match (&node.kind, names.len()) {
            (Kind::Text(text), 1) => {
                self.wrong(
                    Code::E008,
                    format!("must be \"{}\", not {}", names[0], shown(text)),
                    "",
                );
            }
            (Kind::Text(text), 2..) => {
                let what = meant.name.map_or("choice".to_owned(), words::spoken);
                let mend = suggest(text, names);
                self.wrong(Code::E008, format!("no {what} is called {}", shown(text)), mend);
            }
            _ => {
                let all: Vec<String> = listed.iter().map(Value::to_string).collect();
                let rule = format!("must be {}, not {}", all.join(" or "), words::there(node));
                self.wrong(Code::E005, rule, "");
            }
        }
    }

    fn text(&mut self, text: &str, node: &Node, meant: &Alternative<'s>) {
        if let Some((_, read)) = words::unit(meant.schema) {
            if let Err(rule) = read(text) {
                self.fit(&[*meant]);
                let example = meant.example();
                let mend = example.map_or(String::new(), |it| format!("write it as in {it}"));
                self.wrong(Code::E006, format!("{}: {rule}", shown(text)), mend);
            }
            return;
        }
        let length = text.chars().count() as u64;
        let limit = |name| meant.schema.get(name).and_then(Value::as_u64);
        if let Some(least) = limit("minLength").filter(|least| length < *least) {
            let rule = match length {
                0 => "must not be empty".to_owned(),
                _ => format!("must have at least {least} characters, not {length}"),
            };
            self.fit(&[*meant]);
            self.wrong(Code::E007, rule, "");
        }
        if let Some(most) = limit("maxLength").filter(|most| length > *most) {
            let rule = format!("must have at most {most} characters, not {length}");
            self.fit(&[*meant]);
            self.wrong(Code::E007, rule, "");
        }
        self.listed(node, meant);
    }

    fn number(&mut self, number: &Number, node: &Node, meant: &Alternative<'s>) {
        let types = types(meant.schema);
        let whole = types.contains(&"integer") && !types.contains(&"number");
        let fraction = number.as_f64().is_none_or(|it| it.fract() != 0.0);
        if whole && number.is_f64() && fraction {
            self.fit(&[*meant]);
            self.wrong(Code::E005, format!("must be a whole number, not {number}"), "");
        } else if let Some(range) = number::range_missed(number, meant.schema) {
            self.fit(&[*meant]);
            self.wrong(Code::E007, format!("must be {range}, not {number}"), "");
        } else {
            self.listed(node, meant);
        }
    }

    fn list(&mut self, elements: &[Node], meant: &Alternative<'s>) {
        let count = elements.len() as u64;
        let limit = |name| meant.schema.get(name).and_then(Value::as_u64);
        let (least, most) = (limit("minItems"), limit("maxItems"));
        if least.is_some_and(|it| count < it) || most.is_some_and(|it| count > it) {
            let wanted = match (least, most) {
                (Some(least), Some(most)) if least == most => format!("exactly {least}"),
                (Some(least), None) => format!("at least {least}"),
                (None, Some(most)) => format!("at most {most}"),
                (least, most) => {
                    format!("from {} to {}", least.unwrap_or(0), most.unwrap_or(u64::MAX))
                }
            };
            self.fit(&[*meant]);
            self.wrong(Code::E007, format!("must have {wanted} elements, not {count}"), "");
        }
        let first = meant.schema.get("prefixItems").and_then(Value::as_array);
        let rest = meant.schema.get("items");
        for (index, element) in elements.iter().enumerate() {
            if let Some(schema) = first.and_then(|it| it.get(index)).or(rest) {
                self.inside(index, element, schema);
            }
        }
    }

    fn object(&mut self, entries: &IndexMap<String, Entry>, meant: &Alternative<'s>) {
        let settled = std::mem::take(&mut self.settled);
        let others = meant.schema.get("additionalProperties");
        // Whoever lists properties means no others, whether or not serde would pass over them.
        let closed = match others {
            Some(schema) => *schema == Value::Bool(false),
            None => meant.schema.contains_key("properties"),
        };
        let mut misspelt = Vec::new();
        for (key, entry) in entries {
            if self.findings.len() >= MAX_PROBLEMS {
                return;
            }
            match meant.property(key).or(others.filter(|_| !closed)) {
                Some(schema) => self.inside(key, &entry.node, schema),
                None if closed && !settled.contains(key) => {
                    misspelt.extend(self.unknown_key(key, entries, meant));
                }
                None => {}
            }
        }
        for key in meant.required() {
            if !entries.contains_key(key) && !misspelt.contains(&key) {
                self.missing_key(key, meant);
            }
        }
    }

    /// Tells of a key that may not stand here; returns the one that was probably meant.
    fn unknown_key(
        &mut self,
        key: &str,
        entries: &IndexMap<String, Entry>,
        meant: &Alternative<'s>,
    ) -> Option<&'s str> {
        let properties = meant.schema.get("properties").and_then(Value::as_object);
        let known = || properties.into_iter().flat_map(|it| it.keys()).map(String::as_str);
        // What stands there already was not meant, unless nothing else is close.
        let free = || known().filter(|name| !entries.contains_key(*name));
        let near = nearest(key, free());
        let mend = match near {
            Some(name) => format!("did you mean \"{name}\"?"),
            None if properties.is_none_or(|it| it.is_empty()) => {
                "nothing can stand here".to_owned()
            }
            None => suggest(key, known()),
        };
        if let Some(entry) = entries.get(key) {
            self.unknown(key, &entry.node, near);
        }
        self.wrong_at(key, Code::E003, format!("no key is called {} here", shown(key)), mend);
        near
    }

    fn missing_key(&mut self, key: &'s str, meant: &Alternative<'s>) {
        let schema = meant.property(key);
        let mend = match schema.and_then(|it| self.example(it)) {
            Some(example) => format!("add \"{key}\": {example}"),
            None => {
                let wanted = schema.map(|it| words::expected(&self.alternatives(it)));
                format!("add \"{key}\", {}", wanted.as_deref().unwrap_or("anything"))
            }
        };
        if let Some(schema) = schema {
            let all = self.alternatives(schema);
            self.at(key, |it| it.add(&all));
        }
        self.wrong_at(key, Code::E004, "must be given, and is missing".to_owned(), mend);
    }

    /// A value that could stand where `schema` is asked for, if the schema gives one.
    pub fn example(&self, schema: &'s Value) -> Option<String> {
        let own = schema.as_object().and_then(words::example);
        own.or_else(|| self.alternatives(schema).iter().find_map(Alternative::example))
    }

    fn inside(&mut self, at: impl Into<Segment>, node: &Node, schema: &'s Value) {
        self.at(at, |it| it.node(node, schema));
    }

    /// Looks at something one step further down.
    fn at(&mut self, at: impl Into<Segment>, look: impl FnOnce(&mut Walk<'s, '_>)) {
        let (schema, repairs) = (self.schema, &mut *self.repairs);
        self.findings.inside(at, |findings| {
            look(&mut Walk { schema, findings, repairs, settled: Vec::new() });
        });
    }
}
