//! A hot row binds as a device does, and is named.

use super::support::{run, scratch, stderr, stdout};
use serde_json::Value;

/// What binds, how busy it is, and the headroom, with so many rows.
fn bound(rows: u32) -> (String, f64, f64) {
    let path = scratch(&format!("locks-{rows}")).join("model.json");
    let text = format!(
        r#"{{ "name": "bank", "hosts": {{ "machine": {{ "cores": 8, "disk": {{ "iops": 10000, "sync": "4ms" }} }} }},
             "services": {{
               "web": {{ "hosts": "machine", "workers": 50, "operations": {{ "pay": [{{ "cpu": "1ms" }}, {{ "call": "db.pay" }}] }} }},
               "db": {{ "hosts": "machine", "connections": 100, "operations": {{ "pay": [
                 {{ "lock": {{ "rows": {rows}, "table": "accounts" }}, "do": [{{ "cpu": "1ms" }}, {{ "wait": "5ms" }}] }} ] }} }} }},
             "traffic": {{ "pay": {{ "call": "web.pay", "rate": "160/s" }} }} }}"#
    );
    std::fs::write(&path, text).unwrap();
    let plan = ["--window", "20s", "--warm-up", "2s", "--replications", "2", "--format", "json"];
    let output = run(&[&["run", path.to_str().unwrap()], &plan[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let point = &outcome["points"][0];
    let bottleneck = &point["bottleneck"];
    let name = bottleneck["name"].as_str().unwrap().to_owned();
    let headroom = point["metrics"]["headroom"]["value"].as_f64().unwrap();
    (name, bottleneck["utilization"].as_f64().unwrap(), headroom)
}

#[test]
fn a_row_that_everybody_wants_is_the_bottleneck_before_the_pools_that_fill_up_behind_it() {
    // 160 a second on one row that is held for 6 ms: 96 %.
    let (name, busy, headroom) = bound(1);
    assert_eq!(name, "db.lock.accounts");
    assert!((busy - 0.96).abs() < 0.03, "{busy}");
    assert!((headroom - (1.0 - busy)).abs() < 1e-9, "{headroom}");
    // Of a thousand rows none is held for long.
    let (name, busy, _) = bound(1000);
    assert_eq!(name, "machine.cpu");
    assert!(busy < 0.1, "{busy}");
}
