//! What is expected of the days of a story, played as a whole or sampled, and what fails in it.

use outgrow::experiment::file::Experiment;
use outgrow::experiment::{self, Progress, Settings, Source, Title, gate, load};
use outgrow::model::Document;
use outgrow::outcome::{Kept, Outcome, Point, Verb};
use outgrow::problem::Problem;
use outgrow::units::Span;
use std::sync::Mutex;

/// A service with one worker, which takes ten seconds for a request.
const BOOTH: &str = r#"{
    "name": "booth", "hosts": { "box": { "cores": 4 } },
    "services": { "web": { "hosts": "box", "workers": 1, "operations": { "page": [{ "wait": "10s" }] } } },
    "users": 1, "traffic": { "page": { "call": "web.page", "per_user": "0.1/h", "timeout": "5m" } },
    "objectives": { "page": { "p90": "3m", "availability": 0.99 } } }"#;

/// A tenth, a third, half of what the worker can do, and on the fourth day a tenth too much.
const BREAKING: &str = r#""over": "4d", "users": { "steps": [{ "at": "0d", "users": 360 },
    { "at": "1d", "users": 1200 }, { "at": "2d", "users": 1800 }, { "at": "3d", "users": 4000 }] }"#;

fn written(
    model: &str,
    growth: &str,
    runs: u32,
    rest: &str,
) -> Result<(Experiment, Document, [Source; 1]), Vec<Problem>> {
    let text = format!(
        r#"{{ "name": "stories", "models": ["model.json"], "growth": {{ {growth} }},
             "replications": {{ "min": {runs} }}, {rest} }}"#
    );
    let document = Document::parse("stories.json", &text).unwrap();
    let nothing = |name: &str| Err(format!("{name} is not there"));
    let experiment = load(&document, &nothing)?;
    let model = Document::parse("model.json", model).unwrap();
    Ok((experiment, document, [Source { document: model, files: Box::new(nothing) }]))
}

fn settings(experiment: &Experiment) -> Settings {
    let replications = experiment.replications.clone();
    Settings { seed: 1, replications, events_max: u64::MAX, keeping: None }
}

fn title(verb: Verb) -> Title {
    Title { verb, experiment: "stories".to_owned(), about: String::new() }
}

/// Four runs.
fn played(model: &str, growth: &str, rest: &str, progress: &dyn Progress) -> Outcome {
    let (experiment, document, sources) = written(model, growth, 4, rest).unwrap();
    let designs = experiment::designs(&experiment, &document, &sources, false)
        .unwrap_or_else(|_| panic!("it makes sense"));
    let points = experiment::points(&experiment, &designs, &mut Default::default());
    let settings = settings(&experiment);
    experiment::outcome(title(Verb::Compare), &designs, &points, &settings, progress).unwrap()
}

fn checked(growth: &str, runs: u32, rest: &str, threads: usize) -> Result<Outcome, Vec<Problem>> {
    checked_of(BOOTH, growth, runs, rest, threads)
}

fn checked_of(
    model: &str,
    growth: &str,
    runs: u32,
    rest: &str,
    threads: usize,
) -> Result<Outcome, Vec<Problem>> {
    let (experiment, document, sources) = written(model, growth, runs, rest)?;
    let gate = gate(&experiment, &document, &sources)?;
    let settings = settings(&experiment);
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    Ok(threads.install(|| gate.run(title(Verb::Check), &settings, &())).unwrap())
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

/// A service that answers at once, asked for something once in an hour by each user.
const SHOP: &str = r#"{
    "name": "shop", "hosts": { "box": { "cores": 4 } },
    "services": { "web": { "hosts": "box", "start": "20s", "operations": { "page": [{ "wait": "1ms" }] } } },
    "users": 1, "traffic": { "page": { "call": "web.page", "per_user": "1/h" } },
    "business": { "revenue": { "per": "page", "amount": 2.0 } } }"#;

