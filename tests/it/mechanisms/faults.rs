//! Outages: what fails at once, what hangs, when balancers notice, and how everything comes back.

use super::*;
use outgrow::ids::Id;
use outgrow::network::FaultStyle::{Crash, Silence};
use outgrow::network::{Failing, Fault, FaultStyle, HostId, InstanceId, When};
use outgrow::rng::{Draw, Keys, key_of};
use outgrow::sim::Probe;
use outgrow::units::Time;

/// The host with this place fails, in milliseconds after the first second.
fn failing(model: Model, host: usize, at_ms: f64, until_ms: f64, style: FaultStyle) -> Model {
    let text = |ms: f64| format!("{}ms", 1000.0 + ms);
    model.fault(vec![HostId::new(host)], &text(at_ms), &text(until_ms), style)
}

const HOSTS: &str = r#""left": { "cores": 64, "zones": ["a"], "boot": "5ms", "disk": { "access": "1ms", "sync": "4ms" } },
                       "right": { "cores": 64, "zones": ["b"], "boot": "5ms" }"#;
/// A front on the first host that calls a back on the second.
const SERVICES: &str = r#"
    "front": { "hosts": "left", "start": "2ms", "pools": { "p": { "size": 1 } }, "operations": {
        "go": [{ "call": "back.run", "through": "p" }],
        "try": [{ "call": "back.run", "through": "p", "timeout": "400ms" }],
        "alone": [{ "wait": "100ms" }],
        "branches": [{ "parallel": [[{ "lock": { "rows": 1 }, "do": [{ "wait": "100ms" }, { "commit": {} }] }]] }],
        "compute": [{ "cpu": "100ms" }] } },
    "back": { "hosts": "right", "start": "2ms", "operations": { "run": [{ "wait": "20ms" }], "compute": [{ "cpu": "20ms" }] } }"#;

fn front_and_back(links: &str, requests: &[Request]) -> Model {
    scene(HOSTS, links, SERVICES, requests)
}

#[test]
fn a_crash_resets_at_once_what_is_there() {
    let requests = [
        (0.0, "front.alone", ""),
        (0.0, "back.run", ""),
        (0.0, "back.compute", ""),
        (0.0, "front.go", ""),
    ];
    let model = failing(front_and_back("", &requests), 1, 7.5, 50.0, Crash);
    assert_eq!(ends(&model), [(100.0, "answered"), (7.5, "reset"), (7.5, "reset"), (7.5, "reset")]);
}

#[test]
fn what_finishes_at_the_instant_of_a_crash_has_finished() {
    let requests = [(0.0, "back.run", ""), (0.000001, "back.run", "")];
    let model = failing(front_and_back("", &requests), 1, 20.0, 50.0, Crash);
    assert_eq!(ends(&model), [(20.0, "answered"), (20.0, "reset")]);
}

#[test]
fn what_comes_to_a_dead_instance_is_unreachable_at_once_until_it_has_booted_and_started() {
    let requests = [20.0, 49.0, 56.999, 57.0, 58.0].map(|at| (at, "back.run", ""));
    let model = failing(front_and_back("", &requests), 1, 10.0, 50.0, Crash);
    let back = [(77.0, "answered"), (78.0, "answered")];
    let lost = [20.0, 49.0, 56.999].map(|at| (at, "unreachable"));
    // An arrival goes before what hosts do at the same instant.
    let at_the_start = (57.0, "unreachable");
    assert_eq!(ends(&model), [lost[0], lost[1], lost[2], at_the_start, back[1]]);
}

