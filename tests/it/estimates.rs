//! What experiments tell of warm-ups, overloads and the best of several designs, through whole experiments.

use outgrow::experiment::file::Experiment;
use outgrow::experiment::{self, Settings, Source, Title, Trouble};
use outgrow::model::Document;
use outgrow::outcome::{Comparison, Outcome, Verb, Verdict};
use outgrow::report::table::{Look, text};

/// A clerk who serves one customer at a time, in a second on average.
const CLERK: &str = r#"{
    "name": "clerk", "hosts": { "desk": { "cores": 1 } },
    "services": { "clerk": { "hosts": "desk", "workers": 1, "operations": {
        "serve": [{ "cpu": { "exponential": "1s" } }] } } },
    "traffic": { "customer": { "call": "clerk.serve", "rate": "0.5/s" } },
    "objectives": { "customer": { "mean": "10s" } } }"#;

fn outcome(rest: &str, seed: u64) -> Outcome {
    outcome_of(CLERK, rest, seed)
}

pub fn outcome_of(model: &str, rest: &str, seed: u64) -> Outcome {
    conducted(model, rest, seed, u64::MAX).unwrap()
}

pub fn written(model: &str, rest: &str) -> (Experiment, Document, [Source; 1]) {
    let text = format!(r#"{{ "name": "estimates", "models": ["clerk.json"], {rest} }}"#);
    let document = Document::parse("estimates.json", &text).unwrap();
    let nothing = |name: &str| Err(format!("{name} is not there"));
    let experiment = experiment::load(&document, &nothing).unwrap_or_else(|it| panic!("{it:?}"));
    let model = Document::parse("clerk.json", model).unwrap();
    (experiment, document, [Source { document: model, files: Box::new(nothing) }])
}

fn conducted(model: &str, rest: &str, seed: u64, events_max: u64) -> Result<Outcome, Trouble> {
    let (experiment, document, sources) = written(model, rest);
    let designs = experiment::designs(&experiment, &document, &sources, false)
        .unwrap_or_else(|_| panic!("it makes sense"));
    let points = experiment::points(&experiment, &designs, &mut Default::default());
    let settings =
        Settings { seed, replications: experiment.replications.clone(), events_max, keeping: None };
    let title = Title { verb: Verb::Compare, experiment: String::new(), about: String::new() };
    experiment::outcome(title, &designs, &points, &settings, &())
}

#[test]
fn the_best_of_four_is_found_and_the_hopeless_are_dropped_early() {
    let rest = r#""window": "300s", "warm_up": "50s",
        "variants": {
            "slow": { "services.clerk.operations.serve[0].cpu.exponential": "1.5s" },
            "fair": { "services.clerk.operations.serve[0].cpu.exponential": "1.02s" },
            "good": { "services.clerk.operations.serve[0].cpu.exponential": "0.95s" },
            "poor": { "services.clerk.operations.serve[0].cpu.exponential": "1.2s" } },
        "replications": { "min": 10, "max": 1000,
                          "select": { "metric": "customer.response.mean", "within": "5%" } }"#;
    for seed in 1..=5 {
        let told = outcome(rest, seed);
        let [selection] = told.selections.as_slice() else { panic!("one contest") };
        let [best] = selection.left.as_slice() else { panic!("{selection:?}") };
        assert!(best.contains("good"), "{best}");
        assert_eq!((selection.of, selection.replications_needed), (4, None));
        let runs: Vec<u32> = told.points.iter().map(|it| it.replications).collect();
        // The slow one varies most, and may stay as long as the best; the others are known sooner.
        let longest = runs.iter().max().expect("four designs");
        assert!(runs[2] == *longest && runs[1].min(runs[3]) < *longest, "{runs:?}");
    }
}

#[test]
fn what_cannot_be_told_in_time_says_how_many_would_tell() {
    let rest = r#""window": "100s", "warm_up": "50s",
        "variants": {
            "one": { "services.clerk.operations.serve[0].cpu.exponential": "1s" },
            "other": { "services.clerk.operations.serve[0].cpu.exponential": "1.001s" } },
        "replications": { "min": 5, "max": 10,
                          "select": { "metric": "customer.response.mean", "within": "0.01%" } }"#;
    let told = outcome(rest, 1);
    assert_eq!(told.selections[0].left.len(), 2);
    assert!(told.selections[0].replications_needed.unwrap() > 10);
    assert!(told.points.iter().all(|it| it.replications == 10));
}

#[test]
fn control_variates_hold_the_mean_with_narrower_intervals() {
    let rest = |controls: bool| {
        format!(
            r#""window": "2000s", "warm_up": "100s",
               "replications": {{ "min": 10, "controls": {controls} }}"#
        )
    };
    let (mut holds, mut error, mut width, mut plain, mut worth) = (0, 0.0, 0.0, 0.0, 0.0);
    for seed in 1..=200 {
        let told = outcome(&rest(true), seed);
        let it = told.points[0].metric("customer.response.mean").unwrap();
        holds += usize::from((it.value - 2.0).abs() <= it.half_width.unwrap());
        error += (it.value - 2.0) / 200.0;
        width += it.half_width.unwrap() / 200.0;
        worth += it.worth.unwrap() / 200.0;
        let without = outcome(&rest(false), seed);
        let it = without.points[0].metric("customer.response.mean").unwrap();
        assert_eq!(it.worth, None);
        plain += it.half_width.unwrap() / 200.0;
    }
    // Within three binomial standard errors of 0.0154.
    let share = holds as f64 / 200.0;
    assert!((share - 0.95).abs() < 0.0462, "{share}, error {error}");
    assert!(error.abs() < 0.02, "{error}");
    assert!(width < 0.9 * plain && worth > 12.0, "{width} beside {plain}, worth {worth}");
}

#[test]
fn where_no_true_mean_is_known_nothing_is_corrected() {
    let rest = |controls: bool| {
        format!(
            r#""window": "500s", "warm_up": "50s",
               "replications": {{ "min": 10, "controls": {controls} }},
               "variants": {{ "crowds": {{ "traffic.customer.batch": 5, "traffic.customer.rate": "0.1/s" }} }}"#
        )
    };
    let [with, without] = [true, false].map(|it| outcome(&rest(it), 1));
    let mean = |of: &Outcome| *of.points[0].metric("customer.response.mean").unwrap();
    assert_eq!(mean(&with).worth, None);
    assert_eq!(mean(&with), mean(&without));
}

#[test]
fn a_found_warm_up_says_what_settled_last() {
    let told = outcome(
        r#""window": "2000s", "replications": { "min": 2 },
           "variants": { "busy": { "traffic.customer.rate": "0.95/s" } }"#,
        3,
    );
    let point = &told.points[0];
    let by = point.warm_up_by.as_deref();
    let known = ["requests inside", "response", "desk.cpu.utilization"];
    assert!(by.is_some_and(|it| known.contains(&it)), "{by:?}");
    let given =
        outcome(r#""window": "100s", "warm_up": "10050ms", "replications": { "min": 2 }"#, 3);
    assert_eq!(given.points[0].warm_up_by, None);
}

#[test]
fn an_overload_tells_how_fast_the_backlog_grows_and_no_response() {
    let rest = |min: u32| {
        format!(
            r#""window": "4000s", "warm_up": "100s", "replications": {{ "min": {min} }},
               "variants": {{ "flood": {{ "traffic.customer.rate": "1.25/s" }} }}"#
        )
    };
    for min in [1, 5] {
        let told = outcome(&rest(min), 4);
        let point = &told.points[0];
        let overload = point.overloaded.as_ref().unwrap();
        assert_eq!(overload.by, "desk.cpu");
        let far = (overload.backlog_per_s - 0.25).abs();
        assert!(far <= 2.0 * overload.half_width.unwrap(), "{overload:?} of {min}");
        for metric in ["mean", "p50", "p90", "p95", "p99", "p999", "max"] {
            assert_eq!(point.metric(&format!("customer.response.{metric}")), None);
        }
    }
}

#[test]
fn data_that_leaves_a_place_is_billed_to_the_byte() {
    // Ten pages a second, of which each leaves for a client with 300 kB, is asked of the other provider
    // with 2 kB and comes from there with 100 kB.
    let model = r#"{
        "name": "hybrid",
        "zones": { "a": { "provider": "aws", "egress": "0.09/GB" }, "g": { "provider": "gcp", "egress": "0.12/GB" } },
        "links": [{ "between": ["aws", "gcp"], "latency": "5ms", "bandwidth": "10MB/s",
                    "egress": { "aws": "0.02/GB", "gcp": "0.05/GB" } }],
        "hosts": { "web": { "cores": 4, "zones": ["a"], "price": "0.1/h" }, "gpu": { "cores": 4, "zones": ["g"] } },
        "services": {
            "web": { "hosts": "web", "operations": { "page": [
                { "call": "model.run", "request": "2kB", "answer": "100kB" }] } },
            "model": { "hosts": "gpu", "operations": { "run": [{ "wait": "1ms" }] } } },
        "traffic": { "page": { "call": "web.page", "every": "100ms", "answer": "300kB" } } }"#;
    let rest = r#""window": "100s", "warm_up": "10050ms", "replications": { "min": 2 }"#;
    let told = outcome_of(model, rest, 1);
    let metric = |name: &str| told.points[0].metric(name).unwrap().value;
    let a_second = 10.0 * (300e3 * 0.09e-9 + 2e3 * 0.02e-9 + 100e3 * 0.05e-9);
    let month = a_second * 3600.0 * 730.0;
    let near = |value: f64, expected: f64| {
        assert!((value / expected - 1.0).abs() < 1e-12, "{value} {expected}");
    };
    near(metric("cost.egress"), month);
    near(metric("cost.month"), month + 0.1 * 730.0);
    near(metric("aws-gcp.link.carried"), 10.0 * 102e3);
    near(metric("aws-gcp.link.utilization.fullest"), 0.1);
}

/// Thousands of users, who ask now and then for something that takes no time to speak of.
const SHOP: &str = r#"{
    "name": "shop", "hosts": { "box": { "cores": 4 } },
    "services": { "web": { "hosts": "box", "operations": { "page": [{ "wait": "1ms" }] } } },
    "users": 1, "traffic": { "page": { "call": "web.page", "per_user": "1/h" } } }"#;
