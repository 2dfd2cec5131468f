//! What theory says part by part, held against the references that the simulation is held against.

use crate::support::model;
use outgrow::theory::{Holds, Told, beside};
use serde_json::Value;

const FILES: [&str; 5] = [
    include_str!("oracles/stations.json"),
    include_str!("oracles/lines.json"),
    include_str!("oracles/distributions.json"),
    include_str!("oracles/cpu.json"),
    include_str!("oracles/textbook.json"),
];

fn told(text: &str) -> Vec<Told> {
    let model = model(text);
    beside(&model.network, &model.names)
}

/// Each reference case by name, what theory says of it, and the figures of the reference.
fn cases() -> Vec<(String, Vec<Told>, Value)> {
    let mut cases = Vec::new();
    for file in FILES {
        let all: Value = serde_json::from_str(file).unwrap();
        for (name, case) in all.as_object().unwrap().iter().filter(|it| it.0 != "_") {
            let mut text = case.clone();
            for key in ["source", "window", "replications", "expect", "error"] {
                text.as_object_mut().unwrap().remove(key);
            }
            text["name"] = name.clone().into();
            cases.push((name.clone(), told(&text.to_string()), case["expect"].clone()));
        }
    }
    cases
}

#[test]
fn what_holds_exactly_is_the_reference_and_bounds_are_kept() {
    let mut exact = Vec::new();
    for (name, told, expect) in cases() {
        for part in told {
            for (metric, value) in part.figures {
                // The references name the one reason for which requests fail.
                let reasons = ["failed.refused", "failed.abandoned"];
                let by_reason = reasons.map(|it| metric.replace("failure_ratio", it));
                let names = std::iter::once(&metric).chain(&by_reason);
                let Some(reference) = names.filter_map(|it| expect[it].as_f64()).next() else {
                    continue;
                };
                let about =
                    format!("{name} {metric}: {} says {value}, not {reference}", part.method);
                let error = (value - reference).abs() / reference.abs().max(1e-3);
                match part.holds {
                    Holds::Exactly => {
                        assert!(error < 2e-6, "{about}");
                        exact.push((name.clone(), part.method));
                    }
                    Holds::AsBound if metric.ends_with(".goodput") => {
                        assert!(value >= reference * (1.0 - 1e-9), "{about}");
                    }
                    Holds::AsBound => assert!(value <= reference * (1.0 + 1e-9), "{about}"),
                    Holds::Roughly | Holds::Not => {}
                }
            }
        }
    }
    for (name, method) in [
        ("mm1", "M/M/c"),
        ("mm16", "M/M/c"),
        ("md1", "M/G/1"),
        ("ps4_lognormal", "product form"),
        ("mmck", "M/M/c/K"),
        ("erlang_b_lognormal", "Erlang B"),
        ("erlang_a", "Erlang A"),
        ("jackson", "open Jackson network"),
        ("feedback", "open Jackson network"),
        ("repairman_4", "mean value analysis"),
        ("random_balancing", "M/M/c"),
        ("dm1", "G/M/1"),
        ("e2m1", "G/M/1"),
        ("um1", "G/M/1"),
        ("h2m1", "G/M/1"),
        ("half_of_regular_gaps", "G/M/1"),
        ("round_robin_of_two", "G/M/1"),
        ("round_robin_of_four", "G/M/1"),
        ("two_classes_mva", "mean value analysis"),
        ("one_job_of_each_class", "mean value analysis"),
        ("two_classes_of_two_cores", "mean value analysis"),
    ] {
        assert!(
            exact.iter().any(|it| it.0 == name && it.1 == method),
            "{name}: {method} says nothing"
        );
    }
}

