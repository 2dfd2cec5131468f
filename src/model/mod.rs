//! Model files: read, checked and compiled into a network and its names.

mod check;
mod compile;
pub mod file;
mod measured;
mod places;
pub mod reading;

pub use check::fails;
pub use compile::{Recorded, compile};
pub use measured::of_fault;
pub use reading::Document;

use crate::parts::columns;
use crate::problem::{Code, Findings, Problem};
use crate::units::Span;

/// Reads a file that another file names, such as a CSV beside a model: its text, or what went wrong.
pub type Files<'f> = dyn Fn(&str) -> Result<String, String> + Sync + 'f;

/// A model that was read and found to make sense.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub file: file::Model,
    pub recorded: Recorded,
}

/// What an experiment does to a model that it is read for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// The number of users comes from a story of growth.
    pub grows: bool,
    /// Some of it is changed, so that what nothing uses may be for that.
    pub changes: bool,
}

/// The model in a document; everything that is wrong with it at once.
pub fn load(document: &Document, files: &Files) -> Result<Loaded, Vec<Problem>> {
    load_for(Use::default(), document, files)
}

/// The same of a model that is part of an experiment.
pub fn load_for(to_be: Use, document: &Document, files: &Files) -> Result<Loaded, Vec<Problem>> {
    let (file, recorded) = document.read_with(|file: &mut file::Model, whole, findings| {
        measured::read(file, files, findings);
        check::check(file, whole, findings);
        if !to_be.grows {
            check::users_are_given(file, findings);
        }
        if whole && !to_be.changes && !document.is_changed() {
            check::all_is_used(file, findings);
        }
        read_recorded(file, files, findings)
    })?;
    Ok(Loaded { file, recorded })
}

/// The counts of the classes and sessions that are played from a file.
fn read_recorded(model: &file::Model, files: &Files, findings: &mut Findings) -> Recorded {
    let mut recorded = Recorded::default();
    let classes = model.traffic.iter().map(|(name, it)| ("traffic", name, &it.recorded));
    let sessions = model.sessions.iter().map(|(name, it)| ("sessions", name, &it.recorded));
    for (place, name, spec) in classes.chain(sessions) {
        let Some(spec) = spec else { continue };
        let counts = findings.inside(place, |it| {
            it.inside(name, |it| it.inside("recorded", |it| read_column(spec, files, it)))
        });
        recorded.extend(counts.map(|counts| (name.clone(), counts)));
    }
    recorded
}

fn read_column(
    spec: &file::RecordedCounts,
    files: &Files,
    findings: &mut Findings,
) -> Option<Vec<f64>> {
    match files(&spec.file) {
        Ok(text) => {
            let counts = columns::read_one(&text, "column", &spec.column, findings)?;
            let longest = Span::MAX.nanos() / spec.every.nanos().max(1);
            if counts.len() as u64 >= longest {
                let rule = format!(
                    "{} intervals of {} are longer than {}",
                    counts.len(),
                    spec.every,
                    Span::MAX
                );
                findings.wrong_at("every", Code::E007, rule, "");
                return None;
            }
            Some(counts)
        }
        Err(why) => {
            findings.wrong_at("file", Code::E011, why, "paths are relative to this file");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reading::Shape;
    use super::*;

    #[test]
    fn the_reader_understands_the_whole_language() {
        assert_eq!(Shape::of::<file::Model>().not_understood(), Vec::<String>::new());
    }
}
