//! Memory is taken when a run opens: a run twice as long allocates no more often.

use outgrow::model::{Document, compile, load};
use outgrow::network::Network;
use outgrow::sim::{Measure, Plan, run};
use outgrow::units::Span;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting each thread's calls.
struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends may free things when its counter is gone already.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// A shared CPU, a disk, a log with group commit, row locks, connections, and branches.
const DATABASE: &str = r#"{
  "name": "database",
  "hosts": { "rack": { "cores": 4, "disk": { "iops": 4000, "depth": 4 } } },
  "services": {
    "app": {
      "hosts": "rack", "workers": 64, "pools": { "to_db": { "size": 16, "patience": "2s" } },
      "operations": {
        "order": [
          { "cpu": { "exponential": "1ms" } },
          { "parallel": [[{ "call": "db.read", "through": "to_db", "timeout": "1s" }], [{ "wait": "1ms" }]] },
          { "call": "db.write", "through": "to_db" }
        ]
      }
    },
    "db": {
      "hosts": "rack", "connections": 40,
      "operations": {
        "read": [{ "cpu": { "exponential": "500us" } }, { "disk": { "read": "8KiB", "count": 2, "hit": 0.5 } }],
        "write": [{ "cpu": "300us" }, { "lock": { "rows": 500, "skew": 0.8 }, "do": [{ "commit": {} }] }]
      }
    }
  },
  "traffic": {
    "order": { "call": "app.order", "rate": "900/s", "timeout": "5s", "retry": { "attempts": 2, "backoff": "100ms" } }
  }
}"#;

#[test]
fn a_run_twice_as_long_allocates_no_more_often() {
    // Long enough for every line and calendar to have had the length that it ever has.
    let shop = include_str!("../models/shop.json");
    let mm16 = include_str!("../models/mm16.json");
    let disks = include_str!("../benches/parts/disks.json");
    let lines = include_str!("../benches/parts/lines.json");
    let balancing = include_str!("../benches/parts/balancing.json");
    let accelerators = include_str!("../benches/parts/accelerators.json");
    let queues = include_str!("../benches/parts/queues.json");
    let sessions = include_str!("../benches/parts/sessions.json");
    for (name, text, window_s) in [
        ("shop", shop, 64.0),
        ("mm16", mm16, 16_384.0),
        ("database", DATABASE, 128.0),
        ("disks", disks, 128.0),
        ("lines", lines, 128.0),
        ("balancing", balancing, 128.0),
        ("accelerators", accelerators, 512.0),
        ("queues", queues, 128.0),
        ("sessions", sessions, 256.0),
    ] {
        let network = network(name, text);
        let [once, twice] = [1.0, 2.0].map(|times| allocations(&network, window_s * times));
        assert_eq!(once, twice, "{name}: in {window_s} s and in twice that");
        assert!(once > 0, "nothing was counted");
    }
}

fn allocations(network: &Network, window_s: f64) -> u64 {
    let plan = Plan {
        seed: 7,
        replication: 0,
        in_pairs: false,
        warm_up: Span::from_secs(5.0),
        window: Span::from_secs(window_s),
        slice: Span::from_secs(window_s / 16.0),
        events_max: u64::MAX,
    };
    let before = CALLS.with(Cell::get);
    let run = run(network, &plan, Measure::new(network, 32)).expect("it runs");
    let calls = CALLS.with(Cell::get) - before;
    assert!(run.1.events > 100_000, "a short run proves little");
    calls
}

fn network(name: &str, text: &str) -> Network {
    let document = Document::parse(name, text).expect("the model is JSON");
    let loaded = load(&document, &|_| Err("no other files".to_owned())).expect("it makes sense");
    compile(&loaded.file, None, &loaded.recorded).0
}
