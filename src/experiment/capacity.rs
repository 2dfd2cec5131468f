//! The largest load that keeps the objectives, by a stochastic root search.
//!
//! All replications are run at each load, on the same luck at every load, so that what an objective
//! bounds is a smooth function of the load whose root can be sought (the sample-path method: K. Healy
//! and L. Schruben, "Retrospective simulation response optimization", WSC 1991): doubling brackets it,
//! and halving the bracket narrows it. How far it would be off with other luck is told by the
//! jackknife: the root is found once more without each of the replications (R. G. Miller, "The
//! jackknife: a review", Biometrika 61(1), 1974).

use super::conduct::{Progress, Settings, Trouble};
use super::design::Design;
use super::file::{Experiment, WarmUp};
use super::find::Stuck;
use super::kept::Site;
use super::point::{Load, Point, at_load};
use super::summary::{CONFIDENCE, Limit, Steadiness, limits, told};
use super::trial::Trial;
use crate::outcome::{Capacity, CapacityUnit, Unit};
use crate::problem::{Code, Problem};
use crate::stats::{Aim, Estimate};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The bracket is this narrow when a search ends, relative to the load; the rest is interpolated.
const PRECISION: f64 = 0.01;
/// What an objective counts as missed by at least, where there is no steady state.
const OVERLOADED: f64 = 1e-3;
/// Loads are sought from this power of two below the present one to as much above it.
const DOUBLINGS: i32 = 20;
/// Where the knee is looked for, as shares of the load at which the busiest thing is always busy.
const KNEE_SHARES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97];

/// What is looked for capacities.
pub struct Capacities<'a> {
    pub experiment: &'a Experiment,
    pub designs: &'a [Design],
    pub settings: &'a Settings,
}

/// What was seen at one load.
struct Looked {
    load: f64,
    /// What cannot keep up, if something cannot.
    overloaded: Option<String>,
    /// By how much each limit is missed, relative to it, or kept if negative: by replication.
    misses: Vec<Vec<f64>>,
}

impl Looked {
    /// By how much a limit is missed in the mean over replications, without one of them.
    fn mean_miss(&self, limit: usize, without: Option<usize>) -> f64 {
        let kept = self.misses.iter().enumerate().filter(|(n, _)| Some(*n) != without);
        let (sum, count) = kept.fold((0.0, 0.0), |(sum, n), (_, it)| (sum + it[limit], n + 1.0));
        sum / count
    }

    /// The limit that is missed most, and by how much.
    fn worst(&self, without: Option<usize>) -> (usize, f64) {
        let limits = self.misses.first().map_or(0, Vec::len);
        let all = (0..limits).map(|it| (it, self.mean_miss(it, without)));
        let (limit, miss) = all.max_by(|a, b| a.1.total_cmp(&b.1)).expect("there are limits");
        (limit, if self.overloaded.is_some() { miss.max(OVERLOADED) } else { miss })
    }

    /// What cannot keep up, where all limits are kept all the same: messages pile up that nobody waits
    /// for.
    fn overloaded_only(&self) -> Option<&String> {
        let limits = self.misses.first().map_or(0, Vec::len);
        let missed = (0..limits).any(|it| self.mean_miss(it, None) > 0.0);
        self.overloaded.as_ref().filter(|_| !missed)
    }
}

/// Where a design stops to keep its objectives.
struct Root {
    load: Estimate,
    /// The limit that is missed beyond it, or what cannot keep up though none is.
    bound: Result<usize, String>,
}