/// Long enough that only every other slice of ten seconds is kept of the whole.
const LONG: &str = r#""over": "156h", "users": { "constant": 360 }"#;
const OUTAGE: &str = r#""faults": [{ "host": "box.0", "at": "126h", "for": "10m" },
    { "surge": 3, "at": "30h", "for": "1h" }]"#;

#[test]
fn what_fails_in_a_whole_story_is_told_as_where_it_is_played_on_its_own() {
    let whole = played(SHOP, &format!("{LONG}, {WHOLE}"), OUTAGE, &());
    let sampled = played(SHOP, &format!("{LONG}, {SAMPLED}"), OUTAGE, &());
    let faults = |it: &Outcome| -> Vec<Point> {
        it.points.iter().filter(|it| it.fault.is_some()).cloned().collect()
    };
    let (own, others) = (faults(&whole), faults(&sampled));
    assert_eq!((own.len(), others.len()), (2, 2));
    for (own, other) in own.iter().zip(&others) {
        assert_eq!((&own.fault, own.day, own.users), (&other.fault, other.day, other.users));
        assert_eq!(own.window_s, other.window_s);
        let (series, of_other) = (own.series.as_ref().unwrap(), other.series.as_ref().unwrap());
        assert_eq!((&series.at_s, series.slice_s), (&of_other.at_s, 10.0));
        // A mean of four of each: further apart than so many standard errors is no luck.
        for metric in
            ["page.arrivals", "page.failed", "availability", "page.downtime", "revenue.lost"]
        {
            let [a, b] = [own, other].map(|it| it.metric(metric).unwrap());
            let error = f64::hypot(a.half_width.unwrap(), b.half_width.unwrap());
            assert!((a.value - b.value).abs() <= 2.0 * error, "{metric}: {a:?} {b:?}");
        }
    }
    let [a, b] = [&own[0], &others[0]].map(|it| it.series.as_ref().unwrap());
    assert_eq!((a.instances["web"].up.len(), &a.instances), (a.at_s.len(), &b.instances));
    // Before it fails, and from a minute after it to the end, when it has booted and started.
    assert_eq!((a.cpu["box"][0], a.cpu["box"][a.at_s.len() - 1]), (Some(0.0), Some(0.0)));
    // Nothing is drawn of when what was down is back.
    let restart = |it: &Point| it.metric("restart").unwrap().value;
    assert_eq!(restart(&own[0]), restart(&others[0]));
    // All that fails in the story fails then.
    let count = |it: &Point| it.metric("page.failed").unwrap().value * it.window_s;
    let days: Vec<&Point> =
        whole.points.iter().filter(|it| it.day.is_some() && it.fault.is_none()).collect();
    assert!((count(&own[0]) - count(&whole.points[0])).abs() < 1e-6 && count(&own[0]) > 30.0);
    assert!((count(&own[0]) - count(days[5])).abs() < 1e-6);
    assert_eq!(own[1].metric("page.failed").unwrap().value, 0.0);
    // Half of the seventh day is played.
    let born = |it: &Point| it.metric("page.arrivals").unwrap().value * it.window_s;
    let of_days: f64 = days.iter().map(|it| born(it)).sum();
    assert!(days.len() == 7 && days[6].window_s == 43_200.0);
    assert!((of_days - born(&whole.points[0])).abs() < 1e-6);
}

#[test]
fn recovery_in_a_whole_story_is_told_as_where_the_fault_is_played_on_its_own() {
    // A hundred requests in each slice: some in every one of them.
    let growth = r#""over": "15m", "users": { "constant": 36000 }"#;
    let outage = r#""faults": [{ "host": "box.0", "at": "5m", "for": "2m" }]"#;
    let [whole, sampled] = [WHOLE, r#""sample": { "window": "1m", "warm_up": "0s" }"#].map(|how| {
        let told = played(SHOP, &format!("{growth}, {how}"), outage, &());
        told.points
            .iter()
            .find_map(|it| it.fault.as_ref().and(it.metric("recovery")))
            .unwrap()
            .value
    });
    assert!(whole == sampled && whole > 0.0, "{whole} {sampled}");
}

