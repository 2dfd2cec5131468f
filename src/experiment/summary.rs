//! From trials to an outcome: estimates with their intervals, what binds, what breaks.

use super::conduct::Conducted;
use super::controls::Controls;
use super::design::Design;
use super::over_time::over_time;
use super::point::{Failing as FailsAt, Part, Point};
use super::series;
use super::trial::{Figure, QUANTILES, Steady, Trial};
use super::values::{
    independent, of_one_run, replications_each, too_short, values, worth_of_pairs,
};
use crate::model::file::Objective;
use crate::network::{Fault as Failing, When};
use crate::outcome::{
    Bottleneck, BreaksOn, Estimate, Fault, Kept, ModelSummary, Overload, Point as Reported, Theory,
    Unit,
};
use crate::stats::share::share;
use crate::stats::{self, Aim, growth};
use crate::theory::{Prediction, predict};
use indexmap::IndexMap;

/// The probability with which intervals hold the true value.
pub const CONFIDENCE: f64 = 0.95;
/// A device this busy binds, whatever else is held while waiting for it.
const SATURATED: f64 = 0.9;

/// A point as it is reported.
pub fn reported(point: &Point, design: &Design, conducted: &Conducted) -> Reported {
    let trials = &conducted.trials;
    let bottleneck = bottleneck(trials);
    let steadiness = Steadiness::of(point, trials);
    let overloaded = steadiness.growth_per_s.map(|it| Overload {
        by: steadiness.held_up_by(point, &bottleneck),
        backlog_per_s: it.value,
        half_width: it.half_width,
    });
    let controls = match conducted.controls && point.fault.is_none() {
        true => Controls::of(point, trials),
        false => Controls::none(),
    };
    let metrics = estimates(trials, &steadiness, &controls);
    // Where the backlog grows there is nothing to settle to, and that is told already.
    let settled = conducted.settled || overloaded.is_some();
    Reported {
        model: design.name().to_owned(),
        factors: design.factors.clone(),
        day: point.day,
        users: point.users,
        replications: trials.len() as u32,
        window_s: point.window.as_secs(),
        warm_up_s: conducted.warm_up.as_secs(),
        warm_up_by: conducted.warm_up_by.clone(),
        fault: point.fault.as_ref().map(fails),
        settled,
        antithetic: replications_each(trials) > 1,
        unmet: conducted.unmet.clone(),
        overloaded,
        bottleneck: Some(bottleneck),
        metrics,
        theory: theory(point),
        parts: Vec::new(),
        series: point.fault.as_ref().map(|_| series::series(trials, &point.names)),
    }
}

/// What fails, as it is reported.
pub fn fails(it: &FailsAt) -> Fault {
    Fault {
        what: it.what.clone(),
        at_s: it.at.as_secs(),
        for_s: it.duration.as_secs(),
        style: it.style.to_owned(),
    }
}

/// What theory says of the same network, where it says anything; of one that fails it does not, nor of
/// one in which requests can fail, so that nobody has left where it does.
fn theory(point: &Point) -> IndexMap<String, Theory> {
    let at_random = |it: &Failing| matches!(it.when, When::AtRandom { .. });
    if point.network.faults.iter().any(at_random) {
        return IndexMap::new();
    }
    let predictions = predict(&point.network, &point.names).into_iter();
    let told =
        |it: Prediction| (it.metric, Theory { value: it.value, method: it.method.to_owned() });
    predictions.map(told).collect()
}

/// Which classes have a steady state at a point.
pub struct Steadiness {
    /// Those whose backlog grows, and after them the queues that do.
    growing: Vec<bool>,
    classes: usize,
    /// Whether something fails on the way, so that there is a course and no state.
    fault: bool,
    /// By how much the backlogs grow that do.
    growth_per_s: Option<stats::Estimate>,
}

/// The courses of something over runs that are independent: of antithetic pairs, their means.
fn each_alone(trials: &[Trial], course: impl Fn(&Trial) -> Vec<f64>) -> Vec<Vec<f64>> {
    let of_pair = |pair: &[Trial]| {
        let courses: Vec<Vec<f64>> = pair.iter().map(&course).collect();
        let slices = courses.iter().map(Vec::len).min().unwrap_or(0);
        let mean =
            |slice: usize| courses.iter().map(|it| it[slice]).sum::<f64>() / courses.len() as f64;
        (0..slices).map(mean).collect()
    };
    trials.chunks(replications_each(trials)).map(of_pair).collect()
}

