//! Trials: one replication of a point, and the figures that it yields.

mod accelerators;
mod admission;
mod databases;
mod days;
mod devices;
mod episodes;
mod links;
mod outages;
mod policies;
mod queues;
mod replication;
mod requests;
mod runs;
mod scaling;
mod sessions;

pub use days::{DaySeen, of_day};
pub use runs::{pilot, story, trial, trial_after};

use super::churn::Staying;
use super::design::Design;
use super::point::{Failing, Point};
use crate::ids::{Id, MapIds};
use crate::model::file::Business;
use crate::network::{CacheId, ClassId, GroupId, LockId, Names, Network, PoolGroupId, UNLIMITED};
use crate::outcome::Unit;
use crate::sim::{
    BATCHES, CacheSeen, ClassSeen, Counters, Failure, Measure, Plan, Reason, Run, SLICE_QUANTILES,
    Slice, Usage, run,
};
use crate::stats::histogram::Histogram;
use crate::stats::quantile::LEVELS;
use crate::stats::sparse::Sparse;
use crate::units::{HOURS_PER_MONTH, Span};
use serde::{Deserialize, Serialize};

/// The days of a story are as long.
pub const A_DAY: Span = Span::from_whole_secs(86_400);

/// A figure of one replication; none where it has no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub name: String,
    pub unit: Unit,
    pub value: Option<f64>,
    /// What must be in a steady state for it to mean anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<Steady>,
    /// For a share of requests: how many there were, and what it is where there is no steady state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// The same in each of the window's batches, where that is known of all of them; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<f64>,
    /// What of a class's responses it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
}

/// A mean or a quantile of a class's responses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    pub class: usize,
    /// None of the mean.
    pub quantile: Option<f64>,
}

/// Whose steady state a figure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steady {
    /// That of one class.
    Class(usize),
    /// That of the messages of a queue.
    Queue(usize),
    /// That of all classes.
    System,
}

/// A share of requests that were answered, or not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    pub requests: u64,
    /// The share if what piled up inside counts as not answered.
    pub with_piled_up: Option<f64>,
}

/// What one replication yields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Whether it draws the opposite of all that the one before it draws.
    pub mirrored: bool,
    pub figures: Vec<Figure>,
    /// The devices and pools with the shares of them that were busy.
    pub utilizations: Vec<(String, f64)>,
    /// Attempts under way at the end of each slice, by class, and after those messages by queue.
    pub backlog: Vec<Vec<f64>>,
    /// Requests per second that came, by class, and messages by queue.
    pub arrivals_per_s: Vec<f64>,
    pub slices: Vec<SliceSeen>,
    /// By class, how many were answered in each slice and the sum of their responses in seconds.
    pub answered: Vec<Vec<(f64, f64)>>,
    /// By class, the responses in nanoseconds: of the whole run, and of each of its batches if it is
    /// the only one.
    pub responses: Vec<Responses>,
    /// How a fault went, slice by slice.
    pub course: Option<CourseSeen>,
    pub left: Left,
    /// Of a whole story, day by day; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<DaySeen>,
    /// What failed in it, each as in a window of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub episodes: Vec<Trial>,
    pub events: u64,
}

/// What there was at the end of a run: where the next sampled instant of a story begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// By controller, how many instances it wanted.
    pub instances: Vec<u32>,
    /// By group of hosts that come and go, how many there were.
    pub hosts: Vec<u32>,
    /// By controller, what it had whoever started request, in thousandths of a core; none where no request
    /// moves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<u64>,
    /// Which of the users are there; none where nobody leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Staying>,
}

impl Left {
    /// Whether a point begins with what another left, as anything in it comes and goes.
    pub fn matters(point: &Point) -> bool {
        let Point { network, leaving, .. } = point;
        !network.scalers.is_empty() || !network.provisioners.is_empty() || leaving.is_some()
    }

    /// The same so many days later: what is there stays, but for users who leave.
    pub fn later(self, days: f64) -> Left {
        Left { users: self.users.map(|it| it.later(days)), ..self }
    }

    /// The share of the users who are there.
    fn staying(&self) -> f64 {
        self.users.map_or(1.0, |it| it.share)
    }

    /// The network of a point, beginning with that.
    fn into(&self, point: &Point) -> Network {
        let mut network = point.network.clone();
        if let Some(leaving) = &point.leaving {
            leaving.thin(&mut network, self.staying());
        }
        for (scaler, count) in network.scalers.iter_mut().zip(&self.instances) {
            scaler.first = *count;
        }
        for (scaler, request) in network.scalers.iter_mut().zip(&self.requests) {
            scaler.request = *request;
        }
        for (provisioner, count) in network.provisioners.iter_mut().zip(&self.hosts) {
            provisioner.first = *count;
        }
        network
    }
}

/// The course of a fault, slice by slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CourseSeen {
    /// In nanoseconds, by [`SLICE_QUANTILES`].
    pub responses: Vec<[Option<f64>; SLICE_QUANTILES.len()]>,
    /// Of each service: up, and believed to be.
    pub instances: Vec<Vec<[u32; 2]>>,
    /// Of each host group: core-nanoseconds used, and those that there were on hosts that were up.
    pub cpus: Vec<Vec<[f64; 2]>>,
}

/// The responses of one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Responses {
    pub whole: Sparse,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub batches: Vec<Sparse>,
}

