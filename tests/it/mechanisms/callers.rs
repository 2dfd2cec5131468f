//! Breakers, hedges, fallbacks, deadlines.

use super::*;
use outgrow::sim::{HedgeSeen, Measure};

/// A front that calls a back of one connection over a link of 3 ms, and another that takes it for half a
/// second from the very beginning.
fn calls_to_a_full_service(call: &str, times_ms: &[f64]) -> Vec<(f64, &'static str)> {
    let hosts =
        r#""left": { "cores": 64, "zones": ["a"] }, "right": { "cores": 64, "zones": ["b"] }"#;
    let link = r#"{ "between": ["a", "b"], "latency": "3ms" }"#;
    let services = format!(
        r#""front": {{ "hosts": "left", "operations": {{ "go": [{{ "call": "back.run", {call} }}] }} }},
           "back": {{ "hosts": "right", "connections": 1, "operations": {{ "run": [{{ "wait": "500ms" }}] }} }}"#
    );
    let mut requests = vec![(0.0, "back.run", "")];
    requests.extend(times_ms.iter().map(|at| (*at, "front.go", "")));
    ends(&scene(hosts, link, &services, &requests)).split_off(1)
}

#[test]
fn only_what_it_says_is_tried_again() {
    let seen = calls_to_a_full_service(r#""retry": { "attempts": 2, "on": ["timeout"] }"#, &[1.0]);
    assert_eq!(seen, [(7.0, "refused")]);
    let seen = calls_to_a_full_service(r#""retry": { "attempts": 2, "on": ["refused"] }"#, &[1.0]);
    assert_eq!(seen, [(13.0, "refused")]);
}

#[test]
fn an_open_breaker_refuses_at_once_and_half_open_lets_one_through() {
    let call = r#""breaker": { "window": 2, "open": "100ms", "trials": 1 }"#;
    // Refused over there at 7 and 8: open from then until 108. The trial of 110 fails at 116: open until 216.
    let times = [1.0, 2.0, 8.0, 107.9, 110.0, 111.0, 117.0, 215.0];
    let ends = [7.0, 8.0, 8.0, 107.9, 116.0, 111.0, 117.0, 215.0];
    let seen = calls_to_a_full_service(call, &times);
    assert_eq!(seen, ends.map(|at| (at, "refused")));
}

#[test]
fn a_breaker_closes_when_its_trials_succeed_and_its_open_time_is_measured() {
    let services = r#""front": { "hosts": "box", "operations": { "go": [{ "call": "back.run", "breaker": { "window": 2, "open": "100ms", "trials": 1 } }] } },
        "back": { "hosts": "box", "connections": 1, "operations": { "run": [{ "wait": "50ms" }] } }"#;
    let times = [0.0, 1.0, 2.0, 3.0, 103.0, 120.0, 154.0];
    let requests = times.map(|at| (at, if at == 0.0 { "back.run" } else { "front.go" }, ""));
    let model = scene(BOX, "", services, &requests);
    let (seen, usage) = outcome(&model);
    let expected = [
        (50.0, "answered"),
        (1.0, "refused"),
        (2.0, "refused"),
        (3.0, "refused"),
        (153.0, "answered"),
        (120.0, "refused"),
        (204.0, "answered"),
    ];
    assert_eq!(seen, expected);
    let (breaker, count) = usage.policies.breakers.as_slice()[0];
    assert_eq!((breaker.open_ns, breaker.rejected, count), (100_000_000, 2, 1));
}

#[test]
fn slow_calls_open_a_breaker_even_if_they_are_answered() {
    let services = r#""front": { "hosts": "box", "operations": { "go": [{ "call": "back.run", "breaker": { "window": 1, "slow": "19ms" } }] } },
        "back": { "hosts": "box", "operations": { "run": [{ "wait": "20ms" }] } }"#;
    let requests = [(0.0, "front.go", ""), (20.0, "front.go", "")];
    assert_eq!(ends(&scene(BOX, "", services, &requests)), [(20.0, "answered"), (20.0, "refused")]);
}

#[test]
fn clients_of_a_class_share_a_breaker_and_a_budget() {
    let class = r#""every": "10ms", "retry": { "attempts": 3, "budget": { "ratio": 0, "reserve": "0/s", "burst": 5 } },
                   "breaker": { "window": 10, "open": "10s" }"#;
    let model = crate::support::one_service(r#""connections": 1,"#, r#"[{ "wait": "9s" }]"#, class);
    let (measure, usage) = model.watch(&plan(1, "5s"), Measure::new(&model.network, 16));
    let seen = &measure.classes.as_slice()[0];
    // At 10 ms one got in; five requests were tried again, of which the breaker let nine tries through and one
    // request more; then it is open.
    assert_eq!((seen.born, seen.failed[0]), (499, 498));
    assert_eq!(seen.retries, 5);
    assert_eq!(usage.policies.breakers.as_slice()[0].0.rejected, 498 + 5 - 10);
}

/// Two instances in turn, of which the first is busy for 100 ms and the second for 10 ms.
const TWO: &str = r#""app": { "hosts": "box", "instances": 2, "workers": 1, "balance": "round_robin",
    "operations": { "slow": [{ "wait": "100ms" }], "fast": [{ "wait": "10ms" }] } },"#;

fn hedged(call: &str) -> (Model, Vec<(f64, &'static str)>, Usage) {
    let front = format!(
        r#""front": {{ "hosts": "box", "operations": {{ "go": [{{ "call": "app.fast", {call} }}] }} }}"#
    );
    let requests = [(0.0, "app.slow", ""), (0.0, "app.fast", ""), (1.0, "front.go", "")];
    let model = scene(BOX, "", &(TWO.to_owned() + &front), &requests);
    let (seen, usage) = outcome(&model);
    (model, seen, usage)
}

#[test]
fn the_first_answer_wins_and_the_loser_works_on() {
    let (model, seen, usage) = hedged(r#""hedge": { "after": "5ms" }"#);
    assert_eq!(seen, [(100.0, "answered"), (10.0, "answered"), (20.0, "answered")]);
    assert_eq!([0, 1].map(|it| busy_ms(&model, &usage, "app", it)), [110.0, 20.0]);
    let seen = usage.policies.hedges.as_slice()[0];
    assert_eq!(seen, HedgeSeen { calls: 1, more: 1, won: 1 });
}

#[test]
fn a_loser_is_taken_back_if_the_call_says_so() {
    let (model, seen, usage) = hedged(r#""hedge": { "after": "5ms" }, "cancel": true"#);
    assert_eq!(seen[2], (20.0, "answered"));
    assert_eq!([0, 1].map(|it| busy_ms(&model, &usage, "app", it)), [100.0, 20.0]);
}

#[test]
fn what_is_answered_before_the_delay_is_asked_once() {
    let (model, seen, usage) = hedged(r#""hedge": { "after": "109ms" }"#);
    assert_eq!(seen[2], (110.0, "answered"));
    assert_eq!([0, 1].map(|it| busy_ms(&model, &usage, "app", it)), [110.0, 10.0]);
    // An answer that comes with the delay comes first.
    assert_eq!(usage.policies.hedges.as_slice()[0], HedgeSeen { calls: 1, more: 0, won: 0 });
}

#[test]
fn hedges_follow_one_delay_after_another_up_to_the_most() {
    let services = r#""app": { "hosts": "box", "operations": { "run": [{ "wait": "100ms" }] } },
        "front": { "hosts": "box", "operations": { "go": [{ "call": "app.run", "timeout": "20ms", "hedge": { "after": "5ms", "most": 3 } }] } }"#;
    let model = scene(BOX, "", services, &[(0.0, "front.go", "")]);
    let (seen, usage) = outcome(&model);
    // Each of the three has patience of its own.
    assert_eq!(seen, [(30.0, "timeout")]);
    assert_eq!(busy_ms(&model, &usage, "app", 0), 300.0);
}

#[test]
fn a_failed_try_is_followed_by_the_next_at_once() {
    let services = r#""app": { "hosts": "box", "instances": 2, "connections": 1, "balance": "round_robin",
            "operations": { "slow": [{ "wait": "100ms" }], "fast": [{ "wait": "10ms" }] } },
        "front": { "hosts": "box", "operations": { "go": [{ "call": "app.fast", "hedge": { "after": "50ms", "most": 3 } }] } }"#;
    let requests = [
        (0.0, "app.slow", ""),
        (0.0, "app.fast", ""),
        (20.0, "front.go", ""),
        (25.0, "front.go", ""),
    ];
    let seen = ends(&scene(BOX, "", services, &requests));
    // The first of the two finds its second try's instance free; of the other all three tries are refused.
    assert_eq!(seen[2..], [(30.0, "answered"), (25.0, "refused")]);
}

#[test]
fn hedges_of_a_client_count_as_its_attempts_and_a_budget_limits_them() {
    let seen = |hedge: &str| {
        let class = format!(r#""every": "100ms", "hedge": {hedge}"#);
        let model = crate::support::one_service("", r#"[{ "wait": "50ms" }]"#, &class);
        let (measure, _) = model.watch(&plan(1, "1.06s"), Measure::new(&model.network, 16));
        let class = &measure.classes.as_slice()[0];
        (class.born, class.retries, class.response.count())
    };
    assert_eq!(seen(r#"{ "after": "20ms" }"#), (10, 10, 10));
    assert_eq!(seen(r#"{ "after": "20ms", "most": 4 }"#), (10, 20, 10));
    let budget = r#"{ "ratio": 0, "reserve": "3/s", "burst": 1 }"#;
    assert_eq!(seen(&format!(r#"{{ "after": "20ms", "budget": {budget} }}"#)), (10, 3, 10));
}

#[test]
fn a_percentile_asks_again_for_whatever_is_slower_than_those_before() {
    // The hundred seen first are not asked again.
    let class = r#""every": "50ms", "hedge": { "after": { "percentile": 0.85 } }"#;
    let steps = r#"[{ "wait": { "exponential": "10ms" } }]"#;
    let model = crate::support::one_service("", steps, class);
    let (measure, usage) = model.watch(&plan(1, "1000s"), Measure::new(&model.network, 16));
    let HedgeSeen { calls, more, won } = usage.policies.hedges.as_slice()[0];
    let share = more as f64 / (calls - 100) as f64;
    // Three in twenty, and four standard errors of that.
    assert!((share - 0.15).abs() < 4.0 * (0.15f64 * 0.85 / calls as f64).sqrt(), "{share}");
    assert!(won * 2 > more / 2 && won < more, "{won} of {more}");
    assert_eq!(measure.classes.as_slice()[0].retries, more);
}

#[test]
fn a_fallback_is_done_in_place_of_what_failed_and_the_answer_counts_as_degraded() {
    let services = r#""front": { "hosts": "box", "workers": 1, "operations": { "go": [
            { "call": "back.run", "timeout": "10ms", "retry": { "attempts": 2 }, "fallback": [{ "wait": "3ms" }] }, { "wait": "1ms" }],
            "worse": [{ "call": "back.run", "timeout": "10ms", "fallback": [{ "fail": 1 }] }] } },
        "back": { "hosts": "box", "operations": { "run": [{ "wait": "50ms" }], "quick": [] } }"#;
    let requests = [(0.0, "front.go", ""), (1.0, "front.worse", ""), (2.0, "back.quick", "")];
    let model = scene(BOX, "", services, &requests);
    assert_eq!(ends(&model), [(24.0, "answered"), (34.0, "error"), (2.0, "answered")]);
    let (measure, _) = model.watch(&plan(1, "1.9s"), Measure::new(&model.network, 16));
    let degraded: Vec<u64> = measure.classes.as_slice().iter().map(|it| it.degraded).collect();
    assert_eq!(degraded, [1, 0, 0]);
}

#[test]
fn a_fallback_further_in_degrades_the_answer_all_the_way_out() {
    let services = r#""web": { "hosts": "box", "operations": { "page": [{ "parallel": [[{ "call": "front.go", "timeout": "1s" }], [{ "wait": "1ms" }]] }] } },
        "front": { "hosts": "box", "operations": { "go": [{ "call": "back.run", "fallback": [] }, { "wait": "7ms" }] } },
        "back": { "hosts": "box", "operations": { "run": [{ "fail": 1 }] } }"#;
    let model = scene(BOX, "", services, &[(0.0, "web.page", "")]);
    assert_eq!(ends(&model), [(7.0, "answered")]);
    let (measure, _) = model.watch(&plan(1, "1.9s"), Measure::new(&model.network, 16));
    assert_eq!(measure.classes.as_slice()[0].degraded, 1);
}

#[test]
fn an_error_gives_back_what_is_held() {
    let services = r#""app": { "hosts": "box", "workers": 1, "operations": {
        "fails": [{ "wait": "10ms" }, { "fail": 1 }, { "wait": "90ms" }], "works": [{ "fail": 0 }, { "wait": "5ms" }] } }"#;
    let requests = [(0.0, "app.fails", ""), (1.0, "app.works", "")];
    let seen = ends(&scene(BOX, "", services, &requests));
    assert_eq!(seen, [(10.0, "error"), (15.0, "answered")]);
}

#[test]
fn a_deadline_ends_all_tries_and_none_is_begun_too_late() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "wait": "100ms" }] } }"#;
    let tries = |deadline: &str| {
        let class = format!(
            r#""timeout": "20ms", "deadline": "{deadline}", "retry": {{ "attempts": 9, "backoff": "10ms" }}"#
        );
        ends(&scene(BOX, "", app, &[(0.0, "app.run", &class)]))[0]
    };
    // Tries from 0 to 20, from 30 to 50, from 60 to 80.
    assert_eq!(tries("75ms"), (75.0, "timeout"));
    // What cannot be tried again in time is given up at once.
    assert_eq!(tries("60ms"), (50.0, "timeout"));
    assert_eq!(tries("61ms"), (61.0, "timeout"));
}

#[test]
fn a_call_waits_no_longer_than_what_is_left_of_the_deadline() {
    let services = r#""front": { "hosts": "box", "operations": { "go": [{ "wait": "20ms" }, { "call": "middle.go" }, { "wait": "1ms" }] } },
        "middle": { "hosts": "box", "operations": { "go": [{ "call": "back.run", "timeout": "1s", "fallback": [] }] } },
        "back": { "hosts": "box", "operations": { "run": [{ "wait": "100ms" }] } }"#;
    let model = scene(BOX, "", services, &[(0.0, "front.go", r#""deadline": "50ms""#)]);
    let (seen, usage) = outcome(&model);
    assert_eq!(seen, [(50.0, "timeout")]);
    let busy = ["front", "middle", "back"].map(|it| busy_ms(&model, &usage, it, 0));
    assert_eq!(busy, [50.0, 30.0, 100.0]);
}

#[test]
fn no_step_is_begun_after_the_deadline_not_even_by_those_nobody_waits_for() {
    let services = r#""front": { "hosts": "box", "pools": { "p": { "size": 1 } }, "operations": { "go": [{ "call": "back.run", "through": "p" }] } },
        "back": { "hosts": "box", "workers": 1, "operations": { "run": [{ "wait": "30ms" }, { "wait": "30ms" }, { "wait": "30ms" }] } }"#;
    let due = |at| (at, "back.run", r#""deadline": "50ms""#);
    let model = scene(BOX, "", services, &[due(0.0), due(20.0), due(65.0), (66.0, "back.run", "")]);
    let (seen, usage) = outcome(&model);
    // The first leaves at 60, before its third step; the second comes to a worker then, and has no time left
    // at 90; the third begins at 90 with 25 ms to go.
    let times = [(50.0, "timeout"), (70.0, "timeout"), (115.0, "timeout"), (210.0, "answered")];
    assert_eq!(seen, times);
    assert_eq!(busy_ms(&model, &usage, "back", 0), 60.0 + 30.0 + 30.0 + 90.0);
    // Nor is a connection used that comes too late.
    let requests =
        [(0.0, "front.go", r#""deadline": "200ms""#), (1.0, "front.go", r#""deadline": "50ms""#)];
    let model = scene(BOX, "", services, &requests);
    let (seen, usage) = outcome(&model);
    assert_eq!(seen, [(90.0, "answered"), (51.0, "timeout")]);
    assert_eq!(busy_ms(&model, &usage, "back", 0), 90.0);
}

#[test]
fn an_answer_at_the_very_deadline_of_its_request_is_in_time() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "wait": "20ms" }, { "wait": "30ms" }] } }"#;
    let requests =
        [(0.0, "app.run", r#""deadline": "50ms""#), (0.0, "app.run", r#""deadline": "49ms""#)];
    let seen = ends(&scene(BOX, "", app, &requests));
    assert_eq!(seen, [(50.0, "answered"), (49.0, "timeout")]);
}

#[test]
fn a_call_sets_a_deadline_for_all_its_tries_and_what_they_call() {
    let services = r#""front": { "hosts": "box", "operations": { "go": [
            { "call": "middle.go", "deadline": "50ms", "retry": { "attempts": 2 }, "fallback": [{ "wait": "30ms" }] }] } },
        "middle": { "hosts": "box", "operations": { "go": [{ "wait": "20ms" }, { "call": "back.run" }, { "fail": 1 }] } },
        "back": { "hosts": "box", "operations": { "run": [{ "wait": "10ms" }] } }"#;
    let model = scene(BOX, "", services, &[(0.0, "front.go", "")]);
    let (seen, usage) = outcome(&model);
    // Fails at 30, and the second try's time is over at 50; what comes after has all the time it needs.
    assert_eq!(seen, [(80.0, "answered")]);
    let busy = ["middle", "back"].map(|it| busy_ms(&model, &usage, it, 0));
    assert_eq!(busy, [50.0, 10.0]);
}

#[test]
fn tries_of_layers_multiply() {
    // B. Beyer et al., "Site Reliability Engineering", 2016, chapter 22: three layers that each try four
    // times ask the last 64 times.
    let layer = |name: &str, next: &str| {
        format!(
            r#""{name}": {{ "hosts": "box", "operations": {{ "go": [{{ "call": "{next}.go", "retry": {{ "attempts": 4 }} }}] }} }}"#
        )
    };
    let last =
        r#""last": { "hosts": "box", "operations": { "go": [{ "wait": "1ms" }, { "fail": 1 }] } }"#;
    let services = [layer("first", "second"), layer("second", "last"), last.to_owned()].join(", ");
    let model = scene(BOX, "", &services, &[(0.0, "first.go", r#""retry": { "attempts": 4 }"#)]);
    let (ends, usage) = outcome(&model);
    assert_eq!(ends, [(64.0, "error")]);
    assert_eq!(busy_ms(&model, &usage, "last", 0), 64.0);
}
