//! Contests between the designs of one day: rounds go on until one is known to be the best.

use super::conduct::{Conducted, Settings, Standing};
use super::expect::aim;
use super::file::Select;
use super::point::Point;
use super::summary::{CONFIDENCE, Steadiness};
use super::values::replications_each;
use crate::outcome::Selection;
use crate::stats::Aim;
use crate::stats::select::Contest;

/// The contests of all days on which there are several designs.
pub struct Contests<'a> {
    select: Option<&'a Select>,
    all: Vec<OfDay>,
}

/// The designs that compete on one day.
struct OfDay {
    points: Vec<usize>,
    may_be_best: Vec<bool>,
    /// Known after the first round.
    contest: Option<Contest>,
    latest: Option<usize>,
}

impl<'a> Contests<'a> {
    pub fn of(points: &[Point], settings: &'a Settings) -> Contests<'a> {
        let select = settings.replications.select.as_ref();
        let mut all: Vec<OfDay> = Vec::new();
        let ordinary = |it: &(usize, &Point)| it.1.fault.is_none() && select.is_some();
        for (i, point) in points.iter().enumerate().filter(ordinary) {
            let day = |it: &OfDay| points[it.points[0]].day == point.day;
            match all.iter_mut().find(|it| day(it)) {
                Some(it) => it.points.push(i),
                None => all.push(OfDay {
                    points: vec![i],
                    may_be_best: Vec::new(),
                    contest: None,
                    latest: None,
                }),
            }
        }
        all.retain(|it| it.points.len() > 1);
        Contests { select, all }
    }

    /// Looks at what there is after a round.
    pub fn look(&mut self, points: &[Point], conducted: &[Conducted]) {
        let Some(select) = self.select else { return };
        for it in &mut self.all {
            it.look(select, points, conducted);
        }
    }

    /// Whether a point needs more replications to know whether it is the best.
    pub fn goes_on(&self, point: usize) -> bool {
        let place = self.all.iter().find_map(|it| it.place(point).map(|place| (it, place)));
        place.is_some_and(|(it, place)| it.is_open() && it.may_be_best[place])
    }

    pub fn standing(&self, point: usize) -> Option<Standing> {
        let (of, place) = self.all.iter().find_map(|it| it.place(point).map(|at| (it, at)))?;
        let may_be_best = *of.may_be_best.get(place)?;
        Some(Standing { may_be_best, latest: of.latest })
    }
}

impl OfDay {
    fn place(&self, point: usize) -> Option<usize> {
        self.points.iter().position(|it| *it == point)
    }

    fn is_open(&self) -> bool {
        self.contest.is_some() && self.may_be_best.iter().filter(|it| **it).count() > 1
    }

    fn look(&mut self, select: &Select, points: &[Point], conducted: &[Conducted]) {
        let trials = |it: &usize| conducted[*it].trials.as_slice();
        if self.points.iter().any(|it| trials(it).is_empty()) {
            return;
        }
        let sign = if aim(&select.metric) == Some(Aim::Higher) { -1.0 } else { 1.0 };
        let values = |point: &usize| -> Option<Vec<f64>> {
            let trials = trials(point);
            let all = Steadiness::of(&points[*point], trials).values_of(trials, &select.metric)?;
            Some(all.into_iter().map(|it| sign * it).collect())
        };
        let values: Vec<Option<Vec<f64>>> = self.points.iter().map(values).collect();
        if self.may_be_best.is_empty() {
            // What has no steady state, or no value, is not the best of those that have one.
            self.may_be_best = values.iter().map(Option::is_some).collect();
            let means = values.iter().flatten().map(|it| it.iter().sum::<f64>() / it.len() as f64);
            let best = means.reduce(f64::min).unwrap_or(0.0).abs();
            let zone = best * select.within.as_ratio();
            let competing = values.iter().flatten().count();
            let first = values.iter().flatten().map(Vec::len).min().unwrap_or(0);
            self.contest = Contest::new(competing, first, zone, CONFIDENCE);
        }
        let Some(contest) = &self.contest else { return };
        if self.may_be_best.iter().filter(|it| **it).count() < 2 {
            return;
        }
        // A design that lost its steady state on the way is out as well.
        let left: Vec<bool> =
            self.may_be_best.iter().zip(&values).map(|(may, it)| *may && it.is_some()).collect();
        let values: Vec<Vec<f64>> = values.into_iter().map(Option::unwrap_or_default).collect();
        let each = self.points.iter().map(|it| replications_each(trials(it))).max().unwrap_or(1);
        self.latest = contest.latest(&values, &left).map(|it| each.saturating_mul(it));
        self.may_be_best = contest.look(&values, &left);
    }
}

/// What came of the contests: for each the points that may be the best, and the rest of what is told.
pub fn told(
    settings: &Settings,
    points: &[Point],
    conducted: &[Conducted],
) -> Vec<(Vec<usize>, Selection)> {
    let Some(select) = &settings.replications.select else { return Vec::new() };
    let contests = Contests::of(points, settings).all.into_iter();
    let told = contests.filter_map(|it| {
        let standing = |i: &usize| conducted[*i].standing.as_ref();
        let left: Vec<usize> = it
            .points
            .iter()
            .copied()
            .filter(|i| standing(i).is_some_and(|it| it.may_be_best))
            .collect();
        let latest = it.points.iter().filter_map(standing).map(|it| it.latest).max()?;
        let needed = latest.filter(|_| left.len() > 1).map(|it| it as u64);
        let selection = Selection {
            metric: select.metric.clone(),
            day: points[it.points[0]].day,
            of: it.points.len() as u32,
            left: Vec::new(),
            within: select.within.as_ratio(),
            confidence: CONFIDENCE,
            replications_needed: needed,
        };
        Some((left, selection))
    });
    told.collect()
}
