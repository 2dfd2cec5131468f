//! Intervals hold the true value as often as they say, through whole experiments; where they do not, they
//! say that the runs are too short.

#[path = "../../benches/coverage/cases.rs"]
mod cases;

use cases::{Row, all, heavy_tailed, loss, mmc, rows};

const EXPERIMENTS: usize = 200;

/// Within three binomial standard errors of 0.0154.
fn holds(rows: &[Row], name: &str) {
    for row in rows {
        let share = row.covered as f64 / row.experiments as f64;
        assert!((share - 0.95).abs() < 0.0462, "{name}: {share}, bias {}", row.bias);
        assert!(row.told * 10 >= row.experiments * 8, "{name}: only {} told", row.told);
        assert!(row.half_width < 0.2 && row.covered_of_told <= row.told, "{name}");
    }
}

#[test]
fn nineteen_of_twenty_intervals_hold_mean_and_p99_at_half_load() {
    let case = &all()[0];
    assert!(case.experiments >= EXPERIMENTS, "the published table rests on no fewer");
    holds(&rows(case, 10, EXPERIMENTS), "M/M/1 at 0.5");
}

#[test]
fn availability_is_held_however_few_fail() {
    // About 3, 30 and 3,000 of 2,000, 20,000 and 20,000 requests are turned away.
    for (rate, servers, window_s) in [(0.5, 4, 400.0), (0.5, 4, 4_000.0), (2.0, 5, 1_000.0)] {
        for row in rows(&loss("loss", rate, servers, window_s), 10, EXPERIMENTS) {
            let share = row.covered as f64 / row.experiments as f64;
            assert!((0.9..=1.0).contains(&share), "{rate}/s for {window_s} s: {share}");
            assert!(row.bias.abs() < 0.2, "{rate}/s for {window_s} s: bias {}", row.bias);
        }
    }
}

#[test]
fn one_long_run_tells_the_mean_by_its_batches() {
    let case = mmc("M/M/1 at 0.5", 0.5, 1, 50_000.0);
    holds(&rows(&case, 1, EXPERIMENTS)[..1], case.name);
}

#[test]
fn short_runs_say_so() {
    let cases = [mmc("M/M/1 at 0.95", 0.95, 1, 3_000.0), heavy_tailed(600.0)];
    for case in cases.map(|it| it.over(600.0)) {
        for row in rows(&case, 10, 50) {
            assert!(row.told <= 2, "{}: {} of 50 are not called too short", case.name, row.told);
        }
    }
}

/// The table that `cargo bench --bench coverage -- --record` wrote.
const RECORD: &str = include_str!("../../benches/coverage/record.txt");

#[test]
fn the_readme_shows_the_recorded_table_of_all_cases() {
    assert!(
        include_str!("../../README.md").contains(RECORD),
        "cargo bench --bench coverage -- --record"
    );
    for case in all() {
        let shown = |line: &&str| {
            let own = line.strip_prefix(case.name).map(str::split_whitespace);
            own.is_some_and(|mut it| {
                it.next() == Some(&case.window_s.to_string())
                    && it.nth(1) == Some(&case.experiments.to_string())
            })
        };
        assert_eq!(RECORD.lines().filter(shown).count(), 2, "{} of {} s", case.name, case.window_s);
    }
}

#[test]
fn where_it_is_recorded_as_long_enough_intervals_hold_as_often_as_they_say() {
    for line in RECORD.lines().skip(1) {
        // After the name: window, runs, experiments, metric, then numbers that each stand before a "%".
        let mut words = line.split_whitespace().rev().filter(|it| *it != "%");
        let (_bias, _half_width, told, of_told) =
            (words.next(), words.next(), words.next(), words.next());
        let experiments = words.nth(2).and_then(|it| it.parse::<f64>().ok()).expect(line);
        let told = experiments * told.and_then(|it| it.parse::<f64>().ok()).expect(line) / 100.0;
        // Where fewer than one in twenty is told as long enough it is called too short.
        if told >= 0.05 * experiments {
            let held = of_told.and_then(|it| it.parse::<f64>().ok()).expect(line) / 100.0;
            let luck = 3.0 * (0.95 * 0.05 / told).sqrt();
            assert!((0.93 - luck..=0.97 + luck).contains(&held), "{line}");
        }
    }
}