impl Steadiness {
    pub fn of(point: &Point, trials: &[Trial]) -> Steadiness {
        let all = trials.first().map_or(0, |it| it.backlog.len());
        let growths = (0..all).map(|class| {
            let backlogs = each_alone(trials, |it| it.backlog[class].clone());
            let arrivals = trials.iter().map(|it| it.arrivals_per_s[class]).sum::<f64>();
            let arrivals_per_s = arrivals / trials.len() as f64;
            growth(&backlogs, point.slice.as_secs(), arrivals_per_s, CONFIDENCE)
                // More requests inside are more users there, where the load grows.
                .filter(|it| it.overloaded && point.fault.is_none() && !point.is_whole_story())
        });
        let growths: Vec<_> = growths.collect();
        let growing: Vec<bool> = growths.iter().map(Option::is_some).collect();
        // What grows together is taken together, since classes that share a device grow by turns.
        let together = |trial: &Trial| -> Vec<f64> {
            let own = trial.backlog.iter().zip(&growing).filter(|it| *it.1).map(|it| it.0);
            let slices = own.clone().map(Vec::len).min().unwrap_or(0);
            (0..slices).map(|slice| own.clone().map(|it| it[slice]).sum()).collect()
        };
        let any = growing.contains(&true);
        let sums = if any { each_alone(trials, together) } else { Vec::new() };
        let all = growth(&sums, point.slice.as_secs(), 0.0, CONFIDENCE);
        let per_s = all.filter(|_| any).or(growths.into_iter().flatten().next()).map(|it| it.per_s);
        Steadiness {
            growing,
            classes: point.network.classes.len(),
            fault: point.fault.is_some(),
            growth_per_s: per_s,
        }
    }

    /// That of a part of a point, whose own trials these are: what a day comes to is told as it is, and where
    /// something fails there is no such state.
    pub fn of_part(point: &Point, part: Part, trials: &[Trial]) -> Steadiness {
        let classes = point.names.classes.len();
        match part {
            Part::Whole => Steadiness::of(point, trials),
            Part::Day(_) | Part::Episode(_) => {
                let fault = matches!(part, Part::Episode(_));
                let growing = vec![false; classes];
                Steadiness { growing, classes, fault, growth_per_s: None }
            }
        }
    }

    pub fn is_overloaded(&self) -> bool {
        self.growth_per_s.is_some()
    }

    /// What cannot keep up, if something cannot.
    pub fn overloaded_by(&self, point: &Point, trials: &[Trial]) -> Option<String> {
        self.is_overloaded().then(|| self.held_up_by(point, &bottleneck(trials)))
    }

    /// What requests wait for if they pile up, or else the first queue in which messages do.
    fn held_up_by(&self, point: &Point, bottleneck: &Bottleneck) -> String {
        let (classes, queues) = self.growing.split_at(self.classes.min(self.growing.len()));
        let queue = queues.iter().position(|it| *it).filter(|_| !classes.contains(&true));
        queue.map_or(bottleneck.name.clone(), |it| point.names.queues[it].clone())
    }

    pub fn holds(&self, of: Steady) -> bool {
        !self.fault
            && match of {
                Steady::Class(class) => !self.growing[class],
                Steady::Queue(queue) => !self.growing[self.classes + queue],
                Steady::System => !self.growing[..self.classes].contains(&true),
            }
    }

    /// What to report of a figure: nothing, if it depends on when one stopped looking; a share with
    /// what piled up counted as not answered.
    pub fn chosen(&self, figure: &Figure) -> Option<f64> {
        match (figure.steady, figure.share) {
            (Some(of), Some(share)) if !self.holds(of) => share.with_piled_up,
            (Some(of), None) if !self.holds(of) => None,
            _ => figure.value,
        }
    }

    /// The independent values of a metric over replications, if every one has it.
    pub fn values_of(&self, trials: &[Trial], metric: &str) -> Option<Vec<f64>> {
        let place = trials.first()?.figures.iter().position(|it| it.name == metric)?;
        self.values_at(trials, place)
    }

    /// The same by the metric's place among the figures.
    fn values_at(&self, trials: &[Trial], place: usize) -> Option<Vec<f64>> {
        match trials.first()?.figures[place].steady {
            Some(of) if !self.holds(of) => {
                let chosen = |it: &Trial| self.chosen(&it.figures[place]);
                let of_each: Option<Vec<f64>> = trials.iter().map(chosen).collect();
                Some(independent(trials, of_each?))
            }
            _ => values(trials, place),
        }
    }

