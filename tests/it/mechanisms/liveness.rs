//! Probes that have programs killed which do not answer: those that hang, and those that are merely busy.

use super::rescheduling::Course;
use super::*;
use outgrow::rng::{Draw, Keys, key_of};

/// The first probe that is judged after a time, in milliseconds: each second one, from a moment that the
/// run draws, and 200 ms later whether it was answered.
fn judged_after(at_ms: f64) -> f64 {
    let first = Draw::at(Keys::new(1, 0).control(key_of("app")), 4).below(1_000_000_000);
    let judged = first as f64 / 1e6 + 200.0;
    judged + 1000.0 * ((at_ms - judged) / 1000.0).ceil().max(0.0)
}

/// One instance that takes half a second to start, probed so, a fault that befalls it at 5.05 s for so
/// long, and a request every 100 ms.
fn probed(service: &str, fault: &str, step: &str) -> Model {
    model(&format!(
        r#"{{ "name": "probed", "hosts": {{ "box": {{ "cores": 1 }} }},
             "services": {{ "app": {{ "hosts": "box", "start": "500ms", "restart": {{ "backoff": "1s" }}, {service}
                 "operations": {{ "run": [{step}] }} }} }},
             "faults": [{{ "instance": "app.0", "every": "5050ms", {fault} }}],
             "traffic": {{ "user": {{ "call": "app.run", "every": "100ms" }} }} }}"#
    ))
}

fn liveness(more: &str) -> String {
    format!(r#""liveness": {{ "interval": "1s", "timeout": "200ms", "failures": 3 {more} }},"#)
}

const BRIEF: &str = r#"{ "wait": "1ms" }"#;

fn course(model: &Model, run: &str) -> (Course, u32) {
    let (course, usage) = model.watch(&plan(1, run), Course::default());
    (course.later(), usage.restarts.as_slice()[0])
}

#[test]
fn a_program_that_hangs_is_killed_after_so_many_probes_and_works_once_it_has_started_again() {
    // It hangs for 4 s, or until it is started anew.
    let model = probed(&liveness(""), r#""for": "4s", "style": "silence""#, BRIEF);
    let (seen, restarts) = course(&model, "10s");
    let killed = judged_after(5050.0) + 2000.0;
    let up = killed + 500.0;
    assert!(up < 9050.0, "or the fault would be over");
    assert_eq!(seen.truth, [(5050, 0, false), (up as u64, 0, true)]);
    assert_eq!(restarts, 1);
    // Those who came meanwhile waited in vain until then, and those who came later found nobody.
    for (i, (at, why)) in seen.failed.iter().enumerate() {
        let came = 5100.0 + 100.0 * i as f64;
        let expected = if came < killed { (killed, "reset") } else { (came, "unreachable") };
        assert_eq!((*at, *why), (expected.0 as u64, expected.1));
    }
    assert_eq!(seen.failed.len(), ((up - 5000.0) / 100.0) as usize);
    // Without probes it hangs for as long as it does.
    let without = probed("", r#""for": "4s", "style": "silence""#, BRIEF);
    assert_eq!(course(&without, "10s").0.truth, [(5050, 0, false), (9550, 0, true)]);
}

#[test]
fn a_program_on_a_stalled_processor_is_restarted_in_vain_after_ever_longer_pauses() {
    let slow = r#""slow": { "cpu": 0.01 }, "for": "60s""#;
    let model = probed(&liveness(r#", "cpu": "10ms""#), slow, BRIEF);
    let first = judged_after(5050.0) + 2000.0;
    let up = first + 500.0;
    // The next probe comes once it runs.
    let second = judged_after(up + 200.0) + 2000.0;
    let again = second + 1000.0 + 500.0;
    let (seen, restarts) = course(&model, &format!("{}ms", again as u64 + 100));
    let turns = [(first, false), (up, true), (second, false), (again, true)];
    assert_eq!(seen.truth, turns.map(|it| (it.0 as u64, 0, it.1)));
    assert_eq!(restarts, 2);
    // One that needs no processor to answer does not notice.
    let (seen, restarts) = course(&probed(&liveness(""), slow, BRIEF), "12s");
    assert_eq!((seen.truth.len(), restarts), (0, 0));
}

#[test]
fn a_probe_stands_behind_those_who_were_in_line_before_it() {
    // One worker, and a request each 100 ms that takes as long as told: in line for ever longer, or never.
    let restarts = |takes: &str| {
        let step = format!(r#"{{ "wait": "{takes}" }}"#);
        let service = format!(r#""workers": 1, {}"#, liveness(""));
        // Its own fault comes at 5.05 s.
        course(&probed(&service, r#""for": "1s""#, &step), "5s").1
    };
    assert_eq!(restarts("99ms"), 0);
    // After a second one waits for longer than 200 ms; then three probes fail.
    assert_eq!(restarts("150ms"), 1);
}

/// Three instances that are busy for most of the time, of which one is gone for five seconds.
fn overloaded(liveness: &str) -> (usize, u32) {
    let model = model(&format!(
        r#"{{ "name": "overloaded", "hosts": {{ "box": {{ "count": 3, "cores": 1 }} }},
             "services": {{ "app": {{ "hosts": "box", "instances": 3, "workers": 4, "balance": "round_robin",
                 "start": "5s", "restart": {{ "backoff": "1s", "max": "2s" }}, {liveness}
                 "operations": {{ "run": [{{ "cpu": {{ "exponential": "20ms" }} }}] }} }} }},
             "faults": [{{ "instance": "app.0", "every": "30s", "for": "5s" }}],
             "traffic": {{ "user": {{ "call": "app.run", "rate": "120/s", "timeout": "3s" }} }} }}"#
    ));
    let (diary, usage) = model.watch(&plan(1, "60s"), Diary::default());
    (diary.failed.len(), usage.restarts.as_slice()[0])
}

#[test]
fn a_probe_that_is_too_strict_kills_those_who_are_merely_busy_and_brings_down_the_rest() {
    let strict = r#""liveness": { "interval": "1s", "timeout": "200ms", "failures": 2 },"#;
    let patient = r#""liveness": { "interval": "10s", "timeout": "10s", "failures": 3 },"#;
    let (lost, _) = overloaded("");
    let (lost_patiently, restarts) = overloaded(patient);
    let (lost_strictly, killed) = overloaded(strict);
    println!(
        "lost {lost}, {lost_patiently} with {restarts} restarts, {lost_strictly} with {killed}"
    );
    assert_eq!(lost_patiently, lost);
    assert!(killed >= restarts + 2, "{killed} and {restarts}");
    assert!(lost_strictly > 2 * lost, "{lost_strictly} and {lost}");
}
