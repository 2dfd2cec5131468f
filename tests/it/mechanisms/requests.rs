//! Order, calls, patience, retries, pools, connections and links.

use super::*;

#[test]
fn an_answer_at_its_very_deadline_is_in_time() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "wait": "20ms" }, { "wait": "30ms" }] } }"#;
    let requests =
        [(0.0, "app.run", r#""timeout": "50ms""#), (0.0, "app.run", r#""timeout": "49.999999ms""#)];
    let seen = ends(&scene(BOX, "", app, &requests));
    assert_eq!(seen, [(50.0, "answered"), (49.999999, "timeout")]);
}

#[test]
fn a_server_freed_at_the_instant_of_an_arrival_is_free() {
    let app = r#""app": { "hosts": "box", "workers": 1, "line": 0, "operations": { "run": [{ "wait": "10ms" }] } }"#;
    let requests = [(0.0, "app.run", ""), (9.999999, "app.run", ""), (10.0, "app.run", "")];
    let seen = ends(&scene(BOX, "", app, &requests));
    assert_eq!(seen, [(10.0, "answered"), (9.999999, "refused"), (20.0, "answered")]);
}

#[test]
fn a_worker_freed_when_patience_ends_goes_to_whoever_waits_for_it() {
    let app = r#""app": { "hosts": "box", "pools": { "p": { "size": 1, "patience": "5ms" } },
                          "operations": { "run": [{ "call": "db.read", "through": "p" }] } },
                 "db": { "hosts": "box", "operations": { "read": [{ "wait": "20ms" }] } }"#;
    let requests = [(0.0, "app.run", ""), (14.999999, "app.run", ""), (15.0, "app.run", "")];
    let seen = ends(&scene(BOX, "", app, &requests));
    assert_eq!(seen, [(20.0, "answered"), (19.999999, "timeout"), (40.0, "answered")]);
}

#[test]
fn the_caller_holds_its_worker_while_it_calls() {
    let services = r#""front": { "hosts": "box", "workers": 1, "operations": { "go": [{ "call": "back.run" }] } },
                      "back": { "hosts": "box", "operations": { "run": [{ "wait": "10ms" }] } }"#;
    let requests = [(0.0, "front.go", ""), (1.0, "front.go", ""), (2.0, "back.run", "")];
    answered_at(&scene(BOX, "", services, &requests), &[10.0, 20.0, 12.0]);
}

#[test]
fn a_slow_database_empties_the_pools_in_front_of_it() {
    let services = r#""web": { "hosts": "box", "workers": 2, "operations": { "page": [{ "call": "app.get" }], "logo": [{ "wait": "1ms" }] } },
                      "app": { "hosts": "box", "workers": 4, "operations": { "get": [{ "call": "db.read" }] } },
                      "db": { "hosts": "box", "workers": 1, "operations": { "read": [{ "wait": "100ms" }] } }"#;
    let requests = [(0.0, "web.page", ""), (1.0, "web.page", ""), (2.0, "web.logo", "")];
    answered_at(&scene(BOX, "", services, &requests), &[100.0, 200.0, 101.0]);
}

#[test]
fn timeouts_do_not_unsend() {
    let app = r#""app": { "hosts": "box", "workers": 1, "operations": { "run": [{ "wait": "100ms" }] } }"#;
    let impatient = r#""timeout": "10ms""#;
    // The second gives up in the line, and is served there all the same.
    let requests =
        [(0.0, "app.run", impatient), (1.0, "app.run", impatient), (20.0, "app.run", "")];
    let model = scene(BOX, "", app, &requests);
    let (seen, usage) = outcome(&model);
    assert_eq!(seen, [(10.0, "timeout"), (11.0, "timeout"), (300.0, "answered")]);
    assert!(busy_ms(&model, &usage, "app", 0) >= 300.0);
}

#[test]
fn a_callers_timeout_fails_the_request_while_the_callee_works_on() {
    let services = r#""front": { "hosts": "box", "operations": { "go": [{ "call": "back.run", "timeout": "5ms", "retry": { "attempts": 3 } }] } },
                      "back": { "hosts": "box", "operations": { "run": [{ "wait": "30ms" }] } }"#;
    let model = scene(BOX, "", services, &[(0.0, "front.go", "")]);
    let (seen, usage) = outcome(&model);
    assert_eq!(seen, [(15.0, "timeout")]);
    assert_eq!(busy_ms(&model, &usage, "back", 0), 90.0);
    assert_eq!(busy_ms(&model, &usage, "front", 0), 15.0);
}

