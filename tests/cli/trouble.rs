//! What goes wrong around the program: full or forbidden folders, too much work, an impatient user.

use super::support::{outgrow, run, scratch, stderr, stdout};
use std::process::Stdio;
use std::time::{Duration, Instant};

const QUICK: [&str; 6] = ["--window", "20s", "--warm-up", "5s", "--replications", "2"];

#[test]
fn a_folder_that_cannot_be_written_loses_no_printed_result() {
    let folder = scratch("unwritable");
    std::fs::create_dir_all(folder.join("outcome.json")).unwrap();
    let out = folder.to_str().unwrap();
    let args = [&["run", "models/shop.json", "--out", out], &QUICK[..]].concat();
    let output = run(&args);
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert!(stdout(&output).contains("Bottleneck: "), "the result is printed first");
    assert!(stderr(&output).contains("cannot be written"));
}

#[test]
fn a_folder_that_cannot_be_made_is_refused_before_anything_runs() {
    let folder = scratch("in-the-way");
    std::fs::write(folder.join("file"), "in the way").unwrap();
    let out = folder.join("file/below");
    let output = run(&["run", "models/shop.json", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stdout(&output).is_empty() && stderr(&output).contains("is no folder"));
}

#[test]
fn an_outcome_folder_holds_tables_and_charts() {
    let folder = scratch("written");
    let args =
        [&["run", "models/shop.json", "--out", folder.to_str().unwrap()], &QUICK[..]].concat();
    assert!(run(&args).status.success());
    let json = std::fs::read_to_string(folder.join("outcome.json")).unwrap();
    let outcome: outgrow::outcome::Outcome = serde_json::from_str(&json).unwrap();
    assert_eq!(outcome.points.len(), 1);
    assert!(folder.join("outcome.csv").exists());
}

#[test]
fn what_would_take_too_long_is_refused_before_it_starts() {
    let output = run(&["run", "models/shop.json", "--max-events", "1000"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("events, and 1,000 are allowed"), "{}", stderr(&output));
}

#[test]
fn an_overload_without_bounds_ends_with_a_message_and_not_with_the_memory() {
    let output = run(&["run", "models/mm1.json", "--set", "traffic.customer.rate=1e8/s"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_within_a_second() {
    let mut child = outgrow()
        .args(["run", "models/mm16.json", "--window", "10000000s", "--max-events", "1000000000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let asked = Instant::now();
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(5), "it takes a second on an idle machine");
}

#[test]
fn a_reader_who_leaves_early_is_no_failure() {
    let mut child = outgrow()
        .args([&["run", "models/shop.json"], &QUICK[..]].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn users_who_hardly_think_are_not_refused_for_more_than_they_can_ask() {
    // One worker answers ten requests a second, however many wait: a few thousand events.
    let folder = scratch("impatient");
    let model = folder.join("model.json");
    std::fs::write(
        &model,
        r#"{ "name": "impatient", "hosts": { "box": { "cores": 1 } },
             "services": { "app": { "hosts": "box", "instances": 1, "workers": 1,
                "operations": { "run": [{ "wait": "100ms" }] } } },
             "traffic": { "user": { "call": "app.run", "closed": { "users": 100, "think": "1us" } } } }"#,
    )
    .unwrap();
    let model = model.to_str().unwrap();
    let output = run(&[&["run", model, "--max-events", "20000"], &QUICK[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}