impl Capacities<'_> {
    /// The capacity of each design, and the point there; the point at the present load where there is
    /// no capacity.
    pub fn run(&self, progress: &dyn Progress) -> Result<(Vec<Capacity>, Vec<Point>), Stuck> {
        self.check()?;
        let replications = self.settings.replications.min;
        let (done, all) = (AtomicU64::new(0), 2.0 * self.designs.len() as f64);
        let advance = || progress.advance(done.fetch_add(1, Relaxed) as f64 + 1.0, all);
        let of_design = |design: usize| -> Result<(Option<Root>, Vec<Option<f64>>), Stuck> {
            let root = self.root(design)?;
            advance();
            let capacity = root.as_ref().map(|it| it.load.value);
            let knees = (0..replications).into_par_iter();
            let knees: Vec<_> = knees.map(|it| self.knee(design, it, capacity)).collect();
            advance();
            Ok((root, knees.into_iter().collect::<Result<_, _>>()?))
        };
        let found: Vec<_> = (0..self.designs.len()).into_par_iter().map(of_design).collect();
        let found: Vec<_> = found.into_iter().collect::<Result<_, _>>()?;
        let there = found.iter().enumerate().map(|(i, (root, _))| {
            let load = root.as_ref().map_or(self.today(i), |it| it.load.value);
            self.at(i, self.load(i).at(load))
        });
        let points = there.collect();
        let capacities = found
            .iter()
            .enumerate()
            .map(|(i, (root, knees))| self.capacity(i, root.as_ref(), knees));
        Ok((capacities.collect(), points))
    }

    /// Each design at its present load.
    pub fn now(&self) -> Vec<Point> {
        (0..self.designs.len()).map(|i| self.at(i, self.load(i).at(self.today(i)))).collect()
    }

    /// What cannot be sought, told before anything runs.
    fn check(&self) -> Result<(), Stuck> {
        let mut problems = Vec::new();
        if self.settings.replications.antithetic {
            let rule =
                "a capacity is sought replication by replication, and not in antithetic pairs";
            let mend = "leave \"antithetic\" out";
            problems.push(Problem::without_place(Code::E010, "replications", rule, mend));
        }
        for (i, design) in self.designs.iter().enumerate() {
            let place = format!("model \"{}\"", design.name());
            if limits(design).is_empty() {
                let rule = "it promises nothing, so that no load is too much";
                let mend = "add \"objectives\": { \"page\": { \"p95\": \"300ms\" } }";
                problems.push(Problem::without_place(Code::E004, &place, rule, mend));
            }
            if !self.at(i, self.load(i).at(self.today(i))).grows() {
                let rule = "no traffic of it comes at a rate that could grow";
                let mend = "give a class a \"rate\" or \"per_user\"";
                problems.push(Problem::without_place(Code::E010, &place, rule, mend));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Stuck::Problems(problems)) }
    }

    fn load(&self, design: usize) -> Load {
        if self.designs[design].model.file.is_per_user() {
            Load::Users(1.0)
        } else {
            Load::Times(1.0)
        }
    }

    /// The load that the model speaks of.
    fn today(&self, design: usize) -> f64 {
        match self.load(design) {
            Load::Users(_) => self.designs[design].model.file.users.unwrap_or(1.0).max(1.0),
            Load::Times(_) => 1.0,
        }
    }

    fn at(&self, design: usize, load: Load) -> Point {
        at_load(self.experiment, design, &self.designs[design], load)
    }

    /// One run at a load.
    fn play(
        &self,
        budget: &mut f64,
        design: usize,
        load: f64,
        replication: u32,
    ) -> Result<Trial, Stuck> {
        let point = self.at(design, self.load(design).at(load));
        *budget -= point.expected_events();
        if *budget < 0.0 {
            let (expected, allowed) = (self.budget() - *budget, self.settings.events_max);
            let expected = expected * f64::from(self.settings.replications.min);
            return Err(Stuck::Trouble(Trouble::TooLarge { expected, allowed }));
        }
        let WarmUp::Fixed(warm_up) = point.warm_up else { unreachable!("loads have a warm-up") };
        let plan = self.settings.plan(&point, replication, warm_up);
        let failed = |failure| Trouble::GaveUp { point: design, replication, failure };
        let site = Site::new(&point, &self.designs[design]);
        site.run(self.settings, &plan, None, false, &|_| {})
            .map_err(|it| Stuck::Trouble(failed(it)))
    }

    /// Events that each replication may take, so that none depends on how fast the others are.
    fn budget(&self) -> f64 {
        let tasks = self.designs.len() as f64 * f64::from(self.settings.replications.min);
        self.settings.events_max as f64 / tasks
    }

    /// All replications at a load.
    fn look(&self, budget: &mut f64, design: usize, load: f64) -> Result<Looked, Stuck> {
        let limits = limits(&self.designs[design]);
        let replications = self.settings.replications.min;
        let each = *budget;
        let trials: Vec<Result<(Trial, f64), Stuck>> = (0..replications)
            .into_par_iter()
            .map(|replication| {
                let mut budget = each;
                let trial = self.play(&mut budget, design, load, replication)?;
                Ok((trial, budget))
            })
            .collect();
        let trials: Vec<(Trial, f64)> = trials.into_iter().collect::<Result<_, _>>()?;
        *budget = trials.iter().map(|it| it.1).fold(each, f64::min);
        let trials: Vec<Trial> = trials.into_iter().map(|it| it.0).collect();
        let point = self.at(design, self.load(design).at(load));
        let overloaded = Steadiness::of(&point, &trials).overloaded_by(&point, &trials);
        let misses = trials
            .iter()
            .map(|trial| limits.iter().map(|it| miss(it, trial, overloaded.is_some())).collect())
            .collect();
        Ok(Looked { load, overloaded, misses })
    }

    /// The load up to which a design keeps all objectives; none if it keeps them at no load, or at
    /// any.
    fn root(&self, design: usize) -> Result<Option<Root>, Stuck> {
        let mut budget = self.budget();
        let whole = matches!(self.load(design), Load::Users(_));
        let today = self.today(design);
        let (least, most) = (today * 2f64.powi(-DOUBLINGS), today * 2f64.powi(DOUBLINGS));
        let (mut kept, mut missed): (Option<f64>, Option<(f64, usize)>) = (None, None);
        let mut seen: Vec<Looked> = Vec::new();
        loop {
            let load = match (kept, missed) {
                (None, None) => today,
                (Some(kept), None) => kept * 2.0,
                (None, Some((missed, _))) => missed / 2.0,
                (Some(kept), Some((missed, limit))) => {
                    if missed / kept < 1.0 + PRECISION || whole && missed - kept <= 1.0 {
                        seen.sort_by(|a, b| a.load.total_cmp(&b.load));
                        return Ok(Some(root_among(&seen, kept, missed, limit)));
                    }
                    let middle = (kept * missed).sqrt();
                    if whole { middle.round().clamp(kept + 1.0, missed - 1.0) } else { middle }
                }
            };
            if load > most || load < least || whole && load < 1.0 {
                return Ok(None);
            }
            let looked = self.look(&mut budget, design, load)?;
            match looked.worst(None) {
                (limit, miss) if miss > 0.0 => missed = Some((load, limit)),
                _ => kept = Some(load),
            }
            seen.push(looked);
        }
    }

    /// The load at which throughput over response is greatest (L. Kleinrock, "Power and
    /// deterministic rules of thumb for probabilistic problems in computer communications", ICC
    /// 1979): below it responses hardly gain, above it they get worse faster than throughput grows.
    fn knee(
        &self,
        design: usize,
        replication: u32,
        capacity: Option<f64>,
    ) -> Result<Option<f64>, Stuck> {
        let Some(capacity) = capacity else { return Ok(None) };
        let mut budget = self.budget();
        let there = self.play(&mut budget, design, capacity, replication)?;
        let Some(busiest) = there.utilizations.iter().map(|it| it.1).reduce(f64::max) else {
            return Ok(None);
        };
        if busiest <= 0.0 {
            return Ok(None);
        }
        let full = capacity / busiest;
        let mut powers = Vec::with_capacity(KNEE_SHARES.len());
        for share in KNEE_SHARES {
            let trial = self.play(&mut budget, design, full * share, replication)?;
            let answered: f64 = trial.slices.iter().map(|it| it.answered).sum();
            let response_s: f64 = trial.slices.iter().map(|it| it.response_s).sum();
            // Throughput over the mean response, up to the window's length.
            powers.push((answered * answered / response_s).ln());
        }
        Ok(peak(&KNEE_SHARES, &powers).map(|share| share * full))
    }

    fn capacity(&self, design: usize, root: Option<&Root>, knees: &[Option<f64>]) -> Capacity {
        let limits = limits(&self.designs[design]);
        let knees: Option<Vec<f64>> = knees.iter().copied().collect();
        let knee = knees.and_then(|it| Estimate::from_replications(&it, CONFIDENCE));
        let unit = match self.load(design) {
            Load::Users(_) => CapacityUnit::Users,
            Load::Times(_) => CapacityUnit::Times,
        };
        let now = match unit {
            CapacityUnit::Users => self.designs[design].model.file.users,
            CapacityUnit::Times => Some(1.0),
        };
        let left = |now: f64, it: &Root| Estimate {
            value: 1.0 - now / it.load.value,
            // What a small change of the capacity makes of it.
            half_width: it.load.half_width.map(|half| half * now / it.load.value.powi(2)),
            ..it.load
        };
        let headroom = now.zip(root).map(|(now, root)| left(now, root));
        Capacity {
            unit,
            value: root.map(|it| told(&it.load, None)),
            replications: self.settings.replications.min,
            objective: root
                .and_then(|it| it.bound.as_ref().ok())
                .map(|it| limits[*it].objective.clone()),
            overloaded: root.and_then(|it| it.bound.as_ref().err().cloned()),
            now,
            headroom: headroom.map(|it| told(&it, Some(Unit::Ratio))),
            knee: knee.map(|it| told(&it, None)),
            used_up_on: root.and_then(|it| self.used_up_on(&it.load)),
        }
    }

    /// When growth reaches the capacity, in days; with the days on which it reaches the ends of its
    /// interval.
    fn used_up_on(&self, capacity: &Estimate) -> Option<crate::outcome::Estimate> {
        const INSTANTS: u64 = 4000;
        let story = self.experiment.growth.as_ref()?;
        let at = |i: u64| story.over.nanos() / INSTANTS * i;
        let users =
            |i: u64| story.users.users_at(crate::units::Span::from_nanos(at(i)), story.over);
        let day = |load: f64| {
            let reached = (0..=INSTANTS).find(|i| users(*i) >= load)?;
            let days = at(reached) as f64 / 86_400e9;
            let Some(before) = reached.checked_sub(1) else { return Some(days) };
            let share = (load - users(before)) / (users(reached) - users(before));
            Some((at(before) as f64 + share * (at(reached) - at(before)) as f64) / 86_400e9)
        };
        let half = capacity.half_width.unwrap_or(0.0);
        let (value, early) = (day(capacity.value)?, day(capacity.value - half)?);
        let late = day(capacity.value + half);
        Some(crate::outcome::Estimate {
            value,
            half_width: capacity.half_width.and(late).map(|late| (value - early).max(late - value)),
            confidence: CONFIDENCE,
            unit: Some(Unit::Days),
            low: None,
            high: None,
            too_short: false,
            worth: None,
        })
    }
}

