//! Where several things may stand: which of them was meant?
//!
//! "It matches none of the alternatives" helps nobody, so one alternative is picked, by the type
//! of the value and the keys of the object, and what is said is about that one.

use super::shape::Walk;
use super::tree::{Entry, Kind, Node};
use super::words::{self, Schema, names, types};
use crate::problem::{Code, nearest, shown, suggest};
use indexmap::IndexMap;
use serde_json::Value;

/// One of the things that may stand at a place.
#[derive(Clone, Copy)]
pub struct Alternative<'s> {
    pub schema: &'s Schema,
    /// The name of the type whose alternatives these are.
    pub name: Option<&'s str>,
    /// A quantity that makes sense at this very place.
    pub such_as: Option<&'s Value>,
}

impl<'s> Alternative<'s> {
    /// A value that could stand there, as it would be written.
    pub fn example(&self) -> Option<String> {
        self.such_as.map(Value::to_string).or_else(|| words::example(self.schema))
    }

    pub fn property(&self, key: &str) -> Option<&'s Value> {
        self.schema.get("properties").and_then(|it| it.get(key))
    }

    pub fn required(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let keys = self.schema.get("required").and_then(Value::as_array);
        keys.into_iter().flatten().filter_map(|key| key.as_str())
    }

    /// The key that tells an object of this kind from the others: the first that it must have.
    fn head(&self) -> Option<&'s str> {
        self.required().next()
    }

    /// `{"name": parameters}`, where the name says which of the alternatives it is.
    fn is_tagged(&self) -> bool {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties.is_some_and(|it| it.len() == 1) && self.head().is_some()
    }

    fn is_object(&self) -> bool {
        types(self.schema).contains(&"object")
    }

    fn admits(&self, node: &Node) -> bool {
        let found = match &node.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Number(_) => "number",
            Kind::Text(_) => "string",
            Kind::List(_) => "array",
            Kind::Object(_) => "object",
        };
        types(self.schema).iter().any(|it| *it == found || *it == "integer" && found == "number")
    }
}

