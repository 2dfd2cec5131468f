//! Arrivals at recorded instants: a CSV file with a time for each request, as a log of accesses has.
//! A trace is replayed as it was, or faster or slower; what it says about correlation and bursts no
//! fitted process keeps (D. G. Feitelson, "Workload Modeling for Computer Systems Performance
//! Evaluation", 2015, section 1.3).

use crate::parts::clock::Clock;
use crate::parts::columns;
use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Instants of arrivals from a file. Nothing comes after the last of them.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timestamps {
    /// A CSV file with a header, beside the model file: one row for each arrival, in order.
    pub file: String,
    /// The column of times: "2024-02-29 13:45:00.25", or plain seconds. The run begins at the first.
    pub column: String,
    /// How many times as fast as recorded it is played.
    #[serde(default = "as_recorded")]
    pub speed: f64,
    /// What the file says, once it has been read.
    #[serde(skip)]
    at: Option<Arc<[Time]>>,
}

fn as_recorded() -> f64 {
    1.0
}

const SPEED_MAX: f64 = 1e6;

impl Timestamps {
    pub fn check(&self, findings: &mut Findings) {
        if !self.has_sound_speed() {
            let rule =
                format!("must be from {} to {SPEED_MAX}, not {}", 1.0 / SPEED_MAX, self.speed);
            findings.wrong_at("speed", Code::E007, rule, "");
        }
    }

    fn has_sound_speed(&self) -> bool {
        (1.0 / SPEED_MAX..=SPEED_MAX).contains(&self.speed)
    }

    /// Takes in the text of the file; what is wrong with it is found at `file`, by line.
    pub fn load(&mut self, csv: &str, findings: &mut Findings) {
        // A speed that the check refuses is no reason to say nothing about the file.
        let speed = if self.has_sound_speed() { self.speed } else { 1.0 };
        let (mut clock, mut at) = (Clock::default(), Vec::new());
        let whole = columns::read(csv, [("column", &self.column)], findings, |[cell]| {
            let since = clock.read(cell)?;
            let played = if speed == 1.0 {
                since
            } else {
                Span::from_nanos_f64(since.nanos() as f64 / speed)
            };
            if played > Span::MAX {
                return Err("lies more than a hundred years on".to_owned());
            }
            at.push(Time::ZERO + played);
            Ok(())
        });
        if whole {
            self.at = Some(at.into());
        }
    }

    /// When arrivals come; none where nothing has been loaded.
    pub fn instants(&self) -> Arc<[Time]> {
        self.at.clone().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::path_text;

    fn loaded(json: &str, csv: &str) -> (Vec<u64>, Vec<String>) {
        let mut it: Timestamps = serde_json::from_str(json).unwrap();
        let mut findings = Findings::default();
        it.check(&mut findings);
        it.load(csv, &mut findings);
        let text = |it: crate::problem::Finding| format!("{}: {}", path_text(&it.path), it.rule);
        let instants = it.instants().iter().map(|it| it.nanos()).collect();
        (instants, findings.into_vec().into_iter().map(text).collect())
    }

    #[test]
    fn instants_are_counted_from_the_first() {
        let json = r#"{"file": "a.csv", "column": "t"}"#;
        let (at, wrong) = loaded(json, "t,what\n1700000000.5,a\n1700000000.5,b\n1700000002,c\n");
        assert_eq!((at, wrong), (vec![0, 0, 1_500_000_000], vec![]));
        let (at, _) = loaded(json, "t\n2023-11-16 18:17:03.97\n2023-11-16 18:17:04\n");
        assert_eq!(at, [0, 30_000_000]);
    }

    #[test]
    fn a_recording_can_be_played_faster() {
        let json = r#"{"file": "a.csv", "column": "t", "speed": 4}"#;
        assert_eq!(loaded(json, "t\n10\n12\n14\n").0, [0, 500_000_000, 1_000_000_000]);
    }

    #[test]
    fn what_is_out_of_order_or_no_time_is_told_by_line() {
        let json = r#"{"file": "a.csv", "column": "t", "speed": 0}"#;
        let (at, wrong) = loaded(json, "t\n5\n4\nnoon\n");
        assert_eq!(at, [0; 0]);
        assert_eq!(
            wrong,
            [
                "speed: must be from 0.000001 to 1000000, not 0",
                "file: line 3: \"4\" is before the row above",
                "file: line 4: \"noon\" is no time; such as 2024-02-29 13:45:00, or seconds",
            ]
        );
    }
}
