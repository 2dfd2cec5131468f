//! Points: what is simulated, each with its network, and how long.

mod faults;
mod instants;
mod load;
mod story;

pub use instants::at_instant;
pub use load::{Load, at_load};

use super::churn::Leaving;
use super::design::Design;
use super::file::{Experiment, WarmUp};
use super::trial::A_DAY;
use crate::model::{Recorded, compile, fails};
use crate::network::{Arrival, Names, Network, Session, When};
use crate::parts::fault::Fault;
use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use faults::{cases, fault_point, nothing_fails};
use instants::{Instant, hour_factor, instants};
use std::ops::Range;
use story::full_point;

/// The slices in which an outage is looked at.
const FAULT_SLICE: Span = Span::from_whole_secs(10);
/// Into how many slices any other window is cut.
const SLICES: u64 = 30;
/// How much of a run is discarded, of a fault point or in a search, if nothing is said.
const WARM_UP: Span = Span::from_whole_secs(60);

/// One combination of design, instant and fault.
pub struct Point {
    pub design: usize,
    /// The day of the story.
    pub day: Option<f64>,
    pub users: Option<f64>,
    pub fault: Option<Failing>,
    /// At an instant of a story, of users who may leave for good.
    pub leaving: Option<Leaving>,
    pub network: Network,
    pub names: Names,
    pub warm_up: WarmUp,
    pub window: Span,
    pub slice: Span,
    /// Of a whole story, whose load is not the same all the time, how many users there are on average over
    /// each of its days, the last as far as it is played; else empty.
    pub days: Vec<f64>,
    /// What fails in it at a known time.
    pub episodes: Vec<Episode>,
}

/// What fails in a whole story, and the stretch of it in which that is looked at by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// With its time since that stretch began.
    pub failing: Failing,
    /// From when to when, since the story began.
    pub from: Span,
    pub to: Span,
    /// How many users there are when it fails.
    pub users: f64,
}

impl Episode {
    /// When it fails, since the story began.
    pub fn at(&self) -> Span {
        self.from + self.failing.at
    }

    /// The slices of the story in which it is looked at.
    pub fn slices(&self, slice: Span) -> Range<usize> {
        let slice = slice.nanos().max(1);
        (self.from.nanos() / slice) as usize..self.to.nanos().div_ceil(slice) as usize
    }
}

/// What fails at a point, as the report says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// Which of the experiment's faults it is.
    pub number: usize,
    /// "zone a", "host rack.0".
    pub what: String,
    /// Since the window opened.
    pub at: Span,
    pub duration: Span,
    /// The mean time from one such fault to the next, if that is known.
    pub once_in: Option<Span>,
    /// `crash`, `silence` or `surge`.
    pub style: &'static str,
}

/// What of a point is meant: all of it, or of a whole story one of its days or of what fails in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Whole,
    Day(usize),
    Episode(usize),
}

