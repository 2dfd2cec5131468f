//! CPU, disk, group commit and locks.

use super::*;

/// One host of some cores with two services on it, `a` and `b`, each with an operation per work.
fn neighbours(cores: u32, a: &str, b: &str, requests: &[Request]) -> Model {
    let hosts = format!(r#""box": {{ "cores": {cores} }}"#);
    let operations = r#""operations": { "w10": [{ "cpu": "10ms" }], "w30": [{ "cpu": "30ms" }], "rest": [{ "cpu": "10ms" }, { "wait": "100ms" }] }"#;
    let services = format!(
        r#""a": {{ "hosts": "box", {a} {operations} }}, "b": {{ "hosts": "box", {b} {operations} }}"#
    );
    scene(&hosts, "", &services, requests)
}

#[test]
fn instances_on_one_host_share_its_cores_equally() {
    let requests = [(0.0, "a.w10", ""), (0.0, "b.w10", "")];
    answered_at(&neighbours(1, "", "", &requests), &[20.0, 20.0]);
    answered_at(&neighbours(2, "", "", &requests), &[10.0, 10.0]);
    // Two of a have half a core together: b is done at 20, they at 30.
    let requests = [(0.0, "a.w10", ""), (0.0, "a.w10", ""), (0.0, "b.w10", "")];
    answered_at(&neighbours(1, "", "", &requests), &[30.0, 30.0, 20.0]);
}

#[test]
fn a_neighbour_with_three_times_the_weight_gets_three_times_the_share() {
    let requests = [(0.0, "a.w30", ""), (0.0, "b.w30", "")];
    let heavy = r#""cpu": { "request": 3 },"#;
    answered_at(&neighbours(1, heavy, "", &requests), &[40.0, 60.0]);
}

#[test]
fn a_limit_binds_and_leaves_the_rest_to_the_neighbours() {
    let limit = r#""cpu": { "limit": 0.25 },"#;
    let requests = [(0.0, "a.w10", ""), (0.0, "b.w30", "")];
    answered_at(&neighbours(1, limit, "", &requests), &[40.0, 40.0]);
    answered_at(&neighbours(8, limit, "", &requests), &[40.0, 30.0]);
}

#[test]
fn no_request_runs_on_more_than_one_core() {
    let requests = [(0.0, "a.w10", ""), (0.0, "a.w30", ""), (0.0, "a.w30", "")];
    // Two cores for three: 2/3 each until 15, then both that are left have a core.
    answered_at(&neighbours(2, "", "", &requests), &[15.0, 35.0, 35.0]);
    answered_at(&neighbours(64, "", "", &requests), &[10.0, 30.0, 30.0]);
}

#[test]
fn who_waits_uses_no_cpu() {
    let requests = [(0.0, "a.rest", ""), (10.0, "b.w10", ""), (20.0, "a.w10", "")];
    answered_at(&neighbours(1, "", "", &requests), &[110.0, 20.0, 30.0]);
}

#[test]
fn a_faster_core_takes_less_time() {
    let hosts = r#""box": { "cores": 1, "speed": 2.5 }"#;
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "cpu": "10ms" }] } }"#;
    answered_at(&scene(hosts, "", app, &[(0.0, "app.run", "")]), &[4.0]);
}

/// An application and a database on one host with this disk.
fn disk(disk: &str, requests: &[Request]) -> Model {
    let hosts = format!(r#""rack": {{ "cores": 64, "disk": {{ {disk} }} }}"#);
    let services = r#""app": { "hosts": "rack", "operations": { "log": [{ "disk": { "write": "8KiB" } }] } },
        "db": { "hosts": "rack", "operations": {
            "read": [{ "disk": { "read": "8KiB" } }], "scan": [{ "disk": { "read": "1MiB" } }],
            "three": [{ "disk": { "read": "8KiB", "count": 3 } }], "hit": [{ "disk": { "read": "8KiB", "hit": 1 } }],
            "write": [{ "commit": {} }] } }"#;
    scene(&hosts, "", services, requests)
}

#[test]
fn an_access_takes_what_limits_it_operations_or_bytes() {
    let both = r#""iops": 1000, "depth": 4, "bandwidth": "125MiB/s""#;
    answered_at(&disk(both, &[(0.0, "db.read", ""), (50.0, "db.scan", "")]), &[4.0, 58.0]);
    // Four at a time: the fifth waits.
    let five: Vec<Request> = (0..5).map(|_| (0.0, "db.read", "")).collect();
    answered_at(&disk(both, &five), &[4.0, 4.0, 4.0, 4.0, 8.0]);
}

#[test]
fn application_and_database_on_one_host_share_its_disk() {
    let slow = r#""access": "10ms""#;
    let requests = [(0.0, "app.log", ""), (0.0, "db.read", ""), (1.0, "app.log", "")];
    answered_at(&disk(slow, &requests), &[10.0, 20.0, 30.0]);
}

#[test]
fn several_accesses_stand_in_line_anew_and_hits_need_none() {
    let slow = r#""access": "10ms""#;
    let requests = [(0.0, "db.three", ""), (1.0, "db.read", ""), (2.0, "db.hit", "")];
    answered_at(&disk(slow, &requests), &[40.0, 20.0, 2.0]);
}

#[test]
fn a_commit_takes_one_to_two_flushes_and_shares_them() {
    let quick = r#""access": "1ms", "sync": "4ms""#;
    let requests = [0.0, 1.0, 2.0, 3.999999, 4.0, 50.0].map(|at| (at, "db.write", ""));
    // The first flush is for one, the second, from 4 on, for all who asked before it began.
    answered_at(&disk(quick, &requests), &[4.0, 8.0, 8.0, 8.0, 12.0, 54.0]);
}

#[test]
fn a_flush_stands_in_line_for_the_disk_and_takes_all_who_ask_meanwhile() {
    let slow = r#""access": "10ms", "sync": "4ms""#;
    let requests = [
        (0.0, "app.log", ""),
        (1.0, "db.write", ""),
        (9.0, "db.write", ""),
        (10.0, "db.write", ""),
    ];
    answered_at(&disk(slow, &requests), &[10.0, 14.0, 14.0, 18.0]);
}

#[test]
fn a_flush_takes_as_long_as_a_write_of_8_kib_unless_it_says_otherwise() {
    let requests = [(0.0, "db.write", "")];
    answered_at(&disk(r#""iops": 100"#, &requests), &[10.0]);
}

/// A database with locks on tables of some rows.
fn locks(rows: u64, requests: &[Request]) -> Model {
    let hosts = r#""rack": { "cores": 64, "disk": { "access": "1ms", "sync": "4ms" } }"#;
    let hold = |table: &str| {
        format!(
            r#"[{{ "lock": {{ "rows": {rows}, "table": "{table}" }}, "do": [{{ "wait": "10ms" }}] }}]"#
        )
    };
    let services = format!(
        r#""db": {{ "hosts": "rack", "operations": {{ "pay": {}, "refund": {}, "visit": {},
             "write": [{{ "lock": {{ "rows": {rows}, "table": "orders" }}, "do": [{{ "commit": {{}} }}] }}] }} }}"#,
        hold("orders"),
        hold("orders"),
        hold("visits"),
    );
    scene(hosts, "", &services, requests)
}

