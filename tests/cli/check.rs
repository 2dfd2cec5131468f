//! `outgrow check`: verdicts, exit codes, and the files that CI reads.

use super::support::{outgrow, run, scratch, stderr, stdout};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// An experiment of two desks, with one clerk and with two; the mean response with one is 2 ms.
fn experiment(folder: &Path, name: &str, expect: &Value, replications: &Value) -> PathBuf {
    let model = json!({
        "name": "queue", "hosts": { "desk": { "cores": 1 } },
        "services": { "clerk": { "hosts": "desk", "workers": 1, "operations": {
            "serve": [{ "wait": { "exponential": "1ms" } }] } } },
        "traffic": { "customer": { "call": "clerk.serve", "rate": "500/s" } }
    });
    let experiment = json!({
        "name": name, "models": ["queue.json"], "expect": expect,
        "variants": { "one": {}, "two": { "services.clerk.workers": 2 },
                      "full": { "traffic.customer.rate": "2000/s", "services.clerk.line": 1000000 } },
        "window": "4s", "warm_up": "1s", "replications": replications, "seed": 5
    });
    std::fs::write(folder.join("queue.json"), model.to_string()).unwrap();
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, experiment.to_string()).unwrap();
    path
}

fn passing() -> Value {
    json!([
        { "model": "one", "metric": "customer.response.mean", "under": "3ms", "about": "It is quick." },
        { "model": "one", "metric": "customer.response.mean", "over": "1ms" },
        { "model": "one", "metric": "availability", "at_least": "99%" },
        { "metric": "customer.response.mean", "better": ["two", "one"], "by": "20%" },
        { "metric": "customer.response.p95", "better": ["one", "full"] },
        { "model": "full", "metric": "customer.response.p95", "over": "1h" }
    ])
}

fn failing() -> Value {
    json!([
        { "model": "one", "metric": "customer.response.mean", "under": "1ms" },
        { "metric": "customer.response.mean", "better": ["one", "two"] },
        { "model": "full", "metric": "customer.response.p95", "under": "1h" }
    ])
}

/// Nobody could tell on which side of the truth the truth lies.
fn undecidable() -> Value {
    json!([{ "model": "one", "metric": "customer.response.mean", "under": "2ms" }])
}

fn check(paths: &[&Path], more: &[&str]) -> (Option<i32>, String) {
    let paths = paths.iter().map(|it| it.to_str().unwrap());
    let args: Vec<&str> = ["check"].into_iter().chain(paths).chain(more.iter().copied()).collect();
    let output = outgrow().args(&args).env_remove("GITHUB_ACTIONS").output().unwrap();
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
    (output.status.code(), stdout(&output))
}

#[test]
fn what_holds_passes_what_is_broken_fails_and_what_cannot_be_told_says_so() {
    let folder = scratch("check");
    let few = json!({ "min": 5 });
    let good = experiment(&folder, "good", &passing(), &few);
    let (code, text) = check(&[&good], &[]);
    assert_eq!((code, text.matches("✓ holds").count()), (Some(0), 6), "{text}");
    let bad = experiment(&folder, "bad", &failing(), &few);
    let (code, text) = check(&[&bad], &[]);
    assert_eq!((code, text.matches("✗ fails").count()), (Some(1), 3), "{text}");
    assert!(text.contains("overloaded by clerk"), "{text}");
    let unclear = experiment(&folder, "unclear", &undecidable(), &json!({ "min": 5, "max": 20 }));
    let (code, text) = check(&[&unclear], &[]);
    assert_eq!((code, text.matches("? cannot tell").count()), (Some(3), 1), "{text}");
    assert!(text.contains("20 runs"), "it went on to the most that is allowed: {text}");
    assert!(
        text.contains("replications would tell") || text.contains("is likely to tell"),
        "{text}"
    );
}

#[test]
fn all_experiments_are_run_and_the_worst_decides() {
    let folder = scratch("check-all");
    let few = json!({ "min": 5 });
    let good = experiment(&folder, "good", &passing(), &few);
    let bad = experiment(&folder, "bad", &failing(), &few);
    let unclear = experiment(&folder, "unclear", &undecidable(), &few);
    let (code, text) = check(&[&unclear, &bad, &good], &[]);
    assert_eq!(code, Some(1), "{text}");
    for found in ["✓ holds", "✗ fails", "? cannot tell"] {
        assert!(text.contains(found), "{text}");
    }
    assert_eq!(check(&[&good, &unclear], &[]).0, Some(3));
}

#[test]
fn runs_go_on_for_what_is_open_and_not_for_what_is_told() {
    let folder = scratch("check-more");
    let close = json!([
        { "model": "two", "metric": "customer.response.mean", "under": "1s" },
        { "model": "one", "metric": "customer.response.mean", "under": "2.1ms" }
    ]);
    let path = experiment(&folder, "close", &close, &json!({ "min": 4, "max": 256 }));
    let (code, text) = check(&[&path], &["--format", "json"]);
    assert_eq!(code, Some(0), "{text}");
    let outcome: Value = serde_json::from_str(&text).unwrap();
    let runs = |i: usize| outcome["expectations"][i]["points"][0]["replications"].as_u64().unwrap();
    assert_eq!(runs(0), 4);
    assert!(runs(1) > 4, "{}", runs(1));
    assert_eq!(outcome["points"].as_array().unwrap().len(), 2, "nothing else is simulated");
}

