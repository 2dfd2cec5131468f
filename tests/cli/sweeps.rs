//! Ways to combine what is varied, and what a metric depends on, against theory.

mod refined;
mod replications;

use super::support::{run, scratch, stderr, stdout};
use serde_json::{Value, json};

/// M/M/1: its mean response is S / (1 - λ S).
fn queue() -> Value {
    json!({
        "name": "queue", "hosts": { "desk": { "cores": 1 } },
        "services": { "clerk": { "hosts": "desk", "workers": 1, "operations": {
            "serve": [{ "cpu": { "exponential": "1ms" } }] } } },
        "traffic": { "customer": { "call": "clerk.serve", "rate": "500/s" } }
    })
}

const RATE: &str = "traffic.customer.rate";
const SERVICE: &str = "services.clerk.operations.serve[0].cpu.exponential";

fn response(rate: f64, service_ms: f64) -> f64 {
    let service = service_ms / 1000.0;
    service / (1.0 - rate * service)
}

/// The outcome of an experiment with the queue, and what it says if it is refused.
fn sweep(name: &str, experiment: &Value, args: &[&str]) -> (Value, String) {
    let folder = scratch(name);
    let mut whole = json!({
        "name": "sweep", "models": ["queue.json"], "window": "20s", "warm_up": "2s",
        "replications": { "min": 5 }
    });
    for (key, value) in experiment.as_object().unwrap() {
        whole[key] = value.clone();
    }
    std::fs::write(folder.join("queue.json"), queue().to_string()).unwrap();
    let path = folder.join("sweep.json");
    std::fs::write(&path, whole.to_string()).unwrap();
    let args = [&["sweep", path.to_str().unwrap(), "--format", "json"], args].concat();
    let output = run(&args);
    let outcome = serde_json::from_str(&stdout(&output)).unwrap_or(Value::Null);
    (outcome, stderr(&output))
}

fn levels(outcome: &Value, path: &str) -> Vec<Value> {
    let points = outcome["points"].as_array().unwrap();
    points.iter().map(|it| it["factors"][path].clone()).collect()
}

/// By how many standard errors an estimate lies above the truth: its interval is at least 1.96 wide.
fn standard_errors(estimate: &Value, truth: f64) -> f64 {
    let number = |key: &str| estimate[key].as_f64().unwrap();
    (number("value") - truth) / (number("half_width") / 1.96)
}

#[test]
fn a_range_has_as_many_levels_as_asked_for() {
    let vary = json!({ RATE: { "from": "100/s", "to": "400/s", "levels": 4 } });
    let (outcome, _) = sweep("range", &json!({ "vary": vary, "window": "1s" }), &[]);
    assert_eq!(json!(levels(&outcome, RATE)), json!(["100/s", "200/s", "300/s", "400/s"]));
}

#[test]
fn one_at_a_time_goes_from_the_model_and_holds_each_change_against_it() {
    let vary = json!({ RATE: ["250/s", "500/s"], SERVICE: ["0.5ms", "1.5ms"] });
    let experiment = json!({ "vary": vary, "combine": "one_at_a_time" });
    let (outcome, _) = sweep("one-at-a-time", &experiment, &[]);
    let expected = json!(["500/s", "250/s", "500/s", "500/s"]);
    assert_eq!(json!(levels(&outcome, RATE)), expected);
    let expected = json!(["1ms", "1ms", "0.5ms", "1.5ms"]);
    assert_eq!(json!(levels(&outcome, SERVICE)), expected);
    let against = &outcome["comparisons"][0]["against_factors"];
    assert_eq!(*against, json!({ RATE: "500/s", SERVICE: "1ms" }));

    let base = json!({ "one_at_a_time": { "base": { RATE: "100/s" } } });
    let experiment = json!({ "vary": experiment["vary"], "combine": base, "window": "1s" });
    let (outcome, _) = sweep("one-at-a-time-base", &experiment, &[]);
    let expected = json!(["100/s", "250/s", "500/s", "100/s", "100/s"]);
    assert_eq!(json!(levels(&outcome, RATE)), expected);
}

