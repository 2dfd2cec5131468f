//! Requests that follow what is used: who is evicted, when, and with what others start in their place.

use super::*;
use crate::support::span;
use outgrow::rng::{Draw, Keys, key_of};
use outgrow::sim::{Fingerprint, ScalingUse};

const SECOND: u64 = 1_000_000_000;

/// Two instances of one service on two hosts of 8 cores, whose request is looked at every second.
fn sized(service: &str, vertical: &str, step: &str, users: &str) -> Model {
    let service = format!(r#""instances": 2, {service}"#);
    on(r#""count": 2, "cores": 8"#, "", &service, vertical, step, users)
}

fn on(hosts: &str, more: &str, service: &str, vertical: &str, step: &str, users: &str) -> Model {
    model(&format!(
        r#"{{ "name": "sized", "hosts": {{ "box": {{ {hosts} }} }},
             "services": {{ "app": {{ "hosts": "box", "balance": "round_robin", {service},
                 "scaling": {{ "vertical": {{ "interval": "1s", {vertical} }} }},
                 "operations": {{ "run": [{step}] }} }}{more} }},
             "traffic": {{ "user": {{ "call": "app.run", "closed": {{ {users} }} }} }} }}"#
    ))
}

fn used(model: &Model, run: &str) -> (ScalingUse, Usage) {
    let (_, usage) = model.watch(&plan(1, run), Diary::default());
    (usage.scalers.as_slice()[0], usage)
}

/// The end of the bucket that so many cores lie in, and the margin, in thousandths.
fn recommended(cores: f64) -> u64 {
    let end = (1..).map(|n| 0.2 * (1.05_f64.powi(n) - 1.0)).find(|it| *it > cores).unwrap();
    (end * 1150.0).ceil() as u64
}

/// When the service is looked at for the nth time.
fn look(n: u64) -> u64 {
    Draw::at(Keys::new(1, 0).control(key_of("app")), 2).below(SECOND) + n * SECOND
}

/// Requests of each place that an instance was in, in thousandths, and for how many nanoseconds.
fn requests(usage: &Usage) -> Vec<(u128, u128)> {
    let there = usage.present_ns.as_slice().iter().zip(usage.requested.as_slice());
    there.filter(|it| *it.0 > 0).map(|(there, requested)| (requested / there, *there)).collect()
}

