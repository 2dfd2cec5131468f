//! Trials: one replication of a point, and the figures that it yields.

mod accelerators;
mod admission;
mod databases;
mod devices;
mod queues;
mod requests;
mod sessions;

use super::design::Design;
use super::point::Point;
use crate::ids::{Id, MapIds};
use crate::network::{CacheId, ClassId, GroupId, LockId, Names, Network, PoolGroupId, UNLIMITED};
use crate::outcome::Unit;
use crate::sim::{CacheSeen, Counters, Failure, Measure, Plan, Reason, Slice, Usage, run};
use crate::stats::histogram::Histogram;
use crate::units::{HOURS_PER_MONTH, Span};

/// A figure of one replication; none where it has no value.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub name: String,
    pub unit: Unit,
    pub value: Option<f64>,
    /// What must be in a steady state for it to mean anything.
    pub steady: Option<Steady>,
    /// For a share of requests: how many there were, and what it is where there is no steady state.
    pub share: Option<Share>,
}

/// Whose steady state a figure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steady {
    /// That of one class.
    Class(usize),
    /// That of the messages of a queue.
    Queue(usize),
    /// That of all classes.
    System,
}

/// A share of requests that were answered, or not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub requests: u64,
    /// The share if what piled up inside counts as not answered.
    pub with_piled_up: Option<f64>,
}

/// What one replication yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub figures: Vec<Figure>,
    /// The devices and pools with the shares of them that were busy.
    pub utilizations: Vec<(String, f64)>,
    /// Attempts under way at the end of each slice, by class, and after those messages by queue.
    pub backlog: Vec<Vec<f64>>,
    /// Requests per second that came, by class, and messages by queue.
    pub arrivals_per_s: Vec<f64>,
    pub slices: Vec<SliceSeen>,
    pub events: u64,
}

/// What happened in one slice of a window, all classes together but for background work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SliceSeen {
    /// When it began and how long it was, in seconds since the window opened.
    pub at_s: f64,
    pub length_s: f64,
    pub born: f64,
    pub answered: f64,
    pub failed: f64,
    pub response_s: f64,
}

/// Runs one replication of a point.
pub fn trial(point: &Point, design: &Design, plan: &Plan) -> Result<Trial, Failure> {
    let slices = (plan.window.nanos() / plan.slice.nanos()) as usize + 2;
    let measure = Measure::new(&point.network, slices);
    let (seen, usage) = run(&point.network, plan, measure)?;
    Ok(Reading { point, design, seen: &seen, usage: &usage, window: plan.window }.trial())
}

/// Everything that figures are read from.
struct Reading<'a> {
    point: &'a Point,
    design: &'a Design,
    seen: &'a Measure,
    usage: &'a Usage,
    window: Span,
}

#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    fn add(&mut self, name: String, unit: Unit, value: impl Into<Option<f64>>) {
        self.0.push(Figure { name, unit, value: value.into(), steady: None, share: None });
    }

    /// A figure that depends on when one stopped looking, if the backlog grows.
    fn add_steady(&mut self, of: Steady, name: String, unit: Unit, value: impl Into<Option<f64>>) {
        self.0.push(Figure { name, unit, value: value.into(), steady: Some(of), share: None });
    }

    /// A share of the requests whose fate was decided in the window.
    fn add_share(&mut self, of: Steady, name: String, decided: &Decided, failed: bool) {
        let turn = |share: f64| if failed { 1.0 - share } else { share };
        let all = decided.answered + decided.failed;
        self.0.push(Figure {
            name,
            unit: Unit::Ratio,
            value: share(decided.answered, all).map(turn),
            steady: Some(of),
            share: Some(Share {
                requests: all,
                with_piled_up: share(decided.answered, all + decided.piled_up()).map(turn),
            }),
        });
    }
}

/// What became of requests in a window.
#[derive(Clone, Copy, Default)]
struct Decided {
    born: u64,
    answered: u64,
    failed: u64,
}

impl Decided {
    /// By how many more requests are inside at the end than were at the start.
    fn piled_up(&self) -> u64 {
        self.born.saturating_sub(self.answered + self.failed)
    }
}

