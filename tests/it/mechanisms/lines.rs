//! Disciplines of a line, patience in it, and who is let in at all.

use super::*;

/// One worker who serves everybody in line for as long as asked, with these further keys.
fn desk(more: &str) -> String {
    format!(
        r#""desk": {{ "hosts": "box", "workers": 1, {more}, "operations": {{
             "one": [{{ "cpu": "1ms" }}], "two": [{{ "cpu": "2ms" }}], "three": [{{ "wait": "3ms" }}],
             "four": [{{ "cpu": "4ms" }}], "ten": [{{ "wait": "10ms" }}] }} }}"#
    )
}

/// When each was answered.
fn times(services: &str, requests: &[Request]) -> Vec<f64> {
    let seen = ends(&scene(BOX, "", services, requests));
    assert!(seen.iter().all(|it| it.1 == "answered"), "{seen:?}");
    seen.iter().map(|it| it.0).collect()
}

#[test]
fn last_come_first_served() {
    let requests = [(0.0, "desk.ten", ""), (1.0, "desk.one", ""), (2.0, "desk.one", "")];
    assert_eq!(times(&desk(r#""discipline": "lifo""#), &requests), [10.0, 12.0, 11.0]);
}

#[test]
fn a_short_line_is_served_in_order_and_a_long_one_from_its_end() {
    let ten = (0.0, "desk.ten", "");
    let adaptive = desk(r#""discipline": { "adaptive_lifo": { "above": 2 } }"#);
    let short = [ten, (1.0, "desk.one", ""), (2.0, "desk.one", "")];
    assert_eq!(times(&adaptive, &short), [10.0, 11.0, 12.0]);
    let long = [ten, (1.0, "desk.one", ""), (2.0, "desk.one", ""), (3.0, "desk.one", "")];
    assert_eq!(times(&adaptive, &long), [10.0, 12.0, 13.0, 11.0]);
}

#[test]
fn the_shortest_job_goes_first_and_equals_in_order() {
    let requests = [
        (0.0, "desk.ten", ""),
        (1.0, "desk.four", ""),
        (2.0, "desk.two", ""),
        (3.0, "desk.three", ""),
        (4.0, "desk.two", ""),
    ];
    let shortest = desk(r#""discipline": "shortest_first""#);
    assert_eq!(times(&shortest, &requests), [10.0, 21.0, 12.0, 17.0, 14.0]);
}

#[test]
fn the_class_that_matters_most_goes_first_and_lets_others_finish() {
    // Classes are named r0, r1 and so on in the order of the requests.
    let priority =
        desk(r#""discipline": { "priority": { "classes": { "r1": 1, "r2": 0, "r3": 1 } } }"#);
    let requests = [
        (0.0, "desk.ten", ""),
        (1.0, "desk.one", ""),
        (2.0, "desk.one", ""),
        (3.0, "desk.one", ""),
        (0.5, "desk.one", ""),
    ];
    assert_eq!(times(&priority, &requests), [10.0, 12.0, 11.0, 13.0, 14.0]);
}

const PREEMPTIVE: &str = r#""discipline": { "priority": { "preemptive": true, "classes": { "r1": 0, "r3": 0, "r0": 1 } } }"#;

#[test]
fn whoever_is_interrupted_goes_on_where_it_stopped() {
    // Worked out by hand; the same whether it computes or waits.
    for step in ["cpu", "wait"] {
        let desk = format!(
            r#""desk": {{ "hosts": "box", "workers": 1, {PREEMPTIVE}, "operations": {{
                 "one": [{{ "{step}": "1ms" }}], "two": [{{ "{step}": "2ms" }}], "four": [{{ "{step}": "4ms" }}] }} }}"#
        );
        let requests = [
            (0.0, "desk.four", ""),
            (1.0, "desk.two", ""),
            (2.0, "desk.one", ""),
            (2.5, "desk.one", ""),
        ];
        assert_eq!(times(&desk, &requests), [7.0, 3.0, 8.0, 4.0], "{step}");
    }
}

#[test]
fn one_may_be_interrupted_again_and_again() {
    let requests = [
        (0.0, "desk.ten", ""),
        (1.0, "desk.one", ""),
        (50.0, "desk.one", ""),
        (4.0, "desk.three", ""),
    ];
    assert_eq!(times(&desk(PREEMPTIVE), &requests), [14.0, 2.0, 51.0, 7.0]);
}

#[test]
fn nobody_is_interrupted_who_holds_more_than_a_worker() {
    let services = format!(
        r#""desk": {{ "hosts": "box", "workers": 1, {PREEMPTIVE}, "operations": {{
             "row": [{{ "cpu": "1ms" }}, {{ "lock": {{ "rows": 1 }}, "do": [{{ "cpu": "10ms" }}] }}, {{ "cpu": "5ms" }}],
             "one": [{{ "cpu": "1ms" }}] }} }}"#
    );
    // Asked for while it holds the row; it gives way when it has let go of it.
    let late = (90.0, "desk.one", "");
    let requests = [(0.0, "desk.row", ""), (2.0, "desk.one", ""), late, late];
    assert_eq!(times(&services, &requests)[..2], [17.0, 12.0]);
}