    /// Whether the runs are too short for what is told of responses.
    pub fn too_short(&self, trials: &[Trial], metric: &str) -> bool {
        let figures = || trials.first().map(|it| &it.figures);
        let place = figures().and_then(|it| it.iter().position(|it| it.name == metric));
        place.is_some_and(|place| self.too_short_at(trials, place))
    }

    fn too_short_at(&self, trials: &[Trial], place: usize) -> bool {
        let figure = &trials[0].figures[place];
        let steady = figure.steady.is_none_or(|it| self.holds(it)) && !self.fault;
        figure.response.is_some_and(|it| steady && too_short(trials, it))
    }
}

/// Means over replications, or what one run tells; a figure that some replication lacks is absent.
pub fn estimates(
    trials: &[Trial],
    steadiness: &Steadiness,
    controls: &Controls,
) -> IndexMap<String, Estimate> {
    let Some(first) = trials.first() else { return IndexMap::new() };
    let mut estimates = IndexMap::new();
    for (i, figure) in first.figures.iter().enumerate() {
        let steady = figure.steady.is_none_or(|it| steadiness.holds(it)) && !steadiness.fault;
        let alone = trials.len() == 1 && steady;
        let by_batches = if alone { of_one_run(first, figure) } else { None };
        let over_replications = || {
            let values = steadiness.values_at(trials, i)?;
            stats::Estimate::from_replications(&values, CONFIDENCE)
        };
        let with_control = figure
            .response
            .filter(|_| steady)
            .and_then(|it| controls.estimate(it.class, trials, &steadiness.values_at(trials, i)?));
        let estimate = by_batches.or(with_control.map(|it| it.estimate)).or_else(over_replications);
        if let Some(estimate) = estimate {
            let too_short = steadiness.too_short_at(trials, i);
            let of_pairs = || figure.response.filter(|_| steady).and(worth_of_pairs(trials, i));
            let worth = with_control.map(|it| it.worth).or_else(of_pairs);
            let told = Estimate { too_short, worth, ..told(&estimate, Some(figure.unit)) };
            let parts = || match alone && figure.share.is_some() {
                true => Some(figure.batches.clone()),
                false => steadiness.values_at(trials, i),
            };
            let told = match figure.share {
                Some(_) => within_bounds(told, trials, i, parts().as_deref()),
                None => inside(told),
            };
            estimates.insert(figure.name.clone(), told);
        }
    }
    estimates
}

/// A share of time or of anything else, whose interval ends where there is nothing more.
fn inside(of: Estimate) -> Estimate {
    match of.ends() {
        Some((low, high)) if of.unit == Some(Unit::Ratio) && (low < 0.0 || high > 1.0) => {
            of.within(low.max(0.0).min(of.value), high.min(1.0).max(of.value))
        }
        _ => of,
    }
}

/// A share of requests with the interval that suits one, by what it was in independent parts: in the
/// replications, or in the batches of one run.
fn within_bounds(of: Estimate, trials: &[Trial], place: usize, parts: Option<&[f64]>) -> Estimate {
    let shares = trials.iter().filter_map(|it| it.figures[place].share);
    let requests: u64 = shares.map(|it| it.requests).sum();
    match parts.and_then(|it| share(it, requests, CONFIDENCE)) {
        // The batches of one run are not quite what it is as a whole.
        Some(it) => {
            let (low, high) = (it.low.min(of.value), it.high.max(of.value));
            Estimate { too_short: it.few, ..of.within(low, high) }
        }
        None => of,
    }
}

pub fn told(estimate: &stats::Estimate, unit: Option<Unit>) -> Estimate {
    Estimate {
        value: estimate.value,
        half_width: estimate.half_width,
        confidence: estimate.confidence,
        unit,
        low: None,
        high: None,
        too_short: false,
        worth: None,
    }
}

/// The busiest device, if one is saturated: rows are held for longer and pools fill up behind it.
/// Else the busiest table of rows, if one of them is always held: pools fill up behind it too. Else
/// whatever is busiest.
fn bottleneck(trials: &[Trial]) -> Bottleneck {
    let mean =
        |i: usize| trials.iter().map(|it| it.utilizations[i].1).sum::<f64>() / trials.len() as f64;
    let names = trials[0].utilizations.iter().map(|it| it.0.as_str());
    let all: Vec<(&str, f64)> = names.enumerate().map(|(i, name)| (name, mean(i))).collect();
    const DEVICES: [&str; 7] =
        [".cpu", ".disk", ".log", ".bandwidth", ".iops", ".credits", ".accelerator.throughput"];
    let is_lock = |name: &str| name.contains(".lock.");
    let is_device = |name: &str| {
        !name.contains(".pool.") && !is_lock(name) && DEVICES.iter().any(|it| name.ends_with(it))
    };
    let saturated = |is: &dyn Fn(&str) -> bool| {
        let busiest = all.iter().filter(|it| is(it.0)).copied().reduce(busier);
        busiest.filter(|it| it.1 >= SATURATED)
    };
    let busiest = || all.iter().copied().reduce(busier);
    let bound = saturated(&is_device).or_else(|| saturated(&is_lock)).or_else(busiest);
    let (name, utilization) = bound.unwrap_or(("nothing", 0.0));
    Bottleneck { name: name.to_owned(), utilization }
}

