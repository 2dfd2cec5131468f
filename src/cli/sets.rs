//! What is set on the command line: `--set path=value`, for all models or one of them, and `--users`.

use super::Refusal;
use super::args::Common;
use crate::experiment::{Design, Source};
use crate::model::reading::assignment;
use crate::problem::{Code, Problem, suggest};

/// Who sets the same twice means one of the two.
pub(super) fn set_once(common: &Common) -> Result<(), Refusal> {
    let mut paths: Vec<&str> = Vec::new();
    for set in &common.sets {
        let (path, _) = assignment(set)?;
        if paths.contains(&path) {
            let place = format!("--set {path}");
            let problem =
                Problem::without_place(Code::E002, &place, "is set twice", "leave one out");
            return Err(problem.into());
        }
        paths.push(path);
    }
    Ok(())
}

pub(super) fn set_for(source: &mut Source, common: &Common) -> Result<(), Refusal> {
    let name = source.document.value().get("name").and_then(|it| it.as_str().map(str::to_owned));
    for set in &common.sets {
        if let Some((model, assigned)) = addressee(set)
            && name.as_deref() == Some(model)
        {
            let (path, value) = assignment(assigned)?;
            source.document.set(path, value)?;
        }
    }
    Ok(())
}

pub(super) fn set_all(sources: &mut [&mut Source], common: &Common) -> Result<(), Refusal> {
    for source in sources {
        for set in common.sets.iter().filter(|set| addressee(set).is_none()) {
            let (path, value) = assignment(set)?;
            source.document.set(path, value)?;
        }
        set_for(source, common)?;
    }
    Ok(())
}

/// The model that `--set "model: path=value"` speaks to, if to one.
pub(super) fn addressee(set: &str) -> Option<(&str, &str)> {
    let (name, rest) = set.split_once(": ")?;
    (!name.contains('=')).then_some((name.trim(), rest.trim()))
}

/// A model that `--set` speaks to and that is not there.
pub(super) fn check_addressees(designs: &[Design], common: &Common) -> Result<(), Refusal> {
    for set in &common.sets {
        let Some((name, _)) = addressee(set) else { continue };
        if !designs.iter().any(|it| it.name() == name) {
            let rule = format!("no model is named \"{name}\"");
            let mend = suggest(name, designs.iter().map(|it| it.name()));
            let place = format!("--set {set}");
            return Err(Problem::without_place(Code::E008, &place, rule, &mend).into());
        }
    }
    Ok(())
}

/// So many users, if it makes a difference.
pub(super) fn set_users(source: &mut Source, users: f64) -> Result<(), Refusal> {
    let value = source.document.value();
    let classes = value.get("traffic").and_then(|it| it.as_object());
    if classes.is_some_and(|it| it.values().all(|class| class.get("per_user").is_none())) {
        let rule = "no traffic of this model is given per user, so that this would change nothing";
        let mend = "change a rate instead: --set traffic.NAME.rate=200/s";
        return Err(Problem::without_place(Code::E010, "--users", rule, mend).into());
    }
    Ok(source.document.set("users", &users.to_string())?)
}