impl Point {
    /// All that is told of it.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<> {
        let days = (0..self.days.len()).map(Part::Day);
        std::iter::once(Part::Whole).chain(days).chain((0..self.episodes.len()).map(Part::Episode))
    }

    /// The day of the story that a part of it is, or is at.
    pub fn day_of(&self, part: Part) -> Option<f64> {
        match part {
            Part::Whole => self.day,
            Part::Day(day) => Some(day as f64),
            Part::Episode(i) => self.episodes.get(i).map(|it| it.at().as_secs() / 86_400.0),
        }
    }

    pub fn users_of(&self, part: Part) -> Option<f64> {
        match part {
            Part::Whole => self.users,
            Part::Day(day) => self.days.get(day).copied(),
            Part::Episode(i) => self.episodes.get(i).map(|it| it.users),
        }
    }

    /// What fails in a part of it.
    pub fn fault_of(&self, part: Part) -> Option<&Failing> {
        match part {
            Part::Whole => self.fault.as_ref(),
            Part::Day(_) => None,
            Part::Episode(i) => self.episodes.get(i).map(|it| &it.failing),
        }
    }

    /// Whether anything fails on a day of a whole story, or is known to happen at random.
    pub fn fails_on(&self, day: usize) -> bool {
        let WarmUp::Fixed(warm_up) = self.warm_up else { return true };
        let (begins, ends) = (A_DAY * day as u64, A_DAY * (day as u64 + 1));
        let own = self.episodes.iter().any(|it| it.at() < ends && it.to > begins);
        let [begins, ends] = [begins, ends].map(|it| Time::ZERO + warm_up + it);
        own || self.network.faults.iter().any(|it| match it.when {
            When::Once { at, until } => at < ends && until >= begins,
            When::ForGood { at, .. } => at < ends,
            When::AtRandom { .. } => true,
        })
    }

    /// How many slices of a run make one that is kept of a whole story, which is looked at more closely
    /// where something fails.
    pub fn slices_each(&self) -> usize {
        match self.episodes.is_empty() {
            true => 1,
            false => {
                (story::slice_of(self.window).nanos() / self.slice.nanos().max(1)).max(1) as usize
            }
        }
    }

    /// What to call it in a message: "monolith, day 14, zone a".
    pub fn title(&self) -> String {
        let day = self.day.map(|day| format!(", day {day}"));
        let fault = self.fault.as_ref().map(|it| format!(", {}", it.what));
        self.names.model.clone() + &day.unwrap_or_default() + &fault.unwrap_or_default()
    }

    pub fn is_whole_story(&self) -> bool {
        !self.days.is_empty()
    }

    /// Whether any traffic comes at a rate.
    pub fn grows(&self) -> bool {
        let mut all = arrivals(&self.network, &self.names);
        all.any(|it| matches!(it.1, Arrival::Open { .. } | Arrival::Bursts { .. }))
    }

    /// How many events one run will take, roughly: as if every request ran all its steps and was
    /// answered at once.
    pub fn expected_events(&self) -> f64 {
        self.expected_events_until(self.window)
    }

    /// The same up to a time in the window.
    pub fn expected_events_until(&self, at: Span) -> f64 {
        self.events_of(at, |_| true, Session::requests)
    }

    /// The same without users who wait for answers, as how often they ask hangs on how fast these
    /// come, with the first requests of sessions alone, and after as many have left as ever can: too
    /// little rather than too much.
    pub fn certain_events(&self) -> f64 {
        let day = self.day.unwrap_or_default();
        let staying = self.leaving.as_ref().map_or(1.0, |it| it.least(day));
        let is_certain = |it: &Arrival| !matches!(it, Arrival::Closed { .. });
        staying * self.events_of(self.window, is_certain, |_| 1.0)
    }

    fn events_of(
        &self,
        until: Span,
        counts: impl Fn(&Arrival) -> bool,
        asked: impl Fn(&Session) -> f64,
    ) -> f64 {
        let network = &self.network;
        let warm_up = match self.warm_up {
            WarmUp::Fixed(span) => span,
            WarmUp::Auto(_) => self.window,
        };
        let end_s = (until + warm_up).as_secs();
        let per_request = network.steps.len() as f64 / network.classes.len().max(1) as f64 / 2.0;
        let of_sessions = network.sessions.as_slice().iter().map(|it| (&it.arrival, asked(it)));
        let own = network
            .classes
            .as_slice()
            .iter()
            .map(|it| (&it.arrival, it.batch.as_ref().map_or(1.0, |batch| batch.roughly())));
        let requests = own.chain(of_sessions).filter(|it| counts(it.0)).map(|(arrival, each)| {
            each * match arrival {
                Arrival::InSessions => 0.0,
                Arrival::Instants { at } => at.partition_point(|it| it.as_secs() < end_s) as f64,
                Arrival::Closed { users, think } => {
                    f64::from(*users) * end_s / (think.mean_ns() / 1e9).max(1e-3)
                }
                Arrival::Bursts { phases } => {
                    let stays: f64 = phases.iter().map(|it| it.1.as_secs()).sum();
                    let requests: f64 = phases.iter().map(|it| it.0 * it.1.as_secs()).sum();
                    // Changes of phase are work too, though not much.
                    end_s * (requests + phases.len() as f64) / stays
                }
                Arrival::Renewal { gap } => end_s / (gap.mean_ns() / 1e9).max(1e-9),
                Arrival::Open { rates } => {
                    let ends =
                        rates.iter().skip(1).map(|it| it.0.as_secs().min(end_s)).chain([end_s]);
                    rates
                        .iter()
                        .zip(ends)
                        .map(|((at, rate), end)| rate * (end - at.as_secs()).max(0.0))
                        .sum()
                }
            }
        });
        requests.sum::<f64>() * per_request.max(2.0)
    }
}

