//! Against functions whose effects and indices are known in closed form.

use super::*;
use std::f64::consts::PI;

const CONFIDENCE: f64 = 0.95;

/// T. Ishigami and T. Homma, "An importance quantification technique in uncertainty analysis for computer
/// models", ISUMA 1990, with a = 7 and b = 0.1, on the unit cube.
fn ishigami(x: &[f64]) -> f64 {
    let angle = |x: f64| PI * (2.0 * x - 1.0);
    let (a, b) = (7.0, 0.1);
    let (x1, x2, x3) = (angle(x[0]), angle(x[1]), angle(x[2]));
    libm::sin(x1) + a * libm::sin(x2).powi(2) + b * x3.powi(4) * libm::sin(x1)
}

/// First-order and total indices of [`ishigami`], from its variance by parts.
fn of_ishigami() -> [(f64, f64); 3] {
    let (a, b) = (7.0_f64, 0.1_f64);
    let v1 = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
    let v2 = a * a / 8.0;
    let v13 = b * b * PI.powi(8) * (1.0 / 18.0 - 1.0 / 50.0);
    let all = v1 + v2 + v13;
    [(v1 / all, (v1 + v13) / all), (v2 / all, v2 / all), (0.0, v13 / all)]
}

fn exactly(at: &[Vec<f64>], f: impl Fn(&[f64]) -> f64) -> Vec<Option<Vec<f64>>> {
    at.iter().map(|x| Some(vec![f(x)])).collect()
}

fn standard_errors(estimate: &Estimate, truth: f64) -> f64 {
    // Many rows: the interval is close to that of the normal distribution.
    (estimate.value - truth) / (estimate.half_width.unwrap() / 1.96)
}

#[test]
fn effects_of_a_linear_function_are_its_slopes_and_do_not_spread() {
    let at = plan::trajectories(6, 3, 4, 11);
    let seen = exactly(&at, |x| 5.0 - 3.0 * x[0] + 0.5 * x[1]);
    let effects = elementary_effects(&at, &seen, CONFIDENCE);
    for (effects, slope) in effects.iter().zip([-3.0, 0.5, 0.0]) {
        let it = effects.unwrap();
        assert!((it.mean.value - slope).abs() < 1e-12);
        assert!((it.mean_absolute.value - slope.abs()).abs() < 1e-12);
        assert!(it.deviation.value < 1e-12 && it.mean.half_width.unwrap() < 1e-10);
    }
}

#[test]
fn effects_of_a_square_are_those_of_its_steps() {
    // On four levels with steps of 2/3: from 0 to 2/3 the slope is 2/3, from 1/3 to 1 it is 4/3.
    let at = plan::trajectories(400, 2, 4, 3);
    let seen = exactly(&at, |x| x[0] * x[0] + x[1]);
    let square = elementary_effects(&at, &seen, CONFIDENCE)[0].unwrap();
    assert!(standard_errors(&square.mean, 1.0).abs() < 4.0);
    assert!((square.deviation.value - 1.0 / 3.0).abs() < 0.001, "{:?}", square.deviation);
}

#[test]
fn opposite_effects_cancel_in_their_mean_and_not_in_that_of_their_sizes() {
    let at = plan::trajectories(400, 2, 4, 8);
    let seen = exactly(&at, |x| (2.0 * x[0] - 1.0) * (2.0 * x[1] - 1.0));
    let effects = elementary_effects(&at, &seen, CONFIDENCE)[0].unwrap();
    // The other stands at ±1 or ±1/3, equally often.
    assert!(standard_errors(&effects.mean, 0.0).abs() < 4.0);
    assert!(standard_errors(&effects.mean_absolute, 4.0 / 3.0).abs() < 4.0);
}

#[test]
fn indices_of_the_ishigami_function_are_those_of_its_closed_form() {
    let at = plan::matrices(1024, 3, 17);
    let found = indices(3, &exactly(&at, ishigami), CONFIDENCE);
    for (found, (first_order, total)) in found.iter().zip(of_ishigami()) {
        let found = found.unwrap();
        let z = standard_errors(&found.first_order, first_order);
        assert!(z.abs() < 4.0, "first order {first_order}: {z} standard errors");
        let z = standard_errors(&found.total, total);
        assert!(z.abs() < 4.0, "total {total}: {z} standard errors");
        assert!(found.first_order.half_width.unwrap() < 0.1);
    }
}

#[test]
fn indices_of_a_linear_function_are_the_shares_of_its_squared_slopes() {
    let at = plan::matrices(512, 3, 4);
    let seen = exactly(&at, |x| 3.0 * x[0] + 2.0 * x[1] + x[2]);
    for (found, slope) in indices(3, &seen, CONFIDENCE).iter().zip([3.0, 2.0, 1.0]) {
        let (found, share) = (found.unwrap(), slope * slope / 14.0);
        assert!(standard_errors(&found.first_order, share).abs() < 4.0);
        assert!(standard_errors(&found.total, share).abs() < 4.0);
    }
}

