//! What an outcome looks like as JSON, and what of it can be read back.

use super::*;
use crate::report::fixture;

#[test]
fn an_outcome_read_back_is_the_one_that_was_written() {
    let outcome = fixture::blitz();
    let text = serde_json::to_string(&outcome).unwrap();
    let again: Outcome = serde_json::from_str(&text).unwrap();
    assert_eq!(again, outcome);
    assert_eq!(serde_json::to_string(&again).unwrap(), text, "the order of fields and metrics");
}

#[test]
fn overloaded_is_null_and_what_is_absent_is_not_written() {
    let mut outcome = fixture::blitz();
    outcome.points.truncate(1);
    let point = serde_json::to_value(&outcome.points[0]).unwrap();
    assert!(point["overloaded"].is_null() && point.get("overloaded").is_some());
    for absent in ["fault", "series", "theory"] {
        assert!(point.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn a_metric_that_is_no_number_is_left_out() {
    let mut point = fixture::blitz().points[0].clone();
    point.set("x", Estimate::new(f64::NAN, None, 0.95, Unit::Count));
    assert_eq!(point.metric("x"), None);
    point.set("x", Estimate::new(1.0, Some(f64::NAN), 0.95, Unit::Count));
    assert_eq!(point.metric("x").unwrap().half_width, None);
}

#[test]
fn factors_go_by_the_shortest_name_that_tells_them_apart() {
    let mut outcome = fixture::blitz();
    assert_eq!(outcome.short_name("hosts.rack.cores"), "cores");
    let levels = |path: &str| IndexMap::from([(path.to_owned(), Value::from(4))]);
    outcome.points[0].factors = levels("services.auth.instances");
    outcome.points[1].factors = levels("services.content.instances");
    assert_eq!(outcome.short_name("services.auth.instances"), "auth.instances");
    let label = outcome.label("micro", &outcome.points[1].factors);
    assert_eq!(label, "micro, content.instances 4");
    assert_eq!(outcome.short_name("users"), "users");
}

#[test]
fn an_objective_is_told_kept_or_missed_only_by_the_whole_interval() {
    let mut point = fixture::blitz().points[0].clone();
    let mut keeps = |value, half_width| {
        let p95 = Estimate::new(value, half_width, 0.95, Unit::Seconds);
        point.set("generate.response.p95", p95);
        point.keeps("generate.p95", 3.0)
    };
    assert_eq!(keeps(2.5, Some(0.4)), Kept::Pass);
    assert_eq!(keeps(2.5, Some(0.6)), Kept::CannotTell);
    assert_eq!(keeps(3.5, Some(0.4)), Kept::Fail);
    assert_eq!(keeps(9.0, None), Kept::CannotTell);
}

#[test]
fn an_overloaded_point_misses_what_bounds_the_response() {
    let mut point = fixture::blitz().points[0].clone();
    point.metrics.clear();
    assert_eq!(point.keeps("generate.p95", 3.0), Kept::CannotTell);
    point.overloaded =
        Some(Overload { by: "rack.cpu".into(), backlog_per_s: 2.0, half_width: None });
    assert_eq!(point.keeps("generate.p95", 3.0), Kept::Fail);
}

#[test]
fn its_schema_names_the_fields_of_the_design() {
    let schema = serde_json::to_value(schemars::schema_for!(Outcome)).unwrap();
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(
        required,
        [
            "format",
            "version",
            "verb",
            "experiment",
            "seed",
            "points",
            "models",
            "comparisons",
            "expectations",
            "problems"
        ]
    );
    assert!(schema["$defs"]["Unit"].to_string().contains("money/mo"));
}
