//! How often intervals hold the true value: whole experiments on models whose answer is known.

use outgrow::experiment::{self, Settings, Source, Title};
use outgrow::model::Document;
use outgrow::outcome::{Outcome, Verb};
use outgrow::theory::Mmc;
use rayon::prelude::*;

/// A model, how long it is measured in each replication, and what is true of it.
pub struct Case {
    pub name: &'static str,
    pub model: String,
    pub window_s: f64,
    /// How many experiments are made of it.
    pub experiments: usize,
    /// By metric, in seconds.
    pub truths: [(&'static str, f64); 2],
}

const MEAN: &str = "customer.response.mean";
const P99: &str = "customer.response.p99";

/// Windows in which every model forgets its past some dozens of times; and at last, fewer times, some that
/// are long enough for p99 where what is beyond it comes in clusters.
pub fn all() -> Vec<Case> {
    vec![
        mmc("M/M/1 at 0.5", 0.5, 1, 20_000.0),
        mmc("M/M/1 at 0.8", 0.8, 1, 100_000.0),
        mmc("M/M/1 at 0.95", 0.95, 1, 100_000.0),
        mmc("M/M/16 at 0.9", 14.4, 16, 8_000.0),
        heavy_tailed(40_000.0),
        loss("M/M/5/5 at 2", 2.0, 5, 20_000.0),
        Case { experiments: 200, ..mmc("M/M/16 at 0.9", 14.4, 16, 64_000.0) },
        Case { experiments: 100, ..mmc("M/M/1 at 0.95", 0.95, 1, 1_600_000.0) },
    ]
}

/// Experiments of a case, if not fewer.
pub const MANY: usize = 1000;

impl Case {
    pub fn over(self, window_s: f64) -> Case {
        Case { window_s, ..self }
    }
}

pub fn mmc(name: &'static str, rate: f64, servers: u32, window_s: f64) -> Case {
    let theory = Mmc::new(rate, 1.0, servers).expect("it has a steady state");
    let truths = [(MEAN, theory.response_mean_s()), (P99, theory.response_quantile_s(0.99))];
    let model = clerks(r#"{ "exponential": "1s" }"#, rate, servers);
    Case { name, model, window_s, experiments: MANY, truths }
}

/// Clerks with no room to wait: who finds all of them busy is turned away, by Erlang's formula.
pub fn loss(name: &'static str, rate: f64, servers: u32, window_s: f64) -> Case {
    let blocked = (1..=servers).fold(1.0, |b, n| rate * b / (f64::from(n) + rate * b));
    let model = clerks(r#"{ "exponential": "1s" }"#, rate, servers)
        .replace("\"operations\"", "\"line\": 0, \"operations\"");
    let truths = [("customer.failure_ratio", blocked), ("availability", 1.0 - blocked)];
    Case { name, model, window_s, experiments: MANY, truths }
}

/// A bounded Pareto: work of half a second on average, with a tail that reaches a hundred times as
/// far and makes its squared coefficient of variation 4.6.
pub fn heavy_tailed(window_s: f64) -> Case {
    let (alpha, shortest, longest, rate) = (1.5, 0.2, 50.0, 1.2);
    let service = Pareto { alpha, shortest, longest };
    let work = r#"{ "pareto": { "alpha": 1.5, "min": "0.2s", "max": "50s" } }"#;
    let truths =
        [(MEAN, service.response_mean(rate)), (P99, service.response_quantile(rate, 0.99))];
    let name = "M/G/1, Pareto";
    Case { name, model: clerks(work, rate, 1), window_s, experiments: MANY, truths }
}

/// So many clerks who serve one customer at a time, first come first served.
fn clerks(work: &str, rate: f64, servers: u32) -> String {
    format!(
        r#"{{ "name": "clerks", "hosts": {{ "desk": {{ "cores": {servers} }} }},
              "services": {{ "clerk": {{ "hosts": "desk", "workers": {servers},
                                         "operations": {{ "serve": [{{ "cpu": {work} }}] }} }} }},
              "traffic": {{ "customer": {{ "call": "clerk.serve", "rate": "{rate}/s" }} }} }}"#
    )
}

/// What intervals of one metric did over many experiments.
pub struct Row {
    pub experiments: usize,
    /// Those whose estimate says that it is to be trusted.
    pub told: usize,
    /// Of all, and of those, how many intervals hold the true value.
    pub covered: usize,
    pub covered_of_told: usize,
    /// The mean half-width and the mean error, as shares of the true value.
    pub half_width: f64,
    pub bias: f64,
}

/// A row for each of the case's metrics; every experiment has a seed of its own.
pub fn rows(case: &Case, replications: u32, experiments: usize) -> Vec<Row> {
    let outcomes: Vec<Outcome> = (0..experiments)
        .into_par_iter()
        .map(|seed| outcome_of(case, replications, seed as u64 + 1))
        .collect();
    case.truths.iter().map(|(metric, truth)| row(&outcomes, metric, *truth)).collect()
}

fn row(outcomes: &[Outcome], metric: &str, truth: f64) -> Row {
    let mut row = Row {
        experiments: outcomes.len(),
        told: 0,
        covered: 0,
        covered_of_told: 0,
        half_width: 0.0,
        bias: 0.0,
    };
    for outcome in outcomes {
        let Some(estimate) = outcome.points[0].metric(metric) else { continue };
        let half_width = estimate.half_width.unwrap_or(0.0);
        let covers = estimate.ends().is_some_and(|(low, high)| low <= truth && truth <= high);
        row.covered += usize::from(covers);
        row.told += usize::from(!estimate.too_short);
        row.covered_of_told += usize::from(covers && !estimate.too_short);
        row.half_width += half_width / truth / outcomes.len() as f64;
        row.bias += (estimate.value / truth - 1.0) / outcomes.len() as f64;
    }
    row
}

/// As `outgrow run` would do it.
fn outcome_of(case: &Case, replications: u32, seed: u64) -> Outcome {
    // Runs that look for the warm-up of a single run would take five times as long as that.
    let fixed = format!("\"{}s\"", case.window_s / 50.0);
    let warm_up = if replications == 1 { &fixed } else { "\"auto\"" };
    let experiment = format!(
        r#"{{ "name": "coverage", "models": ["clerks.json"], "window": "{}s",
              "warm_up": {warm_up}, "replications": {{ "min": {replications} }} }}"#,
        case.window_s
    );
    let document = Document::parse("coverage.json", &experiment).expect("it is JSON");
    let no_files = |path: &str| Err(format!("there is no file {path}"));
    let experiment = experiment::load(&document, &no_files).expect("it makes sense");
    let model = Document::parse("clerks.json", &case.model).expect("it is JSON");
    let sources = [Source { document: model, files: Box::new(no_files) }];
    let designs =
        experiment::designs(&experiment, &document, &sources, false).unwrap_or_else(|_| {
            panic!("{} does not make sense", case.name);
        });
    let points = experiment::points(&experiment, &designs, &mut Default::default());
    let settings = Settings {
        seed,
        replications: experiment.replications.clone(),
        events_max: u64::MAX,
        keeping: None,
    };
    let title = Title { verb: Verb::Run, experiment: String::new(), about: String::new() };
    experiment::outcome(title, &designs, &points, &settings, &()).expect("it runs")
}

