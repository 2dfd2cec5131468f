//! Which instance a request goes to, where that takes more than who works and how much each has to do.

use super::*;
use outgrow::ids::MapIds;
use outgrow::network::{HostId, InstanceId};

/// A request every millisecond, from the first on, so many of them.
fn one_each_ms(count: usize, more: &'static str) -> Vec<Request<'static>> {
    (0..count).map(|i| (i as f64, "app.run", more)).collect()
}

/// Milliseconds that each instance of "app" was at work.
fn spread(services: &str, requests: &[Request]) -> Vec<f64> {
    let hosts = r#""box": { "cores": 64, "zones": ["a"] }, "two": { "cores": 64, "count": 2 }"#;
    let model = scene(hosts, "", services, requests);
    let (_, usage) = outcome(&model);
    busy_each(&model, &usage)
}

fn busy_each(model: &Model, usage: &Usage) -> Vec<f64> {
    let service = model.service("app");
    let instances = model.network.services[service].instances.clone().map_ids();
    let busy = |it: InstanceId| usage.pools[model.network.instances[it].workers].busy as f64 / 1e6;
    instances.map(busy).collect()
}

fn app(instances: u32, more: &str) -> String {
    format!(
        r#""app": {{ "hosts": "box", "instances": {instances}, {more}, "operations": {{ "run": [{{ "wait": "1ms" }}] }} }}"#
    )
}

#[test]
fn instances_get_turns_by_weight() {
    let weighted = app(4, r#""balance": { "weighted": { "weights": [3, 1] } }"#);
    assert_eq!(spread(&weighted, &one_each_ms(16, "")), [6.0, 2.0, 6.0, 2.0]);
}

#[test]
fn requests_with_the_same_key_go_to_the_same_instance() {
    let hashed = app(3, r#""balance": { "consistent_hash": { "keys": 1 } }"#);
    let mut spread = spread(&hashed, &one_each_ms(12, ""));
    spread.sort_by(f64::total_cmp);
    assert_eq!(spread, [0.0, 0.0, 12.0]);
}

#[test]
fn a_bound_spreads_what_one_key_would_pile_up() {
    let hashed = app(3, r#""balance": { "consistent_hash": { "keys": 1, "bound": 1.5 } }"#);
    let all: Vec<Request> = (0..12).map(|i| (i as f64 / 100.0, "app.run", "")).collect();
    // Nobody may have more than half of what is out, and one more: ⌈1.5 / 3 × 12⌉.
    let spread = spread(&hashed, &all);
    let most = spread.iter().copied().fold(0.0, f64::max);
    assert!(most == 6.0 && spread.iter().sum::<f64>() == 12.0, "{spread:?}");
}

#[test]
fn a_retry_has_the_key_of_the_first_try_and_so_have_all_calls_of_a_request() {
    let hosts = r#""box": { "cores": 64, "count": 2, "zones": ["a"] }"#;
    let app = app(2, r#""balance": { "consistent_hash": { "keys": 1000000000 } }"#);
    let services = format!(
        r#"{app}, "front": {{ "hosts": "box", "operations": {{
             "go": [{{ "call": "app.run", "retry": {{ "attempts": 6 }} }}, {{ "call": "app.run", "times": 3, "retry": {{ "attempts": 6 }} }}] }} }}"#
    );
    let mut model = scene(hosts, "", &services, &[(0.0, "front.go", ""); 60]);
    // Each class has one user, who would be alike in each.
    let front = model.network.services[model.service("front")].instances.start;
    let living = model.network.instances[front].host;
    let dead = model.hosts("box").into_iter().filter(|it| *it != living).collect();
    model = model.fault(dead, "0.5s", "1.9s", FaultStyle::Crash);
    let failed = ends(&model).iter().filter(|it| it.1 == "unreachable").count();
    // Drawn anew for each try, nearly all would find the one that works: 1 in 64 would not.
    assert!((15..=45).contains(&failed), "{failed} of 60");
}

const TWO_ZONES: &str = r#""box": { "cores": 64, "count": 2, "zones": ["a", "b"] }"#;
const LINK: &str = r#"{ "between": ["a", "b"], "latency": "5ms" }"#;

/// Callers in both zones, and what they call.
fn callers(more: &str) -> String {
    let app = app(2, more);
    format!(
        r#"{app}, "front": {{ "hosts": "box", "instances": 2, "balance": "round_robin", "operations": {{ "go": [{{ "call": "app.run" }}] }} }}"#
    )
}

#[test]
fn calls_stay_in_the_callers_zone() {
    let requests = [(0.0, "front.go", ""), (1.0, "front.go", ""), (2.0, "front.go", "")];
    let near = callers(r#""balance": { "nearest_zone": {} }"#);
    answered_at(&scene(TWO_ZONES, LINK, &near, &requests), &[1.0, 2.0, 3.0]);
    // Whoever has no zone of its own goes round: one of the first two crosses over.
    let round = callers(r#""balance": "none""#);
    answered_at(&scene(TWO_ZONES, LINK, &round, &requests), &[1.0, 12.0, 3.0]);
}

#[test]
fn calls_spill_over_when_nobody_works_in_the_zone() {
    let hosts = r#""box": { "cores": 64, "count": 2, "zones": ["a", "b"] },
                   "others": { "cores": 64, "count": 2, "zones": ["a", "b"] }"#;
    let health = r#""health": { "interval": "1ms", "timeout": "1ms", "unhealthy": 1 }"#;
    let near = callers(&format!(r#""balance": {{ "nearest_zone": {{}} }}, {health}"#)).replacen(
        r#""hosts": "box""#,
        r#""hosts": "others""#,
        1,
    );
    let requests = [(0.0, "front.go", ""), (1.0, "front.go", ""), (2.0, "front.go", "")];
    let model = scene(hosts, LINK, &near, &requests);
    let in_a = model.hosts("others")[0];
    let model = model.fault(vec![in_a], "0.5s", "1.9s", FaultStyle::Crash);
    answered_at(&model, &[11.0, 2.0, 13.0]);
}

#[test]
fn a_calling_instance_talks_to_its_subset_only() {
    let app = app(4, r#""balance": "round_robin", "subset": 2"#);
    let services = |callers: u32| {
        format!(
            r#"{app}, "front": {{ "hosts": "box", "instances": {callers}, "balance": "round_robin", "operations": {{ "go": [{{ "call": "app.run" }}] }} }}"#
        )
    };
    let requests: Vec<Request> = (0..40).map(|i| (i as f64, "front.go", "")).collect();
    let sorted = |callers| {
        let mut spread = spread(&services(callers), &requests);
        spread.sort_by(f64::total_cmp);
        spread
    };
    assert_eq!(sorted(1), [0.0, 0.0, 20.0, 20.0]);
    assert_eq!(sorted(2), [10.0; 4]);
    // Clients talk to all.
    assert_eq!(spread(&services(1), &one_each_ms(8, "")), [2.0; 4]);
}

#[test]
fn callers_leave_out_an_instance_that_fails_them_longer_each_time() {
    let hosts = r#""box": { "cores": 64, "count": 2, "zones": ["a"] }"#;
    let ejects = app(
        2,
        r#""balance": "round_robin", "outlier_ejection": { "consecutive": 2, "base": "10ms", "share": 0.5 }"#,
    );
    let requests: Vec<Request> = (0..50).map(|i| (i as f64, "app.run", "")).collect();
    let model = scene(hosts, "", &ejects, &requests);
    let model = model.fault(vec![HostId::new(0)], "0.5s", "1.9s", FaultStyle::Crash);
    let seen = ends(&model);
    let failed: Vec<f64> = seen.iter().filter(|it| it.1 == "unreachable").map(|it| it.0).collect();
    // In turn until the second failure; left out for 10 ms, then for 20. What comes at the very end
    // of that comes too early.
    assert_eq!(failed, [0.0, 2.0, 13.0, 15.0, 36.0, 38.0]);
}

#[test]
fn callers_see_a_timeout_but_not_the_answer_that_comes_too_late() {
    let ejects = app(
        2,
        r#""balance": "round_robin", "outlier_ejection": { "consecutive": 3, "base": "1s" }"#,
    )
    .replace("1ms", "4ms");
    let impatient = r#""timeout": "3ms""#;
    let requests: Vec<Request> = (0..9)
        .map(|i| (i as f64 * 10.0, "app.run", if i % 2 == 0 { impatient } else { "" }))
        .collect();
    // Every other one times out, all at the first instance: after three of them it is left out.
    let spread = spread(&ejects, &requests);
    assert_eq!(spread, [12.0, 24.0]);
}

#[test]
fn an_instance_that_comes_back_grows_into_its_share() {
    let hosts = r#""box": { "cores": 64, "count": 2, "zones": ["a"] }"#;
    let app = app(
        2,
        r#""balance": "round_robin", "health": { "interval": "1ms", "timeout": "1ms", "unhealthy": 1 },
           "slow_start": { "over": "10s" }"#,
    );
    let text = format!(
        r#"{{ "name": "slow", "zones": {{ "a": {{}} }}, "hosts": {{ {hosts} }}, "services": {{ {app} }},
             "traffic": {{ "user": {{ "call": "app.run", "rate": "2000/s" }} }} }}"#
    );
    let model = model(&text).fault(vec![HostId::new(0)], "0.2s", "1s", FaultStyle::Crash);
    let plan = Plan { warm_up: crate::support::span("1s"), ..plan(3, "10s") };
    let (_, usage) = model.watch(&plan, ());
    let spread = busy_each(&model, &usage);
    // Its weight is a tenth at first, then t / 10 s; its share w / (1 + w) on average over the time
    // is 0.1 × 0.1 / 1.1 + 0.9 − ln(2 / 1.1).
    let expected = 0.01 / 1.1 + 0.9 - f64::ln(2.0 / 1.1);
    let share = spread[0] / (spread[0] + spread[1]);
    assert!((share - expected).abs() < 0.005, "{share}, not {expected}");
}

/// All that clients see of a service of four instances, with these further keys.
fn diary(more: &str) -> Diary {
    let app = app(4, more).replace(r#""1ms""#, r#"{ "exponential": "2ms" }"#);
    let text = format!(
        r#"{{ "name": "limit", "hosts": {{ "box": {{ "cores": 64 }} }}, "services": {{ {app}, "front": {{
               "hosts": "box", "instances": 3, "balance": "random", "operations": {{ "go": [{{ "call": "app.run" }}] }} }} }},
             "traffic": {{ "user": {{ "call": "front.go", "rate": "1000/s" }}, "direct": {{ "call": "app.run", "rate": "500/s" }} }} }}"#
    );
    model(&text).watch(&plan(5, "4s"), Diary::default()).0
}

