//! Tells the program what it is built from, so that results that are kept are those of the same
//! program.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let mut files = Vec::new();
    all_files(Path::new("src"), &mut files);
    files.extend(["Cargo.toml", "Cargo.lock"].map(PathBuf::from));
    files.sort();
    let mut digest = Sha256::new();
    for path in &files {
        // Whoever builds it as a dependency may have no lock file.
        let bytes = fs::read(path).unwrap_or_default();
        digest.update(path.to_string_lossy().replace('\\', "/"));
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(&bytes);
    }
    let sources: String = digest.finalize().iter().take(8).map(|it| format!("{it:02x}")).collect();
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=OUTGROW_SOURCES={sources}");
    println!("cargo::rustc-env=OUTGROW_TARGET={target}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.toml");
    println!("cargo::rerun-if-changed=Cargo.lock");
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the sources are there");
    for path in entries.map(|it| it.expect("the sources can be read").path()) {
        match path.is_dir() {
            true => all_files(&path, files),
            false => files.push(path),
        }
    }
}