#[test]
fn a_latin_hypercube_hangs_on_the_seed_and_not_on_the_threads() {
    let vary = json!({ RATE: { "from": "100/s", "to": "500/s" }, SERVICE: ["0.5ms", "1ms"] });
    let combine = json!({ "latin_hypercube": { "points": 8 } });
    let experiment = json!({ "vary": vary, "combine": combine, "window": "1s" });
    let (first, _) = sweep("hypercube", &experiment, &["--threads", "1"]);
    let (again, _) = sweep("hypercube-again", &experiment, &["--threads", "3"]);
    let (other, _) = sweep("hypercube-other", &experiment, &["--seed", "2"]);
    assert_eq!(first, again);
    assert_ne!(levels(&first, RATE), levels(&other, RATE));
    let mut rates: Vec<f64> = levels(&first, RATE)
        .iter()
        .map(|it| it.as_str().unwrap().trim_end_matches("/s").parse().unwrap())
        .collect();
    rates.sort_by(f64::total_cmp);
    let parts: Vec<usize> = rates.iter().map(|it| ((it - 100.0) / 50.0) as usize).collect();
    assert_eq!(parts, [0, 1, 2, 3, 4, 5, 6, 7]);
    let slow = levels(&first, SERVICE).iter().filter(|it| **it == json!("1ms")).count();
    assert_eq!(slow, 4);
    assert_eq!(first["comparisons"], json!([]));
}

fn sensitivity(vary: Value, by: Value) -> Value {
    let of = json!({ "metric": "customer.response.mean", "by": by });
    json!({ "vary": vary, "sensitivity": of })
}

#[test]
fn effects_over_narrow_ranges_are_the_derivatives_of_the_mean_response() {
    let vary = json!({
        RATE: { "from": "480/s", "to": "520/s" }, SERVICE: { "from": "0.96ms", "to": "1.04ms" }
    });
    let by = json!({ "elementary_effects": { "trajectories": 40 } });
    let (outcome, told) = sweep("derivatives", &sensitivity(vary, by), &[]);
    let found = &outcome["sensitivities"][0];
    assert_eq!(found["method"], json!("elementary_effects"), "{told}");
    let ranked: Vec<&String> = found["factors"].as_object().unwrap().keys().collect();
    assert_eq!(ranked, [SERVICE, RATE], "the service time also makes the desk busier");
    // dR/dλ = S² / (1 - λS)² and dR/dS = 1 / (1 - λS)², times the ranges; on these steps the secants
    // are steeper by less than one in a hundred.
    let (by_rate, by_service) = (1e-6 / 0.25 * 40.0, 1.0 / 0.25 * 0.08e-3);
    for (path, expected) in [(RATE, by_rate), (SERVICE, by_service)] {
        let change = &found["factors"][path]["change"];
        let z = standard_errors(change, expected);
        assert!(z.abs() < 4.0, "{path}: {z} standard errors: {change}, not {expected}");
        let width = change["half_width"].as_f64().unwrap();
        assert!(width < 0.25 * expected, "{path}: {width} tells little");
        let effect = &found["factors"][path]["effect"];
        assert_eq!(effect["value"], change["value"], "all effects go up");
    }
}

#[test]
fn effects_over_wide_ranges_are_those_of_theory_on_the_grid() {
    let vary = json!({
        RATE: { "from": "300/s", "to": "660/s" }, SERVICE: { "from": "0.6ms", "to": "1.2ms" }
    });
    let by = json!({ "elementary_effects": { "trajectories": 60 } });
    let (outcome, told) = sweep("effects", &sensitivity(vary, by), &[]);
    let at = |x: usize, y: usize| response(300.0 + 120.0 * x as f64, 0.6 + 0.2 * y as f64);
    // From the first to the third level or from the second to the fourth, with the other at any of
    // four; a step is two thirds of the range.
    let mean = |effect: &dyn Fn(usize, usize) -> f64| {
        let all = (0..2).flat_map(|low| (0..4).map(move |other| (low, other)));
        all.map(|(low, other)| effect(low, other) * 1.5).sum::<f64>() / 8.0
    };
    let by_rate = mean(&|low, other| at(low + 2, other) - at(low, other));
    let by_service = mean(&|low, other| at(other, low + 2) - at(other, low));
    for (path, expected) in [(RATE, by_rate), (SERVICE, by_service)] {
        let effect = &outcome["sensitivities"][0]["factors"][path]["effect"];
        let z = standard_errors(effect, expected);
        assert!(z.abs() < 4.0, "{path}: {z} standard errors: {effect}, not {expected}; {told}");
        assert!(effect["half_width"].as_f64().unwrap() < 0.35 * expected, "{effect}");
    }
}

/// First-order and total indices of the mean response over both ranges, by integration.
fn of_response(rates: (f64, f64), services: (f64, f64)) -> [(f64, f64); 2] {
    const N: usize = 400;
    let on = |(from, to): (f64, f64), i: usize| from + (to - from) * (i as f64 + 0.5) / N as f64;
    let at = |x: usize, y: usize| response(on(rates, x), on(services, y));
    let mean = |f: &dyn Fn(usize) -> f64| (0..N).map(f).sum::<f64>() / N as f64;
    let all = mean(&|x| mean(&|y| at(x, y)));
    let variance = mean(&|x| mean(&|y| (at(x, y) - all).powi(2)));
    let rate = mean(&|x| (mean(&|y| at(x, y)) - all).powi(2)) / variance;
    let service = mean(&|y| (mean(&|x| at(x, y)) - all).powi(2)) / variance;
    [(rate, 1.0 - service), (service, 1.0 - rate)]
}

