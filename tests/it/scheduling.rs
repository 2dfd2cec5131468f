//! Laws that hold for whole families of disciplines, and chains that are solved here.

use crate::support::{Model, agrees, model, plan};
use outgrow::network::PoolGroupId;
use outgrow::sim::Probe;
use outgrow::units::{Span, Time};
use rayon::prelude::*;

/// Three classes of exponential, constant and lognormal work at one worker, under a discipline.
fn three_classes(discipline: &str) -> Model {
    model(&format!(
        r#"{{ "name": "law", "hosts": {{ "box": {{ "cores": 8 }} }},
             "services": {{ "app": {{ "hosts": "box", "workers": 1, "discipline": {discipline}, "operations": {{
               "a": [{{ "cpu": {{ "exponential": "1s" }} }}], "b": [{{ "cpu": "500ms" }}],
               "c": [{{ "cpu": {{ "lognormal": {{ "mean": "2s", "cv": 1 }} }} }}] }} }} }},
             "traffic": {{ "a": {{ "call": "app.a", "rate": "0.3/s" }}, "b": {{ "call": "app.b", "rate": "0.4/s" }},
                          "c": {{ "call": "app.c", "rate": "0.1/s" }} }} }}"#
    ))
}

#[test]
fn what_one_class_gains_in_waiting_others_lose() {
    // L. Kleinrock, "A conservation law for a wide class of queueing disciplines", Naval Research
    // Logistics Quarterly 12(2), 1965: Σ ρᵢ Wᵢ = ρ W₀ / (1 − ρ), whoever goes next, as long as
    // nobody is interrupted and sizes are not looked at.
    let classes = [("a", 0.3, 1.0, 2.0), ("b", 0.4, 0.5, 0.25), ("c", 0.1, 2.0, 8.0)];
    let load: f64 = classes.iter().map(|(_, rate, mean, _)| rate * mean).sum();
    let residual: f64 = classes.iter().map(|(_, rate, _, second)| rate * second / 2.0).sum();
    let mut of_a = Vec::new();
    for discipline in [
        r#""fifo""#,
        r#""lifo""#,
        r#"{ "adaptive_lifo": { "above": 3 } }"#,
        r#"{ "priority": { "classes": { "c": 0, "b": 1 } } }"#,
        r#"{ "fair": { "weights": { "a": 5 } } }"#,
    ] {
        let model = three_classes(discipline);
        let seen = model.replicate(20, "5000s", "80000s");
        let waiting = |class: &str, mean: f64| -> Vec<f64> {
            seen.iter().map(|it| it.metric(&format!("{class}.response.mean")) - mean).collect()
        };
        let mut sums = vec![0.0; seen.len()];
        for (class, rate, mean, _) in classes {
            let waits = waiting(class, mean);
            sums.iter_mut().zip(waits).for_each(|(sum, it)| *sum += rate * mean * it);
        }
        agrees(discipline, &sums, load * residual / (1.0 - load));
        of_a.push(waiting("a", 1.0).iter().sum::<f64>() / seen.len() as f64);
    }
    // They are not all the same: turns for a shorten its wait, priority for the others prolongs it.
    assert!(of_a[4] < 0.9 * of_a[0] && of_a[3] > 1.1 * of_a[0], "{of_a:?}");
}

/// The squares of all waits, in seconds.
#[derive(Default)]
struct Squares(f64, u64);

impl Probe for Squares {
    fn seized(&mut self, _: PoolGroupId, waited: Span) {
        self.0 += waited.as_secs().powi(2);
        self.1 += 1;
    }
    fn seized_at_once(&mut self, _: PoolGroupId, times: u64) {
        self.1 += times;
    }
    fn opened(&mut self, _: Time) {
        *self = Squares::default();
    }
}

