//! What a request costs with each part of the language: every model in `benches/parts/`, one line each.
//!
//! There is no floor to hold these against; the lines are for seeing which part is dear, and whether
//! one has become dearer. They take turns, so that a busy machine slows all alike.

use outgrow::model::{Document, compile, load};
use outgrow::network::Network;
use outgrow::sim::{Measure, Plan, run};
use outgrow::units::Span;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

struct Part {
    name: String,
    network: Network,
    ns_per_event: Vec<f64>,
    ns_per_request: Vec<f64>,
}

/// `--test` runs everything once and small; words run the parts whose names hold them.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let is_test = args.iter().any(|it| it == "--test");
    let words: Vec<&String> = args.iter().filter(|it| !it.starts_with("--")).collect();
    let (events, rounds) = if is_test { (2_000, 1) } else { (1_000_000, 7) };
    let wanted = |name: &str| words.is_empty() || words.iter().any(|it| name.contains(it.as_str()));
    let mut parts: Vec<Part> = all().into_iter().filter(|it| wanted(&it.name)).collect();
    for round in 0..rounds {
        parts.iter_mut().for_each(|it| measure(it, round, events));
    }
    println!("{:<28} ns/request  ns/event", "part");
    for Part { name, ns_per_event, ns_per_request, .. } in parts {
        println!("{name:<28} {:>10.1} {:>9.1}", median(ns_per_request), median(ns_per_event));
    }
}

/// The models by the names of their files, which may have other files beside them.
fn all() -> Vec<Part> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/parts");
    let beside =
        |path: &str| std::fs::read_to_string(folder.join(path)).map_err(|it| it.to_string());
    let entries = std::fs::read_dir(&folder).expect("the models are there");
    let mut paths: Vec<_> = entries.map(|it| it.expect("it can be read").path()).collect();
    paths.retain(|it| it.extension().is_some_and(|it| it == "json"));
    paths.sort();
    let part = |path: &std::path::PathBuf| {
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("it can be read");
        let document = Document::parse(&name, &text).expect("the model is JSON");
        let loaded = load(&document, &beside).expect("it makes sense");
        let network = compile(&loaded.file, loaded.file.users, &loaded.recorded).0;
        Part { name, network, ns_per_event: Vec::new(), ns_per_request: Vec::new() }
    };
    paths.iter().map(part).collect()
}

/// About so many events: as long as a first short run says that takes.
fn measure(part: &mut Part, round: u32, events: u64) {
    let plan = |window_s: f64| Plan {
        seed: 1,
        replication: round,
        in_pairs: false,
        warm_up: Span::ZERO,
        window: Span::from_secs(window_s),
        slice: Span::from_secs(window_s / 10.0),
        events_max: u64::MAX,
    };
    let play = |window_s: f64| {
        let probe = Measure::new(&part.network, 16);
        run(&part.network, &plan(window_s), probe).expect("it runs")
    };
    let short = play(1.0).1.events.max(1);
    let start = Instant::now();
    let (seen, usage) = play(events as f64 / short as f64);
    let ns = start.elapsed().as_secs_f64() * 1e9;
    let born: u64 = seen.classes.as_slice().iter().map(|it| it.born).sum();
    part.ns_per_event.push(ns / usage.events.max(1) as f64);
    part.ns_per_request.push(ns / born.max(1) as f64);
    black_box(seen);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
