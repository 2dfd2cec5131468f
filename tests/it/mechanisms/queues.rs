//! Queues: who is called with what and when, what comes back, what dies, what a full queue does.

use super::*;
use outgrow::network::{FaultStyle, HostId, QueueId};
use outgrow::sim::{Probe, Queued};
use outgrow::units::Time;

/// A service that sends a message to "mail", whose consumer works 10 ms on it.
fn mail(queue: &str, requests: &[f64]) -> Model {
    mail_by(queue, r#"{ "wait": "10ms" }"#, requests)
}

/// The same, with other work, and a queue "lost" beside it that nobody takes anything out of.
fn mail_by(queue: &str, work: &str, requests: &[f64]) -> Model {
    let hosts = r#""box": { "cores": 64, "zones": ["a"] }, "back": { "cores": 64, "zones": ["b"], "count": 2 }"#;
    let services = format!(
        r#""app": {{ "hosts": "box", "operations": {{ "run": [{{ "send": "mail" }}] }} }},
           "wall": {{ "hosts": "box", "operations": {{ "hit": [{{ "wait": "2ms" }}] }} }},
           "mailer": {{ "hosts": "back", "instances": 2, "balance": "round_robin",
                        "operations": {{ "deliver": [{work}] }} }}"#
    );
    let queues = format!(r#""mail": {{ "call": "mailer.deliver"{queue} }}, "lost": {{}}"#);
    let requests: Vec<Request> = requests.iter().map(|at| (*at, "app.run", "")).collect();
    scene_with_queues(hosts, "", &services, &queues, &requests)
}

/// What happened to messages after they were sent: when, in milliseconds, and what.
#[derive(Default)]
struct Post(Vec<(f64, String)>);

impl Probe for Post {
    fn queued(&mut self, now: Time, queue: QueueId, what: Queued) {
        let at_ms = (now.nanos() as f64 - 1e9) / 1e6;
        let ms = |it: outgrow::units::Span| it.nanos() as f64 / 1e6;
        let told = match what {
            Queued::Sent if queue.index() == 1 => "lost".to_owned(),
            Queued::Sent => return,
            Queued::Refused => "refused".to_owned(),
            Queued::Delivered { waited, again: false } => format!("delivered after {}", ms(waited)),
            Queued::Delivered { waited, again: true } => format!("again after {}", ms(waited)),
            Queued::Acknowledged { lag } => format!("done after {}", ms(lag)),
            Queued::Dead => "dead".to_owned(),
            Queued::Dropped => "dropped".to_owned(),
        };
        self.0.push((at_ms, told));
    }
}

fn post(model: &Model) -> Vec<(f64, String)> {
    model.watch(&plan(1, "1990ms"), Post::default()).0.0
}

fn is_posted(model: &Model, expected: &[(f64, &str)]) {
    let expected: Vec<(f64, String)> = expected.iter().map(|it| (it.0, it.1.to_owned())).collect();
    assert_eq!(post(model), expected);
}

#[test]
fn a_message_is_sent_in_no_time_and_consumers_take_one_after_the_other() {
    let model = mail("", &[0.0, 1.0, 25.0]);
    assert_eq!(ends(&model), [0.0, 1.0, 25.0].map(|at| (at, "answered")));
    let expected = [
        (0.0, "delivered after 0"),
        (10.0, "done after 10"),
        (10.0, "delivered after 9"),
        (20.0, "done after 19"),
        (25.0, "delivered after 0"),
        (35.0, "done after 10"),
    ];
    is_posted(&model, &expected);
}

#[test]
fn as_many_calls_are_under_way_as_there_are_consumers() {
    let model = mail(r#", "consumers": 2"#, &[0.0, 1.0, 2.0]);
    let expected = [
        (0.0, "delivered after 0"),
        (1.0, "delivered after 0"),
        (10.0, "done after 10"),
        (10.0, "delivered after 8"),
        (11.0, "done after 10"),
        (20.0, "done after 18"),
    ];
    is_posted(&model, &expected);
}

#[test]
fn a_full_queue_refuses_or_drops_what_has_waited_longest() {
    let times = [0.0, 1.0, 2.0];
    let refusing = mail(r#", "length": 1"#, &times);
    assert_eq!(ends(&refusing), [(0.0, "answered"), (1.0, "answered"), (2.0, "refused")]);
    let expected = [
        (0.0, "delivered after 0"),
        (2.0, "refused"),
        (10.0, "done after 10"),
        (10.0, "delivered after 9"),
        (20.0, "done after 19"),
    ];
    is_posted(&refusing, &expected);
    let dropping = mail(r#", "length": 1, "full": "drop_oldest""#, &times);
    assert_eq!(ends(&dropping), times.map(|at| (at, "answered")));
    let expected = [
        (0.0, "delivered after 0"),
        (2.0, "dropped"),
        (10.0, "done after 10"),
        (10.0, "delivered after 8"),
        (20.0, "done after 18"),
    ];
    is_posted(&dropping, &expected);
}

#[test]
fn one_call_takes_a_batch_of_what_waits() {
    let model = mail(r#", "batch": 2"#, &[0.0, 1.0, 2.0, 3.0]);
    let expected = [
        (0.0, "delivered after 0"),
        (10.0, "done after 10"),
        (10.0, "delivered after 9"),
        (10.0, "delivered after 8"),
        (20.0, "done after 19"),
        (20.0, "done after 18"),
        (20.0, "delivered after 17"),
        (30.0, "done after 27"),
    ];
    is_posted(&model, &expected);
}

#[test]
fn an_idle_consumer_lingers_until_there_are_enough_or_the_oldest_has_waited_so_long() {
    let model = mail(r#", "batch": 3, "enough": 2, "linger": "6ms""#, &[0.0, 4.0, 20.0, 30.0]);
    let expected = [
        (4.0, "delivered after 4"),
        (4.0, "delivered after 0"),
        (14.0, "done after 14"),
        (14.0, "done after 10"),
        (26.0, "delivered after 6"),
        (36.0, "done after 16"),
        // It has waited for more than its time while the consumer was busy.
        (36.0, "delivered after 6"),
        (46.0, "done after 16"),
    ];
    is_posted(&model, &expected);
}

const FAILS: &str = r#"{ "call": "wall.hit", "timeout": "1ms" }"#;

#[test]
fn what_fails_is_delivered_again_in_its_old_place_until_it_is_dead() {
    let model = mail_by(r#", "attempts": 2, "dead_letter": "lost""#, FAILS, &[0.0, 0.5]);
    let expected = [
        (0.0, "delivered after 0"),
        (1.0, "again after 0"),
        (2.0, "dead"),
        (2.0, "lost"),
        (2.0, "delivered after 1.5"),
        (3.0, "again after 0"),
        (4.0, "dead"),
        (4.0, "lost"),
    ];
    is_posted(&model, &expected);
}

#[test]
fn what_failed_rests_while_others_are_served() {
    let model = mail_by(r#", "attempts": 2, "pause": "1500us""#, FAILS, &[0.0, 0.5]);
    let expected = [
        (0.0, "delivered after 0"),
        (1.0, "delivered after 0.5"),
        // Rested at 2.5, together with one that came first and so goes first.
        (2.5, "again after 0"),
        (3.5, "dead"),
        (3.5, "again after 0"),
        (4.5, "dead"),
    ];
    is_posted(&model, &expected);
}

#[test]
fn a_consumer_that_takes_too_long_works_on_while_its_message_waits_for_the_next() {
    let model = mail(r#", "redeliver_after": "4ms", "attempts": 2"#, &[0.0]);
    let expected = [(0.0, "delivered after 0"), (10.0, "again after 6"), (14.0, "dead")];
    is_posted(&model, &expected);
    let two = mail(r#", "redeliver_after": "4ms", "attempts": 2, "consumers": 2"#, &[0.0]);
    is_posted(&two, &[(0.0, "delivered after 0"), (4.0, "again after 0"), (8.0, "dead")]);
    let (_, usage) = outcome(&two);
    // The work was done twice, and acknowledged too late both times.
    let busy: f64 = (0..2).map(|it| busy_ms(&two, &usage, "mailer", it)).sum();
    assert_eq!(busy, 20.0);
}

#[test]
fn a_message_comes_back_when_its_consumer_dies() {
    let work = r#"{ "wait": "4ms" }, { "call": "wall.hit" }, { "wait": "4ms" }"#;
    // Itself at work, and waiting for what it has called.
    for died in [3, 5] {
        let model = mail_by("", work, &[0.0]);
        let at = format!("{}ms", 1000 + died);
        let model = model.fault(vec![HostId::new(1)], &at, "1100ms", FaultStyle::Crash);
        let done = format!("done after {}", died + 10);
        let (died, over) = (f64::from(died), f64::from(died + 10));
        is_posted(&model, &[(0.0, "delivered after 0"), (died, "again after 0"), (over, &done)]);
    }
}

#[test]
fn another_takes_the_place_of_a_consumer_that_has_gone_silent_when_its_time_is_over() {
    let model = mail(r#", "redeliver_after": "15ms""#, &[0.0, 1.0]);
    let model = model.fault(vec![HostId::new(1)], "1005ms", "1100ms", FaultStyle::Silence);
    let expected = [
        (0.0, "delivered after 0"),
        (15.0, "again after 0"),
        (25.0, "done after 25"),
        // The balancer has not noticed: the next goes to the silent one again.
        (25.0, "delivered after 24"),
        (40.0, "again after 0"),
        (50.0, "done after 49"),
    ];
    is_posted(&model, &expected);
    // Without such a time, it waits for as long as the outage lasts.
    let model = mail("", &[0.0]);
    let model = model.fault(vec![HostId::new(1)], "1005ms", "1100ms", FaultStyle::Silence);
    let expected =
        [(0.0, "delivered after 0"), (100.0, "again after 0"), (110.0, "done after 110")];
    is_posted(&model, &expected);
}

#[test]
fn a_message_outlives_the_request_that_sent_it() {
    let hosts = BOX;
    let services = r#""app": { "hosts": "box", "operations": {
                           "run": [{ "send": "mail" }, { "wait": "5ms" }] } },
                      "mailer": { "hosts": "box", "operations": { "deliver": [{ "wait": "10ms" }] } }"#;
    let queues = r#""mail": { "call": "mailer.deliver" }"#;
    let impatient = [(0.0, "app.run", r#""timeout": "2ms""#)];
    let model = scene_with_queues(hosts, "", services, queues, &impatient);
    assert_eq!(ends(&model), [(2.0, "timeout")]);
    is_posted(&model, &[(0.0, "delivered after 0"), (10.0, "done after 10")]);
}

#[test]
fn a_request_has_the_same_work_done_whether_it_waits_for_it_or_not() {
    let run = |step: &str| {
        let work = r#"{ "wait": { "exponential": "10ms" } }"#;
        let services = format!(
            r#""app": {{ "hosts": "box", "operations": {{ "run": [{step}] }} }},
               "mailer": {{ "hosts": "box", "operations": {{ "deliver": [{work}] }} }}"#
        );
        let queues = r#""mail": { "call": "mailer.deliver" }"#;
        let model = scene_with_queues(BOX, "", &services, queues, &[(0.0, "app.run", "")]);
        let (_, usage) = outcome(&model);
        busy_ms(&model, &usage, "mailer", 0)
    };
    let called = run(r#"{ "call": "mailer.deliver" }"#);
    assert!(called > 0.0);
    assert_eq!(run(r#"{ "send": "mail" }"#), called);
    // Further messages of the request have other luck.
    let thrice = run(r#"{ "send": "mail", "times": 3 }"#);
    assert!((thrice - 3.0 * called).abs() > 1e-3 && thrice > called);
}

#[test]
fn what_a_full_queue_drops_is_a_dead_letter() {
    let full = r#", "length": 1, "full": "drop_oldest", "dead_letter": "lost""#;
    let expected = [
        (0.0, "delivered after 0"),
        (2.0, "dropped"),
        (2.0, "lost"),
        (10.0, "done after 10"),
        (10.0, "delivered after 8"),
        (20.0, "done after 18"),
    ];
    is_posted(&mail(full, &[0.0, 1.0, 2.0]), &expected);
}

#[test]
fn a_message_that_came_back_does_not_make_others_wait_longer_for_their_batch() {
    let lingers = r#", "batch": 3, "linger": "6ms", "attempts": 2"#;
    let expected = [
        (6.0, "delivered after 6"),
        // Back at 7, before one that has waited since 6.5.
        (12.5, "again after 5.5"),
        (12.5, "delivered after 6"),
        (13.5, "dead"),
        (19.5, "again after 6"),
        (20.5, "dead"),
    ];
    is_posted(&mail_by(lingers, FAILS, &[0.0, 6.5]), &expected);
}

#[test]
fn another_takes_the_place_of_a_consumer_that_goes_silent_after_its_time_is_over() {
    let model = mail(r#", "redeliver_after": "4ms", "attempts": 2"#, &[0.0]);
    let model = model.fault(vec![HostId::new(1)], "1005ms", "1100ms", FaultStyle::Silence);
    is_posted(&model, &[(0.0, "delivered after 0"), (5.0, "again after 1"), (9.0, "dead")]);
}

#[test]
fn whatever_is_done_with_a_message_has_the_hash_key_of_the_request_that_sent_it() {
    let hosts = r#""box": { "cores": 64 }, "back": { "cores": 64, "count": 8 }"#;
    let wall = r#""call": "wall.hit", "timeout": "1ms""#;
    let services = format!(
        r#""app": {{ "hosts": "box", "operations": {{
              "run": [{{ "call": "shelf.put" }}, {{ "send": "mail" }}] }} }},
           "wall": {{ "hosts": "box", "operations": {{ "hit": [{{ "wait": "2ms" }}] }} }},
           "worker": {{ "hosts": "box", "operations": {{
              "fail": [{{ "call": "shelf.put" }}, {{ {wall} }}], "look": [{{ "call": "shelf.put" }}] }} }},
           "shelf": {{ "hosts": "back", "instances": 8,
              "balance": {{ "consistent_hash": {{ "keys": 1000000000 }} }},
              "operations": {{ "put": [{{ "wait": "1ms" }}] }} }}"#
    );
    let queues = r#""mail": { "call": "worker.fail", "attempts": 4, "dead_letter": "dead" },
                    "dead": { "call": "worker.look" }"#;
    let model = scene_with_queues(hosts, "", &services, queues, &[(0.0, "app.run", "")]);
    let (_, usage) = outcome(&model);
    let busy: Vec<f64> = (0..8).map(|it| busy_ms(&model, &usage, "shelf", it)).collect();
    // Once for the request, four times for the message, once for the dead letter.
    assert_eq!(busy.iter().filter(|it| **it > 0.0).collect::<Vec<_>>(), [&6.0], "{busy:?}");
}
