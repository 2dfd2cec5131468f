//! Work that nobody waits for any more: taken back wherever it stands if it says so, and measured if not.

use super::*;
use outgrow::ids::Table;
use outgrow::network::FaultStyle;

const CANCEL: &str = r#""timeout": "10ms", "cancel": true"#;

fn one_worker(steps: &str) -> String {
    format!(r#""app": {{ "hosts": "box", "workers": 1, "operations": {{ "run": {steps} }} }}"#)
}

#[test]
fn who_works_gives_the_worker_back_and_who_waits_leaves_the_line() {
    let app = one_worker(r#"[{ "wait": "100ms" }]"#);
    let requests = [(0.0, "app.run", CANCEL), (1.0, "app.run", CANCEL), (2.0, "app.run", "")];
    let model = scene(BOX, "", &app, &requests);
    let (seen, usage) = outcome(&model);
    // At 10 the worker goes to the second, who leaves at 11.
    assert_eq!(seen, [(10.0, "timeout"), (11.0, "timeout"), (111.0, "answered")]);
    assert_eq!(busy_ms(&model, &usage, "app", 0), 111.0);
}

#[test]
fn a_shared_cpu_is_left_to_the_others() {
    let small = r#""box": { "cores": 1, "zones": ["a"] }"#;
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "cpu": "20ms" }] } }"#;
    let requests = [(0.0, "app.run", CANCEL), (0.0, "app.run", "")];
    let model = scene(small, "", app, &requests);
    let (seen, usage) = outcome(&model);
    // Both had half the core for 10 ms.
    assert_eq!(seen, [(10.0, "timeout"), (25.0, "answered")]);
    assert!((usage.wasted.cpu_ns.as_slice()[0] - 5e6).abs() < 10.0);
}

const DISK: &str =
    r#""box": { "cores": 64, "disk": { "depth": 1, "access": "8ms", "sync": "8ms" } }"#;

#[test]
fn an_access_is_broken_off_and_the_disk_goes_to_the_next() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "disk": { "read": "8KiB", "count": 3 } }] } }"#;
    let requests = [(0.0, "app.run", CANCEL), (1.0, "app.run", "")];
    let model = scene(DISK, "", app, &requests);
    let (seen, usage) = outcome(&model);
    // In turn: 0 to 8 the one, 8 to 16 the other, who then has the disk alone, as the one left the line at 10.
    assert_eq!(seen, [(10.0, "timeout"), (32.0, "answered")]);
    let requests = [(0.0, "app.run", r#""timeout": "18ms", "cancel": true"#), (1.0, "app.run", "")];
    let (seen, usage_of_second) = outcome(&scene(DISK, "", app, &requests));
    assert_eq!(seen, [(18.0, "timeout"), (34.0, "answered")]);
    // What was read while somebody waited was not in vain.
    assert_eq!(usage.wasted.disk_ns.as_slice(), [0.0]);
    assert_eq!(usage_of_second.wasted.disk_ns.as_slice(), [2e6]);
}

#[test]
fn a_row_is_let_go_of_and_no_longer_waited_for() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "lock": { "rows": 1 }, "do": [{ "wait": "30ms" }] }] } }"#;
    let late = r#""timeout": "15ms", "cancel": true"#;
    let requests = [
        (0.0, "app.run", CANCEL),
        (1.0, "app.run", ""),
        (2.0, "app.run", late),
        (3.0, "app.run", ""),
    ];
    let seen = ends(&scene(BOX, "", app, &requests));
    assert_eq!(
        seen,
        [(10.0, "timeout"), (40.0, "answered"), (17.0, "timeout"), (70.0, "answered")]
    );
}

#[test]
fn a_commit_is_not_broken_off_but_let_go_of_when_it_is_flushed() {
    let app = r#""app": { "hosts": "box", "workers": 1, "operations": { "run": [{ "commit": {} }, { "wait": "9ms" }] } }"#;
    let patience = r#""timeout": "5ms", "cancel": true"#;
    let seen = ends(&scene(DISK, "", app, &[(0.0, "app.run", patience), (1.0, "app.run", "")]));
    // The worker is free at 8.
    assert_eq!(seen, [(5.0, "timeout"), (25.0, "answered")]);
}

