//! Primaries and standbys: what a commit waits for, and how a standby takes over.

use super::*;
use outgrow::network::FaultStyle::{Crash, Silence};
use outgrow::network::{HostId, InstanceId, ServiceId};
use outgrow::sim::{Probe, Replicated};
use outgrow::units::Time;

const DISK: &str = r#""disk": { "access": "1ms", "sync": "4ms" }"#;

/// A database with so many instances in turn in zones a and b, on hosts that boot for 5 ms.
fn cluster(instances: u32, keys: &str, links: &str, requests: &[Request]) -> Model {
    let hosts = format!(r#""db": {{ "count": {instances}, "cores": 64, "boot": "5ms", {DISK} }}"#);
    let services = format!(
        r#""db": {{ "hosts": "db", "instances": {instances}, "start": "2ms", {keys},
                   "operations": {{ "write": [{{ "commit": {{}} }}], "read": [{{ "wait": "1ms" }}] }} }}"#
    );
    scene(&hosts, links, &services, requests)
}

const LINK: &str = r#"{ "between": ["a", "b"], "latency": "3ms" }"#;

fn mode(mode: &str) -> String {
    format!(r#""replication": {{ "mode": {mode} }}"#)
}

#[test]
fn a_synchronous_commit_also_crosses_the_link_is_flushed_there_and_comes_back() {
    let requests = [(0.0, "db.write", "")];
    answered_at(&cluster(2, &mode(r#""async""#), LINK, &requests), &[4.0]);
    answered_at(&cluster(2, &mode(r#""sync""#), LINK, &requests), &[4.0 + 3.0 + 4.0 + 3.0]);
}

#[test]
fn a_quorum_waits_for_the_first_so_many() {
    let requests = [(0.0, "db.write", "")];
    // The primary and the third are in zone a, the second in zone b.
    answered_at(&cluster(3, &mode(r#"{ "quorum": 1 }"#), LINK, &requests), &[8.0]);
    answered_at(&cluster(3, &mode(r#"{ "quorum": 2 }"#), LINK, &requests), &[14.0]);
    answered_at(&cluster(3, &mode(r#""sync""#), LINK, &requests), &[14.0]);
}

#[test]
fn commits_that_reach_a_standby_during_its_flush_share_the_next() {
    let requests = [(0.0, "db.write", ""), (1.0, "db.write", ""), (2.0, "db.write", "")];
    // Flushed on the primary at 4, and the others together at 8; on the standby from 7 to 11 and from
    // 11 to 15.
    answered_at(&cluster(2, &mode(r#""sync""#), LINK, &requests), &[14.0, 18.0, 18.0]);
}

/// What happened to members and their roles: when, in milliseconds, and what.
#[derive(Default)]
struct Course(Vec<(f64, String)>);

impl Course {
    fn note(&mut self, now: Time, what: String) {
        self.0.push((now.nanos() as f64 / 1e6 - 1000.0, what));
    }
}

impl Probe for Course {
    fn turned(&mut self, now: Time, instance: InstanceId, up: bool) {
        self.note(now, format!("{} {}", instance.index(), if up { "up" } else { "down" }));
    }
    fn replicated(&mut self, now: Time, _: ServiceId, what: Replicated) {
        match what {
            Replicated::Detected => self.note(now, "detected".into()),
            Replicated::Promoted { lost } => self.note(now, format!("promoted, {lost} lost")),
            Replicated::Committed { waited } => {
                self.note(now, format!("commit after {waited}"));
            }
            Replicated::Applied { lag } => self.note(now, format!("applied after {lag}")),
            Replicated::Read { stale } => {
                self.note(now, format!("{} read", if stale { "stale" } else { "fresh" }));
            }
        }
    }
}

fn course(model: &Model) -> Vec<(f64, String)> {
    let plan = Plan { window: crate::support::span("1.9s"), ..plan(1, "1s") };
    model.watch(&plan, Course::default()).0.0
}

fn course_is(model: &Model, expected: &[(f64, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(at, what)| (*at, (*what).to_owned())).collect();
    assert_eq!(course(model), expected);
}

fn fails(model: Model, host: usize, from_ms: f64, until_ms: f64, style: FaultStyle) -> Model {
    let text = |ms: f64| format!("{}ms", 1000.0 + ms);
    model.fault(vec![HostId::new(host)], &text(from_ms), &text(until_ms), style)
}

#[test]
fn a_failover_from_the_fault_to_the_old_primary_as_a_standby() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "7ms" }}"#,
        mode(r#""async""#)
    );
    let times = [8.0, 21.999, 22.999, 37.0, 70.0];
    let requests = times.map(|at| (at, "db.write", ""));
    let model = fails(cluster(2, &keys, LINK, &requests), 0, 10.0, 50.0, Crash);
    // Promoted at 10 + 10 + 7.
    assert_eq!(
        ends(&model),
        [
            (10.0, "reset"),
            (21.999, "unreachable"),
            (22.999, "unreachable"),
            (41.0, "answered"),
            (74.0, "answered"),
        ]
    );
    course_is(
        &model,
        &[
            (10.0, "0 down"),
            (20.0, "detected"),
            (27.0, "promoted, 0 lost"),
            (41.0, "commit after 0ns"),
            (57.0, "0 up"),
            // It is sent what it missed at once, and flushes that from 60 to 64.
            (74.0, "commit after 0ns"),
            (81.0, "applied after 7ms"),
        ],
    );
}

#[test]
fn a_primary_that_is_back_before_it_was_missed_goes_on() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "50ms", "promotion": "7ms" }}"#,
        mode(r#""async""#)
    );
    let requests = [(30.0, "db.write", ""), (40.0, "db.write", "")];
    let model = fails(cluster(2, &keys, LINK, &requests), 0, 10.0, 32.0, Crash);
    assert_eq!(ends(&model), [(30.0, "unreachable"), (44.0, "answered")]);
}

#[test]
fn a_silent_primary_hangs_its_callers_until_their_patience_ends() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "7ms" }}"#,
        mode(r#""async""#)
    );
    let patient = r#""timeout": "30ms""#;
    let requests =
        [(12.0, "db.write", patient), (27.5, "db.write", patient), (9.0, "db.write", "")];
    let model = fails(cluster(2, &keys, LINK, &requests), 0, 10.0, 80.0, Silence);
    assert_eq!(ends(&model), [(42.0, "timeout"), (31.5, "answered"), (80.0, "reset")]);
}

#[test]
fn what_was_answered_and_not_shipped_is_lost() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "7ms" }}"#,
        mode(r#""async""#)
    );
    // While the standby is away, two commits are answered; it is not back when the primary goes.
    let requests = [(0.0, "db.write", ""), (25.0, "db.write", ""), (30.0, "db.write", "")];
    let model = cluster(2, &keys, LINK, &requests);
    let model = fails(model, 1, 20.0, 40.0, Crash);
    let model = fails(model, 0, 36.0, 90.0, Crash);
    course_is(
        &model,
        &[
            (4.0, "commit after 0ns"),
            (11.0, "applied after 7ms"),
            (20.0, "1 down"),
            (29.0, "commit after 0ns"),
            (34.0, "commit after 0ns"),
            (36.0, "0 down"),
            // Nobody could take over at 46; the standby is back at 47, and misses the primary for 10.
            (47.0, "1 up"),
            (57.0, "detected"),
            (64.0, "promoted, 2 lost"),
            (97.0, "0 up"),
        ],
    );
}

#[test]
fn a_commit_goes_on_without_a_standby_that_is_gone_for_too_long() {
    let keys = r#""replication": { "mode": "sync", "patience": "20ms" }"#;
    let requests = [
        (0.0, "db.write", ""),
        (12.0, "db.write", ""),
        (40.0, "db.write", ""),
        (90.0, "db.write", ""),
    ];
    let model = fails(cluster(2, keys, LINK, &requests), 1, 10.0, 70.0, Crash);
    // The first two wait until 30; the standby is back at 77 and has caught up at 87.
    assert_eq!(ends(&model)[..3], [(30.0, "answered"), (30.0, "answered"), (44.0, "answered")]);
    assert_eq!(ends(&model)[3], (104.0, "answered"));
    let keys = r#""replication": { "mode": "sync", "strict": true }"#;
    let model = fails(cluster(2, keys, LINK, &requests), 1, 10.0, 70.0, Crash);
    // All wait until it has caught up: back at 77, there at 80, flushed at 84, heard of at 87.
    assert_eq!(ends(&model)[..3], [(87.0, "answered"), (87.0, "answered"), (87.0, "answered")]);
}

#[test]
fn a_read_from_a_standby_is_stale_until_it_has_applied_all_that_was_answered() {
    let reads = |apply: &str| {
        let reads = r#""reads": { "read": "standbys" }"#;
        format!(r#""replication": {{ "mode": "async", "apply": "{apply}", {reads} }}"#)
    };
    let requests = [0.0, 5.0, 10.5, 11.5, 13.5]
        .map(|at| (at, if at == 0.0 { "db.write" } else { "db.read" }, ""));
    let model = cluster(2, &reads("0s"), LINK, &requests);
    course_is(
        &model,
        &[
            (4.0, "commit after 0ns"),
            (5.0, "stale read"),
            (10.5, "stale read"),
            (11.0, "applied after 7ms"),
            (11.5, "fresh read"),
            (13.5, "fresh read"),
        ],
    );
    course_is(
        &cluster(2, &reads("2ms"), LINK, &requests),
        &[
            (4.0, "commit after 0ns"),
            (5.0, "stale read"),
            (10.5, "stale read"),
            (11.0, "applied after 9ms"),
            (11.5, "stale read"),
            (13.5, "fresh read"),
        ],
    );
    let (_, usage) = outcome(&model);
    assert_eq!(busy_ms(&model, &usage, "db", 0), 4.0, "the primary writes");
    assert_eq!(busy_ms(&model, &usage, "db", 1), 4.0, "the standby reads");
}

#[test]
fn reads_go_to_the_primary_where_no_standby_is_believed_to_work() {
    let keys = r#""replication": { "mode": "async", "reads": { "read": "standbys" } },
                  "health": { "interval": "5ms", "timeout": "1ms", "unhealthy": 1 }"#;
    let requests = [(12.0, "db.read", ""), (30.0, "db.read", "")];
    let model = fails(cluster(2, keys, LINK, &requests), 1, 10.0, 500.0, Crash);
    let (ends, usage) = outcome(&model);
    assert_eq!(ends[1], (31.0, "answered"));
    assert!(busy_ms(&model, &usage, "db", 0) >= 1.0);
}

#[test]
fn health_checks_find_out_that_the_primary_is_gone() {
    let keys = format!(
        r#"{}, "failover": {{ "promotion": "7ms" }},
           "health": {{ "interval": "10ms", "timeout": "1ms", "unhealthy": 2 }}"#,
        mode(r#""async""#)
    );
    let model = fails(cluster(2, &keys, LINK, &[(0.0, "db.write", "")]), 0, 20.0, 90.0, Crash);
    let course = course(&model);
    let detected = course.iter().find(|it| it.1 == "detected").unwrap().0;
    assert!((30.0..=40.0).contains(&detected), "{detected}");
    assert!(course.contains(&(detected + 7.0, "promoted, 0 lost".into())), "{course:?}");
}

/// Twenty writes while an old primary is back, at 57, and a new one is there, since 27.
fn two_primaries(fencing: &str) -> Model {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "7ms" {fencing} }}"#,
        mode(r#""async""#)
    );
    let requests: Vec<Request> = (0..20).map(|i| (60.0 + f64::from(i), "db.write", "")).collect();
    fails(cluster(2, &keys, LINK, &requests), 0, 10.0, 50.0, Crash)
}

#[test]
fn a_fenced_old_primary_takes_no_writes_and_one_without_a_fence_does_until_somebody_notices() {
    let used = |fencing: &str| {
        let (ends, usage) = outcome(&two_primaries(fencing));
        assert!(ends.iter().all(|it| it.1 == "answered"), "{ends:?}");
        usage.replications.as_slice()[0]
    };
    let fenced = used("");
    assert_eq!((fenced.committed, fenced.lost, fenced.diverged), (20, 0, 0));
    let split = used(r#", "fencing": false, "noticed": "500ms""#);
    assert!((4..=16).contains(&split.diverged), "{split:?}");
    assert_eq!((split.committed, split.lost), (20, split.diverged));
    let noticed_at_once = used(r#", "fencing": false, "noticed": "1ms""#);
    assert_eq!(noticed_at_once.diverged, 0);
}

#[test]
fn a_failover_that_does_not_work_leaves_no_primary_until_the_old_one_is_back() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "7ms", "coverage": 0 }}"#,
        mode(r#""async""#)
    );
    let requests = [(40.0, "db.write", ""), (60.0, "db.write", "")];
    let model = fails(cluster(2, &keys, LINK, &requests), 0, 10.0, 50.0, Crash);
    assert_eq!(ends(&model), [(40.0, "unreachable"), (64.0, "answered")]);
    let used = outcome(&model).1.replications.as_slice()[0];
    assert_eq!((used.outages, used.failovers, used.gone_ns), (1, 0, 47_000_000));
}

#[test]
fn pools_open_all_their_connections_anew_after_a_failover() {
    let hosts = format!(
        r#""web": {{ "cores": 64, "zones": ["a"] }},
           "db": {{ "count": 2, "cores": 64, "boot": "5ms", {DISK} }}"#
    );
    let services = r#"
        "app": { "hosts": "web",
                 "pools": { "to_db": { "size": 4, "connect": { "call": "db.open", "minimum": 4 } } },
                 "operations": { "go": [{ "call": "db.write", "through": "to_db" }] } },
        "db": { "hosts": "db", "instances": 2, "start": "2ms", "connections": 4,
                "replication": { "mode": "async" },
                "failover": { "detection": "10ms", "promotion": "7ms" },
                "operations": { "open": [{ "wait": "2ms" }], "write": [{ "commit": {} }] } }"#;
    let mut requests = vec![(0.0, "app.go", "")];
    requests.extend((0..4).map(|_| (30.0, "app.go", "")));
    requests.extend((0..4).map(|_| (60.0, "app.go", "")));
    let model = scene(&hosts, "", services, &requests);
    let (ends, usage) = outcome(&fails(model, 1, 10.0, 50.0, Crash));
    let (first, then) = (ends[0], &ends[1..]);
    assert_eq!(first, (4.0, "answered"));
    let times: Vec<f64> = then.iter().map(|it| it.0).collect();
    // Two milliseconds to open each, and then one flush, and one for the other three.
    assert_eq!(times, [36.0, 40.0, 40.0, 40.0, 64.0, 68.0, 68.0, 68.0]);
    assert_eq!(usage.connects.as_slice(), [4]);
}

#[test]
fn a_partition_keeps_commits_waiting_until_patience_ends_and_the_standby_catches_up_after_it() {
    let hosts = format!(r#""db": {{ "count": 2, "cores": 64, {DISK} }}"#);
    let services = r#""db": { "hosts": "db", "instances": 2,
        "replication": { "mode": "sync", "patience": "20ms" },
        "operations": { "write": [{ "commit": {} }] } }"#;
    let faults = r#""faults": [{ "partition": ["a", "b"], "every": "1010ms", "for": "50ms" }],"#;
    let requests = [12.0, 40.0, 80.0].map(|at| (at, "db.write", ""));
    let model = scene_with(&hosts, LINK, services, faults, &requests);
    answered_at(&model, &[30.0, 44.0, 94.0]);
}

#[test]
fn a_commit_that_waits_for_a_standby_hangs_with_its_silent_primary() {
    let requests = [(0.0, "db.write", ""), (90.0, "db.write", "")];
    let model = cluster(2, &mode(r#""sync""#), LINK, &requests);
    let model = fails(model, 0, 5.0, 80.0, Silence);
    // What was on its way is sent again at 87, and is flushed at 94.
    assert_eq!(ends(&model), [(80.0, "reset"), (104.0, "answered")]);
}

#[test]
fn a_standby_that_lacks_what_a_synchronous_primary_has_answered_is_not_promoted() {
    let keys = r#""replication": { "mode": "sync", "patience": "20ms" },
                  "failover": { "detection": "10ms", "promotion": "7ms" }"#;
    let requests = [(12.0, "db.write", ""), (70.0, "db.write", ""), (110.0, "db.write", "")];
    let model = fails(cluster(2, keys, LINK, &requests), 1, 10.0, 40.0, Crash);
    let model = fails(model, 0, 35.0, 100.0, Crash);
    // Answered without the standby at 30. That one is back at 47, and waits for the primary until 107.
    assert_eq!(ends(&model), [(30.0, "answered"), (70.0, "unreachable"), (114.0, "answered")]);
}

#[test]
fn another_standby_is_promoted_if_the_first_goes_meanwhile() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "20ms" }}"#,
        mode(r#""async""#)
    );
    let model = cluster(3, &keys, LINK, &[(0.0, "db.write", "")]);
    let model = fails(model, 0, 12.0, 500.0, Crash);
    let model = fails(model, 1, 25.0, 500.0, Crash);
    let course = course(&model);
    let said: Vec<(f64, &str)> = course.iter().map(|it| (it.0, it.1.as_str())).collect();
    assert_eq!(
        said[3..8],
        [
            (12.0, "0 down"),
            (22.0, "detected"),
            (25.0, "1 down"),
            (35.0, "detected"),
            (55.0, "promoted, 0 lost"),
        ]
    );
}

#[test]
fn a_primary_that_comes_back_alone_goes_on_without_its_standby_once_patience_ends() {
    let keys = r#""replication": { "mode": "sync", "patience": "20ms" }"#;
    let requests = [(60.0, "db.write", ""), (100.0, "db.write", "")];
    let model = fails(cluster(2, keys, LINK, &requests), 1, 5.0, 500.0, Crash);
    let model = fails(model, 0, 10.0, 50.0, Crash);
    // Back at 57, it waits for the standby until 77.
    assert_eq!(ends(&model), [(77.0, "answered"), (104.0, "answered")]);
}

#[test]
fn a_fenced_primary_goes_on_if_the_one_that_was_to_replace_it_goes() {
    let keys = format!(
        r#"{}, "failover": {{ "detection": "10ms", "promotion": "100ms" }}"#,
        mode(r#""async""#)
    );
    let requests = [(60.0, "db.write", ""), (90.0, "db.write", "")];
    let model = fails(cluster(2, &keys, LINK, &requests), 0, 10.0, 50.0, Crash);
    let model = fails(model, 1, 80.0, 500.0, Crash);
    // It is back at 57, when the other is already being promoted.
    assert_eq!(ends(&model), [(60.0, "unreachable"), (94.0, "answered")]);
}
