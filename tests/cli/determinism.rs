//! An outcome is the same byte for byte with any number of threads.

use super::support::{run, stdout};

#[test]
fn one_thread_two_and_seven_yield_the_same_bytes() {
    let outcome = |threads: &str| {
        let output = run(&[
            "compare",
            "tests/cli/data/growing.json",
            "--format",
            "json",
            "--threads",
            threads,
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stdout(&output)
    };
    let serial = outcome("1");
    assert!(serial.contains("\"breaks_on\""), "the experiment is meant to break a model");
    assert!(serial.contains("\"zone a\""), "and to fail a zone");
    assert_eq!(serial, outcome("2"));
    assert_eq!(serial, outcome("7"));
}

#[test]
fn another_seed_yields_other_figures() {
    let outcome = |seed: &str| {
        let fixed = ["--window", "50s", "--warm-up", "10s", "--replications", "2"];
        stdout(&run(&[
            &["run", "models/shop.json", "--format", "json", "--seed", seed],
            &fixed[..],
        ]
        .concat()))
    };
    assert_ne!(outcome("1"), outcome("2"));
}
