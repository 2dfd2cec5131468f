//! A first look at a text, before it is parsed: is it small enough to be, and does JSON hold it?
//!
//! The parser goes down into the text by recursion and takes a few liberties with JSON; this look
//! is a loop over the bytes, and sees to both.

use super::syntax::Wrong;
use super::{MAX_DEPTH, MAX_VALUES};
use crate::problem::Code;

/// What a first look finds.
pub enum Look {
    /// It must not be parsed.
    TooLarge(Wrong),
    /// It is not JSON here, though something before it may be wrong as well.
    Wrong(Wrong),
    Fine,
}

/// Walks over the text once.
pub fn look(text: &str) -> Look {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut values) = (0, 0usize, 1usize);
    // After a mistake of spelling the look goes on, since the depth must be known to the end.
    let mut wrong: Option<Wrong> = None;
    while let Some(&byte) = bytes.get(at) {
        let found = match byte {
            b'"' => text_end(text, at),
            b'/' => Ok(comment_end(text, at)),
            b' ' | b'\t' | b'\n' | b'\r' => Ok(at + 1),
            0..=0x1f | 0x7f.. => stray(text, at),
            _ => Ok(at + 1),
        };
        match byte {
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            let rule = format!("nested more than {MAX_DEPTH} levels deep");
            let deep = Wrong::new(Code::E012, at..at + 1, rule, "");
            return Look::TooLarge(wrong.unwrap_or(deep));
        }
        if values > MAX_VALUES {
            let rule = format!("more than {MAX_VALUES} values in one file");
            let mend = "long series belong in a CSV file";
            return Look::TooLarge(Wrong::new(Code::E012, at..at + 1, rule, mend));
        }
        at = found.unwrap_or_else(|(next, it)| {
            wrong.get_or_insert(it);
            next
        });
    }
    wrong.map_or(Look::Fine, Look::Wrong)
}

/// The place after the text literal that begins at `at`.
fn text_end(text: &str, start: usize) -> Result<usize, (usize, Wrong)> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += 2,
            None | Some(b'\n' | b'\r') => {
                let end = at.min(bytes.len());
                let rule = "this text is not closed on its line";
                let mend = "add the \" at its end; write \\n for a new line inside";
                return Err((end, Wrong::new(Code::E001, start..end, rule, mend)));
            }
            Some(byte @ ..=0x1f) => {
                let rule = format!("a text cannot hold the control character U+{byte:04X}");
                let mend = format!("write \\u{byte:04x}");
                return Err((at + 1, Wrong::new(Code::E001, at..at + 1, rule, mend)));
            }
            Some(_) => at += 1,
        }
    }
}

/// The place after the comment that begins at `at`, or after the slash if none does.
fn comment_end(text: &str, start: usize) -> usize {
    let rest = &text[start + 1..];
    match rest.as_bytes().first() {
        Some(b'/') => rest.find(['\n', '\r']).map_or(text.len(), |end| start + 1 + end),
        Some(b'*') => rest[1..].find("*/").map_or(text.len(), |end| start + 4 + end),
        _ => start + 1,
    }
}

/// A character that has no place outside of texts and comments.
fn stray(text: &str, at: usize) -> Result<usize, (usize, Wrong)> {
    let c = text[at..].chars().next().unwrap_or_default();
    let end = at + c.len_utf8();
    let (name, mend) = match c {
        '“' | '”' | '„' | '«' | '»' | '‘' | '’' => {
            (c.to_string(), "write straight quotes: \"")
        }
        '\u{a0}' | '\u{202f}' => ("a no-break space".to_owned(), "write an ordinary space"),
        '\u{feff}' | '\u{200b}'..='\u{200f}' => {
            (format!("the invisible U+{:04X}", c as u32), "remove it")
        }
        c if c.is_control() => (format!("the control character U+{:04X}", c as u32), "remove it"),
        c => (c.to_string(), "texts and keys stand in double quotes"),
    };
    let rule = format!("{name} cannot stand outside of quotes");
    Err((end, Wrong::new(Code::E001, at..end, rule, mend)))
}
