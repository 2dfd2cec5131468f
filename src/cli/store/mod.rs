//! Stores of finished replications: filled by runs, and looked at, cleared up and handed on by
//! verbs of their own.

mod export;
mod list;
#[cfg(feature = "parquet")]
mod parquet;
mod prune;
mod show;
mod when;

use super::Refusal;
use super::args::{Common, StoreVerb, Which};
use crate::experiment::store::{Entry, Part, Seen, Store, look};
use crate::experiment::{Keeping, Settings};
use crate::outcome::Outcome;
use crate::problem::{Code, Problem};
use std::path::Path;
use std::sync::Arc;

/// Does what a verb asks for.
pub(super) fn carry_out(verb: &StoreVerb) -> Result<(), Refusal> {
    match verb {
        StoreVerb::List { folder, parts, which } => list::list(folder, *parts, which),
        StoreVerb::Show { folder, key } => show::show(folder, key),
        StoreVerb::Prune { folder, older_than, other_programs, damaged, yes } => {
            let unwanted = prune::Unwanted {
                older_than: *older_than,
                other_programs: *other_programs,
                damaged: *damaged,
            };
            prune::prune(folder, &unwanted, *yes)
        }
        StoreVerb::Export { folder, format, out, which } => {
            export::export(folder, *format, out.as_deref(), which)
        }
    }
}

/// The store that is asked for, for the runs of an experiment.
pub(super) fn opened(experiment: &str, common: &Common) -> Result<Option<Keeping>, Refusal> {
    let Some(folder) = &common.store else { return Ok(None) };
    // The folder itself, or the nearest thing on the way to it that there is.
    let there = folder.ancestors().find(|it| it.exists());
    if let Some(there) = there.filter(|it| !it.is_dir()) {
        let rule = format!("{} is no folder", there.display());
        return Err(Problem::without_place(Code::E010, "--store", rule, "name a folder").into());
    }
    let store = Store::open(folder).map_err(|error| {
        let folder = folder.display();
        Refusal::Failed(format!("the store {folder} cannot be written: {error}; nothing was run"))
    })?;
    Ok(Some(Keeping { store: Arc::new(store), experiment: experiment.to_owned() }))
}

/// An outcome, and what kept replications of it from being stored.
pub(super) type Kept = (Outcome, Result<(), Refusal>);

/// Does the work, and tells what the store had of it, and what was wrong in there.
pub(super) fn kept(
    settings: &Settings,
    work: impl FnOnce() -> Result<Outcome, Refusal>,
) -> Result<Kept, Refusal> {
    let outcome = work();
    let lost = told(settings);
    outcome.map(|outcome| (outcome, lost))
}

fn told(settings: &Settings) -> Result<(), Refusal> {
    let Some(Keeping { store, .. }) = &settings.keeping else { return Ok(()) };
    let tally = store.tally();
    for it in &tally.unusable {
        eprintln!("warning: {it}; it is left as it is, and run anew");
    }
    let folder = store.folder().display();
    let (found, added) = (tally.found, tally.added);
    let all = format!("store {folder}: {found} runs were there, {added} were made and kept");
    let Some(why) = tally.why else {
        eprintln!("{all}");
        return Ok(());
    };
    let lost = tally.lost;
    // Told at once: that standard output is on the same full disk would be told in place of it.
    eprintln!("{all}, {lost} were made and could not be kept: {why}");
    Err(Refusal::Failed(format!(
        "{lost} runs are missing in the store {folder}; what was printed is whole, and another try \
         finds what was kept"
    )))
}

/// Everything in a folder that must be there.
fn all<T: Send>(
    folder: &Path,
    wanted: impl Fn(Part) -> T + Sync,
) -> Result<Vec<Entry<T>>, Refusal> {
    let name = folder.display();
    if !folder.is_dir() {
        let rule = if folder.exists() { "is no folder" } else { "is not there" };
        let mend = "name a folder that a run was given with --store";
        return Err(Problem::without_place(Code::E011, &name.to_string(), rule, mend).into());
    }
    look(folder, wanted).map_err(|error| Refusal::Failed(format!("{name} cannot be read: {error}")))
}

/// Tells what in a store is no part that this program can read.
fn warn<T>(entries: &[Entry<T>]) {
    for entry in entries {
        let path = entry.path.display();
        match &entry.seen {
            Seen::Part(_) => {}
            Seen::Unusable(wrong) => eprintln!("warning: {path} {wrong}"),
            Seen::Unfinished => eprintln!(
                "warning: {path} is unfinished: it is being written, or its process was killed"
            ),
            Seen::Unreadable(why) => eprintln!("warning: {path} cannot be read: {why}"),
            Seen::Stranger => eprintln!("warning: {path} is no part of a store"),
        }
    }
}

impl Which {
    fn means(&self, part: &Part) -> bool {
        self.experiment.as_ref().is_none_or(|it| *it == part.label.experiment)
            && self.model.as_ref().is_none_or(|it| *it == part.label.model)
    }
}