#[test]
fn connections_are_freed_and_everything_further_in_is_taken_back_too() {
    let services = r#""front": { "hosts": "box", "pools": { "p": { "size": 1 } }, "operations": { "go": [{ "call": "middle.go", "through": "p" }] } },
        "middle": { "hosts": "box", "workers": 1, "operations": { "go": [{ "parallel": [[{ "call": "back.run", "timeout": "1s", "retry": { "attempts": 3 } }], [{ "wait": "70ms" }]] }] } },
        "back": { "hosts": "box", "workers": 1, "operations": { "run": [{ "wait": "20ms" }] } }"#;
    let requests = [(0.0, "front.go", CANCEL), (1.0, "front.go", "")];
    let model = scene(BOX, "", services, &requests);
    let (seen, usage) = outcome(&model);
    assert_eq!(seen, [(10.0, "timeout"), (80.0, "answered")]);
    let busy = ["front", "front.pool.p", "middle", "back"].map(|it| busy_ms(&model, &usage, it, 0));
    assert_eq!(busy, [10.0 + 79.0, 80.0, 80.0, 30.0]);
}

#[test]
fn without_it_the_same_goes_on_in_vain() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "cpu": "5ms" }, { "cpu": "30ms" }, { "wait": "1ms" }, { "cpu": "2ms" }] } }"#;
    let requests = [(0.0, "app.run", r#""timeout": "10ms""#), (0.0, "app.run", "")];
    let (seen, usage) = outcome(&scene(BOX, "", app, &requests));
    assert_eq!(seen, [(10.0, "timeout"), (38.0, "answered")]);
    // The first piece was done while somebody waited.
    assert_eq!(usage.wasted.cpu_ns.as_slice(), [32e6]);
    let (_, usage) =
        outcome(&scene(BOX, "", app, &[(0.0, "app.run", CANCEL), (0.0, "app.run", "")]));
    assert_eq!(usage.wasted.cpu_ns.as_slice(), [5e6]);
}

#[test]
fn what_is_on_its_way_never_arrives() {
    let hosts =
        r#""left": { "cores": 64, "zones": ["a"] }, "right": { "cores": 64, "zones": ["b"] }"#;
    let link = r#"{ "between": ["a", "b"], "latency": "8ms" }"#;
    let services = |more: &str| {
        format!(
            r#""front": {{ "hosts": "left", "operations": {{ "go": [{{ "wait": "4ms" }}, {{ "call": "back.run" {more} }}] }} }},
               "back": {{ "hosts": "right", "workers": 1, "operations": {{ "run": [{{ "wait": "20ms" }}] }} }}"#
        )
    };
    let there = scene(hosts, link, &services(""), &[(0.0, "front.go", CANCEL)]);
    let (seen, usage) = outcome(&there);
    assert_eq!(seen, [(10.0, "timeout")]);
    assert_eq!(["front", "back"].map(|it| busy_ms(&there, &usage, it, 0)), [10.0, 0.0]);
    // On its way back it is dropped as well: the front is free at once.
    let back = scene(
        hosts,
        link,
        &services(""),
        &[(0.0, "front.go", r#""timeout": "35ms", "cancel": true"#)],
    );
    let (seen, usage) = outcome(&back);
    assert_eq!(seen, [(35.0, "timeout")]);
    assert_eq!(["front", "back"].map(|it| busy_ms(&back, &usage, it, 0)), [35.0, 20.0]);
}

#[test]
fn branches_are_taken_back_when_enough_have_succeeded_or_too_many_failed() {
    let app = |need: u32, cancel: bool| {
        format!(
            r#""app": {{ "hosts": "box", "operations": {{ "all": [{{ "parallel":
                [[{{ "call": "leaf.a" }}], [{{ "call": "leaf.b" }}], [{{ "call": "leaf.c" }}, {{ "fail": 1 }}]], "need": {need}, "cancel": {cancel} }}] }} }},
               "leaf": {{ "hosts": "box", "operations": {{ "a": [{{ "cpu": "10ms" }}], "b": [{{ "cpu": "50ms" }}], "c": [{{ "cpu": "20ms" }}] }} }}"#
        )
    };
    let seen = |need, cancel| {
        let model = scene(BOX, "", &app(need, cancel), &[(0.0, "app.all", "")]);
        let (ends, usage) = outcome(&model);
        (ends[0], busy_ms(&model, &usage, "leaf", 0), usage.wasted.cpu_ns.as_slice()[1] / 1e6)
    };
    assert_eq!(seen(1, false), ((10.0, "answered"), 80.0, 70.0));
    assert_eq!(seen(1, true), ((10.0, "answered"), 30.0, 20.0));
    assert_eq!(seen(2, true), ((50.0, "answered"), 80.0, 0.0));
    assert_eq!(seen(3, false), ((20.0, "error"), 80.0, 50.0));
    assert_eq!(seen(3, true), ((20.0, "error"), 50.0, 20.0));
}

const SPLIT: &str =
    r#""left": { "cores": 64, "zones": ["a"] }, "right": { "cores": 64, "zones": ["b"] }"#;
