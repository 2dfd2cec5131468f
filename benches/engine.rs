//! What a simulated request costs, through the model file and with full statistics, against the
//! floor: the fastest hand-written loop known for exactly that model.
//!
//! Both run in turn in one process, so that a busy machine slows both; what counts is the ratio of
//! their medians.

mod floors;

use outgrow::model::{Document, compile, load};
use outgrow::network::Network;
use outgrow::sim::{Measure, Plan, run};
use outgrow::units::Span;
use std::hint::black_box;
use std::time::Instant;

/// A model, how many requests come in a second of its time, and its floor.
struct Case {
    name: &'static str,
    text: &'static str,
    per_s: f64,
    floor: fn(u64, u64) -> f64,
    /// The ratio that must not be exceeded.
    most: f64,
}

const CASES: [Case; 3] = [
    Case {
        name: "mm1",
        text: include_str!("../models/mm1.json"),
        per_s: 0.8,
        floor: floors::mm1,
        most: 2.5,
    },
    Case {
        name: "mm16",
        text: include_str!("../models/mm16.json"),
        per_s: 14.4,
        floor: floors::mm16,
        most: 1.8,
    },
    Case {
        name: "shop",
        text: include_str!("../models/shop.json"),
        per_s: 1000.0,
        floor: |requests, seed| floors::shop(requests, seed, 1000.0).mean_response_ms(),
        most: 1.5,
    },
];

/// `--test` runs everything once and small; a name runs the case of that name only.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let is_test = args.iter().any(|it| it == "--test");
    let names: Vec<&String> = args.iter().filter(|it| !it.starts_with("--")).collect();
    let (requests, rounds) = if is_test { (2_000.0, 1) } else { (400_000.0, 15) };
    println!("model   ns/request  floor  ratio  allowed  events/s");
    for case in CASES {
        if names.is_empty() || names.iter().any(|it| case.name == it.as_str()) {
            compare(&case, requests, rounds);
        }
    }
}

fn compare(case: &Case, requests: f64, rounds: u32) {
    let network = network(case);
    let (mut ours, mut floors, mut events_per_s) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let start = Instant::now();
        let (born, events) = simulate(&network, case, requests, round);
        let seconds = start.elapsed().as_secs_f64();
        ours.push(seconds * 1e9 / born as f64);
        events_per_s.push(events as f64 / seconds);
        let start = Instant::now();
        black_box((case.floor)(born, u64::from(round)));
        floors.push(start.elapsed().as_secs_f64() * 1e9 / born as f64);
    }
    let (ours, floor) = (median(ours), median(floors));
    let (ratio, events_per_s) = (ours / floor, median(events_per_s));
    let Case { name, most, .. } = case;
    println!("{name:<6} {ours:>11.1} {floor:>6.1} {ratio:>6.2} {most:>8.2} {events_per_s:>9.2e}");
}

/// So many requests after a short warm-up; returns how many there were in all, and the events.
fn simulate(network: &Network, case: &Case, requests: f64, round: u32) -> (u64, u64) {
    let window = Span::from_secs(requests / case.per_s);
    let warm_up = Span::from_secs(window.as_secs() / 100.0);
    let slice = Span::from_secs(window.as_secs() / 30.0);
    let plan = Plan {
        seed: 1,
        replication: round,
        in_pairs: false,
        warm_up,
        window,
        slice,
        events_max: u64::MAX,
    };
    let (seen, usage) = run(network, &plan, Measure::new(network, 32)).expect("it runs");
    black_box(seen);
    ((requests * 1.01) as u64, usage.events)
}

fn network(case: &Case) -> Network {
    let document = Document::parse(case.name, case.text).expect("the model is JSON");
    let loaded = load(&document, &|_| Err("no other files".to_owned())).expect("it makes sense");
    compile(&loaded.file, None, &loaded.recorded).0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