/// By how much a run is on the wrong side of a limit, relative to it; negative if on the right side.
fn miss(limit: &Limit, trial: &Trial, overloaded: bool) -> f64 {
    let Some(figure) = trial.figures.iter().find(|it| it.name == limit.metric) else { return -1.0 };
    let piled_up = figure.share.filter(|_| overloaded).map(|it| it.with_piled_up);
    match (piled_up.unwrap_or(figure.value), limit.aim) {
        (Some(value), Aim::Lower) => value / limit.limit.max(f64::MIN_POSITIVE) - 1.0,
        // A share: it is what is lacking to all that counts.
        (Some(value), Aim::Higher) => (1.0 - value) / (1.0 - limit.limit).max(1e-9) - 1.0,
        // Nobody came, or nobody was answered.
        (None, _) if overloaded => 1.0,
        (None, _) => -1.0,
    }
}

/// The root with its interval; `kept` is the last load seen at which the objectives are kept.
fn jackknifed(seen: &[Looked], kept: f64) -> Estimate {
    let all = root_of(seen, kept, None);
    let n = seen[0].misses.len();
    let without: Vec<f64> = (0..n).map(|it| root_of(seen, kept, Some(it))).collect();
    let pseudo: Vec<f64> =
        without.iter().map(|it| n as f64 * all - (n as f64 - 1.0) * it).collect();
    let spread = Estimate::from_replications(&pseudo, CONFIDENCE);
    let half_width = spread.and_then(|it| it.half_width);
    Estimate { value: all, half_width, confidence: CONFIDENCE }
}

