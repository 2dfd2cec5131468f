//! From text to tree: JSON with comments and trailing commas, and nothing looser.

use super::token::{Look, look};
use super::tree::{Entry, Kind, Node, Place, Twice};
use super::{MAX_PROBLEMS, number};
use crate::problem::{Code, Segment, shown};
use indexmap::map;
use jsonc_parser::ast::{self, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, ParseStringErrorKind, parse_to_ast};
use std::ops::Range;

/// A mistake of grammar; it hides whatever comes after it.
pub struct Wrong {
    pub code: Code,
    pub range: Range<usize>,
    pub rule: String,
    pub mend: String,
}

impl Wrong {
    pub fn new(
        code: Code,
        range: Range<usize>,
        rule: impl Into<String>,
        mend: impl Into<String>,
    ) -> Wrong {
        Wrong { code, range, rule: rule.into(), mend: mend.into() }
    }
}

/// Reads a whole text; adds the keys that stand twice to `twice`.
pub fn parse(text: &str, twice: &mut Vec<Twice>) -> Result<Node, Wrong> {
    const STRICT: ParseOptions = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let spelling = match look(text) {
        Look::TooLarge(wrong) => return Err(wrong),
        Look::Wrong(wrong) => Some(wrong),
        Look::Fine => None,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT);
    let wrong = parsed.as_ref().err().map(|error| in_words(text, error));
    // The earlier mistake is the one to mend first.
    if let Some(wrong) = [spelling, wrong].into_iter().flatten().min_by_key(|it| it.range.start) {
        return Err(wrong);
    }
    match parsed.ok().and_then(|it| it.value) {
        Some(value) => Build { path: Vec::new(), twice }.node(value),
        None => {
            let end = text.trim_end().len();
            let rule = match text.trim().is_empty() {
                true => "the file is empty",
                false => "the file has nothing but comments",
            };
            Err(Wrong::new(
                Code::E001,
                end..end,
                rule,
                "start from one that runs: models/first.json, or experiments/first.json for an experiment",
            ))
        }
    }
}

/// Makes our own tree of the parser's, which borrows from the text.
struct Build<'a> {
    path: Vec<Segment>,
    twice: &'a mut Vec<Twice>,
}

impl Build<'_> {
    fn node(&mut self, value: Value) -> Result<Node, Wrong> {
        let range = value.range();
        let kind = match value {
            Value::NullKeyword(_) => Kind::Null,
            Value::BooleanLit(it) => Kind::Bool(it.value),
            Value::NumberLit(it) => {
                Kind::Number(number::of_literal(it.value).ok_or_else(|| {
                    let rule = format!("{} is larger than a number can be", shown(it.value));
                    Wrong::new(
                        Code::E007,
                        range.start..range.end,
                        rule,
                        "the largest is about 1.8e308",
                    )
                })?)
            }
            Value::StringLit(it) => Kind::Text(it.value.into_owned()),
            Value::Array(it) => {
                let mut elements = Vec::with_capacity(it.elements.len());
                for (index, element) in it.elements.into_iter().enumerate() {
                    self.path.push(index.into());
                    elements.push(self.node(element)?);
                    self.path.pop();
                }
                Kind::List(elements)
            }
            Value::Object(it) => self.object(it)?,
        };
        Ok(Node { place: Place::file(range.start, range.end), kind })
    }

    fn object(&mut self, object: ast::Object) -> Result<Kind, Wrong> {
        let mut entries = indexmap::IndexMap::with_capacity(object.properties.len());
        for property in object.properties {
            let range = property.name.range();
            let name = property.name.into_string();
            self.path.push(Segment::from(&name));
            let node = self.node(property.value)?;
            let place = Place::file(range.start, range.end);
            match entries.entry(name) {
                map::Entry::Vacant(entry) => {
                    entry.insert(Entry { key: place, node });
                }
                map::Entry::Occupied(entry) => {
                    if let Place::File { start, .. } = entry.get().key
                        && self.twice.len() < MAX_PROBLEMS
                    {
                        let (path, first) = (self.path.clone(), start as usize);
                        self.twice.push(Twice { path, first, range: range.start..range.end });
                    }
                }
            }
            self.path.pop();
        }
        Ok(Kind::Object(entries))
    }
}