#[test]
fn whoever_waits_for_a_call_keeps_its_worker_until_it_computes_again() {
    let services = format!(
        r#""desk": {{ "hosts": "box", "workers": 1, {PREEMPTIVE}, "operations": {{
             "ask": [{{ "call": "other.run" }}, {{ "cpu": "2ms" }}], "one": [{{ "cpu": "1ms" }}] }} }},
           "other": {{ "hosts": "box", "operations": {{ "run": [{{ "wait": "10ms" }}] }} }}"#
    );
    let late = (90.0, "desk.one", "");
    let requests = [(0.0, "desk.ask", ""), (2.0, "desk.one", ""), late, late];
    assert_eq!(times(&services, &requests)[..2], [13.0, 11.0]);
}

#[test]
fn of_several_at_work_the_least_important_that_began_last_gives_way() {
    let services = r#""desk": { "hosts": "box", "workers": 3,
         "discipline": { "priority": { "preemptive": true, "classes": { "r0": 1, "r1": 2, "r2": 2, "r3": 0, "r4": 1 } } },
         "operations": { "ten": [{ "cpu": "10ms" }], "five": [{ "cpu": "5ms" }] } }"#;
    let requests = [
        (0.0, "desk.ten", ""),
        (1.0, "desk.ten", ""),
        (2.0, "desk.ten", ""),
        (3.0, "desk.five", ""),
        (4.0, "desk.five", ""),
    ];
    // r2 has 9 ms left when it gives way to r3, and r1 7 ms when it gives way to r4.
    assert_eq!(times(services, &requests), [10.0, 15.0, 18.0, 8.0, 9.0]);
}

#[test]
fn classes_take_turns_whatever_the_others_send() {
    let fair = desk(r#""discipline": { "fair": {} }"#);
    let services = fair.as_str();
    // r0 has eight in line when r1 comes with one; two classes of one request each would not tell.
    let model = model(&format!(
        r#"{{ "name": "fair", "hosts": {{ {BOX} }}, "services": {{ {services} }},
             "zones": {{ "a": {{}} }},
             "traffic": {{ "many": {{ "call": "desk.ten", "closed": {{ "users": 8, "think": "1s" }} }},
                          "one": {{ "call": "desk.ten", "closed": {{ "users": 1, "think": "1001ms" }} }} }} }}"#
    ));
    let (diary, _) = model.watch(&plan(1, "1.5s"), Diary::default());
    let one = diary.answered.iter().position(|it| it.1 == model.class("one"));
    // The first of the many is at work when it comes; the second was tagged before it.
    assert!(one.is_some_and(|it| it <= 2), "{one:?}");
}

