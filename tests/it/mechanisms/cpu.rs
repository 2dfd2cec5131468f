//! Cores that fall asleep, go from one request to another, and have programs that stick to them.

use super::*;

/// One host, and a program on it whose requests compute for 10 ms, or twice with a call between.
fn cores(host: &str, requests: &[Request]) -> Model {
    let hosts = format!(r#""box": {{ {host} }}"#);
    let services = r#""app": { "hosts": "box", "operations": {
            "run": [{ "cpu": "10ms" }], "relay": [{ "cpu": "10ms" }, { "call": "back.run" }], "long": [{ "cpu": "100ms" }] } },
        "back": { "hosts": "box", "operations": { "run": [{ "cpu": "10ms" }] } }"#;
    scene(&hosts, "", services, requests)
}

#[test]
fn requests_share_cores_as_in_the_traces_of_processor_sharing() {
    // In tens of milliseconds: sizes 3, 1, 2 at 0, 1, 2 on one core; 4, 4, 2, 1 at 0, 1, 2, 2.5 on two.
    let work = r#""app": { "hosts": "box", "operations": { "w1": [{ "cpu": "10ms" }], "w2": [{ "cpu": "20ms" }], "w3": [{ "cpu": "30ms" }], "w4": [{ "cpu": "40ms" }] } }"#;
    let one = [(0.0, "app.w3", ""), (10.0, "app.w1", ""), (20.0, "app.w2", "")];
    answered_at(&scene(r#""box": { "cores": 1 }"#, "", work, &one), &[55.0, 35.0, 60.0]);
    let two =
        [(0.0, "app.w4", ""), (10.0, "app.w4", ""), (20.0, "app.w2", ""), (25.0, "app.w1", "")];
    answered_at(&scene(r#""box": { "cores": 2 }"#, "", work, &two), &[55.0, 65.0, 55.0, 45.0]);
}

const WAKES: &str = r#""wake": { "delay": "3ms", "cpu": "2ms" }"#;

#[test]
fn whoever_finds_a_core_asleep_waits_until_it_is_awake() {
    let requests = [(0.0, "app.run", ""), (5.0, "app.run", ""), (40.0, "app.run", "")];
    answered_at(&cores(&format!(r#""cores": 2, {WAKES}"#), &requests), &[15.0, 20.0, 55.0]);
}

#[test]
fn one_who_comes_while_the_only_core_wakes_up_waits_for_it_too() {
    let requests = [(0.0, "app.run", ""), (1.0, "app.run", "")];
    // Awake from 3 on, for 12 and 10 ms of work.
    answered_at(&cores(&format!(r#""cores": 1, {WAKES}"#), &requests), &[25.0, 23.0]);
}

#[test]
fn a_core_that_hands_over_to_the_next_is_awake_and_another_that_sleeps_is_woken_first() {
    let requests = [(0.0, "app.relay", "")];
    answered_at(&cores(&format!(r#""cores": 1, {WAKES}"#), &requests), &[25.0]);
    answered_at(&cores(&format!(r#""cores": 2, {WAKES}"#), &requests), &[30.0]);
    // With the other core busy, there is none to wake.
    let requests = [(0.0, "app.long", ""), (50.0, "app.relay", "")];
    answered_at(&cores(&format!(r#""cores": 2, {WAKES}"#), &requests), &[105.0, 75.0]);
    // One that comes at the very instant at which another goes finds its core awake.
    let requests = [(0.0, "app.run", ""), (15.0, "app.run", "")];
    answered_at(&cores(&format!(r#""cores": 1, {WAKES}"#), &requests), &[15.0, 25.0]);
}

#[test]
fn to_be_switched_in_costs_the_more_the_more_take_turns() {
    let host = |cores: u32| {
        format!(r#""cores": {cores}, "switch": {{ "cost": "4ms", "slice": "10000000s" }}"#)
    };
    // Half of the cost for the second of two: 12 ms of work from 2 on.
    let requests = [(0.0, "app.run", ""), (2.0, "app.run", "")];
    answered_at(&cores(&host(1), &requests), &[18.0, 22.0]);
    answered_at(&cores(&host(2), &requests), &[10.0, 12.0]);
}

#[test]
fn where_several_share_a_core_each_slice_is_followed_by_a_switch() {
    let host = r#""cores": 1, "switch": { "cost": "1ms", "slice": "9ms" }"#;
    let requests = [(0.0, "app.run", ""), (0.0, "app.run", "")];
    // 0.45 each, of 10 and 10.5 ms; then the last half a millisecond alone.
    let (ends, usage) = outcome(&cores(host, &requests));
    let at: Vec<f64> = ends.iter().map(|it| (it.0 * 1e4).round() / 1e4).collect();
    assert_eq!(at, [22.2222, 22.7222]);
    // All that time the core was busy: 20 ms with work, and the rest lost.
    let ms = |ns: f64| (ns / 1e2).round() / 1e4;
    let (busy, lost) = (usage.cpus.as_slice()[0], usage.cpus_lost.as_slice()[0]);
    assert_eq!((ms(busy), ms(lost)), (22.7222, 2.7222));
}

#[test]
fn who_is_held_back_by_its_own_limit_only_is_not_switched() {
    let run = |switch: &str| {
        let hosts = format!(r#""box": {{ "cores": 4 {switch} }}"#);
        let app = r#""app": { "hosts": "box", "cpu": { "request": 0.5, "limit": 0.5 },
            "operations": { "run": [{ "cpu": "10ms" }] } }"#;
        scene(&hosts, "", app, &[(0.0, "app.run", "")])
    };
    answered_at(&run(""), &[20.0]);
    answered_at(&run(r#", "switch": { "cost": "1ms", "slice": "10000000s" }"#), &[20.0]);
    answered_at(&run(r#", "switch": { "cost": "1ms", "slice": "3ms" }"#), &[20.0]);
}

#[test]
fn long_work_is_done_by_the_core_with_the_fewest_to_serve() {
    let three = [(0.0, "app.run", ""), (0.0, "app.run", ""), (0.0, "app.run", "")];
    let host = r#""cores": 2, "affinity": "5ms""#;
    // Two on one core, one on the other.
    answered_at(&cores(host, &three), &[20.0, 10.0, 20.0]);
}

#[test]
fn short_work_of_one_request_stays_on_one_core_even_while_another_has_nothing_to_do() {
    let host = r#""cores": 2, "affinity": "1s""#;
    let eleven: Vec<Request> = (0..11).map(|_| (0.0, "app.run", "")).collect();
    let ends = ends(&cores(host, &eleven));
    // So many on one core are all done after so many times 10 ms.
    let mut at: Vec<f64> = ends.iter().map(|it| it.0).collect();
    at.sort_by(f64::total_cmp);
    let few = at.iter().filter(|it| **it == at[0]).count();
    assert_eq!((at[0], at[10]), (10.0 * few as f64, 10.0 * (11 - few) as f64));
    assert!((1..5).contains(&few), "{few}: with this seed, chance is not even");
}

#[test]
fn one_who_is_interrupted_goes_on_without_waking_its_core_again() {
    let host = format!(r#""box": {{ "cores": 1, "affinity": "1s", {WAKES} }}"#);
    let app = r#""app": { "hosts": "box", "workers": 1,
        "discipline": { "priority": { "preemptive": true, "classes": { "r0": 1, "r1": 0 } } },
        "operations": { "run": [{ "cpu": "10ms" }] } }"#;
    let requests = [(0.0, "app.run", ""), (7.0, "app.run", "")];
    // The core is awake from 3 on; 12 ms of work are 8 ms short when the other comes.
    answered_at(&scene(&host, "", app, &requests), &[25.0, 17.0]);
}
