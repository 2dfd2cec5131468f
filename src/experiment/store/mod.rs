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

/// Places of one key that are tried: all are taken only if so many parts are damaged.
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

    /// What is kept under a key, if it took no more events than are allowed; notes the parts that cannot
    /// be used.
    pub fn get(&self, key: &Key, events_max: u64) -> Option<Trial> {
        let mut unusable = Vec::new();
        let mut usable = |path: PathBuf| match held(&path, key) {
            Held::Part(trial) => Some(*trial),
            Held::Nothing => None,
            Held::Unusable(why) => {
                unusable.push(format!("{} {why}", path.display()));
                None
            }
        };
        let first = self.place(key, 1);
        let found = usable(first).or_else(|| self.later(key).into_iter().find_map(usable));
        let found = found.filter(|it| it.events <= events_max);
        let mut tally = self.counts();
        tally.unusable.extend(unusable);
        tally.found += u64::from(found.is_some());
        found
    }

    /// All places of a key that are taken but for the first, which others may have been deleted before.
    fn later(&self, key: &Key) -> Vec<PathBuf> {
        let first = self.place(key, 1);
        let of_key = |path: &PathBuf| {
            let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
            name.starts_with(&key.to_string()) && name.ends_with(ENDING) && *path != first
        };
        let Some(Ok(entries)) = first.parent().map(fs::read_dir) else { return Vec::new() };
        let mut later: Vec<PathBuf> =
            entries.filter_map(|it| it.ok().map(|it| it.path())).filter(of_key).collect();
        later.sort();
        later
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
            for n in 1..=PLACES_MAX {
                let place = self.place(key, n);
                if put_there(&beside, &place).map_err(failed)? {
                    return Ok(());
                }
                // Someone was faster, or it is a part that cannot be used.
                if let Held::Part(there) = held(&place, key) {
                    return same(key, &there, trial);
                }
            }
            Err(format!("there are {PLACES_MAX} damaged parts of {key}"))
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

/// What a place holds.
enum Held {
    Nothing,
    Part(Box<Trial>),
    Unusable(String),
}

fn held(path: &Path, key: &Key) -> Held {
    let bytes = match line::bytes(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Held::Nothing,
        Err(error) => return Held::Unusable(format!("cannot be read: {error}")),
    };
    match line::read(&bytes) {
        Ok(part) if part.key == key.to_string() => Held::Part(Box::new(part.trial)),
        Ok(_) => Held::Unusable(line::misnamed().to_string()),
        Err(wrong) => Held::Unusable(wrong.to_string()),
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
