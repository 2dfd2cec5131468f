//! Conducting an experiment: which runs to make, in parallel, in rounds until enough is known.
//!
//! Runs are collected by place, never by finish order, and rounds do not depend on who finished
//! first; so any number of threads yields the same bytes.

use super::controls::Controls;
use super::design::Design;
use super::file::{Replications, WarmUp};
use super::kept::{Keeping, Site};
use super::point::Point;
pub use super::progress::Progress;
use super::progress::Underway;
use super::select::Contests;
use super::summary::{CONFIDENCE, Steadiness};
use super::transient::{PILOT_SLICES, end_of_transient};
use super::trial::{Left, Trial};
use super::values::values;
use crate::outcome::Unmet;
use crate::problem::suggest;
use crate::sim::{Failure, Plan};
use crate::stats::Estimate;

use crate::units::Span;
use rayon::prelude::*;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Runs that look for the end of the transient, for points whose warm-up is to be found.
const PILOTS: u32 = 5;

/// How everything is to be run.
pub struct Settings {
    pub seed: u64,
    pub replications: Replications,
    /// Events that all runs together may take.
    pub events_max: u64,
    /// Where what is finished is kept, if anywhere.
    pub keeping: Option<Keeping>,
}

impl Settings {
    /// One run of a point as it stands, after this warm-up.
    pub fn plan(&self, point: &Point, replication: u32, warm_up: Span) -> Plan {
        Plan {
            seed: self.seed,
            replication,
            in_pairs: self.replications.antithetic,
            warm_up,
            window: point.window,
            slice: point.slice,
            events_max: self.events_max,
        }
    }
}

/// What was run of a point.
#[derive(Debug)]
pub struct Conducted {
    pub warm_up: Span,
    /// Which signal settled last, if the warm-up was found.
    pub warm_up_by: Option<String>,
    /// Whether the transient ended in time; if not, the warm-up is half a window.
    pub settled: bool,
    pub trials: Vec<Trial>,
    /// What the most replications did not reach.
    pub unmet: Vec<Unmet>,
    /// How it stands in the contest of its day, if there is one.
    pub standing: Option<Standing>,
    /// Whether responses are estimated with control variates.
    pub controls: bool,
}

/// How a design stands in a contest.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Whether it may be the best.
    pub may_be_best: bool,
    /// How many replications of each of those that may be would decide at the latest, if any number would.
    pub latest: Option<usize>,
}

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Trouble {
    /// It would take about so many events, more than allowed.
    TooLarge { expected: f64, allowed: u64 },
    /// Replications were to go on for a metric that is not measured.
    UnknownMetric { metric: String, mend: String },
    /// A run could not be finished, for a reason that lies in the model, or in a bug.
    GaveUp { point: usize, replication: u32, failure: Failure },
}

/// A further round: so many more runs of each of some points, all of which have had as many so far.
pub struct Round {
    pub points: Vec<usize>,
    pub more: u32,
}

/// Having seen what there is, asks for a further round, or for no more.
pub type Next<'a> = dyn FnMut(&[Conducted]) -> Result<Option<Round>, Trouble> + 'a;

