//! Controllers that say how many instances of a service are wanted, or how large they are.

mod alarms;
pub mod hosts;
pub mod hpa;
pub mod metric;
pub mod provision;
pub mod step;
pub mod target_tracking;
pub mod timetable;
pub mod vertical;

use crate::problem::{Code, Findings};
use crate::units::{Span, Time};
use alarms::Group;
use hpa::{Hpa, Proposal};
use metric::{Instance, Measure, Metric, Reading, State};
use schemars::JsonSchema;
use serde::Deserialize;
use step::{StepScaling, Stepping};
use target_tracking::{TargetTracking, Tracking};
use timetable::Timetable;
use vertical::{Advice, Recommender, Vertical};

/// More instances than that are never asked for.
const MAX: u32 = 100_000;

/// Who decides how many instances of a service there are while it runs, or how much CPU each requests.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// The Kubernetes horizontal pod autoscaler.
    Hpa(Box<Hpa>),
    /// As many instances as keep a metric near a target, as Amazon EC2 Auto Scaling does it.
    TargetTracking(TargetTracking),
    /// The further a metric is off, the more instances are added or removed, as Amazon EC2 Auto
    /// Scaling does it.
    Step(StepScaling),
    /// So many instances at such times.
    Timetable(Timetable),
    /// As many as at the beginning, which request as much CPU as they use: the Kubernetes vertical pod
    /// autoscaler.
    Vertical(Vertical),
}

fn one() -> u32 {
    1
}
fn a_minute() -> Span {
    Span::from_whole_secs(60)
}
fn five_minutes() -> Span {
    Span::from_whole_secs(300)
}

fn check_bounds(min: u32, max: u32, findings: &mut Findings) {
    if min == 0 {
        findings.wrong_at("min", Code::E007, "must be at least 1, not 0", "");
    }
    if max < min {
        findings.wrong_at("max", Code::E010, format!("cannot be less than min, {min}"), "");
    }
    if max > MAX {
        findings.wrong_at("max", Code::E012, format!("must be at most {MAX}, not {max}"), "");
    }
}

fn check_period(key: &str, span: Span, findings: &mut Findings) {
    let bounds = Span::from_nanos(10_000_000)..=Span::from_whole_secs(3600);
    if !bounds.contains(&span) {
        let rule = format!("must be from 10ms to 1h, not {span}");
        findings.wrong_at(key, Code::E007, rule, "real controllers look every 15s to 60s");
    }
}

impl Scaling {
    /// What is wrong with it, for a service that begins with so many instances.
    pub fn check(&self, instances: u32, findings: &mut Findings) {
        let (name, min, max) = match self {
            Scaling::Hpa(it) => ("hpa", it.min, it.max),
            Scaling::TargetTracking(it) => ("target_tracking", it.min, it.max),
            Scaling::Step(it) => ("step", it.min, it.max),
            Scaling::Timetable(it) => {
                findings.inside("timetable", |findings| {
                    it.check(findings);
                    if instances > 1 && it.entries.iter().all(|it| it.instances != instances) {
                        let rule = format!(
                            "the service begins with {instances} instances, which no entry says"
                        );
                        findings.wrong(Code::E010, rule, "leave the service's \"instances\" out");
                    }
                });
                return;
            }
            Scaling::Vertical(it) => {
                return findings.inside("vertical", |findings| it.check(instances, findings));
            }
        };
        findings.inside(name, |it| {
            match self {
                Scaling::Hpa(spec) => spec.check(it),
                Scaling::TargetTracking(spec) => spec.check(it),
                Scaling::Step(spec) => spec.check(it),
                Scaling::Timetable(_) | Scaling::Vertical(_) => {}
            }
            if min <= max && !(min..=max).contains(&instances) {
                let rule =
                    format!("the service begins with {instances} instances, not {min} to {max}");
                it.wrong_at("min", Code::E010, rule, "");
            }
        });
    }

    /// How many instances there are at most, of a service that begins with so many.
    pub fn max(&self, instances: u32) -> u32 {
        match self {
            Scaling::Hpa(it) => it.max,
            Scaling::TargetTracking(it) => it.max,
            Scaling::Step(it) => it.max,
            Scaling::Timetable(it) => it.max(),
            Scaling::Vertical(_) => instances,
        }
    }

    /// How many there are when a run opens, of a service that says how many it begins with.
    pub fn first(&self, instances: u32, opening: Time) -> u32 {
        match self {
            Scaling::Timetable(it) => it.wanted(Time::ZERO, opening).0,
            _ => instances,
        }
    }