#[test]
fn who_requests_too_little_is_evicted_one_at_a_time_and_starts_with_what_is_used() {
    let model = sized(
        r#""cpu": { "request": 0.5 }, "start": "2s", "grace": "1s""#,
        r#""max": 4, "confidence": "1s""#,
        r#"{ "cpu": "1h" }"#,
        r#""users": 2, "think": "1ms""#,
    );
    let (of, usage) = used(&model, "30s");
    // What is used is known at the second look, and trusted at the third, when there is a second of
    // history. One of two may be missing: the other goes when the first has been replaced. Meanwhile it
    // had both requests for a second, but for the millisecond that the user thought.
    assert_eq!((of.evicted, of.started, of.stopped, of.most), (2, 2, 2, 2));
    assert_eq!((of.wanted_ns, of.ready_ns), (60_000_000_000, 56_000_000_000));
    let run = 30 * SECOND;
    let there = [
        (500, look(2) + SECOND),
        (500, look(4) + SECOND),
        (recommended(1.0), run - look(2) - 2 * SECOND),
        (recommended(1.999), run - look(4) - 2 * SECOND),
    ];
    let mut expected = there.map(|(cores, ns)| (u128::from(cores), u128::from(ns)));
    let mut found = requests(&usage);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn of_a_steady_load_the_request_comes_to_what_is_used_and_the_margin() {
    // Each of four users computes for 0.6 s of every second, two of them at each instance.
    let model = sized(
        r#""cpu": { "request": 4 }, "start": "2s""#,
        r#""max": 8, "confidence": "10s""#,
        r#"{ "cpu": "600ms" }"#,
        r#""users": 4, "think": "400ms""#,
    );
    let (of, usage) = used(&model, "10m");
    assert_eq!((of.evicted, usage.advised.as_slice()), (2, &[recommended(1.2)][..]));
    // The upper bound is three times as much after 5 s of history, and below 4 cores after 6. Who is evicted
    // while all users think is gone at once, and the next takes its place.
    let first = 4000 * look(7) + recommended(1.2) * (598 * SECOND - look(7));
    assert_eq!(usage.present_ns.as_slice().iter().max(), Some(&u128::from(598 * SECOND)));
    assert!(usage.requested.as_slice().contains(&u128::from(first)), "{:?}", requests(&usage));
}

#[test]
fn a_limit_keeps_its_ratio_so_that_who_is_held_back_grows_to_what_it_may_and_no_further() {
    let model = sized(
        r#""cpu": { "request": 0.4, "limit": 0.5 }"#,
        r#""max": 2, "confidence": "1s", "half_life": "1s""#,
        r#"{ "cpu": "50ms" }"#,
        r#""users": 40, "think": "0s""#,
    );
    let plan = Plan { warm_up: span("5m"), ..plan(1, "1m") };
    let (_, usage) = model.watch(&plan, Diary::default());
    assert_eq!(usage.advised.as_slice(), [2000]);
    assert_eq!(requests(&usage), [(2000, u128::from(60 * SECOND)); 2]);
    // All of 2.5 cores each.
    let cores = usage.cpus.as_slice().iter().sum::<f64>() / (60 * SECOND) as f64;
    assert!((cores - 5.0).abs() < 1e-9, "{cores}");
}

#[test]
fn bounds_that_leave_no_choice_change_nothing() {
    let run = |scaling: &str| {
        let model = model(&format!(
            r#"{{ "name": "plain", "hosts": {{ "box": {{ "count": 2, "cores": 2 }} }},
                 "services": {{ "app": {{ "hosts": "box", "instances": 3, "workers": 2, "line": 4,
                     "balance": "power_of_two", "cpu": {{ "request": 1 }}, {scaling}
                     "operations": {{ "run": [{{ "cpu": {{ "exponential": "10ms" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "rate": "250/s" }} }} }}"#
        ));
        model.watch(&plan(1, "60s"), Fingerprint::default()).0
    };
    let bound = r#""scaling": { "vertical": { "min": 1, "max": 1, "interval": "1s", "confidence": "1s" } },"#;
    assert_eq!(format!("{:?}", run("")), format!("{:?}", run(bound)));
}

/// Two instances that use a core each and request half a one, on a host of two cores of which somebody
/// else requests one.
fn crowded(hosts: &str) -> ScalingUse {
    let other =
        r#", "other": { "hosts": "box", "cpu": { "request": 1 }, "operations": { "run": [] } }"#;
    let model = on(
        hosts,
        other,
        r#""instances": 2, "cpu": { "request": 0.5 }, "start": "2s", "grace": "0s""#,
        r#""max": 2, "confidence": "1s", "half_life": "1s""#,
        r#"{ "cpu": "1h" }"#,
        r#""users": 2, "think": "1ms""#,
    );
    used(&model, "30s").0
}

#[test]
fn who_finds_no_host_with_room_for_its_new_request_is_pending() {
    let of = crowded(r#""cores": 2"#);
    // One is evicted, and there is no room for it: the other must stay.
    assert_eq!((of.evicted, of.stopped, of.started), (1, 1, 0));
    assert_eq!(of.wanted_ns, 60_000_000_000);
    assert_eq!(of.ready_ns, u128::from(look(2)) + 30_000_000_000);
}

#[test]
fn who_is_pending_has_a_host_provisioned_where_these_come_and_go() {
    let growing =
        r#""cores": 2, "autoscaling": { "max": 3, "provision": "5s", "scan_interval": "1s" }"#;
    let of = crowded(growing);
    assert_eq!((of.evicted, of.stopped, of.started), (2, 2, 2));
}

#[test]
fn as_many_are_left_ready_as_the_disruption_budget_says() {
    let evicted = |budget: &str| {
        let model = on(
            r#""count": 2, "cores": 8"#,
            "",
            &format!(r#""instances": 4, "cpu": {{ "request": 0.5 }}, "start": "9s" {budget}"#),
            r#""max": 4, "confidence": "1s""#,
            r#"{ "cpu": "1h" }"#,
            r#""users": 4, "think": "1ms""#,
        );
        used(&model, "4s").0.evicted
    };
    assert_eq!(evicted(""), 2, "half of them");
    assert_eq!(evicted(r#", "disruption_budget": { "max_unavailable": 1 }"#), 1);
}
