//! What the pgbench models predict, beside what PostgreSQL was measured to do.

use super::support::{run, stderr, stdout};
use serde_json::Value;

/// The script in the measurements, the traffic class in the models, and the models.
const SCRIPTS: [(&str, &str, &str, &str); 3] = [
    ("select-only", "select", "models/pgbench-select.json", ""),
    ("tpcb-like", "tpcb", "models/pgbench-tpcb.json", "models/pgbench-tpcb-open.json"),
    ("range-sum", "range", "models/pgbench-range.json", "models/pgbench-range-open.json"),
];

/// Per second, then microseconds.
const COLUMNS: [&str; 6] = ["tps", "mean", "p50", "p95", "p99", "CPU"];

/// One operating point, the mean over its repetitions.
struct Measured {
    load: Load,
    values: [f64; 6],
}

#[derive(Clone, Copy, PartialEq)]
enum Load {
    Clients(u32),
    PerSecond(u32),
}

impl Load {
    /// The points that the models' numbers were taken from.
    fn is_calibration(self) -> bool {
        matches!(self, Load::Clients(..=4) | Load::PerSecond(..=1680))
    }

    fn told(self) -> String {
        match self {
            Load::Clients(1) => "1 client".to_owned(),
            Load::Clients(clients) => format!("{clients} clients"),
            Load::PerSecond(rate) => format!("{rate} a second"),
        }
    }
}

/// The points of a script, those of one load side by side.
fn measured(script: &str) -> Vec<Measured> {
    let csv = include_str!("../../experiments/data/pgbench.csv");
    let mut points: Vec<(Load, Vec<[f64; 6]>)> = Vec::new();
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if fields[0] != script {
            continue;
        }
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        let load = match fields[1] {
            "closed" => Load::Clients(number(2) as u32),
            _ => Load::PerSecond(number(3) as u32),
        };
        let cpu = number(10) + number(11);
        let values = [number(5), number(6), number(7), number(8), number(9), cpu];
        match points.iter_mut().find(|it| it.0 == load) {
            Some(point) => point.1.push(values),
            None => points.push((load, vec![values])),
        }
    }
    let mean =
        |all: &[[f64; 6]], i: usize| all.iter().map(|it| it[i]).sum::<f64>() / all.len() as f64;
    let points = points.into_iter();
    points
        .map(|(load, all)| Measured { load, values: [0, 1, 2, 3, 4, 5].map(|i| mean(&all, i)) })
        .collect()
}

/// The same figures of a model under this load.
fn predicted(class: &str, model: &str, load: Load) -> [f64; 6] {
    let set = match load {
        Load::Clients(clients) => format!("traffic.{class}.closed.users={clients}"),
        Load::PerSecond(rate) => format!("traffic.{class}.rate={rate}/s"),
    };
    let args = ["run", model, "--set", &set, "--format", "json"];
    let plan = ["--window", "5s", "--warm-up", "1s", "--replications", "3"];
    let output = run(&[&args[..], &plan].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let outcome: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let metrics = &outcome["points"][0]["metrics"];
    let value = |name: &str| metrics[name]["value"].as_f64().unwrap();
    let response = |what: &str| value(&format!("{class}.response.{what}")) * 1e6;
    let tps = value(&format!("{class}.goodput"));
    let cpu_us = value("machine.cpu.utilization") * 2.0 * 1e6 / tps;
    [tps, response("mean"), response("p50"), response("p95"), response("p99"), cpu_us]
}

/// Measured figures, each with how far off the prediction is.
pub fn table() -> String {
    let mut table = format!("{:<12}{:<14}", "pgbench", "load");
    COLUMNS.iter().for_each(|it| table.push_str(&format!("{it:>14}")));
    table.push('\n');
    table.push_str(&"─".repeat(26 + 14 * COLUMNS.len()));
    for (script, class, closed, open) in SCRIPTS {
        for point in measured(script) {
            let model = if matches!(point.load, Load::Clients(_)) { closed } else { open };
            let figures = predicted(class, model, point.load);
            let mark = if point.load.is_calibration() { "" } else { " *" };
            let load = format!("{}{mark}", point.load.told());
            table.push_str(&format!("\n{script:<12}{load:<14}"));
            for (figure, value) in figures.iter().zip(point.values) {
                let off = (figure / value - 1.0) * 100.0;
                table.push_str(&format!("{value:>8.0}{off:>+4.0} %"));
            }
        }
    }
    table + "\n* predicted; the models' numbers are taken from the other points.\n"
}
