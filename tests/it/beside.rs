//! What theory says part by part, held against the references that the simulation is held against.

use crate::support::model;
use outgrow::theory::{Holds, Told, beside};
use serde_json::Value;

const FILES: [&str; 4] = [
    include_str!("oracles/stations.json"),
    include_str!("oracles/lines.json"),
    include_str!("oracles/distributions.json"),
    include_str!("oracles/cpu.json"),
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
                let Some(reference) = expect[&metric].as_f64() else { continue };
                let about = format!("{name} {metric}: {} says {value}, not {reference}", part.method);
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
    ] {
        assert!(exact.iter().any(|it| it.0 == name && it.1 == method), "{name}: {method} says nothing");
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
    near("md2", "user.response.mean", 0.05);
    near("e2m1", "user.response.mean", 0.1);
}

#[test]
fn where_nothing_applies_it_says_why() {
    let (_, told, _) = cases().into_iter().find(|it| it.0 == "fork_join").unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].holds, told[0].because.as_str()), (Holds::Not, "branches run in parallel"));
}
