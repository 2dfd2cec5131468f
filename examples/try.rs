use outgrow::{model::{self, file::Model}, sim::*, units::Span};
fn main() {
    for (name, window, jobs_per_s) in [("mm1", 2e6, 0.8), ("mm16", 1.2e5, 14.4), ("shop", 1000.0, 1000.0)] {
        let text = std::fs::read_to_string(format!("models/{name}.json")).unwrap().replace(r#", "backoff": { "exponential": { "base": "50ms" } }"#, r#", "backoff": "50ms""#);
        let m: Model = serde_json::from_str(&text).unwrap();
        let (net, _names) = model::compile(&m, None, &Default::default());
        for rep in 0..4 {
        let plan = Plan { seed: 1, replication: rep, warm_up: Span::from_secs(window * 0.01), window: Span::from_secs(window), slice: Span::from_secs(window / 30.0), events_max: u64::MAX };
        let t = std::time::Instant::now();
        let (seen, usage) = run(&net, &plan, Measure::new(&net, 100)).unwrap();
        let ns = t.elapsed().as_nanos() as f64;
        let c = &seen.classes.as_slice()[0];
        println!("{name} {:.1} ns/job {:.1} ns/event mean {:.5} p99 {:.4} failed {:?} wait {:?}", ns / (window * jobs_per_s * 1.01), ns / usage.events as f64, c.response.mean().unwrap() / 1e9, c.response.quantile(0.99).unwrap() / 1e9, c.failed, seen.waits.as_slice()[0].mean().map(|x| x / 1e9));
        }
    }
}
