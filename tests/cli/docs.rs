//! What the README shows is what the program does.
//!
//! A block that begins with `$ cargo run --release -- …` shows the command and all that it prints.
//! The table of PostgreSQL's measurements and the models' predictions is computed anew too.
//! With `OUTGROW_RECORD=1` the blocks are recorded anew.

use super::support::{outgrow, place, run, same_as_recorded, scratch, stderr, stdout};
use outgrow::experiment::store::look;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, UNIX_EPOCH};

const PROMPT: &str = "$ cargo run --release -- ";

#[test]
fn commands_in_the_readme_print_what_it_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let mut parts = readme.split("```console\n");
    let mut regenerated = parts.next().unwrap_or_default().to_owned();
    let mut commands = 0;
    for part in parts {
        let (block, rest) = part.split_once("```").expect("every block is closed");
        let first = block.lines().next().unwrap_or_default();
        let shown = match first.strip_prefix(PROMPT) {
            None => block.to_owned(),
            Some(args) => {
                commands += 1;
                format!("{first}\n{}", printed(args))
            }
        };
        regenerated.push_str(&format!("```console\n{shown}```{rest}"));
    }
    assert!(commands >= 3, "the commands are gone");
    let (before, rest) = regenerated.split_once("```text\npgbench").expect("the table is gone");
    let (_, after) = rest.split_once("```").expect("every block is closed");
    let regenerated = format!("{before}```text\n{}```{after}", super::pgbench::table());
    same_as_recorded(&path, &regenerated).unwrap_or_else(|difference| panic!("{difference}"));
}

/// What a person would see on a screen, without colours.
fn printed(args: &str) -> String {
    let args: Vec<&str> = args.split_whitespace().collect();
    if args == ["compare", "experiments/series-b-blitz.json"] {
        return printed_and_drawn(&args);
    }
    if args == ["sweep", "experiments/first.json"] {
        return printed_and_kept(&args);
    }
    if args[0] == "store" {
        return printed_of_store(&args);
    }
    let output = run(&args);
    stdout(&output) + &stderr(&output)
}

/// What a sweep prints; what it came to is kept for what is told of stores.
fn printed_and_kept(args: &[&str]) -> String {
    let store = scratch("readme-store").join("kept");
    let output = run(&[args, &["--store", store.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// What is said of the store that a sweep further up has filled, as if on one day.
fn printed_of_store(args: &[&str]) -> String {
    let folder = place("readme-store");
    let noon = UNIX_EPOCH + Duration::from_secs(1_773_489_600);
    for entry in look(&folder.join("kept"), |_| ()).unwrap() {
        std::fs::File::open(&entry.path).unwrap().set_modified(noon).unwrap();
    }
    let output = outgrow().current_dir(&folder).args(args).output().unwrap();
    stdout(&output) + &stderr(&output)
}

/// The story takes a while: its charts are drawn in the same run, and held against the recorded.
fn printed_and_drawn(args: &[&str]) -> String {
    stdout(&drawn(args, "series-b-blitz-", &["response-generate", "utilization"]))
}

/// What a command says that also draws what is recorded under these names with a prefix.
fn drawn(args: &[&str], prefix: &str, charts: &[&str]) -> Output {
    let folder = scratch(&format!("charts-{}", charts[0]));
    let output = run(&[args, &["--out", folder.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/results");
    for name in charts {
        let drawn = std::fs::read(folder.join(format!("{name}.png"))).unwrap();
        let path = results.join(format!("{prefix}{name}.png"));
        if std::env::var_os("OUTGROW_RECORD").is_some() {
            std::fs::write(&path, &drawn).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == drawn, "{} is of an older run", path.display());
    }
    output
}

/// Each `experiments/results/NAME.txt` is what `outgrow sweep experiments/NAME.json` prints. The
/// story's own results stand in the README.
#[test]
fn recorded_results_are_what_their_experiments_print() {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
    let in_readme = ["series-b-blitz", "world-cup-98", "first", "sensitivity"];
    let mut different = Vec::new();
    for path in json_files(&experiments) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if in_readme.contains(&name) {
            continue;
        }
        let path = format!("experiments/{name}.json");
        let output = match name {
            "surface" => drawn(&["sweep", &path], "", &["surface-page-response-p95"]),
            _ => run(&["sweep", &path]),
        };
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        let recorded = experiments.join(format!("results/{name}.txt"));
        different.extend(same_as_recorded(&recorded, &stdout(&output)).err());
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|it| it.extension().is_some_and(|it| it == "json")).collect();
    paths.sort();
    paths
}

#[test]
fn the_models_in_the_readme_can_be_run() {
    let readme = include_str!("../../README.md");
    let blocks: Vec<&str> = readme.split("```json\n").skip(1).collect();
    assert!(!blocks.is_empty(), "the model is gone");
    let folder = super::support::scratch("readme");
    for block in blocks {
        let path = folder.join("model.json");
        std::fs::write(&path, block.split("```").next().unwrap()).unwrap();
        let quick = ["--window", "5s", "--warm-up", "1s", "--replications", "2"];
        let output = run(&[&["run", path.to_str().unwrap()], &quick[..]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

#[test]
fn every_shipped_experiment_passes_all_checks() {
    for path in json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments")) {
        // All that is wrong with it is that nothing is allowed to happen.
        let output = run(&["sweep", path.to_str().unwrap(), "--max-events", "0"]);
        assert_eq!(output.status.code(), Some(2), "{}", path.display());
        assert!(stderr(&output).contains("are allowed"), "{}", stderr(&output));
    }
}

#[test]
fn the_experiment_in_the_readme_is_the_one_that_is_shipped() {
    let readme = include_str!("../../README.md");
    let shown = readme.split("```jsonc\n").nth(1).and_then(|it| it.split("```").next()).unwrap();
    let shipped = include_str!("../../experiments/first.json");
    let lines = shown.lines().filter(|it| !it.is_empty());
    lines.for_each(|line| assert!(shipped.lines().any(|it| it == line), "{line}"));
}

#[test]
fn every_shipped_model_can_be_run() {
    for path in json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models")) {
        let quick = ["--window", "3s", "--warm-up", "1s", "--replications", "2"];
        let output = run(&[&["run", path.to_str().unwrap()], &quick[..]].concat());
        assert!(output.status.success(), "{}: {}", path.display(), stderr(&output));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"about\""), "{} says nothing about itself", path.display());
    }
}