#[test]
fn what_holds_roughly_is_near() {
    let near = |name: &str, metric: &str, within: f64| {
        let (_, told, expect) = cases().into_iter().find(|it| it.0 == name).unwrap();
        let roughly = told.iter().filter(|it| it.holds == Holds::Roughly);
        let value = roughly.flat_map(|it| &it.figures).find(|it| it.0 == metric);
        let value = value.unwrap_or_else(|| panic!("{name}: {told:?}")).1;
        let off = value / expect[metric].as_f64().unwrap() - 1.0;
        assert!(off.abs() < within, "{name} {metric}: {off}");
    };
    near("md2", "customer.response.mean", 0.05);
    near("e2e2", "clerk.waiting.mean", 0.1);
    near("dm4", "clerk.waiting.mean", 0.3);
}

#[test]
fn where_nothing_applies_it_says_why() {
    let (_, told, _) = cases().into_iter().find(|it| it.0 == "fork_join").unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].holds, told[0].because.as_str()), (Holds::Not, "branches run in parallel"));
}

/// A front of one worker and what stands behind it, at a load of 0.8.
fn layered(behind: &str) -> Vec<Told> {
    told(&format!(
        r#"{{ "name": "layers", "hosts": {{ "box": {{ "cores": 64 }} }},
             "services": {{
               "front": {{ "hosts": "box", "workers": 1, "operations": {{ "go": [{{ "call": "back.run" }}] }} }},
               "back": {{ "hosts": "box", {behind} "operations": {{ "run": [{{ "wait": {{ "exponential": "1s" }} }}] }} }} }},
             "traffic": {{ "user": {{ "call": "front.go", "rate": "0.8/s" }} }} }}"#
    ))
}

#[test]
fn a_worker_held_for_an_exponential_call_is_mm1() {
    let told = layered("");
    let front = told.iter().find(|it| it.part == "front").unwrap();
    assert_eq!((front.method, front.holds), ("layered queues", Holds::Roughly));
    let [(_, wait), (_, utilization), ..] = &front.figures[..] else { panic!("{front:?}") };
    assert!((wait - 4.0).abs() < 1e-9 && (utilization - 0.8).abs() < 1e-9, "{front:?}");
}

