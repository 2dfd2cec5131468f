//! A run is a function of the network and the seed, and two designs meet the same luck.

use crate::support::{Diary, Model, model, plan, span, try_run};
use crate::swarm::{random_faults, random_model};
use outgrow::network::Network;
use outgrow::sim::{Fingerprint, Measure, Plan, Run};
use rayon::prelude::*;

fn fingerprint(network: &Network, plan: &Plan) -> u64 {
    try_run(network, plan, Fingerprint::default()).unwrap().0.0
}

fn rich(seed: u64) -> Model {
    let mut model = model(&random_model(seed, true).to_string());
    model.network.faults.extend(random_faults(seed, &model.network));
    model
}

#[test]
fn the_same_seed_gives_the_same_run_on_any_thread() {
    for seed in 2_000_000..2_000_020 {
        let plan = plan(seed, "800ms");
        let first = fingerprint(&rich(seed).network, &plan);
        // The model is read and compiled anew each time, side by side with others.
        let again: Vec<u64> =
            (0..4).into_par_iter().map(|_| fingerprint(&rich(seed).network, &plan)).collect();
        assert_eq!(again, [first; 4], "seed {seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let model = shop("2ms", 8);
    let figures = || {
        let (measure, usage) = model.watch(&plan(7, "20s"), Measure::new(&model.network, 16));
        let areas: Vec<_> = usage.pools.as_slice().iter().map(|it| (it.busy, it.line)).collect();
        let response = &measure.classes.as_slice()[0].response;
        (response.count(), response.sum(), response.quantile(0.99), usage.events, areas)
    };
    assert_eq!(figures(), figures());
}

#[test]
fn another_seed_or_replication_is_another_run() {
    let model = shop("2ms", 8);
    let mut seen: Vec<u64> = (0..50)
        .map(|i| {
            let plan = Plan { replication: i % 5, ..plan(u64::from(i / 5), "1s") };
            fingerprint(&model.network, &plan)
        })
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 50);
}

#[test]
fn a_longer_run_begins_like_a_shorter_one() {
    let model = shop("2ms", 8);
    let (short, _) = model.watch(&plan(3, "5s"), Diary::default());
    let (long, _) = model.watch(&Plan { warm_up: span("1s"), ..plan(3, "10s") }, Diary::default());
    assert_eq!(long.answered[..short.answered.len()], short.answered);
    assert_eq!(long.born[..short.born.len()], short.born);
}

#[test]
fn a_run_that_is_played_in_pieces_is_the_same_run() {
    for seed in 2_000_000..2_000_010 {
        let model = rich(seed);
        let plan = Plan { warm_up: span("50ms"), ..plan(seed, "400ms") };
        let mut run = Run::open(&model.network, &plan, Fingerprint::default());
        for piece in 1..=100 {
            run.play_until(span("4ms") * piece).unwrap();
        }
        let ((pieces, usage), whole) = (run.close().unwrap(), fingerprint(&model.network, &plan));
        assert_eq!(pieces.0, whole, "seed {seed}");
        assert!(usage.events > 100, "seed {seed}: {}", usage.events);
    }
}

/// A shop whose database takes so long, with so many workers in front, under two classes.
fn shop(query: &str, workers: u32) -> Model {
    model(&format!(
        r#"{{ "name": "shop", "hosts": {{ "box": {{ "cores": 64 }} }},
             "services": {{
               "web": {{ "hosts": "box", "workers": {workers}, "operations": {{ "browse": [
                 {{ "wait": {{ "exponential": "10ms" }}, "as": "render" }}, {{ "call": "db.query" }} ] }} }},
               "db": {{ "hosts": "box", "workers": 4, "operations": {{ "query": [{{ "wait": {{ "exponential": "{query}" }} }}] }} }} }},
             "traffic": {{
               "browse": {{ "call": "web.browse", "rate": "400/s", "timeout": "200ms", "retry": {{ "attempts": 2 }} }},
               "report": {{ "call": "db.query", "rate": "3/s" }} }} }}"#
    ))
}

#[test]
fn two_designs_meet_the_same_arrivals() {
    let born = |model: &Model| model.watch(&plan(5, "10s"), Diary::default()).0.born;
    let of_shop = born(&shop("2ms", 8));
    assert!(of_shop.len() > 3000);
    assert_eq!(of_shop, born(&shop("9ms", 64)));
}

#[test]
fn a_step_with_the_same_name_draws_the_same_work_in_another_design() {
    // Alone on endless workers, a response is the work drawn.
    let design = |service: &str, steps: &str| {
        let model = model(&format!(
            r#"{{ "name": "design", "hosts": {{ "box": {{ "cores": 64 }} }},
                 "services": {{
                   "{service}": {{ "hosts": "box", "operations": {{ "run": {steps} }} }},
                   "inner": {{ "hosts": "box", "operations": {{ "run": [{{ "wait": {{ "exponential": "1ms" }}, "as": "render" }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "{service}.run", "rate": "100/s" }} }} }}"#
        ));
        let mut seen = model.watch(&plan(5, "10s"), Diary::default()).0.answered;
        // In the order of birth.
        seen.sort_by_key(|it| it.0 - it.2);
        seen.iter().map(|it| it.2).collect::<Vec<u64>>()
    };
    let here = design("a", r#"[{ "wait": { "exponential": "1ms" }, "as": "render" }]"#);
    let slower =
        design("b", r#"[{ "wait": "0s" }, { "wait": { "exponential": "3ms" }, "as": "render" }]"#);
    let elsewhere = design("c", r#"[{ "wait": "0s" }, { "call": "inner.run" }]"#);
    let other_name = design("a", r#"[{ "wait": { "exponential": "1ms" } }]"#);
    assert!(here.len() > 900);
    // The last few may still be inside when the run ends.
    let common = here.len().min(slower.len()).min(elsewhere.len()) - 10;
    assert_eq!(here[..common], elsewhere[..common]);
    let thrice = here.iter().zip(&slower).take(common).all(|(a, b)| (3 * a).abs_diff(*b) <= 2);
    assert!(thrice, "the same luck, three times as long");
    assert_ne!(here[..100], other_name[..100]);
}
