//! Random models and faults by the hundred: no law is broken, nothing panics, nothing is left over.

mod random_model;

use crate::support::{Model, model, plan, span, try_run};
use outgrow::network::Arrival;
use outgrow::sim::{Failure, Fingerprint, Plan, Probe};
use outgrow::units::Time;
pub use random_model::{random_faults, random_model};
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many seeds a test tries; `OUTGROW_SWARM=20000` tries more, `OUTGROW_SWARM_FROM` others.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let from = number("OUTGROW_SWARM_FROM").unwrap_or(0);
    from..from + number("OUTGROW_SWARM").unwrap_or(300)
}

/// Tries every seed, and tells of the first that fails, with its model.
fn all_hold(closed: bool, trial: impl Fn(u64, &Model) -> Result<(), String> + Sync) {
    let failed = |seed: u64| {
        let text = format!("{:#}", random_model(seed, closed));
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let mut model = model(&text);
            model.network.faults = random_faults(seed, &model.network);
            trial(seed, &model).map_err(|why| (why, format!("{:?}", model.network.faults)))
        }));
        match attempt {
            Ok(Ok(())) => None,
            Ok(Err((why, faults))) => Some(format!("seed {seed}: {why}\n{faults}\n{text}")),
            Err(panic) => Some(format!("seed {seed}: panicked: {}\n{text}", message_of(&*panic))),
        }
    };
    let failures: Vec<String> = seeds().into_par_iter().filter_map(failed).collect();
    if let Some(first) = failures.iter().min_by_key(|it| it.len()) {
        let seeds: Vec<&str> = failures.iter().filter_map(|it| it.lines().next()).take(40).collect();
        panic!("{} seeds failed:\n{}\nthe shortest:\n{first}", failures.len(), seeds.join("\n"));
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or(panic.downcast_ref::<&str>().map(|it| it.to_string())).unwrap_or_default()
}

/// What of a run that was broken off is left for a look.
#[derive(Default)]
pub struct Backlog(usize);

impl Probe for Backlog {
    fn sliced(&mut self, _: Time, backlog: usize) {
        self.0 = backlog;
    }
}

#[test]
fn every_law_holds_wherever_a_run_is_broken_off() {
    all_hold(true, |seed, model| {
        let length = format!("{}ms", 300 + seed * 7919 % 1500);
        let plan = Plan { warm_up: span("50ms"), events_max: 3_000_000, ..plan(seed, &length) };
        match try_run(&model.network, &plan, Fingerprint::default()) {
            Ok(_) | Err(Failure::TooManyEvents) => Ok(()),
            Err(broken) => Err(format!("{broken:?}")),
        }
    });
}

#[test]
fn nothing_is_held_or_under_way_long_after_the_last_request() {
    all_hold(false, |seed, model| {
        let mut network = model.network.clone();
        for class in network.classes.iter_mut() {
            let Arrival::Open { rates } = &mut class.arrival else { continue };
            rates.push((Time::ZERO + span("1.2s"), 0.0));
        }
        let plan = Plan { warm_up: span("300s"), events_max: 6_000_000, ..plan(seed, "1s") };
        let (Backlog(left), usage) = match try_run(&network, &plan, Backlog::default()) {
            Ok(seen) => seen,
            Err(Failure::TooManyEvents) => return Ok(()),
            Err(broken) => return Err(format!("{broken:?}")),
        };
        let busy = usage.pools.as_slice().iter().position(|it| it.busy + it.line > 0);
        let computing = usage.cpus.as_slice().iter().position(|it| *it > 0.0);
        match (left, busy, computing) {
            (0, None, None) => Ok(()),
            _ => Err(format!("{left} left over, pool {busy:?} busy, cpu {computing:?} busy")),
        }
    });
}