#[test]
fn faults_of_a_whole_story_and_days_without_them_are_expected() {
    let expected = [
        (
            r#"{ "metric": "availability", "at_least": "99%", "where": { "fault": "host box.0" } }"#,
            Kept::Fail,
        ),
        (
            r#"{ "metric": "downtime", "at_most": "11m", "where": { "fault": true, "day": 5 } }"#,
            Kept::Pass,
        ),
        (
            r#"{ "metric": "page.failed", "at_most": "0/s", "where": { "fault": false } }"#,
            Kept::Pass,
        ),
        (r#"{ "metric": "page.failed", "at_most": "0/s", "where": { "day": 5 } }"#, Kept::Fail),
    ];
    let all = expected.map(|it| it.0).join(", ");
    let outcome = checked_of(
        SHOP,
        &format!("{LONG}, {WHOLE}"),
        4,
        &format!(r#"{OUTAGE}, "expect": [{all}]"#),
        1,
    )
    .unwrap();
    for (told, (text, verdict)) in outcome.expectations.iter().zip(expected) {
        assert_eq!(told.verdict, verdict, "{text}: {told:#?}");
    }
    let days: Vec<Option<f64>> = outcome.expectations[2].points.iter().map(|it| it.day).collect();
    // The surge is on the second day, the outage on the sixth.
    assert_eq!(days, [0.0, 2.0, 3.0, 4.0, 6.0].map(Some));
    assert_eq!(outcome.expectations[0].points[0].fault.as_deref(), Some("host box.0"));
}

#[test]
fn users_of_a_day_are_those_of_what_is_played_of_it() {
    let users = |over: &str| -> Vec<Option<f64>> {
        let growth = format!(
            r#""over": "{over}", "users": {{ "linear": {{ "from": 0, "to": 36 }} }}, {WHOLE}"#
        );
        played(SHOP, &growth, r#""seed": 1"#, &()).points.iter().map(|it| it.users).collect()
    };
    assert_eq!(users("12h"), [18.0, 18.0].map(Some));
    // All of the story, a day, and half a day.
    assert_eq!(users("36h"), [18.0, 12.0, 30.0].map(Some));
}

/// What was told of how far a whole story has come, and how far all work was.
#[derive(Default)]
struct Told {
    days: Mutex<Vec<f64>>,
    shares: Mutex<Vec<f64>>,
}

impl Progress for Told {
    fn advance(&self, done: f64, total: f64) {
        self.shares.lock().unwrap().push(done / total);
    }
    fn reached(&self, at: Span, over: Span) {
        self.days.lock().unwrap().push(at.as_secs() / over.as_secs());
    }
}

#[test]
fn a_whole_story_tells_how_far_it_has_come() {
    let told = Told::default();
    let growth =
        format!(r#""over": "2d", "users": {{ "linear": {{ "from": 0, "to": 600 }} }}, {WHOLE}"#);
    let one = r#""seed": 1"#;
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| {
        played(SHOP, &growth, one, &told);
    });
    let days = told.days.into_inner().unwrap();
    // Run after run, each from its beginning to its end.
    let runs = days.chunk_by(|a, b| a < b).map(<[f64]>::to_vec).collect::<Vec<_>>();
    assert_eq!(runs.len(), 4);
    for run in runs {
        assert!(run.len() > 100 && run[0] < 0.01 && run[run.len() - 1] > 0.99);
    }
    // Half way through growth from nothing a quarter of the work is done.
    let shares = told.shares.into_inner().unwrap();
    assert!(shares.is_sorted() && (0.999..=1.0).contains(&shares[shares.len() - 1]));
    let half = shares[shares.len() / 8];
    assert!((half - 0.25 / 4.0).abs() < 0.01, "{half}");
}
