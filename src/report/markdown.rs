//! Expectations as Markdown, for the summary of a CI job or a comment on a pull request.

use super::checked::{remarks, verdict};
use super::figure;
use crate::outcome::{Kept, Outcome};

/// A section for each experiment: what holds and what does not.
pub fn text(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(section).collect::<Vec<_>>().join("\n")
}

fn section(outcome: &Outcome) -> String {
    let mut text = format!("### {}\n\n", cell(&outcome.experiment));
    let count = |kept: Kept| outcome.expectations.iter().filter(|it| it.verdict == kept).count();
    let counts = [Kept::Pass, Kept::Fail, Kept::CannotTell];
    let counts = counts.map(|it| (count(it), verdict(it)));
    let counts = counts.iter().filter(|it| it.0 > 0);
    let counts: Vec<String> =
        counts.map(|(n, word)| format!("{n} {}", of_so_many(word, *n))).collect();
    text.push_str(&format!(
        "Of {} expectations: {}.\n\n",
        outcome.expectations.len(),
        counts.join(", ")
    ));
    text.push_str("| | expectation | came to |\n|---|---|---|\n");
    for it in &outcome.expectations {
        let about =
            if it.about.is_empty() { String::new() } else { format!("<br>{}", cell(&it.about)) };
        let remarks: Vec<String> = remarks(it).iter().map(|it| cell(it)).collect();
        text.push_str(&format!(
            "| {} {} | `{}`{about} | {} |\n",
            mark(it.verdict),
            verdict(it.verdict),
            it.text.replace('`', "'").replace('|', "\\|"),
            remarks.join("<br>")
        ));
    }
    text.push_str(&baseline(outcome));
    text
}

/// How the figures differ from those of before.
fn baseline(outcome: &Outcome) -> String {
    let Some(baseline) = &outcome.baseline else { return String::new() };
    let mut text = "\n| metric | before | now | difference | |\n|---|---|---|---|---|\n".to_owned();
    for it in &baseline.changes {
        text.push_str(&format!(
            "| {} {} | {} | {} | {} | {} |\n",
            cell(&it.place),
            cell(&it.metric),
            figure::figure(&it.before),
            figure::figure(&it.now),
            figure::difference(&it.difference),
            it.verdict_text()
        ));
    }
    text.push_str(&format!("\n{}\n", baseline.method()));
    text
}

fn of_so_many(word: &str, n: usize) -> String {
    match (word, n) {
        ("holds", 2..) => "hold".to_owned(),
        ("fails", 2..) => "fail".to_owned(),
        ("cannot tell", _) => "cannot be told".to_owned(),
        _ => word.to_owned(),
    }
}

fn mark(kept: Kept) -> &'static str {
    match kept {
        Kept::Pass => "✅",
        Kept::Fail => "❌",
        Kept::CannotTell => "❔",
    }
}

/// What would end a cell or begin an element is escaped.
fn cell(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_expectation_has_a_row_that_no_text_breaks() {
        let mut outcome = fixture::blitz();
        outcome.expectations[0].about = "a | b <img>\nc".to_owned();
        let text = text(&[outcome]);
        let rows: Vec<&str> = text.lines().filter(|it| it.starts_with("| ")).collect();
        assert_eq!(rows.len(), 4, "{text}");
        assert!(rows[1].contains("a \\| b &lt;img> c"), "{text}");
        assert!(text.contains("Of 3 expectations: 1 holds, 1 fails, 1 cannot be told."), "{text}");
    }
}
