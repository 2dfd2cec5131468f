//! Levels that are added where something happens, and what becomes of it if they cannot be.

use super::{RATE, SERVICE, levels, sweep};
use crate::support::{run, stdout};
use serde_json::{Value, json};
use std::path::Path;

fn refined(within: &str, points: u32) -> Value {
    json!({
        "variants": { "promising": { "objectives": { "customer": { "p95": "10ms" } } } },
        "vary": { RATE: { "from": "100/s", "to": "900/s", "levels": 5,
            "refine": { "within": within, "points": points } } }
    })
}

fn rates(outcome: &Value) -> Vec<f64> {
    let number = |it: &Value| it.as_str().unwrap().trim_end_matches("/s").parse().unwrap();
    levels(outcome, RATE).iter().map(number).collect()
}

#[test]
fn levels_are_added_where_an_objective_comes_to_be_missed() {
    // M/M/1: the 95th percentile of the response is ln(20) / (mu - lambda), and 10 ms at 700.4 /s.
    let (outcome, told) = sweep("refined", &refined("20/s", 20), &["--threads", "1"]);
    let rates = rates(&outcome);
    let sorted = rates.is_sorted() && rates.len() > 5;
    assert!(sorted, "{rates:?} {told}");
    let missed =
        |it: &&Value| it["metrics"]["customer.response.p95"]["value"].as_f64().unwrap() > 0.01;
    let points = outcome["points"].as_array().unwrap();
    let first = points.iter().position(|it| missed(&it)).unwrap();
    let (kept, missed) = (rates[first - 1], rates[first]);
    assert!(missed - kept <= 20.0, "{kept} to {missed}");
    assert!(kept < 740.0 && missed > 660.0, "{kept} to {missed}: theory says 700");
    let (other, _) = sweep("refined-again", &refined("20/s", 20), &["--threads", "3"]);
    assert_eq!(outcome, other);
}

#[test]
fn an_added_level_has_the_figures_that_it_would_have_had_from_the_beginning() {
    let (outcome, _) = sweep("refined-few", &refined("20/s", 7), &[]);
    let rates = rates(&outcome);
    assert_eq!(rates.len(), 7);
    let mut listed = refined("20/s", 7);
    listed["vary"] = json!({ RATE: levels(&outcome, RATE) });
    let (whole, _) = sweep("refined-listed", &listed, &[]);
    assert_eq!(outcome["points"], whole["points"]);
    assert_eq!(outcome["comparisons"], whole["comparisons"]);
}

#[test]
fn a_knee_draws_levels_to_itself() {
    let mut experiment = refined("10/s", 11);
    experiment["variants"] = json!({ "as it is": {} });
    experiment["vary"][RATE]["refine"]["metric"] = json!("customer.response.mean");
    let (outcome, told) = sweep("knee", &experiment, &[]);
    let rates = rates(&outcome);
    let upper = rates.iter().filter(|it| **it > 500.0).count();
    assert!(rates.len() > 6 && upper > rates.len() / 2, "{rates:?} {told}");
}

#[test]
fn what_was_run_stands_if_further_levels_would_take_more_events_than_are_left() {
    // Five levels of 22 s at 500 a second on average, five replications: a bit more than a million events.
    let (outcome, told) =
        sweep("refined-events", &refined("1/s", 50), &["--max-events", "1200000"]);
    let (whole, _) = sweep("refined-whole", &refined("1/s", 50), &[]);
    let (rates, all) = (rates(&outcome), rates(&whole));
    assert!(rates.len() >= 5 && rates.len() < all.len(), "{rates:?} {told}");
    assert!(rates.iter().all(|it| all.contains(it)), "{rates:?} of {all:?}");
    let unrefined = &outcome["unrefined"];
    assert_eq!(unrefined["path"], json!(RATE));
    let wanted = unrefined["wanted"][0].as_str().unwrap();
    assert!(levels(&whole, RATE).contains(&json!(wanted)), "{wanted} of {all:?}");
    assert!(!levels(&outcome, RATE).contains(&json!(wanted)), "{wanted} of {rates:?}");
    let why = unrefined["why"].as_str().unwrap();
    assert!(why.starts_with("that would take about ") && why.ends_with(" are left"), "{why}");
    assert!(whole.get("unrefined").is_none());

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refined-events/sweep.json");
    let table = run(&["sweep", file.to_str().unwrap(), "--max-events", "1200000"]);
    assert_eq!(table.status.code(), Some(0));
    let table = stdout(&table).replace('\n', " ");
    let sentence =
        format!("{RATE} got no more levels, though {wanted} would have been next: {why}.");
    assert!(table.contains(&sentence), "{sentence}\n{table}");
}

#[test]
fn too_many_events_at_the_first_levels_are_refused_before_anything_runs() {
    let (outcome, told) =
        sweep("refined-refused", &refined("1/s", 50), &["--max-events", "500000"]);
    assert_eq!(outcome, Value::Null);
    assert!(told.contains("error[E012]") && told.contains("are allowed"), "{told}");
}

#[test]
fn each_combination_gets_levels_of_its_own_and_none_at_those_of_the_others() {
    // The 95th percentile is 10 ms at 700 /s where service takes 1 ms, and at 200 /s where it takes 2 ms.
    let mut experiment = refined("20/s", 20);
    experiment["vary"][SERVICE] = json!(["1ms", "2ms"]);
    experiment["window"] = json!("5s");
    let (outcome, told) = sweep("refined-apart", &experiment, &[]);
    let all = rates(&outcome);
    assert!(all.is_sorted(), "{all:?} {told}");
    let of = |service: &str| {
        let own = levels(&outcome, SERVICE).into_iter().zip(&all);
        own.filter(|it| it.0 == json!(service)).map(|it| *it.1).collect::<Vec<f64>>()
    };
    let between = |all: &[f64], low: f64, high: f64| {
        all.iter().filter(|it| low < **it && **it < high).count()
    };
    let (fast, slow) = (of("1ms"), of("2ms"));
    assert_eq!(between(&fast, 100.0, 300.0), 0, "{fast:?}");
    assert_eq!(between(&slow, 600.0, 900.0), 1, "{slow:?}");
    assert!(
        between(&fast, 500.0, 900.0) > 3 && between(&slow, 100.0, 300.0) > 1,
        "{fast:?} {slow:?}"
    );
}