const CHAIN: &str = r#""front": { "hosts": "left", "operations": { "go": [{ "call": "back.run", CANCEL "timeout": "100ms" }] } },
    "back": { "hosts": "right", "workers": 1, "operations": { "run": [{ "wait": "60ms" }] } }"#;

fn chain(
    cancel: bool,
    class: &str,
    style: FaultStyle,
    fails: &str,
) -> (Vec<(f64, &'static str)>, [f64; 2]) {
    let services = CHAIN.replace("CANCEL", if cancel { r#""cancel": true,"# } else { "" });
    let model = scene(SPLIT, "", &services, &[(0.0, "front.go", class)]);
    let hosts = model.hosts(fails);
    let model = model.fault(hosts, "1.02s", "1.2s", style);
    let (ends, usage) = outcome(&model);
    let busy = ["front", "back"].map(|it| busy_ms(&model, &usage, it, 0));
    (ends, busy)
}

#[test]
fn when_a_caller_dies_its_call_is_taken_back_if_it_says_so() {
    let crash = |cancel| chain(cancel, "", FaultStyle::Crash, "left");
    assert_eq!(crash(false), (vec![(20.0, "reset")], [20.0, 60.0]));
    assert_eq!(crash(true), (vec![(20.0, "reset")], [20.0, 20.0]));
}

#[test]
fn a_silent_instance_hears_of_nothing_but_whoever_waits_for_it_is_freed() {
    let class = r#""timeout": "50ms", "cancel": true"#;
    // The back is silent: its worker stays taken until the outage is over, at 200.
    let silent = chain(true, class, FaultStyle::Silence, "right");
    assert_eq!(silent, (vec![(50.0, "timeout")], [50.0, 200.0]));
    // The front is silent: nobody tells the back that it need not go on.
    let silent = chain(true, class, FaultStyle::Silence, "left");
    assert_eq!(silent, (vec![(50.0, "timeout")], [200.0, 60.0]));
}

#[test]
fn what_one_and_the_same_request_holds_in_front_of_a_silent_instance_is_freed() {
    // No patience in between: the same request is in both instances.
    let services = r#""front": { "hosts": "left", "pools": { "p": { "size": 1 } }, "operations": { "go": [{ "call": "back.run", "through": "p" }] } },
        "back": { "hosts": "right", "workers": 1, "operations": { "run": [{ "wait": "60ms" }] } }"#;
    let model =
        scene(SPLIT, "", services, &[(0.0, "front.go", r#""timeout": "50ms", "cancel": true"#)]);
    let hosts = model.hosts("right");
    let model = model.fault(hosts, "1.02s", "1.2s", FaultStyle::Silence);
    let (ends, usage) = outcome(&model);
    assert_eq!(ends, [(50.0, "timeout")]);
    let busy = ["front", "front.pool.p", "back"].map(|it| busy_ms(&model, &usage, it, 0));
    assert_eq!(busy, [50.0, 50.0, 200.0]);
}

#[test]
fn what_a_crashed_instance_was_doing_for_somebody_was_not_in_vain_but_for_nobody_it_was() {
    let services = r#""app": { "hosts": "left", "operations": { "run": [{ "cpu": "100ms" }] } }"#;
    let requests = [(0.0, "app.run", ""), (0.0, "app.run", r#""timeout": "10ms""#)];
    let model = scene(SPLIT, "", services, &requests);
    let hosts = model.hosts("left");
    let model = model.fault(hosts, "1.05s", "1.2s", FaultStyle::Crash);
    let (ends, usage) = outcome(&model);
    assert_eq!(ends, [(50.0, "reset"), (10.0, "timeout")]);
    assert_eq!(usage.wasted.cpu_ns.as_slice(), [50e6]);
}

#[test]
fn writes_that_nobody_waits_for_are_neither_taken_back_nor_in_vain() {
    let app = r#""app": { "hosts": "box", "operations": { "run": [{ "disk": { "write": "8KiB", "count": 3, "wait": false } }, { "wait": "50ms" }] } }"#;
    let model = scene(DISK, "", app, &[(0.0, "app.run", CANCEL)]);
    let (ends, usage) = outcome(&model);
    assert_eq!(ends, [(10.0, "timeout")]);
    let disk: u128 = disk_busy_ns(&model, &usage);
    assert_eq!((disk, usage.wasted.disk_ns.as_slice()), (24_000_000, &[0.0][..]));
}

fn disk_busy_ns(model: &Model, usage: &Usage) -> u128 {
    let group = model.pools("box.disk");
    let pools: &Table<_, _> = &model.network.pools;
    pools.ids().filter(|it| pools[*it].group == group).map(|it| usage.pools[it].busy).sum()
}