#[test]
fn holders_of_the_same_row_exclude_one_another_in_order() {
    let requests =
        [(0.0, "db.pay", ""), (2.0, "db.refund", ""), (1.0, "db.pay", ""), (1.0, "db.visit", "")];
    answered_at(&locks(1, &requests), &[10.0, 30.0, 20.0, 11.0]);
}

#[test]
fn holders_of_other_rows_do_not_mind() {
    let requests = [(0.0, "db.pay", ""), (2.0, "db.refund", ""), (1.0, "db.pay", "")];
    answered_at(&locks(1_000_000_000, &requests), &[10.0, 12.0, 11.0]);
}

#[test]
fn a_row_is_held_until_the_commit() {
    let requests = [(0.0, "db.write", ""), (1.0, "db.write", ""), (2.0, "db.write", "")];
    // No two of them can share a flush.
    answered_at(&locks(1, &requests), &[4.0, 8.0, 12.0]);
    answered_at(&locks(1_000_000_000, &requests), &[4.0, 8.0, 8.0]);
}

/// An application that a database calls while it holds a row; and one more table.
fn transactions(requests: &[Request]) -> Model {
    let hosts =
        r#""rack": { "cores": 64, "zones": ["a"] }, "desk": { "cores": 64, "zones": ["b"] }"#;
    let services = r#""db": { "hosts": "rack", "operations": {
            "pay": [{ "lock": { "rows": 1, "table": "tellers" }, "do": [
                { "wait": "1ms" }, { "call": "app.think" },
                { "lock": { "rows": 1, "table": "branches" }, "do": [{ "wait": "2ms" }] } ] }],
            "audit": [{ "lock": { "rows": 1, "table": "branches" }, "do": [{ "wait": "20ms" }] }],
            "look": [{ "lock": { "rows": 1, "table": "tellers" }, "do": [] }] } },
        "app": { "hosts": "desk", "connections": 1, "operations": { "think": [{ "wait": "10ms" }] } }"#;
    scene(hosts, "", services, requests)
}

#[test]
fn rows_are_held_while_others_are_called_and_more_rows_are_taken() {
    let requests = [(0.0, "db.pay", ""), (5.0, "db.look", ""), (5.5, "db.pay", "")];
    answered_at(&transactions(&requests), &[13.0, 13.0, 26.0]);
    let requests = [(0.0, "db.pay", ""), (5.0, "db.audit", ""), (6.0, "db.look", "")];
    answered_at(&transactions(&requests), &[27.0, 25.0, 27.0]);
}

#[test]
fn a_call_that_fails_lets_go_of_the_rows() {
    let requests = [(0.0, "app.think", ""), (0.5, "db.pay", ""), (0.7, "db.look", "")];
    let seen = ends(&transactions(&requests));
    assert_eq!(seen, [(10.0, "answered"), (1.5, "refused"), (1.5, "answered")]);
}

#[test]
fn a_crash_lets_go_of_the_rows_of_those_who_are_further_in() {
    use outgrow::network::FaultStyle;
    let requests = [(0.0, "db.pay", ""), (7.0, "db.look", "")];
    let model = transactions(&requests);
    let rack = model.hosts("rack");
    let model = model.fault(rack, "1003ms", "1005ms", FaultStyle::Crash);
    assert_eq!(ends(&model), [(3.0, "reset"), (7.0, "answered")]);
}
