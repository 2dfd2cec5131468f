//! The rooms of the house and who may enter which: a file may use only rooms listed before its own.

use std::{fs, path::Path};

const ROOMS: &[&str] = &[
    "ids",
    "units",
    "problem",
    "rng",
    "stats",
    "parts",
    "network",
    "outcome",
    "report",
    "sim",
    "theory",
    "model",
    "experiment",
    "cli",
];

#[test]
fn imports_point_one_way() {
    let mut wrong = Vec::new();
    visit(Path::new("src"), &mut |file, text| {
        let Some(rank) = rank_of(file) else { return };
        let code = without_tests(file, text);
        for used in ROOMS[rank + 1..].iter().filter(|it| enters(code, it)) {
            wrong.push(format!("{} uses {used}", file.display()));
        }
    });
    assert!(wrong.is_empty(), "against the order of ROOMS:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_list() {
    let mut strangers = Vec::new();
    visit(Path::new("src"), &mut |file, _| {
        let known = ["lib", "main"].contains(&room_of(file)) || rank_of(file).is_some();
        if !known {
            strangers.push(file.display().to_string());
        }
    });
    assert!(strangers.is_empty(), "in no room of ROOMS: {}", strangers.join(", "));
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut mute = Vec::new();
    for folder in ["src", "tests", "benches"] {
        visit(Path::new(folder), &mut |file, text| {
            if !text.starts_with("//!") {
                mute.push(file.display().to_string());
            }
        });
    }
    assert!(mute.is_empty(), "no //! line: {}", mute.join(", "));
}

#[test]
fn the_engine_knows_no_names_and_takes_no_memory_in_passing() {
    check_absent(
        |room| room == "sim",
        &["serde", "String", "HashMap", "dyn ", "Box<", "Box::", "format!", "to_owned"],
    );
}

#[test]
fn what_comes_before_experiments_knows_no_threads_files_or_clocks() {
    let first = ROOMS.iter().position(|it| *it == "experiment").unwrap();
    check_absent(
        |room| ROOMS[..first].contains(&room),
        &["std::thread", "std::fs", "std::time", "Instant::", "SystemTime", "rayon"],
    );
}

/// None of these words stands in the files of such rooms, but for their tests and comments.
fn check_absent(rooms: impl Fn(&str) -> bool, words: &[&str]) {
    let mut wrong = Vec::new();
    visit(Path::new("src"), &mut |file, text| {
        if !rooms(room_of(file)) {
            return;
        }
        let lines =
            without_tests(file, text).lines().map(|line| line.split("//").next().unwrap_or(line));
        for (i, line) in lines.enumerate() {
            for word in words.iter().filter(|it| line.contains(**it)) {
                wrong.push(format!("{}:{} {word}", file.display(), i + 1));
            }
        }
    });
    assert!(wrong.is_empty(), "does not belong there:\n{}", wrong.join("\n"));
}

/// What of a file is built into the program: tests may borrow from anywhere.
fn without_tests<'t>(file: &Path, text: &'t str) -> &'t str {
    let only_tests = file.iter().any(|it| it == "tests" || it == "tests.rs");
    if only_tests { "" } else { text.split("#[cfg(test)]").next().unwrap_or(text) }
}

fn room_of(file: &Path) -> &str {
    let name = file.iter().nth(1).and_then(|it| it.to_str()).unwrap_or_default();
    name.trim_end_matches(".rs")
}

fn rank_of(file: &Path) -> Option<usize> {
    ROOMS.iter().position(|it| *it == room_of(file))
}

/// Whether `text` names `room` after `crate::`, alone or in a `crate::{...};` group.
fn enters(text: &str, room: &str) -> bool {
    let names_room = |path: &str| {
        let rest = path.trim_start().strip_prefix(room);
        rest.is_some_and(|rest| !rest.starts_with(|it: char| it.is_alphanumeric() || it == '_'))
    };
    text.split("crate::").skip(1).any(|rest| match rest.strip_prefix('{') {
        None => names_room(rest),
        Some(group) => group.split("};").next().unwrap_or(group).split(',').any(names_room),
    })
}

fn visit(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    let entries = fs::read_dir(folder).unwrap_or_else(|it| panic!("{}: {it}", folder.display()));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|it| it == "rs") {
            look(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
