//! Figures of accelerators: always busy is not full, and what is full is named.

use super::support::{run, scratch, stderr, stdout};
use serde_json::Value;

/// The point that a model comes to, of one accelerator and requests that ask for the same.
fn point(name: &str, accelerator: &str, asked: &str, arrivals: &str) -> Value {
    let model = format!(
        r#"{{ "name": "m", "hosts": {{ "gpu": {{ "cores": 8, "accelerator": {{ {accelerator} }} }} }},
             "services": {{ "model": {{ "hosts": "gpu", "operations": {{ "infer": [{{ "accelerator": {{ {asked} }} }}] }} }} }},
             "traffic": {{ "user": {{ "call": "model.infer", {arrivals} }} }} }}"#
    );
    let path = scratch(name).join("model.json");
    std::fs::write(&path, model).unwrap();
    let quick = ["--window", "600s", "--warm-up", "5s", "--replications", "2", "--format", "json"];
    let output = run(&[&["run", path.to_str().unwrap()], &quick[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
    outcome["points"][0].clone()
}

fn of(point: &Value, metric: &str) -> f64 {
    let value = point["metrics"][format!("gpu.accelerator.{metric}")]["value"].as_f64();
    value.unwrap_or_else(|| panic!("no {metric} in {point:#}"))
}

fn close(value: f64, to: f64) {
    assert!((value / to - 1.0).abs() < 0.03, "{value}, not {to}");
}

#[test]
fn a_gpu_that_is_always_busy_with_small_batches_has_room_left() {
    let batch = r#""batch": { "most": 100, "base": "2ms", "per_item": "0.5ms" }"#;
    let point = point("small-batches", batch, "", r#""rate": "1200/s""#);
    assert!(of(&point, "utilization") > 0.99);
    // 1,200 a second, of 100 in 52 ms.
    close(of(&point, "throughput.utilization"), 1200.0 * 0.052 / 100.0);
    close(of(&point, "batch"), 6.019);
    close(of(&point, "items"), 1200.0);
    assert_eq!(point["bottleneck"]["name"], "gpu.accelerator.throughput");
}

#[test]
fn whatever_binds_its_throughput_is_used_up_when_more_is_asked() {
    let crowd = r#""closed": { "users": 200, "think": "10ms" }"#;
    let lengths = r#""prompt": { "uniform": { "least": 50, "most": 150 } },
                     "output": { "geometric": { "mean": 50, "most": 400 } }"#;
    let times = r#""base": "10ms", "per_sequence": "0.2ms", "per_prompt_token": "0.02ms""#;
    for (name, most) in [
        ("places", r#""most": 20"#),
        ("memory", r#""most": 150, "memory": 4000"#),
        ("reserved", r#""most": 150, "memory": 4000, "admission": "reserve""#),
    ] {
        let accelerator = format!(r#""continuous": {{ {most}, {times} }}"#);
        let point = point(name, &accelerator, lengths, crowd);
        assert_eq!(of(&point, "utilization"), 1.0, "{name}");
        close(of(&point, "throughput.utilization"), 0.99);
        match name {
            "places" => close(of(&point, "batch"), 20.0),
            "memory" => assert!(of(&point, "preempted") > 1.0),
            _ => assert_eq!(of(&point, "preempted"), 0.0),
        }
        let per_s = point["metrics"]["user.goodput"]["value"].as_f64().unwrap();
        close(of(&point, "tokens") / per_s, 50.0);
        // Each token takes an iteration at least.
        assert!(of(&point, "output_token.mean") > 0.01, "{name}");
    }
}
