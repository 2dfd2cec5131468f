#[path = "../benches/floors/mod.rs"]
mod floors;
use outgrow::{model::{self, file::Model}, sim::*, units::Span};
fn main() {
    for (name, window, jobs_per_s) in [("mm1", 1e6, 0.8), ("mm16", 6e4, 14.4), ("shop", 400.0, 1000.0)] {
        let only = std::env::args().nth(1); if only.as_deref().is_some_and(|o| o != name) { continue; }
        let text = std::fs::read_to_string(format!("models/{name}.json")).unwrap();
        let m: Model = serde_json::from_str(&text).unwrap();
        let (net, _names) = model::compile(&m, None, &Default::default());
        let (mut ours, mut theirs) = (vec![], vec![]);
        for rep in 0..9 {
        let plan = Plan { seed: 1, replication: rep, warm_up: Span::from_secs(window * 0.01), window: Span::from_secs(window), slice: Span::from_secs(window / 30.0), events_max: u64::MAX };
        let jobs = (window * jobs_per_s * 1.01) as u64;
        let t = std::time::Instant::now();
        let r = run(&net, &plan, Measure::new(&net, 100)).unwrap();
        ours.push(t.elapsed().as_nanos() as f64 / jobs as f64);
        std::hint::black_box(r);
        let t = std::time::Instant::now();
        std::hint::black_box(match name { "mm1" => floors::mm1(jobs, rep as u64), "mm16" => floors::mm16(jobs, rep as u64), _ => floors::shop(jobs, rep as u64, 1000.0).mean_response_ms() });
        theirs.push(t.elapsed().as_nanos() as f64 / jobs as f64);
        }
        let med = |v: &mut Vec<f64>| { v.sort_by(f64::total_cmp); (v[0], v[v.len()/2]) };
        let (a, b) = (med(&mut ours), med(&mut theirs));
        println!("{name} min {:.1} floor {:.1} ratio {:.2} | med {:.1} {:.1} {:.2}", a.0, b.0, a.0/b.0, a.1, b.1, a.1/b.1);
    }
}
