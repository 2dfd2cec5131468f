//! A whole story as it is told: as such, day by day, and what failed in it.

use super::conduct::Conducted;
use super::controls::Controls;
use super::design::Design;
use super::point::{Part, Point};
use super::series::series;
use super::summary::{Steadiness, estimates, fails, reported};
use super::trial::{Trial, of_day};
use crate::outcome::Point as Reported;
use indexmap::IndexMap;
use std::borrow::Cow;

/// What was seen of a part of a point; none where the runs do not tell of it.
pub fn trials_of<'a>(point: &Point, part: Part, trials: &'a [Trial]) -> Option<Cow<'a, [Trial]>> {
    let own = match part {
        Part::Whole => return Some(Cow::Borrowed(trials)),
        Part::Day(day) => {
            trials.iter().map(|it| Some(of_day(it, it.days.get(day)?, point))).collect()
        }
        Part::Episode(i) => trials.iter().map(|it| it.episodes.get(i).cloned()).collect(),
    };
    Option::<Vec<Trial>>::map(own, Cow::Owned)
}

/// A point, and if it is a whole story its days and what failed in it.
pub struct Told {
    pub whole: Reported,
    pub days: Vec<Reported>,
    pub episodes: Vec<Reported>,
}

impl Told {
    pub fn of(point: &Point, design: &Design, conducted: &Conducted) -> Told {
        let whole = reported(point, design, conducted);
        let days = (0..point.days.len()).map_while(|it| day(point, it, conducted, &whole));
        let episodes =
            (0..point.episodes.len()).map_while(|it| episode(point, it, conducted, &whole));
        Told { days: days.collect(), episodes: episodes.collect(), whole }
    }

    /// A part of it; all of it where that was not seen.
    pub fn part(&self, part: Part) -> &Reported {
        let own = match part {
            Part::Whole => None,
            Part::Day(day) => self.days.get(day),
            Part::Episode(i) => self.episodes.get(i),
        };
        own.unwrap_or(&self.whole)
    }

    /// A whole story is told first as such, then day by day, and then what failed in it.
    pub fn into_points(self) -> impl Iterator<Item = Reported> {
        std::iter::once(self.whole).chain(self.days).chain(self.episodes)
    }
}

/// A day of a whole story, with what objectives are held against.
fn day(point: &Point, day: usize, conducted: &Conducted, whole: &Reported) -> Option<Reported> {
    let window_s = conducted.trials.first()?.days.get(day)?.length_s;
    let own = trials_of(point, Part::Day(day), &conducted.trials)?;
    Some(Reported { window_s, ..part(point, Part::Day(day), &own, whole) })
}

/// What failed in a whole story, as where it is played on its own.
fn episode(point: &Point, i: usize, conducted: &Conducted, whole: &Reported) -> Option<Reported> {
    let own = trials_of(point, Part::Episode(i), &conducted.trials)?;
    let slices = &own.first()?.slices;
    Some(Reported {
        window_s: slices.iter().map(|it| it.length_s).sum(),
        fault: Some(fails(&point.episodes[i].failing)),
        series: Some(series(&own, &point.names)),
        ..part(point, Part::Episode(i), &own, whole)
    })
}

/// What the runs tell of a part of a whole story.
fn part(point: &Point, part: Part, own: &[Trial], whole: &Reported) -> Reported {
    Reported {
        day: point.day_of(part),
        users: point.users_of(part),
        warm_up_s: 0.0,
        metrics: estimates(own, &Steadiness::of_part(point, part, own), &Controls::none()),
        bottleneck: None,
        theory: IndexMap::new(),
        parts: Vec::new(),
        unmet: Vec::new(),
        ..whole.clone()
    }
}
