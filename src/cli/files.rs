//! Reading files: documents with their mistakes, and whatever documents name.

use crate::experiment::Source;
use crate::model::Document;
use crate::model::reading::text_of;
use crate::problem::{Code, Problem};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The document in a file.
pub fn document(path: &Path) -> Result<Document, Vec<Problem>> {
    let name = path.display().to_string();
    let bytes = read(path).map_err(|error| vec![unreadable(&name, &error)])?;
    let text = text_of(&name, &bytes).map_err(|problem| vec![problem])?;
    Document::parse(&name, text)
}

/// Larger files are not read, whatever they are.
const MAX_BYTES: u64 = 256 << 20;

/// The bytes of a file.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(std::io::Error::other("it is larger than 256 MiB")),
        false => Ok(bytes),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Problem {
    let mend = match error.kind() {
        std::io::ErrorKind::NotFound => "is the path right, seen from the present folder?",
        _ => "",
    };
    Problem::without_place(Code::E011, name, format!("cannot be read: {error}"), mend)
}

/// A model with the files beside it.
pub fn source(path: &Path) -> Result<Source, Vec<Problem>> {
    Ok(Source { document: document(path)?, files: Box::new(beside(path)) })
}

/// Reads files that another file names, relative to that one.
pub fn beside(path: &Path) -> impl Fn(&str) -> Result<String, String> + 'static {
    let folder: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
    move |name| {
        let path = folder.join(name);
        let bytes =
            read(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        String::from_utf8(bytes).map_err(|_| format!("{} is no UTF-8 text", path.display()))
    }
}
