//! Background work is measured by itself: no user waits for it.

use super::support::{run, scratch, stderr, stdout};
use serde_json::Value;

/// Users who are all answered, beside work that always fails.
const MODEL: &str = r#"{
  "name": "m", "hosts": { "box": { "cores": 8 } },
  "services": { "app": { "hosts": "box", "operations": { "ask": [{ "wait": "1ms" }], "work": [{ "wait": "9s" }] } } },
  "users": 1000,
  "traffic": {
    "users": { "call": "app.ask", "rate": "100/s" },
    "backup": { "call": "app.work", "every": "500ms", "timeout": "1s", "background": true }
  },
  "business": { "churn": { "per_failed_request": 0.1 } }
}"#;

fn metrics(model: &str) -> Value {
    let path = scratch("background").join("model.json");
    std::fs::write(&path, model).unwrap();
    let quick = ["--window", "30s", "--warm-up", "2s", "--replications", "2", "--format", "json"];
    let output = run(&[&["run", path.to_str().unwrap()], &quick[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
    outcome["points"][0]["metrics"].clone()
}

#[test]
fn background_work_counts_in_no_availability_downtime_or_money() {
    let [background, foreground] =
        [MODEL.to_owned(), MODEL.replace(r#", "background": true"#, "")].map(|it| metrics(&it));
    let of = |metrics: &Value, name: &str| metrics[name]["value"].as_f64();
    assert_eq!(of(&background, "availability"), Some(1.0));
    assert_eq!(of(&background, "users.lost"), Some(0.0));
    assert!(of(&background, "backup.failed").unwrap() > 1.9);
    assert_eq!(of(&background, "backup.availability"), None);
    assert_eq!(of(&background, "backup.downtime"), None);
    assert!(of(&foreground, "availability").unwrap() < 0.99);
    assert!(of(&foreground, "users.lost").unwrap() > 0.0);
    assert_eq!(of(&foreground, "backup.downtime"), Some(30.0));
    assert_eq!(of(&foreground, "users.response.mean"), of(&background, "users.response.mean"));
}
