//! What expectations speak of: of which points, and in which unit their bounds stand.

use super::super::design::Design;
use super::super::file::Experiment;
use super::super::point::Point;
use super::super::trial::Figure;
use super::bounds::{aim, base};
use super::breaks::BREAKS_ON;
use super::file::{Expect, Word};
use super::places::{Kind, PARTS, Place};
use crate::outcome::Unit;
use crate::problem::{Code, Findings, suggest};
use crate::stats::Aim;
use crate::units::Share;
use indexmap::IndexMap;

/// An expectation with all that it speaks of.
#[derive(Clone, Debug)]
pub struct Claim {
    pub text: String,
    pub about: String,
    /// With which probability it may be judged wrongly.
    pub error: f64,
    /// Those of a group stand beside one another.
    pub subjects: Vec<Subject>,
}

impl Claim {
    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.subjects.chunk_by(together).count()
    }

    /// How many subjects are in the group of one.
    pub fn group_of(&self, subject: &Subject) -> usize {
        self.subjects.iter().filter(|it| together(it, subject)).count()
    }
}

/// Whether two are of one group.
pub fn together(a: &Subject, b: &Subject) -> bool {
    a.group == b.group
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

/// What is claimed at one place. A claim holds if in each group something holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub group: usize,
    pub place: Place,
    /// The point that it must be better than, in the same part.
    pub against: Option<usize>,
    pub metric: String,
    pub what: What,
}

/// What is measured at a place, found out by a run of no length.
pub type Probe<'a> = &'a dyn Fn(&Point, Place) -> Vec<Figure>;

/// What is known to be measured at places of a kind of each design.
pub type Known = IndexMap<(usize, Kind), Vec<Figure>>;

/// All that claims are made from.
pub struct Ground<'a> {
    pub experiment: &'a Experiment,
    /// The models as they are, and after them those at the levels of what is varied.
    pub designs: &'a [Design],
    pub as_they_are: usize,
    pub probe: Probe<'a>,
}

/// The path of a key in `vary` or `where`: "monolith: hosts.rack.cores" is of one model.
pub fn path_of(key: &str) -> &str {
    key.rsplit_once(": ").map_or(key, |it| it.1).trim()
}

impl Ground<'_> {
    /// The claims of all expectations; instants that they name and that no sample falls on are added.
    pub fn claims(&self, points: &mut Vec<Point>, findings: &mut Findings) -> Vec<Claim> {
        let mut known = Known::new();
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
        known: &mut Known,
        findings: &mut Findings,
    ) -> Option<Claim> {
        let before = findings.len();
        self.check_names(expect, findings);
        if findings.len() > before {
            return None;
        }
        let subjects = match expect.metric.as_str() {
            BREAKS_ON => self.breaking(expect, points, known, findings)?,
            _ => self.subjects(expect, points, known, findings)?,
        };
        Some(Claim {
            text: expect.text(),
            about: expect.about.clone(),
            error: 1.0 - expect.confidence,
            subjects,
        })
    }

    fn subjects(
        &self,
        expect: &Expect,
        points: &mut Vec<Point>,
        known: &mut Known,
        findings: &mut Findings,
    ) -> Option<Vec<Subject>> {
        self.add_instants(expect, points);
        let meant = self.meant(expect, points);
        if meant.is_empty() {
            let rule = "nothing that the experiment plays is like this";
            findings.wrong_at("where", Code::E010, rule, self.choice(points));
            return None;
        }
        meant.iter().for_each(|it| self.look(*it, points, known));
        let figure = |it: &Place| {
            let figures = known.get(&it.key(points));
            figures.and_then(|it| it.iter().find(|it| it.name == expect.metric))
        };
        let Some(unit) = meant.iter().find_map(figure).map(|it| it.unit) else {
            self.tell_unknown(expect, &meant, points, known, findings);
            return None;
        };
        let has_a_value = |place: &Place| {
            figure(place).is_some_and(|it| {
                place.key(points).1 != Kind::Fault || it.steady.is_none() || it.share.is_some()
            })
        };
        let what = self.what(expect, unit, findings)?;
        let told: Vec<Place> = meant.into_iter().filter(has_a_value).collect();
        if told.is_empty() {
            let rule = "has no value while something fails: there is no steady state then";
            let faults_only = expect.at.get("fault").is_some();
            let mend = if faults_only { "availability, goodput, downtime, recovery" } else { "" };
            findings.wrong_at("metric", Code::E010, rule, mend);
            return None;
        }
        let paired: Vec<(Place, Option<usize>)> = match &expect.better {
            None => told.iter().map(|it| (*it, None)).collect(),
            Some([one, other]) => {
                let of = |name: &String, it: &&Place| self.name(points, it.point) == name;
                let ones = told.iter().filter(|it| of(one, it));
                let others: Vec<Place> = told.iter().filter(|it| of(other, it)).copied().collect();
                let pairs = ones
                    .filter_map(|it| Some((*it, Some(self.counterpart(points, *it, &others)?))));
                pairs.collect()
            }
        };
        if paired.is_empty() {
            let rule = "the two have no point in common at which both have this metric";
            findings.wrong_at("better", Code::E010, rule, "");
            return None;
        }
        let subject = |(group, (place, against))| Subject {
            group,
            place,
            against,
            metric: expect.metric.clone(),
            what,
        };
        Some(paired.into_iter().enumerate().map(subject).collect())
    }

    /// The metric is not measured where it is meant; perhaps it is of a story as a whole.
    fn tell_unknown(
        &self,
        expect: &Expect,
        meant: &[Place],
        points: &[Point],
        known: &mut Known,
        findings: &mut Findings,
    ) {
        let wholes: Vec<Place> = meant.iter().map(|it| Place::whole(it.point)).collect();
        wholes.iter().for_each(|it| self.look(*it, points, known));
        let is_of_wholes = wholes
            .iter()
            .any(|it| known[&it.key(points)].iter().any(|figure| figure.name == expect.metric));
        if is_of_wholes && !meant.contains(&wholes[0]) {
            let rule = "is known of the story as a whole, and not of its parts";
            let mend = "leave \"where\" out: of parts only what became of requests is known";
            return findings.wrong_at("metric", Code::E010, rule, mend);
        }
        let names = known.values().flatten().map(|it| it.name.as_str());
        let mend = suggest(&expect.metric, names);
        findings.wrong_at("metric", Code::E008, "no such metric is measured", mend);
    }

    /// What is measured at a place, if nothing like it has been looked at.
    pub fn look(&self, place: Place, points: &[Point], known: &mut Known) {
        let own = || (self.probe)(&points[place.point], place);
        known.entry(place.key(points)).or_insert_with(own);
    }

    pub fn name(&self, points: &[Point], i: usize) -> &str {
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
        let known = PARTS.into_iter().chain(varied);
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