const DAY: &str = r#""growth": { "over": "1d", "users": { "linear": { "from": 1000, "to": 3000 } }, "full": true,
        "daily": { "peak_to_mean": 1.8, "peak_at": "20h" }, "sample": { "warm_up": "0s" } },
    "replications": { "min": 4 }"#;

#[test]
fn a_whole_story_has_the_requests_of_every_hour_and_what_fails_in_it_fails_at_its_hour() {
    let faults = r#""faults": [{ "host": "box.0", "at": "18h", "for": "2h" }]"#;
    let told = outcome_of(SHOP, &format!("{DAY}, {faults}"), 1);
    let [point, day, outage] = told.points.as_slice() else {
        panic!("one point for all of it, its day, and what fails on it")
    };
    assert!(day.fault.is_none() && outage.fault.is_some());
    assert_eq!((point.day, day.day, day.users), (None, Some(0.0), Some(2000.0)));
    for metric in ["page.arrivals", "page.goodput", "availability", "page.response.p95"] {
        assert_eq!(point.metric(metric).unwrap().value, day.metric(metric).unwrap().value);
    }
    // Users grow in a line, and their hours follow a cosine about 20 h.
    let requests = |from_h: f64, to_h: f64| -> f64 {
        let minutes = ((to_h - from_h) * 60.0) as u32;
        let of = |i: u32| {
            let h = from_h + (f64::from(i) + 0.5) / 60.0;
            let hour = 1.0 + 0.8 * ((h - 20.0) / 24.0 * std::f64::consts::TAU).cos();
            (1000.0 + 2000.0 * h / 24.0) * hour / 60.0
        };
        (0..minutes).map(of).sum()
    };
    let agrees = |metric: &str, expected: f64| {
        let measured = point.metric(metric).unwrap().value * 86_400.0;
        // Counts of four days are Poisson.
        let z = (measured - expected) / (expected / 4.0).sqrt();
        assert!(z.abs() < 4.0, "{metric}: {measured} is {z:.1} standard errors from {expected}");
    };
    agrees("page.arrivals", requests(0.0, 24.0));
    agrees("page.failed", requests(18.0, 20.0));
    assert!((point.metric("downtime").unwrap().value - 7200.0).abs() <= 20.0);
}