#[test]
fn verdicts_are_the_same_byte_for_byte_with_one_thread_two_and_seven() {
    let folder = scratch("check-threads");
    let replications = json!({ "min": 3, "max": 24 });
    let unclear = experiment(&folder, "unclear", &undecidable(), &replications);
    let good = experiment(&folder, "good", &passing(), &replications);
    let of = |threads: &str| check(&[&unclear, &good], &["--format", "json", "--threads", threads]);
    let one = of("1");
    assert_eq!(one, of("2"));
    assert_eq!(one, of("7"));
}

#[test]
fn ci_gets_a_junit_file_a_summary_and_annotations() {
    let folder = scratch("check-files");
    let few = json!({ "min": 5 });
    let good = experiment(&folder, "good", &passing(), &few);
    let bad = experiment(&folder, "bad", &failing(), &few);
    let (junit, summary) = (folder.join("junit.xml"), folder.join("summary.md"));
    let files = ["--junit", junit.to_str().unwrap(), "--summary", summary.to_str().unwrap()];
    let (code, text) = check(&[&good, &bad], &[&files[..], &["--github"]].concat());
    assert_eq!(code, Some(1));
    assert_eq!(text.lines().filter(|it| it.starts_with("::error file=")).count(), 3, "{text}");
    let junit = std::fs::read_to_string(junit).unwrap();
    assert_eq!(junit.matches("<testcase").count(), 9, "{junit}");
    assert_eq!(junit.matches("<failure").count(), 3, "{junit}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.contains("Of 6 expectations: 6 hold."), "{summary}");
    assert!(summary.contains("Of 3 expectations: 3 fail."), "{summary}");
    let by_itself = outgrow()
        .args(["check", bad.to_str().unwrap()])
        .env("GITHUB_ACTIONS", "true")
        .output()
        .unwrap();
    assert!(stdout(&by_itself).contains("\n::error file="), "{}", stdout(&by_itself));
}

#[test]
fn what_has_become_worse_than_in_the_baseline_fails() {
    let folder = scratch("check-baseline");
    let path = experiment(&folder, "good", &passing(), &json!({ "min": 5 }));
    let out = folder.join("before");
    assert_eq!(check(&[&path], &["--format", "csv"]).0, Some(0));
    let output = run(&["check", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let before = out.join("outcome.json");
    let against = ["--baseline", before.to_str().unwrap()];
    let (code, text) = check(&[&path], &against);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Against the baseline") && !text.contains(" worse\n"), "{text}");
    // A tenth more work is a fifth more response: all expectations hold still.
    let model = std::fs::read_to_string(folder.join("queue.json")).unwrap();
    std::fs::write(folder.join("queue.json"), model.replace("\"1ms\"", "\"1.1ms\"")).unwrap();
    for (seed, tolerance, expected) in [("5", "5%", 1), ("5", "40%", 0), ("6", "5%", 1)] {
        let more = [&against[..], &["--seed", seed, "--tolerance", tolerance]].concat();
        let (code, text) = check(&[&path], &more);
        assert_eq!(code, Some(expected), "seed {seed}, {tolerance}: {text}");
    }
    std::fs::write(&before, "{ \"format\": 3 }").unwrap();
    let output = run(&["check", path.to_str().unwrap(), "--baseline", before.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is no outcome of an earlier check"), "{}", stderr(&output));
}

#[test]
fn an_experiment_that_expects_nothing_is_refused_with_all_else_that_is_wrong() {
    let folder = scratch("check-nothing");
    let nothing = experiment(&folder, "nothing", &json!([]), &json!({ "min": 5 }));
    let wrong = "tests/cli/bad/expect-names.json";
    let output = run(&["check", nothing.to_str().unwrap(), wrong]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("expects nothing") && text.contains("did you mean"), "{text}");
}

#[test]
fn the_users_and_levels_that_are_named_are_simulated_and_no_others() {
    let folder = scratch("check-where");
    let expect = json!([
        { "metric": "availability", "at_least": 0.5, "where": { "users": 25000, "fault": false } },
        { "metric": "availability", "at_least": 0.5,
          "where": { "hosts.machine.cores": 8, "day": { "up_to": 7 }, "fault": false } }
    ]);
    let text = std::fs::read_to_string("experiments/first.json").unwrap();
    let start = text.find("  \"expect\"").unwrap();
    let text = format!("{}  \"expect\": {expect} }}", &text[..start]);
    let models = std::fs::canonicalize("models").unwrap();
    let text = text.replace("../models/first.json", models.join("first.json").to_str().unwrap());
    let path = folder.join("first.json");
    std::fs::write(&path, text).unwrap();
    let (code, text) = check(&[&path], &["--format", "json"]);
    assert_eq!(code, Some(0), "{text}");
    let outcome: Value = serde_json::from_str(&text).unwrap();
    let points = outcome["points"].as_array().unwrap();
    let users: Vec<f64> = points.iter().map(|it| it["users"].as_f64().unwrap()).collect();
    assert_eq!(users, [20_000.0, 40_000.0, 25_000.0]);
    let cores: Vec<&Value> =
        points.iter().map(|it| &it["factors"]["hosts.machine.cores"]).collect();
    assert_eq!(cores, [&json!(8), &json!(8), &Value::Null]);
}
