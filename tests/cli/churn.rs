//! Stories in which users leave for good: each instant begins with what earlier ones came to.

use super::support::{run, scratch, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};

/// A service with little room, with two sizes of its line: four instants, and an outage.
fn story(folder: &Path) -> PathBuf {
    let model = r#"{ "name": "shop", "hosts": { "box": { "cores": 1 } },
        "services": { "web": { "hosts": "box", "workers": 1, "line": 2, "operations": {
            "page": [{ "cpu": { "exponential": "90ms" } }] } } },
        "users": 600, "traffic": { "page": { "call": "web.page", "per_user": "1/m" } },
        "business": { "churn": { "per_failed_request": 5e-4, "cap_per_day": 0.5, "carried": true } } }"#;
    let experiment = r#"{ "name": "leaving", "models": ["shop.json"],
        "growth": { "over": "3d", "users": { "linear": { "from": 600, "to": 660 } },
            "sample": { "every": "1d", "warm_up": "auto", "window": "20s" } },
        "variants": { "narrow": {}, "wide": { "services.web.line": 8 } },
        "faults": [{ "host": "box.0", "at": "2d", "for": "2s", "style": "crash" }], "aftermath": "5s",
        "replications": { "min": 3 } }"#;
    fs::write(folder.join("shop.json"), model).unwrap();
    let path = folder.join("leaving.json");
    fs::write(&path, experiment).unwrap();
    path
}

fn told(path: &Path, more: &[&str]) -> (String, String) {
    let output = run(&[&["sweep", path.to_str().unwrap(), "--format", "json"], more].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    (stdout(&output), stderr(&output))
}

/// Every part of a store.
fn parts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let each = entries.flat_map(|it| if it.is_dir() { parts(&it) } else { vec![it] });
    let mut all: Vec<PathBuf> = each.collect();
    all.sort();
    all
}

#[test]
fn any_number_of_threads_and_a_store_with_gaps_yield_the_same_bytes() {
    let folder = scratch("churn");
    let path = story(&folder);
    let (expected, _) = told(&path, &["--threads", "1"]);
    let outcome: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let left = |point: usize| &outcome["points"][point]["metrics"]["users.left"];
    assert!(left(3)["value"].as_f64().unwrap() < 600.0, "some leave: {}", left(3));
    assert!(left(3)["half_width"].as_f64().unwrap() > 0.0, "not as many in every replication");
    assert_eq!(told(&path, &["--threads", "2"]).0, expected);
    assert_eq!(told(&path, &["--threads", "7"]).0, expected);

    let store = folder.join("store");
    let keeping = ["--store", store.to_str().unwrap()];
    assert_eq!(told(&path, &keeping).0, expected);
    let all = parts(&store);
    // Of two designs four days and an outage, three times, and five pilots for each of the days.
    assert_eq!(all.len(), 2 * (5 * 3 + 4 * 5));
    for (i, part) in all.iter().enumerate() {
        if i % 3 == 0 {
            fs::remove_file(part).unwrap();
        }
    }
    let (again, counted) = told(&path, &keeping);
    assert_eq!(again, expected);
    assert!(counted.contains("46 runs were there, 24 were made and kept"), "{counted}");
}
