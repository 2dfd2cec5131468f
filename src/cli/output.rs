//! Where outcomes go: standard output, and a folder with tables and charts.

use super::Refusal;
use super::args::{Common, Format};
use crate::outcome::Outcome;
use crate::report::{chart, csv, json, table};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Prints the outcome and then, if asked, writes it to a folder: what is printed is safe by then.
pub fn show(outcome: &Outcome, common: &Common) -> Result<(), Refusal> {
    print(&printed(outcome, common.format))?;
    match &common.out {
        Some(folder) => write_folder(outcome, folder),
        None => Ok(()),
    }
}

/// What is printed of an outcome.
pub fn printed(outcome: &Outcome, format: Format) -> String {
    match format {
        Format::Json => json::text(outcome),
        Format::Csv => csv::text(outcome),
        Format::Table => {
            let colour = std::io::stdout().is_terminal();
            table::text(outcome, &table::Look { colour, ..table::Look::default() })
        }
    }
}

/// Prints text; that the reader has gone, as `head` does, is no failure.
pub fn print(text: &str) -> Result<(), Refusal> {
    let mut to = std::io::stdout().lock();
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Refusal::Failed(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes one file, whole or not at all.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    write_whole(path, bytes)
        .map_err(|error| Refusal::Failed(format!("{} cannot be written: {error}", path.display())))
}

/// The same in a folder, which is made if there is none.
pub fn write_file_in(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Refusal::Failed(format!("{} cannot be written: {error}", folder.display()))
    })?;
    write_file(&folder.join(name), bytes)
}

fn write_folder(outcome: &Outcome, folder: &Path) -> Result<(), Refusal> {
    let failed = |path: &Path, why: String| {
        Refusal::Failed(format!("{} cannot be written: {why}", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error.to_string()))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write_whole(&path, bytes).map_err(|error| failed(&path, error.to_string()))
    };
    write("outcome.json", json::text(outcome).as_bytes())?;
    write("outcome.csv", csv::text(outcome).as_bytes())?;
    if let Some(series) = csv::series(outcome) {
        write("series.csv", series.as_bytes())?;
    }
    if let Some(sensitivities) = csv::sensitivities(outcome) {
        write("sensitivity.csv", sensitivities.as_bytes())?;
    }
    for chart in chart::charts(outcome) {
        write(&format!("{}.svg", chart.name), chart::svg(&chart).as_bytes())?;
        let name = format!("{}.png", chart.name);
        let png = chart::png(&chart);
        write(&name, &png.map_err(|error| failed(&folder.join(&name), error.to_string()))?)?;
    }
    eprintln!("wrote the outcome and its charts to {}", folder.display());
    Ok(())
}

/// A file is there whole or not at all: it is written beside its place and then moved there.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}
