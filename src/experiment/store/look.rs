//! Looking through a store: everything that is in the folder, by name.

use super::line::{self, Part, Wrong};
use super::{ENDING, UNFINISHED};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

/// One file in a store.
#[derive(Debug)]
pub struct Entry<T> {
    pub path: PathBuf,
    pub bytes: u64,
    /// When it was last written; nothing if the file system does not say.
    pub at: Option<SystemTime>,
    pub seen: Seen<T>,
}

/// What a file in a store is.
#[derive(Debug)]
pub enum Seen<T> {
    Part(T),
    Unusable(Wrong),
    /// It was being written when its process was killed, or is being written now.
    Unfinished,
    /// It cannot be read now.
    Unreadable(String),
    /// Nothing that a store writes.
    Stranger,
}

/// Everything in a store, by path, with what is wanted of each part.
pub fn look<T: Send>(
    folder: &Path,
    wanted: impl Fn(Part) -> T + Sync,
) -> io::Result<Vec<Entry<T>>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    Ok(paths.into_par_iter().filter_map(|it| entry(it, &wanted)).collect())
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => collect(&entry.path(), paths)?,
            false => paths.push(entry.path()),
        }
    }
    Ok(())
}

/// Nothing of a file that has gone in between.
fn entry<T>(path: PathBuf, wanted: &impl Fn(Part) -> T) -> Option<Entry<T>> {
    let about = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        about => about.ok(),
    };
    let bytes = about.as_ref().map_or(0, fs::Metadata::len);
    let at = about.as_ref().and_then(|it| it.modified().ok());
    let is_file = about.is_some_and(|it| it.is_file());
    let ending = path.extension().and_then(|it| it.to_str());
    let seen = match ending {
        Some(UNFINISHED) if is_file => Seen::Unfinished,
        Some(ENDING) if is_file => match line::bytes(&path) {
            Err(error) => Seen::Unreadable(error.to_string()),
            Ok(bytes) => seen(&path, &bytes, wanted),
        },
        _ => Seen::Stranger,
    };
    Some(Entry { path, bytes, at, seen })
}

fn seen<T>(path: &Path, bytes: &[u8], wanted: &impl Fn(Part) -> T) -> Seen<T> {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    match line::read(bytes) {
        Ok(part) if name.split('.').next() == Some(&part.key) => Seen::Part(wanted(part)),
        Ok(_) => Seen::Unusable(line::misnamed()),
        Err(wrong) => Seen::Unusable(wrong),
    }
}
