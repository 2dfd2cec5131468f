//! How often 95 % intervals hold the true value: a thousand experiments for each of some models whose
//! mean and 99th percentile, or shares that fail, are known exactly, through all that `outgrow run` does.

mod cases;

use cases::{Case, Row, all};

/// `--test` runs little; a number says how many experiments; words run the cases whose names hold
/// them; `--replications` runs as many, or one long run with 1.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let is_test = args.iter().any(|it| it == "--test");
    let numbers = args.iter().find_map(|it| it.parse::<usize>().ok());
    let words: Vec<&String> =
        args.iter().filter(|it| !it.starts_with("--") && it.parse::<usize>().is_err()).collect();
    let experiments = if is_test { 2 } else { numbers.unwrap_or(1000) };
    println!("model            window s  runs  metric  holds  of those told  told    ±  bias");
    for case in all() {
        if !words.is_empty() && !words.iter().any(|it| case.name.contains(it.as_str())) {
            continue;
        }
        // Long enough, and too short. One run has a fifth of what ten replications have.
        let long = case.window_s;
        let case = told(case, 10, experiments);
        let case = told(case.over(if is_test { 1000.0 } else { long / 20.0 }), 10, experiments);
        told(case.over(if is_test { 1000.0 } else { long * 2.0 }), 1, experiments);
    }
}

fn told(case: Case, replications: u32, experiments: usize) -> Case {
    let rows = cases::rows(&case, replications, experiments);
    for ((metric, _), row) in case.truths.iter().zip(rows) {
        let metric = metric.rsplit('.').next().unwrap_or(metric);
        line(&case, replications, metric, &row);
    }
    case
}

fn line(case: &Case, replications: u32, metric: &str, row: &Row) {
    let share = |part: usize, whole: usize| match whole {
        0 => "    -".to_owned(),
        _ => format!("{:5.1}", 100.0 * part as f64 / whole as f64),
    };
    println!(
        "{:<15} {:>9} {replications:>5}  {metric:<6} {} % {:>12} % {} % {:4.1} % {:+.1} %",
        case.name,
        case.window_s,
        share(row.covered, row.experiments),
        share(row.covered_of_told, row.told),
        share(row.told, row.experiments),
        100.0 * row.half_width,
        100.0 * row.bias,
    );
}
