//! Users who leave because requests failed: with how many a sampled instant begins.

use crate::estimates::{outcome_of, written};
use outgrow::experiment::{self, Settings, Title};
use outgrow::outcome::{Outcome, Point, Verb};

/// Each user makes a request a minute, and a share of these fails; nobody makes the reports.
fn failing(share: f64, churn: &str) -> String {
    format!(
        r#"{{ "name": "shop", "hosts": {{ "box": {{ "cores": 8 }} }},
             "services": {{ "web": {{ "hosts": "box", "workers": 64, "operations": {{
                 "page": [{{ "cpu": {{ "exponential": "1ms" }} }}, {{ "fail": {share} }}], "report": [{{ "cpu": "1ms" }}] }} }} }},
             "users": 1, "traffic": {{ "page": {{ "call": "web.page", "per_user": "1/m" }},
                 "report": {{ "call": "web.report", "rate": "2/s" }} }},
             "business": {{ "churn": {{ {churn} }} }} }}"#
    )
}

const SLOWLY: &str = r#""per_failed_request": 2e-4, "cap_per_day": 0.2, "carried": true"#;

/// An instant every 36 hours at the busiest time, and a host that fails on the second day.
const STORY: &str = r#""growth": { "over": "3d", "users": { "linear": { "from": 1000, "to": 2000 } },
        "daily": { "peak_to_mean": 1.8, "peak_at": "20h" },
        "sample": { "every": "36h", "at": "peak", "warm_up": "0s", "window": "60s" } },
    "faults": [{ "host": "box.0", "at": "2d", "for": "1s", "style": "crash" }], "aftermath": "1s",
    "replications": { "min": 1 }"#;

fn value(point: &Point, metric: &str) -> f64 {
    point.metric(metric).unwrap_or_else(|| panic!("{metric}")).value
}

/// The share of the users who have not left.
fn staying(point: &Point) -> f64 {
    value(point, "users.left") / point.users.unwrap()
}

/// By how many standard errors a count differs from that of a Poisson process.
fn errors(point: &Point, metric: &str, per_s: f64) -> f64 {
    (value(point, metric) - per_s) * point.window_s / (per_s * point.window_s).sqrt()
}

#[test]
fn each_instant_begins_with_the_users_whom_those_before_it_left() {
    let told = outcome_of(&failing(0.3, SLOWLY), STORY, 3);
    let [first, second, third, outage] = told.points.as_slice() else { panic!("four points") };
    let days = [first, second, third, outage].map(|it| it.day.unwrap());
    assert_eq!(days, [0.0, 1.5, 3.0, 2.0]);
    // What fails at the busiest hour in a second, for the whole of a mean day.
    let leaving =
        |it: &Point| value(it, "page.failed") * 86_400.0 / 1.8 * 2e-4 / value(it, "users.left");
    let after_first = (1.0 - leaving(first)).powf(1.5);
    let after_half_a_day = after_first * (1.0 - leaving(second)).sqrt();
    let after_second = after_first * (1.0 - leaving(second)).powf(1.5);
    let all = [(first, 1.0), (second, after_first), (third, after_second)];
    for (point, share) in all.into_iter().chain([(outage, after_half_a_day)]) {
        assert!((staying(point) - share).abs() < 1e-12, "{:?}: {}", point.day, staying(point));
        // They make the traffic, and what comes at a rate of its own comes as before.
        let of_users = errors(point, "page.arrivals", value(point, "users.left") / 60.0 * 1.8);
        let own = errors(point, "report.arrivals", 2.0);
        assert!(of_users.abs() < 4.0 && own.abs() < 4.0, "{:?}: {of_users}, {own}", point.day);
    }
}

#[test]
fn who_is_left_agrees_with_the_share_of_requests_that_fail() {
    let told = outcome_of(&failing(0.3, SLOWLY), STORY, 3);
    // A request a minute of which three tenths fail: 432 failures a day for each user.
    let share = 1.0 - 432.0 * 2e-4_f64;
    let failures = value(&told.points[0], "page.failed") * told.points[0].window_s;
    let error = 432.0 * 2e-4 / failures.sqrt();
    for point in &told.points {
        let each = staying(point).powf(1.0 / point.day.unwrap().max(1.0));
        let expected = if point.day == Some(0.0) { 1.0 } else { share };
        assert!((each - expected).abs() < 4.0 * error, "{:?}: {each} of {expected}", point.day);
    }
}

#[test]
fn no_more_leave_in_a_day_than_may() {
    let told = outcome_of(
        &failing(1.0, r#""per_failed_request": 0.01, "cap_per_day": 0.2, "carried": true"#),
        &STORY.replace(r#""min": 1"#, r#""min": 3"#),
        3,
    );
    for point in &told.points {
        let left = point.metric("users.left").unwrap();
        let expected = point.users.unwrap() * 0.8_f64.powf(point.day.unwrap());
        assert!((left.value - expected).abs() < 1e-9 && left.half_width == Some(0.0), "{left:?}");
    }
}

#[test]
fn all_stay_unless_they_are_said_to_leave_for_good() {
    let stay = |churn: &str| {
        let told = outcome_of(&failing(1.0, churn), STORY, 3);
        for point in &told.points {
            assert!(point.metric("users.left").is_none());
            let of_users = errors(point, "page.arrivals", point.users.unwrap() / 60.0 * 1.8);
            assert!(of_users.abs() < 4.0, "{of_users}");
        }
        told
    };
    let told = stay(r#""per_failed_request": 0.01"#);
    assert!(value(&told.points[0], "users.lost") > 0.0);
    stay(r#""per_failed_request": 0, "carried": true"#);
}

#[test]
fn arrivals_control_nothing_where_it_hangs_on_luck_how_many_are_left() {
    let rest = STORY.replace(r#""min": 1"#, r#""min": 6, "controls": true"#);
    let told = outcome_of(&failing(0.3, SLOWLY), &rest, 3);
    let controlled = |it: &Point| it.metric("page.response.mean").unwrap().worth.is_some();
    let ordinary = told.points.iter().filter(|it| it.fault.is_none());
    assert_eq!(ordinary.map(controlled).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn a_check_of_the_last_day_begins_it_with_as_many_as_the_whole_story_does() {
    let rest = format!(
        r#"{STORY}, "expect": [{{ "metric": "users.left", "under": 1900, "where": {{ "day": 3 }} }}]"#
    );
    let model = failing(0.3, SLOWLY);
    let (experiment, document, sources) = written(&model, &rest);
    let gate =
        experiment::gate(&experiment, &document, &sources).unwrap_or_else(|it| panic!("{it:?}"));
    let title = Title { verb: Verb::Check, experiment: String::new(), about: String::new() };
    let replications = experiment.replications.clone();
    let settings = Settings { seed: 1, replications, events_max: u64::MAX, keeping: None };
    let told = gate.run(title, &settings, &()).unwrap();
    let story: Outcome = outcome_of(&model, &rest, 1);
    assert_eq!(told.expectations[0].points[0].values, [value(&story.points[2], "users.left")]);
}
