//! What the controllers of instances decide, case by case.

use outgrow::parts::scaling::hpa::{Controller, Hpa, Proposal};
use outgrow::parts::scaling::metric::{Instance, Metric, Reading, State, thousandths};
use outgrow::units::{Span, Time};
use serde::Deserialize;

/// A controller and what it decides, one decision after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    /// Where it comes from, and the sum.
    why: String,
    hpa: Hpa,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(default)]
    at: Span,
    /// How many are wanted so far; as decided last, if absent.
    current: Option<u32>,
    #[serde(default)]
    instances: Vec<Seen>,
    /// What the metrics ask for, in place of instances.
    proposes: Option<Vec<Option<u32>>>,
    wanted: u32,
}

/// Instances that look alike: ready since they started long ago, if nothing else is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    #[serde(default = "one")]
    count: usize,
    /// Cores that each requests.
    #[serde(default = "unity")]
    request: f64,
    /// What each shows of each metric; nothing if it is missing.
    shows: Vec<Option<f64>>,
    #[serde(default)]
    started: Span,
    #[serde(default)]
    pending: bool,
    #[serde(default)]
    leaving: bool,
    #[serde(default = "yes")]
    ready: bool,
    /// Since when it is ready, or is not.
    since: Option<Span>,
    /// When it was measured, over how long; just now, if absent.
    measured: Option<Span>,
    #[serde(default)]
    over: Span,
}

fn one() -> usize {
    1
}
fn unity() -> f64 {
    1.0
}
fn yes() -> bool {
    true
}

impl Seen {
    fn instance(&self) -> Instance {
        let state = match (self.leaving, self.pending) {
            (true, _) => State::Leaving,
            (_, true) => State::Pending,
            _ => State::Running {
                ready: self.ready,
                since: Time::ZERO + self.since.unwrap_or(self.started),
            },
        };
        let started = Time::ZERO + self.started;
        Instance { state, started, runs_since: Some(started), request: thousandths(self.request) }
    }

    fn reading(&self, metric: usize, now: Span) -> Option<Reading> {
        let value = thousandths(self.shows[metric]?);
        let at = Time::ZERO + self.measured.unwrap_or(now);
        Some(Reading { value, at, over: self.over })
    }
}

fn proposal(spec: &Hpa, metric: Metric, n: usize, step: &Step, current: u32) -> Option<u32> {
    let each = |it: &Seen| (it.instance(), it.reading(n, step.at));
    let seen: Vec<_> =
        step.instances.iter().flat_map(|it| std::iter::repeat_n(each(it), it.count)).collect();
    let proposal = Proposal::new(spec, metric, Time::ZERO + step.at, current);
    proposal.count(seen.into_iter())
}

#[test]
fn the_horizontal_pod_autoscaler_decides_as_its_documentation_says() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("hpa.json")).unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for Case { case, why, hpa, steps } in &cases {
        let mut controller = Controller::new(hpa);
        let mut current = 0;
        for step in steps {
            current = step.current.unwrap_or(current);
            let proposals = match &step.proposes {
                Some(proposes) => proposes.clone(),
                None => {
                    let metrics = hpa.metrics.iter().enumerate();
                    metrics.map(|(n, it)| proposal(hpa, *it, n, step, current)).collect()
                }
            };
            let now = Time::ZERO + step.at;
            current = controller.decide(hpa, now, current, proposals.into_iter());
            if current != step.wanted {
                wrong.push(format!(
                    "{case}, at {}: {current}, not {} ({why})",
                    step.at, step.wanted
                ));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