#[test]
fn patience_in_line_ends_in_a_timeout_and_never_once_at_work() {
    let requests = [(0.0, "desk.ten", ""), (1.0, "desk.ten", ""), (5.0, "desk.ten", "")];
    let seen = ends(&scene(BOX, "", &desk(r#""patience": "9ms""#), &requests));
    // The second's ends at the instant at which the first is answered: that comes first.
    assert_eq!(seen, [(10.0, "answered"), (20.0, "answered"), (14.0, "timeout")]);
}

#[test]
fn a_line_that_has_stood_for_long_leaves_newcomers_little_patience() {
    let adaptive = desk(r#""adaptive_patience": { "long": "15ms", "short": "2ms" }"#);
    let requests = [
        (0.0, "desk.ten", ""),
        (1.0, "desk.ten", ""),
        (2.0, "desk.ten", ""),
        // The line was last empty at 1 ms.
        (15.999, "desk.ten", ""),
        (16.0, "desk.ten", ""),
    ];
    let seen = ends(&scene(BOX, "", &adaptive, &requests));
    let refused = [(17.0, "refused"), (30.0, "answered"), (18.0, "refused")];
    assert_eq!(seen[..2], [(10.0, "answered"), (20.0, "answered")]);
    assert_eq!(seen[2..], refused);
}

#[test]
fn codel_refuses_after_an_interval_of_long_waits() {
    let codel = desk(r#""codel": { "target": "1ms", "interval": "15ms" }"#);
    let all: Vec<Request> = (0..6).map(|i| (i as f64 * 0.1, "desk.ten", "")).collect();
    let seen = ends(&scene(BOX, "", &codel, &all));
    // Long waits are seen from 10 ms on; the one taken out at 30 ms is refused, and the next served.
    let expected = [
        (10.0, "answered"),
        (20.0, "answered"),
        (30.0, "answered"),
        (30.0, "refused"),
        (40.0, "answered"),
        (50.0, "answered"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn whom_nobody_waits_for_is_thrown_away_when_its_turn_comes() {
    let impatient = r#""timeout": "5ms""#;
    let requests = [(0.0, "desk.ten", ""), (1.0, "desk.ten", impatient), (2.0, "desk.ten", "")];
    let discards = scene(BOX, "", &desk(r#""discard_expired": true"#), &requests);
    let (seen, usage) = outcome(&discards);
    assert_eq!(seen, [(10.0, "answered"), (6.0, "timeout"), (20.0, "answered")]);
    assert_eq!(busy_ms(&discards, &usage, "desk", 0), 20.0);
}

#[test]
fn a_rate_limit_lets_a_burst_through_and_refuses_at_once() {
    let limited = desk(r#""rate_limits": [{ "rate": "100/s", "burst": 2 }]"#);
    let requests = [
        (0.0, "desk.one", ""),
        (0.0, "desk.one", ""),
        (5.0, "desk.one", ""),
        (10.0, "desk.one", ""),
        (19.0, "desk.one", ""),
        (20.0, "desk.one", ""),
    ];
    let seen = ends(&scene(BOX, "", &limited, &requests));
    let expected = [
        (1.0, "answered"),
        (2.0, "answered"),
        (5.0, "refused"),
        (11.0, "answered"),
        (19.0, "refused"),
        (21.0, "answered"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_rate_limit_is_each_instances_own_unless_it_is_shared() {
    let service = |shared: bool| {
        format!(
            r#""app": {{ "hosts": "box", "instances": 2, "balance": "round_robin",
                 "rate_limits": [{{ "rate": "1/s", "burst": 1, "shared": {shared} }}],
                 "operations": {{ "run": [] }} }}"#
        )
    };
    let requests = [(0.0, "app.run", ""), (1.0, "app.run", ""), (2.0, "app.run", "")];
    let refused = |shared| {
        let seen = ends(&scene(BOX, "", &service(shared), &requests));
        seen.iter().filter(|it| it.1 == "refused").count()
    };
    assert_eq!((refused(false), refused(true)), (1, 2));
}

#[test]
fn a_request_takes_a_token_of_each_limit_for_its_class_or_of_none() {
    let limited = desk(
        r#""rate_limits": [{ "rate": "1/s", "burst": 2 }, { "rate": "1/s", "burst": 1, "classes": ["r0", "r1"] }]"#,
    );
    let requests = [(0.0, "desk.one", ""), (1.0, "desk.one", ""), (2.0, "desk.one", "")];
    // The second finds no token of its classes' limit, and so leaves that of all to the third.
    let seen = ends(&scene(BOX, "", &limited, &requests));
    assert_eq!(seen, [(1.0, "answered"), (1.0, "refused"), (3.0, "answered")]);
}

#[test]
fn what_matters_less_is_refused_while_many_are_busy() {
    let services = r#""desk": { "hosts": "box", "workers": 4, "shed": [{ "above": 0.5, "classes": ["r2", "r4"] }],
                                "operations": { "ten": [{ "wait": "10ms" }] } }"#;
    let requests = [
        (0.0, "desk.ten", ""),
        (1.0, "desk.ten", ""),
        (2.0, "desk.ten", ""),
        (3.0, "desk.ten", ""),
        (11.5, "desk.ten", ""),
    ];
    let seen = ends(&scene(BOX, "", services, &requests));
    let expected = [
        (10.0, "answered"),
        (11.0, "answered"),
        (2.0, "refused"),
        (13.0, "answered"),
        (21.5, "answered"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_crash_takes_the_interrupted_too_and_a_line_in_any_order_is_left_in_order() {
    for style in [FaultStyle::Crash, FaultStyle::Silence] {
        let requests = [
            (0.0, "desk.ten", r#""timeout": "100ms""#),
            (1.0, "desk.three", r#""timeout": "100ms""#),
            (2.0, "desk.ten", r#""timeout": "100ms""#),
            (200.0, "desk.one", ""),
        ];
        let model = scene(BOX, "", &desk(PREEMPTIVE), &requests);
        let hosts = model.hosts("box");
        let seen = ends(&model.fault(hosts, "1.003s", "1.15s", style));
        let (at, why) = match style {
            FaultStyle::Crash => (3.0, "reset"),
            FaultStyle::Silence => (100.0, "timeout"),
        };
        let late = |from: f64| if style == FaultStyle::Silence { from } else { 0.0 };
        let expected =
            [(at, why), (at + late(1.0), why), (at + late(2.0), why), (201.0, "answered")];
        assert_eq!(seen, expected, "{style:?}");
    }
}

#[test]
fn the_shortest_job_goes_first_whatever_else_is_known_of_it() {
    let sleepy =
        r#""box": { "cores": 1, "wake": { "delay": "100us", "cpu": "100us" }, "zones": ["a"] }"#;
    let shortest = desk(r#""discipline": "shortest_first""#);
    let due = r#""deadline": "1s""#;
    for (hosts, more) in [(BOX, due), (sleepy, ""), (sleepy, due)] {
        let requests = [
            (0.0, "desk.ten", more),
            (1.0, "desk.four", more),
            (2.0, "desk.two", more),
            (3.0, "desk.one", more),
        ];
        let seen = ends(&scene(hosts, "", &shortest, &requests));
        let [_, four, two, one] = seen[..] else { panic!("{seen:?}") };
        assert!(one.0 < two.0 && two.0 < four.0, "{seen:?}");
    }
}

#[test]
fn a_class_whose_requests_are_thrown_away_loses_no_turns_by_that() {
    let fair = desk(r#""discipline": { "fair": {} }, "discard_expired": true"#);
    let impatient = r#"[{ "call": "desk.one", "timeout": "2ms" }]"#;
    let patient = r#"[{ "wait": "100us" }, { "call": "desk.one" }]"#;
    let branches = [[impatient; 4], [patient; 4]].concat().join(", ");
    let services = format!(
        r#"{fair}, "app": {{ "hosts": "box", "operations": {{
             "both": [{{ "parallel": [{branches}], "need": 4 }}] }} }}"#
    );
    let traffic = r#"
        "first": { "call": "desk.ten", "closed": { "users": 1, "think": "1s" } },
        "many": { "call": "desk.one", "closed": { "users": 5, "think": "1001ms" } },
        "both": { "call": "app.both", "closed": { "users": 1, "think": "1002ms" } }"#;
    let model = model(&format!(
        r#"{{ "name": "fair", "hosts": {{ {BOX} }}, "services": {{ {services} }},
             "zones": {{ "a": {{}} }}, "traffic": {{ {traffic} }} }}"#
    ));
    let (diary, _) = model.watch(&plan(1, "1.5s"), Diary::default());
    let many = diary.answered.iter().filter(|it| it.1 == model.class("many"));
    let times: Vec<u64> = many.map(|it| it.0 / 1_000_000 - 1000).take(5).collect();
    // Four are thrown away at 11; the patient ones have every other turn all the same.
    assert_eq!(times, [11, 13, 15, 17, 19]);
}

#[test]
fn what_the_interrupted_had_computed_is_in_vain_once_nobody_waits_for_it() {
    let cancel = r#""timeout": "10ms", "cancel": true"#;
    let crash = r#""timeout": "3ms""#;
    for (patience, fault) in [(cancel, false), (crash, true)] {
        let requests = [
            (0.0, "desk.four", patience),
            (1.0, "desk.ten", ""),
            (50.0, "desk.one", ""),
            (60.0, "desk.one", ""),
        ];
        let mut model = scene(BOX, "", &desk(PREEMPTIVE), &requests);
        if fault {
            let hosts = model.hosts("box");
            model = model.fault(hosts, "1.005s", "1.02s", FaultStyle::Crash);
        }
        let (seen, usage) = outcome(&model);
        assert_eq!(seen[0].1, "timeout", "{seen:?}");
        assert!((usage.wasted.cpu_ns.as_slice()[0] - 1e6).abs() < 10.0, "{:?}", usage.wasted);
    }
}
