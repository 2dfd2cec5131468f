//! Sessions, batches and recorded instants: who asks what, when, and what becomes of them.

use super::*;
use crate::support::model_with;
use outgrow::network::SessionId;
use outgrow::sim::{Ended, Probe};
use outgrow::units::Time;

/// When sessions ended: requests, how long they lasted in milliseconds, whether the user left.
#[derive(Default)]
struct Visits(Vec<(u32, f64, bool)>);

impl Probe for Visits {
    fn session_ended(&mut self, _: Time, _: SessionId, how: Ended) {
        self.0.push((how.requests, how.lasted.nanos() as f64 / 1e6, how.left));
    }
}

/// One user comes after a second, and another a second later; pages take 10 ms, and a wall is met
/// after 2 ms, at which the client waits for 1 ms only.
fn visits_of(session: &str, window: &str) -> (Vec<(u32, f64, bool)>, Diary) {
    // A class that nobody asks for would be refused.
    let wall = match session.contains("wall") {
        true => r#", "wall": { "call": "app.wall", "timeout": "1ms" }"#,
        false => "",
    };
    let text = format!(
        r#"{{ "name": "scene", "hosts": {{ {BOX} }}, "zones": {{ "a": {{}} }},
             "services": {{ "app": {{ "hosts": "box", "operations": {{ "page": [{{ "wait": "10ms" }}], "wall": [{{ "wait": "2ms" }}] }} }} }},
             "traffic": {{ "page": {{ "call": "app.page" }}{wall} }},
             "sessions": {{ "visit": {{ "every": "1s", {session} }} }} }}"#
    );
    let probes = (Visits::default(), Diary::default());
    let ((visits, diary), _) = model(&text).watch(&plan(1, window), probes);
    (visits.0, diary)
}

fn born_ms(diary: &Diary) -> Vec<f64> {
    diary.born.iter().map(|it| it.0 as f64 / 1e6).collect()
}

#[test]
fn a_user_thinks_asks_and_waits_for_the_answer_before_what_is_next() {
    let steps = r#""steps": [{ "ask": "page" }, { "ask": "page", "think": "100ms", "times": 2 }]"#;
    let (visits, diary) = visits_of(steps, "1500ms");
    assert_eq!(born_ms(&diary), [1000.0, 1110.0, 1220.0]);
    assert_eq!(visits, [(3, 230.0, false)]);
}

#[test]
fn after_a_failure_a_user_goes_on_or_leaves() {
    let steps = r#""steps": [{ "ask": "page" }, { "ask": "wall" }, { "ask": "page" }]"#;
    assert_eq!(visits_of(steps, "1500ms").0, [(3, 21.0, false)]);
    let leaving = format!(r#"{steps}, "leave_on_failure": 1"#);
    assert_eq!(visits_of(&leaving, "1500ms").0, [(2, 11.0, true)]);
}

#[test]
fn a_graph_is_walked_from_where_it_begins_until_no_state_follows() {
    let graph = r#""graph": { "begin": "second", "states": {
        "first": { "ask": "wall" }, "second": { "ask": "page", "then": { "third": 1 } },
        "third": { "ask": "page", "think": "5ms", "then": { "first": 1 } } } }"#;
    let (visits, diary) = visits_of(graph, "1500ms");
    assert_eq!(born_ms(&diary), [1000.0, 1015.0, 1025.0]);
    assert_eq!(visits, [(3, 26.0, false)]);
}

