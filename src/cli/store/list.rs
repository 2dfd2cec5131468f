//! `store list`: what is in a store.

use super::{all, warn, when};
use crate::cli::args::Which;
use crate::cli::{Refusal, output};
use crate::experiment::store::{Entry, Label, Program, Seen};
use crate::outcome::level_text;
use crate::report::table::Look;
use crate::report::table::grid::{Cell, Grid};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::SystemTime;

/// What is listed of a part.
struct Listed {
    key: String,
    program: Program,
    label: Label,
}

pub fn list(folder: &Path, parts: bool, which: &Which) -> Result<(), Refusal> {
    let entries = all(folder, |part| {
        let meant = which.means(&part);
        meant.then_some(Listed { key: part.key, program: part.program, label: part.label })
    })?;
    warn(&entries);
    let listed = entries.iter().filter_map(|Entry { at, seen, .. }| match seen {
        Seen::Part(Some(it)) => Some((it, *at)),
        _ => None,
    });
    let listed: Vec<_> = listed.collect();
    if listed.is_empty() {
        return output::print(&format!("{} holds nothing of this kind\n", folder.display()));
    }
    let grid = if parts { one_by_one(listed) } else { together(&listed) };
    output::print(&grid.without_empty_columns().text(&Look::default()))
}

/// A row for each experiment, model and program.
fn together(listed: &[(&Listed, Option<SystemTime>)]) -> Grid {
    #[derive(Default)]
    struct Group<'a> {
        points: BTreeSet<&'a str>,
        replications: u64,
        pilots: u64,
        last: Option<SystemTime>,
    }
    let mut groups: BTreeMap<(&str, &str, &Program), Group> = BTreeMap::new();
    for (Listed { program, label, .. }, at) in listed {
        let group = groups.entry((&label.experiment, &label.model, program)).or_default();
        group.points.insert(&label.point);
        match label.pilot {
            true => group.pilots += 1,
            false => group.replications += 1,
        }
        group.last = group.last.max(*at);
    }
    let heads = ["experiment", "model", "points", "replications", "pilots", "program", "last"];
    let mut grid = Grid::new(2, heads);
    let rows = groups.into_iter().map(|((experiment, model, program), group)| {
        let count = |it: u64| if it == 0 { String::new() } else { it.to_string() };
        let cells = [
            experiment.to_owned(),
            model.to_owned(),
            group.points.len().to_string(),
            count(group.replications),
            count(group.pilots),
            named(program),
            group.last.map(when::written).unwrap_or_default(),
        ];
        cells.map(Cell::words).to_vec()
    });
    grid.rows = rows.collect();
    grid
}

/// A row for each part, point by point.
fn one_by_one(mut listed: Vec<(&Listed, Option<SystemTime>)>) -> Grid {
    listed.sort_by_key(|(it, _)| order(&it.label));
    let heads = [
        "key", "model", "factors", "day", "users", "fault", "seed", "run", "warm-up", "window",
        "program", "last",
    ];
    let mut grid = Grid::new(1, heads);
    let rows = listed.into_iter().map(|(Listed { key, program, label }, at)| {
        let number = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
        let run = if label.pilot { "pilot".to_owned() } else { label.replication.to_string() };
        let cells = [
            key.chars().take(KEY_DIGITS).collect(),
            label.model.clone(),
            factors(label),
            number(label.day),
            number(label.users),
            label.fault.clone().unwrap_or_default(),
            label.seed.to_string(),
            run,
            format!("{} s", label.warm_up_s),
            format!("{} s", label.window_s),
            named(program),
            at.map(when::written).unwrap_or_default(),
        ];
        cells.map(Cell::words).to_vec()
    });
    grid.rows = rows.collect();
    grid
}

/// So many digits tell parts apart in practice.
const KEY_DIGITS: usize = 12;

/// `cores=16, disk=2`.
pub fn factors(label: &Label) -> String {
    let all = label.factors.iter().map(|(path, level)| format!("{path}={}", level_text(level)));
    all.collect::<Vec<_>>().join(", ")
}

/// What stands before what: points of a model beside each other, and their runs in their order.
pub fn order(label: &Label) -> impl Ord + use<> {
    // Floats that are not negative sort as their bits do.
    let bits = |it: Option<f64>| it.map(f64::to_bits);
    (
        (label.experiment.clone(), label.model.clone(), factors(label)),
        (bits(label.day), bits(label.users), label.fault.clone(), label.point.clone()),
        (!label.pilot, label.seed, label.replication),
    )
}

/// `0.1.0`, and if it is not this program, that it is another.
pub fn named(program: &Program) -> String {
    let Program { version, sources, target } = program;
    let this = Program::this();
    match () {
        () if *program == this => version.clone(),
        () if *target != this.target => format!("{version} for {target}"),
        () => format!("{version}, build {sources}"),
    }
}