/// What the parser says, in the words of this program.
fn in_words(text: &str, error: &ParseError) -> Wrong {
    use ParseErrorKind::*;
    let range = error.range().start..error.range().end;
    let there = &text[range.clone()];
    let first = range.start..range.start + there.chars().next().map_or(0, char::len_utf8);
    let wrong = |range, rule: &str, mend: &str| Wrong::new(Code::E001, range, rule, mend);
    match error.kind() {
        ExpectedComma => wrong(range, "a comma is missing here", ""),
        UnterminatedObject => wrong(first, "this { is never closed", "add the missing }"),
        UnterminatedArray => wrong(first, "this [ is never closed", "add the missing ]"),
        UnterminatedCommentBlock => wrong(
            range.start..(range.start + 2).min(text.len()),
            "this comment is never closed",
            "add the missing */",
        ),
        ExpectedColonAfterObjectKey => {
            wrong(range, "a colon must follow the key", "write \"key\": value")
        }
        ExpectedObjectValue => wrong(range, "the value of the key is missing", ""),
        ExpectedStringObjectProperty => {
            let mend = format!("write \"{}\"", crate::problem::cut(there, 60));
            wrong(range, "a key must stand in double quotes", &mend)
        }
        UnexpectedWord | NonFiniteNumbersNotAllowed => word(range, there),
        UnexpectedComma => wrong(range, "a value is missing before this comma", ""),
        UnexpectedCloseBrace => wrong(range, "this } closes nothing", "lists end with ]"),
        UnexpectedCloseBracket => wrong(range, "this ] closes nothing", "objects end with }"),
        UnexpectedColon => {
            wrong(range, "a colon can only follow a key in an object", "objects stand in { }")
        }
        MultipleRootJsonValues => wrong(range, "the file should end here", "it holds one object"),
        SingleQuotedStringsNotAllowed => {
            wrong(range, "texts stand in double quotes, not single ones", "write \"")
        }
        HexadecimalNumbersNotAllowed => {
            wrong(range, "numbers are written in decimal", "write 255, not 0xff")
        }
        UnaryPlusNumbersNotAllowed => wrong(range, "a number has no plus sign", "remove the +"),
        BareDecimalPointNumbersNotAllowed => {
            wrong(range, "a number needs a digit on both sides of its point", "write 0.5 or 5.0")
        }
        ExpectedDigit | ExpectedDigitFollowingNegativeSign => {
            wrong(range, "a digit is missing in this number", "")
        }
        ExpectedPlusMinusOrDigitInNumberLiteral => {
            wrong(range, "the number after e is missing", "write 1e9")
        }
        String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            wrong(range, "this text is not closed", "add the \" at its end")
        }
        String(_) => wrong(
            range,
            "this is no escape that JSON knows",
            "there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits",
        ),
        NestingDepthExceeded => Wrong::new(Code::E012, first, "nested too deep", ""),
        UnexpectedTokenInObject => wrong(range, "a key in double quotes should stand here", ""),
        UnexpectedToken | CommentsNotAllowed | TrailingCommasNotAllowed => {
            wrong(range, &format!("{} cannot stand here", shown(there)), "")
        }
    }
}

/// A bare word where a value should stand.
fn word(range: Range<usize>, there: &str) -> Wrong {
    let (rule, mend) = match there.to_lowercase().as_str() {
        "nan" | "-nan" | "infinity" | "-infinity" => (
            "a number must be finite".to_owned(),
            "leave the key out if there is no limit".to_owned(),
        ),
        "true" | "false" | "null" => (
            format!("{there} is written in small letters"),
            format!("write {}", there.to_lowercase()),
        ),
        "none" | "nil" | "undefined" => (format!("{there} is no value"), "write null".to_owned()),
        _ => {
            let there = shown(there);
            ("a text must stand in double quotes".to_owned(), format!("write {there}"))
        }
    };
    Wrong::new(Code::E001, range, rule, mend)
}
