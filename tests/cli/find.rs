//! Searches for the smallest value for which something holds.

use super::support::{run, scratch, stderr, stdout};
use serde_json::{Value, json};

fn search(name: &str, find: &Value, threads: &str) -> Value {
    let folder = scratch(name);
    let model = json!({
        "name": "queue", "hosts": { "desk": { "cores": 1 } },
        "services": { "clerk": { "hosts": "desk", "workers": 1, "operations": {
            "serve": [{ "cpu": { "exponential": "1ms" } }] } } },
        "traffic": { "customer": { "call": "clerk.serve", "rate": "500/s" } }
    });
    let experiment = json!({
        "name": "search", "models": ["queue.json"], "find": find,
        "window": "200s", "warm_up": "5s", "replications": { "min": 10 }
    });
    std::fs::write(folder.join("queue.json"), model.to_string()).unwrap();
    let path = folder.join("search.json");
    std::fs::write(&path, experiment.to_string()).unwrap();
    let output = run(&["sweep", path.to_str().unwrap(), "--format", "json", "--threads", threads]);
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
    outcome["models"]["queue"]["found"].clone()
}

#[test]
fn the_rate_at_which_a_queue_breaks_its_promise_is_that_of_theory() {
    // M/M/1: the 95th percentile of the response is ln(20) / (mu - lambda).
    let find = json!({ "smallest": "traffic.customer.rate", "from": 100, "to": 990, "within": 1,
        "unit": "/s", "such_that": { "metric": "customer.response.p95", "over": "10ms" } });
    let found = search("find", &find, "1");
    let value = |key: &str| found["value"][key].as_f64().unwrap();
    let expected = 1000.0 - 20f64.ln() / 0.010;
    let off = value("value") - expected;
    // The interval is 2.26 standard errors wide to either side; half a step lies above the truth.
    let error = value("half_width") / 2.262;
    assert!((off - 0.5).abs() < 4.0 * error, "{off} with a standard error of {error}");
    assert!(error < 0.01 * expected, "{error} tells little");
    assert_eq!(found, search("find-two", &find, "2"));
}

#[test]
fn what_never_holds_in_the_range_is_said_to_be_beyond_it() {
    let find = json!({ "smallest": "traffic.customer.rate", "from": 100, "to": 300, "within": 10,
        "unit": "/s", "such_that": { "metric": "customer.response.p95", "over": "10ms" } });
    let found = search("find-none", &find, "2");
    assert!(found.get("value").is_none());
    assert_eq!((&found["beyond"], &found["replications"]), (&json!(10), &json!(10)));
}

#[test]
fn what_holds_where_the_range_begins_has_no_value_of_its_own() {
    let find = json!({ "smallest": "traffic.customer.rate", "from": 900, "to": 990, "within": 10,
        "unit": "/s", "such_that": { "metric": "customer.response.p95", "over": "10ms" } });
    let found = search("find-all", &find, "2");
    assert!(found.get("value").is_none());
    assert_eq!((&found["at_start"], &found["beyond"]), (&json!(10), &json!(0)));
}

#[test]
fn replications_that_end_before_the_intervals_are_narrow_enough_say_so() {
    let folder = scratch("unmet");
    let model = std::fs::canonicalize("models/mm1.json").unwrap();
    let unmet = |share: &str| {
        let experiment = json!({
            "name": "unmet", "models": [model], "window": "1h", "warm_up": "1m",
            "replications": { "min": 2, "max": 4, "until": { "customer.response.mean": share } }
        });
        let path = folder.join("unmet.json");
        std::fs::write(&path, experiment.to_string()).unwrap();
        let output = run(&["compare", path.to_str().unwrap(), "--format", "json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
        outcome["points"][0].clone()
    };
    let narrow = unmet("0.001%");
    assert_eq!(narrow["unmet"][0]["metric"], json!("customer.response.mean"));
    assert_eq!(narrow["replications"], json!(4));
    assert_eq!(unmet("100%").get("unmet"), None);
}
