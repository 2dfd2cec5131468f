//! The whole of a story as one point.

use super::faults::{LEAD, cases, nothing_fails, surge};
use super::{Episode, FAULT_SLICE, Failing, Point, WARM_UP};
use crate::experiment::design::Design;
use crate::experiment::file::{Experiment, Story, WarmUp};
use crate::experiment::trial::A_DAY;
use crate::model::{Recorded, compile};
use crate::network::Arrival;
use crate::parts::fault::Fault;
use crate::problem::{Code, Findings};
use crate::units::{Span, Time};

/// Between two changes of a story's load, at least.
const STEP: Span = Span::from_whole_secs(300);

/// Instants at which growth is looked at, for its mean over a day and over a step.
const LOOKS_A_DAY: u64 = 288;
const LOOKS_A_STEP: u64 = 10;

/// Steps in which the load of a story changes, and slices in which it is looked at, at most.
const STEPS_MAX: u64 = 50_000;

/// The whole of a story: its load follows growth and the hours of the day, step by step with the mean of
/// each, and what fails does so at its time.
pub(super) fn full_point(
    experiment: &Experiment,
    story: &Story,
    design: usize,
    of: &Design,
    findings: &mut Findings,
) -> Option<Point> {
    let warm_up = match story.sample.warm_up {
        WarmUp::Fixed(span) => span,
        WarmUp::Auto(_) => WARM_UP,
    };
    let mut file = of.model.file.clone();
    if file.business.iter().filter_map(|it| it.churn.as_ref()).any(|it| it.carried) {
        let rule = format!(
            "users who left are carried on by sampled instants, and model \"{}\" has \"carried\": true",
            of.name()
        );
        let mend = "leave \"full\" out, or business.churn.carried";
        findings.inside("growth", |it| it.wrong_at("full", Code::E010, rule, mend));
    }
    let built = compile(&file, None, &Recorded::default());
    let (mut surges, mut episodes) = (Vec::new(), Vec::new());
    for (f, fault) in experiment.faults.iter().enumerate() {
        if fault.every.is_some() {
            file.faults.push(fault.clone());
            continue;
        }
        let cases = cases(experiment, fault, of, &built);
        let own = |it: &mut Findings, say: &dyn Fn(&mut Findings)| {
            it.inside("faults", |it| it.inside(f, |it| say(it)));
        };
        if let [(what, case)] = cases.as_slice() {
            episodes.extend(episode(experiment, story, (f, what.clone()), case));
        }
        match cases.as_slice() {
            [] => own(findings, &|it| nothing_fails(fault, of, &built, it)),
            [(_, case)] if case.surge.is_some() => surges.push(case.clone()),
            [(_, case)] => file.faults.push(Fault { at: warm_up + case.at, ..case.clone() }),
            _ => own(findings, &|it| {
                let rule = "in a whole story things fail together, not in turn";
                it.wrong_at("zone", Code::E010, rule, "name the zone");
            }),
        }
    }
    let load = Course::of(story, warm_up);
    let (mut network, names) = compile(&file, Some(1.0), &of.model.recorded);
    for (class, name) in network.classes.iter_mut().zip(&names.classes) {
        if file.traffic[name].per_user.is_some() {
            load.shape(&mut class.arrival);
        }
    }
    for (session, name) in network.sessions.iter_mut().zip(&names.sessions) {
        if file.sessions[name].per_user.is_some() {
            load.shape(&mut session.arrival);
        }
    }
    let days = users_by_day(story);
    let all = days.iter().map(|(users, length)| users * length.as_secs()).sum::<f64>();
    // People come whole.
    let users = (all / story.over.as_secs()).round();
    network.users = Some(users);
    let mut point = Point {
        design,
        day: None,
        users: Some(users),
        fault: None,
        leaving: None,
        network,
        names,
        warm_up: WarmUp::Fixed(warm_up),
        window: story.over,
        slice: if episodes.is_empty() { slice_of(story.over) } else { FAULT_SLICE },
        days: days.iter().map(|it| it.0.round()).collect(),
        episodes,
    };
    for case in &surges {
        let factor = case.surge.unwrap_or(1.0);
        surge(&mut point, case, factor, Time::ZERO + warm_up + case.at);
    }
    Some(point)
}