/// A service with one worker, which takes ten seconds for a request.
const BOOTH: &str = r#"{
    "name": "booth", "hosts": { "box": { "cores": 4 } },
    "services": { "web": { "hosts": "box", "workers": 1, "operations": { "page": [{ "wait": "10s" }] } } },
    "users": 1, "traffic": { "page": { "call": "web.page", "per_user": "0.1/h", "timeout": "5m" } },
    "objectives": { "page": { "p90": "3m", "availability": 0.99 } } }"#;

#[test]
fn a_whole_story_breaks_on_the_first_of_its_days_on_which_an_objective_is_missed() {
    // A tenth, a third, half of what the worker can do, and on the fourth day a tenth too much.
    let users = r#"{ "steps": [{ "at": "0d", "users": 360 }, { "at": "1d", "users": 1200 },
        { "at": "2d", "users": 1800 }, { "at": "3d", "users": 4000 }] }"#;
    let told_of = |rest: &str| {
        let rest = format!(
            r#""growth": {{ "over": "4d", "users": {users}, "full": true,
                "sample": {{ "warm_up": "0s" }} }}, "replications": {{ "min": 4 }}{rest}"#
        );
        outcome_of(BOOTH, &rest, 1)
    };
    let told = |rest: &str| told_of(rest).models["booth"].breaks_on.clone();
    let whole = told_of("");
    let breaks = whole.models["booth"].breaks_on.as_ref().unwrap();
    assert_eq!((breaks.kept_on(), breaks.missed_on()), (Some(2.0), 3.0));
    let page = text(&whole, &Look::default());
    let tables: Vec<&str> = page.lines().filter(|it| it.starts_with("booth  between")).collect();
    assert_eq!(tables.len(), 1, "{page}");
    assert!(page.contains("\nDay by day\n") && page.contains("\nall "), "{page}");
    // Half an hour of a day is more than a hundredth of it.
    let breaks = told(r#", "faults": [{ "host": "box.0", "at": "30h", "for": "30m" }]"#).unwrap();
    assert_eq!((breaks.kept_on(), breaks.missed_on()), (Some(0.0), 1.0));
    assert_eq!(breaks.objective, "page.availability");
}