impl<'s> Walk<'s, '_> {
    /// Finds the alternative that was meant, or tells why there is none.
    pub fn choose(&mut self, node: &Node, all: &[Alternative<'s>]) -> Option<Alternative<'s>> {
        // That nothing at all may stand here instead makes no choice of one thing.
        let null = |it: &Alternative| types(it.schema) == ["null"];
        let some = all.iter().copied().filter(|it| !null(it) || matches!(node.kind, Kind::Null));
        let all = some.collect::<Vec<_>>();
        let all = all.as_slice();
        let fitting: Vec<Alternative> = all.iter().copied().filter(|it| it.admits(node)).collect();
        match (&node.kind, fitting.as_slice()) {
            (Kind::Text(text), _) if all.len() > 1 => self.choose_text(text, node, all),
            (_, []) => {
                self.wrong_type(node, all);
                None
            }
            (Kind::Object(entries), [only]) if only.is_tagged() && all.len() > 1 => {
                self.choose_object(entries, all, &fitting)
            }
            (_, [only]) => Some(*only),
            (Kind::Object(entries), several) => self.choose_object(entries, all, several),
            (Kind::List(elements), several) => Some(self.choose_list(elements, several)),
            // Only numbers are left that could be of two kinds: the wider one is meant.
            (_, several) => {
                let wide = several.iter().find(|it| types(it.schema).contains(&"number"));
                Some(*wide.unwrap_or(&several[0]))
            }
        }
    }

    /// By the first element, and no deeper, or lists in lists would take for ever.
    fn choose_list(&self, elements: &[Node], several: &[Alternative<'s>]) -> Alternative<'s> {
        let suits = |it: &&Alternative<'s>| {
            let items = it.schema.get("items").map(|items| self.alternatives(items));
            elements.first().is_none_or(|first| {
                items.is_none_or(|items| items.iter().any(|item| item.admits(first)))
            })
        };
        *several.iter().find(suits).unwrap_or(&several[0])
    }

    fn choose_text(
        &mut self,
        text: &str,
        node: &Node,
        all: &[Alternative<'s>],
    ) -> Option<Alternative<'s>> {
        let texts: Vec<Alternative> = all.iter().copied().filter(|it| it.admits(node)).collect();
        let listed = texts.iter().find(|it| names(it.schema).contains(&text));
        let open = |it: &&Alternative| names(it.schema).is_empty();
        let read =
            |it: &&Alternative| words::unit(it.schema).is_none_or(|(_, read)| read(text).is_ok());
        if let Some(found) = listed.or_else(|| texts.iter().filter(open).find(read)) {
            return Some(*found);
        }
        // It looks like a quantity, or nothing else could be a text.
        let quantity =
            text.trim_start().starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        let tags: Vec<&str> = tags(all.iter().filter(|it| it.is_tagged()), all);
        if let Some(unit) = texts.iter().find(open).filter(|_| quantity || tags.is_empty()) {
            return Some(*unit);
        }
        if tags.is_empty() {
            self.wrong_type(node, all);
        } else if let Some(tagged) = all.iter().find(|it| it.head() == Some(text)) {
            let inner = tagged.property(text).and_then(|it| self.example(it));
            let mend = format!("write {{\"{text}\": {}}}", inner.as_deref().unwrap_or("…"));
            self.fit(all);
            self.wrong(Code::E005, format!("\"{text}\" must say more than its name"), mend);
        } else {
            let rule = format!("no {} is called {}", what(all), shown(text));
            self.fit(all);
            self.wrong(Code::E008, rule, self.quantity_or(all, text, tags));
        }
        None
    }

    /// What to write where a quantity may stand, or one of these names.
    fn quantity_or(&self, all: &[Alternative<'s>], text: &str, names: Vec<&str>) -> String {
        let quantity = all.iter().find_map(|it| Some((words::unit(it.schema)?.0, it.example()?)));
        match (nearest(text, names.iter().copied()), quantity) {
            (None, Some((what, example))) => {
                format!("write {what}, as in {example}, or one of {}", names.join(", "))
            }
            _ => suggest(text, names),
        }
    }

    fn choose_object(
        &mut self,
        entries: &IndexMap<String, Entry>,
        all: &[Alternative<'s>],
        several: &[Alternative<'s>],
    ) -> Option<Alternative<'s>> {
        let has = |key: &&str| entries.contains_key(*key);
        // Less is better: keys that are missing, and then keys that nobody knows.
        let unlike = |it: &Alternative| {
            let present = it.required().filter(has).count();
            let missing = it.required().count() - present;
            let unknown = entries.keys().filter(|key| it.property(key).is_none()).count();
            (self.tagged_otherwise(it, entries), present == 0, missing, unknown)
        };
        let meant = *several.iter().min_by_key(|it| unlike(it))?;
        if meant.required().any(|key| entries.contains_key(key)) {
            self.refuse_other_heads(entries, meant, several);
            return Some(meant);
        }
        // None has a key that tells; one that needs none may be meant.
        if let Some(free) =
            several.iter().filter(|it| it.head().is_none()).min_by_key(|it| unlike(it))
        {
            return Some(*free);
        }
        self.unknown_tag(entries, all);
        None
    }

    /// An object that says `"kind": "a"` is not the alternative whose kind is "b".
    fn tagged_otherwise(&self, it: &Alternative, entries: &IndexMap<String, Entry>) -> bool {
        entries.iter().any(|(key, entry)| {
            let constant = it.property(key).and_then(|schema| schema.get("const"));
            constant.is_some_and(|constant| *constant != entry.node.value())
        })
    }

    /// `{"cpu": …, "call": …}` are two steps, and an object can be only one.
    fn refuse_other_heads(
        &mut self,
        entries: &IndexMap<String, Entry>,
        meant: Alternative<'s>,
        several: &[Alternative<'s>],
    ) {
        let Some(head) = meant.head() else { return };
        let heads: Vec<&str> = several.iter().filter_map(Alternative::head).collect();
        for (key, entry) in entries {
            if meant.property(key).is_none() && heads.contains(&key.as_str()) {
                let rule = format!("\"{key}\" cannot stand beside \"{head}\"");
                let mend = format!("a {} has only one of them", what(several));
                self.unknown(key, &entry.node, None);
                self.wrong_at(key, Code::E010, rule, mend);
                self.settled.push(key.clone());
            }
        }
    }

    fn unknown_tag(&mut self, entries: &IndexMap<String, Entry>, all: &[Alternative<'s>]) {
        let (tags, what) = (tags(all.iter().filter(|it| it.is_object()), all), what(all));
        let keys = || entries.keys().map(String::as_str);
        let close = keys().find(|key| nearest(key, tags.iter().copied()).is_some());
        let Some(key) = close.or_else(|| keys().next()) else {
            let rule = format!("must say which {what} it is");
            self.fit(all);
            return self.wrong(Code::E004, rule, suggest("", tags));
        };
        if all.iter().any(|it| names(it.schema).contains(&key)) {
            let rule = format!("\"{key}\" has nothing more to say");
            self.fit(all);
            return self.wrong(Code::E005, rule, format!("write \"{key}\""));
        }
        let rule = format!("no {what} is called {}", shown(key));
        match nearest(key, tags.iter().copied()) {
            Some(meant) => self.unknown(key, &entries[key].node, Some(meant)),
            None => self.fit(all),
        }
        self.wrong_at(key, Code::E003, rule, suggest(key, tags));
    }
}

/// What these are alternatives of, in words: `distribution`.
fn what(all: &[Alternative]) -> String {
    all.iter().find_map(|it| it.name).map_or("choice".to_owned(), words::spoken)
}

/// The names among which a user chooses: the heads of `objects`, and the texts that are listed.
fn tags<'a, 's: 'a>(
    objects: impl Iterator<Item = &'a Alternative<'s>>,
    all: &'a [Alternative<'s>],
) -> Vec<&'s str> {
    let listed = all.iter().flat_map(|it| names(it.schema));
    objects.filter_map(Alternative::head).chain(listed).collect()
}
