//! Connections that must be opened before they are used.

use super::*;
use outgrow::network::FaultStyle::Crash;

/// Opening a connection takes 5 ms, what is asked through it 10 ms.
fn application(pool: &str, service: &str, links: &str, requests: &[Request]) -> Model {
    let hosts =
        r#""left": { "cores": 64, "zones": ["a"] }, "right": { "cores": 1, "zones": ["b"] }"#;
    let services = format!(
        r#""app": {{ "hosts": "left", "pools": {{ "p": {{ {pool} }}, "q": {{ {pool} }} }}, "operations": {{
              "other": [{{ "call": "db.run", "through": "q" }}],
              "ask": [{{ "call": "db.run", "through": "p" }}],
              "twice": [{{ "call": "db.run", "through": "p", "times": 2 }}] }} }},
           "db": {{ "hosts": "right", {service} "operations": {{ "open": [{{ "wait": "5ms" }}],
              "run": [{{ "wait": "10ms" }}], "fork": [{{ "cpu": "5ms" }}] }} }}"#
    );
    scene(hosts, links, &services, requests)
}

fn pool(more: &str) -> String {
    format!(r#""size": 2, "connect": {{ "call": "db.open" {more} }}"#)
}

/// Connections opened by all requests.
fn opened(model: &Model) -> u64 {
    let (_, usage) = outcome_from(model, "500ms");
    usage.connects.as_slice().iter().sum()
}

#[test]
fn the_first_to_ask_opens_a_connection_and_others_find_it_open() {
    let requests = [(0.0, "app.ask", ""), (20.0, "app.ask", ""), (25.0, "app.ask", "")];
    let model = application(&pool(""), "", "", &requests);
    answered_at(&model, &[15.0, 30.0, 40.0]);
    assert_eq!(opened(&model), 2);
    let twice = application(&pool(""), "", "", &[(0.0, "app.twice", "")]);
    answered_at(&twice, &[25.0]);
}

#[test]
fn whoever_waited_in_line_gets_the_connection_that_is_given_back() {
    let requests = [(0.0, "app.ask", ""), (0.0, "app.ask", ""), (1.0, "app.ask", "")];
    let model = application(&pool(""), "", "", &requests);
    answered_at(&model, &[15.0, 15.0, 25.0]);
    assert_eq!(opened(&model), 2);
}

#[test]
fn a_connection_that_rests_too_long_is_closed_but_for_the_minimum() {
    let requests = [(0.0, "app.ask", ""), (30.0, "app.ask", ""), (60.0, "app.ask", "")];
    let model = application(&pool(r#", "idle": "20ms""#), "", "", &requests);
    // It has rested from 15 to 30, then from 40 to 60.
    answered_at(&model, &[15.0, 40.0, 75.0]);
    let kept = application(&pool(r#", "idle": "20ms", "minimum": 1"#), "", "", &requests);
    answered_at(&kept, &[10.0, 40.0, 70.0]);
    assert_eq!((opened(&model), opened(&kept)), (2, 0));
}

#[test]
fn the_connection_that_was_used_last_is_used_first() {
    // Two are open from 15 on; only one is used from then on, and the other grows too old.
    let requests = [
        (0.0, "app.ask", ""),
        (0.0, "app.ask", ""),
        (20.0, "app.ask", ""),
        (50.0, "app.ask", ""),
        (50.0, "app.ask", ""),
    ];
    let model = application(&pool(r#", "idle": "25ms""#), "", "", &requests);
    answered_at(&model, &[15.0, 15.0, 30.0, 60.0, 65.0]);
}

#[test]
fn without_a_pool_to_speak_of_every_call_opens_its_own() {
    let requests = [(0.0, "app.twice", ""), (50.0, "app.ask", "")];
    let model = application(&pool(r#", "idle": "0s""#), "", "", &requests);
    answered_at(&model, &[30.0, 65.0]);
    assert_eq!(opened(&model), 3);
}

#[test]
fn opening_works_at_the_database_and_crosses_the_link() {
    let fork = r#""size": 9, "connect": { "call": "db.fork" }"#;
    let storm = [(0.0, "app.ask", ""); 3];
    // Three backends are forked on one core; that takes all of them 15 ms.
    answered_at(&application(fork, "", "", &storm), &[25.0; 3]);
    let link = r#"{ "between": ["a", "b"], "latency": "1ms" }"#;
    answered_at(&application(&pool(""), "", link, &[(0.0, "app.ask", "")]), &[19.0]);
}

#[test]
fn what_is_being_opened_counts_against_the_databases_connections() {
    let one = r#""connections": 1,"#;
    let requests = [(0.0, "app.ask", ""), (3.0, "app.ask", ""), (20.0, "app.ask", "")];
    let model = application(&pool(""), one, "", &requests);
    let expected = [(15.0, "answered"), (3.0, "refused"), (30.0, "answered")];
    assert_eq!(ends(&model), expected);
}

#[test]
fn connections_at_rest_count_against_the_databases_connections() {
    // The first pool's is at rest from 15 on; it is closed at 35, if ever.
    let requests = [(0.0, "app.ask", ""), (20.0, "app.other", ""), (40.0, "app.other", "")];
    let one = r#""connections": 1,"#;
    let model = application(&pool(""), one, "", &requests);
    assert_eq!(ends(&model), [(15.0, "answered"), (20.0, "refused"), (40.0, "refused")]);
    let model = application(&pool(r#", "idle": "20ms""#), one, "", &requests);
    assert_eq!(ends(&model), [(15.0, "answered"), (20.0, "refused"), (55.0, "answered")]);
}

#[test]
fn a_restart_of_the_database_breaks_what_was_open() {
    let requests = [
        (0.0, "app.ask", ""),
        (0.0, "app.ask", ""),
        (20.0, "app.ask", ""),
        (40.0, "app.ask", ""),
        (60.0, "app.ask", ""),
    ];
    let model = application(&pool(""), "", "", &requests);
    let hosts = model.hosts("right");
    let model = model.fault(hosts, "1025ms", "1030ms", Crash);
    let expected = [
        (15.0, "answered"),
        (15.0, "answered"),
        (25.0, "reset"),
        (55.0, "answered"),
        (70.0, "answered"),
    ];
    assert_eq!(ends(&model), expected);
}

#[test]
fn a_restart_of_the_database_breaks_what_was_never_used_too() {
    let requests = [(40.0, "app.ask", "")];
    let model = application(&pool(r#", "minimum": 1"#), "", "", &requests);
    let hosts = model.hosts("right");
    let model = model.fault(hosts, "1020ms", "1030ms", Crash);
    answered_at(&model, &[55.0]);
}

#[test]
fn a_restart_of_the_application_closes_its_connections() {
    let requests = [(0.0, "app.ask", ""), (40.0, "app.ask", "")];
    let model = application(&pool(r#", "minimum": 1"#), "", "", &requests);
    let hosts = model.hosts("left");
    let model = model.fault(hosts, "1020ms", "1030ms", Crash);
    answered_at(&model, &[10.0, 55.0]);
}

#[test]
fn connections_that_open_in_no_time_are_those_of_a_plain_pool() {
    let requests = [(0.0, "app.ask", ""), (1.0, "app.ask", ""), (2.0, "app.twice", "")];
    let free = r#""size": 2, "connect": { "call": "db.open" }"#;
    let hosts = |pool: &str| {
        let services = format!(
            r#""app": {{ "hosts": "box", "pools": {{ "p": {{ {pool} }} }}, "operations": {{
                  "ask": [{{ "call": "db.run", "through": "p" }}],
                  "twice": [{{ "call": "db.run", "through": "p", "times": 2 }}] }} }},
               "db": {{ "hosts": "box", "operations": {{ "open": [], "run": [{{ "wait": "10ms" }}] }} }}"#
        );
        ends(&scene(BOX, "", &services, &requests))
    };
    assert_eq!(hosts(free), hosts(r#""size": 2"#));
}
