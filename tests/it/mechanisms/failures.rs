//! Faults besides outages of hosts: programs that die alone, slow devices, bad links, lost caches.

use super::*;

/// What the keys of a fault say happens from one time to another, in milliseconds after the first
/// second, and not again before the end.
fn from_to(fault: &str, at_ms: f64, until_ms: f64) -> String {
    let (every, lasts) = (1000.0 + at_ms, until_ms - at_ms);
    format!(r#"{{ {fault}, "every": "{every}ms", "for": "{lasts}ms" }}"#)
}

fn failing(hosts: &str, links: &str, services: &str, faults: &str, all: &[Request]) -> Model {
    scene_with(hosts, links, services, &format!(r#""faults": [{faults}],"#), all)
}

const DISK: &str = r#""box": { "cores": 64, "boot": "100ms", "disk": { "depth": 1, "access": "10ms", "sync": "4ms" } }"#;
/// Two programs on one host, with one disk.
const TWO: &str = r#"
    "app": { "hosts": "box", "start": "3ms", "operations": {
        "wait": [{ "wait": "20ms" }], "compute": [{ "cpu": "20ms" }],
        "read": [{ "disk": { "read": "4KiB" } }], "commit": [{ "commit": {} }] } },
    "other": { "hosts": "box", "operations": { "wait": [{ "wait": "20ms" }], "read": [{ "disk": { "read": "4KiB" } }] } }"#;

fn one_dies(style: &str, at_ms: f64, until_ms: f64, requests: &[Request]) -> Model {
    let fault = format!(r#""instance": "app.0", "style": "{style}""#);
    failing(DISK, "", TWO, &from_to(&fault, at_ms, until_ms), requests)
}

#[test]
fn an_instance_dies_alone_and_is_back_as_soon_as_it_has_started() {
    let requests = [
        (0.0, "app.wait", ""),
        (0.0, "other.wait", ""),
        (40.0, "app.wait", ""),
        (52.9, "app.wait", ""),
        (53.1, "app.wait", ""),
    ];
    let expected = [
        (10.0, "reset"),
        (20.0, "answered"),
        (40.0, "unreachable"),
        (52.9, "unreachable"),
        (73.1, "answered"),
    ];
    assert_eq!(ends(&one_dies("crash", 10.0, 50.0, &requests)), expected);
}

#[test]
fn a_silent_instance_hangs_and_leaves_the_devices_to_others() {
    let patient = r#""timeout": "15ms""#;
    let requests = [
        (0.0, "app.read", ""),
        (1.0, "app.read", patient),
        (2.0, "other.read", ""),
        (0.0, "app.commit", ""),
        (30.0, "app.wait", ""),
    ];
    // The access under way is dropped at 5, and the other program's is made.
    let expected =
        [(50.0, "reset"), (16.0, "timeout"), (15.0, "answered"), (50.0, "reset"), (50.0, "reset")];
    assert_eq!(ends(&one_dies("silence", 5.0, 50.0, &requests)), expected);
}

#[test]
fn an_instance_that_fails_while_its_host_is_down_comes_back_after_the_later_of_both() {
    let requests = [100.0, 152.0, 154.0].map(|at| (at, "app.wait", ""));
    let own = from_to(r#""instance": "app.0""#, 20.0, 60.0);
    let of_host = from_to(r#""host": "box.0""#, 10.0, 50.0);
    // The host is up at 150, and the program at 153.
    let model = failing(DISK, "", TWO, &format!("{own}, {of_host}"), &requests);
    let expected = [(100.0, "unreachable"), (152.0, "unreachable"), (174.0, "answered")];
    assert_eq!(ends(&model), expected);
    let own = from_to(r#""instance": "app.0""#, 20.0, 160.0);
    let model = failing(DISK, "", TWO, &format!("{own}, {of_host}"), &[(163.5, "app.wait", "")]);
    assert_eq!(ends(&model), [(183.5, "answered")]);
}

fn slow(speed: &str, at_ms: f64, until_ms: f64, requests: &[Request]) -> Model {
    let fault = format!(r#""zone": "a", "slow": {{ {speed} }}"#);
    failing(DISK, "", TWO, &from_to(&fault, at_ms, until_ms), requests)
}

#[test]
fn what_computes_goes_on_at_the_lower_speed_and_at_the_usual_afterwards() {
    let compute = [(0.0, "app.compute", ""), (0.0, "app.wait", "")];
    answered_at(&slow(r#""cpu": 0.5"#, 10.0, 24.0, &compute), &[27.0, 20.0]);
    answered_at(&slow(r#""cpu": 0.1"#, 10.0, 500.0, &compute), &[110.0, 20.0]);
    let twice = [r#""cpu": 0.5"#, r#""cpu": 0.25"#].map(|speed| {
        from_to(&format!(r#""instance": "app.0", "slow": {{ {speed} }}"#), 10.0, 90.0)
    });
    // Ten milliseconds of work at an eighth.
    answered_at(&failing(DISK, "", TWO, &twice.join(", "), &compute), &[90.0, 20.0]);
}

#[test]
fn a_paused_program_leaves_the_cores_to_its_neighbours() {
    let two = r#""app": { "hosts": "box", "operations": { "compute": [{ "cpu": "20ms" }] } },
        "other": { "hosts": "box", "operations": { "compute": [{ "cpu": "20ms" }] } }"#;
    let paused = from_to(r#""instance": "app.0", "slow": { "cpu": 0 }"#, 5.0, 100.0);
    let both = [(0.0, "app.compute", ""), (0.0, "other.compute", "")];
    // Half a core each for five milliseconds, then one after the other.
    let host = r#""box": { "cores": 1 }"#;
    answered_at(&failing(host, "", two, &paused, &both), &[117.5, 22.5]);
}

#[test]
fn a_processor_that_stands_still_goes_on_where_it_was_and_is_not_busy() {
    let model = slow(r#""cpu": 0"#, 10.0, 300.0, &[(0.0, "app.compute", "")]);
    answered_at(&model, &[310.0]);
    let (_, usage) = outcome(&model);
    assert_eq!(usage.cpus.as_slice()[0] / 1e6, 20.0);
}

#[test]
fn accesses_and_flushes_take_the_time_that_they_began_with() {
    let requests = [(0.0, "app.read", ""), (5.0, "app.read", ""), (100.0, "app.commit", "")];
    let model = slow(r#""disk": 0.1"#, 5.0, 150.0, &requests);
    // The second begins at 10, and the flush has the disk from 110 on.
    answered_at(&model, &[10.0, 110.0, 150.0]);
}

#[test]
fn batches_take_the_time_that_they_began_with() {
    let hosts = r#""gpu": { "cores": 8, "zones": ["a"], "accelerator": { "batch": { "most": 1, "base": "10ms", "per_item": "0s" } } }"#;
    let services =
        r#""model": { "hosts": "gpu", "operations": { "one": [{ "accelerator": {} }] } }"#;
    let fault = from_to(r#""host": "gpu.0", "slow": { "accelerator": 0.5 }"#, 5.0, 15.0);
    let requests = [0.0, 0.0, 0.0].map(|at| (at, "model.one", ""));
    answered_at(&failing(hosts, "", services, &fault, &requests), &[10.0, 30.0, 40.0]);
}

const HOSTS: &str =
    r#""left": { "cores": 64, "zones": ["a"] }, "right": { "cores": 64, "zones": ["b"] }"#;
/// A front in one zone that calls a back in the other.
const SERVICES: &str = r#"
    "front": { "hosts": "left", "pools": { "p": { "size": 1 } }, "operations": {
        "go": [{ "call": "back.run" }],
        "try": [{ "call": "back.run", "through": "p", "timeout": "40ms" }],
        "alone": [{ "wait": "20ms" }] } },
    "back": { "hosts": "right", "operations": { "run": [{ "wait": "20ms" }] } }"#;
const LINK: &str = r#"{ "between": ["a", "b"], "latency": "3ms" }"#;

fn between(fault: &str, links: &str, at_ms: f64, until_ms: f64, requests: &[Request]) -> Model {
    failing(HOSTS, links, SERVICES, &from_to(fault, at_ms, until_ms), requests)
}

#[test]
fn a_slow_link_adds_to_what_sets_out_meanwhile() {
    let fault = r#""link": ["a", "b"], "latency": "5ms""#;
    let requests = [0.0, 8.0, 50.0].map(|at| (at, "front.go", ""));
    // There and back: only the answer of the first is late.
    answered_at(&between(fault, LINK, 7.0, 40.0, &requests), &[31.0, 44.0, 76.0]);
    answered_at(&between(fault, "", 7.0, 40.0, &requests), &[25.0, 38.0, 70.0]);
    answered_at(&between(fault, "", 7.0, 40.0, &[(10.0, "front.alone", "")]), &[30.0]);
}

#[test]
fn a_lost_call_is_silence_until_patience_or_the_fault_ends() {
    let fault = r#""link": ["*", "b"], "loss": "100%""#;
    let requests = [(10.0, "front.go", ""), (10.0, "front.try", ""), (95.0, "front.try", "")];
    let expected = [(100.0, "reset"), (50.0, "timeout"), (135.0, "timeout")];
    let model = between(fault, "", 5.0, 100.0, &requests);
    // The last is lost, too, but its connection is found broken when the link is well again.
    assert_eq!(ends(&model), [expected[0], expected[1], (100.0, "reset")]);
}

#[test]
fn a_lost_answer_is_silence_too() {
    let fault = r#""link": ["a", "b"], "loss": "100%""#;
    let requests = [(0.0, "front.go", ""), (0.0, "front.try", ""), (50.0, "front.try", "")];
    let model = between(fault, LINK, 5.0, 100.0, &requests);
    // It has done its work; whoever gave up frees the connection at once.
    assert_eq!(ends(&model), [(100.0, "reset"), (40.0, "timeout"), (90.0, "timeout")]);
}

#[test]
fn between_parted_zones_calls_are_unreachable_and_answers_break_off() {
    let fault = r#""partition": ["a", "b"]"#;
    let requests = [
        (0.0, "front.go", ""),
        (10.0, "front.go", ""),
        (10.0, "front.alone", ""),
        (45.0, "front.go", ""),
        (10.0, "back.run", ""),
    ];
    let model = between(fault, LINK, 5.0, 40.0, &requests);
    let expected = [
        (23.0, "reset"),
        (10.0, "unreachable"),
        (30.0, "answered"),
        (71.0, "answered"),
        (30.0, "answered"),
    ];
    assert_eq!(ends(&model), expected);
}

#[test]
fn in_silence_between_parted_zones_everybody_hangs() {
    let fault = r#""partition": ["a", "b"], "style": "silence""#;
    let requests = [(0.0, "front.go", ""), (10.0, "front.go", ""), (10.0, "front.try", "")];
    let model = between(fault, LINK, 5.0, 60.0, &requests);
    assert_eq!(ends(&model), [(60.0, "reset"), (60.0, "reset"), (50.0, "timeout")]);
}

#[test]
fn a_caller_that_dies_takes_what_was_lost_with_it() {
    let lost = from_to(r#""link": ["a", "b"], "loss": "100%""#, 5.0, 100.0);
    let dies = from_to(r#""host": "left.0""#, 50.0, 60.0);
    let requests = [
        (0.0, "front.go", ""),
        (10.0, "front.go", ""),
        (70.0, "front.go", ""),
        (110.0, "front.go", ""),
    ];
    let model = failing(HOSTS, LINK, SERVICES, &format!("{lost}, {dies}"), &requests);
    let expected = [(50.0, "reset"), (50.0, "reset"), (100.0, "reset"), (136.0, "answered")];
    assert_eq!(ends(&model), expected);
}

#[test]
fn balancers_do_not_count_lost_calls_that_nobody_waits_for() {
    let hosts = r#""left": { "cores": 64, "zones": ["a"] }, "two": { "cores": 64, "count": 2, "zones": ["a", "b"] }"#;
    let services = r#"
        "front": { "hosts": "left", "operations": { "try": [{ "call": "back.run", "timeout": "5ms" }] } },
        "back": { "hosts": "two", "instances": 2, "balance": "least_outstanding", "operations": { "run": [{ "wait": "1ms" }] } }"#;
    let fault = from_to(r#""link": ["a", "b"], "loss": "100%""#, 0.0, 900.0);
    let each: Vec<Request> = (1..80).map(|i| (f64::from(i) * 10.0, "front.try", "")).collect();
    let ends = ends(&failing(hosts, "", services, &fault, &each));
    let lost = ends.iter().filter(|it| it.1 == "timeout").count();
    assert!((20..=60).contains(&lost), "about half of {lost} + {}", ends.len() - lost);
}

#[test]
fn a_lost_cache_fetches_everything_anew() {
    let services = r#"
        "app": { "hosts": "box", "workers": 1, "operations": { "get": [{ "cache": { "keys": 1, "cold": true }, "miss": [{ "wait": "10ms" }] }] } }"#;
    let fault = r#"{ "cache": "app.cache.get", "every": "1050ms" }"#;
    let requests = [0.0, 20.0, 60.0, 80.0].map(|at| (at, "app.get", ""));
    answered_at(&failing(BOX, "", services, fault, &requests), &[10.0, 20.0, 70.0, 80.0]);
}

#[test]
fn the_same_things_fail_at_the_same_times_whatever_the_design() {
    let faults = r#"{ "zone": "any", "every": { "exponential": "200ms" }, "for": { "exponential": "100ms" } }"#;
    let requests: Vec<Request> = (0..900).map(|i| (f64::from(i), "back.run", "")).collect();
    let lost = |services: &str, extra: &str| -> Vec<usize> {
        let model = failing(HOSTS, "", services, &format!("{extra}{faults}"), &requests);
        let ends = ends(&model).into_iter().enumerate();
        ends.filter(|it| it.1.1 == "unreachable").map(|it| it.0).collect()
    };
    let services = |extra: &str| {
        format!(r#""back": {{ "hosts": "right", "operations": {{ "run": [] }} }}{extra}"#)
    };
    let plain = lost(&services(""), "");
    assert!(!plain.is_empty());
    let other = r#", "third": { "hosts": "left", "instances": 3, "balance": "none", "operations": { "run": [] } }"#;
    assert_eq!(plain, lost(&services(other), ""));
    let slow =
        r#"{ "host": "left.0", "slow": { "cpu": 0.5 }, "every": "300ms", "for": "100ms" }, "#;
    assert_eq!(plain, lost(&services(other), slow));
}
