//! Instances that come and go: when they are wanted, when they are ready, and what becomes of requests.

use super::*;
use outgrow::ids::MapIds;
use outgrow::rng::{Draw, Keys, key_of};
use outgrow::sim::{Fingerprint, ScalingUse};
use outgrow::units::Time;

const SECOND: u64 = 1_000_000_000;
const RUN: &str = "30s";

/// One service under an autoscaler that measures and decides every second, and so many users who
/// each keep one request going.
fn scaled(service: &str, hpa: &str, step: &str, users: u32) -> Model {
    let hpa = format!(r#""hpa": {{ "sync_period": "1s", "scrape_interval": "1s", {hpa} }}"#);
    scaled_by(service, &hpa, step, users)
}

fn scaled_by(service: &str, scaling: &str, step: &str, users: u32) -> Model {
    model(&format!(
        r#"{{ "name": "scaled", "zones": {{ "a": {{}}, "b": {{}} }},
             "hosts": {{ "box": {{ "count": 2, "cores": 8 }} }},
             "services": {{ "app": {{ "hosts": "box", "balance": "round_robin", "cpu": {{ "request": 1 }}, {service},
                 "scaling": {{ {scaling} }},
                 "operations": {{ "run": [{step}] }} }} }},
             "traffic": {{ "user": {{ "call": "app.run", "closed": {{ "users": {users}, "think": "1ms" }} }} }} }}"#
    ))
}

fn watch(model: &Model) -> (Diary, Usage) {
    model.watch(&plan(1, RUN), Diary::default())
}

fn used(model: &Model) -> ScalingUse {
    watch(model).1.scalers.as_slice()[0]
}

/// When the service is first measured and first looked at, in nanoseconds.
fn offsets() -> (u64, u64) {
    let key = Keys::new(1, 0).control(key_of("app"));
    (Draw::at(key, 1).below(SECOND), Draw::at(key, 2).below(SECOND))
}

/// The first look at or after a time.
fn look_after(time: u64) -> u64 {
    let (_, look) = offsets();
    look + time.saturating_sub(look).div_ceil(SECOND) * SECOND
}

fn ns(seconds: f64) -> u64 {
    (seconds * SECOND as f64) as u64
}

#[test]
fn a_load_is_seen_with_the_next_measurement_acted_on_with_the_next_look_and_met_when_they_have_started()
 {
    let model = scaled(
        r#""start": "2500ms""#,
        r#""max": 9, "metrics": [{ "outstanding": 1 }]"#,
        r#"{ "wait": "1h" }"#,
        4,
    );
    let (measured, _) = offsets();
    let acted = look_after(measured.max(1_000_001));
    let (end, ready) = (ns(30.0), acted + ns(2.5));
    let used = used(&model);
    assert_eq!(used.wanted_ns, u128::from(acted + 4 * (end - acted)));
    assert_eq!(used.ready_ns, u128::from(end + 3 * (end - ready)));
    assert_eq!((used.most, used.started, used.stopped), (4, 3, 0));
}

#[test]
fn cpu_is_known_once_it_was_measured_twice() {
    let model = scaled(
        r#""start": "0s""#,
        r#""max": 9, "metrics": [{ "cpu": 50 }]"#,
        r#"{ "cpu": "1h" }"#,
        1,
    );
    let (measured, _) = offsets();
    let acted = look_after(measured + SECOND);
    let used = used(&model);
    // One core of one is twice the target; once there are two instances it is the target.
    assert_eq!(used.wanted_ns, u128::from(acted + 2 * (ns(30.0) - acted)));
    assert_eq!((used.most, used.started), (2, 1));
}

#[test]
fn one_that_is_not_wanted_finishes_what_it_has() {
    let model = scaled(
        r#""instances": 3"#,
        r#""max": 3, "metrics": [{ "outstanding": 3 }], "behavior": { "scale_down": { "stabilization": "0s" } }"#,
        r#"{ "wait": "20s" }"#,
        3,
    );
    let (diary, usage) = watch(&model);
    assert_eq!(diary.failed.len(), 0);
    let first: Vec<u64> = diary.answered.iter().map(|it| it.0).collect();
    assert_eq!(first, [20_001_000_000; 3]);
    let mut there: Vec<u128> = usage.present_ns.as_slice().to_vec();
    there.sort_unstable();
    assert_eq!(there, [20_001_000_000, 20_001_000_000, 30_000_000_000]);
    assert_eq!(usage.scalers.as_slice()[0].stopped, 2);
}

