//! Users as recorded: a CSV file of numbers over time, with straight lines in between.

use super::USERS_MAX;
use crate::parts::clock::Clock;
use crate::parts::columns::{self, number};
use crate::problem::{Code, Findings};
use crate::units::{Span, significant};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where a recording stands, and which of its columns say what. Give `time` or `every`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// A CSV file with a header, beside this file.
    pub file: String,
    /// The column of times: "2024-02-29", "2024-02-29 13:45:00", or plain seconds. The first row
    /// is the start of the story.
    #[serde(default)]
    pub time: Option<String>,
    /// The column of users.
    #[serde(default = "users")]
    pub value: String,
    /// The time between two rows, where no column tells it.
    #[serde(default)]
    #[schemars(example = "1h")]
    pub every: Option<Span>,
    /// What the recorded numbers are multiplied with.
    #[serde(default = "one")]
    pub scale: f64,
    #[serde(skip)]
    series: Series,
}

fn users() -> String {
    "users".to_owned()
}
fn one() -> f64 {
    1.0
}

/// Users at instants, counted from the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    at: Vec<Span>,
    users: Vec<f64>,
}

impl Recorded {
    pub fn check(&self, findings: &mut Findings) {
        if self.time.is_some() == self.every.is_some() {
            let mend = "`time` names a column; `every` is for rows at equal distances";
            findings.wrong(Code::E010, "give either time or every", mend);
        }
        if self.every.is_some_and(Span::is_zero) {
            findings.wrong_at("every", Code::E007, "must be longer than nothing", "");
        }
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            let rule = format!("must be above zero, not {}", self.scale);
            findings.wrong_at("scale", Code::E007, rule, "");
        }
    }

    /// Takes in the text of the file; what is wrong with it is found at `file`, by line.
    pub fn load(&mut self, csv: &str, findings: &mut Findings) {
        if let Some(series) = self.parse(csv, findings) {
            self.series = series;
        }
    }

    pub fn parse(&self, csv: &str, findings: &mut Findings) -> Option<Series> {
        let mut series = Series::default();
        let value = ("value", self.value.as_str());
        let whole = if let Some(time) = &self.time {
            let mut clock = Clock::default();
            columns::read(csv, [("time", time), value], findings, |[time, users]| {
                let at = clock.read(time)?;
                series.push(at, users, self.scale)
            })
        } else {
            let every = self.every.unwrap_or_default();
            columns::read(csv, [value], findings, |[users]| {
                let rows = series.users.len() as u64;
                let at = every.nanos().checked_mul(rows).filter(|at| *at <= Span::MAX.nanos());
                let at = at.ok_or_else(|| "lies more than a hundred years on".to_owned())?;
                series.push(Span::from_nanos(at), users, self.scale)
            })
        };
        whole.then_some(series)
    }

    pub fn users_at(&self, at: Span) -> f64 {
        self.series.users_at(at)
    }

    /// What has been loaded.
    pub fn series(&self) -> &Series {
        &self.series
    }
}

impl Series {
    fn push(&mut self, at: Span, users: &str, scale: f64) -> Result<(), String> {
        let users = number(users)? * scale;
        if users > USERS_MAX {
            return Err(format!("more than {} users", significant(USERS_MAX)));
        }
        self.at.push(at);
        self.users.push(users);
        Ok(())
    }

    /// From the first to the last row.
    pub fn length(&self) -> Span {
        self.at.last().copied().unwrap_or_default()
    }