/// The busier of two; the first if they are alike.
fn busier<'a>(a: (&'a str, f64), b: (&'a str, f64)) -> (&'a str, f64) {
    if b.1 > a.1 { b } else { a }
}

/// What must hold of a design: metric, limit, and whether it is a lower one.
pub struct Limit {
    pub metric: String,
    /// As the outcome names it: `generate.p95`.
    pub objective: String,
    pub limit: f64,
    pub aim: Aim,
}

/// The objectives of a design, class by class.
pub fn limits(design: &Design) -> Vec<Limit> {
    let objectives = &design.model.file.objectives;
    objectives.iter().flat_map(|(class, objective)| limits_of(class, objective)).collect()
}

fn limits_of(class: &str, objective: &Objective) -> Vec<Limit> {
    let Objective { mean, p50, p90, p95, p99, p999, availability } = objective;
    let mut limits = Vec::new();
    let spans = [("mean", mean)]
        .into_iter()
        .chain(QUANTILES.iter().map(|it| it.0).zip([p50, p90, p95, p99, p999]));
    for (name, span) in spans {
        limits.extend(span.map(|span| Limit {
            metric: format!("{class}.response.{name}"),
            objective: format!("{class}.{name}"),
            limit: span.as_secs(),
            aim: Aim::Lower,
        }));
    }
    limits.extend(availability.map(|limit| Limit {
        metric: format!("{class}.availability"),
        objective: format!("{class}.availability"),
        limit,
        aim: Aim::Higher,
    }));
    limits
}

/// What holds for a design over its points.
pub fn summary(design: &Design, known: &[&Known]) -> ModelSummary {
    let points: Vec<&Reported> = known.iter().map(|it| it.reported).collect();
    let limits = limits(design);
    let days: Vec<&Reported> = known.iter().flat_map(|it| it.days).collect();
    let objectives = limits.iter().map(|it| (it.objective.clone(), it.limit)).collect();
    ModelSummary {
        breaks_on: match days.is_empty() {
            true => breaks_on(&points, &limits),
            false => breaks_on(&days, &limits),
        },
        objectives,
        over_time: over_time(known),
        found: None,
        capacity: None,
    }
}

/// When an objective is first missed with confidence: between the last sampled day on which all
/// were kept with confidence, if there is one, and the first on which one is missed; of a whole story,
/// between two of its days.
fn breaks_on(points: &[&Reported], limits: &[Limit]) -> Option<BreaksOn> {
    let mut kept_until = None;
    for point in points.iter().filter(|it| it.fault.is_none()) {
        let day = point.day?;
        let keeps = |it: &Limit| point.keeps(&it.objective, it.limit);
        let missed = limits.iter().filter(|it| keeps(it) == Kept::Fail);
        // Several may be missed on one day; the one that suffers most is told.
        let missed = missed.min_by(|a, b| answered(point, a).total_cmp(&answered(point, b)));
        if let Some(missed) = missed {
            return Some(BreaksOn {
                value: kept_until.map_or(day, |from: f64| (from + day) / 2.0),
                half_width: kept_until.map(|from: f64| (day - from) / 2.0),
                objective: missed.objective.clone(),
                by: point.bottleneck.as_ref().map(|it| it.name.clone()),
            });
        }
        if limits.iter().all(|it| keeps(it) == Kept::Pass) {
            kept_until = Some(day);
        }
    }
    None
}

/// The share of a limit's class that is answered in time.
fn answered(point: &Reported, limit: &Limit) -> f64 {
    let class = limit.objective.rsplit_once('.').map_or("", |it| it.0);
    let rate = |what| point.metric(&format!("{class}.{what}")).map_or(0.0, |it| it.value);
    rate("goodput") / rate("arrivals").max(f64::MIN_POSITIVE)
}

/// One point with all that is known of it.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub point: &'a Point,
    pub design: &'a Design,
    pub conducted: &'a Conducted,
    pub reported: &'a Reported,
    /// Of a whole story, its days.
    pub days: &'a [Reported],
}
