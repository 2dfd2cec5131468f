//! What expectations speak of: of which points, and in which unit their bounds stand.

use super::super::design::Design;
use super::super::file::Experiment;
use super::super::point::{Point, at_instant};
use super::super::trial::Figure;
use super::file::{Bound, Expect, Level, Word};
use crate::outcome::Unit;
use crate::problem::{Code, Findings, suggest};
use crate::stats::Aim;
use crate::units::{Bandwidth, Price, Rate, Share, Span};
use indexmap::IndexMap;

/// An expectation with all that it speaks of.
#[derive(Clone, Debug)]
pub struct Claim {
    pub text: String,
    pub about: String,
    /// With which probability it may be judged wrongly.
    pub error: f64,
    pub metric: String,
    pub what: What,
    pub subjects: Vec<Subject>,
}

/// What is claimed of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// On one side of a bound, in the metric's base unit.
    Bound { word: Word, bound: f64 },
    /// It has no value.
    Absent,
    /// Better than another's, by a share of that.
    Better { aim: Aim, by: f64 },
}

/// Where it is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub point: usize,
    /// The point that it must be better than.
    pub against: Option<usize>,
}

/// What is measured at a point, found out by a run of no length.
pub type Probe<'a> = &'a dyn Fn(&Point) -> Vec<Figure>;

/// All that claims are made from.
pub struct Ground<'a> {
    pub experiment: &'a Experiment,
    /// The models as they are, and after them those at the levels of what is varied.
    pub designs: &'a [Design],
    pub as_they_are: usize,
    pub probe: Probe<'a>,
}

impl Expect {
    /// Whether it speaks of levels of what is varied.
    pub fn names_levels(&self) -> bool {
        self.at.keys().any(|it| !["users", "day", "fault"].contains(&it.as_str()))
    }

    fn level(&self, key: &str) -> Option<&Level> {
        self.at.get(key)
    }
}

/// The path of a key in `vary` or `where`: "monolith: hosts.rack.cores" is of one model.
fn path_of(key: &str) -> &str {
    key.rsplit_once(": ").map_or(key, |it| it.1).trim()
}

