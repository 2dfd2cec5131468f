//! Where expectations are held: points, and of whole stories their parts.

use super::super::point::{Part, Point, at_instant};
use super::claims::{Ground, path_of};
use super::file::{Expect, Level};

/// A point, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub point: usize,
    pub part: Part,
}

/// At places of a kind the same is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Ordinary,
    Fault,
    Day,
}

impl Place {
    pub fn whole(point: usize) -> Place {
        Place { point, part: Part::Whole }
    }

    /// The design and the kind, by which it is known what is measured.
    pub fn key(self, points: &[Point]) -> (usize, Kind) {
        let point = &points[self.point];
        let kind = match self.part {
            Part::Day(_) => Kind::Day,
            Part::Episode(_) => Kind::Fault,
            Part::Whole if point.fault.is_some() => Kind::Fault,
            Part::Whole => Kind::Ordinary,
        };
        (point.design, kind)
    }
}

/// All places that there are.
fn places(points: &[Point]) -> impl Iterator<Item = Place> {
    let of = |(point, it): (usize, &Point)| it.parts().map(move |part| Place { point, part });
    points.iter().enumerate().flat_map(of)
}

/// What names points, or parts of them, and no level of what is varied.
pub const PARTS: [&str; 3] = ["users", "day", "fault"];

impl Expect {
    /// Whether it speaks of levels of what is varied.
    pub fn names_levels(&self) -> bool {
        self.at.keys().any(|it| !PARTS.contains(&it.as_str()))
    }

    /// Whether it speaks of some days, users or faults.
    pub fn names_parts(&self) -> bool {
        self.at.keys().any(|it| PARTS.contains(&it.as_str()))
    }

    /// Whether it speaks of nothing but what fails.
    pub fn names_faults(&self) -> bool {
        matches!(self.level("fault"), Some(Level::Whether(true) | Level::Text(_)))
    }

    pub fn level(&self, key: &str) -> Option<&Level> {
        self.at.get(key)
    }
}

