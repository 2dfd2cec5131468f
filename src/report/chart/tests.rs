//! Charts of known outcomes.

use super::*;
use crate::outcome::{Estimate, Fault, Instances, Overload, Point, Unit, Verb};
use crate::report::fixture;
use indexmap::IndexMap;

fn all() -> [Outcome; 5] {
    let sweeps = [fixture::levels(), fixture::sweep(), fixture::surface()];
    let [levels, sweep, surface] = sweeps;
    [fixture::blitz(), levels, sweep, surface, fixture::single()]
}

/// Draws everything both ways; `OUTGROW_CHARTS=DIR cargo test` keeps the pictures to look at.
fn draw(outcome: &Outcome) -> Vec<Chart> {
    let charts = charts(outcome);
    for chart in &charts {
        assert_well_formed(&svg(chart));
        let bytes = png(chart).unwrap();
        if let Some(folder) = std::env::var_os("OUTGROW_CHARTS") {
            let file = std::path::Path::new(&folder)
                .join(format!("{}-{}", outcome.experiment, chart.name));
            std::fs::write(file.with_extension("png"), &bytes).unwrap();
            std::fs::write(file.with_extension("svg"), svg(chart)).unwrap();
        }
    }
    charts
}

/// Every tag is closed by its own, and no sign stands bare that XML gives a meaning.
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag that ends");
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
        for entity in text.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;", "quot;", "apos;"].iter().any(|it| entity.starts_with(it))
            );
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn labels(chart: &Chart) -> Vec<&str> {
    let texts = chart.marks.iter().filter_map(|it| match it {
        Mark::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn a_story_has_a_chart_for_each_class_for_utilization_and_for_the_fault() {
    let charts = draw(&fixture::blitz());
    let names: Vec<&str> = charts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "response-login",
            "goodput-login",
            "response-generate",
            "goodput-generate",
            "response-track",
            "goodput-track",
            "utilization",
            "fault-day-22",
        ]
    );
}

#[test]
fn a_chart_says_what_it_shows_and_which_line_is_which() {
    let charts = charts(&fixture::blitz());
    let svg = svg(&charts[2]);
    for label in [
        "Response time of generate: p50, p95 and p99, by day",
        "monolith",
        "microservices",
        "objective: p95 at most 3 s",
        "no line: no steady state, or hardly any answer",
        "response time · logarithmic: equal steps are equal ratios",
        "25.3k",
        "95 % intervals over 12 replications",
    ] {
        assert!(svg.contains(label), "{label}");
    }
    assert!(svg.contains("<title>Response time of generate"));
}

#[test]
fn no_label_lies_on_another_or_beyond_the_sheet() {
    for outcome in all() {
        for chart in charts(&outcome) {
            let boxes: Vec<_> =
                chart.marks.iter().filter_map(|it| Some((it, it.text_box()?))).collect();
            for (i, (mark, (low, high))) in boxes.iter().enumerate() {
                let inside =
                    low.0 >= 0.0 && low.1 >= 0.0 && high.0 <= chart.width && high.1 <= chart.height;
                assert!(inside, "{}: {mark:?}", chart.name);
                for (other, (from, to)) in &boxes[..i] {
                    let apart =
                        to.0 <= low.0 || high.0 <= from.0 || to.1 <= low.1 || high.1 <= from.1;
                    assert!(apart, "{}: {mark:?} on {other:?}", chart.name);
                }
            }
        }
    }
}

#[test]
fn a_png_has_two_pixels_for_each_unit_and_is_neither_blank_nor_dark() {
    let chart = &charts(&fixture::blitz())[0];
    let bytes = png(chart).unwrap();
    let mut reader = png::Decoder::new(bytes.as_slice()).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height), (2000, 1160));
    let inked = pixels.chunks(3).filter(|it| *it != [255, 255, 255]).count();
    let share = inked as f64 / (2000.0 * 1160.0);
    assert!((0.02..0.3).contains(&share), "{share} of the sheet is inked");
    assert!(bytes.len() < 200_000, "{} bytes", bytes.len());
}

#[test]
fn a_sweep_runs_along_the_factor_that_is_a_number() {
    let charts = draw(&fixture::sweep());
    let response = charts.iter().find(|it| it.name == "response-generate").unwrap();
    assert_eq!(response.title, "Response time of generate: p50, p95 and p99, by instances");
    let labels = labels(response);
    assert!(["4", "8", "16", "services.content.instances"].iter().all(|it| labels.contains(it)));
}

#[test]
fn two_factors_swept_in_full_are_a_surface_with_a_figure_or_hatching_in_every_cell() {
    let outcome = fixture::surface();
    let charts = draw(&outcome);
    let chart = charts.iter().find(|it| it.name == "surface-generate-response-p95").unwrap();
    assert_eq!(chart.title, "generate.response.p95 by rate and instances");
    let labels = labels(chart);
    let expected = [
        "traffic.generate.rate, in /s",
        "services.content.instances",
        "overloaded: no steady state",
        "120",
        "64",
        "cannot tell",
    ];
    expected.iter().for_each(|it| assert!(labels.contains(it), "{it}: {labels:?}"));
    let p95 = |it: &&crate::outcome::Point| it.metric("generate.response.p95").is_some();
    let known = outcome.points.iter().filter(p95).count();
    let half_widths = labels.iter().filter(|it| it.starts_with("± ")).count();
    assert!(known < outcome.points.len() && known == half_widths, "{known}, {half_widths}");
}

