//! Conducting an experiment: which runs to make, in parallel, in rounds until enough is known.
//!
//! Runs are collected by place, never by finish order, and rounds do not depend on who finished
//! first; so any number of threads yields the same bytes.

use super::design::Design;
use super::file::{Replications, WarmUp};
use super::point::{Point, slice_of};
use super::summary::{CONFIDENCE, Steadiness};
use super::trial::{Trial, trial};
use crate::problem::suggest;
use crate::sim::{Failure, Plan};
use crate::stats::{Estimate, Truncation, mser5_of_mean};

use crate::units::Span;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Runs that look for the end of the transient, for points whose warm-up is to be found.
const PILOTS: u32 = 5;
/// Into how many slices a pilot's window is cut: 40 batches of five.
const PILOT_SLICES: u64 = 200;

/// How everything is to be run.
pub struct Settings {
    pub seed: u64,
    pub replications: Replications,
    /// Events that all runs together may take.
    pub events_max: u64,
}

/// What was run of a point.
#[derive(Debug)]
pub struct Conducted {
    pub warm_up: Span,
    /// Whether the transient ended in time; if not, the warm-up is half a window.
    pub settled: bool,
    pub trials: Vec<Trial>,
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

/// How far the work has come.
pub trait Progress: Sync {
    /// Work so far and in all, in expected events.
    fn advance(&self, done: f64, total: f64);
}

impl Progress for () {
    fn advance(&self, _: f64, _: f64) {}
}

/// Runs all points; one result for each, in their order.
pub fn conduct(
    designs: &[Design],
    points: &[Point],
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Vec<Conducted>, Trouble> {
    let costs: Vec<f64> = points.iter().map(Point::expected_events).collect();
    let certain: f64 = points.iter().map(Point::certain_events).sum();
    let expected = certain * f64::from(settings.replications.min);
    if expected > settings.events_max as f64 {
        return Err(Trouble::TooLarge { expected, allowed: settings.events_max });
    }
    let work = Work { designs, points, settings, costs, progress, done: AtomicU64::new(0) };
    let mut conducted = work.find_warm_ups()?;
    loop {
        let wanting: Vec<usize> =
            (0..points.len()).filter(|i| work.wants_more(*i, &conducted[*i].trials)).collect();
        if wanting.is_empty() {
            return Ok(conducted);
        }
        work.round(&wanting, &mut conducted)?;
        work.check_names(&conducted)?;
    }
}

struct Work<'a> {
    designs: &'a [Design],
    points: &'a [Point],
    settings: &'a Settings,
    costs: Vec<f64>,
    progress: &'a dyn Progress,
    /// Expected events of the runs that are done.
    done: AtomicU64,
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
        let pilots = self.run_all(&tasks, |task| {
            let window = self.points[task.point].window;
            let slice = Span::from_nanos((window.nanos() / PILOT_SLICES).max(1));
            self.plan(task, Span::ZERO, window, slice)
        })?;
        let mut pilots = pilots.chunks(PILOTS as usize);
        let conducted = self.points.iter().map(|point| match point.warm_up {
            WarmUp::Fixed(warm_up) => Conducted { warm_up, settled: true, trials: Vec::new() },
            WarmUp::Auto(_) => {
                let found = pilots.next().and_then(|it| end_of_transient(it, point.window));
                let warm_up = found.unwrap_or(Span::from_nanos(point.window.nanos() / 2));
                Conducted { warm_up, settled: found.is_some(), trials: Vec::new() }
            }
        });
        Ok(self.alike_on_each_day(conducted.collect()))
    }

    /// Designs are compared on the same requests, and so over the same stretch of each day.
    fn alike_on_each_day(&self, mut conducted: Vec<Conducted>) -> Vec<Conducted> {
        let found = |i: usize| matches!(self.points[i].warm_up, WarmUp::Auto(_));
        let day = |i: usize| self.points[i].day.map(f64::to_bits);
        let mut longest: BTreeMap<Option<u64>, Span> = BTreeMap::new();
        for i in (0..conducted.len()).filter(|i| found(*i)) {
            let warm_up = longest.entry(day(i)).or_default();
            *warm_up = conducted[i].warm_up.max(*warm_up);
        }
        for i in (0..conducted.len()).filter(|i| found(*i)) {
            conducted[i].warm_up = longest[&day(i)];
        }
        conducted
    }

    fn round(&self, wanting: &[usize], conducted: &mut [Conducted]) -> Result<(), Trouble> {
        let done = conducted[wanting[0]].trials.len() as u32;
        let most = self.settings.replications.max.unwrap_or(self.settings.replications.min);
        let more = self.settings.replications.min.min(most - done);
        let tasks = tasks(wanting, done, more);
        let trials = self.run_all(&tasks, |task| {
            let point = &self.points[task.point];
            self.plan(task, conducted[task.point].warm_up, point.window, point.slice)
        })?;
        for (task, trial) in tasks.iter().zip(trials) {
            conducted[task.point].trials.push(trial);
        }
        Ok(())
    }

