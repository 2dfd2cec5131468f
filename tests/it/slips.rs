//! A file that makes sense, with one slip of shape: the slip is told, and nothing that only comes of it.

use outgrow::experiment;
use outgrow::experiment::file::Experiment;
use outgrow::model::file::Model;
use outgrow::model::{Document, Use, load_for};
use outgrow::problem::Problem;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A place in a file: keys, and places in lists as text.
type Way = Vec<String>;

fn all_ways(value: &Value, way: &mut Way, into: &mut Vec<Way>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(all) => all.iter().map(|(key, it)| (key.clone(), it)).collect(),
        Value::Array(all) => all.iter().enumerate().map(|(i, it)| (i.to_string(), it)).collect(),
        _ => Vec::new(),
    };
    for (at, it) in inner {
        way.push(at);
        into.push(way.clone());
        all_ways(it, way, into);
        way.pop();
    }
}

fn parent<'v>(value: &'v mut Value, way: &[String]) -> &'v mut Value {
    way[..way.len() - 1].iter().fold(value, |it, at| match it {
        Value::Array(all) => &mut all[at.parse::<usize>().unwrap()],
        it => it.get_mut(at).unwrap(),
    })
}

fn of_another_type(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(7.5),
        Value::Number(_) => json!("eight"),
        _ => json!(7),
    }
}

/// The file with each slip at this place: another type, a key misspelt, a key that nobody knows.
fn slips(good: &Value, way: &Way) -> Vec<Value> {
    let last = way.last().unwrap();
    let mut all = Vec::new();
    let mut spoilt = good.clone();
    match parent(&mut spoilt, way) {
        Value::Array(elements) => {
            let element = &mut elements[last.parse::<usize>().unwrap()];
            *element = of_another_type(element);
        }
        object => object[last] = of_another_type(&object[last]),
    }
    all.push(spoilt);
    for key in [format!("{last}q"), "zzzzzzzzzzzz".to_owned()] {
        let mut spoilt = good.clone();
        if let Value::Object(entries) = parent(&mut spoilt, way) {
            let value = entries.remove(last).unwrap();
            entries.insert(key, value);
            all.push(spoilt);
        }
    }
    all
}

fn files_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    all.retain(|it| it.extension().is_some_and(|it| it == "json"));
    all.sort();
    all
}

/// Every so many slips of all the files of a folder; how many were slips of shape.
fn check(
    folder: &str,
    every: usize,
    of_shape: impl Fn(&Document) -> Option<Vec<Problem>>,
    all: impl Fn(&Document, &Path) -> Vec<Problem>,
) -> usize {
    let (mut count, mut seen) = (0, 0);
    for path in files_in(folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let good = Document::parse("good.json", &text).unwrap().value();
        let mut ways = Vec::new();
        all_ways(&good, &mut Vec::new(), &mut ways);
        for way in &ways {
            count += 1;
            if count % every != 0 {
                continue;
            }
            for spoilt in slips(&good, way) {
                let document = Document::parse("spoilt.json", &format!("{spoilt:#}")).unwrap();
                let Some(expected) = of_shape(&document) else { continue };
                let told = all(&document, path.parent().unwrap());
                let extra: Vec<String> = told
                    .iter()
                    .filter(|it| !expected.contains(it))
                    .map(Problem::in_one_line)
                    .collect();
                assert!(extra.is_empty(), "{} at {way:?}: {extra:#?}", path.display());
                assert_eq!(told.len(), expected.len());
                seen += 1;
            }
        }
    }
    seen
}

fn beside(folder: &Path) -> impl Fn(&str) -> Result<String, String> + Sync {
    move |name| std::fs::read_to_string(folder.join(name)).map_err(|it| it.to_string())
}

#[test]
fn one_slip_of_shape_in_a_model_is_told_alone() {
    let seen = check(
        "models",
        61,
        |document| document.read::<Model>().err(),
        |document, folder| {
            let growing = Use { grows: true, ..Use::default() };
            load_for(growing, document, &beside(folder)).err().unwrap()
        },
    );
    assert!(seen > 100, "{seen}");
}

#[test]
fn one_slip_of_shape_in_an_experiment_is_told_alone() {
    let seen = check(
        "experiments",
        19,
        |document| document.read::<Experiment>().err(),
        |document, folder| experiment::load(document, &beside(folder)).err().unwrap(),
    );
    assert!(seen > 100, "{seen}");
}
