//! So many instances at such times, whatever the load: what scheduled actions and predictive scaling
//! come down to.

use super::MAX;
use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;

const ENTRIES_MAX: usize = 1000;

/// So many instances at such times.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timetable {
    /// What is wanted from when on, in order. Before the first it is as after the last.
    pub entries: Vec<Entry>,
    /// After so long it begins anew.
    #[serde(default = "a_day")]
    #[schemars(example = "1d")]
    pub every: Span,
}

/// A number of instances, from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From then on, counted from when a run's window opens.
    #[schemars(example = "8h")]
    pub at: Span,
    /// So many instances.
    pub instances: u32,
}

fn a_day() -> Span {
    Span::from_whole_secs(86_400)
}

impl Timetable {
    pub fn check(&self, findings: &mut Findings) {
        if !(Span::from_whole_secs(1)..=Span::from_whole_secs(366 * 86_400)).contains(&self.every) {
            let rule = format!("must be from 1s to 366d, not {}", self.every);
            findings.wrong_at("every", Code::E007, rule, "");
        }
        findings.inside("entries", |it| {
            if self.entries.is_empty() || self.entries.len() > ENTRIES_MAX {
                let rule = format!("there must be 1 to {ENTRIES_MAX}, not {}", self.entries.len());
                it.wrong(Code::E007, rule, "");
            }
            let mut before = None;
            for (i, entry) in self.entries.iter().enumerate() {
                it.inside(i, |it| entry.check(before, self.every, it));
                before = Some(entry.at);
            }
        });
    }

    /// The most and the fewest that there ever are.
    pub fn max(&self) -> u32 {
        self.entries.iter().map(|it| it.instances).max().unwrap_or(1)
    }

    /// How many are wanted now, and how long that holds; the window opens at the given time.
    pub fn wanted(&self, now: Time, opening: Time) -> (u32, Span) {
        let (every, entries) = (self.every.nanos(), &self.entries);
        let since = match now >= opening {
            true => (now - opening).nanos() % every,
            false => (every - (opening - now).nanos() % every) % every,
        };
        let next = entries.partition_point(|it| it.at.nanos() <= since);
        let holds = match entries.get(next) {
            Some(entry) => entry.at.nanos() - since,
            None => every - since + entries[0].at.nanos(),
        };
        let now = if next == 0 { entries.len() - 1 } else { next - 1 };
        (entries[now].instances, Span::from_nanos(holds))
    }
}

impl Entry {
    fn check(&self, before: Option<Span>, every: Span, findings: &mut Findings) {
        if before.is_some_and(|before| self.at <= before) {
            findings.wrong_at("at", Code::E010, "comes no later than the entry before", "");
        }
        if self.at >= every {
            let rule = format!("is {} or later, when it has begun anew", every);
            findings.wrong_at("at", Code::E010, rule, "give a longer \"every\"");
        }
        if !(1..=MAX).contains(&self.instances) {
            let rule = format!("must be from 1 to {MAX}, not {}", self.instances);
            findings.wrong_at("instances", Code::E007, rule, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_from_entry_to_entry_and_begins_anew() {
        let text = r#"{ "every": "10s", "entries": [{ "at": "2s", "instances": 3 }, { "at": "7s", "instances": 5 }] }"#;
        let table: Timetable = serde_json::from_str(text).unwrap();
        let wanted = |at: u64| {
            let (count, holds) = table
                .wanted(Time::from_nanos(at * 1_000_000_000), Time::from_nanos(25_000_000_000));
            (count, holds.nanos() / 1_000_000_000)
        };
        assert_eq!(
            [wanted(25), wanted(27), wanted(31), wanted(32), wanted(34)],
            [(5, 2), (3, 5), (3, 1), (5, 5), (5, 3)]
        );
        assert_eq!(
            [wanted(35), wanted(0), wanted(15), wanted(24)],
            [(5, 2), (3, 2), (5, 2), (5, 3)]
        );
    }
}
