//! Queues in an outcome: what binds, what is overloaded, and what is lost while something fails.

use super::support::{run, scratch, stderr, stdout};
use serde_json::Value;

/// Two consumers who need a second for each message.
const MODEL: &str = r#"{
  "name": "m", "hosts": { "box": { "cores": 8 } },
  "services": {
    "app": { "hosts": "box", "operations": { "ask": [{ "wait": "1ms" }, { "send": "mails" }, { "send": "kept" }] } },
    "mailer": { "hosts": "box", "operations": { "deliver": [{ "wait": "1s" }] } }
  },
  "queues": { "mails": { "call": "mailer.deliver", "consumers": 2 }, "kept": {} },
  "traffic": { "users": { "call": "app.ask", "rate": "1/s" } }
}"#;

fn run_with(name: &str, rate: &str, format: &str) -> String {
    let path = scratch(name).join("model.json");
    std::fs::write(&path, MODEL.replace("1/s", rate)).unwrap();
    let quick = ["--window", "300s", "--replications", "4", "--format", format];
    let output = run(&[&["run", path.to_str().unwrap()], &quick[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

fn point(name: &str, rate: &str) -> Value {
    let outcome: Value = serde_json::from_str(&run_with(name, rate, "json")).unwrap();
    outcome["points"][0].clone()
}

#[test]
fn consumers_can_be_the_bottleneck() {
    let point = point("queue-bottleneck", "1/s");
    assert_eq!(point["bottleneck"]["name"], "mails");
    assert_eq!(point["overloaded"], Value::Null);
    let of = |metric: &str| point["metrics"][metric]["value"].as_f64();
    let busy = of("mails.utilization").unwrap();
    assert!((0.4..0.6).contains(&busy));
    assert!((of("headroom").unwrap() - (1.0 - busy)).abs() < 1e-9);
    // Nobody takes these out, and nobody minds.
    assert!(of("kept.length").unwrap() > 100.0);
    assert_eq!(of("kept.utilization"), None);
}

#[test]
fn a_queue_that_grows_without_bound_is_an_overload_and_its_senders_are_not_held_up() {
    let point = point("queue-overload", "3/s");
    assert_eq!(point["overloaded"]["by"], "mails");
    let growth = point["overloaded"]["backlog_per_s"].as_f64().unwrap();
    assert!((0.7..1.3).contains(&growth), "{growth}");
    let of = |metric: &str| point["metrics"][metric]["value"].as_f64();
    assert_eq!((of("mails.length"), of("mails.lag.mean")), (None, None));
    assert!((of("users.response.mean").unwrap() - 0.001).abs() < 1e-9);
    let told = run_with("queue-overload-told", "3/s", "table");
    assert!(told.contains("faster than the consumers of mails"), "{told}");
}