    /// Whether the service must say how much CPU an instance requests.
    pub fn needs_request(&self) -> bool {
        match self {
            Scaling::Hpa(it) => it.metrics.iter().any(|it| matches!(it, Metric::Cpu(_))),
            Scaling::TargetTracking(it) => matches!(it.metric, Metric::Cpu(_)),
            Scaling::Step(it) => it.metric == Measure::Cpu,
            Scaling::Timetable(_) => false,
            Scaling::Vertical(_) => true,
        }
    }

    /// The time between two decisions, if they are made again and again.
    pub fn period(&self) -> Option<Span> {
        match self {
            Scaling::Hpa(it) => Some(it.sync_period),
            Scaling::TargetTracking(it) => Some(it.period),
            Scaling::Step(it) => Some(it.period),
            Scaling::Timetable(_) => None,
            Scaling::Vertical(it) => Some(it.interval),
        }
    }

    /// The time between two measurements, where these are made on their own.
    pub fn scrape_interval(&self) -> Option<Span> {
        match self {
            Scaling::Hpa(it) => Some(it.scrape_interval),
            _ => None,
        }
    }

    /// Whether what is measured is so for a decision.
    pub fn measures_itself(&self) -> bool {
        matches!(self, Scaling::TargetTracking(_) | Scaling::Step(_) | Scaling::Vertical(_))
    }

    /// How requests are moved, if they are.
    pub fn vertical(&self) -> Option<&Vertical> {
        match self {
            Scaling::Vertical(it) => Some(it),
            _ => None,
        }
    }
}

/// When a decision is made.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Time,
    /// When the window opens, or has opened.
    pub opening: Time,
    /// How many instances are wanted so far.
    pub current: u32,
}

/// What a controller remembers from one decision to the next.
#[derive(Clone, Debug)]
pub enum Controller {
    Hpa(hpa::Controller),
    TargetTracking(Tracking),
    Step(Stepping),
    Timetable,
    Vertical(Recommender),
}

impl Controller {
    pub fn new(spec: &Scaling) -> Controller {
        match spec {
            Scaling::Hpa(it) => Controller::Hpa(hpa::Controller::new(it)),
            Scaling::TargetTracking(_) => Controller::TargetTracking(Tracking::default()),
            Scaling::Step(_) => Controller::Step(Stepping::default()),
            Scaling::Timetable(_) => Controller::Timetable,
            Scaling::Vertical(_) => Controller::Vertical(Recommender::default()),
        }
    }

    /// How many instances are wanted from now on, by what is seen of each: it and what it shows.
    pub fn decide<I>(&mut self, spec: &Scaling, moment: Moment, seen: impl Fn(Measure) -> I) -> u32
    where
        I: Iterator<Item = (Instance, Option<Reading>)>,
    {
        let Moment { now, opening, current } = moment;
        match (self, spec) {
            (Controller::Hpa(controller), Scaling::Hpa(spec)) => {
                let proposals = spec.metrics.iter().map(|metric| {
                    Proposal::new(spec, *metric, now, current).count(seen(metric.parts().0))
                });
                controller.decide(spec, now, current, proposals)
            }
            (Controller::TargetTracking(tracking), Scaling::TargetTracking(spec)) => {
                let (measure, _) = spec.metric.parts();
                let group = Group::of(measure, (now, spec.warm_up), seen(measure));
                tracking.decide(spec, current, group)
            }
            (Controller::Step(stepping), Scaling::Step(spec)) => {
                let group = Group::of(spec.metric, (now, spec.warm_up), seen(spec.metric));
                stepping.decide(spec, current, group)
            }
            (Controller::Timetable, Scaling::Timetable(spec)) => spec.wanted(now, opening).0,
            (Controller::Vertical(recommender), Scaling::Vertical(spec)) => {
                for (instance, reading) in seen(Measure::Cores) {
                    if let (State::Running { .. }, Some(reading)) = (instance.state, reading) {
                        recommender.take_in(spec, reading.value, instance.request, now);
                    }
                }
                current
            }
            _ => unreachable!("a controller is of its policy"),
        }
    }

    /// What an instance ought to request by what was seen so far, where requests are moved.
    pub fn advice(&self, spec: &Scaling) -> Option<Advice> {
        match (self, spec) {
            (Controller::Vertical(recommender), Scaling::Vertical(spec)) => {
                recommender.advice(spec)
            }
            _ => None,
        }
    }
}
