//! What is done to a system while it runs: new versions are brought out, and what crashes is restarted.

use super::*;
use outgrow::sim::ScalingUse;
use outgrow::units::{Span, Time};

const RUN: &str = "60s";

/// Four instances that take 2.5 s to start, deployed so after 10 s, and a request every 100 ms that takes
/// as long as told.
fn deployed(service: &str, deploy: &str, takes: &str) -> Model {
    model(&format!(
        r#"{{ "name": "deployed", "zones": {{ "a": {{}}, "b": {{}} }},
             "hosts": {{ "box": {{ "count": 2, "cores": 8 }} }},
             "services": {{ "app": {{ "hosts": "box", "instances": 4, "balance": "round_robin", "start": "2500ms", {service}
                 "deploy": {{ "at": "10s", {deploy} }},
                 "operations": {{ "run": [{{ "wait": "{takes}" }}] }} }} }},
             "traffic": {{ "user": {{ "call": "app.run", "every": "100ms" }} }} }}"#
    ))
}

fn watch(model: &Model) -> (Diary, Usage) {
    model.watch(&plan(1, RUN), Diary::default())
}

/// How many failed, and what the deploy did.
fn fares(model: &Model) -> (usize, ScalingUse) {
    let (diary, usage) = watch(model);
    (diary.failed.len(), usage.scalers.as_slice()[0])
}

fn rolling(surge: &str, unavailable: &str) -> String {
    format!(
        r#""strategy": {{ "rolling": {{ "max_surge": {surge}, "max_unavailable": {unavailable} }} }}"#
    )
}

fn area(seconds: f64) -> u128 {
    (seconds * 1e9) as u128
}

fn span(seconds: f64) -> Span {
    Time::from_nanos((seconds * 1e9) as u64) - Time::ZERO
}

#[test]
fn with_one_too_many_at_a_time_new_ones_start_one_after_the_other_and_nobody_misses_any() {
    let (failed, used) = fares(&deployed("", &rolling("1", "0"), "1ms"));
    assert_eq!((used.deploys, used.deploying), (1, span(10.0)));
    assert_eq!((used.started, used.stopped, failed), (4, 4, 0));
    assert_eq!(used.ready_ns, area(4.0 * 60.0));
}

#[test]
fn with_one_too_few_at_a_time_one_is_always_missing_meanwhile() {
    let (failed, used) = fares(&deployed("", &rolling("0", "1"), "1ms"));
    assert_eq!((used.deploys, used.deploying), (1, span(10.0)));
    assert_eq!((used.started, used.stopped, failed), (4, 4, 0));
    assert_eq!(used.ready_ns, area(4.0 * 60.0 - 10.0));
}

#[test]
fn a_quarter_more_and_a_quarter_fewer_are_two_at_a_time_of_four() {
    let (_, used) = fares(&deployed("", r#""strategy": { "rolling": {} }"#, "1ms"));
    assert_eq!((used.deploys, used.deploying), (1, span(5.0)));
    assert_eq!(used.ready_ns, area(4.0 * 60.0 - 5.0));
}

#[test]
fn recreated_none_is_there_until_the_new_ones_have_started() {
    let (failed, used) = fares(&deployed("", r#""strategy": "recreate""#, "1ms"));
    // One request came at the very moment that it began, and took a millisecond.
    assert_eq!((used.deploys, used.deploying), (1, span(2.501)));
    assert_eq!(used.ready_ns, area(4.0 * 60.0 - 4.0 * 2.501));
    assert_eq!(failed, 25);
}

#[test]
fn recreated_new_ones_are_started_when_the_last_old_one_has_finished_or_its_grace_is_over() {
    // The last request comes as the deploy begins, and takes until 11.05 s.
    let (_, used) = fares(&deployed("", r#""strategy": "recreate""#, "1050ms"));
    assert_eq!(used.deploying, span(1.05 + 2.5));
    let (_, used) = fares(&deployed(r#""grace": "500ms","#, r#""strategy": "recreate""#, "1050ms"));
    assert_eq!(used.deploying, span(0.5 + 2.5));
}

#[test]
fn blue_and_green_are_both_there_until_all_new_ones_are_ready() {
    let (failed, used) = fares(&deployed("", r#""strategy": "blue_green""#, "1ms"));
    assert_eq!((used.deploys, used.deploying), (1, span(2.5)));
    assert_eq!((used.started, used.stopped, failed), (4, 4, 0));
    assert_eq!(used.ready_ns, area(4.0 * 60.0));
}

#[test]
fn without_readiness_a_deploy_rushes_on_and_nobody_answers_until_the_new_ones_have_started() {
    let (failed, used) = fares(&deployed(r#""readiness": false,"#, &rolling("1", "0"), "1ms"));
    assert_eq!((used.deploys, used.deploying), (1, Span::ZERO));
    assert_eq!((used.started, used.stopped), (4, 4));
    assert_eq!(failed, 25);
}

/// So many instances that take so long to start, the first of which crashes again and again, and a request
/// every 100 ms; how many failed in a run of such a length, and how often one was restarted.
fn crashing(service: &str, fault: &str, run: &str) -> (usize, u32) {
    let model = model(&format!(
        r#"{{ "name": "crashing", "zones": {{ "a": {{}} }}, "hosts": {{ "box": {{ "cores": 8 }} }},
             "services": {{ "app": {{ "hosts": "box", {service},
                 "restart": {{ "backoff": "1s", "max": "3s", "reset": "30s" }},
                 "operations": {{ "run": [{{ "wait": "1ms" }}] }} }} }},
             "faults": [{{ "instance": "app.0", {fault} }}],
             "traffic": {{ "user": {{ "call": "app.run", "every": "100ms" }} }} }}"#
    ));
    let (diary, usage) = model.watch(&plan(1, run), Diary::default());
    (diary.failed.len(), usage.restarts.as_slice()[0])
}

#[test]
fn what_crashes_again_and_again_is_restarted_after_ever_longer_pauses() {
    let app = r#""start": "500ms""#;
    // It crashes at 5.05, 10.1, 15.15, 20.2 and 25.25 s, and runs again after half a second and a pause.
    let failed = crashing(app, r#""every": "5050ms""#, "30s");
    let down = [5, 15, 25, 35, 35];
    // What comes at the instant of a crash is reset, and what comes at that of a start is too early.
    let at_the_ends = 1 + 1;
    assert_eq!(failed, (down.iter().sum::<usize>() + at_the_ends, 5));
}

#[test]
fn once_it_has_run_for_long_enough_a_crash_is_the_first_again() {
    let app = r#""start": "500ms""#;
    assert_eq!(crashing(app, r#""every": "31050ms""#, "65s"), (5 + 6, 2));
}

#[test]
fn while_the_cause_lasts_it_crashes_whenever_it_has_started_and_the_pause_outlasts_the_cause() {
    // Down at 5.05; up and down at 5.55 and, a second later, at 7.05; the cause is gone at 8.55, and it is
    // started at 9.05.
    let failed = crashing(r#""start": "500ms""#, r#""every": "5050ms", "for": "3500ms""#, "13s");
    assert_eq!(failed, (45, 3));
}

#[test]
fn one_that_was_restarted_gets_requests_when_it_has_started_unless_nobody_waits_for_that() {
    let two = r#""instances": 2, "balance": "round_robin", "start": "1s""#;
    assert_eq!(crashing(two, r#""every": "5050ms""#, "9s"), (0, 1));
    let unready = format!(r#"{two}, "readiness": false"#);
    assert_eq!(crashing(&unready, r#""every": "5050ms""#, "9s"), (5, 1));
}
