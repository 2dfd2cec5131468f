//! Caches: what hits, what is stored when, who waits for whose fetch, what a restart forgets.

use super::*;
use outgrow::network::{FaultStyle, HostId};

/// A service that looks into a cache of one key, and fetches it from another service in 10 ms.
fn cached(cache: &str, requests: &[(f64, &str)]) -> Model {
    let hosts = r#""box": { "cores": 64, "zones": ["a"] }, "web": { "cores": 64, "zones": ["b"], "count": 2 }"#;
    let services = format!(
        r#""app": {{ "hosts": "web", "instances": 2, "balance": "round_robin",
                    "operations": {{ "get": [{{ "cache": {{ "keys": 1, "cold": true{cache} }}, "miss": [{{ "call": "db.read" }}] }}] }} }},
           "db": {{ "hosts": "box", "connections": 1, "operations": {{ "read": [{{ "wait": "10ms" }}] }} }}"#
    );
    let requests: Vec<Request> =
        requests.iter().map(|(at, more)| (*at, "app.get", *more)).collect();
    scene(hosts, "", &services, &requests)
}

fn at<const N: usize>(times: [f64; N]) -> [(f64, &'static str); N] {
    times.map(|it| (it, ""))
}

#[test]
fn a_miss_is_stored_once_it_has_been_fetched_and_found_from_then_on() {
    let model = cached(r#", "shared": true"#, &at([0.0, 9.999999, 10.0, 11.0]));
    let seen = [(10.0, "answered"), (9.999999, "refused"), (10.0, "answered"), (11.0, "answered")];
    assert_eq!(ends(&model), seen);
}

#[test]
fn what_could_not_be_fetched_is_not_stored() {
    let model = cached(r#", "shared": true"#, &at([0.0, 1.0, 2.0, 30.0]));
    let refused = |at| (at, "refused");
    assert_eq!(ends(&model), [(10.0, "answered"), refused(1.0), refused(2.0), (30.0, "answered")]);
    let impatient = r#""timeout": "5ms""#;
    let model = cached(r#", "shared": true"#, &[(0.0, impatient), (20.0, "")]);
    // The client has gone; the fetch goes on, and is stored.
    assert_eq!(ends(&model), [(5.0, "timeout"), (20.0, "answered")]);
}

#[test]
fn each_instance_has_a_cache_of_its_own_unless_they_share_one() {
    answered_at(&cached("", &at([0.0, 20.0, 40.0, 41.0])), &[10.0, 30.0, 40.0, 41.0]);
    answered_at(&cached(r#", "shared": true"#, &at([0.0, 20.0, 40.0])), &[10.0, 20.0, 40.0]);
}

#[test]
fn an_entry_may_be_used_until_its_time_to_live_is_over_and_a_hit_may_renew_it() {
    let lives = r#", "shared": true, "ttl": "20ms""#;
    let times = at([0.0, 29.999999, 30.0, 45.0]);
    answered_at(&cached(lives, &times), &[10.0, 29.999999, 40.0, 45.0]);
    let renewed = format!(r#"{lives}, "renew": true"#);
    answered_at(&cached(&renewed, &times), &[10.0, 29.999999, 30.0, 45.0]);
}

#[test]
fn those_who_miss_the_same_key_wait_for_one_fetch_if_they_may() {
    let alone = cached(r#", "shared": true"#, &at([0.0, 4.0, 5.0]));
    assert_eq!(ends(&alone), [(10.0, "answered"), (4.0, "refused"), (5.0, "refused")]);
    let together = r#", "shared": true, "coalesce": true"#;
    answered_at(&cached(together, &at([0.0, 4.0, 5.0, 12.0])), &[10.0, 10.0, 10.0, 12.0]);
}

#[test]
fn if_a_fetch_fails_the_next_who_waits_for_it_tries() {
    let services = r#"
        "app": { "hosts": "box", "operations": { "get": [{ "cache": { "keys": 1, "cold": true, "coalesce": true },
            "miss": [{ "call": "db.read", "timeout": "5ms" }] }] } },
        "db": { "hosts": "box", "operations": { "read": [{ "choose": [{ "weight": 1, "do": [{ "wait": "10ms" }] }] }] } }"#;
    let requests = [0.0, 1.0, 2.0].map(|at| (at, "app.get", ""));
    let seen = ends(&scene(BOX, "", services, &requests));
    assert_eq!(seen, [(5.0, "timeout"), (10.0, "timeout"), (15.0, "timeout")]);
}

#[test]
fn one_who_has_gone_no_longer_waits_for_a_fetch_that_serves_him() {
    let together = r#", "shared": true, "coalesce": true"#;
    let model = cached(together, &[(0.0, ""), (1.0, r#""timeout": "3ms""#), (2.0, "")]);
    assert_eq!(ends(&model), [(10.0, "answered"), (4.0, "timeout"), (10.0, "answered")]);
}

#[test]
fn a_restart_forgets_what_an_instance_had_stored_and_spares_what_is_shared() {
    let requests = at([0.0, 20.0, 100.0, 101.0, 130.0]);
    let crash =
        |model: Model| model.fault(vec![HostId::new(1)], "1050ms", "1060ms", FaultStyle::Crash);
    // In turn: the first instance, whose host fails, and the second.
    answered_at(&crash(cached("", &requests)), &[10.0, 30.0, 110.0, 101.0, 130.0]);
    answered_at(
        &crash(cached(r#", "shared": true"#, &requests)),
        &[10.0, 20.0, 100.0, 101.0, 130.0],
    );
}

#[test]
fn a_fetch_whose_instance_dies_is_left_to_the_next_who_waits() {
    let together = r#", "shared": true, "coalesce": true"#;
    let model = cached(together, &at([0.0, 1.0, 20.0]));
    let model = model.fault(vec![HostId::new(1)], "1005ms", "1006ms", FaultStyle::Crash);
    // The database is still at work for the first when the second asks: one connection.
    let seen = ends(&model);
    assert_eq!(seen[0], (5.0, "reset"));
    assert_eq!(seen[1], (5.0, "refused"));
    assert_eq!(seen[2], (30.0, "answered"));
}