#[test]
fn when_its_grace_is_over_what_is_left_is_reset() {
    let model = scaled(
        r#""instances": 3, "grace": "5s""#,
        r#""max": 3, "metrics": [{ "outstanding": 3 }], "behavior": { "scale_down": { "stabilization": "0s" } }"#,
        r#"{ "wait": "20s" }"#,
        3,
    );
    let acted = look_after(offsets().0.max(1_000_001));
    let (diary, _) = watch(&model);
    let failed: Vec<(u64, &str)> = diary.failed.iter().map(|it| (it.0, it.2)).collect();
    assert_eq!(failed, [(acted + ns(5.0), "reset"); 2]);
}

#[test]
fn a_new_instance_gets_nothing_before_it_has_passed_its_check() {
    let model = scaled(
        r#""health": { "interval": "10s" }, "start": "1s""#,
        r#""max": 2, "metrics": [{ "outstanding": 1 }]"#,
        r#"{ "wait": "1h" }"#,
        2,
    );
    let service = &model.network.services[model.service("app")];
    let acted = look_after(offsets().0.max(1_000_001));
    let second = service.instances.clone().map_ids().count() as u64 - 1;
    let offset = Draw::at(Keys::new(1, 0).control(service.key), 0).below(ns(10.0));
    let check = (offset + ns(5.0) * second) % ns(10.0);
    let up = acted + ns(1.0);
    let passed = check + up.saturating_sub(check).div_ceil(ns(10.0)) * ns(10.0);
    assert_eq!(used(&model).ready_ns, u128::from(ns(30.0) + ns(30.0) - passed));
}

#[test]
fn down_is_only_gone_after_the_stabilization_window() {
    let model = scaled(
        r#""instances": 3"#,
        r#""max": 3, "metrics": [{ "outstanding": 3 }], "behavior": { "scale_down": { "stabilization": "7s" } }"#,
        r#"{ "wait": "1h" }"#,
        3,
    );
    // Three were there at the first look, so that many were wanted then; that is 7 s past.
    let acted = (offsets().1 + ns(7.0)).max(look_after(offsets().0.max(1_000_001)));
    let used = used(&model);
    assert_eq!(used.wanted_ns, u128::from(3 * acted + (ns(30.0) - acted)));
}

