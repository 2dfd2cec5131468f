//! What callers do to live with failure: budgets of retries.

use super::*;

#[test]
fn a_budget_of_retries_is_shared_by_the_clients_of_a_class_and_ends_them_all() {
    let app = r#""app": { "hosts": "box", "connections": 1, "operations": { "run": [{ "wait": "500ms" }] } }"#;
    let retry = |budget: &str| {
        let retry = format!(
            r#""closed": {{ "users": 5, "think": "1100ms" }}, "retry": {{ "attempts": 3, "backoff": "10ms"{budget} }}"#
        );
        let text = format!(
            r#"{{ "name": "budget", "hosts": {{ "box": {{ "cores": 4 }} }}, "services": {{ {app} }},
                 "traffic": {{ "holder": {{ "call": "app.run", "closed": {{ "users": 1, "think": "1s" }} }},
                               "user": {{ "call": "app.run", {retry} }} }} }}"#
        );
        let (diary, _) = model(&text).watch(&plan(1, "1.4s"), Diary::default());
        let failed = diary.failed.iter().map(|it| (it.0 / 1_000_000 - 1100) as u32);
        (diary.retries, failed.collect::<Vec<_>>())
    };
    assert_eq!(retry(""), (10, vec![20; 5]));
    // Two were saved up; the others give up at once.
    let budget = r#", "budget": { "ratio": 0, "burst": 2 }"#;
    assert_eq!(retry(budget), (2, vec![0, 0, 0, 10, 10]));
    // Three are saved up, where the first request brings no more; four quarters are another.
    let budget = r#", "budget": { "ratio": 0.25, "burst": 3 }"#;
    assert_eq!(retry(budget).0, 4);
}

#[test]
fn each_calling_instance_has_a_budget_of_its_own() {
    let services = |budget: &str| {
        format!(
            r#""front": {{ "hosts": "box", "instances": 2, "balance": "round_robin", "operations": {{
                  "go": [{{ "call": "back.run", "timeout": "10ms", "retry": {{ "attempts": 2{budget} }} }}] }} }},
               "back": {{ "hosts": "box", "operations": {{ "run": [{{ "wait": "1s" }}] }} }}"#
        )
    };
    let requests = [0.0, 1.0, 2.0, 3.0].map(|at| (at, "front.go", ""));
    let timeouts = |budget: &str| -> Vec<f64> {
        ends(&scene(BOX, "", &services(budget), &requests)).iter().map(|it| it.0).collect()
    };
    assert_eq!(timeouts(""), [20.0, 21.0, 22.0, 23.0]);
    // Each of the two may retry once.
    assert_eq!(timeouts(r#", "budget": { "ratio": 0, "burst": 1 }"#), [20.0, 21.0, 12.0, 13.0]);
}
