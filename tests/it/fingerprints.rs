//! Runs that must not change unnoticed: a hash of all that happened, with figures beside it.
//!
//! A fingerprint that moves means *look*: then write the new line here, and say in the commit what
//! moved and why.

use crate::support::{Model, model, plan};
use outgrow::network::FaultStyle;
use outgrow::sim::{Fingerprint, Measure};

/// What a run comes to: hash of the trajectory, answered, failed, mean response in µs, p99 in µs.
fn line(model: &Model, window: &str) -> String {
    let probe = (Fingerprint::default(), Measure::new(&model.network, 16));
    let ((hash, measure), _) = model.watch(&plan(2026, window), probe);
    let classes = measure.classes.as_slice();
    let failed: u64 = classes.iter().flat_map(|it| it.failed).sum();
    let figures: Vec<String> = classes
        .iter()
        .map(|it| {
            let (mean, p99) = (it.response.mean().unwrap(), it.response.quantile(0.99).unwrap());
            format!("{} in {:.0} µs, p99 {:.0} µs", it.response.count(), mean / 1e3, p99 / 1e3)
        })
        .collect();
    format!("{:016x}: {}; {failed} failed", hash.0, figures.join(", "))
}

fn check(model: &Model, window: &str, expected: &str) {
    assert_eq!(line(model, window), expected);
}

#[test]
fn mm1_has_not_changed() {
    let model = model(include_str!("../../models/mm1.json"));
    check(&model, "20000s", "7c54b317f8f7e6c4: 15900 in 4788501 µs, p99 19906335 µs; 0 failed");
}

#[test]
fn mm16_has_not_changed() {
    let model = model(include_str!("../../models/mm16.json"));
    check(&model, "2000s", "a6777da1e5f2d361: 28584 in 1319836 µs, p99 5045963 µs; 0 failed");
}

#[test]
fn shop_has_not_changed() {
    let model = model(include_str!("../../models/shop.json"));
    check(&model, "20s", "7ea2b73a12d30e09: 20075 in 16142 µs, p99 54694 µs; 0 failed");
}

#[test]
fn sessions_and_batches_have_not_changed() {
    let model = model(include_str!("../../benches/parts/sessions.json"));
    check(
        &model,
        "20s",
        "be8aee199e02293c: 3244 in 4806 µs, p99 21979 µs, 18227 in 2007 µs, p99 9202 µs, 10399 in 1961 µs, p99 8940 µs; 0 failed",
    );
}

#[test]
fn a_model_with_every_kind_of_step_has_not_changed() {
    check(
        &model(RICH),
        "60s",
        "fa2a909d00fd64ed: 7248 in 12402 µs, p99 43565 µs, 3029 in 1789 µs, p99 10751 µs; 0 failed",
    );
}

#[test]
fn an_outage_of_it_has_not_changed() {
    let model = model(RICH);
    let (left, right) = (model.hosts("left"), model.hosts("right"));
    let model = model.fault(left, "10s", "15s", FaultStyle::Crash);
    check(
        &model.fault(right, "14s", "30s", FaultStyle::Silence),
        "60s",
        "f6eedd81a5665f65: 6859 in 57521 µs, p99 780692 µs, 2733 in 2168 µs, p99 15609 µs; 662 failed",
    );
}

#[test]
fn accelerators_have_not_changed() {
    let model = model(include_str!("../../benches/parts/accelerators.json"));
    check(
        &model,
        "20s",
        "1dfec2ee32c974ef: 39788 in 4943 µs, p99 8517 µs, 391 in 2023108 µs, p99 8791261 µs; 0 failed",
    );
}

/// Two zones, shared processors and disks, locks, commits, branches, choices, pools, patience.
const RICH: &str = r#"{
  "name": "rich",
  "zones": { "a": {}, "b": {} },
  "links": [{ "between": ["a", "b"], "latency": { "lognormal": { "mean": "0.8ms", "cv": 0.3 } } }],
  "hosts": {
    "left": { "zones": ["a"], "cores": 2, "disk": { "iops": 800, "depth": 2, "sync": { "exponential": "2ms" } }, "boot": "2s" },
    "right": { "zones": ["b"], "cores": 2, "speed": 1.5, "disk": { "iops": 800, "depth": 2, "bandwidth": "80MiB/s" }, "boot": "1s" },
    "both": { "count": 2, "cores": 4 }
  },
  "services": {
    "web": {
      "hosts": "both", "instances": 3, "workers": 16, "line": 64, "balance": "power_of_two",
      "health": { "interval": "1s", "timeout": "200ms", "unhealthy": 2 },
      "pools": { "to_db": { "size": 6, "patience": "300ms" } },
      "operations": {
        "browse": [
          { "cpu": { "lognormal": { "mean": "6ms", "cv": 1.2 } } },
          { "parallel": [[{ "call": "auth.check" }], [{ "call": "db.read", "through": "to_db", "times": 2 }], [{ "wait": { "exponential": "8ms" } }]], "need": 2 },
          { "choose": [{ "weight": 7, "do": [] }, { "weight": 3, "do": [{ "call": "db.write", "through": "to_db", "timeout": "150ms", "retry": { "attempts": 2, "backoff": "10ms" } }] }] }
        ],
        "ping": [{ "call": "auth.check", "share": 0.5 }]
      }
    },
    "auth": {
      "hosts": "left", "instances": 2, "connections": 8, "balance": "least_outstanding", "cpu": { "request": 0.5, "limit": 1 },
      "operations": { "check": [{ "cpu": { "exponential": "2ms" } }, { "disk": { "read": "8KiB", "count": 2, "hit": 0.8 } }] }
    },
    "db": {
      "hosts": "right", "workers": 20, "line": 100, "start": "500ms",
      "operations": {
        "read": [{ "cpu": { "percentiles": { "p50": "1ms", "p95": "4ms", "p99": "9ms" } } }, { "disk": { "read": "16KiB", "count": 3, "hit": 0.9 } }],
        "write": [{ "lock": { "rows": 200, "skew": 0.9 }, "do": [{ "cpu": { "hyperexponential": { "mean": "2ms", "cv": 2 } } }, { "commit": {} }] }]
      }
    }
  },
  "traffic": {
    "browse": { "call": "web.browse", "rate": "120/s", "timeout": "800ms", "retry": { "attempts": 3, "backoff": { "exponential": { "base": "40ms", "jitter": "full" } } } },
    "ping": { "call": "web.ping", "closed": { "users": 20, "think": { "exponential": "400ms" } }, "timeout": "100ms" }
  }
}"#;
