//! Tables of known outcomes.

use super::*;
use crate::report::fixture;

/// Compares with `expected/<name>.txt`; `OUTGROW_BLESS=1 cargo test` writes those files anew.
fn check(name: &str, expected: &str, outcome: &Outcome) {
    let shown = text(outcome, &Look::default());
    if std::env::var_os("OUTGROW_BLESS").is_some() {
        let file = format!("{}/src/report/table/expected/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(file, &shown).unwrap();
        return;
    }
    for (i, (shown, expected)) in shown.lines().zip(expected.lines()).enumerate() {
        assert_eq!(shown, expected, "line {} of {name}", i + 1);
    }
    assert_eq!(shown.lines().count(), expected.lines().count(), "lines of {name}");
}

#[test]
fn a_run_tells_its_classes_its_devices_and_what_binds() {
    check("run", include_str!("expected/run.txt"), &fixture::single());
}

#[test]
fn a_comparison_tells_the_story_day_by_day_and_who_is_better() {
    check("compare", include_str!("expected/compare.txt"), &fixture::blitz());
}

#[test]
fn a_comparison_of_many_designs_thins_out_the_days() {
    check("levels", include_str!("expected/levels.txt"), &fixture::levels());
}

#[test]
fn a_sweep_has_a_row_for_each_point_with_its_levels() {
    check("sweep", include_str!("expected/sweep.txt"), &fixture::sweep());
}

#[test]
fn a_sensitivity_ranks_what_was_varied_and_marks_what_may_be_nothing() {
    check("sensitivity", include_str!("expected/sensitivity.txt"), &fixture::sensitivity());
}

#[test]
fn whole_stories_come_before_their_days_and_all_designs_of_a_day_together() {
    let mut outcome = fixture::blitz();
    let models = ["monolith", "microservices"];
    // As they are told: of each design all of it, and then its days.
    let of = |model: &&str| {
        let days = outcome.points.iter().filter(|it| it.model == *model && it.fault.is_none());
        let days: Vec<Point> = days.take(2).cloned().collect();
        std::iter::once(Point { day: None, ..days[0].clone() }).chain(days).collect::<Vec<_>>()
    };
    outcome.points = models.iter().flat_map(of).collect();
    let rows = |outcome: &Outcome, title: &str| -> Vec<String> {
        let shown = text(outcome, &Look::default());
        let table = shown.split(title).nth(1).unwrap().lines().skip(3).take(6);
        let word = |it: &str| it.split("  ").find(|it| !it.is_empty()).unwrap().trim().to_owned();
        table.map(word).collect()
    };
    let expected = ["all", "microservices", "0", "microservices", "2", "microservices"];
    assert_eq!(rows(&outcome, "\nDay by day\n"), expected);
}

#[test]
fn an_overloaded_run_says_so_and_tells_no_response() {
    let mut outcome = fixture::single();
    let mut overloaded = fixture::blitz().points[14].clone();
    overloaded.day = None;
    outcome.points = vec![overloaded];
    check("overloaded", include_str!("expected/overloaded.txt"), &outcome);
}

#[test]
fn no_line_is_wider_than_the_page() {
    let several = [fixture::sweep(), fixture::levels(), fixture::sensitivity()];
    for outcome in several.into_iter().chain([fixture::single(), fixture::blitz()]) {
        for width in [80, 100, 116, 200] {
            let shown = text(&outcome, &Look { width, colour: false });
            for line in shown.lines() {
                assert!(super::width(line) <= width, "{} > {width}: {line}", super::width(line));
            }
        }
    }
}

#[test]
fn colours_come_only_when_they_are_asked_for() {
    let outcome = fixture::blitz();
    let colour = |colour| text(&outcome, &Look { width: 116, colour });
    assert!(!colour(false).contains('\x1b'));
    assert!(colour(true).contains("\x1b["));
}

#[test]
fn an_outcome_of_nothing_is_told_as_such() {
    for verb in [Verb::Run, Verb::Compare, Verb::Sweep] {
        let shown = text(&Outcome::new(verb, "empty", "", 1), &Look::default());
        assert_eq!(shown, "empty\nNothing was simulated.\n");
    }
}

#[test]
fn one_replication_shows_figures_without_intervals() {
    let mut outcome = fixture::single();
    for estimate in outcome.points[0].metrics.values_mut() {
        estimate.half_width = None;
    }
    outcome.points[0].replications = 1;
    let shown = text(&outcome, &Look::default());
    assert!(!shown.contains('±'), "{shown}");
    assert!(shown.contains("One run of 5 min"), "{shown}");
}

#[test]
fn a_point_whose_start_up_had_not_ended_is_marked_and_the_mark_is_explained() {
    let note = "° the start-up transient had not ended";
    for mut outcome in [fixture::single(), fixture::blitz(), fixture::sweep()] {
        assert!(!text(&outcome, &Look::default()).contains('°'));
        outcome.points.last_mut().unwrap().settled = false;
        let shown = text(&outcome, &Look::default());
        assert!(shown.contains(note), "{shown}");
        assert_eq!(shown.matches('°').count(), 2, "{shown}");
    }
}

#[test]
fn what_the_most_replications_did_not_settle_is_named_with_its_points() {
    let mut outcome = fixture::blitz();
    outcome.points[0].unmet = vec![crate::outcome::Unmet {
        metric: "generate.response.p95".to_owned(),
        wanted: 0.05,
        reached: 0.1,
        replications_needed: 40,
    }];
    let shown = text(&outcome, &Look::default()).replace('\n', " ");
    let told = "generate.response.p95 of monolith to ± 10 % in place of ± 5 %. About 40 would do.";
    assert!(shown.contains(told), "{shown}");
}

#[test]
fn a_model_that_never_kept_all_its_objectives_breaks_by_a_day() {
    let mut outcome = fixture::blitz();
    let broken = outcome.models["monolith"].breaks_on.as_mut().unwrap();
    (broken.value, broken.half_width) = (6.0, None);
    assert!(text(&outcome, &Look::default()).contains("by day 6  "));
    let broken = outcome.models["monolith"].breaks_on.as_mut().unwrap();
    (broken.value, broken.half_width) = (1.625, Some(0.375));
    assert!(text(&outcome, &Look::default()).contains("between 1d 6h and day 2"));
}
