//! Outcomes for the tests of reports: the story of a start-up, made by rule of thumb.
//!
//! Each device's utilization grows with the users, each response as 1 / (1 − utilization); the
//! half-widths grow with the utilization as they do in earnest.

use crate::outcome::*;
use indexmap::IndexMap;
use serde_json::Value;

/// A class: name, requests per user and second, response without any waiting, in seconds.
const CLASSES: [(&str, f64, f64); 3] = [
    ("login", 0.5 / 3600.0, 0.009),
    ("generate", 4.0 / 3600.0, 0.21),
    ("track", 30.0 / 3600.0, 0.004),
];

/// A device or pool: name, how many users fill it, servers.
type Station = (&'static str, f64, f64);

const MONOLITH: &[Station] = &[
    ("rack.cpu", 29_000.0, 16.0),
    ("rack.disk", 34_000.0, 1.0),
    ("app", 39_000.0, 256.0),
    ("app.pool.to_db", 49_000.0, 90.0),
    ("db", 55_000.0, 100.0),
];
const MICROSERVICES: &[Station] = &[
    ("edge.cpu", 320_000.0, 12.0),
    ("workers.cpu", 190_000.0, 96.0),
    ("data.cpu", 240_000.0, 32.0),
    ("data.disk", 205_000.0, 1.0),
    ("gateway", 400_000.0, 768.0),
    ("auth", 390_000.0, 128.0),
    ("content", 201_000.0, 512.0),
    ("content.pool.to_db", 290_000.0, 120.0),
    ("inference", 182_000.0, 48.0),
    ("analytics", 310_000.0, 64.0),
    ("db", 260_000.0, 300.0),
];

/// Monolith against microservices over 16 sampled days; the monolith breaks on day 10; a zone
/// fails on day 22.
pub fn blitz() -> Outcome {
    let mut outcome = Outcome::new(
        Verb::Compare,
        "series-b-blitz",
        "Users grow twentyfold in three weeks; a zone fails on the worst day.",
        2026,
    );
    let designs = [("monolith", MONOLITH), ("microservices", MICROSERVICES)];
    for day in (0..=30).step_by(2).map(f64::from) {
        for (model, stations) in designs {
            outcome.points.push(sampled(model, stations, 1.0, day));
        }
    }
    for (model, stations) in designs {
        outcome.points.push(failing(model, stations));
    }
    summaries(&mut outcome);
    comparisons(&mut outcome);
    outcome.expectations = vec![
        Expectation::new(
            "microservices generate.response.p95 under 3s where users up_to 100000",
            Kept::Pass,
        ),
        Expectation::new("microservices headroom at_least 0.5 where users 100000", Kept::Fail),
        Expectation::new(
            "availability better microservices than monolith where day 22",
            Kept::CannotTell,
        ),
    ];
    outcome
}

/// The same with the monolith on three sizes of machine.
pub fn levels() -> Outcome {
    let mut outcome = blitz();
    let ordinary = |it: &Point| it.fault.is_none() && it.model == "monolith";
    outcome.points.retain(|it| !ordinary(it));
    outcome.comparisons.clear();
    for day in (0..=30).step_by(2).map(f64::from) {
        for (cores, larger) in [(16, 1.0), (32, 1.6), (64, 2.2)] {
            let mut point = sampled("monolith", MONOLITH, larger, day);
            point.factors = factor("hosts.rack.cores", cores);
            outcome.points.push(point);
        }
    }
    summaries(&mut outcome);
    outcome
}

/// The microservices at one load with three numbers of instances.
pub fn sweep() -> Outcome {
    let mut outcome = Outcome::new(Verb::Sweep, "how-many-instances", "", 7);
    for (instances, larger) in [(4, 0.5), (8, 0.8), (16, 1.2)] {
        let mut point = sampled("microservices", MICROSERVICES, larger, 14.0);
        point.day = None;
        point.factors = factor("services.content.instances", instances);
        outcome.points.push(point);
    }
    summaries(&mut outcome);
    outcome
}

/// One model at one load, with theory beside it.
pub fn single() -> Outcome {
    let mut outcome = Outcome::new(Verb::Run, "monolith", "One application on one rack server.", 1);
    let mut point = sampled("monolith", MONOLITH, 1.0, 8.0);
    point.day = None;
    let mean = point.metrics["generate.response.mean"].value;
    let theory = Theory { value: mean * 0.99, method: "M/G/1-PS".into() };
    point.theory = IndexMap::from([("generate.response.mean".to_owned(), theory)]);
    outcome.points.push(point);
    summaries(&mut outcome);
    outcome
}

fn factor(path: &str, level: i32) -> IndexMap<String, Value> {
    IndexMap::from([(path.to_owned(), Value::from(level))])
}

/// 5,000 users grow to 120,000 in a logistic curve around day 14.
fn users_on(day: f64) -> f64 {
    5_000.0 + 115_000.0 / (1.0 + libm::exp((14.0 - day) / 2.6))
}

fn estimate(value: f64, relative: f64, unit: Unit) -> Estimate {
    Estimate::new(value, Some(value * relative), 0.95, unit)
}

/// A point on an ordinary day; the machines are `larger` times as fast.
fn sampled(model: &str, stations: &[Station], larger: f64, day: f64) -> Point {
    let users = users_on(day).round();
    let fills = |it: &Station| users / (it.1 * larger);
    let busiest = *stations.iter().max_by(|a, b| fills(a).total_cmp(&fills(b))).unwrap();
    let load = fills(&busiest);
    let mut point = Point {
        model: model.to_owned(),
        factors: IndexMap::new(),
        day: Some(day),
        users: Some(users),
        replications: 12,
        window_s: 300.0,
        warm_up_s: 60.0,
        fault: None,
        warm_up_by: None,
        settled: true,
        unmet: Vec::new(),
        overloaded: (load >= 1.0).then(|| Overload {
            by: busiest.0.to_owned(),
            backlog_per_s: (load - 1.0) * users / 900.0,
            half_width: None,
        }),
        bottleneck: Some(Bottleneck { name: busiest.0.to_owned(), utilization: load.min(1.0) }),
        metrics: IndexMap::new(),
        theory: IndexMap::new(),
        parts: Vec::new(),
        series: None,
    };
    measure_classes(&mut point, load, users);
    for station in stations {
        measure_station(&mut point, station, fills(station));
    }
    let failed = failure_ratio(load);
    point.set("availability", estimate(1.0 - failed, failed * 0.2, Unit::Ratio));
    point.set("headroom", estimate(1.0 - load.min(1.0), 0.02, Unit::Ratio));
    let hour = 0.95 * larger * stations.len() as f64;
    point.set("cost.hour", Estimate::new(hour, Some(0.0), 0.95, Unit::MoneyPerHour));
    point.set("cost.month", Estimate::new(hour * 730.0, Some(0.0), 0.95, Unit::MoneyPerMonth));
    point
}

fn failure_ratio(load: f64) -> f64 {
    match load {
        load if load >= 1.0 => 1.0 - 0.8 / load,
        load if load > 0.8 => (load - 0.8) * 0.1,
        _ => 0.0,
    }
}

fn measure_classes(point: &mut Point, load: f64, users: f64) {
    let failed = failure_ratio(load);
    let wider = 0.01 + 0.08 * load.min(1.0) * load.min(1.0);
    for (class, per_user, base) in CLASSES {
        let arrivals = users * per_user;
        let mut set = |metric: &str, estimate| point.set(format!("{class}.{metric}"), estimate);
        set("arrivals", estimate(arrivals, 0.008, Unit::PerSecond));
        set("goodput", estimate(arrivals * (1.0 - failed), 0.01, Unit::PerSecond));
        set("failed", estimate(arrivals * failed, wider, Unit::PerSecond));
        set("failed.timeout", estimate(arrivals * failed * 0.8, wider, Unit::PerSecond));
        set("failed.refused", estimate(arrivals * failed * 0.2, wider, Unit::PerSecond));
        set("failure_ratio", estimate(failed, wider, Unit::Ratio));
        set("attempts", estimate(1.0 + 2.0 * failed, 0.01, Unit::Count));
        if load >= 1.0 {
            continue;
        }
        let mean = base / (1.0 - load);
        for (quantile, times) in
            [("mean", 1.0), ("p50", 0.7), ("p90", 2.3), ("p95", 3.0), ("p99", 4.6), ("p999", 6.9)]
        {
            let blur = wider * (1.0 + times / 4.0);
            set(&format!("response.{quantile}"), estimate(mean * times, blur, Unit::Seconds));
        }
    }
}

fn measure_station(point: &mut Point, &(name, _, servers): &Station, load: f64) {
    let busy = load.min(1.0);
    let mut set = |metric: &str, estimate| point.set(format!("{name}.{metric}"), estimate);
    let half = 0.02 * (1.0 - busy) + 1e-4;
    let used = estimate(busy, half, Unit::Ratio);
    let used = if busy + half > 1.0 { used.within(busy - half, 1.0) } else { used };
    set("utilization", used);
    set("busy", estimate(busy * servers, 0.02, Unit::Count));
    if load < 1.0 {
        let waiting = 0.01 * busy * busy / (servers * (1.0 - busy));
        set(
            "line",
            estimate(servers * busy * busy * busy / (1.0 - busy) / 20.0, 0.06, Unit::Count),
        );
        set("waiting.mean", estimate(waiting, 0.05, Unit::Seconds));
        set("waiting.p95", estimate(waiting * 3.0, 0.09, Unit::Seconds));
    }
}

/// Day 22 with a zone down for 20 minutes.
fn failing(model: &str, stations: &[Station]) -> Point {
    let mut point = sampled(model, stations, 1.0, 22.0);
    let spared: f64 = if model == "monolith" { 0.0 } else { 0.97 };
    let (what, style) = (if model == "monolith" { "zone colo" } else { "zone a" }, "crash");
    point.fault =
        Some(Fault { what: what.into(), at_s: 300.0, for_s: 1200.0, style: style.into() });
    point.window_s = 2400.0;
    point.overloaded = None;
    let born: f64 = point.classes().map(|it| point.metrics[&format!("{it}.arrivals")].value).sum();
    let mut series = Series { slice_s: 10.0, ..Series::default() };
    for slice in 0..240 {
        let at_s = f64::from(slice) * 10.0;
        let share = match at_s {
            at if at < 300.0 => 1.0,
            at if at < 330.0 => spared * 0.7,
            at if at < 1500.0 => spared,
            at if at < 1680.0 => spared.max(((at - 1500.0) / 180.0).min(1.0)),
            _ => 1.0,
        };
        let wiggle = born * (1.0 + 0.03 * f64::from(slice * 37 % 11 - 5) / 5.0);
        series.at_s.push(at_s);
        series.born.push(wiggle);
        series.answered.push(wiggle * share);
        series.failed.push(wiggle * (1.0 - share));
        series.response_mean.push((share > 0.0).then_some(0.3 / share));
    }
    let answered = series.answered.iter().sum::<f64>() / series.born.iter().sum::<f64>();
    point.set("availability", estimate(answered, 0.004, Unit::Ratio));
    let downtime = if spared < 0.5 { 1290.0 } else { 0.0 };
    point.set("downtime", Estimate::new(downtime, Some(downtime * 0.01), 0.95, Unit::Seconds));
    for (class, per_user, _) in CLASSES {
        // Who comes back sooner is answered again sooner.
        let its = downtime * (1.0 - per_user);
        let its = Estimate::new(its, Some(its * 0.01), 0.95, Unit::Seconds);
        point.set(format!("{class}.downtime"), its);
        let failed = users_on(22.0) * per_user * (1.0 - answered);
        point.set(format!("{class}.failed"), estimate(failed, 0.03, Unit::PerSecond));
    }
    point.series = Some(series);
    point
}

/// The objectives of each design, and the first day on which one is missed.
fn summaries(outcome: &mut Outcome) {
    let objectives = [("login.p95", 0.3), ("generate.p95", 3.0), ("generate.availability", 0.999)];
    let objectives: IndexMap<String, f64> =
        objectives.into_iter().map(|(name, bound)| (name.to_owned(), bound)).collect();
    let summary = |design: &Design| {
        let missed = |it: &Point| {
            let misses = |(name, bound): (&String, &f64)| {
                (it.keeps(name, *bound) == Kept::Fail).then(|| (name.clone(), it.day))
            };
            objectives.iter().find_map(misses)
        };
        let ordinary = || design.points.iter().filter(|it| it.fault.is_none());
        let broken = ordinary().find_map(|it| Some((missed(it)?, it.bottleneck.clone())));
        let breaks_on = broken.and_then(|((objective, day), by)| {
            let day = day?;
            let all_kept = |it: &&&Point| {
                objectives.iter().all(|(name, bound)| it.keeps(name, *bound) == Kept::Pass)
            };
            let before = ordinary().take_while(|it| it.day < Some(day)).filter(all_kept);
            let kept = before.filter_map(|it| it.day).last();
            Some(BreaksOn {
                value: kept.map_or(day, |it| (it + day) / 2.0),
                half_width: kept.map(|it| (day - it) / 2.0),
                objective,
                by: by.map(|it| it.name),
            })
        });
        (
            design.label.clone(),
            ModelSummary {
                breaks_on,
                objectives: objectives.clone(),
                over_time: None,
                found: None,
                capacity: None,
            },
        )
    };
    outcome.models = outcome.designs().iter().map(summary).collect();
}

fn comparisons(outcome: &mut Outcome) {
    let compared = |point: &Point, against: &Point, metric: &str| {
        let (of, than) = (point.metric(metric)?, against.metric(metric)?);
        let difference = Estimate::new(
            of.value - than.value,
            Some(0.7 * of.half_width?.max(than.half_width?)),
            0.95,
            of.unit?,
        );
        let (far, near) = (difference.value, difference.half_width?);
        let more_is_better = metric == "availability";
        let verdict = match far.abs() > near {
            false if far == 0.0 && near == 0.0 => Verdict::Same,
            false => Verdict::CannotTell,
            true if (far > 0.0) == more_is_better => Verdict::Better,
            true => Verdict::Worse,
        };
        Some(Comparison {
            metric: metric.to_owned(),
            of: point.model.clone(),
            of_factors: IndexMap::new(),
            against: against.model.clone(),
            against_factors: IndexMap::new(),
            day: point.day,
            fault: point.fault.as_ref().map(|_| "zone".to_owned()),
            difference,
            ratio: (than.value != 0.0).then(|| Estimate {
                value: of.value / than.value,
                half_width: Some(0.03),
                confidence: 0.95,
                unit: None,
                low: None,
                high: None,
                too_short: false,
                worth: None,
            }),
            verdict,
            independent: None,
            replications_needed: (far != 0.0)
                .then(|| (12.0 * (near / far) * (near / far)).ceil().max(3.0) as u64),
        })
    };
    let metrics = ["generate.response.p95", "login.response.p95", "availability"];
    for pair in outcome.points.chunks(2) {
        let found = metrics.iter().filter_map(|it| compared(&pair[1], &pair[0], it));
        outcome.comparisons.extend(found);
    }
}
