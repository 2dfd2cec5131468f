//! What experiments tell of warm-ups, overloads and the best of several designs, through whole experiments.

use outgrow::experiment::{self, Settings, Source, Title};
use outgrow::model::Document;
use outgrow::outcome::{Comparison, Outcome, Verb, Verdict};

/// A clerk who serves one customer at a time, in a second on average.
const CLERK: &str = r#"{
    "name": "clerk", "hosts": { "desk": { "cores": 1 } },
    "services": { "clerk": { "hosts": "desk", "workers": 1, "operations": {
        "serve": [{ "cpu": { "exponential": "1s" } }] } } },
    "traffic": { "customer": { "call": "clerk.serve", "rate": "0.5/s" } },
    "objectives": { "customer": { "mean": "10s" } } }"#;

fn outcome(rest: &str, seed: u64) -> Outcome {
    let text = format!(r#"{{ "name": "estimates", "models": ["clerk.json"], {rest} }}"#);
    let document = Document::parse("estimates.json", &text).unwrap();
    let nothing = |name: &str| Err(format!("{name} is not there"));
    let experiment = experiment::load(&document, &nothing).unwrap_or_else(|it| panic!("{it:?}"));
    let model = Document::parse("clerk.json", CLERK).unwrap();
    let sources = [Source { document: model, files: Box::new(nothing) }];
    let designs = experiment::designs(&experiment, &document, &sources, false)
        .unwrap_or_else(|_| panic!("it makes sense"));
    let points = experiment::points(&experiment, &designs, &mut Default::default());
    let settings =
        Settings { seed, replications: experiment.replications.clone(), events_max: u64::MAX };
    let title = Title { verb: Verb::Compare, experiment: String::new(), about: String::new() };
    experiment::outcome(title, &designs, &points, &settings, &()).unwrap()
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
    let given = outcome(r#""window": "100s", "warm_up": "10s", "replications": { "min": 2 }"#, 3);
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
        r#""window": "1000s", "warm_up": "50s", "replications": {{ "min": 10 }},
           "variants": {{ {names} }}"#
    );
    const SEEDS: u64 = 200;
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
    assert!(share(wrong) < 0.05 + 0.046, "{}", share(wrong));
    assert!(share(alone) > 0.1, "{}", share(alone));
}