#[test]
fn what_is_lost_for_good_comes_back_when_another_is_provisioned_and_has_no_need_to_boot() {
    let hosts = r#""left": { "cores": 64, "zones": ["a"] },
                   "right": { "cores": 64, "zones": ["b"], "boot": "5ms", "provision": "30ms" }"#;
    let requests = [5.0, 10.5, 41.9, 42.5].map(|at| (at, "back.run", ""));
    let mut model = scene(hosts, "", &SERVICES.replace(r#", { "commit": {} }"#, ""), &requests);
    let at = Time::from_nanos(1_010_000_000);
    model.network.faults.push(Fault {
        what: Failing::Hosts(vec![HostId::new(1)], Crash),
        when: When::ForGood { at, key: 1 },
    });
    let expected = [(10.0, "reset"), (10.5, "unreachable"), (41.9, "unreachable")];
    assert_eq!(ends(&model)[..3], expected);
    assert_eq!(ends(&model)[3], (62.5, "answered"));
}

#[test]
fn a_reset_crosses_the_link_back() {
    let link = r#"{ "between": ["a", "b"], "latency": "3ms" }"#;
    let requests = [(0.0, "front.go", ""), (0.0, "front.try", "")];
    let model = failing(front_and_back(link, &requests), 1, 10.0, 50.0, Crash);
    // The second has the connection from 13 on; it gets there at 16 and is back at 19.
    assert_eq!(ends(&model), [(13.0, "reset"), (19.0, "unreachable")]);
}

#[test]
fn what_is_on_its_way_when_its_goal_dies_finds_nobody_there() {
    let link = r#"{ "between": ["a", "b"], "latency": "3ms" }"#;
    let model = failing(front_and_back(link, &[(0.0, "front.go", "")]), 1, 2.0, 50.0, Crash);
    assert_eq!(ends(&model), [(6.0, "unreachable")]);
}

#[test]
fn a_dead_caller_fails_at_once_and_its_callee_works_on() {
    for operation in ["front.go", "front.try"] {
        let model = failing(front_and_back("", &[(0.0, operation, "")]), 0, 5.0, 8.0, Crash);
        let (seen, usage) = outcome(&model);
        assert_eq!(seen, [(5.0, "reset")]);
        assert_eq!(busy_ms(&model, &usage, "back", 0), 20.0);
        assert_eq!(busy_ms(&model, &usage, "front.pool.p", 0), 5.0, "{operation}");
    }
}

#[test]
fn an_instance_comes_back_with_all_its_pools_and_rows_free() {
    for operation in ["front.go", "front.try", "front.branches"] {
        for style in [Crash, Silence] {
            let requests = [(0.0, operation, ""), (10.5, operation, "")];
            let model = failing(front_and_back("", &requests), 0, 1.0, 3.0, style);
            let (seen, _) = outcome(&model);
            let failed = if style == Crash { 1.0 } else { 3.0 };
            let took = if operation == "front.branches" { 104.0 } else { 20.0 };
            assert_eq!(
                seen,
                [(failed, "reset"), (10.5 + took, "answered")],
                "{operation} {style:?}"
            );
        }
    }
}

#[test]
fn a_silent_instance_hangs_until_patience_ends_or_the_outage_does() {
    let patient = r#""timeout": "30ms""#;
    let requests = [
        (0.0, "back.run", patient),
        (15.0, "back.run", patient),
        (15.0, "back.run", ""),
        (0.0, "front.go", ""),
    ];
    let model = failing(front_and_back("", &requests), 1, 10.0, 100.0, Silence);
    // Those without patience learn of it when the host comes back, without memory of them.
    assert_eq!(
        ends(&model),
        [(30.0, "timeout"), (45.0, "timeout"), (100.0, "reset"), (100.0, "reset")]
    );
}

#[test]
fn a_silent_instance_uses_no_cpu() {
    let model = failing(front_and_back("", &[(0.0, "front.compute", "")]), 0, 30.0, 90.0, Silence);
    let (_, usage) = outcome(&model);
    assert_eq!(usage.cpus.as_slice()[0] / 1e6, 30.0);
}

#[test]
fn an_answer_that_comes_back_to_a_silent_caller_is_lost() {
    let model = failing(
        front_and_back("", &[(0.0, "front.go", ""), (0.0, "front.try", "")]),
        0,
        5.0,
        50.0,
        Silence,
    );
    assert_eq!(ends(&model), [(50.0, "reset"), (50.0, "reset")]);
}

#[test]
fn overlapping_faults_last_until_the_last_of_them_ends() {
    let requests = [0.0, 35.0, 55.0].map(|at| (at, "back.run", ""));
    let model = front_and_back("", &requests);
    let model = failing(failing(model, 1, 10.0, 30.0, Crash), 1, 20.0, 40.0, Silence);
    assert_eq!(ends(&model), [(10.0, "reset"), (35.0, "unreachable"), (75.0, "answered")]);
}

/// The first check of the second of two instances, checked each 100 ms, at or after a time: half an
/// interval after the first instance's, from a moment that the run draws.
fn check_from(at_ms: f64) -> f64 {
    let luck = Keys::new(1, 0).control(key_of("app"));
    let offset_ns = Draw::at(luck, 0).below(100_000_000);
    let phase_ms = ((50_000_000 + offset_ns) % 100_000_000) as f64 / 1e6;
    phase_ms + 100.0 * ((at_ms - phase_ms) / 100.0).ceil()
}

/// Two instances in turn, a request each 10 ms, and checks each 100 ms.
fn balanced(style: FaultStyle, healthy: u32) -> Model {
    let services = format!(
        r#""app": {{ "hosts": "two", "instances": 2, "balance": "round_robin", "start": "30ms",
             "health": {{ "interval": "100ms", "timeout": "25ms", "unhealthy": 2, "healthy": {healthy} }},
             "operations": {{ "run": [{{ "wait": "1ms" }}] }} }}"#
    );
    let hosts = r#""two": { "cores": 64, "count": 2, "boot": "50ms" }"#;
    let each: Vec<Request> =
        (0..90).map(|i| (f64::from(i) * 10.0, "app.run", r#""timeout": "20ms""#)).collect();
    failing(scene(hosts, "", &services, &each), 1, 205.0, 405.0, style)
}

/// When requests were sent that did not succeed, and how they ended.
fn losses(model: &Model) -> Vec<(f64, &'static str)> {
    let ends = ends(model).into_iter().enumerate();
    ends.filter(|it| it.1.1 != "answered").map(|(i, (_, how))| (i as f64 * 10.0, how)).collect()
}

/// When requests were sent to the second instance from its failure until a time.
fn sent_until(end_ms: f64) -> Vec<f64> {
    let times = (0..).map(|i| 210.0 + 20.0 * f64::from(i));
    times.take_while(|at| *at <= end_ms).collect()
}

#[test]
fn balancers_go_on_sending_until_the_checks_say_otherwise() {
    // The first check after the failure fails and so does the next; then it is out.
    let ejected = check_from(205.0) + 100.0;
    let expected = sent_until(ejected).into_iter().map(|at| (at, "unreachable"));
    assert_eq!(losses(&balanced(Crash, 1)), expected.collect::<Vec<_>>());
}

#[test]
fn checks_of_a_silent_instance_take_their_timeout_to_fail() {
    // 25 ms longer than at once.
    let ejected = check_from(205.0) + 125.0;
    assert!(ejected < 385.0, "or the host would be back before the last patience ends");
    let expected = sent_until(ejected).into_iter().map(|at| (at, "timeout"));
    assert_eq!(losses(&balanced(Silence, 1)), expected.collect::<Vec<_>>());
}

#[test]
fn traffic_returns_after_boot_start_and_enough_good_checks() {
    // Up again at 405 + 50 + 30 = 485.
    let up = 405.0 + 50.0 + 30.0;
    for (healthy, back_at) in [(1, check_from(up)), (3, check_from(up) + 200.0)] {
        let model = balanced(Crash, healthy);
        let (_, before) = outcome_from(&model, "1.41s");
        let (_, after) = outcome_from(&model, &format!("{}ms", 1000.0 + back_at + 0.5));
        let served = busy_ms(&model, &before, "app", 1);
        assert_eq!(served, busy_ms(&model, &after, "app", 1), "none before {back_at}");
        // Every second one of those from then on.
        let from_then_on: f64 = (890.0 - back_at) / 10.0 / 2.0;
        assert!((served - from_then_on).abs() <= 1.5, "{served} of {from_then_on}");
    }
}

#[test]
fn without_checks_a_balancer_never_learns() {
    let services = r#""app": { "hosts": "two", "instances": 2, "balance": "round_robin", "operations": { "run": [{ "wait": "1ms" }] } }"#;
    let each: Vec<Request> = (0..90).map(|i| (f64::from(i) * 10.0, "app.run", "")).collect();
    let hosts = r#""two": { "cores": 64, "count": 2 }"#;
    let model = failing(scene(hosts, "", services, &each), 1, 205.0, 405.0, Crash);
    assert_eq!(losses(&model).len(), 10);
}

#[test]
fn a_balancer_by_outstanding_requests_leaves_alone_who_does_not_answer() {
    let services = r#""app": { "hosts": "two", "instances": 2, "balance": "least_outstanding", "operations": { "run": [{ "wait": "1ms" }] } }"#;
    let each: Vec<Request> =
        (0..90).map(|i| (f64::from(i) * 10.0, "app.run", r#""timeout": "500ms""#)).collect();
    let hosts = r#""two": { "cores": 64, "count": 2 }"#;
    let model = failing(scene(hosts, "", services, &each), 1, 205.0, 405.0, Silence);
    assert_eq!(losses(&model).len(), 1, "one hangs there, and the others keep away");
}

/// What a run tells of instances: when, which, and whether it is up, or believed to be.
#[derive(Default)]
struct Turns {
    truth: Vec<(f64, usize, bool)>,
    belief: Vec<(f64, usize, bool)>,
}

impl Probe for Turns {
    fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        self.truth.push((ms(now), instance.index(), up));
    }
    fn believed(&mut self, now: Time, instance: InstanceId, healthy: bool) {
        self.belief.push((ms(now), instance.index(), healthy));
    }
}

fn ms(now: Time) -> f64 {
    now.nanos() as f64 / 1e6 - 1000.0
}

#[test]
fn an_outage_runs_its_whole_course() {
    for (style, late) in [(Crash, 0.0), (Silence, 25.0)] {
        let model = balanced(style, 2);
        let (seen, _) = model.watch(&plan(1, "1.99s"), Turns::default());
        // It fails at 205; two checks fail, in silence after their timeout, and it is left out. Its
        // host is back at 405, has booted at 455, and it has started at 485. Then two checks pass.
        let ejected = check_from(205.0) + 100.0 + late;
        let back = check_from(485.0) + 100.0;
        assert_eq!(seen.truth, [(205.0, 1, false), (485.0, 1, true)]);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        let [(out, 1, false), (in_again, 1, true)] = seen.belief[..] else {
            panic!("{style:?}: {:?}", seen.belief)
        };
        assert!(near(out, ejected) && near(in_again, back), "{style:?}: {out} {in_again}");
        // The last request that it is sent in vain is the last before it is left out.
        let lost = losses(&model);
        assert_eq!(lost.last().unwrap().0, *sent_until(ejected).last().unwrap());
        // Nobody is sent there until the checks have passed, and then every second one.
        let served_until = |at_ms: f64| {
            let end = outgrow::units::Span::from_nanos((1e6 * (1000.0 + at_ms)) as u64);
            let plan = Plan { window: end, ..plan(1, "1s") };
            busy_ms(&model, &model.watch(&plan, ()).1, "app", 1)
        };
        let before = served_until(206.0);
        assert_eq!(served_until(back), before);
        let after = served_until(back + 25.0);
        assert!(after > before && after < before + 3.0, "{style:?}: {before} {after}");
    }
}