impl Ground<'_> {
    /// The claims of all expectations; instants that they name and that no sample falls on are added.
    pub fn claims(&self, points: &mut Vec<Point>, findings: &mut Findings) -> Vec<Claim> {
        let mut known = IndexMap::new();
        let mut claims = Vec::new();
        findings.inside("expect", |it| {
            for (i, expect) in self.experiment.expect.iter().enumerate() {
                it.inside(i, |it| claims.extend(self.claim(expect, points, &mut known, it)));
            }
        });
        claims
    }

    fn claim(
        &self,
        expect: &Expect,
        points: &mut Vec<Point>,
        known: &mut IndexMap<(usize, bool), Vec<Figure>>,
        findings: &mut Findings,
    ) -> Option<Claim> {
        let before = findings.len();
        self.check_names(expect, findings);
        if findings.len() > before {
            return None;
        }
        self.add_instants(expect, points);
        for (i, point) in points.iter().enumerate() {
            if self.is_of(expect, i, points) {
                let kind = (point.design, point.fault.is_some());
                known.entry(kind).or_insert_with(|| (self.probe)(point));
            }
        }
        let figure = |i: usize| {
            let figures = known.get(&(points[i].design, points[i].fault.is_some()));
            figures.and_then(|it| it.iter().find(|it| it.name == expect.metric))
        };
        let meant: Vec<usize> =
            (0..points.len()).filter(|i| self.is_of(expect, *i, points)).collect();
        if meant.is_empty() {
            let rule = "nothing that the experiment plays is like this";
            findings.wrong_at("where", Code::E010, rule, self.choice(points));
            return None;
        }
        let first = meant.iter().find_map(|i| figure(*i));
        let Some(unit) = first.map(|it| it.unit) else {
            let names = known.values().flatten().map(|it| it.name.as_str());
            let mend = suggest(&expect.metric, names);
            findings.wrong_at("metric", Code::E008, "no such metric is measured", mend);
            return None;
        };
        let faults_only = expect.at.get("fault").is_some();
        let has_a_value = |i: &usize| {
            figure(*i).is_some_and(|it| {
                points[*i].fault.is_none() || it.steady.is_none() || it.share.is_some()
            })
        };
        let what = self.what(expect, unit, findings)?;
        let told: Vec<usize> = meant.into_iter().filter(has_a_value).collect();
        if told.is_empty() {
            let rule = "has no value while something fails: there is no steady state then";
            let mend = if faults_only { "availability, goodput, downtime, recovery" } else { "" };
            findings.wrong_at("metric", Code::E010, rule, mend);
            return None;
        }
        let subjects = match &expect.better {
            None => told.iter().map(|i| Subject { point: *i, against: None }).collect(),
            Some([one, other]) => {
                let of = |name: &String, i: &&usize| self.name(points, **i) == name;
                let ones = told.iter().filter(|i| of(one, i));
                let others: Vec<usize> = told.iter().filter(|i| of(other, i)).copied().collect();
                let pairs = ones.filter_map(|i| {
                    let against = self.counterpart(points, *i, &others)?;
                    Some(Subject { point: *i, against: Some(against) })
                });
                pairs.collect::<Vec<_>>()
            }
        };
        if subjects.is_empty() {
            let rule = "the two have no point in common at which both have this metric";
            findings.wrong_at("better", Code::E010, rule, "");
            return None;
        }
        Some(Claim {
            text: expect.text(),
            about: expect.about.clone(),
            error: 1.0 - expect.confidence,
            metric: expect.metric.clone(),
            what,
            subjects,
        })
    }

    fn name(&self, points: &[Point], i: usize) -> &str {
        self.designs[points[i].design].name()
    }

    fn check_names(&self, expect: &Expect, findings: &mut Findings) {
        let mut names: Vec<&str> = Vec::new();
        for design in self.designs {
            if !names.contains(&design.name()) {
                names.push(design.name());
            }
        }
        let unknown = |name: &String| !names.contains(&name.as_str());
        let told = |name: &String, at: &mut Findings| {
            let rule = format!("no model or variant is named \"{name}\"");
            at.wrong(Code::E008, rule, suggest(name, names.iter().copied()));
        };
        if let Some(name) = expect.model.as_ref().filter(|it| unknown(it)) {
            findings.inside("model", |it| told(name, it));
        }
        for (i, name) in expect.better.iter().flatten().enumerate().filter(|it| unknown(it.1)) {
            findings.inside("better", |it| it.inside(i, |it| told(name, it)));
        }
        let varied: Vec<&str> = self.experiment.vary.keys().map(|it| path_of(it)).collect();
        let known = ["users", "day", "fault"].into_iter().chain(varied);
        let known: Vec<&str> = known.collect();
        for key in expect.at.keys().filter(|it| !known.contains(&path_of(it))) {
            let mend = suggest(key, known.iter().copied());
            let rule = "is neither users, day or fault nor the path of what is varied";
            findings.inside("where", |it| it.wrong_at(key, Code::E008, rule, mend));
        }
        if expect.at.contains_key("day") && self.experiment.growth.is_none() {
            let rule = "there are no days without growth";
            findings.inside("where", |it| it.wrong_at("day", Code::E010, rule, "leave it out"));
        }
        let is_whole = self.experiment.growth.as_ref().is_some_and(|it| it.full);
        let named = |key: &&str| is_whole && expect.at.contains_key(*key);
        for key in ["users", "day", "fault"].into_iter().filter(named) {
            let rule = "the story is simulated as a whole, and held to what it comes to as a whole";
            let mend = "leave it out, or give growth \"full\": false";
            findings.inside("where", |it| it.wrong_at(key, Code::E010, rule, mend));
        }
    }

    /// Whether an expectation speaks of a point, whatever is measured there.
    fn is_of(&self, expect: &Expect, i: usize, points: &[Point]) -> bool {
        let point = &points[i];
        let design = &self.designs[point.design];
        let varied = point.design >= self.as_they_are;
        let named = match (&expect.model, &expect.better) {
            (Some(model), _) => model == design.name(),
            (None, Some(two)) => two.iter().any(|it| it == design.name()),
            (None, None) => true,
        };
        let number = |key: &str, value: Option<f64>, near: f64| {
            expect.level(key).is_none_or(|it| value.is_some_and(|value| it.has_number(value, near)))
        };
        let fault = match (expect.level("fault"), &point.fault) {
            (Some(Level::Whether(any)), fault) => *any == fault.is_some(),
            (Some(Level::Text(what)), Some(fault)) => *what == fault.what,
            (Some(_), _) => false,
            (None, _) => true,
        };
        let levels =
            expect.at.iter().filter(|it| !["users", "day", "fault"].contains(&it.0.as_str()));
        let mut levels = levels
            .map(|(key, level)| design.factors.get(path_of(key)).is_some_and(|it| level.has(it)));
        // A day in seconds: samples are whole nanoseconds.
        varied == expect.names_levels()
            && named
            && number("users", point.users, 0.5)
            && number("day", point.day, 1e-6)
            && fault
            && levels.all(|it| it)
    }

    /// Adds the very instants that an expectation names, where no sample falls on them.
    fn add_instants(&self, expect: &Expect, points: &mut Vec<Point>) {
        let exact = |key: &str| match expect.level(key) {
            Some(Level::Number(number)) => Some(*number),
            _ => None,
        };
        let (users, day) = (exact("users"), exact("day"));
        let ordinary =
            !matches!(expect.level("fault"), Some(Level::Whether(true) | Level::Text(_)));
        if self.experiment.growth.is_none() || !ordinary || users.is_some() == day.is_some() {
            return;
        }
        for (i, design) in self.designs.iter().enumerate() {
            if (i >= self.as_they_are) != expect.names_levels() {
                continue;
            }
            let sampled = points.iter().any(|it| {
                it.design == i
                    && it.fault.is_none()
                    && users
                        .is_none_or(|users| it.users.is_some_and(|it| (it - users).abs() <= 0.5))
                    && day.is_none_or(|day| it.day.is_some_and(|it| (it - day).abs() <= 1e-6))
            });
            if !sampled {
                points.extend(at_instant(self.experiment, i, design, day, users));
            }
        }
    }

    /// The other design's point of the same day, fault and levels; zones of other names fail alike.
    fn counterpart(&self, points: &[Point], of: usize, others: &[usize]) -> Option<usize> {
        let point = &points[of];
        let factors = &self.designs[point.design].factors;
        let number = |it: &Point| it.fault.as_ref().map(|it| it.number);
        let alike = |i: &&usize| {
            let other = &points[**i];
            let theirs = &self.designs[other.design].factors;
            let grows = self.experiment.growth.is_some();
            other.day == point.day
                && (!grows || other.users == point.users)
                && number(other) == number(point)
                && factors.iter().all(|(path, level)| theirs.get(path).is_none_or(|it| it == level))
        };
        let what = |i: usize| points[i].fault.as_ref().map(|it| &it.what);
        let alike: Vec<usize> = others.iter().filter(alike).copied().collect();
        alike.iter().find(|i| what(**i) == what(of)).or(alike.first()).copied()
    }

    /// What there is to choose from, in a few words.
    fn choice(&self, points: &[Point]) -> String {
        let mut days: Vec<f64> = points.iter().filter_map(|it| it.day).collect();
        days.sort_by(f64::total_cmp);
        let mut faults: Vec<&str> =
            points.iter().filter_map(|it| it.fault.as_ref()).map(|it| it.what.as_str()).collect();
        faults.dedup();
        let days = days.first().zip(days.last()).map(|it| format!("days {} to {}", it.0, it.1));
        let faults = (!faults.is_empty()).then(|| format!("faults: {}", faults.join(", ")));
        let all: Vec<String> = days.into_iter().chain(faults).collect();
        if all.is_empty() { String::new() } else { format!("there are {}", all.join("; ")) }
    }

    fn what(&self, expect: &Expect, unit: Unit, findings: &mut Findings) -> Option<What> {
        if expect.better.is_some() {
            let by = expect.by.map_or(0.0, Share::as_ratio);
            let aim = aim(&expect.metric);
            if aim.is_none() {
                let rule = "nobody can say whether more of it is better or less";
                findings.wrong_at("metric", Code::E010, rule, "bound it by under or over");
            }
            return aim.map(|aim| What::Better { aim, by });
        }
        if expect.absent {
            return Some(What::Absent);
        }
        let (word, bound) = *expect.bounds().first()?;
        match base(bound, unit) {
            Ok(bound) => Some(What::Bound { word, bound }),
            Err((rule, mend)) => {
                findings.wrong_at(word.text(), Code::E006, rule, mend);
                None
            }
        }
    }
}

