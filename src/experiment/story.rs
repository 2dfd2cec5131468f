//! A whole story as it is told: as such, and day by day.

use super::conduct::Conducted;
use super::controls::Controls;
use super::design::Design;
use super::point::{Part, Point};
use super::summary::{Steadiness, estimates, reported};
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
    };
    Option::<Vec<Trial>>::map(own, Cow::Owned)
}

/// A point, and if it is a whole story its days.
pub struct Told {
    pub whole: Reported,
    pub days: Vec<Reported>,
}

impl Told {
    pub fn of(point: &Point, design: &Design, conducted: &Conducted) -> Told {
        let whole = reported(point, design, conducted);
        let days = (0..point.days.len()).map_while(|it| day(point, it, conducted, &whole));
        Told { days: days.collect(), whole }
    }

    /// A part of it; all of it where that was not seen.
    pub fn part(&self, part: Part) -> &Reported {
        let own = match part {
            Part::Whole => None,
            Part::Day(day) => self.days.get(day),
        };
        own.unwrap_or(&self.whole)
    }

    /// A whole story is told first as such, and then day by day.
    pub fn into_points(self) -> impl Iterator<Item = Reported> {
        std::iter::once(self.whole).chain(self.days)
    }
}

/// A day of a whole story, with what objectives are held against.
fn day(point: &Point, day: usize, conducted: &Conducted, whole: &Reported) -> Option<Reported> {
    let (part, trials) = (Part::Day(day), &conducted.trials);
    let own = trials_of(point, part, trials)?;
    Some(Reported {
        day: Some(day as f64),
        users: Some(point.days[day]),
        window_s: trials.first()?.days[day].length_s,
        warm_up_s: 0.0,
        metrics: estimates(&own, &Steadiness::of_part(point, part, &own), &Controls::none()),
        bottleneck: None,
        theory: IndexMap::new(),
        parts: Vec::new(),
        unmet: Vec::new(),
        ..whole.clone()
    })
}