#[test]
fn two_designs_meet_the_same_sessions() {
    let steps = r#""leave_on_failure": 0.5, "steps": [
        { "ask": "page", "times": { "geometric": { "mean": 3, "most": 100 } }, "think": { "exponential": "20ms" } },
        { "ask": "wall", "share": 0.5 }, { "ask": "page", "think": { "exponential": "10ms" } }]"#;
    let (visits, diary) = visits_of(steps, "60s");
    // The third class of the other design, and its failures, change nothing about who thinks how long.
    let other = steps.replace("\"leave_on_failure\": 0.5", "\"leave_on_failure\": 0");
    let (stayed, other) = visits_of(&other, "60s");
    assert_eq!(visits.len(), stayed.len());
    assert!(visits.iter().zip(&stayed).all(|(it, other)| it == other || (it.2 && it.0 < other.0)));
    assert!(visits.iter().any(|it| it.2) && visits.iter().any(|it| !it.2));
    assert!(diary.born.len() < other.born.len());
    assert!(diary.born.iter().all(|it| other.born.contains(it)));
}

#[test]
fn requests_of_a_batch_come_at_one_instant() {
    let text = format!(
        r#"{{ "name": "scene", "hosts": {{ {BOX} }}, "zones": {{ "a": {{}} }},
             "services": {{ "app": {{ "hosts": "box", "workers": 2, "operations": {{ "page": [{{ "wait": "10ms" }}] }} }} }},
             "traffic": {{ "alone": {{ "call": "app.page", "every": "10s" }}, "page": {{ "call": "app.page", "every": "1s", "batch": 5 }} }} }}"#
    );
    let (diary, _) = model(&text).watch(&plan(1, "1500ms"), Diary::default());
    assert_eq!(born_ms(&diary), [1000.0; 5]);
    assert_eq!(diary.responses_ms(), [10.0, 10.0, 20.0, 20.0, 30.0]);
}

#[test]
fn a_batch_of_one_is_a_request_that_comes_alone() {
    let born_in = |batch: &str| {
        let text = format!(
            r#"{{ "name": "scene", "hosts": {{ {BOX} }}, "zones": {{ "a": {{}} }},
                 "services": {{ "app": {{ "hosts": "box", "operations": {{ "page": [{{ "cpu": {{ "exponential": "10ms" }} }}] }} }} }},
                 "traffic": {{ "page": {{ "call": "app.page", "rate": "50/s"{batch} }} }} }}"#
        );
        let (diary, _) = model(&text).watch(&plan(1, "60s"), Diary::default());
        (diary.born, diary.answered)
    };
    assert_eq!(born_in(r#", "batch": 1"#), born_in(""));
}

#[test]
fn a_step_is_left_out_of_the_sessions_that_have_no_share_in_it() {
    let steps =
        r#""steps": [{ "ask": "page" }, { "ask": "wall", "share": 0.25 }, { "ask": "page" }]"#;
    let (visits, _) = visits_of(steps, "4000s");
    let with = visits.iter().filter(|it| it.0 == 3).count();
    assert!(visits.iter().all(|it| it.1 == if it.0 == 3 { 21.0 } else { 20.0 }));
    // 3999 sessions: a standard deviation of 27.
    assert!((900..=1100).contains(&with), "{with} of {}", visits.len());
}

#[test]
fn recorded_instants_are_met_to_the_nanosecond() {
    let text = format!(
        r#"{{ "name": "scene", "hosts": {{ {BOX} }}, "zones": {{ "a": {{}} }},
             "services": {{ "app": {{ "hosts": "box", "operations": {{ "page": [{{ "wait": "10ms" }}] }} }} }},
             "traffic": {{ "page": {{ "call": "app.page", "timestamps": {{ "file": "log.csv", "column": "t" }} }},
                           "twice": {{ "call": "app.page", "timestamps": {{ "file": "log.csv", "column": "t", "speed": 2 }} }} }} }}"#
    );
    let files = |_: &str| Ok("t\n100.000000001\n100.5\n100.5\n".to_owned());
    let model = model_with(&text, &files);
    let (diary, _) = model.watch(&plan(1, "9s"), Diary::default());
    let of = |class| {
        let own = diary.born.iter().filter(|it| it.1 == model.class(class));
        own.map(|it| it.0).collect::<Vec<u64>>()
    };
    assert_eq!(of("page"), [0, 499_999_999, 499_999_999]);
    assert_eq!(of("twice"), [0, 250_000_000, 250_000_000]);
}