#[test]
fn a_surface_with_holes_or_of_words_is_none() {
    let has = |outcome: &Outcome| charts(outcome).iter().any(|it| it.name.starts_with("surface-"));
    let mut outcome = fixture::surface();
    outcome.points.pop();
    assert!(!has(&outcome));
    let mut outcome = fixture::surface();
    outcome.points[0].factors[0] = "40/min".into();
    assert!(!has(&outcome));
    assert!(!has(&fixture::sweep()));
}

#[test]
fn a_surface_draws_the_metrics_that_were_asked_for_however_odd() {
    let mut outcome = fixture::surface();
    outcome.surface = vec!["availability".into(), "no.such".into(), "cost.month".into()];
    let names = |charts: &[Chart]| -> Vec<String> {
        let names = charts.iter().map(|it| it.name.clone());
        names.filter(|it| it.starts_with("surface-")).collect()
    };
    assert_eq!(names(&draw(&outcome)), ["surface-availability", "surface-cost-month"]);
    for value in [0.0, -1.0, 1e-300, f64::MAX, f64::NAN, f64::INFINITY] {
        for point in &mut outcome.points {
            let odd = Estimate { value, half_width: Some(value), ..point.metrics["availability"] };
            point.metrics.insert("availability".into(), odd);
        }
        charts(&outcome).iter().for_each(|it| assert_well_formed(&svg(it)));
    }
}

#[test]
fn lines_along_a_factor_tell_the_unit_of_its_levels() {
    let mut outcome = fixture::sweep();
    for point in &mut outcome.points {
        let level = format!("{}ms", point.factors[0]);
        point.factors = IndexMap::from([("services.app.cpu".to_owned(), level.into())]);
    }
    let charts = draw(&outcome);
    assert!(labels(&charts[0]).contains(&"services.app.cpu, in ms"), "{:?}", labels(&charts[0]));
}

#[test]
fn a_single_point_is_drawn_with_its_figures_beside_it() {
    let charts = draw(&fixture::single());
    let response = charts.iter().find(|it| it.name == "response-generate").unwrap();
    assert!(labels(response).contains(&"p95 1.34 ± 0.08 s"), "{:?}", labels(response));
}

#[test]
fn many_designs_are_shown_with_one_percentile_and_some_are_left_out() {
    let mut outcome = fixture::levels();
    assert!(charts(&outcome)[0].title.ends_with("p95, by day"));
    for i in 0..12 {
        let mut point = outcome.points[0].clone();
        point.model = format!("variant {i} of a model with quite a long name");
        outcome.points.push(point);
    }
    let charts = draw(&outcome);
    let told =
        labels(&charts[0]).into_iter().any(|it| it.contains("further designs are not drawn"));
    assert!(told, "{:?}", labels(&charts[0]));
}

#[test]
fn every_point_at_which_something_fails_is_drawn_on_as_many_sheets_as_it_takes() {
    let mut outcome = fixture::blitz();
    let failing = outcome.points.iter().rfind(|it| it.fault.is_some()).unwrap().clone();
    outcome.points.retain(|it| it.fault.is_none());
    for (points, sheets) in [(5, 1), (10, 1), (20, 2)] {
        let mut outcome = outcome.clone();
        for i in 0..points {
            let model = format!("design {i}");
            outcome.points.push(Point { model, ..failing.clone() });
        }
        // All else is the same each time, and drawn once.
        let charts = if points == 20 { draw(&outcome) } else { charts(&outcome) };
        let faults: Vec<&Chart> = charts.iter().filter(|it| it.name.starts_with("fault")).collect();
        assert_eq!(faults.len(), sheets);
        let labels: Vec<&str> = faults.iter().flat_map(|it| labels(it)).collect();
        let drawn = labels.iter().filter(|it| it.starts_with("design ")).count();
        assert_eq!(drawn, points);
    }
}

#[test]
fn nothing_simulated_is_nothing_drawn() {
    assert!(charts(&Outcome::new(Verb::Run, "empty", "", 1)).is_empty());
    let mut outcome = fixture::single();
    outcome.points[0].metrics.clear();
    assert!(charts(&outcome).is_empty());
}

#[test]
fn a_story_overloaded_from_the_start_is_drawn_as_crosses() {
    let mut outcome = fixture::blitz();
    for point in &mut outcome.points {
        point.overloaded =
            Some(Overload { by: "rack.cpu".into(), backlog_per_s: 1.0, half_width: None });
        point.metrics.retain(|it, _| !it.contains(".response."));
    }
    let charts = draw(&outcome);
    assert!(charts.iter().any(|it| it.name == "response-generate"));
}