    fn plan(&self, task: &Task, warm_up: Span, window: Span, slice: Span) -> Plan {
        Plan {
            seed: self.settings.seed,
            replication: task.replication,
            warm_up,
            window,
            slice,
            events_max: self.settings.events_max,
        }
    }

    /// Whether a point needs another round.
    fn wants_more(&self, point: usize, trials: &[Trial]) -> bool {
        let Replications { min, max, until } = &self.settings.replications;
        let (done, most) = (trials.len() as u32, max.unwrap_or(*min));
        if done < (*min).min(most) {
            return true;
        }
        let steady = self.points[point].fault.is_none()
            && !Steadiness::of(&self.points[point], trials).is_overloaded();
        done < most
            && steady
            && until.iter().any(|(metric, share)| {
                let values = values_of(trials, metric);
                values.is_some_and(|it| {
                    let estimate = Estimate::from_replications(&it, CONFIDENCE);
                    let relative = estimate.and_then(|it| it.relative_half_width());
                    relative.is_some_and(|it| it > share.as_ratio())
                })
            })
    }

    /// Whether what replications go on for is measured anywhere.
    fn check_names(&self, conducted: &[Conducted]) -> Result<(), Trouble> {
        let figures =
            || conducted.iter().filter_map(|it| it.trials.first()).flat_map(|it| &it.figures);
        for metric in self.settings.replications.until.keys() {
            if !figures().any(|it| it.name == *metric) {
                let known: BTreeSet<&str> = figures().map(|it| it.name.as_str()).collect();
                let mend = suggest(metric, known);
                return Err(Trouble::UnknownMetric { metric: metric.clone(), mend });
            }
        }
        Ok(())
    }

    /// Makes the runs, the largest first, and returns them in the order of the tasks.
    fn run_all(
        &self,
        tasks: &[Task],
        plan: impl Fn(&Task) -> Plan + Sync,
    ) -> Result<Vec<Trial>, Trouble> {
        let mut order: Vec<usize> = (0..tasks.len()).collect();
        order.sort_by(|a, b| self.costs[tasks[*b].point].total_cmp(&self.costs[tasks[*a].point]));
        let mut trials: Vec<(usize, Result<Trial, Trouble>)> = order
            .into_par_iter()
            .with_max_len(1)
            .map(|i| (i, self.run(&tasks[i], &plan(&tasks[i]))))
            .collect();
        trials.sort_by_key(|(i, _)| *i);
        trials.into_iter().map(|(_, trial)| trial).collect()
    }

    fn run(&self, task: &Task, plan: &Plan) -> Result<Trial, Trouble> {
        let point = &self.points[task.point];
        let trial = trial(point, &self.designs[point.design], plan);
        let cost = self.costs[task.point];
        let done = self.done.fetch_add(cost as u64, Relaxed) as f64 + cost;
        let replications = f64::from(self.settings.replications.min);
        let pilots = |it: &Point| {
            if matches!(it.warm_up, WarmUp::Auto(_)) { f64::from(PILOTS) } else { 0.0 }
        };
        let all = self.points.iter().zip(&self.costs);
        let total: f64 = all.map(|(point, cost)| cost * (replications + pilots(point))).sum();
        self.progress.advance(done, total.max(done));
        let (point, replication) = (task.point, task.replication);
        trial.map_err(|failure| Trouble::GaveUp { point, replication, failure })
    }
}

/// The values of a metric over replications, if every one has it.
pub fn values_of(trials: &[Trial], metric: &str) -> Option<Vec<f64>> {
    let place = trials.first()?.figures.iter().position(|it| it.name == metric)?;
    trials.iter().map(|trial| trial.figures[place].value).collect()
}

fn tasks(points: &[usize], first: u32, count: u32) -> Vec<Task> {
    let of = |point: &usize| {
        let point = *point;
        (first..first + count).map(move |replication| Task { point, replication })
    };
    points.iter().flat_map(of).collect()
}

/// When the slowest signal, averaged over the pilots, has settled; to the next whole slice of a run.
fn end_of_transient(pilots: &[Trial], window: Span) -> Option<Span> {
    let responses = |pilot: &Trial| -> Vec<f64> {
        let slices = pilot.slices.iter();
        slices.map(|it| if it.answered > 0.0 { it.response_s / it.answered } else { 0.0 }).collect()
    };
    let all_classes = |pilot: &Trial| -> Vec<f64> {
        let slices = 0..pilot.slices.len();
        slices.map(|slice| pilot.backlog.iter().map(|class| class[slice]).sum()).collect()
    };
    let backlogs: Vec<Vec<f64>> = pilots.iter().map(all_classes).collect();
    let responses: Vec<Vec<f64>> = pilots.iter().map(responses).collect();
    match mser5_of_mean(&backlogs).max(mser5_of_mean(&responses)) {
        Truncation::NotReached => None,
        Truncation::At(latest) => {
            let slice = slice_of(window).nanos();
            let end = window.nanos() / PILOT_SLICES * latest as u64;
            Some(Span::from_nanos(end.div_ceil(slice) * slice))
        }
    }
}