#[test]
fn retries_pause_as_they_say() {
    let app = r#""app": { "hosts": "box", "connections": 1, "operations": { "run": [{ "wait": "500ms" }] } }"#;
    let with = |retry: &str| {
        let retry = format!(r#""retry": {retry}"#);
        ends(&scene(BOX, "", app, &[(0.0, "app.run", ""), (1.0, "app.run", &retry)]))[1]
    };
    assert_eq!(with(r#"{ "attempts": 3 }"#), (1.0, "refused"));
    assert_eq!(with(r#"{ "attempts": 3, "backoff": "10ms" }"#), (21.0, "refused"));
    let growing =
        r#"{ "attempts": 5, "backoff": { "exponential": { "base": "10ms", "cap": "25ms" } } }"#;
    assert_eq!(with(growing), (1.0 + 10.0 + 20.0 + 25.0 + 25.0, "refused"));
    let (at, why) = with(
        r#"{ "attempts": 2, "backoff": { "exponential": { "base": "10ms", "jitter": "equal" } } }"#,
    );
    assert!((6.0..=11.0).contains(&at) && why == "refused", "{at} {why}");
}

#[test]
fn patience_starts_anew_with_each_attempt_and_the_response_with_the_first() {
    let app =
        r#""app": { "hosts": "box", "workers": 1, "operations": { "run": [{ "wait": "10ms" }] } }"#;
    let patient = r#""timeout": "15ms", "retry": { "attempts": 2, "backoff": "3ms" }"#;
    // Served from 10 to 20, too late at 16; tried again at 19, served from 20 to 30.
    let requests = [(0.0, "app.run", ""), (1.0, "app.run", patient)];
    let model = scene(BOX, "", app, &requests);
    answered_at(&model, &[10.0, 30.0]);
    let (diary, _) = model.watch(&plan(1, "1.9s"), Diary::default());
    assert_eq!(diary.responses_ms(), [10.0, 29.0]);
    assert_eq!(diary.retries, 1);
}

#[test]
fn a_connection_is_waited_for_no_longer_than_patience() {
    let services = r#""app": { "hosts": "box", "pools": { "p": { "size": 1, "patience": "5ms" } }, "operations": { "run": [{ "call": "db.read", "through": "p" }] } },
                      "db": { "hosts": "box", "operations": { "read": [{ "wait": "20ms" }] } }"#;
    let requests = [(0.0, "app.run", ""), (1.0, "app.run", ""), (18.0, "app.run", "")];
    let seen = ends(&scene(BOX, "", services, &requests));
    assert_eq!(seen, [(20.0, "answered"), (6.0, "timeout"), (40.0, "answered")]);
}

#[test]
fn a_database_over_its_connections_refuses_at_once() {
    let db = r#""db": { "hosts": "box", "connections": 2, "operations": { "read": [{ "wait": "20ms" }] } }"#;
    let requests =
        [(0.0, "db.read", ""), (1.0, "db.read", ""), (2.0, "db.read", ""), (20.0, "db.read", "")];
    let seen = ends(&scene(BOX, "", db, &requests));
    assert_eq!(
        seen,
        [(20.0, "answered"), (21.0, "answered"), (2.0, "refused"), (40.0, "answered")]
    );
}

const TWO_ZONES: &str =
    r#""left": { "cores": 64, "zones": ["a"] }, "right": { "cores": 64, "zones": ["b"] }"#;
const LINK: &str = r#"{ "between": ["a", "b"], "latency": "3ms" }"#;
const ACROSS: &str = r#""front": { "hosts": "left", "operations": { "go": [{ "call": "back.run" }], "near": [{ "call": "beside.run" }] } },
    "beside": { "hosts": "left", "operations": { "run": [{ "wait": "10ms" }] } },
    "back": { "hosts": "right", "connections": 1, "operations": { "run": [{ "wait": "10ms" }] } }"#;

#[test]
fn links_are_crossed_both_ways() {
    let requests = [(0.0, "front.go", ""), (0.0, "front.near", ""), (0.0, "beside.run", "")];
    answered_at(&scene(TWO_ZONES, LINK, ACROSS, &requests), &[16.0, 10.0, 10.0]);
    answered_at(&scene(TWO_ZONES, "", ACROSS, &requests), &[10.0, 10.0, 10.0]);
}

#[test]
fn a_refusal_crosses_back_too() {
    let requests = [(0.0, "front.go", ""), (1.0, "front.go", "")];
    let seen = ends(&scene(TWO_ZONES, LINK, ACROSS, &requests));
    assert_eq!(seen, [(16.0, "answered"), (7.0, "refused")]);
}

#[test]
fn branches_run_side_by_side_until_enough_of_them_are_done() {
    let app = r#""app": { "hosts": "box", "operations": {
        "all": [{ "parallel": [[{ "wait": "10ms" }], [{ "wait": "30ms" }], [{ "wait": "20ms" }]] }],
        "two": [{ "parallel": [[{ "wait": "10ms" }], [{ "wait": "30ms" }], [{ "wait": "20ms" }]], "need": 2 }],
        "failing": [{ "parallel": [[{ "call": "full.run" }], [{ "wait": "30ms" }], [{ "wait": "20ms" }]], "need": 2 }],
        "failed": [{ "parallel": [[{ "call": "full.run" }], [{ "wait": "30ms" }]] }] } },
        "full": { "hosts": "box", "connections": 1, "operations": { "run": [{ "wait": "500ms" }] } }"#;
    let asked = ["full.run", "app.all", "app.two", "app.failing", "app.failed"];
    let seen = ends(&scene(
        BOX,
        "",
        app,
        &asked.map(|it| (if it == "full.run" { 0.0 } else { 1.0 }, it, "")),
    ));
    assert_eq!(
        seen[1..],
        [(31.0, "answered"), (21.0, "answered"), (31.0, "answered"), (1.0, "refused")]
    );
}
