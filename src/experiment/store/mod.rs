//! The store: replications that are finished, kept in a folder, so that none is run twice.
//!
//! A part holds one replication. It is written beside its place, synced and then put there in one
//! step, under a name that says what determines its result: so several processes may share a folder,
//! and one that is killed leaves whole parts only. What is damaged or of another format is told,
//! never half read, and left as it is.

mod key;
mod line;
mod look;

pub use key::{Key, PointKey};
pub use line::{FORMAT, Label, Part, Program, Wrong};
pub use look::{Entry, Seen, look};

use super::trial::Trial;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Parts of one key beyond which no further place is tried: all before it are damaged.
const PLACES_MAX: u32 = 1000;

/// A folder with parts.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    tally: Mutex<Tally>,
    /// Tells apart what is being written by several threads.
    written: AtomicU64,
}

/// What happened with a store so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Replications that were there, and so were not run.
    pub found: u64,
    /// Replications that were run and are there now.
    pub added: u64,
    /// Replications that were run and could not be put there.
    pub lost: u64,
    /// Why the first of them could not.
    pub why: Option<String>,
    /// Parts that could not be used, each with what is wrong with it.
    pub unusable: BTreeSet<String>,
}

impl Store {
    /// The store in a folder, which is made if there is none; an error if nothing can be written there.
    pub fn open(folder: &Path) -> io::Result<Store> {
        fs::create_dir_all(folder)?;
        let store = Store {
            folder: folder.to_owned(),
            tally: Mutex::default(),
            written: AtomicU64::new(0),
        };
        // Better told now than after the first run.
        let probe = store.beside(folder, "probe");
        let tried = File::create_new(&probe).and_then(|mut it| it.write_all(b"?"));
        let removed = fs::remove_file(&probe);
        tried.and(removed).map(|()| store)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn tally(&self) -> Tally {
        self.counts().clone()
    }

    fn counts(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept under a key; notes the parts that cannot be used.
    pub fn get(&self, key: &Key) -> Option<Trial> {
        let found = self.search(key);
        let mut tally = self.counts();
        tally.unusable.extend(found.unusable);
        found.part.map(|part| {
            tally.found += 1;
            part.trial
        })
    }

    fn search(&self, key: &Key) -> Search {
        let mut search = Search { part: None, unusable: Vec::new(), free: 1 };
        while search.part.is_none() && search.free <= PLACES_MAX {
            let path = self.place(key, search.free);
            let read = match fs::read(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => Err(format!("cannot be read: {error}")),
                Ok(bytes) => line::read(&bytes).map_err(|wrong| wrong.to_string()),
            };
            match read {
                Ok(part) if part.key == key.to_string() => search.part = Some(part),
                Ok(part) => {
                    let held = &part.key[..part.key.len().min(12)];
                    search
                        .note(&path, &format!("is damaged: it holds {held}, which is another run"));
                }
                Err(why) => search.note(&path, &why),
            }
            search.free += 1;
        }
        search
    }

    /// Keeps what a run came to. What could not be kept is counted: the run is not lost by it.
    pub fn put(&self, key: &Key, label: Label, trial: &Trial) {
        let kept = self.try_put(key, label, trial);
        let mut tally = self.counts();
        match kept {
            Ok(()) => tally.added += 1,
            Err(why) => {
                tally.lost += 1;
                tally.why.get_or_insert(why);
            }
        }
    }

    fn try_put(&self, key: &Key, label: Label, trial: &Trial) -> Result<(), String> {
        let line = line::written(key, label, trial)?;
        let first = self.place(key, 1);
        let folder = first.parent().unwrap_or(&self.folder);
        let failed = |error: io::Error| format!("{} cannot be written: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        let beside = self.beside(folder, &key.to_string());
        let placed = written(&beside, &line).map_err(failed).and_then(|()| {
            let mut n = 1;
            while !put_there(&beside, &self.place(key, n)).map_err(failed)? {
                // Someone was faster, or it is a part that cannot be used.
                let search = self.search(key);
                if let Some(part) = search.part {
                    return same(key, &part.trial, trial);
                }
                n = search.free;
                if n > PLACES_MAX {
                    return Err(format!("there are {PLACES_MAX} damaged parts of {key}"));
                }
            }
            Ok(())
        });
        // It has its own name by now, or is not wanted.
        let _ = fs::remove_file(&beside);
        placed
    }

    /// The n-th place of a key, counted from one: the next is for those that find it taken by a part
    /// that cannot be used.
    fn place(&self, key: &Key, n: u32) -> PathBuf {
        let key = key.to_string();
        let name = match n {
            1 => format!("{key}.{ENDING}"),
            n => format!("{key}.{n}.{ENDING}"),
        };
        // A folder holds 1/256 of all, or listing it would be slow.
        self.folder.join(&key[..2]).join(name)
    }

    /// A name that nobody else uses, for what is being written.
    fn beside(&self, folder: &Path, name: &str) -> PathBuf {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let (process, nth) = (process::id(), self.written.fetch_add(1, Relaxed));
        folder.join(format!("{name}.{process}-{since}-{nth}.{UNFINISHED}"))
    }
}

/// How the names of parts end.
const ENDING: &str = "jsonl";
/// How the names of parts end that are being written, or were when their process was killed.
const UNFINISHED: &str = "unfinished";

/// What is there under a key.
struct Search {
    part: Option<Part>,
    unusable: Vec<String>,
    /// The first place that is not taken, if there is no part.
    free: u32,
}

impl Search {
    fn note(&mut self, path: &Path, why: &str) {
        self.unusable.push(format!("{} {why}", path.display()));
    }
}

fn written(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(line)?;
    // Or a machine that loses power may keep the name and lose what is in it.
    file.sync_all()
}

/// Gives a file its final name, unless that is taken. A link never replaces anything.
fn put_there(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(_) if to.exists() => Ok(false),
        // Some file systems know no links.
        Err(_) => fs::rename(from, to).map(|()| true),
    }
}

/// A run is a pure function of its key.
fn same(key: &Key, there: &Trial, own: &Trial) -> Result<(), String> {
    match there == own {
        true => Ok(()),
        false => Err(format!(
            "another process came to a different result of the same run, {key}; \
             one of the two machines, or outgrow itself, is at fault"
        )),
    }
}
