//! `store show`: one replication with all its figures.

use super::export::unit_text;
use super::list::{factors, named};
use super::{all, when};
use crate::cli::{Refusal, output};
use crate::experiment::store::{Entry, Part, Seen};
use crate::problem::{Code, Problem};
use crate::report::table::Look;
use crate::report::table::grid::{Cell, Grid};
use std::path::Path;
use std::time::SystemTime;

pub fn show(folder: &Path, key: &str) -> Result<(), Refusal> {
    let entries = all(folder, |part| part.key.starts_with(key).then(|| Box::new(part)))?;
    let found: Vec<(&Part, Option<SystemTime>, u64)> = entries
        .iter()
        .filter_map(|Entry { seen, at, bytes, .. }| match seen {
            Seen::Part(Some(part)) => Some((&**part, *at, *bytes)),
            _ => None,
        })
        .collect();
    match found[..] {
        [(part, at, bytes)] => output::print(&text(part, at, bytes)),
        [] => Err(unknown(key, &entries).into()),
        _ => {
            let rule = format!("{} parts begin with \"{key}\"", found.len());
            Err(Problem::without_place(Code::E010, "store show", rule, "give more digits").into())
        }
    }
}

/// A part that is there and cannot be read is said to be so.
fn unknown(key: &str, entries: &[Entry<Option<Box<Part>>>]) -> Problem {
    for entry in entries {
        let name = entry.path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        if let Seen::Unusable(wrong) = &entry.seen
            && name.starts_with(key)
        {
            let rule = wrong.to_string();
            return Problem::without_place(Code::E011, &entry.path.display().to_string(), rule, "");
        }
    }
    let rule = format!("no part begins with \"{key}\"");
    let mend = "outgrow store list DIR --parts tells which there are";
    Problem::without_place(Code::E008, "store show", rule, mend)
}

fn text(part: &Part, at: Option<SystemTime>, bytes: u64) -> String {
    let Part { key, program, label, trial, .. } = part;
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("{name:<12} {value}\n"));
        }
    };
    let number = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
    line("key", key.clone());
    line("experiment", label.experiment.clone());
    line("model", label.model.clone());
    line("factors", factors(label));
    line("day", number(label.day));
    line("users", number(label.users));
    line("fault", label.fault.clone().unwrap_or_default());
    line("seed", label.seed.to_string());
    line(
        "replication",
        match label.pilot {
            true => "a pilot, which looks for the end of the warm-up".to_owned(),
            false => label.replication.to_string(),
        },
    );
    line("warm-up", format!("{} s", label.warm_up_s));
    line("window", format!("{} s", label.window_s));
    line("events", trial.events.to_string());
    line("program", named(program));
    line("kept", at.map(when::written).unwrap_or_default());
    line("bytes", bytes.to_string());
    let mut grid = Grid::new(1, ["metric", "value", "unit"]);
    let rows = trial.figures.iter().map(|it| {
        let value = it.value.map(|it| it.to_string()).unwrap_or_default();
        [it.name.clone(), value, unit_text(it.unit)].map(Cell::words).to_vec()
    });
    grid.rows = rows.collect();
    text + "\n" + &grid.text(&Look::default())
}
