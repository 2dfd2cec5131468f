//! Paths into a file: `services.app.operations.login[0].cpu`.

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

/// As a user would write it: `services.app.operations.login[0].cpu`; `.` for the whole file.
///
/// A key that would be misread stands in quotes: `hosts."eu.west".cores`.
pub fn path_text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                match key.is_empty() || key.contains(must_be_quoted) {
                    true => text.push_str(&serde_json::Value::from(key.as_str()).to_string()),
                    false => text.push_str(key),
                }
            }
        }
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

fn must_be_quoted(c: char) -> bool {
    matches!(c, '.' | '[' | ']' | '"' | '=' | ':' | '\\') || c.is_whitespace() || c.is_control()
}

/// Reads what [`path_text`] writes; the error says what is wrong with it.
pub fn parse_path(text: &str) -> Result<Vec<Segment>, String> {
    let mut path = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a path is missing, such as hosts.rack.cores".to_owned());
    }
    if rest == "." {
        return Ok(path);
    }
    loop {
        let (segment, after) = first_segment(rest)?;
        path.push(segment);
        rest = match after.strip_prefix('.') {
            Some("") => return Err("the path ends in a dot".to_owned()),
            Some(more) if more.starts_with('[') => {
                return Err("write [0] without a dot before it".to_owned());
            }
            Some(more) => more,
            None if after.is_empty() => return Ok(path),
            None if after.starts_with('[') => after,
            None => return Err(format!("a dot is missing before \"{after}\"")),
        };
    }
}

fn first_segment(text: &str) -> Result<(Segment, &str), String> {
    if let Some(inner) = text.strip_prefix('[') {
        let (number, after) = inner.split_once(']').ok_or("a [ is not closed")?;
        let index = number.trim().parse().map_err(|_| {
            format!("\"{number}\" is no place in a list; they are counted from [0]")
        })?;
        return Ok((Segment::Index(index), after));
    }
    if text.starts_with('"') {
        let end = closing_quote(text).ok_or("a \" is not closed")?;
        let key = serde_json::from_str(&text[..end]).map_err(|_| "the quoted key is not JSON")?;
        return Ok((Segment::Key(key), &text[end..]));
    }
    let end = text.find(['.', '[', ']', '"']).unwrap_or(text.len());
    match &text[..end] {
        "" => Err("a key is missing between two dots".to_owned()),
        key => Ok((Segment::Key(key.to_owned()), &text[end..])),
    }
}

/// The place after the quote that closes the one at the beginning.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return Some(at + 1),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_written() {
        for text in [
            ".",
            "hosts.rack.cores",
            "services.app.operations.login[0].cpu",
            "matrix[1][2]",
            "[3].name",
            r#"hosts."eu.west".cores"#,
            r#""".x"#,
            r#"a."say \"hi\\"[0]"#,
        ] {
            assert_eq!(path_text(&parse_path(text).unwrap()), text);
        }
        assert_eq!(parse_path("a.\"b\"").unwrap(), parse_path("a.b").unwrap());
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, why) in [
            ("", "a path is missing, such as hosts.rack.cores"),
            ("a..b", "a key is missing between two dots"),
            ("a.", "the path ends in a dot"),
            ("a.[0]", "write [0] without a dot before it"),
            ("a[0", "a [ is not closed"),
            ("a[-1]", "\"-1\" is no place in a list; they are counted from [0]"),
            ("a[0]b", "a dot is missing before \"b\""),
            ("a.\"b", "a \" is not closed"),
        ] {
            assert_eq!(parse_path(text).unwrap_err(), why, "{text}");
        }
    }
}
