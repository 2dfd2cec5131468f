//! Outages in an outcome: their course slice by slice, and what they come to in the long run.

use super::support::{run, scratch, stderr, stdout};
use serde_json::Value;
use std::path::Path;

const MODEL: &str = r#"{
  "name": "m", "hosts": { "box": { "cores": 8 } },
  "services": { "app": { "hosts": "box", "operations": { "ask": [] } } },
  "traffic": { "users": { "call": "app.ask", "rate": "50/s" } }
}"#;

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn outcome(args: &[&str]) -> Value {
    let output = run(&[args, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// A host that is away for a minute every six hours.
const RARE: &str = r#"{
  "name": "rare", "models": ["model.json"],
  "faults": [{ "host": "box.0", "for": "1m", "once_in": "6h" }],
  "aftermath": "1m", "warm_up": "10s", "window": "2m", "replications": { "min": 8 }
}"#;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn conditioned_on_rare_outages_availability_is_what_it_is_in_the_long_run() {
    let folder = scratch("rare-outages");
    write(&folder, "model.json", MODEL);
    let conditioned = outcome(&["sweep", &write(&folder, "rare.json", RARE)]);
    let long_run = &conditioned["models"]["m"]["over_time"];
    // One minute in 360.
    let exact = 1.0 / 360.0;
    let estimate = &long_run["availability"];
    let (lost, half_width) = (1.0 - number(&estimate["value"]), number(&estimate["half_width"]));
    assert!((lost - exact).abs() < 1.5 * half_width, "{lost} ± {half_width}, not {exact}");
    assert!(half_width < 0.02 * exact, "{half_width}");
    let down = number(&long_run["downtime_per_month"]["value"]);
    assert!((down - 730.0 * 3600.0 * exact).abs() < 1.0, "{down}");
    // The same in full, at random.
    let faults = r#""faults": [{ "host": "box", "every": { "exponential": "359m" }, "for": "1m" }],
      "traffic""#;
    let model = MODEL.replace("50/s", "0.1/s").replace("\"traffic\"", faults);
    let path = write(&folder, "random.json", &model);
    let whole = ["--window", "4000h", "--warm-up", "1h", "--replications", "4"];
    let simulated = outcome(&[&["run", path.as_str()], &whole[..]].concat());
    let estimate = &simulated["points"][0]["metrics"]["availability"];
    let (lost, half_width) = (1.0 - number(&estimate["value"]), number(&estimate["half_width"]));
    assert!((lost - exact).abs() < 1.5 * half_width, "{lost} ± {half_width}, not {exact}");
    assert!(half_width < 0.2 * exact, "{half_width}");
}

#[test]
fn the_course_of_an_outage_is_told_slice_by_slice() {
    let folder = scratch("course");
    write(&folder, "model.json", MODEL);
    let experiment = write(&folder, "rare.json", RARE);
    let out = folder.join("out");
    let told = outcome(&["sweep", &experiment, "--out", out.to_str().unwrap()]);
    let point = &told["points"][1];
    let series = &point["series"];
    let column = |it: &Value| -> Vec<f64> { it.as_array().unwrap().iter().map(number).collect() };
    assert_eq!(column(&series["at_s"]), (0..18).map(|i| f64::from(i) * 10.0).collect::<Vec<_>>());
    // It fails after a minute, at the very end of a slice, for a minute; whoever is back at the very
    // end of a slice counts from the next.
    let up: Vec<f64> = (0..18).map(|i| if (5..12).contains(&i) { 0.0 } else { 1.0 }).collect();
    assert_eq!(column(&series["instances"]["app"]["up"]), up);
    assert_eq!(column(&series["instances"]["app"]["believed"]), [1.0; 18]);
    for (i, failed) in column(&series["failed"]).into_iter().enumerate() {
        let expected = if (6..12).contains(&i) { 50.0 } else { 0.0 };
        assert!((failed - expected).abs() < 5.0, "{failed} in slice {i}");
    }
    let p95 = series["response"]["p95"].as_array().unwrap();
    assert!(p95[7].is_null() && p95[3] == 0.0, "{p95:?}");
    assert!(series["cpu"]["box"][7].is_null() && series["cpu"]["box"][3] == 0.0);
    let metric = |name: &str| point["metrics"][name]["value"].as_f64();
    assert_eq!((metric("detection"), metric("restart"), metric("return")), (None, Some(0.0), None));
    assert_eq!(metric("downtime"), Some(60.0));
    let csv = std::fs::read_to_string(out.join("series.csv")).unwrap();
    assert!(csv.starts_with("model,day,fault,seconds_since,what,value,unit\n"), "{csv}");
    assert!(csv.contains("\nm,,host box.0,0,app.instances.up,0,\n"), "{csv}");
    assert!(out.join("course-m-host-box-0.svg").exists());
}