#[test]
fn what_makes_no_difference_changes_nothing() {
    let workers = r#""workers": 1"#;
    let limits = [
        (
            r#""balance": "round_robin""#,
            r#""balance": { "weighted": { "weights": [7, 7, 7, 7] } }"#,
        ),
        (
            r#""balance": "least_outstanding""#,
            r#""balance": { "weighted": { "weights": [2], "then": "least_outstanding" } }"#,
        ),
        (
            r#""balance": { "consistent_hash": { "keys": 100, "skew": 1 } }"#,
            r#""balance": { "consistent_hash": { "keys": 100, "skew": 1, "bound": 1000000 } }"#,
        ),
        (r#""balance": "least_outstanding""#, r#""balance": { "nearest_zone": {} }"#),
        (r#""balance": "power_of_two""#, r#""balance": "power_of_two", "subset": 4"#),
        (
            r#""balance": "round_robin""#,
            r#""balance": "round_robin", "health": {}, "slow_start": { "over": "9s" }"#,
        ),
        (r#""balance": "random""#, r#""balance": "random", "outlier_ejection": {}"#),
    ];
    for (first, second) in limits {
        let [plain, more] = [first, second].map(|it| diary(&format!("{workers}, {it}")));
        assert!(plain.answered.len() > 2000);
        assert!(plain == more, "{first} and {second} differ");
    }
}

/// Two instances that could become more, and do not.
const SCALES: &str = r#", "cpu": { "request": 1 },
    "scaling": { "hpa": { "min": 2, "max": 16, "metrics": [{ "cpu": 65 }] } }"#;

#[test]
fn places_without_an_instance_are_nobody_to_be_left_out() {
    let hosts = r#""box": { "cores": 16, "count": 2, "zones": ["a"] }"#;
    let requests: Vec<Request> = (0..50).map(|i| (i as f64, "app.run", "")).collect();
    let reasons = |ejection: &str, scales: &str| {
        let app = format!(
            r#""app": {{ "hosts": "box", "instances": 2, "balance": "round_robin",
                 "outlier_ejection": {{ "consecutive": 2, {ejection} }} {scales},
                 "operations": {{ "run": [{{ "wait": "0.1ms" }}, {{ "fail": 1 }}] }} }}"#
        );
        let ends = ends(&scene(hosts, "", &app, &requests));
        ends.into_iter().map(|it| it.1).collect::<Vec<_>>()
    };
    // One of two at most is left out; or both, and then both get requests.
    for ejection in [r#""share": 0.5"#, r#""share": 1"#] {
        let plain = reasons(ejection, "");
        assert_eq!(plain, ["error"; 50]);
        assert_eq!(reasons(ejection, SCALES), plain);
    }
}

#[test]
fn places_without_an_instance_send_nobody_to_another_zone() {
    let scales = format!(r#""balance": {{ "nearest_zone": {{}} }} {SCALES}"#);
    let near = callers(&scales);
    let requests: Vec<Request> = (0..30).map(|i| (3.0 * i as f64, "front.go", "")).collect();
    let seen = ends(&scene(TWO_ZONES, LINK, &near, &requests));
    assert!(seen.iter().zip(&requests).all(|it| it.0 == &(it.1.0 + 1.0, "answered")), "{seen:?}");
}
