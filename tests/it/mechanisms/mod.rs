//! What exactly happens, rule by rule, in constant times, so that every instant is known.

mod accelerators;
mod balancing;
mod caches;
mod callers;
mod canaries;
mod connections;
mod cpu;
mod devices;
mod disks;
mod failures;
mod faults;
mod lines;
mod liveness;
mod operations;
mod outage;
mod placement;
mod places;
mod policies;
mod provisioning;
mod queues;
mod replication;
mod requests;
mod rescheduling;
mod scaling;
mod sessions;
mod taking_back;
mod vertical;

use crate::support::{Diary, Model, model, plan};
use outgrow::ids::Id;
use outgrow::network::FaultStyle;
use outgrow::sim::{Plan, Usage};

/// Each request comes once: so many milliseconds after the first second, asking for an operation,
/// with further keys of its class such as `"timeout": "5ms"`.
type Request<'r> = (f64, &'r str, &'r str);

/// A model of hosts and services, with links or nothing, and the requests that come to it.
fn scene(hosts: &str, links: &str, services: &str, requests: &[Request]) -> Model {
    scene_with(hosts, links, services, "", requests)
}

/// The same, with queues.
fn scene_with_queues(
    hosts: &str,
    links: &str,
    services: &str,
    queues: &str,
    requests: &[Request],
) -> Model {
    scene_with(hosts, links, services, &format!(r#""queues": {{ {queues} }},"#), requests)
}

/// The same, with more keys of a model.
fn scene_with(hosts: &str, links: &str, services: &str, more: &str, requests: &[Request]) -> Model {
    let class = |(i, (at_ms, call, more)): (usize, &Request)| {
        let more = if more.is_empty() { String::new() } else { format!(", {more}") };
        let think = format!(r#""closed": {{ "users": 1, "think": "{}ms" }}"#, 1000.0 + at_ms);
        format!(r#""r{i}": {{ "call": "{call}", {think}{more} }}"#)
    };
    let classes: Vec<String> = requests.iter().enumerate().map(class).collect();
    model(&format!(
        r#"{{ "name": "scene", "zones": {{ "a": {{}}, "b": {{}} }}, "links": [{links}],
             "hosts": {{ {hosts} }}, "services": {{ {services} }}, {more} "traffic": {{ {} }} }}"#,
        classes.join(", ")
    ))
}

/// How each request ended, in the order of the requests: when, in milliseconds, and how.
fn ends(model: &Model) -> Vec<(f64, &'static str)> {
    outcome(model).0
}

/// The same, with what the pools did from the first second on.
fn outcome(model: &Model) -> (Vec<(f64, &'static str)>, Usage) {
    outcome_from(model, "1s")
}

fn outcome_from(model: &Model, opening: &str) -> (Vec<(f64, &'static str)>, Usage) {
    let warm_up = crate::support::span(opening);
    let rest = outgrow::units::Span::from_nanos(1_990_000_000 - warm_up.nanos());
    let plan = Plan { warm_up, window: rest, ..plan(1, "1s") };
    let (diary, usage) = model.watch(&plan, Diary::default());
    let mut ends = vec![(f64::NAN, "still inside"); model.network.classes.len()];
    let ms = |nanos: u64| (nanos - 1_000_000_000) as f64 / 1e6;
    for (at, class, _) in diary.answered {
        ends[class.index()] = (ms(at), "answered");
    }
    for (at, class, why) in diary.failed {
        ends[class.index()] = (ms(at), why);
    }
    (ends, usage)
}

/// Whether all were answered, at these times.
fn answered_at(model: &Model, times_ms: &[f64]) {
    let expected: Vec<(f64, &str)> = times_ms.iter().map(|at| (*at, "answered")).collect();
    assert_eq!(ends(model), expected);
}

/// Milliseconds for which the workers of the n-th instance of a service were held.
fn busy_ms(model: &Model, usage: &Usage, service: &str, instance: usize) -> f64 {
    let group = model.pools(service);
    let mut own = model.network.pools.ids().filter(|it| model.network.pools[*it].group == group);
    usage.pools[own.nth(instance).unwrap()].busy as f64 / 1e6
}

const BOX: &str = r#""box": { "cores": 64, "zones": ["a"] }"#;