/// Runs all points until enough is known; one result for each, in their order.
pub fn conduct(
    designs: &[Design],
    points: &[Point],
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Vec<Conducted>, Trouble> {
    let Replications { min, max, .. } = settings.replications;
    let mut contests = Contests::of(points, settings);
    let before = before(points);
    let mut conducted = conduct_rounds(designs, points, settings, progress, &mut |conducted| {
        check_names(settings, conducted)?;
        contests.look(points, conducted);
        let wants_more = |i: &usize| {
            let done = conducted[*i].trials.len() as u32;
            wants_more(&points[*i], &conducted[*i].trials, settings)
                || contests.goes_on(*i) && done < max.unwrap_or(min)
        };
        let points = with_those_before((0..points.len()).filter(wants_more).collect(), &before);
        let Some(first) = points.first() else { return Ok(None) };
        let done = conducted[*first].trials.len() as u32;
        Ok(Some(Round { more: min.min(max.unwrap_or(min) - done), points }))
    })?;
    for (i, it) in conducted.iter_mut().enumerate() {
        it.unmet = unmet(settings, &points[i], &it.trials);
        it.standing = contests.standing(i);
    }
    Ok(conducted)
}

/// Runs points in rounds, for as long as `next` asks for one, having seen what there is.
pub fn conduct_rounds(
    designs: &[Design],
    points: &[Point],
    settings: &Settings,
    progress: &dyn Progress,
    next: &mut Next,
) -> Result<Vec<Conducted>, Trouble> {
    let costs: Vec<f64> = points.iter().map(Point::expected_events).collect();
    let certain: f64 = points.iter().map(Point::certain_events).sum();
    let expected = certain * f64::from(settings.replications.min);
    if expected > settings.events_max as f64 {
        return Err(Trouble::TooLarge { expected, allowed: settings.events_max });
    }
    let work = Work {
        designs,
        points,
        before: before(points),
        sites: points.iter().map(|it| Site::new(it, &designs[it.design])).collect(),
        settings,
        underway: Underway::new(progress, expected_of(points, &costs, settings)),
        costs,
    };
    let mut conducted = work.find_warm_ups()?;
    while let Some(round) = next(&conducted)? {
        work.plan_ahead(&conducted, &round);
        work.round(&round, &mut conducted)?;
    }
    Ok(conducted)
}

/// Whether a point needs another round.
fn wants_more(point: &Point, trials: &[Trial], settings: &Settings) -> bool {
    let Replications { min, max, .. } = settings.replications;
    let (done, most) = (trials.len() as u32, max.unwrap_or(min));
    done < min.min(most) || done < most && !unmet(settings, point, trials).is_empty()
}

/// Which metrics of a point are not known well enough yet.
fn unmet(settings: &Settings, point: &Point, trials: &[Trial]) -> Vec<Unmet> {
    let until = &settings.replications.until;
    let steady = || !Steadiness::of(point, trials).is_overloaded();
    if until.is_empty() || point.fault.is_some() || !steady() {
        return Vec::new();
    }
    // What is reported in the end.
    let controls = match settings.replications.controls {
        true => Controls::of(point, trials),
        false => Controls::none(),
    };
    let unmet = until.iter().filter_map(|(metric, share)| {
        let values = values_of(trials, metric)?;
        let figure = trials[0].figures.iter().find(|it| it.name == *metric);
        let class = figure.and_then(|it| it.response).map(|it| it.class);
        let with_control = class.and_then(|it| controls.estimate(it, trials, &values));
        let estimate = with_control
            .map(|it| it.estimate)
            .or_else(|| Estimate::from_replications(&values, CONFIDENCE))?;
        let (wanted, reached) = (share.as_ratio(), estimate.relative_half_width()?);
        // The half-width falls as the root of the number of replications.
        let needed = (trials.len() as f64 * (reached / wanted) * (reached / wanted)).ceil();
        (reached > wanted).then(|| Unmet {
            metric: metric.clone(),
            wanted,
            reached,
            replications_needed: needed as u64,
        })
    });
    unmet.collect()
}

/// Whether what replications go on for is measured anywhere, as soon as anything is.
fn check_names(settings: &Settings, conducted: &[Conducted]) -> Result<(), Trouble> {
    let figures = || conducted.iter().filter_map(|it| it.trials.first()).flat_map(|it| &it.figures);
    if figures().next().is_none() {
        return Ok(());
    }
    let Replications { until, select, .. } = &settings.replications;
    for metric in until.keys().chain(select.as_ref().map(|it| &it.metric)) {
        if !figures().any(|it| it.name == *metric) {
            let known: BTreeSet<&str> = figures().map(|it| it.name.as_str()).collect();
            let mend = suggest(metric, known);
            return Err(Trouble::UnknownMetric { metric: metric.clone(), mend });
        }
    }
    Ok(())
}

/// For each point, the instant of the story before it whose end is its beginning, if anything comes and
/// goes by itself, users included: of what fails on a day, the ordinary course of that day.
pub(super) fn before(points: &[Point]) -> Vec<Option<usize>> {
    let ordinary = |it: &Point| it.day.is_some() && it.fault.is_none();
    let of = |point: &Point| {
        let is_before = |it: &Point| match &point.fault {
            None => it.day < point.day,
            Some(_) => it.day <= point.day,
        };
        let same = |it: &Point| it.design == point.design && ordinary(it) && is_before(it);
        let earlier = points.iter().enumerate().filter(|it| same(it.1));
        let latest =
            earlier.max_by(|a, b| a.1.day.partial_cmp(&b.1.day).expect("days are numbers"));
        latest.map(|it| it.0).filter(|_| point.day.is_some() && Left::matters(point))
    };
    points.iter().map(of).collect()
}

/// What is run once more begins anew with what those before it left.
pub(super) fn with_those_before(mut points: Vec<usize>, before: &[Option<usize>]) -> Vec<usize> {
    let mut i = 0;
    while i < points.len() {
        if let Some(earlier) = before[points[i]].filter(|it| !points.contains(it)) {
            points.push(earlier);
        }
        i += 1;
    }
    points.sort_unstable();
    points
}

struct Work<'a> {
    designs: &'a [Design],
    points: &'a [Point],
    before: Vec<Option<usize>>,
    sites: Vec<Site<'a>>,
    settings: &'a Settings,
    costs: Vec<f64>,
    underway: Underway<'a>,
}

/// One run to be made.
#[derive(Clone, Copy)]
struct Task {
    point: usize,
    replication: u32,
}