/// How many of the intervals hold the truth.
fn covered(estimates: impl ExactSizeIterator<Item = Estimate>, truth: f64) -> f64 {
    let draws = estimates.len() as f64;
    let holds = |it: &Estimate| it.lower().unwrap() <= truth && truth <= it.upper().unwrap();
    estimates.filter(holds).count() as f64 / draws
}

#[test]
fn intervals_about_indices_hold_the_truth_as_often_as_they_say_or_more() {
    let found = |key| {
        let at = plan::matrices(128, 3, key);
        indices(3, &exactly(&at, ishigami), CONFIDENCE)
    };
    let all: Vec<_> = (0..300).map(found).collect();
    for (factor, (first_order, total)) in of_ishigami().into_iter().enumerate() {
        let own = || all.iter().map(|it| it[factor].unwrap());
        // The rows are spread more evenly than the jackknife knows: it may only be too careful. Of 300
        // intervals 95 % are 285 ± 4; four standard errors less are 270.
        let share = covered(own().map(|it| it.first_order), first_order);
        assert!(share >= 0.9, "factor {factor}, first order: {share}");
        let share = covered(own().map(|it| it.total), total);
        assert!(share >= 0.9, "factor {factor}, total: {share}");
    }
}

#[test]
fn classes_of_a_latin_hypercube_tell_the_first_order_indices_too() {
    let at = plan::latin_hypercube(1200, 3, 21);
    let found = first_order(&at, &exactly(&at, ishigami), CONFIDENCE);
    for (found, (truth, _)) in found.iter().zip(of_ishigami()) {
        let found = found.unwrap();
        assert!(standard_errors(&found, truth).abs() < 4.0, "{truth}: {found:?}");
        assert!(found.half_width.unwrap() < 0.08, "{found:?}");
    }
    let of_linear = first_order(&at, &exactly(&at, |x| x[0]), CONFIDENCE);
    // What varies inside of 34 classes is 1/34² of an even rise.
    assert!((of_linear[0].unwrap().value - (1.0 - 1.0 / 1156.0)).abs() < 0.0002);
}

#[test]
fn what_a_figure_does_not_depend_on_has_an_index_of_nothing_by_classes() {
    let found = |key| {
        let at = plan::latin_hypercube(60, 2, key);
        first_order(&at, &exactly(&at, |x| x[0]), CONFIDENCE)[1].unwrap()
    };
    let all: Vec<Estimate> = (0..300).map(found).collect();
    let values: Vec<f64> = all.iter().map(|it| it.value).collect();
    let mean = Estimate::from_replications(&values, CONFIDENCE).unwrap();
    assert!(standard_errors(&mean, 0.0).abs() < 4.0, "{mean:?}");
    assert!(covered(all.into_iter(), 0.0) >= 0.9);
}

#[test]
fn few_levels_are_classes_of_their_own() {
    let at: Vec<Vec<f64>> =
        (0..40).map(|it| vec![f64::from(it % 2), f64::from(it) / 40.0]).collect();
    let found = first_order(&at, &exactly(&at, |x| x[0]), CONFIDENCE);
    assert!((found[0].unwrap().value - 1.0).abs() < 1e-12);
}

#[test]
fn points_without_a_figure_are_left_out_and_too_few_say_nothing() {
    let at = plan::trajectories(5, 2, 4, 2);
    let mut seen = exactly(&at, |x| x[0] + 2.0 * x[1]);
    seen[4] = None;
    let effects = elementary_effects(&at, &seen, CONFIDENCE);
    assert!((effects[1].unwrap().mean.value - 2.0).abs() < 1e-12);
    seen[3..].iter_mut().for_each(|it| *it = None);
    assert_eq!(elementary_effects(&at, &seen, CONFIDENCE), [None, None]);
    assert_eq!(indices(2, &vec![None; 40], CONFIDENCE), [None, None]);
    assert_eq!(first_order(&at, &vec![None; at.len()], CONFIDENCE), [None, None]);
    let flat = plan::matrices(16, 2, 2);
    assert_eq!(indices(2, &exactly(&flat, |_| 1.0), CONFIDENCE), [None, None]);
}

#[test]
fn luck_that_all_points_share_widens_the_interval() {
    let at = plan::trajectories(30, 1, 4, 2);
    let luck = [0.5, 1.5, 0.8, 1.2];
    let seen: Vec<Option<Vec<f64>>> =
        at.iter().map(|x| Some(luck.iter().map(|it| it * x[0]).collect())).collect();
    let effects = elementary_effects(&at, &seen, CONFIDENCE)[0].unwrap();
    let alone = Estimate::from_replications(&luck, CONFIDENCE).unwrap();
    assert!((effects.mean.value - 1.0).abs() < 1e-12);
    assert!((effects.mean.half_width.unwrap() - alone.half_width.unwrap()).abs() < 1e-9);
}