#[test]
fn a_class_that_goes_on_in_an_overload_keeps_its_line_and_one_that_nobody_answers_gets_crosses() {
    let legend = "no line: no steady state, or hardly any answer";
    let mut outcome = fixture::blitz();
    outcome.points.retain(|it| it.overloaded.is_none());
    assert!(!labels(&charts(&outcome)[0]).contains(&legend));
    outcome.points[0].overloaded =
        Some(Overload { by: "rack.cpu".into(), backlog_per_s: 1.0, half_width: None });
    outcome.points[0].metrics.retain(|it, _| !it.starts_with("generate.response."));
    outcome.points[3].metrics.retain(|it, _| !it.starts_with("track.response."));
    let charts = charts(&outcome);
    let has = |name| {
        let chart = charts.iter().find(|it| it.name == name).unwrap();
        labels(chart).contains(&legend)
    };
    assert_eq!(
        ["response-login", "response-generate", "response-track"].map(has),
        [false, true, true]
    );
}

#[test]
fn no_value_is_too_small_too_large_or_too_odd_to_draw() {
    for value in [0.0, -1.0, 1e-300, 1e300, f64::MAX, f64::NAN, f64::INFINITY] {
        for half_width in [None, Some(0.0), Some(1e300), Some(f64::NAN)] {
            let mut outcome = fixture::blitz();
            outcome.points.retain(|it| it.day.is_none_or(|it| it > 21.0));
            for point in &mut outcome.points {
                for estimate in point.metrics.values_mut() {
                    (estimate.value, estimate.half_width) = (value, half_width);
                }
                point.users = Some(value);
            }
            charts(&outcome).iter().for_each(|it| assert_well_formed(&svg(it)));
        }
    }
}

#[test]
fn of_several_alike_the_map_of_use_shows_the_fullest_as_the_tables_do() {
    let mut outcome = fixture::blitz();
    let of_several = |outcome: &Outcome| {
        let all = charts(outcome);
        let map = all.iter().find(|it| it.name == "utilization").unwrap();
        let texts = labels(map).into_iter().map(str::to_owned).collect::<Vec<_>>();
        (texts.iter().any(|it| it == "99.2"), texts.iter().any(|it| it.contains("the fullest")))
    };
    assert_eq!(of_several(&outcome), (false, false));
    let station = outcome.points[0].stations().next().unwrap().to_owned();
    let fullest = Estimate::new(0.992, None, 0.95, Unit::Ratio);
    outcome.points[0].set(format!("{station}.utilization.fullest"), fullest);
    assert_eq!(of_several(&outcome), (true, true));
}

#[test]
fn the_course_of_an_outage_tells_its_day_and_why_a_line_breaks_off() {
    let mut outcome = fixture::blitz();
    let point = outcome.points.iter_mut().rev().find(|it| it.series.is_some()).unwrap();
    let day = point.day.unwrap();
    let series = point.series.as_mut().unwrap();
    let slices = series.at_s.len();
    let (up, believed) = (vec![2.0; slices], vec![3.0; slices]);
    series.instances.insert("web".into(), Instances { up, believed });
    let answers = (0..slices).map(|i| (i > 3).then_some(if i > 6 { 20.0 } else { 0.02 }));
    series.response.insert("p95".into(), answers.collect());
    let charts = draw(&outcome);
    let course = charts.iter().find(|it| it.name.starts_with("course-")).unwrap();
    assert!(course.title.ends_with(&format!(", day {day}")), "{}", course.title);
    for told in ["logarithmic: equal steps", "no line: no value"] {
        assert!(labels(course).iter().any(|it| it.contains(told)), "{told}");
    }
}

#[test]
fn a_series_with_holes_is_drawn_as_far_as_it_goes() {
    let mut outcome = fixture::blitz();
    let point = outcome.points.last_mut().unwrap();
    point.fault =
        Some(Fault { what: "host db-1".into(), at_s: 1e9, for_s: 0.0, style: "silence".into() });
    let series = point.series.as_mut().unwrap();
    series.answered.truncate(3);
    series.failed.clear();
    series.born[5] = f64::NAN;
    series.born[6] = f64::MAX;
    draw(&outcome);
}

#[test]
fn names_with_signs_of_xml_and_of_paths_do_no_harm() {
    let mut outcome = fixture::single();
    outcome.experiment = "a<b> & \"c\"".into();
    outcome.points[0].model = "../m & <n>".into();
    let p95 = Estimate::new(1.0, Some(0.1), 0.95, Unit::Seconds);
    outcome.points[0].set("x/../y<&>.arrivals", p95);
    outcome.points[0].set("x/../y<&>.response.p95", p95);
    for chart in charts(&outcome) {
        assert_well_formed(&svg(&chart));
        assert!(
            chart.name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-'),
            "{}",
            chart.name
        );
    }
}

#[test]
fn the_font_has_every_letter_that_reports_write() {
    use ab_glyph::Font;
    for bold in [false, true] {
        for letter in "ABCxyz0189 .,:;-–—…±×·µ≤≥%/()[]{}<>&\"'äöüßéñçÅøπλρμ→²³⁻¹−≈∞".chars()
        {
            assert_ne!(font::font(bold).glyph_id(letter).0, 0, "{letter}");
        }
    }
}