impl Work<'_> {
    fn find_warm_ups(&self) -> Result<Vec<Conducted>, Trouble> {
        let unknown: Vec<usize> = (0..self.points.len())
            .filter(|i| matches!(self.points[*i].warm_up, WarmUp::Auto(_)))
            .collect();
        // Other luck than that of the runs that are measured, or the cut would be fitted to them.
        let tasks = tasks(&unknown, u32::MAX - PILOTS, PILOTS);
        let pilots = self.run_all(&tasks, true, &|_| None, |task| {
            let point = &self.points[task.point];
            let slice = Span::from_nanos((point.window.nanos() / PILOT_SLICES).max(1));
            Plan {
                slice,
                in_pairs: false,
                ..self.settings.plan(point, task.replication, Span::ZERO)
            }
        })?;
        let mut pilots = pilots.chunks(PILOTS as usize);
        let conducted = self.points.iter().map(|point| match point.warm_up {
            WarmUp::Fixed(warm_up) => Conducted {
                warm_up,
                warm_up_by: None,
                settled: true,
                trials: Vec::new(),
                unmet: Vec::new(),
                standing: None,
                controls: self.settings.replications.controls,
            },
            WarmUp::Auto(_) => {
                let found = end_of_transient(pilots.next().unwrap_or_default(), point);
                let end = found.as_ref().and_then(|it| it.at);
                Conducted {
                    warm_up: end.unwrap_or(Span::from_nanos(point.window.nanos() / 2)),
                    warm_up_by: found.filter(|it| it.at != Some(Span::ZERO)).map(|it| it.by),
                    settled: end.is_some(),
                    trials: Vec::new(),
                    unmet: Vec::new(),
                    standing: None,
                    controls: self.settings.replications.controls,
                }
            }
        });
        Ok(self.alike_on_each_day(conducted.collect()))
    }

    /// Designs are compared on the same requests, and so over the same stretch of each day.
    fn alike_on_each_day(&self, mut conducted: Vec<Conducted>) -> Vec<Conducted> {
        let found = |i: usize| matches!(self.points[i].warm_up, WarmUp::Auto(_));
        let day = |i: usize| self.points[i].day.map(f64::to_bits);
        let mut longest: BTreeMap<Option<u64>, usize> = BTreeMap::new();
        for i in (0..conducted.len()).filter(|i| found(*i)) {
            let so_far = longest.entry(day(i)).or_insert(i);
            if conducted[i].warm_up > conducted[*so_far].warm_up {
                *so_far = i;
            }
        }
        for i in (0..conducted.len()).filter(|i| found(*i)) {
            let slowest = longest[&day(i)];
            if conducted[slowest].warm_up > conducted[i].warm_up {
                let by = conducted[slowest].warm_up_by.as_ref();
                let of = self.designs[self.points[slowest].design].name();
                conducted[i].warm_up_by = by.map(|it| format!("{it} of {of}"));
                conducted[i].warm_up = conducted[slowest].warm_up;
            }
        }
        conducted
    }

    fn round(&self, round: &Round, conducted: &mut [Conducted]) -> Result<(), Trouble> {
        let done = round.points.first().map_or(0, |it| conducted[*it].trials.len() as u32);
        let tasks = tasks(&round.points, done, round.more);
        let seen = |task: &Task| {
            let trials = &conducted[self.before[task.point]?].trials;
            Some(trials.get(task.replication as usize)?.left.clone())
        };
        let trials = self.run_all(&tasks, false, &seen, |task| {
            let point = &self.points[task.point];
            self.settings.plan(point, task.replication, conducted[task.point].warm_up)
        })?;
        for (task, trial) in tasks.iter().zip(trials) {
            conducted[task.point].trials.push(trial);
        }
        Ok(())
    }

    /// Looks how much work is left, as far as what is known so far can tell.
    fn plan_ahead(&self, conducted: &[Conducted], round: &Round) {
        let Replications { min, max, .. } = self.settings.replications;
        let left = |(i, it): (usize, &Conducted)| {
            let done = it.trials.len() as f64;
            let needed = if it.trials.is_empty() {
                0
            } else {
                let unmet = unmet(self.settings, &self.points[i], &it.trials);
                unmet.iter().map(|it| it.replications_needed).max().unwrap_or(0)
            };
            let most = f64::from(max.unwrap_or(min));
            // Whole rounds, as they will be run.
            let rounds = (needed as f64).max(f64::from(min)) / f64::from(min);
            let whole = (rounds.ceil() * f64::from(min)).min(most);
            self.costs[i] * (whole - done).max(0.0)
        };
        let left: f64 = conducted.iter().enumerate().map(left).sum();
        let own =
            round.points.iter().map(|it| self.costs[*it]).sum::<f64>() * f64::from(round.more);
        let left = left.max(own);
        self.underway.plan(left);
    }

    /// Makes the runs, the largest first, and returns them in the order of the tasks. What begins with
    /// what another left runs behind it, or with what is known of that from an earlier round.
    fn run_all(
        &self,
        tasks: &[Task],
        are_pilots: bool,
        seen: &(impl Fn(&Task) -> Option<Left> + Sync),
        plan: impl Fn(&Task) -> Plan + Sync,
    ) -> Result<Vec<Trial>, Trouble> {
        let mut chains = self.chains(tasks, are_pilots);
        let cost = |it: &Vec<usize>| it.iter().map(|i| self.costs[tasks[*i].point]).sum::<f64>();
        chains.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
        let whole = |chain: Vec<usize>| {
            let mut left: BTreeMap<usize, Left> = BTreeMap::new();
            let run = |i: usize| {
                let task = &tasks[i];
                let before = self.before[task.point].filter(|_| !are_pilots);
                let before = before.and_then(|it| left.get(&it).cloned()).or_else(|| seen(task));
                let before = before.map(|it| it.later(self.days_since(task.point)));
                let trial = self.run(task, &plan(task), before.as_ref(), are_pilots);
                left.extend(trial.as_ref().ok().map(|it| (task.point, it.left.clone())));
                (i, trial)
            };
            chain.into_iter().map(run).collect::<Vec<_>>()
        };
        let mut trials: Vec<(usize, Result<Trial, Trouble>)> =
            chains.into_par_iter().with_max_len(1).flat_map_iter(whole).collect();
        trials.sort_by_key(|(i, _)| *i);
        trials.into_iter().map(|(_, trial)| trial).collect()
    }

    /// The days from the instant whose end is the beginning of a point.
    fn days_since(&self, point: usize) -> f64 {
        let day = |it: usize| self.points[it].day.unwrap_or_default();
        self.before[point].map_or(0.0, |before| day(point) - day(before))
    }

    /// Tasks that follow one another, day by day, each with what one before it left; most are alone.
    fn chains(&self, tasks: &[Task], are_pilots: bool) -> Vec<Vec<usize>> {
        let mut chains: Vec<Vec<usize>> = Vec::new();
        // The chain in which a replication of a point is.
        let mut places: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        // What fails on a day begins with its ordinary course.
        let order = |i: &usize| {
            let point = &self.points[tasks[*i].point];
            (point.day.unwrap_or_default(), point.fault.is_some())
        };
        let mut ordered: Vec<usize> = (0..tasks.len()).collect();
        ordered.sort_by(|a, b| order(a).partial_cmp(&order(b)).expect("days are numbers"));
        for i in ordered {
            let Task { point, replication } = tasks[i];
            let before = self.before[point].filter(|_| !are_pilots);
            let chain = before.and_then(|it| places.get(&(it, replication)).copied());
            let chain = chain.unwrap_or_else(|| {
                chains.push(Vec::new());
                chains.len() - 1
            });
            chains[chain].push(i);
            places.insert((point, replication), chain);
        }
        chains
    }

    fn run(
        &self,
        task: &Task,
        plan: &Plan,
        left: Option<&Left>,
        is_pilot: bool,
    ) -> Result<Trial, Trouble> {
        let (point, replication) = (task.point, task.replication);
        let told = Cell::new(0);
        let reached = |at| {
            self.underway.reached((point, replication), at, plan.window);
            let events = self.points[point].expected_events_until(at) as u64;
            self.underway.advance(events.saturating_sub(told.replace(events)));
        };
        let trial = self.sites[point].run(self.settings, plan, left, is_pilot, &reached);
        self.underway.ended((point, replication));
        self.underway.advance((self.costs[point] as u64).saturating_sub(told.get()));
        trial.map_err(|failure| Trouble::GaveUp { point, replication, failure })
    }
}

/// Events of the first round and of the pilots before it.
fn expected_of(points: &[Point], costs: &[f64], settings: &Settings) -> f64 {
    let replications = f64::from(settings.replications.min);
    let pilots = |it: &Point| {
        if matches!(it.warm_up, WarmUp::Auto(_)) { f64::from(PILOTS) } else { 0.0 }
    };
    let all = points.iter().zip(costs);
    all.map(|(point, cost)| cost * (replications + pilots(point))).sum()
}

/// The values of a metric over replications, if every one has it.
pub fn values_of(trials: &[Trial], metric: &str) -> Option<Vec<f64>> {
    let place = trials.first()?.figures.iter().position(|it| it.name == metric)?;
    values(trials, place)
}

fn tasks(points: &[usize], first: u32, count: u32) -> Vec<Task> {
    let of = |point: &usize| {
        let point = *point;
        (first..first + count).map(move |replication| Task { point, replication })
    };
    points.iter().flat_map(of).collect()
}
