//! Hosts that come and go: when they are asked for, when they are there, and who moves where.

use super::*;
use outgrow::rng::{Draw, Keys, key_of};
use outgrow::sim::{HostsUse, ScalingUse};

const SECOND: u64 = 1_000_000_000;
const RUN: u64 = 30 * SECOND;

/// One service on hosts that are looked after every second, and so many users who each send one
/// request that is never answered.
fn scaled(hosts: &str, service: &str, users: u32) -> Model {
    model(&format!(
        r#"{{ "name": "scaled", "zones": {{ "a": {{}}, "b": {{}} }},
             "hosts": {{ "box": {{ "cores": 2, {hosts} }} }},
             "services": {{ "app": {{ "hosts": "box", "balance": "round_robin", "start": "2s", {service},
                 "operations": {{ "run": [{{ "wait": "1h" }}] }} }} }},
             "traffic": {{ "user": {{ "call": "app.run", "closed": {{ "users": {users}, "think": "1ms" }} }} }} }}"#
    ))
}

fn used(model: &Model) -> (ScalingUse, HostsUse, Vec<u128>) {
    let (_, usage) = model.watch(&plan(1, "30s"), Diary::default());
    let present = usage.hosts_present_ns.as_slice().to_vec();
    (usage.scalers.as_slice()[0], usage.hosts.as_slice()[0], present)
}

/// When hosts are first looked at.
fn scan() -> u64 {
    Draw::at(Keys::new(1, 0).control(key_of("box provisioning")), u64::MAX).below(SECOND)
}

/// When the service is measured and looked at for the first time after its users have come.
fn acted() -> u64 {
    let key = Keys::new(1, 0).control(key_of("app"));
    let (measured, look) = (Draw::at(key, 1).below(SECOND), Draw::at(key, 2).below(SECOND));
    look + measured.max(1_000_001).saturating_sub(look).div_ceil(SECOND) * SECOND
}

fn scan_after(time: u64) -> u64 {
    scan() + time.saturating_sub(scan()).div_ceil(SECOND) * SECOND
}

const BY_REQUESTS: &str = r#""cpu": { "request": 1 }, "scaling": { "hpa": {
    "max": 9, "metrics": [{ "outstanding": 1 }], "sync_period": "1s", "scrape_interval": "1s" } }"#;

#[test]
fn who_finds_no_room_waits_until_a_host_has_been_asked_for_and_has_come() {
    let hosts = r#""autoscaling": { "max": 5, "provision": "7s", "scan_interval": "1s" }"#;
    let (service, hosts, present) = used(&scaled(hosts, BY_REQUESTS, 4));
    let (acted, asked) = (acted(), scan_after(acted()));
    // One of the three new ones has room at once; a host has room for the other two.
    assert_eq!(service.wanted_ns, u128::from(acted + 4 * (RUN - acted)));
    let second = RUN - (acted + 2 * SECOND);
    let others = RUN - (asked + 9 * SECOND);
    assert_eq!(service.ready_ns, u128::from(RUN + second + 2 * others));
    assert_eq!((hosts.added, hosts.removed, hosts.most), (1, 0, 2));
    let there = [RUN, RUN - (asked + 7 * SECOND), 0, 0, 0].map(u128::from);
    assert_eq!(present, there);
}

#[test]
fn more_hosts_than_may_be_are_never_asked_for() {
    let hosts = r#""autoscaling": { "max": 2, "provision": "1s", "scan_interval": "1s" }"#;
    let (service, hosts, _) = used(&scaled(hosts, BY_REQUESTS, 9));
    let asked = scan_after(acted());
    assert_eq!(service.most, 9);
    let (second, others) = (RUN - (acted() + 2 * SECOND), RUN - (asked + 3 * SECOND));
    assert_eq!(service.ready_ns, u128::from(RUN + second + 2 * others));
    assert_eq!((hosts.added, hosts.most), (1, 2));
}

#[test]
fn an_empty_host_goes_when_it_has_been_unneeded_for_long_enough() {
    let hosts = r#""count": 2, "autoscaling": { "min": 1, "max": 2, "provision": "1s",
        "scan_interval": "1s", "unneeded": "3s", "utilization": 0.5 }"#;
    let service = r#""cpu": { "request": 1 }, "scaling": { "timetable": { "every": "1h", "entries": [
        { "at": "0s", "instances": 4 }, { "at": "5s", "instances": 1 }] } }"#;
    let (_, hosts, mut present) = used(&scaled(hosts, service, 1));
    present.sort_unstable();
    let gone = scan_after(5 * SECOND) + 3 * SECOND;
    assert_eq!(present, [u128::from(gone), u128::from(RUN)]);
    assert_eq!((hosts.added, hosts.removed, hosts.most), (0, 1, 2));
}

#[test]
fn what_runs_on_a_host_that_is_given_up_starts_elsewhere() {
    let hosts = r#""count": 2, "autoscaling": { "min": 1, "max": 2, "provision": "1s",
        "scan_interval": "1s", "unneeded": "3s" }"#;
    let service = r#""instances": 2, "cpu": { "request": 0.25 }, "scaling": { "hpa": {
        "min": 2, "max": 2, "metrics": [{ "line": 1 }] } }"#;
    let (service, hosts, present) = used(&scaled(hosts, service, 1));
    let gone = scan() + 3 * SECOND;
    // The one that moves is not ready for as long as another takes to start.
    assert_eq!(service.ready_ns, u128::from(2 * RUN - 2 * SECOND));
    assert_eq!((service.started, service.stopped, hosts.removed), (1, 1, 1));
    assert_eq!(present, [u128::from(RUN), u128::from(gone)]);
}

#[test]
fn a_host_is_not_given_up_while_the_budget_of_a_service_forbids_it() {
    let hosts = r#""count": 2, "autoscaling": { "min": 1, "max": 2, "provision": "1s",
        "scan_interval": "1s", "unneeded": "3s" }"#;
    let removed = |budget: &str| {
        let service = format!(
            r#""instances": 2, "cpu": {{ "request": 0.25 }}, "disruption_budget": {{ {budget} }},
               "scaling": {{ "hpa": {{ "min": 2, "max": 2, "metrics": [{{ "line": 1 }}] }} }}"#
        );
        used(&scaled(hosts, &service, 1)).1.removed
    };
    assert_eq!(removed(r#""max_unavailable": 1"#), 1);
    assert_eq!(removed(r#""min_available": "51%""#), 0);
}

#[test]
fn hosts_that_never_change_change_nothing() {
    let plain = |hosts: &str| {
        let model = model(&format!(
            r#"{{ "name": "plain", "hosts": {{ "box": {{ "count": 2, "cores": 2 {hosts} }} }},
                 "services": {{ "app": {{ "hosts": "box", "instances": 3, "workers": 2, "line": 4,
                     "cpu": {{ "request": 0.5 }}, "balance": "power_of_two",
                     "operations": {{ "run": [{{ "cpu": {{ "exponential": "20ms" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "rate": "120/s" }} }} }}"#
        ));
        model.watch(&plan(1, "60s"), outgrow::sim::Fingerprint::default()).0
    };
    let scaled = plain(r#", "autoscaling": { "max": 4, "provision": "1s" }"#);
    assert_eq!(format!("{:?}", plain("")), format!("{scaled:?}"));
}