/// What is looked at of a fault by itself: as much as where it is played on its own, as far as the story goes.
fn episode(
    experiment: &Experiment,
    story: &Story,
    (number, what): (usize, String),
    case: &Fault,
) -> Option<Episode> {
    let slice = FAULT_SLICE.nanos();
    let from = Span::from_nanos(case.at.nanos().saturating_sub(LEAD.nanos()) / slice * slice);
    let (duration, style, once_in) = (case.whole(), case.style_name(), case.once_in);
    let at = Span::from_nanos(case.at.nanos() - from.nanos());
    Some(Episode {
        failing: Failing { number, what, at, duration, once_in, style },
        from,
        to: (case.at + duration + experiment.aftermath).min(story.over),
        // People come whole.
        users: story.users.users_at(case.at, story.over).round(),
    })
    .filter(|_| case.at < story.over)
}

/// How many users there are on average over what is played of each day, with how long that is.
fn users_by_day(story: &Story) -> Vec<(f64, Span)> {
    let days = story.over.nanos().div_ceil(A_DAY.nanos());
    let days = (0..days).map(|day| {
        let (from, to) = (A_DAY * day, (A_DAY * (day + 1)).min(story.over));
        (mean(from, to, LOOKS_A_DAY, |at| story.users.users_at(at, story.over)), to - from)
    });
    days.collect()
}

/// The mean of something over a time, by the middles of so many equal parts of it.
fn mean(from: Span, to: Span, parts: u64, of: impl Fn(Span) -> f64) -> f64 {
    let length = to.nanos() - from.nanos();
    let middle = |i| from + Span::from_nanos((length * (2 * i + 1)) / (2 * parts));
    (0..parts).map(|i| of(middle(i))).sum::<f64>() / parts as f64
}

/// Slices so many of which make a day, each of as many as a fault is looked at in.
pub(super) fn slice_of(over: Span) -> Span {
    let each = over.nanos().div_ceil(STEPS_MAX).div_ceil(FAULT_SLICE.nanos()).max(1);
    let day = A_DAY.nanos() / FAULT_SLICE.nanos();
    FAULT_SLICE * (each..day).find(|it| day.is_multiple_of(*it)).unwrap_or(day)
}

/// How a story's load goes, step by step.
struct Course {
    /// When each step begins, in the run, and how many users' worth of traffic there is on average over it.
    steps: Vec<(Time, f64)>,
}

impl Course {
    fn of(story: &Story, warm_up: Span) -> Course {
        let step = STEP.max(Span::from_nanos(story.over.nanos().div_ceil(STEPS_MAX)));
        let profile = story.daily.as_ref().map(|it| it.profile());
        let hour = |at: Span| profile.map_or(1.0, |it| it.factor(at));
        let load = |at: Span| story.users.users_at(at, story.over) * hour(at);
        let count = story.over.nanos().div_ceil(step.nanos()).max(1);
        let steps = (0..count).map(|i| {
            let (from, to) = (step * i, (step * (i + 1)).min(story.over));
            // What runs before the story has the load of its beginning.
            let begins = if i == 0 { Time::ZERO } else { Time::ZERO + warm_up + from };
            (begins, mean(from, to, LOOKS_A_STEP, load))
        });
        Course { steps: steps.collect() }
    }

    /// Makes what one user does all the time of what they all do as time goes on.
    fn shape(&self, arrival: &mut Arrival) {
        if let Arrival::Open { rates } = arrival {
            let each = rates.first().map_or(0.0, |it| it.1);
            *rates = self.steps.iter().map(|(at, load)| (*at, each * load)).collect();
        }
    }
}