/// Work by a bounded power law.
struct Pareto {
    alpha: f64,
    shortest: f64,
    longest: f64,
}

impl Pareto {
    fn tail(&self, t: f64) -> f64 {
        let far = (self.shortest / self.longest).powf(self.alpha);
        let tail = ((self.shortest / t).powf(self.alpha) - far) / (1.0 - far);
        if t <= self.shortest { 1.0 } else { tail.max(0.0) }
    }

    fn moment(&self, k: f64) -> f64 {
        let Pareto { alpha, shortest, longest } = *self;
        let kept = 1.0 - (shortest / longest).powf(alpha);
        let grown = longest.powf(k - alpha) - shortest.powf(k - alpha);
        alpha / (k - alpha) * shortest.powf(alpha) * grown / kept
    }

    /// Pollaczek and Khinchine.
    fn response_mean(&self, rate: f64) -> f64 {
        self.moment(1.0) + rate * self.moment(2.0) / (2.0 * (1.0 - rate * self.moment(1.0)))
    }

    /// Waiting is a geometric number of residual works (V. E. Beneš, 1957), and compounds of that kind
    /// follow by H. H. Panjer's recursion ("Recursive evaluation of a family of compound
    /// distributions", ASTIN Bulletin 12(1), 1981), here on a grid of a hundredth of a second.
    fn response_quantile(&self, rate: f64, q: f64) -> f64 {
        const STEP: f64 = 0.01;
        const CELLS: usize = 8_000;
        let at = |i: usize| STEP * i as f64;
        let rho = rate * self.moment(1.0);
        // The chance of residual work in each cell, taken to lie in the cell's middle.
        let tails: Vec<f64> = (0..=2 * CELLS).map(|i| self.tail(0.5 * at(i))).collect();
        let residual: Vec<f64> = (0..CELLS)
            .map(|i| {
                let [low, middle, high] = [0, 1, 2].map(|it| tails[2 * i + it]);
                STEP * (low + 4.0 * middle + high) / 6.0 / self.moment(1.0)
            })
            .collect();
        // On the grid: half of each cell's chance to either of its ends.
        let ended: Vec<f64> = (0..CELLS)
            .map(|i| 0.5 * (residual[i] + if i > 0 { residual[i - 1] } else { 0.0 }))
            .collect();
        let mut waiting = vec![(1.0 - rho) / (1.0 - rho * ended[0])];
        for i in 1..CELLS {
            let sum: f64 = (1..=i).map(|j| ended[j] * waiting[i - j]).sum();
            waiting.push(rho * sum / (1.0 - rho * ended[0]));
        }
        let beyond = |t: f64| -> f64 {
            let cells = waiting.iter().enumerate().take_while(|it| at(it.0) < t);
            let (mut gone, mut exceed) = (0.0, 0.0);
            for (i, chance) in cells {
                gone += chance;
                exceed += chance * self.tail(t - at(i));
            }
            exceed + (1.0 - gone)
        };
        let (mut low, mut high) = (0.0, at(CELLS - 1));
        while high - low > 1e-6 {
            let middle = 0.5 * (low + high);
            if beyond(middle) > 1.0 - q { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}
