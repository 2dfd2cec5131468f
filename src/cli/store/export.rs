//! `store export`: everything that was measured as one tidy table.

use super::list::order;
use super::{all, warn};
use crate::cli::args::{Tidy, Which};
use crate::cli::{Refusal, output};
use crate::experiment::store::{Label, Program, Seen};
use crate::outcome::Unit;
use crate::problem::{Code, Problem};
use std::path::Path;

/// A replication of a point.
pub struct Run {
    pub key: String,
    pub program: Program,
    pub label: Label,
    /// Name, unit and value; no value where it has none in this run.
    pub figures: Vec<(String, Unit, Option<f64>)>,
}

impl Run {
    /// The levels of what was varied, as a JSON object by path.
    pub fn factors(&self) -> String {
        serde_json::to_string(&self.label.factors).unwrap_or_default()
    }
}

pub const COLUMNS: [&str; 17] = [
    "experiment",
    "model",
    "factors",
    "day",
    "users",
    "fault",
    "point",
    "seed",
    "replication",
    "warm_up_s",
    "window_s",
    "metric",
    "unit",
    "value",
    "version",
    "sources",
    "key",
];

pub fn export(
    folder: &Path,
    format: Tidy,
    out: Option<&Path>,
    which: &Which,
) -> Result<(), Refusal> {
    if format == Tidy::Parquet {
        possible(out)?;
    }
    let entries = all(folder, |part| {
        let wanted = which.means(&part) && !part.label.pilot;
        let figures = part.trial.figures.into_iter().map(|it| (it.name, it.unit, it.value));
        wanted.then(|| Run {
            key: part.key,
            program: part.program,
            label: part.label,
            figures: figures.collect(),
        })
    })?;
    warn(&entries);
    let runs = entries.into_iter().filter_map(|it| match it.seen {
        Seen::Part(run) => run,
        _ => None,
    });
    let mut runs: Vec<Run> = runs.collect();
    runs.sort_by_cached_key(|it| order(&it.label));
    let bytes = match format {
        Tidy::Csv => csv(&runs),
        Tidy::Parquet => parquet(&runs)?,
    };
    match out {
        Some(path) => output::write_file(path, &bytes),
        None => output::print(&String::from_utf8_lossy(&bytes)),
    }
}

/// A row for each metric of each run.
fn csv(runs: &[Run]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect("memory takes all");
    let number = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
    for run in runs {
        let Run { key, program, label, figures } = run;
        let factors = run.factors();
        for (metric, unit, value) in figures {
            let row: [&str; COLUMNS.len()] = [
                &label.experiment,
                &label.model,
                &factors,
                &number(label.day),
                &number(label.users),
                label.fault.as_deref().unwrap_or_default(),
                &label.point,
                &label.seed.to_string(),
                &label.replication.to_string(),
                &label.warm_up_s.to_string(),
                &label.window_s.to_string(),
                metric,
                &unit_text(*unit),
                &number(*value),
                &program.version,
                &program.sources,
                key,
            ];
            writer.write_record(row).expect("rows of one length, written to memory");
        }
    }
    writer.into_inner().expect("memory takes all")
}

/// A unit as it stands in outcomes: `s`, `/s`, `ratio`.
pub fn unit_text(unit: Unit) -> String {
    match serde_json::to_value(unit) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Parquet is for files, and not in every program.
fn possible(out: Option<&Path>) -> Result<(), Problem> {
    let wrong = |rule: &str, mend: &str| {
        Err(Problem::without_place(Code::E010, "--format parquet", rule.to_owned(), mend))
    };
    if !cfg!(feature = "parquet") {
        return wrong(
            "this program was built without Parquet",
            "build it with cargo build --release --features parquet, or take --format csv, \
             which has the same columns",
        );
    }
    if out.is_none() {
        return wrong("a Parquet file is no text for standard output", "name a file with --out");
    }
    Ok(())
}

#[cfg(feature = "parquet")]
fn parquet(runs: &[Run]) -> Result<Vec<u8>, Refusal> {
    super::parquet::bytes(runs).map_err(|error| Refusal::Bug(format!("no Parquet: {error}")))
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &[Run]) -> Result<Vec<u8>, Refusal> {
    unreachable!("it was refused before anything was read")
}
