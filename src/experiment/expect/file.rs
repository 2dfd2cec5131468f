//! Expectations as written: what must hold of a metric, or which of two designs must be better.

use crate::outcome::level_text;
use crate::problem::{Code, Findings};
use crate::units::Share;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Something that must hold, for `outgrow check`: a metric's bound, or which of two designs is better.
/// It speaks of every design and point that it does not leave out. Without `where` on what is varied
/// the models are meant as they are.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What it is for, in plain words.
    #[serde(default)]
    pub about: String,
    /// The model or variant that it speaks of. If absent, each that has the metric.
    #[serde(default)]
    pub model: Option<String>,
    /// The metric, as in `--format csv`: `page.response.p95`. Or `breaks_on`, the first day of the story on
    /// which an objective is missed: with a bound that is a day, as in `"at_least": 10`, or `absent` if
    /// none is to be missed on any day that is simulated.
    pub metric: String,
    /// Its mean over runs is less than this.
    #[serde(default)]
    pub under: Option<Bound>,
    /// Its mean over runs is this or less.
    #[serde(default)]
    pub at_most: Option<Bound>,
    /// Its mean over runs is more than this.
    #[serde(default)]
    pub over: Option<Bound>,
    /// Its mean over runs is this or more.
    #[serde(default)]
    pub at_least: Option<Bound>,
    /// It has no value in more than half of the runs, such as the `recovery` of what does not recover.
    #[serde(default)]
    pub absent: bool,
    /// The first of two models or variants is better in this metric than the second.
    #[serde(default)]
    pub better: Option<[String; 2]>,
    /// By at least how much of the second it is better, as in "20%".
    #[serde(default)]
    pub by: Option<Share>,
    /// Of which points: `users`, `day`, `fault` or the path of what is varied, with the value itself or
    /// `{ "up_to": … }`. A story that is simulated as a whole is held to what it comes to as a whole, and
    /// with `users` or `day` to its days, what fails on them included; with a `fault` to the time around it.
    #[serde(default, rename = "where")]
    pub at: IndexMap<String, Level>,
    /// The least probability with which a verdict is right.
    #[serde(default = "usual")]
    pub confidence: f64,
}

/// What a metric is held against: "300ms", "5%", "200/s", "95/mo", or a bare number.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Bound {
    /// A share, a rate per second, a count, or an amount of money.
    Number(f64),
    /// With its unit.
    Text(String),
}

/// Which values of something are meant.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Level {
    /// Whether something fails: true or false.
    Whether(bool),
    /// This number.
    Number(f64),
    /// This text; of `fault` what fails: "zone a".
    Text(String),
    /// All between two numbers.
    Range(Range),
}

/// Numbers from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least, if there is one.
    #[serde(default)]
    pub from: Option<f64>,
    /// The largest, if there is one.
    #[serde(default)]
    pub up_to: Option<f64>,
}

fn usual() -> f64 {
    0.95
}

impl Expect {
    /// What is wrong with it, whatever the models say.
    pub fn check(&self, findings: &mut Findings) {
        let bounds = self.bounds();
        let given = bounds.len() + usize::from(self.absent) + usize::from(self.better.is_some());
        if given != 1 {
            let rule = "give exactly one of under, at_most, over, at_least, absent and better";
            findings.wrong(Code::E010, rule, "\"under\": \"300ms\"");
        }
        if let Some([one, other]) = &self.better {
            if one == other {
                findings.wrong_at("better", Code::E010, "nothing is better than itself", "");
            }
            if self.model.is_some() {
                let rule = "has no effect beside better, which names both models";
                findings.wrong_at("model", Code::E010, rule, "leave it out");
            }
        }
        if self.by.is_some() && self.better.is_none() {
            let rule = "has no effect without better";
            findings.wrong_at("by", Code::E010, rule, "\"better\": [\"one\", \"other\"]");
        }
        if !(0.5..=0.999_999).contains(&self.confidence) {
            let rule = format!("must be from 0.5 to 0.999999, not {}", self.confidence);
            findings.wrong_at("confidence", Code::E007, rule, "0.95");
        }
        findings.inside("where", |it| {
            for (key, level) in &self.at {
                it.inside(key, |it| level.check(key, it));
            }
        });
    }

