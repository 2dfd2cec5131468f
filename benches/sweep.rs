//! What a second thread is worth over independent replications of the shop.
//!
//! With one thread and with two in turn, each several times; the ratio of the medians.

use outgrow::model::{Document, compile, load};
use outgrow::network::Network;
use outgrow::sim::{Measure, Plan, run};
use outgrow::units::Span;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::hint::black_box;
use std::time::Instant;

const SHOP: &str = include_str!("../models/shop.json");

/// `--test` runs everything once and small.
fn main() {
    let is_test = std::env::args().any(|it| it == "--test");
    let (window_s, rounds) = if is_test { (1.0, 1) } else { (1200.0, 7) };
    let network = network();
    let [one, two] = [1, 2].map(pool);
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.push(seconds(&one, &network, window_s));
        together.push(seconds(&two, &network, window_s));
    }
    let (alone, together) = (median(alone), median(together));
    println!("8 replications, 1 thread {alone:.3} s, 2 threads {together:.3} s");
    println!("ratio {:.2}, to be at least 1.9", alone / together);
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started")
}

fn seconds(pool: &ThreadPool, network: &Network, window_s: f64) -> f64 {
    let start = Instant::now();
    let answered: Vec<u64> = pool.install(|| {
        (0..8u32)
            .into_par_iter()
            .map(|replication| answered(network, replication, window_s))
            .collect()
    });
    black_box(answered);
    start.elapsed().as_secs_f64()
}

fn answered(network: &Network, replication: u32, window_s: f64) -> u64 {
    let plan = Plan {
        seed: 1,
        replication,
        in_pairs: false,
        warm_up: Span::from_secs(1.0),
        window: Span::from_secs(window_s),
        slice: Span::from_secs(window_s / 30.0),
        events_max: u64::MAX,
    };
    let (seen, _) = run(network, &plan, Measure::new(network, 32)).expect("it runs");
    seen.classes.as_slice().iter().map(|it| it.response.count()).sum()
}

fn network() -> Network {
    let document = Document::parse("shop.json", SHOP).expect("the model is JSON");
    let loaded = load(&document, &|_| Err("no other files".to_owned())).expect("it makes sense");
    compile(&loaded.file, None, &loaded.recorded).0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