#[test]
fn a_story_that_is_too_long_to_be_simulated_as_a_whole_is_refused_with_what_it_would_take() {
    let Err(Trouble::TooLarge { expected, allowed }) = conducted(SHOP, DAY, 1, 100_000) else {
        panic!("four days of 48,000 requests are more than that")
    };
    assert!(allowed == 100_000 && expected > 4.0 * 48_000.0, "{expected}");
}

/// A service that grows with its load, on hosts that do.
const GROWING: &str = r#"{
        "name": "growing",
        "hosts": { "box": { "cores": 2, "autoscaling": { "max": 10, "provision": "10s" } } },
        "services": { "web": { "hosts": "box", "instances": 2, "workers": 64, "balance": "least_outstanding",
            "cpu": { "request": 1, "limit": 1 }, "start": "1s",
            "scaling": { "hpa": { "min": 2, "max": 20, "metrics": [{ "cpu": 65 }] } },
            "operations": { "page": [{ "cpu": { "exponential": "50ms" } }] } } },
        "users": 1, "traffic": { "page": { "call": "web.page", "per_user": "1/s", "timeout": "5s" } } }"#;

#[test]
fn a_sampled_instant_begins_with_the_instances_and_hosts_that_the_one_before_it_left() {
    let rest = r#""growth": { "over": "2d", "users": { "constant": 160 },
            "sample": { "every": "1d", "warm_up": "0s", "window": "10m" } },
        "replications": { "min": 3 }"#;
    let told = outcome_of(GROWING, rest, 1);
    let metric = |day: usize, name: &str| told.points[day].metric(name).unwrap().value;
    // Eight cores of work at 65 % are twelve or thirteen instances; up to twenty are asked for on the way
    // there, and the hosts that came for them stay.
    assert!(metric(0, "web.instances.started") >= 9.0 && metric(0, "box.hosts.added") >= 5.0);
    for day in [1, 2] {
        assert!(metric(day, "web.instances.started") <= 3.0);
        assert!(metric(day, "box.hosts.added") <= 1.0);
        assert!((11.0..=15.0).contains(&metric(day, "web.instances")));
        assert_eq!(metric(day, "box.hosts"), metric(0, "box.hosts.max"));
    }
}