    /// The bounds that are given, with the words for them.
    pub fn bounds(&self) -> Vec<(Word, &Bound)> {
        let all = [
            (Word::Under, &self.under),
            (Word::AtMost, &self.at_most),
            (Word::Over, &self.over),
            (Word::AtLeast, &self.at_least),
        ];
        all.into_iter().filter_map(|(word, bound)| Some((word, bound.as_ref()?))).collect()
    }

    /// In one line: `microservices generate.response.p95 under 3s where users up_to 100000`.
    pub fn text(&self) -> String {
        let model = self.model.as_ref().map(|it| format!("{it} "));
        let what = match (self.bounds().first(), &self.better) {
            (Some((word, bound)), _) => format!("{} {}", word.text(), bound.text()),
            (None, Some([one, other])) => {
                let by = self.by.map(|it| format!(" by {it}"));
                format!("better {one} than {other}{}", by.unwrap_or_default())
            }
            (None, None) => "absent".to_owned(),
        };
        let at = self.at.iter().map(|(key, level)| format!("{key} {}", level.text()));
        let at = at.collect::<Vec<_>>().join(", ");
        let at = if at.is_empty() { at } else { format!(" where {at}") };
        format!("{}{} {what}{at}", model.unwrap_or_default(), self.metric)
    }
}

/// On which side of a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Under,
    AtMost,
    Over,
    AtLeast,
}

impl Word {
    pub fn text(self) -> &'static str {
        match self {
            Word::Under => "under",
            Word::AtMost => "at_most",
            Word::Over => "over",
            Word::AtLeast => "at_least",
        }
    }

    /// Whether the metric is to lie above the bound.
    pub fn is_lower(self) -> bool {
        matches!(self, Word::Over | Word::AtLeast)
    }

    /// Whether the bound itself will do.
    pub fn includes(self) -> bool {
        matches!(self, Word::AtMost | Word::AtLeast)
    }
}

impl Bound {
    pub fn text(&self) -> String {
        match self {
            Bound::Number(number) => number.to_string(),
            Bound::Text(text) => text.clone(),
        }
    }
}

impl Level {
    fn check(&self, key: &str, findings: &mut Findings) {
        let number = matches!(self, Level::Number(_) | Level::Range(_));
        let fits = match key {
            "users" | "day" => number,
            "fault" => matches!(self, Level::Whether(_) | Level::Text(_)),
            _ => true,
        };
        if !fits {
            let mend =
                if key == "fault" { "true, false or \"zone a\"" } else { "{ \"up_to\": 10 }" };
            let what =
                if key == "fault" { "true, false or what fails" } else { "a number or a range" };
            findings.wrong(Code::E005, format!("must be {what}"), mend);
        }
        if let Level::Range(Range { from, up_to }) = self {
            if from.is_none() && up_to.is_none() {
                findings.wrong(Code::E004, "a range has an end", "{ \"up_to\": 10 }");
            }
            if from.zip(*up_to).is_some_and(|(from, up_to)| from > up_to) {
                findings.wrong(Code::E007, "begins after its end", "");
            }
        }
    }

    /// Whether a number is meant; `near` is how far from it counts as the number itself.
    pub fn has_number(&self, number: f64, near: f64) -> bool {
        match self {
            Level::Number(exact) => (number - exact).abs() <= near,
            Level::Range(Range { from, up_to }) => {
                from.is_none_or(|it| number >= it - near)
                    && up_to.is_none_or(|it| number <= it + near)
            }
            Level::Text(_) | Level::Whether(_) => false,
        }
    }

    /// Whether a level of what is varied is meant.
    pub fn has(&self, level: &Value) -> bool {
        match (self, level.as_f64()) {
            (Level::Whether(wanted), _) => level.as_bool() == Some(*wanted),
            (Level::Text(text), _) => level_text(level) == *text,
            (_, Some(number)) => self.has_number(number, 0.0),
            (_, None) => false,
        }
    }

    fn text(&self) -> String {
        match self {
            Level::Whether(it) => it.to_string(),
            Level::Number(number) => number.to_string(),
            Level::Text(text) => text.clone(),
            Level::Range(Range { from, up_to }) => {
                let from = from.map(|it| format!("from {it}"));
                let up_to = up_to.map(|it| format!("up_to {it}"));
                [from, up_to].into_iter().flatten().collect::<Vec<_>>().join(" ")
            }
        }
    }
}