#[test]
fn indices_of_the_mean_response_are_those_of_theory() {
    let vary = json!({
        RATE: { "from": "200/s", "to": "600/s" }, SERVICE: { "from": "0.8ms", "to": "1.2ms" }
    });
    let mut experiment = sensitivity(vary, json!({ "indices": { "points": 64 } }));
    experiment["window"] = json!("10s");
    let (outcome, told) = sweep("indices", &experiment, &[]);
    let expected = of_response((200.0, 600.0), (0.8, 1.2));
    for (path, (first_order, total)) in [RATE, SERVICE].iter().zip(expected) {
        let factor = &outcome["sensitivities"][0]["factors"][*path];
        for (key, expected) in [("first_order", first_order), ("total", total)] {
            let z = standard_errors(&factor[key], expected);
            assert!(z.abs() < 4.0, "{path} {key}: {z} standard errors from {expected}; {told}");
            assert!(factor[key]["half_width"].as_f64().unwrap() < 0.3, "{}", factor[key]);
        }
    }
}

#[test]
fn the_points_of_a_latin_hypercube_tell_first_order_indices() {
    let vary = json!({
        RATE: { "from": "200/s", "to": "600/s" }, SERVICE: { "from": "0.8ms", "to": "1.2ms" }
    });
    let experiment = json!({
        "vary": vary, "combine": { "latin_hypercube": { "points": 120 } }, "window": "10s",
        "sensitivity": { "metric": "customer.response.mean" }
    });
    let (outcome, told) = sweep("classes", &experiment, &[]);
    assert_eq!(outcome["sensitivities"][0]["method"], json!("classes"), "{told}");
    let expected = of_response((200.0, 600.0), (0.8, 1.2));
    for (path, (first_order, _)) in [RATE, SERVICE].iter().zip(expected) {
        let found = &outcome["sensitivities"][0]["factors"][*path]["first_order"];
        let z = standard_errors(found, first_order);
        assert!(z.abs() < 4.0, "{path}: {z} standard errors from {first_order}: {found}");
        assert!(found["half_width"].as_f64().unwrap() < 0.3, "{found}");
    }
}

#[test]
fn what_has_no_steady_state_is_left_out_and_counted() {
    let vary = json!({ RATE: { "from": "200/s", "to": "1600/s" }, SERVICE: ["1ms", "1.1ms"] });
    let by = json!({ "elementary_effects": { "trajectories": 12 } });
    let (outcome, told) = sweep("overloaded", &sensitivity(vary, by), &[]);
    let found = &outcome["sensitivities"][0];
    let overloaded =
        outcome["points"].as_array().unwrap().iter().filter(|it| !it["overloaded"].is_null());
    assert_eq!(found["without_value"], json!(overloaded.count()), "{told}");
    assert!(found["without_value"].as_u64().unwrap() > 0);
}

#[test]
fn a_metric_that_is_not_measured_is_refused_before_anything_runs() {
    let mut experiment =
        sensitivity(json!({ RATE: ["200/s", "300/s"] }), json!({ "elementary_effects": {} }));
    experiment["sensitivity"]["metric"] = json!("customer.response.p96");
    let (_, told) = sweep("no-metric", &experiment, &[]);
    assert!(told.contains("error[E008]: sensitivity.metric: no such metric is measured"), "{told}");
    assert!(told.contains("did you mean \"customer.response.p9"), "{told}");
}

#[test]
fn two_factors_are_drawn_as_a_surface() {
    let vary = json!({ RATE: ["200/s", "600/s", "1400/s"], SERVICE: ["0.5ms", "1ms"] });
    let folder = scratch("surface-out");
    let experiment = json!({ "vary": vary, "surface": ["customer.response.p95"], "window": "5s" });
    let (outcome, told) = sweep("surface", &experiment, &["--out", folder.to_str().unwrap()]);
    assert_eq!(outcome["surface"], json!(["customer.response.p95"]), "{told}");
    let svg = std::fs::read_to_string(folder.join("surface-customer-response-p95.svg")).unwrap();
    let words = ["traffic.customer.rate, in /s", "exponential, in ms", "no steady state", "1,400"];
    words.iter().for_each(|it| assert!(svg.contains(it), "{it}"));
    assert!(folder.join("surface-customer-response-p95.png").exists());
}