/// Between loads that were seen, the greatest that was kept and the least that was not.
fn root_among(seen: &[Looked], kept: f64, missed: f64, limit: usize) -> Root {
    let load = jackknifed(seen, kept);
    let beyond = seen.iter().find(|it| it.load == missed);
    match beyond.and_then(Looked::overloaded_only) {
        None => Root { load, bound: Ok(limit) },
        // Nothing goes through zero on the way: all that is known is on which side of it a load is.
        Some(by) => {
            let half_width = load.half_width.map(|it| it.max(0.5 * (missed - kept)));
            let load = Estimate { value: 0.5 * (kept + missed), half_width, ..load };
            Root { load, bound: Err(by.clone()) }
        }
    }
}

/// Where the worst miss goes through zero, on a line in the logarithm of the load between the two
/// loads seen around it that are nearest to `kept`; beyond the last ones, where they point to.
fn root_of(seen: &[Looked], kept: f64, without: Option<usize>) -> f64 {
    let miss: Vec<f64> = seen.iter().map(|it| it.worst(without).1).collect();
    let crossings = (1..seen.len()).filter(|i| miss[i - 1] <= 0.0 && miss[*i] > 0.0);
    let distance = |i: &usize| (seen[*i - 1].load / kept).ln().abs();
    let nearest = crossings.min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let Some(i) = nearest else {
        // Kept at all loads seen, or at none.
        return seen[if miss[0] > 0.0 { 0 } else { seen.len() - 1 }].load;
    };
    let (low, high) = (seen[i - 1].load.ln(), seen[i].load.ln());
    (low + (high - low) * -miss[i - 1] / (miss[i] - miss[i - 1])).exp()
}