/// The same model on larger hosts, with requests of CPU that follow what is used.
fn sized_by_use(cpu: &str) -> String {
    GROWING
        .replace(r#""cores": 2"#, r#""cores": 16"#)
        .replace(r#""request": 1, "limit": 1"#, cpu)
        .replace(
            r#"{ "hpa": { "min": 2, "max": 20, "metrics": [{ "cpu": 65 }] } }"#,
            r#"{ "vertical": { "max": 2, "interval": "10s", "lifetime": "1h" } }"#,
        )
}

#[test]
fn a_sampled_instant_begins_with_the_request_that_was_recommended_the_day_before() {
    // 160 pages a second are eight cores of work: a core for each of eight, who request a tenth of that.
    let model = sized_by_use(r#""request": 0.1"#).replace(r#""instances": 2"#, r#""instances": 8"#);
    let rest = r#""growth": { "over": "2d", "users": { "constant": 160 },
            "sample": { "every": "1d", "warm_up": "0s", "window": "4m" } },
        "replications": { "min": 2 }"#;
    let told = outcome_of(&model, rest, 1);
    let metric = |day: usize, name: &str| told.points[day].metric(name).unwrap().value;
    assert!(metric(0, "web.instances.evicted") >= 8.0);
    assert!(metric(0, "web.cpu.request") < metric(1, "web.cpu.request"));
    for day in [1, 2] {
        assert!(metric(day, "web.cpu.request") > 1.0);
        assert_eq!(metric(day, "web.instances.evicted"), 0.0);
    }
}

#[test]
fn what_is_used_of_a_limit_that_moves_is_held_against_what_it_was() {
    // Four cores of work for each of two, whose limit is always three times what they request.
    let model = sized_by_use(r#""request": 0.1, "limit": 0.3"#);
    let rest = r#""growth": { "over": "1d", "users": { "constant": 160 },
            "sample": { "every": "1d", "warm_up": "0s", "window": "4m" } },
        "replications": { "min": 2 }"#;
    let told = outcome_of(&model, rest, 1);
    let metric = |name: &str| told.points[0].metric(name).unwrap().value;
    assert!(metric("web.cpu.request") > 0.3, "{}", metric("web.cpu.request"));
    let used = metric("web.cpu.utilization");
    assert!(used > 0.3 && used <= 1.0 + 1e-9, "{used}");
}

#[test]
fn a_check_of_one_day_begins_it_as_the_whole_story_does() {
    let rest = r#""growth": { "over": "3d", "users": { "linear": { "from": 60, "to": 200 } },
            "sample": { "every": "1d", "warm_up": "0s", "window": "3m" } },
        "replications": { "min": 3, "max": 12 },
        "expect": [{ "metric": "web.instances", "under": 100, "where": { "day": 2 } },
            { "metric": "web.instances", "at_least": 11, "where": { "day": 3 } }]"#;
    let (experiment, document, sources) = written(GROWING, rest);
    let gate =
        experiment::gate(&experiment, &document, &sources).unwrap_or_else(|it| panic!("{it:?}"));
    let title = Title { verb: Verb::Check, experiment: String::new(), about: String::new() };
    let replications = experiment.replications.clone();
    let settings = Settings { seed: 1, replications, events_max: u64::MAX, keeping: None };
    let told = gate.run(title, &settings, &()).unwrap();
    let story = outcome_of(GROWING, rest, 1);
    for (expectation, day) in told.expectations.iter().zip([2, 3]) {
        let values = &expectation.points[0].values[..3];
        let of_story = story.points[day].metric("web.instances").unwrap().value;
        assert!((values.iter().sum::<f64>() / 3.0 - of_story).abs() < 1e-9, "day {day}");
    }
}

#[test]
fn antithetic_pairs_hold_mean_and_p90_with_fewer_runs() {
    let rest = r#""window": "2000s", "warm_up": "100s",
        "replications": { "min": 10, "antithetic": true }"#;
    const SEEDS: u64 = 200;
    let told: Vec<Outcome> = (1..=SEEDS).map(|seed| outcome(rest, seed)).collect();
    // The response of an M/M/1 queue at half load is exponential, here with a mean of 2 s.
    for (metric, truth) in [("mean", 2.0), ("p90", 2.0 * 10f64.ln())] {
        let of =
            |it: &Outcome| *it.points[0].metric(&format!("customer.response.{metric}")).unwrap();
        let all: Vec<_> = told.iter().map(of).collect();
        let covers = all.iter().filter(|it| (it.value - truth).abs() <= it.half_width.unwrap());
        let share = covers.count() as f64 / SEEDS as f64;
        // Within three binomial standard errors of 0.0154.
        assert!((share - 0.95).abs() < 0.0462, "{metric}: {share}");
        let mean = all.iter().map(|it| it.value - truth).sum::<f64>() / SEEDS as f64;
        let square = all.iter().map(|it| (it.value - truth).powi(2)).sum::<f64>() / SEEDS as f64;
        assert!(mean.abs() < 4.0 * (square / SEEDS as f64).sqrt(), "{metric}: biased by {mean}");
        // In the geometric mean, less what it errs by: e^(ψ(9/2) - ln 9/2 - ψ(2) + ln 2) for 9 and 4
        // degrees of freedom is 1.17.
        let worth = all.iter().map(|it| it.worth.unwrap().ln()).sum::<f64>() / SEEDS as f64;
        let worth = worth.exp() / 1.17;
        assert!(worth > 10.8, "{metric}: worth {worth} of 10");
        assert!(told.iter().all(|it| it.points[0].antithetic && it.points[0].replications == 10));
    }
}

/// What is compared of the mean response.
fn compared(of: &Outcome) -> Vec<&Comparison> {
    of.comparisons.iter().filter(|it| it.metric == "customer.response.mean").collect()
}

#[test]
fn designs_in_antithetic_pairs_are_compared_on_their_means() {
    let rest = |antithetic: bool| {
        format!(
            r#""window": "500s", "warm_up": "50s",
               "replications": {{ "min": 8, "antithetic": {antithetic} }},
               "variants": {{ "plain": {{}}, "quick": {{
                   "services.clerk.operations.serve[0].cpu.exponential": "0.9s" }} }}"#
        )
    };
    let (told, plain) = (outcome(&rest(true), 5), outcome(&rest(false), 5));
    let mean = |point: usize| told.points[point].metric("customer.response.mean").unwrap().value;
    let (it, other) = (compared(&told)[0], compared(&plain)[0]);
    assert!((it.difference.value - (mean(1) - mean(0))).abs() < 1e-12);
    assert!(it.replications_needed.unwrap() % 2 == 0 && it.independent.unwrap() > 8.0, "{it:?}");
    assert_ne!(it.difference.half_width, other.difference.half_width);
    assert_eq!((it.together, it.difference.confidence), (None, 0.95));
}

#[test]
fn of_several_designs_that_are_alike_one_is_called_better_or_worse_as_seldom_as_of_two() {
    // The same law of service under steps of other names: all differ by luck alone.
    let design = |name: &str| {
        format!(
            r#""{name}": {{ "services.clerk.operations.serve[0]":
                {{ "cpu": {{ "exponential": "1s" }}, "as": "{name}" }} }}"#
        )
    };
    let names = ["first", "second", "third", "fourth", "fifth"].map(design).join(", ");
    let rest = format!(
        r#""window": "300s", "warm_up": "50s", "replications": {{ "min": 10 }},
           "variants": {{ {names} }}"#
    );
    const SEEDS: u64 = 120;
    let (mut wrong, mut alone) = (0, 0);
    for seed in 1..=SEEDS {
        let told = outcome(&rest, seed);
        let all = compared(&told);
        assert!(all.len() == 4 && all.iter().all(|it| it.together == Some(4)));
        assert!(all.iter().all(|it| (it.difference.confidence - 0.9875).abs() < 1e-12));
        wrong += usize::from(all.iter().any(|it| it.verdict != Verdict::CannotTell));
        // As they would be, each for itself: t of 9 degrees of freedom is 3.111 for 98.75 %, 2.262 for 95 %.
        let narrow = |it: &&&Comparison| it.difference.half_width.unwrap() * 2.262 / 3.111;
        alone += usize::from(all.iter().any(|it| it.difference.value.abs() > narrow(&it)));
    }
    // At most 5 % and three binomial standard errors; uncorrected, far more.
    let share = |count: usize| count as f64 / SEEDS as f64;
    assert!(share(wrong) < 0.05 + 0.06, "{}", share(wrong));
    assert!(share(alone) > 0.1, "{}", share(alone));
}
