//! New versions that are tried on a part of the instances first, and budgets that deploys keep to.

use super::*;
use outgrow::parts::operation::canary::Tried;
use outgrow::sim::ScalingUse;
use outgrow::units::{Span, Time};

/// Four instances that take 2.5 s to start, deployed so after 10 s, and a request every 100 ms that takes
/// 20 ms of CPU time, unless the new version changes that.
fn tried(service: &str, deploy: &str) -> (Vec<u64>, ScalingUse) {
    let model = model(&format!(
        r#"{{ "name": "tried", "zones": {{ "a": {{}}, "b": {{}} }},
             "hosts": {{ "box": {{ "count": 2, "cores": 8 }} }},
             "services": {{ "app": {{ "hosts": "box", "instances": 4, "balance": "round_robin", "start": "2500ms", {service}
                 "deploy": {{ "at": "10s", {deploy} }},
                 "operations": {{ "run": [{{ "cpu": "20ms" }}] }} }} }},
             "traffic": {{ "user": {{ "call": "app.run", "every": "100ms" }} }} }}"#
    ));
    let (diary, usage) = model.watch(&plan(1, "60s"), Diary::default());
    let failed = diary.failed.iter().map(|it| {
        assert_eq!(it.2, "error");
        it.0 / 1_000_000
    });
    (failed.collect(), usage.scalers.as_slice()[0])
}

/// A quarter for 5 s, then half for 5 s, one too many at a time and never one too few.
fn canary(objective: &str) -> String {
    format!(
        r#""strategy": {{ "canary": {{ "max_surge": 1, "max_unavailable": 0, {objective}
             "steps": [{{ "share": "25%", "hold": "5s" }}, {{ "share": "50%", "hold": "5s" }}] }} }}"#
    )
}

const FAILURES: &str = r#""objective": { "failures": "10%", "requests": 5 },"#;

fn secs(secs: f64) -> Span {
    Time::from_nanos((secs * 1e9) as u64) - Time::ZERO
}

#[test]
fn a_good_version_goes_on_step_by_step_and_nobody_misses_any() {
    let (failed, used) = tried("", &canary(FAILURES));
    // One is ready at 12.5 and held until 17.5, two at 20 and held until 25, the rest one by one.
    assert_eq!((used.deploys, used.deploying), (1, secs(20.0)));
    assert_eq!((used.started, used.stopped, used.rollbacks), (4, 4, 0));
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(used.ready_ns, 4 * 60_000_000_000);
    // Every fourth request for 5 s, then every other.
    let Tried { requests, failed, .. } = used.tried;
    assert!((12 + 25..=13 + 26).contains(&requests), "{requests}");
    assert_eq!(failed, 0);
}

#[test]
fn a_version_that_fails_is_taken_back_when_its_first_step_has_been_held() {
    let fails = r#""changes": { "fails": "100%" }"#;
    let (failed, used) = tried("", &format!("{}, {fails}", canary(FAILURES)));
    // Ready at 12.5, judged at 17.5; another old one is ready at 20, and it goes.
    assert_eq!((used.rollbacks, used.doubted), (1, secs(7.5)));
    assert_eq!((used.deploys, used.started, used.stopped), (0, 2, 2));
    assert_eq!(used.tried.requests, used.tried.failed);
    assert!((12..=13).contains(&used.tried.failed), "{}", used.tried.failed);
    // What it is sent fails until it goes: every fourth request.
    let (first, last) = (failed[0], failed[failed.len() - 1]);
    assert!((12_500..13_000).contains(&first), "{first}");
    assert!((19_600..20_100).contains(&last), "{last}");
    assert!((18..=19).contains(&failed.len()), "{}", failed.len());
}

#[test]
fn with_one_too_few_allowed_it_goes_as_soon_as_it_is_judged() {
    let fails = r#""changes": { "fails": "100%" }"#;
    let canary = canary(FAILURES).replace(r#""max_unavailable": 0"#, r#""max_unavailable": 1"#);
    let (failed, used) = tried("", &format!("{canary}, {fails}"));
    assert_eq!((used.rollbacks, used.doubted), (1, secs(7.5)));
    assert!(failed.iter().all(|at| (12_500..=17_520).contains(at)), "{failed:?}");
}

#[test]
fn without_an_objective_a_bad_version_comes_to_all() {
    let fails = r#""changes": { "fails": "100%" }"#;
    let (failed, used) = tried("", &format!("{}, {fails}", canary("")));
    assert_eq!((used.deploys, used.rollbacks, used.deploying), (1, 0, secs(20.0)));
    // From 30 s on everything fails.
    assert_eq!(failed.iter().filter(|at| **at > 30_050).count(), 299);
}

#[test]
fn a_version_that_is_slower_than_it_may_be_is_taken_back() {
    let slower = |p95: &str| {
        let objective = format!(r#""objective": {{ "p95": "{p95}", "requests": 5 }},"#);
        let changes = r#""changes": { "cpu": 3 }"#;
        tried("", &format!("{}, {changes}", canary(&objective))).1
    };
    // It takes 60 ms.
    let used = slower("55ms");
    assert_eq!((used.rollbacks, used.doubted, used.deploys), (1, secs(7.5), 0));
    let used = slower("65ms");
    assert_eq!((used.rollbacks, used.deploys), (0, 1));
}

#[test]
fn a_step_is_held_until_there_were_enough_requests_to_judge_by() {
    let objective = FAILURES.replace(r#""requests": 5"#, r#""requests": 30"#);
    let changes = r#""changes": { "fails": "100%" }"#;
    let (failed, used) = tried("", &format!("{}, {changes}", canary(&objective)));
    assert_eq!((used.rollbacks, used.tried.requests, used.tried.failed), (1, 30, 30));
    // Judged as the thirtieth is done with.
    let judged = failed[29] - 10_000;
    assert_eq!(used.doubted.nanos() / 1_000_000, judged);
    assert!((14_000..15_000).contains(&judged), "{judged}");
}

#[test]
fn a_deploy_keeps_to_the_budget_of_what_must_be_ready() {
    let rolling = r#""strategy": { "rolling": { "max_surge": 0, "max_unavailable": 2 } }"#;
    let (_, used) = tried("", rolling);
    assert_eq!(used.deploying, secs(5.0));
    let budget = r#""disruption_budget": { "min_available": "75%" },"#;
    let (_, used) = tried(budget, rolling);
    assert!(used.deploying >= secs(10.0) && used.deploying <= secs(10.1), "{:?}", used.deploying);
    assert!(used.ready_ns >= 4 * 60_000_000_000 - 10_100_000_000);
}