    /// On the straight line between two rows; after the last row, as many as there.
    pub fn users_at(&self, at: Span) -> f64 {
        let next = self.at.partition_point(|row| *row <= at);
        let Some(last) = next.checked_sub(1) else { return 0.0 };
        if next == self.at.len() {
            return self.users[last];
        }
        let way = (at - self.at[last]).as_secs() / (self.at[next] - self.at[last]).as_secs();
        self.users[last] + (self.users[next] - self.users[last]) * way
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{days, findings, read};
    use super::*;
    use crate::problem::path_text;

    fn recorded(json: &str) -> Recorded {
        serde_json::from_str(json).unwrap()
    }

    fn found(json: &str, csv: &str) -> Vec<String> {
        let mut findings = Findings::default();
        recorded(json).load(csv, &mut findings);
        let text = |it: crate::problem::Finding| format!("{}: {}", path_text(&it.path), it.rule);
        findings.into_vec().into_iter().map(text).collect()
    }

    const DATED: &str = r#"{"file": "a.csv", "time": "when"}"#;
    const EVERY: &str = r#"{"file": "a.csv", "every": "1h", "value": "n", "scale": 2}"#;

    fn loaded(json: &str, csv: &str) -> Series {
        let (mut it, mut findings) = (recorded(json), Findings::default());
        it.load(csv, &mut findings);
        assert_eq!(findings.into_vec(), []);
        it.series
    }

    #[test]
    fn users_lie_on_straight_lines_between_the_rows() {
        let series = loaded(DATED, "when,users\n2024-02-28,100\n2024-02-29,200\n2024-03-02,0\n");
        let users = [0.0, 0.5, 1.0, 2.0, 3.0, 9.0].map(|day| series.users_at(days(day)));
        assert_eq!(users, [100.0, 150.0, 200.0, 100.0, 0.0, 0.0]);
        assert_eq!(series.length(), days(3.0));
    }

    #[test]
    fn rows_at_equal_distances_need_no_times() {
        let series = loaded(EVERY, "n\n1\n2\n3\n");
        let hours = [0, 1, 2].map(|hour| series.users_at(Span::from_whole_secs(hour * 3600)));
        assert_eq!(hours, [2.0, 4.0, 6.0]);
    }

    #[test]
    fn times_are_read_in_all_their_spellings() {
        for (from, to, nanos) in [
            ("1998-06-28 00:00:00", "1998-06-28 00:01:00", 60_000_000_000),
            ("2023-11-16 18:17:03.9799600", "2023-11-16T18:17:04.0319600Z", 52_000_000),
            ("1999-12-31", "2000-03-01", 61 * 86_400_000_000_000),
            ("1661273428", "1661273488.5", 60_500_000_000),
            ("-5", "5", 10_000_000_000),
        ] {
            let series = loaded(DATED, &format!("users,when\n1,{from}\n2,{to}\n"));
            assert_eq!(series.length().nanos(), nanos, "{from}");
        }
    }

    #[test]
    fn what_is_no_recording_is_told_by_line() {
        let row = |time: &str| found(DATED, &format!("when,users\n2024-01-01,1\n{time},2\n"));
        for time in
            ["yesterday", "2024-13-01", "2023-02-29", "2024-01-01 25:00:00", "2024-1-1", "é"]
        {
            let rule = format!("file: line 3: \"{time}\" is no time");
            assert!(row(time)[0].starts_with(&rule), "{time}: {:?}", row(time));
        }
        assert_eq!(row("2023-12-31"), ["file: line 3: \"2023-12-31\" is before the row above"]);
        assert_eq!(row("17"), ["file: line 3: \"17\" mixes dates and seconds"]);
        assert_eq!(
            row("9024-01-01"),
            ["file: line 3: \"9024-01-01\" lies more than a hundred years on"]
        );
        assert_eq!(found(EVERY, "n\n6e8\n"), ["file: line 2: more than 1000000000 users"]);
        assert_eq!(found(EVERY, "m\n1\n"), ["value: the file has no column \"n\""]);
    }

    #[test]
    fn a_recording_without_a_clock_or_with_two_is_wrong() {
        let rule = "recorded: give either time or every";
        assert_eq!(findings(r#"{"recorded": {"file": "a.csv"}}"#), [rule]);
        assert_eq!(
            findings(r#"{"recorded": {"file": "a.csv", "time": "t", "every": "1h"}}"#),
            [rule]
        );
        assert_eq!(
            findings(r#"{"recorded": {"file": "a.csv", "every": "0s", "scale": -1}}"#),
            [
                "recorded.every: must be longer than nothing",
                "recorded.scale: must be above zero, not -1"
            ]
        );
        assert_eq!(
            read(r#"{"recorded": {"file": "a.csv", "every": "1h"}}"#)
                .users_at(days(1.0), days(2.0)),
            0.0
        );
    }
}
