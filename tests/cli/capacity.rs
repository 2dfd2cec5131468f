//! Capacities against the loads at which closed forms cross an objective.

use super::support::{run, scratch, stderr, stdout};
use serde_json::{Value, json};

/// Customers at c clerks of one second each, exponential, at a rate per user or for all.
fn queue(clerks: u32, traffic: &Value, p95: &str) -> Value {
    json!({
        "name": "queue", "hosts": { "desk": { "cores": clerks } }, "users": 1000,
        "services": { "clerk": { "hosts": "desk", "workers": clerks, "operations": {
            "serve": [{ "cpu": { "exponential": "1s" } }] } } },
        "traffic": { "customer": traffic },
        "objectives": { "customer": { "p95": p95 } }
    })
}

fn capacity(name: &str, model: &Value, experiment: Option<&Value>, threads: &str) -> Value {
    let folder = scratch(name);
    std::fs::write(folder.join("queue.json"), model.to_string()).unwrap();
    let path = folder.join(if experiment.is_some() { "story.json" } else { "queue.json" });
    if let Some(experiment) = experiment {
        std::fs::write(&path, experiment.to_string()).unwrap();
    }
    let mut args =
        vec!["capacity", path.to_str().unwrap(), "--format", "json", "--threads", threads];
    if experiment.is_none() {
        args.extend(["--window", "8h", "--warm-up", "10m", "--replications", "12"]);
    }
    let output = run(&args);
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
    outcome["models"]["queue"]["capacity"].clone()
}

/// Four standard errors; the interval is `t` of them wide to either side.
fn agrees(what: &str, found: &Value, expected: f64, t: f64) {
    let value = found["value"].as_f64().unwrap();
    let error = found["half_width"].as_f64().unwrap() / t;
    assert!((value - expected).abs() < 4.0 * error, "{what}: {value} ± {error}, not {expected}");
    assert!(error < 0.02 * expected, "{what}: {error} tells little");
}

#[test]
fn the_load_at_which_a_queue_breaks_its_promise_is_that_of_theory() {
    // M/M/1: the 95th percentile of the response is ln(20) / (mu - lambda), 10 s at 0.700426772645/s.
    let traffic = json!({ "call": "clerk.serve", "rate": "0.5/s" });
    let found = capacity("capacity", &queue(1, &traffic, "10s"), None, "1");
    agrees("M/M/1", &found["value"], 0.700_426_772_645 / 0.5, 2.201);
    agrees("left", &found["headroom"], 1.0 - 0.5 / 0.700_426_772_645, 2.201);
    // Power is greatest where half of it is used (Kleinrock 1979).
    agrees("knee", &found["knee"], 1.0, 2.201);
    assert_eq!((&found["unit"], &found["objective"]), (&json!("times"), &json!("customer.p95")));
    assert_eq!(found, capacity("capacity-two", &queue(1, &traffic, "10s"), None, "2"));
}

#[test]
fn users_are_counted_where_traffic_is_given_per_user() {
    // M/M/4: the root of its closed form for a 95th percentile of 4 s is 2.94142599393/s.
    let traffic = json!({ "call": "clerk.serve", "per_user": "3.6/h" });
    let found = capacity("capacity-users", &queue(4, &traffic, "4s"), None, "2");
    agrees("M/M/4", &found["value"], 2941.426, 2.201);
    assert_eq!((&found["unit"], &found["now"]), (&json!("users"), &json!(1000.0)));
}

#[test]
fn the_day_on_which_growth_uses_a_capacity_up_is_that_of_theory() {
    // An M/M/8 reaches 4 s at 6.8405113182/s; growth by exp(0.02 t) from 1/s is there at
    // t = 96.1431241482: here days, as it doubles in ln(2) / 0.02 days.
    let traffic = json!({ "call": "clerk.serve", "per_user": "3.6/h" });
    let doubling = format!("{}s", 2f64.ln() / 0.02 * 86_400.0);
    let story = json!({
        "name": "story", "models": ["queue.json"], "replications": { "min": 12 },
        "growth": { "over": "110d", "users": { "exponential": { "from": 1000, "doubling": doubling } },
            "sample": { "every": "55d", "window": "4h", "warm_up": "10m" } }
    });
    let found = capacity("capacity-day", &queue(8, &traffic, "4s"), Some(&story), "2");
    agrees("M/M/8", &found["value"], 6840.511, 2.201);
    agrees("day", &found["used_up_on"], 96.143_124, 2.201);
}

#[test]
fn a_model_that_promises_nothing_or_cannot_grow_is_refused() {
    let folder = scratch("capacity-none");
    let closed = json!({ "call": "clerk.serve", "closed": { "users": 3, "think": "1s" } });
    let mut model = queue(1, &closed, "10s");
    model["objectives"] = json!({});
    let path = folder.join("queue.json");
    std::fs::write(&path, model.to_string()).unwrap();
    let output = run(&["capacity", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(
        told.contains("it promises nothing") && told.contains("no traffic of it comes"),
        "{told}"
    );
}