#[test]
fn last_come_first_served_scatters_waits_as_takacs_has_it() {
    // L. Takács, "Delay distributions for one line with Poisson input, general holding times, and
    // various orders of service", Bell System Technical J. 42(2), 1963: the second moment is that of
    // first come, first served over 1 − ρ; that is 2 ρ / (μ − λ)² here.
    for (discipline, theory) in [("fifo", 1.4 / 0.09), ("lifo", 1.4 / 0.09 / 0.3)] {
        let model = model(&format!(
            r#"{{ "name": "squares", "hosts": {{ "box": {{ "cores": 8 }} }},
                 "services": {{ "app": {{ "hosts": "box", "workers": 1, "discipline": "{discipline}",
                   "operations": {{ "run": [{{ "cpu": {{ "exponential": "1s" }} }}] }} }} }},
                 "traffic": {{ "user": {{ "call": "app.run", "rate": "0.7/s" }} }} }}"#
        ));
        let one = |seed| {
            let plan = outgrow::sim::Plan {
                warm_up: crate::support::span("5000s"),
                ..plan(seed, "400000s")
            };
            let (Squares(sum, count), _) = model.watch(&plan, Squares::default());
            sum / count as f64
        };
        let moments: Vec<f64> = (0..40).into_par_iter().map(one).collect();
        agrees(discipline, &moments, theory);
    }
}

#[test]
fn shedding_by_class_is_trunk_reservation() {
    // Ten lines, of which the last three are kept for those who matter: births at 4 + 4 per second
    // while fewer than seven are busy, then at 4, deaths at one per second and busy line.
    let model = model(
        r#"{ "name": "trunk", "hosts": { "box": { "cores": 64 } },
             "services": { "app": { "hosts": "box", "workers": 10, "line": 0, "shed": [{ "above": 0.7, "classes": ["spare"] }],
               "operations": { "run": [{ "wait": { "exponential": "1s" } }] } } },
             "traffic": { "vital": { "call": "app.run", "rate": "4/s" }, "spare": { "call": "app.run", "rate": "4/s" } } }"#,
    );
    let mut weights = vec![1.0];
    for busy in 1..=10 {
        let births = if busy <= 7 { 8.0 } else { 4.0 };
        weights.push(weights[busy - 1] * births / busy as f64);
    }
    let all: f64 = weights.iter().sum();
    let seen = model.replicate(20, "100s", "10000s");
    let of = |metric: &str| seen.iter().map(|it| it.metric(metric)).collect::<Vec<_>>();
    agrees("vital ones refused", &of("vital.failed.refused"), weights[10] / all);
    agrees(
        "spare ones refused",
        &of("spare.failed.refused"),
        weights[7..].iter().sum::<f64>() / all,
    );
    let busy: f64 = weights.iter().enumerate().map(|(busy, it)| busy as f64 * it).sum();
    agrees("busy", &of("app.busy"), busy / all);
}

#[test]
fn half_of_a_shed_class_is_refused_at_random() {
    // Four lines; births at two per second while fewer than two are busy, then at one.
    let model = model(
        r#"{ "name": "half", "hosts": { "box": { "cores": 64 } },
             "services": { "app": { "hosts": "box", "workers": 4, "line": 0, "shed": [{ "above": 0.5, "share": 0.5 }],
               "operations": { "run": [{ "wait": { "exponential": "1s" } }] } } },
             "traffic": { "user": { "call": "app.run", "rate": "2/s" } } }"#,
    );
    let mut weights = vec![1.0];
    for busy in 1..=4 {
        let births = if busy <= 2 { 2.0 } else { 1.0 };
        weights.push(weights[busy - 1] * births / busy as f64);
    }
    let all: f64 = weights.iter().sum();
    let refused = 0.5 * (weights[2] + weights[3]) + weights[4];
    let seen = model.replicate(20, "100s", "10000s");
    let of = |metric: &str| seen.iter().map(|it| it.metric(metric)).collect::<Vec<_>>();
    agrees("refused", &of("user.failed.refused"), refused / all);
}
