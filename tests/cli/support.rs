//! Running the program from the top of the project.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, to be run from the top of the project.
pub fn outgrow() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outgrow"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

pub fn run(args: &[&str]) -> Output {
    outgrow().args(args).output().expect("the program starts")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints text")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it prints text")
}

/// Compares with a recorded text; with `OUTGROW_RECORD=1` records it anew instead.
pub fn same_as_recorded(path: &Path, text: &str) -> Result<(), String> {
    if std::env::var_os("OUTGROW_RECORD").is_some() {
        std::fs::write(path, text).expect("the project can be written to");
        return Ok(());
    }
    let recorded = std::fs::read_to_string(path).unwrap_or_default();
    if recorded == text {
        return Ok(());
    }
    Err(format!("{} is recorded as\n{recorded}\nand now is\n{text}", path.display()))
}

/// Where a folder of this name is.
pub fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A folder of its own for one test, empty.
pub fn scratch(name: &str) -> PathBuf {
    let folder = place(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the target folder can be written to");
    folder
}