/// A bound in the unit of the metric; else what is wrong with it, and how to write it.
fn base(bound: &Bound, unit: Unit) -> Result<f64, (String, &'static str)> {
    let mend = match unit {
        Unit::Seconds => "\"300ms\"",
        Unit::PerSecond => "\"200/s\"",
        Unit::BytesPerSecond => "\"20MB/s\"",
        Unit::Ratio => "\"99.9%\" or 0.999",
        Unit::MoneyPerHour => "\"0.95/h\"",
        Unit::MoneyPerMonth => "\"95/mo\"",
        Unit::Count | Unit::Users | Unit::Days | Unit::Money => "a number",
    };
    let text = match bound {
        Bound::Number(_) if unit == Unit::Seconds => {
            return Err(("the unit is missing: the metric is a length of time".to_owned(), mend));
        }
        Bound::Number(number) if unit == Unit::Ratio && !(-1.0..=1.0).contains(number) => {
            return Err((format!("the metric is a share of one, never {number}"), mend));
        }
        Bound::Number(number) => return Ok(*number),
        Bound::Text(text) => text,
    };
    let parsed = match unit {
        Unit::Seconds => Span::parse(text).map(Span::as_secs),
        Unit::PerSecond => Rate::parse(text).map(Rate::as_per_s),
        Unit::BytesPerSecond => Bandwidth::parse(text).map(Bandwidth::as_bytes_per_s),
        Unit::Ratio => Share::parse(text).map(Share::as_ratio),
        Unit::MoneyPerHour => Price::parse(text).map(Price::as_per_hour),
        Unit::MoneyPerMonth => {
            Price::parse(text).map(|it| it.as_per_hour() * crate::units::HOURS_PER_MONTH)
        }
        Unit::Count | Unit::Users | Unit::Days | Unit::Money => {
            Err("the metric is a bare number".to_owned())
        }
    };
    parsed.map_err(|rule| (rule, mend))
}

/// Which way a metric is wanted, if everybody wants it the same way.
pub fn aim(metric: &str) -> Option<Aim> {
    const LOWER: [&str; 13] = [
        "abandoned",
        "abandoned_ratio",
        "failed",
        "failure_ratio",
        "downtime",
        "recovery",
        "lost",
        "hour",
        "month",
        "egress",
        "attempts",
        "line",
        "shed",
    ];
    const HIGHER: [&str; 4] = ["availability", "goodput", "headroom", "completed"];
    if metric == "users.left" {
        return Some(Aim::Higher);
    }
    let mut words = metric.split('.').rev();
    let last = words.next().unwrap_or_default();
    if LOWER.contains(&last) || words.any(|it| ["response", "waiting", "failed"].contains(&it)) {
        return Some(Aim::Lower);
    }
    HIGHER.contains(&last).then_some(Aim::Higher)
}
