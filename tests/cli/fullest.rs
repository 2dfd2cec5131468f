//! Of several hosts the fullest binds, and is told beside their mean.

use super::support::{run, scratch, stderr, stdout};
use serde_json::{Value, json};

#[test]
fn headroom_is_that_of_the_fullest_host_which_is_told_beside_the_mean() {
    let folder = scratch("fullest");
    let model = json!({
        "name": "uneven", "hosts": { "desk": { "count": 2, "cores": 1 } },
        "services": { "clerk": {
            "hosts": "desk", "instances": 2, "workers": 4, "balance": { "weighted": { "weights": [3, 1] } },
            "operations": { "serve": [{ "cpu": "1ms" }] } } },
        "traffic": { "customer": { "call": "clerk.serve", "rate": "800/s" } }
    });
    let path = folder.join("uneven.json");
    std::fs::write(&path, model.to_string()).unwrap();
    let args = ["--window", "100s", "--warm-up", "5s", "--replications", "2"];
    let told = |more: &[&str]| {
        let output = run(&[&["run", path.to_str().unwrap()], &args[..], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let outcome: Value = serde_json::from_str(&told(&["--format", "json"])).unwrap();
    let value = |name: &str| outcome["points"][0]["metrics"][name]["value"].as_f64().unwrap();
    // Three in four of 800 requests a second, each a millisecond on one host, and a quarter on the other.
    assert!((value("desk.cpu.utilization.fullest") - 0.6).abs() < 0.01);
    assert!((value("desk.cpu.utilization") - 0.4).abs() < 0.01);
    assert!((value("headroom") + value("desk.cpu.utilization.fullest") - 1.0).abs() < 1e-9);
    let table = told(&[]);
    assert!(table.contains("Fullest: that of the busiest of them"), "{table}");
    assert!(table.contains("Bottleneck: desk.cpu, the fullest 60 % busy."), "{table}");
}