impl Ground<'_> {
    /// All places that an expectation speaks of, whatever is measured there.
    pub fn meant(&self, expect: &Expect, points: &[Point]) -> Vec<Place> {
        places(points).filter(|it| self.is_of(expect, *it, points)).collect()
    }

    /// The same, whatever it says of days, users and faults.
    pub fn of_designs(&self, expect: &Expect, points: &[Point]) -> Vec<Place> {
        places(points).filter(|it| self.is_of_design(expect, &points[it.point])).collect()
    }

    fn is_of(&self, expect: &Expect, place: Place, points: &[Point]) -> bool {
        let point = &points[place.point];
        let number = |key: &str, value: Option<f64>, near: f64| {
            expect.level(key).is_none_or(|it| value.is_some_and(|value| it.has_number(value, near)))
        };
        let fails = |fault: bool| match place.part {
            Part::Day(day) => point.fails_on(day),
            Part::Whole | Part::Episode(_) => fault,
        };
        let fault = match (expect.level("fault"), point.fault_of(place.part)) {
            (Some(Level::Whether(any)), fault) => *any == fails(fault.is_some()),
            (Some(Level::Text(what)), Some(fault)) => *what == fault.what,
            (Some(_), _) => false,
            (None, _) => true,
        };
        // A story is held to what it comes to as a whole, unless parts of it are named.
        let of_story = match place.part {
            Part::Whole => !point.is_whole_story() || !expect.names_parts(),
            Part::Day(_) => expect.names_parts() && !expect.names_faults(),
            Part::Episode(_) => expect.names_faults(),
        };
        // What fails at noon of a day of a whole story does so on that day.
        let day = point.day_of(place.part);
        let whole = day.filter(|_| matches!(place.part, Part::Episode(_))).map(f64::floor);
        // A day in seconds: samples are whole nanoseconds.
        of_story
            && number("users", point.users_of(place.part), 0.5)
            && (number("day", day, 1e-6) || number("day", whole, 1e-6))
            && fault
            && self.is_of_design(expect, point)
    }

    fn is_of_design(&self, expect: &Expect, point: &Point) -> bool {
        let design = &self.designs[point.design];
        let varied = point.design >= self.as_they_are;
        let named = match (&expect.model, &expect.better) {
            (Some(model), _) => model == design.name(),
            (None, Some(two)) => two.iter().any(|it| it == design.name()),
            (None, None) => true,
        };
        let levels = expect.at.iter().filter(|it| !PARTS.contains(&it.0.as_str()));
        let mut levels = levels
            .map(|(key, level)| design.factors.get(path_of(key)).is_some_and(|it| level.has(it)));
        varied == expect.names_levels() && named && levels.all(|it| it)
    }

    /// Adds the very instants that an expectation names, where no sample falls on them.
    pub fn add_instants(&self, expect: &Expect, points: &mut Vec<Point>) {
        let exact = |key: &str| match expect.level(key) {
            Some(Level::Number(number)) => Some(*number),
            _ => None,
        };
        let (users, day) = (exact("users"), exact("day"));
        let ordinary = !expect.names_faults();
        let sampled = self.experiment.growth.as_ref().is_some_and(|it| !it.full);
        if !sampled || !ordinary || users.is_some() == day.is_some() {
            return;
        }
        for (i, design) in self.designs.iter().enumerate() {
            if (i >= self.as_they_are) != expect.names_levels() {
                continue;
            }
            let known = points.iter().any(|it| {
                it.design == i
                    && it.fault.is_none()
                    && users
                        .is_none_or(|users| it.users.is_some_and(|it| (it - users).abs() <= 0.5))
                    && day.is_none_or(|day| it.day.is_some_and(|it| (it - day).abs() <= 1e-6))
            });
            if !known {
                points.extend(at_instant(self.experiment, i, design, day, users));
            }
        }
    }

    /// The other design's point of the same day, fault and levels, whose same part it is; zones of other
    /// names fail alike.
    pub fn counterpart(&self, points: &[Point], of: Place, others: &[Place]) -> Option<usize> {
        let point = &points[of.point];
        let factors = &self.designs[point.design].factors;
        let fault = |it: &Place| points[it.point].fault_of(it.part);
        let number = |it: &Place| fault(it).map(|it| it.number);
        let alike = |it: &&Place| {
            let other = &points[it.point];
            let theirs = &self.designs[other.design].factors;
            let grows = self.experiment.growth.is_some();
            other.day_of(it.part) == point.day_of(of.part)
                && (!grows || other.users == point.users)
                && number(it) == number(&of)
                && factors.iter().all(|(path, level)| theirs.get(path).is_none_or(|it| it == level))
        };
        let what = |it: &Place| fault(it).map(|it| &it.what);
        let alike: Vec<Place> = others.iter().filter(alike).copied().collect();
        let found = alike.iter().find(|it| what(it) == what(&of)).or(alike.first());
        found.map(|it| it.point)
    }

    /// What there is to choose from, in a few words.
    pub fn choice(&self, points: &[Point]) -> String {
        let day = |it: Place| points[it.point].day_of(it.part);
        let mut days: Vec<f64> = places(points).filter_map(day).collect();
        days.sort_by(f64::total_cmp);
        let fault = |it: Place| points[it.point].fault_of(it.part).map(|it| it.what.as_str());
        let mut faults: Vec<&str> = places(points).filter_map(fault).collect();
        faults.dedup();
        let days = days.first().zip(days.last()).map(|it| format!("days {} to {}", it.0, it.1));
        let faults = (!faults.is_empty()).then(|| format!("faults: {}", faults.join(", ")));
        let all: Vec<String> = days.into_iter().chain(faults).collect();
        if all.is_empty() { String::new() } else { format!("there are {}", all.join("; ")) }
    }
}
