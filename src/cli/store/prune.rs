//! `store prune`: deletes of a store what is asked for, and says first what that is.

use super::{all, when};
use crate::cli::{Refusal, output};
use crate::experiment::store::{Entry, Program, Seen, Wrong};
use crate::problem::{Code, Problem};
use crate::units::Span;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What is not wanted any more.
pub struct Unwanted {
    pub older_than: Option<Span>,
    pub other_programs: bool,
    pub damaged: bool,
}

/// A part is written in far less: what is unfinished for longer will never be finished.
const ABANDONED: Duration = Duration::from_secs(3600);

impl Unwanted {
    /// Why it should be deleted, if it should.
    fn why(&self, entry: &Entry<Program>, now: SystemTime) -> Option<String> {
        let age = entry.at.and_then(|at| now.duration_since(at).ok());
        let of_age = || {
            let (age, at) = (age?, entry.at?);
            let limit = Duration::from_nanos(self.older_than?.nanos());
            (age > limit).then(|| format!("was last written {}", when::written(at)))
        };
        match &entry.seen {
            Seen::Part(program) if self.other_programs && *program != Program::this() => {
                Some(format!("is of outgrow {}", super::list::named(program)))
            }
            Seen::Part(_) => of_age(),
            Seen::Unusable(wrong) => match wrong {
                Wrong::Foreign(_) if self.other_programs => Some(wrong.to_string()),
                Wrong::Damaged(_) if self.damaged => Some(wrong.to_string()),
                _ => of_age(),
            },
            Seen::Unfinished if self.damaged && age.is_some_and(|it| it > ABANDONED) => {
                Some("is unfinished".to_owned())
            }
            // What cannot be read is not known to be of the store, nor is what has another name.
            Seen::Unfinished | Seen::Unreadable(_) | Seen::Stranger => None,
        }
    }
}

pub fn prune(folder: &Path, unwanted: &Unwanted, yes: bool) -> Result<(), Refusal> {
    if unwanted.older_than.is_none() && !unwanted.other_programs && !unwanted.damaged {
        let rule = "nothing says what is not wanted";
        let mend = "--older-than 30d, --other-programs or --damaged";
        return Err(Problem::without_place(Code::E004, "store prune", rule, mend).into());
    }
    let entries = all(folder, |part| part.program)?;
    let now = SystemTime::now();
    let (mut count, mut bytes) = (0, 0);
    for entry in &entries {
        let Some(why) = unwanted.why(entry, now) else { continue };
        let path = entry.path.display();
        if yes {
            fs::remove_file(&entry.path)
                .map_err(|error| Refusal::Failed(format!("{path} cannot be deleted: {error}")))?;
        }
        output::print(&format!("{path} {why}\n"))?;
        (count, bytes) = (count + 1, bytes + entry.bytes);
    }
    let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    let kib = bytes.div_ceil(1024);
    output::print(&match (count, yes) {
        (0, _) => "nothing of this kind is there\n".to_owned(),
        (_, true) => format!("deleted {files}, {kib} KiB\n"),
        (_, false) => format!("{files}, {kib} KiB, would be deleted with --yes\n"),
    })
}