/// The points of an experiment, design by design, day by day, faults after the days.
pub fn points(experiment: &Experiment, designs: &[Design], findings: &mut Findings) -> Vec<Point> {
    let mut points = Vec::new();
    if too_many(experiment, designs, findings) {
        return points;
    }
    for (i, design) in designs.iter().enumerate() {
        if experiment.growth.is_some() && !design.model.file.is_per_user() {
            let rule = format!("no traffic of model \"{}\" is given per user", design.name());
            let mend = "give its traffic as \"per_user\", so that more users make more of it";
            findings.wrong_at("growth", Code::E010, rule, mend);
            return points;
        }
        if let Some(story) = experiment.growth.as_ref().filter(|it| it.full) {
            points.extend(full_point(experiment, story, i, design, findings));
            continue;
        }
        for instant in instants(experiment, design) {
            points.push(point(experiment, i, design, &instant));
        }
        if experiment.faults.is_empty() {
            continue;
        }
        let built = &compile(&design.model.file, None, &Recorded::default());
        for (f, fault) in experiment.faults.iter().enumerate() {
            if fault.every.is_some() {
                findings.inside("faults", |it| {
                    it.inside(f, |it| fails(&design.model.file, fault, it));
                });
                continue;
            }
            let cases = cases(experiment, fault, design, built);
            for (what, case) in &cases {
                points.push(fault_point(experiment, i, design, f, what, case));
            }
            if cases.is_empty() {
                findings.inside("faults", |it| {
                    it.inside(f, |it| nothing_fails(fault, design, built, it))
                });
            }
        }
    }
    points
}

/// Points beyond which an experiment is refused: each has a network of its own.
pub const POINTS_MAX: u64 = 20_000;

/// About how many points a design comes to.
pub fn points_of(experiment: &Experiment, design: &Design) -> u64 {
    let samples = experiment.growth.as_ref();
    let instants = samples.map_or(0, |it| it.over.nanos() / it.sample.every.nanos()) + 1;
    let zones = design.model.file.zones.len().max(1) as u64;
    instants.saturating_add(zones * experiment.faults.len() as u64)
}

fn too_many(experiment: &Experiment, designs: &[Design], findings: &mut Findings) -> bool {
    let of = |it| points_of(experiment, it);
    let total = designs.iter().map(of).fold(0, u64::saturating_add);
    if total > POINTS_MAX {
        let rule = format!("{total} points; at most {POINTS_MAX} can be run");
        findings.wrong(Code::E012, rule, "sample less often, or vary less at a time");
    }
    total > POINTS_MAX
}

fn point(experiment: &Experiment, design: usize, of: &Design, instant: &Instant) -> Point {
    point_with(experiment, design, of, instant, None)
}

/// A point, with what the experiment has fail at random, and one more fault.
fn point_with(
    experiment: &Experiment,
    design: usize,
    of: &Design,
    instant: &Instant,
    fault: Option<Fault>,
) -> Point {
    let mut file = of.model.file.clone();
    file.faults.extend(experiment.faults.iter().filter(|it| it.every.is_some()).cloned());
    file.faults.extend(fault);
    let (network, names) = compile(&file, instant.load, &of.model.recorded);
    let leaving = experiment.growth.as_ref().filter(|_| instant.day.is_some());
    let leaving = leaving.and_then(|it| Leaving::of(&file, &names, hour_factor(it)));
    let story = experiment.growth.as_ref().map(|story| &story.sample);
    let window =
        story.map(|it| it.window).or(experiment.window).unwrap_or(Span::from_whole_secs(300));
    Point {
        design,
        day: instant.day,
        users: instant.users,
        fault: None,
        leaving,
        network,
        names,
        warm_up: warm_up(experiment),
        window,
        slice: slice_of(window),
        days: Vec::new(),
        episodes: Vec::new(),
    }
}

fn warm_up(experiment: &Experiment) -> WarmUp {
    let story = experiment.growth.as_ref().map(|story| &story.sample);
    story.map(|it| it.warm_up).or(experiment.warm_up).unwrap_or_default()
}

/// How requests and sessions come, by name.
fn arrivals<'n>(
    network: &'n Network,
    names: &'n Names,
) -> impl Iterator<Item = (&'n String, &'n Arrival)> {
    let classes = network.classes.as_slice().iter().map(|it| &it.arrival);
    let sessions = network.sessions.as_slice().iter().map(|it| &it.arrival);
    names.classes.iter().zip(classes).chain(names.sessions.iter().zip(sessions))
}

/// The slices of an ordinary window: whole milliseconds, so that reports read well.
pub fn slice_of(window: Span) -> Span {
    const MILLISECOND: u64 = 1_000_000;
    let whole = (window.nanos() / SLICES).next_multiple_of(MILLISECOND);
    let shortest = (window.nanos() / SLICES).max(1);
    Span::from_nanos(if 0 < whole && whole < window.nanos() { whole } else { shortest })
}