#[test]
fn nobody_waits_behind_a_worker_that_is_alone() {
    let told = layered(r#""workers": 1,"#);
    let wait = |part: &str| told.iter().find(|it| it.part == part).unwrap().figures[0].1;
    assert_eq!(wait("back"), 0.0);
    assert!((wait("front") - 4.0).abs() < 1e-9, "{told:?}");
}

#[test]
fn a_line_behind_makes_the_worker_before_it_busier() {
    // Four workers hold up to three calls in line, so that each is held for longer than a call takes.
    let text = |back: &str| {
        format!(
            r#"{{ "name": "layers", "hosts": {{ "box": {{ "cores": 64 }} }},
                 "services": {{
                   "front": {{ "hosts": "box", "workers": 4, "operations": {{ "go": [{{ "call": "back.run" }}] }} }},
                   "back": {{ "hosts": "box", {back} "operations": {{ "run": [{{ "wait": {{ "exponential": "1s" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "front.go", "rate": "0.5/s" }} }} }}"#
        )
    };
    let utilization = |back: &str| {
        let told = told(&text(back));
        let front = told.iter().find(|it| it.part == "front").unwrap();
        front.figures.iter().find(|it| it.0 == "front.utilization").unwrap().1
    };
    assert!((utilization("") - 0.125).abs() < 1e-9);
    // M/M/1 at 0.5 behind: held for two seconds.
    assert!((utilization(r#""workers": 1,"#) - 0.25).abs() < 1e-9);
}

#[test]
fn gaps_that_vary_as_much_as_those_of_a_poisson_process_are_not_taken_for_one() {
    let text = |gap: &str| {
        format!(
            r#"{{ "name": "gaps", "hosts": {{ "box": {{ "cores": 64 }} }},
                 "services": {{ "app": {{ "hosts": "box", "workers": 1, "operations": {{ "run": [{{ "cpu": {{ "exponential": "1s" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "every": {gap} }} }} }}"#
        )
    };
    let app = |gap: &str| told(&text(gap)).into_iter().find(|it| it.part == "app").unwrap();
    let poisson = app(r#"{ "exponential": "2s" }"#);
    assert_eq!((poisson.method, poisson.holds), ("M/M/c", Holds::Exactly));
    let other = app(r#"{ "lognormal": { "mean": "2s", "cv": 1 } }"#);
    assert_eq!((other.method, other.holds), ("Kingman", Holds::Roughly));
}

#[test]
fn classes_that_wait_for_answers_hold_roughly_where_their_times_differ_at_one_line() {
    // First come, first served with another mean for each class has no product form.
    let text = |second: &str| {
        format!(
            r#"{{ "name": "mixed", "hosts": {{ "box": {{ "cores": 64 }} }},
                 "services": {{ "app": {{ "hosts": "box", "workers": 2, "operations": {{
                     "a": [{{ "cpu": {{ "exponential": "1s" }} }}], "b": [{{ "cpu": {{ "exponential": "{second}" }} }}] }} }} }},
                 "traffic": {{ "a": {{ "call": "app.a", "closed": {{ "users": 3, "think": "2s" }} }},
                               "b": {{ "call": "app.b", "closed": {{ "users": 4, "think": "2s" }} }} }} }}"#
        )
    };
    let holds = |text: &str| {
        let told = told(text).into_iter().filter(|it| it.method == "mean value analysis");
        told.map(|it| it.holds).collect::<Vec<_>>()
    };
    assert_eq!(holds(&text("1s")), [Holds::Exactly; 2]);
    assert_eq!(holds(&text("3s")), [Holds::Roughly; 2]);
    let open =
        text("1s").replace(r#""closed": { "users": 3, "think": "2s" }"#, r#""rate": "0.1/s""#);
    let told = told(&open);
    assert_eq!((told.len(), told[0].holds), (1, Holds::Not));
    assert!(told[0].because.contains("others come whatever becomes of them"), "{told:?}");
}

#[test]
fn with_a_timeout_nothing_holds_exactly() {
    let text = |timeout: &str| {
        format!(
            r#"{{ "name": "hurried", "hosts": {{ "box": {{ "cores": 1 }} }},
                 "services": {{ "app": {{ "hosts": "box", "workers": 1, "operations": {{ "run": [{{ "cpu": {{ "exponential": "1s" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "rate": "0.5/s"{timeout} }} }} }}"#
        )
    };
    let (patient, hurried) = (told(&text("")), told(&text(r#", "timeout": "60s""#)));
    assert!(patient.iter().all(|it| it.holds == Holds::Exactly), "{patient:?}");
    assert!(hurried.iter().all(|it| it.holds == Holds::Roughly), "{hurried:?}");
    let figures = |told: &[Told]| told.iter().map(|it| it.figures.clone()).collect::<Vec<_>>();
    assert_eq!(figures(&patient), figures(&hurried));
}

#[test]
fn two_services_that_share_cores_are_not_taken_for_one_line() {
    // Each instance has half of the core, however many requests the other has.
    let holds = |of_two: &str| {
        let all = told(&format!(
            r#"{{ "name": "halves", "hosts": {{ "box": {{ "cores": 1 }} }},
                 "services": {{
                   "a": {{ "hosts": "box", "operations": {{ "run": [{{ "cpu": {{ "exponential": "1s" }} }}] }} }},
                   "b": {{ "hosts": "box", "operations": {{ "run": [{{ "cpu": {{ "exponential": "1s" }} }}] }} }} }},
                 "traffic": {{
                   "many": {{ "call": "a.run", "closed": {{ "users": 10, "think": "0s" }} }},
                   "one": {{ "call": "{of_two}.run", "closed": {{ "users": 1, "think": "0s" }} }} }} }}"#
        ));
        all.iter().any(|it| it.method == "mean value analysis" && it.holds == Holds::Exactly)
    };
    assert!(holds("a") && !holds("b"));
}
