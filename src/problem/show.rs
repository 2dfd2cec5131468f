//! How problems are printed: as rustc prints its errors.

use super::{Excerpt, Problem};
use std::fmt;

/// A user's text in quotes, cut if it is long.
pub fn shown(text: &str) -> String {
    format!("\"{}\"", cut(text, 60))
}

/// At most `most` characters of a text.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Problem {
    /// The problem with an excerpt of its file; `colour` adds the escapes of ANSI terminals.
    pub fn render(&self, colour: bool) -> String {
        let paint = |style: &'static str| if colour { style } else { "" };
        let (red, blue, bold) = (paint("\x1b[1;31m"), paint("\x1b[1;34m"), paint("\x1b[1m"));
        let (cyan, plain) = (paint("\x1b[1;36m"), paint("\x1b[0m"));

        let line = self.line.map_or(String::new(), |line| line.to_string());
        let gutter = " ".repeat(line.len().max(1));
        let mut lines = vec![
            format!("{red}error[{}]{plain}{bold}: {}{plain}", self.code, harmless(&self.message())),
            format!("{gutter}{blue}-->{plain} {}", harmless(&self.place())),
        ];
        if let Some(excerpt) = &self.excerpt {
            let (text, carets) = excerpt.with_carets();
            lines.push(format!("{gutter} {blue}|{plain}"));
            lines.push(format!("{blue}{line} |{plain} {text}").trim_end().to_owned());
            lines.push(format!("{gutter} {blue}|{plain} {red}{carets}{plain}"));
        }
        if !self.mend.is_empty() {
            let mend = harmless(&self.mend);
            lines.push(format!("{gutter} {blue}={plain} {cyan}help{plain}: {mend}"));
        }
        lines.join("\n")
    }

    /// For logs: `models/shop.json:31:29  traffic.browse.call: no service is named "wbe"; …`.
    pub fn in_one_line(&self) -> String {
        let mend = if self.mend.is_empty() { "" } else { "; " };
        harmless(&format!("{}  {}{mend}{}", self.place(), self.message(), self.mend))
    }

    fn message(&self) -> String {
        match self.path.as_str() {
            "." => self.rule.clone(),
            path => format!("{path}: {}", self.rule),
        }
    }

    /// `models/shop.json:31:29`
    fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            _ => self.file.clone(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl Excerpt {
    /// The line without what would move the cursor, and the line of carets below it.
    fn with_carets(&self) -> (String, String) {
        let cells = |text: &str| text.chars().map(cells).sum::<usize>();
        let indent = cells(&self.text[..self.marked.start]);
        let carets = cells(&self.text[self.marked.clone()]).max(1);
        (harmless(&self.text), " ".repeat(indent) + &"^".repeat(carets))
    }
}

/// A text of the user's without the characters that could play tricks with a terminal.
fn harmless(text: &str) -> String {
    let replace = |c: char| match c {
        '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(replace).collect()
}

/// The columns that a terminal gives a character, roughly: enough to set carets below a line.
///
/// Unicode Standard Annex 11, wide ranges; combining marks and joiners take no column.
fn cells(c: char) -> usize {
    match c as u32 {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Source};
    use super::*;

    fn problem(text: &str, marked: &str) -> Problem {
        let start = text.find(marked).unwrap();
        let path = ["traffic".into(), "browse".into(), "call".into()];
        let source = Source::new("models/shop.json", text);
        let range = start..start + marked.len();
        source.problem(
            range,
            Code::E008,
            &path,
            "no service is named \"wbe\"",
            "did you mean \"web\"?",
        )
    }

    #[test]
    fn a_problem_reads_as_one_of_rustc() {
        let text = format!("{}  \"browse\": {{ \"call\": \"wbe.get\" }},\n", "\n".repeat(30));
        let expected = "\
error[E008]: traffic.browse.call: no service is named \"wbe\"
  --> models/shop.json:31:23
   |
31 |   \"browse\": { \"call\": \"wbe.get\" },
   |                       ^^^^^^^^^
   = help: did you mean \"web\"?";
        assert_eq!(problem(&text, "\"wbe.get\"").to_string(), expected);
        assert_eq!(
            problem(&text, "\"wbe.get\"").in_one_line(),
            "models/shop.json:31:23  traffic.browse.call: no service is named \"wbe\"; \
             did you mean \"web\"?"
        );
    }

    #[test]
    fn carets_stand_below_their_place_after_tabs_and_wide_characters() {
        let shown = problem("\t\"価格\": wbe", "wbe").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], " --> models/shop.json:1:8");
        assert_eq!(lines[3], "1 |  \"価格\": wbe");
        assert_eq!(lines[4], "  |          ^^^");
    }

    #[test]
    fn what_a_file_holds_cannot_steer_the_terminal() {
        let shown = problem("\u{1b}[2J \u{202e} wbe", "wbe").to_string();
        assert!(shown.contains("\u{fffd}[2J \u{fffd} wbe"), "{shown}");
        let coloured = problem("wbe", "wbe").render(true);
        assert!(coloured.starts_with("\x1b[1;31merror[E008]\x1b[0m"), "{coloured}");
    }

    #[test]
    fn a_problem_without_a_place_names_what_is_to_blame() {
        let it = Problem::without_place(Code::E011, "a.json", "there is no such file", "");
        assert_eq!(it.to_string(), "error[E011]: there is no such file\n --> a.json");
    }
}
