//! The published schemas are those of the program, and every shipped file names its own.

use super::support::{run, same_as_recorded, stdout};
use std::path::{Path, PathBuf};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_schemas_in_the_project_are_those_that_the_program_prints() {
    for kind in ["model", "experiment", "outcome"] {
        let printed = stdout(&run(&["schema", kind]));
        let path = top().join(format!("models/schema/{kind}.schema.json"));
        same_as_recorded(&path, &printed).unwrap_or_else(|difference| panic!("{difference}"));
    }
}

#[test]
fn every_shipped_file_names_its_schema() {
    for (folder, kind) in [("models", "model"), ("experiments", "experiment")] {
        for path in files_in(&top().join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            let named =
                text.split('"').skip_while(|it| *it != "$schema").nth(2).unwrap_or_default();
            let schema = path.parent().unwrap().join(named);
            assert!(schema.exists(), "{}: \"{named}\" is not there", path.display());
            assert!(named.ends_with(&format!("{kind}.schema.json")), "{}", path.display());
        }
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    assert!(!files.is_empty(), "nothing in {}", folder.display());
    files
}