/// Where the parabola through the greatest value and its neighbours has its top.
fn peak(at: &[f64], values: &[f64]) -> Option<f64> {
    let top = (0..values.len()).max_by(|a, b| values[*a].total_cmp(&values[*b]))?;
    if !values[top].is_finite() || top == 0 || top + 1 == values.len() {
        return values[top].is_finite().then(|| at[top]);
    }
    let ([a, b, c], [u, v, w]) =
        ([at[top - 1], at[top], at[top + 1]], [values[top - 1], values[top], values[top + 1]]);
    let (left, right) = ((v - u) / (b - a), (w - v) / (c - b));
    let curvature = (right - left) / (c - a);
    // The slope at the middle of the first stretch is `left`; it falls to zero from there.
    let found = a.midpoint(b) - left / (2.0 * curvature);
    Some(if found.is_finite() { found.clamp(a, c) } else { b })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_parabola_is_found_between_the_points() {
        let at = [0.1, 0.3, 0.4, 0.7, 0.9];
        let values = at.map(|x: f64| 5.0 - (x - 0.45) * (x - 0.45));
        assert!((peak(&at, &values).unwrap() - 0.45).abs() < 1e-12);
        assert_eq!(peak(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(1.0));
        assert_eq!(peak(&[1.0], &[f64::NEG_INFINITY]), None);
    }
}
