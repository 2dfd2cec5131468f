//! What is expected of the days of a story, played as a whole or sampled, and what fails in it.

use outgrow::experiment::{Settings, Source, Title, gate, load};
use outgrow::model::Document;
use outgrow::outcome::{Kept, Outcome, Verb};
use outgrow::problem::Problem;

/// A service with one worker, which takes ten seconds for a request.
const BOOTH: &str = r#"{
    "name": "booth", "hosts": { "box": { "cores": 4 } },
    "services": { "web": { "hosts": "box", "workers": 1, "operations": { "page": [{ "wait": "10s" }] } } },
    "users": 1, "traffic": { "page": { "call": "web.page", "per_user": "0.1/h", "timeout": "5m" } },
    "objectives": { "page": { "p90": "3m", "availability": 0.99 } } }"#;

/// A tenth, a third, half of what the worker can do, and on the fourth day a tenth too much.
const BREAKING: &str = r#""over": "4d", "users": { "steps": [{ "at": "0d", "users": 360 },
    { "at": "1d", "users": 1200 }, { "at": "2d", "users": 1800 }, { "at": "3d", "users": 4000 }] }"#;

fn checked(growth: &str, runs: u32, rest: &str, threads: usize) -> Result<Outcome, Vec<Problem>> {
    let text = format!(
        r#"{{ "name": "stories", "models": ["booth.json"], "growth": {{ {growth} }},
             "replications": {{ "min": {runs} }}, {rest} }}"#
    );
    let document = Document::parse("stories.json", &text).unwrap();
    let nothing = |name: &str| Err(format!("{name} is not there"));
    let experiment = load(&document, &nothing)?;
    let model = Document::parse("booth.json", BOOTH).unwrap();
    let gate =
        gate(&experiment, &document, &[Source { document: model, files: Box::new(nothing) }])?;
    let replications = experiment.replications.clone();
    let settings = Settings { seed: 1, replications, events_max: u64::MAX, keeping: None };
    let title = Title { verb: Verb::Check, experiment: "stories".to_owned(), about: String::new() };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    Ok(threads.install(|| gate.run(title, &settings, &())).unwrap())
}

/// Each expectation, written as JSON, with its verdict.
fn check(growth: &str, runs: u32, expected: &[(&str, Kept)]) -> Outcome {
    let all: Vec<&str> = expected.iter().map(|it| it.0).collect();
    let rest = format!(r#""expect": [{}]"#, all.join(", "));
    let outcome = checked(growth, runs, &rest, 1).unwrap_or_else(|it| panic!("{it:?}"));
    let verdicts: Vec<Kept> = outcome.expectations.iter().map(|it| it.verdict).collect();
    let right: Vec<Kept> = expected.iter().map(|it| it.1).collect();
    assert_eq!(verdicts, right, "{:#?}", outcome.expectations);
    outcome
}

const WHOLE: &str = r#""full": true, "sample": { "warm_up": "0s" }"#;
const SAMPLED: &str = r#""sample": { "every": "1d", "warm_up": "0s", "window": "12h" }"#;

/// The fourth day, 3, is the first on which an objective is missed.
const BREAKS_ON_3: [(&str, Kept); 8] = [
    (r#"{ "metric": "breaks_on", "at_least": 3 }"#, Kept::Pass),
    (r#"{ "metric": "breaks_on", "over": 2.5 }"#, Kept::Pass),
    (r#"{ "metric": "breaks_on", "over": 3 }"#, Kept::Fail),
    (r#"{ "metric": "breaks_on", "at_least": 3.5 }"#, Kept::Fail),
    (r#"{ "metric": "breaks_on", "at_most": 3 }"#, Kept::Pass),
    (r#"{ "metric": "breaks_on", "under": 3.5 }"#, Kept::Pass),
    (r#"{ "metric": "breaks_on", "under": 3 }"#, Kept::Fail),
    (r#"{ "metric": "breaks_on", "absent": true }"#, Kept::Fail),
];

#[test]
fn the_day_on_which_a_model_breaks_is_expected_of_whole_and_of_sampled_stories() {
    for how in [WHOLE, SAMPLED] {
        check(&format!("{BREAKING}, {how}"), 4, &BREAKS_ON_3);
    }
    // What never breaks does not do so by any day.
    let never = [
        (r#"{ "metric": "breaks_on", "absent": true }"#, Kept::Pass),
        (r#"{ "metric": "breaks_on", "at_least": 2 }"#, Kept::Pass),
        (r#"{ "metric": "breaks_on", "at_most": 1 }"#, Kept::Fail),
    ];
    let calm = r#""over": "2d", "users": { "constant": 360 }"#;
    check(&format!("{calm}, {WHOLE}"), 4, &never);
    // One run tells nothing, either way.
    check(&format!("{calm}, {WHOLE}"), 1, &never.map(|it| (it.0, Kept::CannotTell)));
}

#[test]
fn days_of_a_whole_story_are_held_to_what_the_table_tells_of_them_on_any_number_of_threads() {
    let expected = [
        (
            r#"{ "metric": "page.availability", "at_least": "99%", "where": { "day": 2 } }"#,
            Kept::Pass,
        ),
        (
            r#"{ "metric": "page.availability", "at_least": "99%", "where": { "day": 3 } }"#,
            Kept::Fail,
        ),
        (
            r#"{ "metric": "page.response.p90", "under": "3m", "where": { "users": { "up_to": 1800 } } }"#,
            Kept::Pass,
        ),
        (
            r#"{ "metric": "page.response.p90", "under": "3m", "where": { "users": 4000 } }"#,
            Kept::Fail,
        ),
        (
            r#"{ "metric": "page.failed", "at_most": "0.0001/s", "where": { "day": { "from": 1 } } }"#,
            Kept::Fail,
        ),
    ];
    let growth = format!("{BREAKING}, {WHOLE}");
    let outcome = check(&growth, 4, &expected);
    let spoken = |i: usize| -> Vec<Option<f64>> {
        outcome.expectations[i].points.iter().map(|it| it.day).collect()
    };
    assert_eq!(
        (spoken(2), spoken(4)),
        (vec![Some(0.0), Some(1.0), Some(2.0)], vec![Some(1.0), Some(2.0), Some(3.0)])
    );
    for it in outcome.expectations.iter().flat_map(|it| &it.points) {
        let day = outcome.points.iter().find(|day| day.day == it.day).unwrap();
        assert_eq!((it.estimate.as_ref(), it.users), (day.metric(&it.metric), day.users));
    }
    let all = expected.map(|it| it.0).join(", ");
    let again = checked(&growth, 4, &format!(r#""expect": [{all}]"#), 2).unwrap();
    assert_eq!(again, outcome);
}
