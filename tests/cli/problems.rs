//! Bad files: every mistake at once, with code, place, rule and mend, and exit code 2.
//!
//! Each `bad/NAME.json`, a model or an experiment, has the exact message beside it in `bad/NAME.txt`.

use super::support::{run, same_as_recorded, stderr};
use std::path::Path;

#[test]
fn every_bad_file_gets_exactly_the_message_that_is_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/bad");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 20, "the bad files are gone");
    let differences: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let path = format!("tests/cli/bad/{name}.json");
            let text = std::fs::read_to_string(&path).unwrap();
            let verb = match (text.contains("\"models\":"), text.contains("\"expect\":")) {
                (true, true) => "check",
                (true, false) => "sweep",
                (false, _) => "run",
            };
            let output = run(&[verb, &path]);
            assert_eq!(output.status.code(), Some(2), "{name}");
            assert!(output.stdout.is_empty(), "{name}");
            same_as_recorded(&folder.join(format!("{name}.txt")), &stderr(&output)).err()
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_megabyte_of_brackets_is_refused_at_once() {
    let folder = super::support::scratch("brackets");
    let path = folder.join("brackets.json");
    std::fs::write(&path, "[".repeat(1_000_000)).unwrap();
    let output = run(&["run", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("error[E012]: nested more than 64 levels deep"));
}

#[test]
fn a_change_from_the_command_line_is_checked_like_the_file() {
    let output = run(&["run", "models/mm1.json", "--set", "services.clerk.workers=none"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("--set services.clerk.workers=none"), "{text}");
    assert!(text.contains("must be a whole number"), "{text}");
}

#[test]
fn users_that_would_change_nothing_are_refused() {
    let output = run(&["run", "models/mm1.json", "--users", "7"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no traffic of this model is given per user"));
}

#[test]
fn measured_values_may_stand_wherever_a_length_of_time_is_drawn() {
    let quick = ["--window", "5s", "--warm-up", "1s", "--replications", "2"];
    let output = run(&[&["run", "tests/cli/data/measured.json"], &quick[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    // As many as the language has: a new one belongs into the model too.
    let schema = include_str!("../../models/schema/model.schema.json");
    let places = schema.matches("\"#/$defs/Distribution\"").count();
    assert_eq!(places, 24, "is the new place in tests/cli/data/measured.json?");
}

#[test]
fn what_is_set_twice_is_refused() {
    let users = ["--set", "users=5", "--set", "users=6"];
    let output = run(&[&["run", "models/first.json"], &users[..]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("error[E002]: is set twice\n --> --set users"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn models_and_experiments_in_each_others_place_are_told_in_one_problem() {
    let cases = [
        (["sweep", "models/first.json"], "did you mean outgrow run models/first.json?"),
        (["compare", "models/first.json"], "did you mean outgrow run models/first.json?"),
        (["run", "experiments/first.json"], "did you mean outgrow sweep experiments/first.json?"),
    ];
    for (args, mend) in cases {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(2));
        let text = stderr(&output);
        assert!(text.contains(mend) && text.contains("1 problem;"), "{text}");
    }
}

#[test]
fn numbers_below_nothing_are_refused_as_numbers_and_not_as_unknown_options() {
    for args in [["--seed", "-1"], ["--users", "-5"]] {
        let output = run(&[&["run", "models/first.json"], &args[..]].concat());
        assert_eq!(output.status.code(), Some(2));
        let text = stderr(&output);
        assert!(!text.contains("unexpected argument"), "{text}");
        assert!(text.contains(args[0].trim_start_matches('-')), "{text}");
    }
}

/// Ten million requests come, of which none leaves; after eight there are too many.
#[test]
fn a_run_in_which_requests_pile_up_without_a_bound_is_given_up() {
    let short = ["--window", "100ms", "--warm-up", "0s", "--replications", "1"];
    let output = run(&[&["run", "tests/cli/data/piling-up.json"], &short[..]].concat());
    assert!(!output.status.success());
    let told = stderr(&output);
    assert!(told.contains("error[E012]: millions of requests had piled up 79."), "{told}");
    assert!(told.contains("give a \"line\", or \"timeout\"s, or a shorter window"), "{told}");
}
