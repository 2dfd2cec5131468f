//! What a schema asks for and what a file holds, in words.

use super::choice::Alternative;
use super::tree::{Kind, Node};
use crate::problem::{cut, shown};
use crate::units::{Bandwidth, Bytes, DataPrice, Price, Rate, Share, Span};
use serde_json::{Map, Value};

pub type Schema = Map<String, Value>;

/// Says what is wrong with a text that is to hold a quantity.
pub type Check = fn(&str) -> Result<(), String>;

/// What a file holds somewhere: `the text "abc"`, `2.5`, `a list`.
pub fn there(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(it) => it.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("the text {}", shown(text)),
        Kind::List(_) => "a list".to_owned(),
        Kind::Object(_) => "an object".to_owned(),
    }
}

/// What may stand at a place: `a whole number`, `a length of time such as "15ms" or an object`.
pub fn expected(alternatives: &[Alternative]) -> String {
    let mut kinds: Vec<String> = Vec::new();
    for alternative in alternatives {
        let kind = one_expected(alternative);
        if kind != "null" && !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    match kinds.split_last() {
        None => "null".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

fn one_expected(alternative: &Alternative) -> String {
    let schema = alternative.schema;
    if let Some((what, _)) = unit(schema) {
        return match alternative.example() {
            Some(example) => format!("{what} such as {example}"),
            None => what.to_owned(),
        };
    }
    let names = names(schema);
    if !names.is_empty() {
        let quoted: Vec<String> = names.iter().take(12).map(|it| format!("\"{it}\"")).collect();
        return quoted.join(" or ");
    }
    let types = types(schema).into_iter().filter(|it| *it != "null");
    let words = types.map(|name| match name {
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "string" => "a text",
        "array" => "a list",
        "object" => "an object",
        _ => "something else",
    });
    let words: Vec<&str> = words.collect();
    if words.is_empty() { "null".to_owned() } else { words.join(" or ") }
}

/// The kind of quantity that a text must hold, and how to read it.
pub fn unit(schema: &Schema) -> Option<(&'static str, Check)> {
    Some(match schema.get("x-unit")?.as_str()? {
        "Span" => ("a length of time", |text| Span::parse(text).map(drop)),
        "Rate" => ("a rate", |text| Rate::parse(text).map(drop)),
        "Bytes" => ("a size", |text| Bytes::parse(text).map(drop)),
        "Bandwidth" => ("a bandwidth", |text| Bandwidth::parse(text).map(drop)),
        "Share" => ("a share", |text| Share::parse(text).map(drop)),
        "DataPrice" => ("a price of data", |text| DataPrice::parse(text).map(drop)),
        "Price" => ("a price", |text| Price::parse(text).map(drop)),
        _ => return None,
    })
}

/// A value that could stand there, as it would be written.
pub fn example(schema: &Schema) -> Option<String> {
    let first = schema.get("examples").and_then(|it| it.get(0)).cloned();
    let name = || names(schema).first().map(|it| Value::from(*it));
    first.or_else(name).map(|it| it.to_string())
}

/// The unit of the example, to show a bare number with it.
pub fn example_unit(alternative: &Alternative) -> Option<String> {
    let example = alternative.example()?;
    let unit =
        example.trim_matches('"').trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    Some(unit.to_owned())
}

/// The texts that a schema lists one by one.
pub fn names(schema: &Schema) -> Vec<&str> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => only.as_str().into_iter().collect(),
        (None, Some(Value::Array(all))) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The JSON types that a schema admits; all of them if it does not say.
pub fn types(schema: &Schema) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(only)) => vec![only],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec!["null", "boolean", "number", "string", "array", "object"],
    }
}

/// `MissingPolicy` as a user would say it: "missing policy".
pub fn spoken(type_name: &str) -> String {
    let mut words = String::new();
    for c in cut(type_name, 60).chars() {
        match c {
            '_' => words.push(' '),
            c if c.is_uppercase() && !words.is_empty() && !words.ends_with(' ') => {
                words.push(' ');
                words.extend(c.to_lowercase());
            }
            c => words.extend(c.to_lowercase()),
        }
    }
    words
}