/// What happened in one slice of a window, all classes together but for background work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SliceSeen {
    /// When it began and how long it was, in seconds since the window opened.
    pub at_s: f64,
    pub length_s: f64,
    pub born: f64,
    pub answered: f64,
    pub failed: f64,
    pub response_s: f64,
}

/// Everything that figures are read from; all of it is in the key under which a store keeps them.
#[derive(Clone, Copy)]
struct Reading<'a> {
    point: &'a Point,
    /// What fails in the window, at a known time.
    failing: Option<&'a Failing>,
    users: Option<f64>,
    business: Option<&'a Business>,
    seen: &'a Measure,
    usage: &'a Usage,
    window: Span,
    is_pilot: bool,
    mirrored: bool,
    /// The share of the point's users who are there.
    staying: f64,
}

#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    fn add(&mut self, name: String, unit: Unit, value: impl Into<Option<f64>>) {
        self.0.push(Figure {
            name,
            unit,
            value: value.into(),
            steady: None,
            share: None,
            batches: Vec::new(),
            response: None,
        });
    }

    /// A figure that depends on when one stopped looking, if the backlog grows.
    fn add_steady(&mut self, of: Steady, name: String, unit: Unit, value: impl Into<Option<f64>>) {
        self.0.push(Figure {
            name,
            unit,
            value: value.into(),
            steady: Some(of),
            share: None,
            batches: Vec::new(),
            response: None,
        });
    }

    /// The mean utilization of `members` alike, and that of the fullest one, if there are several: it
    /// is the fullest that binds.
    fn add_used(
        &mut self,
        name: String,
        members: usize,
        (mean, fullest): (f64, f64),
        utilizations: &mut Vec<(String, f64)>,
    ) {
        self.add(format!("{name}.utilization"), Unit::Ratio, mean);
        if members > 1 {
            self.add(format!("{name}.utilization.fullest"), Unit::Ratio, fullest);
        }
        utilizations.push((name, fullest));
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
            batches: Vec::new(),
            response: None,
        });
    }

    /// What the figure that was added last is in each batch, if it is known in all.
    fn in_batches(&mut self, values: impl Iterator<Item = Option<f64>>) {
        let values: Option<Vec<f64>> = values.collect();
        if let (Some(last), Some(values)) = (self.0.last_mut(), values) {
            last.batches = values;
        }
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
pub const QUANTILES: [(&str, f64); LEVELS.len()] = [
    ("p50", LEVELS[0]),
    ("p90", LEVELS[1]),
    ("p95", LEVELS[2]),
    ("p99", LEVELS[3]),
    ("p999", LEVELS[4]),
];

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
        self.outages(&mut figures);
        self.volumes(&mut figures, &mut utilizations);
        self.links(&mut figures, &mut utilizations);
        self.buffers(&mut figures);
        self.connects(&mut figures);
        self.replications(&mut figures);
        self.rows(&mut figures, &mut utilizations);
        self.caches(&mut figures);
        self.queues(&mut figures, &mut utilizations);
        self.sessions(&mut figures);
        self.cpus(&mut figures, &mut utilizations);
        self.hosts(&mut figures);
        self.accelerators(&mut figures, &mut utilizations);
        self.policies(&mut figures);
        self.visits(&mut figures);
        self.wasted(&mut figures);
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
            mirrored: self.mirrored,
            figures: figures.0,
            utilizations,
            backlog: classes.map(of_class).chain(queues.map(|it| self.unsettled(it))).collect(),
            arrivals_per_s: born.chain(sent).map(|it| it as f64 / window_s).collect(),
            slices,
            course: self.course(),
            left: Left {
                instances: self.usage.wanted.as_slice().to_vec(),
                hosts: self.usage.hosts_left.as_slice().to_vec(),
                requests: self.requests_left(),
                users: self.users_left(),
            },
            answered: self.network().classes.ids().map(|it| self.answered(it)).collect(),
            days: self.days(),
            episodes: self.episodes(),
            responses: self.seen.classes.as_slice().iter().map(responses).collect(),
            events: self.usage.events,
        }
    }

    fn answered(&self, class: ClassId) -> Vec<(f64, f64)> {
        let mut before = Counters::default();
        let per_slice = self.seen.slices.iter().map(|slice| {
            let now = slice.classes[class];
            let answered = (now.answered - before.answered) as f64;
            let response_s = (now.response_ns - before.response_ns) as f64 / 1e9;
            before = now;
            (answered, response_s)
        });
        per_slice.collect()
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

fn responses(seen: &ClassSeen) -> Responses {
    let whole = seen.response.since(&Histogram::new());
    Responses { whole, batches: seen.batches.clone() }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Whether so many values are enough for a quantile: at least one lies beyond it.
fn enough(count: u64, q: f64) -> bool {
    count as f64 * (1.0 - q) >= 1.0
}

/// Mean, quantiles and maximum; a quantile only where at least one value lies beyond it.
fn times(of: Steady, name: &str, seen: &Histogram, figures: &mut Figures) {
    let count = seen.count();
    let mean = seen.mean().map(|ns| ns / 1e9);
    figures.add_steady(of, format!("{name}.mean"), Unit::Seconds, mean);
    for (suffix, q) in QUANTILES {
        let value = seen.quantile(q).filter(|_| enough(count, q)).map(|ns| ns / 1e9);
        figures.add_steady(of, format!("{name}.{suffix}"), Unit::Seconds, value);
    }
    let max = seen.max().map(|ns| ns as f64 / 1e9);
    figures.add_steady(of, format!("{name}.max"), Unit::Seconds, max);
}
