//! Verdicts on expectations are wrong no more often than stated, however often it is looked.

use outgrow::experiment::file::{Replications, WarmUp};
use outgrow::experiment::{Settings, Source, Title, gate, load};
use outgrow::model::Document;
use outgrow::outcome::{Kept, Verb};
use rayon::prelude::*;

/// Mean response of an M/M/1 with 1,000 served and 500 come in a second.
const TRUTH_MS: f64 = 2.0;

/// How many of 200 seeds pass, fail and cannot tell that the mean response is under so many milliseconds.
fn verdicts(under_ms: f64) -> [usize; 3] {
    let model = r#"{
        "name": "queue", "hosts": { "desk": { "cores": 1 } },
        "services": { "clerk": { "hosts": "desk", "workers": 1, "operations": {
            "serve": [{ "wait": { "exponential": "1ms" } }] } } },
        "traffic": { "customer": { "call": "clerk.serve", "rate": "500/s" } } }"#;
    let experiment = format!(
        r#"{{ "name": "gate", "models": ["queue.json"], "window": "8s", "warm_up": "1s",
             "replications": {{ "min": 5, "max": 40 }},
             "expect": [{{ "metric": "customer.response.mean", "under": "{under_ms}ms" }}] }}"#
    );
    let document = Document::parse("gate.json", &experiment).unwrap();
    let nothing = |name: &str| Err(format!("{name} is not there"));
    let experiment = load(&document, &nothing).unwrap();
    assert!(matches!(experiment.warm_up, Some(WarmUp::Fixed(_))));
    let source = Source {
        document: Document::parse("queue.json", model).unwrap(),
        files: Box::new(nothing),
    };
    let gate = gate(&experiment, &document, &[source]).unwrap_or_else(|it| panic!("{it:?}"));
    let all: Vec<Kept> = (0..200u64)
        .into_par_iter()
        .map(|seed| {
            let replications: Replications = experiment.replications.clone();
            let settings = Settings { seed, replications, events_max: u64::MAX, keeping: None };
            let title =
                Title { verb: Verb::Check, experiment: "gate".to_owned(), about: String::new() };
            let outcome = gate.run(title, &settings, &());
            outcome.unwrap_or_else(|it| panic!("{it:?}")).expectations[0].verdict
        })
        .collect();
    [Kept::Pass, Kept::Fail, Kept::CannotTell]
        .map(|verdict| all.iter().filter(|it| **it == verdict).count())
}

#[test]
fn of_200_reruns_no_more_than_stated_give_the_wrong_verdict() {
    // At most 5 % of 200 may be wrong, and four standard errors of 3.1 more by luck.
    let most = 22;
    // Where the bound is the truth neither is right, so that either is wrong at most that often.
    let [pass, fail, open] = verdicts(TRUTH_MS);
    assert!(pass <= most && fail <= most, "{pass} pass and {fail} fail, {open} cannot tell");
    assert!(open >= 200 - 2 * most);
    // Off by a half-width or so, it is told more and more often, and rightly.
    let [wrong, right, _] = verdicts(0.98 * TRUTH_MS);
    assert!(wrong <= most && right > wrong, "{wrong} wrong, {right} right");
    let [right, wrong, _] = verdicts(1.02 * TRUTH_MS);
    assert!(wrong <= most && right > wrong, "{wrong} wrong, {right} right");
    let [right, wrong, open] = verdicts(1.1 * TRUTH_MS);
    assert!(wrong == 0 && right > 190, "{right} right, {wrong} wrong, {open} cannot tell");
}