#[test]
fn an_autoscaler_with_nothing_to_decide_changes_nothing() {
    let plain = |scaling: &str| {
        let model = model(&format!(
            r#"{{ "name": "plain", "hosts": {{ "box": {{ "cores": 8 }} }},
                 "services": {{ "app": {{ "hosts": "box", "instances": 3, "workers": 2, "line": 4,
                     "balance": "power_of_two", {scaling}
                     "operations": {{ "run": [{{ "wait": {{ "exponential": "20ms" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "rate": "250/s" }} }} }}"#
        ));
        model.watch(&plan(1, "60s"), Fingerprint::default()).0
    };
    let scaled = plain(
        r#""scaling": { "hpa": { "min": 3, "max": 3, "metrics": [{ "line": 1 }], "sync_period": "1s" } },"#,
    );
    assert_eq!(format!("{:?}", plain("")), format!("{scaled:?}"));
}

#[test]
fn what_starts_while_its_host_is_down_comes_up_with_the_host() {
    let model = scaled(
        r#""start": "2s""#,
        r#""max": 2, "metrics": [{ "outstanding": 1 }]"#,
        r#"{ "wait": "1h" }"#,
        2,
    );
    let service = &model.network.services[model.service("app")];
    let second = service.instances.clone().map_ids().nth(1).unwrap();
    let host = model.network.instances[second].host;
    let acted = look_after(offsets().0.max(1_000_001));
    let text = |ns: u64| format!("{ns}ns");
    let model =
        model.fault(vec![host], &text(acted + ns(1.0)), &text(acted + ns(9.0)), FaultStyle::Crash);
    let back = acted + ns(9.0) + ns(2.0);
    let ready = u128::from(ns(30.0) + ns(30.0) - back);
    assert_eq!(used(&model).ready_ns, ready, "{:?}", Time::from_nanos(back));
}

#[test]
fn target_tracking_acts_on_the_third_value_above_and_counts_nobody_who_warms_up() {
    let model = scaled_by(
        r#""start": "2500ms""#,
        r#""target_tracking": { "max": 9, "metric": { "outstanding": 1 }, "period": "1s", "warm_up": "5s" }"#,
        r#"{ "wait": "1h" }"#,
        4,
    );
    // All four requests stay with the first instance: 4 of the target 1 ask for 4 instances, as long
    // as it is alone and when there are four.
    let acted = look_after(1_000_001) + 2 * SECOND;
    let used = used(&model);
    assert_eq!(used.wanted_ns, u128::from(acted + 4 * (ns(30.0) - acted)));
    assert_eq!(used.ready_ns, u128::from(ns(30.0) + 3 * (ns(27.5) - acted)));
    assert_eq!((used.most, used.started, used.stopped), (4, 3, 0));
}

#[test]
fn target_tracking_removes_when_fifteen_values_were_low() {
    let model = scaled_by(
        r#""instances": 4"#,
        r#""target_tracking": { "max": 4, "metric": { "outstanding": 2 }, "period": "1s" }"#,
        r#"{ "wait": "1h" }"#,
        4,
    );
    // One each is half of the target, so two are enough; those two still show one each, which is half
    // of the target a second later too.
    let acted = look_after(1_000_001) + 14 * SECOND;
    let used = used(&model);
    assert_eq!(used.wanted_ns, u128::from(4 * acted + 2 * SECOND + (ns(29.0) - acted)));
    assert_eq!(used.stopped, 3);
}

#[test]
fn a_step_adds_at_once_and_not_again_while_what_it_added_warms_up() {
    let model = scaled_by(
        r#""start": "2500ms""#,
        r#""step": { "max": 9, "metric": "outstanding", "period": "1s", "warm_up": "10s",
                    "steps": [{ "above": 4, "add": 2 }, { "above": 9, "add": 5 }] }"#,
        r#"{ "wait": "1h" }"#,
        4,
    );
    // When the two are warm three share 4 requests, which is no step.
    let acted = look_after(1_000_001);
    let used = used(&model);
    assert_eq!(used.wanted_ns, u128::from(acted + 3 * (ns(30.0) - acted)));
    assert_eq!(used.most, 3);
}

#[test]
fn a_timetable_is_kept_to_the_nanosecond() {
    let model = scaled_by(
        r#""start": "2s""#,
        r#""timetable": { "every": "20s", "entries": [
            { "at": "5s", "instances": 3 }, { "at": "12s", "instances": 1 }] }"#,
        r#"{ "wait": "1ms" }"#,
        1,
    );
    let used = used(&model);
    // Three from 5 s to 12 s and from 25 s on, each of the two more 2 s later.
    assert_eq!(used.wanted_ns, u128::from(ns(30.0 + 2.0 * 7.0 + 2.0 * 5.0)));
    assert_eq!(used.ready_ns, u128::from(ns(30.0 + 2.0 * 5.0 + 2.0 * 3.0)));
    assert_eq!((used.most, used.started, used.stopped), (3, 4, 2));
}

#[test]
fn one_that_drains_when_its_host_goes_down_does_not_come_back_with_it() {
    let model = scaled(
        r#""instances": 2, "grace": "20s""#,
        r#""max": 2, "metrics": [{ "outstanding": 2 }], "behavior": { "scale_down": { "stabilization": "0s" } }"#,
        r#"{ "wait": "1h" }"#,
        2,
    );
    let acted = look_after(offsets().0.max(1_000_001));
    let service = &model.network.services[model.service("app")];
    let last = service.instances.clone().map_ids().last().unwrap();
    let host = model.network.instances[last].host;
    let text = |ns: u64| format!("{ns}ns");
    let model =
        model.fault(vec![host], &text(acted + ns(1.0)), &text(acted + ns(9.0)), FaultStyle::Crash);
    let (diary, usage) = watch(&model);
    // Its request was reset with the host, so that it had nothing left to wait for.
    assert_eq!(diary.failed[0].0, acted + ns(1.0));
    let there = usage.present_ns.as_slice()[last.index()];
    assert_eq!(there, u128::from(acted + ns(1.0)));
}