/// Quantiles by the names that they have in metrics.
pub const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

impl Reading<'_> {
    fn network(&self) -> &Network {
        &self.point.network
    }

    fn names(&self) -> &Names {
        &self.point.names
    }

    fn window_s(&self) -> f64 {
        self.window.as_secs()
    }

    fn trial(&self) -> Trial {
        let mut figures = Figures::default();
        for class in self.network().classes.ids() {
            self.class(class, &mut figures);
        }
        let slices = self.slices();
        self.system(&slices, &mut figures);
        let mut utilizations = Vec::new();
        self.pools(&mut figures, &mut utilizations);
        self.admissions(&mut figures);
        self.volumes(&mut figures, &mut utilizations);
        self.buffers(&mut figures);
        self.connects(&mut figures);
        self.rows(&mut figures, &mut utilizations);
        self.caches(&mut figures);
        self.queues(&mut figures, &mut utilizations);
        self.sessions(&mut figures);
        self.cpus(&mut figures, &mut utilizations);
        self.accelerators(&mut figures, &mut utilizations);
        let busiest = utilizations.iter().map(|it| it.1).fold(0.0, f64::max);
        figures.add("headroom".to_owned(), Unit::Ratio, 1.0 - busiest);
        let window_s = self.window_s();
        let of_class = |class: ClassId| -> Vec<f64> {
            self.seen.slices.iter().map(|it| f64::from(it.classes[class].backlog)).collect()
        };
        let (classes, queues) = (self.network().classes.ids(), self.network().queues.ids());
        let born = self.decided().map(|it| it.born);
        let sent = self.seen.queues.as_slice().iter().map(|it| it.sent);
        Trial {
            figures: figures.0,
            utilizations,
            backlog: classes.map(of_class).chain(queues.map(|it| self.unsettled(it))).collect(),
            arrivals_per_s: born.chain(sent).map(|it| it as f64 / window_s).collect(),
            slices,
            events: self.usage.events,
        }
    }

    fn slices(&self) -> Vec<SliceSeen> {
        let mut before = Counters::default();
        let mut from = self.seen.opened;
        let per_slice = self.seen.slices.iter().map(|slice| {
            let now = self.all_users(slice);
            let seen = SliceSeen {
                at_s: (from - self.seen.opened).as_secs(),
                length_s: (slice.at - from).as_secs(),
                born: (now.born - before.born) as f64,
                answered: (now.answered - before.answered) as f64,
                failed: (now.failed - before.failed) as f64,
                response_s: (now.response_ns - before.response_ns) as f64 / 1e9,
            };
            (before, from) = (now, slice.at);
            seen
        });
        per_slice.collect()
    }

    /// All classes together, but for background work.
    fn all_users(&self, slice: &Slice) -> Counters {
        let classes = self.network().classes.ids().filter(|it| !self.is_background(*it));
        classes.map(|it| slice.classes[it]).fold(Counters::default(), |sum, it| Counters {
            born: sum.born + it.born,
            answered: sum.answered + it.answered,
            failed: sum.failed + it.failed,
            response_ns: sum.response_ns + it.response_ns,
            backlog: sum.backlog + it.backlog,
        })
    }

    fn is_background(&self, class: ClassId) -> bool {
        self.network().classes[class].background
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Mean, quantiles and maximum; a quantile only where at least one value lies beyond it.
fn times(of: Steady, name: &str, seen: &Histogram, figures: &mut Figures) {
    let count = seen.count();
    let mean = seen.mean().map(|ns| ns / 1e9);
    figures.add_steady(of, format!("{name}.mean"), Unit::Seconds, mean);
    for (suffix, q) in QUANTILES {
        let enough = count as f64 * (1.0 - q) >= 1.0;
        let value = seen.quantile(q).filter(|_| enough).map(|ns| ns / 1e9);
        figures.add_steady(of, format!("{name}.{suffix}"), Unit::Seconds, value);
    }
    let max = seen.max().map(|ns| ns as f64 / 1e9);
    figures.add_steady(of, format!("{name}.max"), Unit::Seconds, max);
}
