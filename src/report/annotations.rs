//! Expectations as annotations of GitHub's workflows: `::error file=…::…` on a line of its own.
//! GitHub Docs, "Workflow commands for GitHub Actions", setting an error or warning message.

use super::checked::{remarks, verdict};
use crate::outcome::{Kept, Outcome};

/// One line for each expectation that does not hold, and each regression. `file` is where it stands.
pub fn text(outcome: &Outcome, file: &str) -> String {
    let mut text = String::new();
    let mut annotate = |level: &str, title: &str, message: &str| {
        let (file, title) = (property(file), property(title));
        text.push_str(&format!("::{level} file={file},title={title}::{}\n", escaped(message)));
    };
    for it in outcome.expectations.iter().filter(|it| it.verdict != Kept::Pass) {
        let level = if it.verdict == Kept::Fail { "error" } else { "warning" };
        let title = format!("{}: {}", outcome.experiment, verdict(it.verdict));
        annotate(level, &title, &format!("{}\n{}", it.text, remarks(it).join("\n")));
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn what_does_not_hold_is_annotated_in_the_form_that_github_reads() {
        let text = text(&fixture::blitz(), "a,b:c%.json");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        let start = "::error file=a%2Cb%3Ac%25.json,title=series-b-blitz%3A fails::";
        assert!(lines[0].starts_with(start), "{text}");
        assert!(lines[1].starts_with("::warning file="), "{text}");
    }
}
