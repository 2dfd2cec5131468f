//! A text with its lines: turns places in it into line, column and excerpt.

use super::{Code, Problem, Segment, path_text, show};
use std::ops::Range;

/// A file's text, and where its lines start.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    /// The place of each line's first byte.
    lines: Vec<usize>,
}

/// The line that a problem stands in, or what fits on a screen of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    pub text: String,
    /// The bytes of `text` to point at; empty for a gap between two characters.
    pub marked: Range<usize>,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Source {
        let bytes = text.as_bytes();
        // As editors count: \n, \r\n and \r each end a line.
        let ends = bytes.iter().enumerate().filter(|&(at, byte)| {
            *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
        });
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Source { name: name.to_owned(), text: text.to_owned(), lines }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of the byte at `at`, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// A problem with the bytes `range`, which must lie between characters.
    pub fn problem(
        &self,
        range: Range<usize>,
        code: Code,
        path: &[Segment],
        rule: impl Into<String>,
        mend: impl Into<String>,
    ) -> Problem {
        let line = self.line(range.start);
        let start = self.lines[line - 1];
        Problem {
            code,
            file: self.name.clone(),
            line: Some(line),
            column: Some(1 + self.text[start..range.start].chars().count()),
            path: show::cut(&path_text(path), 200),
            rule: rule.into(),
            mend: mend.into(),
            excerpt: Some(self.excerpt(range)),
        }
    }

    /// The line around `range`, which is cut where the line ends.
    fn excerpt(&self, range: Range<usize>) -> Excerpt {
        /// Characters shown before the place and after it.
        const AROUND: usize = 60;
        let line = self.line(range.start);
        let from = self.lines[line - 1];
        let to = self.lines.get(line).copied().unwrap_or(self.text.len());
        let to = from + self.text[from..to].trim_end_matches(['\r', '\n']).len();

        let at = range.start.min(to);
        let start = self.text[from..at].char_indices().rev().nth(AROUND - 1);
        let start = start.map_or(from, |(offset, _)| from + offset);
        let end = self.text[at..to].char_indices().nth(AROUND);
        let end = end.map_or(to, |(offset, _)| at + offset);

        let before = if start > from { "…" } else { "" };
        let after = if end < to { "…" } else { "" };
        let shift = |place: usize| place.clamp(start, end) - start + before.len();
        Excerpt {
            text: format!("{before}{}{after}", &self.text[start..end]),
            marked: shift(at)..shift(range.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, range: Range<usize>) -> (usize, usize, String, String) {
        let problem = Source::new("x.json", text).problem(range, Code::E005, &[], "", "");
        let it = problem.excerpt.unwrap();
        let marked = it.text[it.marked].to_owned();
        (problem.line.unwrap(), problem.column.unwrap(), it.text, marked)
    }

    #[test]
    fn columns_count_characters_and_lines_end_as_in_editors() {
        let text = "a\r\n\t\"größe\": ?\rü!\n";
        let at = |c| text.find(c).unwrap();
        let line = "\t\"größe\": ?".to_owned();
        assert_eq!(place(text, at('?')..at('?') + 1), (2, 11, line, "?".to_owned()));
        assert_eq!(place(text, at('!')..at('!') + 1), (3, 2, "ü!".to_owned(), "!".to_owned()));
        assert_eq!(place(text, text.len()..text.len()), (4, 1, String::new(), String::new()));
        assert_eq!(place("", 0..0), (1, 1, String::new(), String::new()));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}here{}", "ä".repeat(5000), "b".repeat(5000));
        let (line, column, shown, marked) = place(&text, 10_000..10_004);
        assert_eq!((line, column, marked.as_str()), (1, 5001, "here"));
        let expected = format!("…{}here{}…", "ä".repeat(60), "b".repeat(56));
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_spans_lines_is_marked_to_the_end_of_the_first() {
        let (_, column, shown, marked) = place("ab {\n 1 }", 3..9);
        assert_eq!((column, shown.as_str(), marked.as_str()), (4, "ab {", "{"));
    }
}
