//! What became of expectations, in words that tables, JUnit files and annotations share.

use super::figure;
use crate::outcome::{Checked, Expectation, Kept, Outcome, level_text};

/// `holds`, `fails`, `cannot tell`.
pub fn verdict(kept: Kept) -> &'static str {
    match kept {
        Kept::Pass => "holds",
        Kept::Fail => "fails",
        Kept::CannotTell => "cannot tell",
    }
}

/// The verdict of all together: one that fails outweighs one that cannot be told.
pub fn worst(outcome: &Outcome) -> Kept {
    let verdicts = || outcome.expectations.iter().map(|it| it.verdict);
    match (verdicts().any(|it| it == Kept::Fail), verdicts().any(|it| it == Kept::CannotTell)) {
        (true, _) => Kept::Fail,
        (false, true) => Kept::CannotTell,
        (false, false) => Kept::Pass,
    }
}

/// What it came to at the points that decide it: those that fail, or are open, or else all.
pub fn remarks(expectation: &Expectation) -> Vec<String> {
    /// More than so many points are counted, not listed.
    const MOST: usize = 4;
    let all = &expectation.points;
    let deciding: Vec<&Checked> =
        all.iter().filter(|it| it.verdict == expectation.verdict).collect();
    let mut remarks: Vec<String> =
        deciding.iter().take(MOST).map(|it| came_to(it, all.len() > 1)).collect();
    if deciding.len() > MOST {
        remarks.push(format!("and so at {} points more", deciding.len() - MOST));
    }
    if expectation.verdict != Kept::Pass && deciding.len() < all.len() {
        remarks.push(format!("that is {} of {} points", deciding.len(), all.len()));
    }
    if expectation.verdict == Kept::CannotTell {
        remarks.push(match expectation.replications_needed {
            Some(needed) => {
                format!("about {needed} replications would tell: give a larger \"max\"")
            }
            None => "no number of replications that anybody would run is likely to tell".to_owned(),
        });
    }
    remarks
}

/// `page.response.p95 is 42.1 ± 0.8 ms in 5 runs (without, day 22, zone a)`.
fn came_to(it: &Checked, several: bool) -> String {
    let what = match (&it.estimate, &it.against) {
        (Some(estimate), None) => format!("{} is {}", it.metric, figure::figure(estimate)),
        (Some(estimate), Some(against)) => {
            let sign = if estimate.value > 0.0 { "+" } else { "" };
            let difference = figure::difference(estimate);
            format!("{} is {sign}{difference} against {against}", it.metric)
        }
        (None, _) => format!("{} has no value", it.metric),
    };
    let why = if it.why.is_empty() { String::new() } else { format!(", {}", it.why) };
    let runs = if it.replications == 1 { "run" } else { "runs" };
    let place = if several { format!(" ({})", place(it)) } else { String::new() };
    format!("{what}{why}, {} {runs}{place}", it.replications)
}

/// `microservices, cores 16, day 22, zone a`.
pub fn place(it: &Checked) -> String {
    let mut place = vec![it.model.clone()];
    place.extend(it.factors.iter().map(|(path, level)| {
        format!("{} {}", path.rsplit('.').next().unwrap_or(path), level_text(level))
    }));
    match (it.day, it.users) {
        (Some(day), _) => place.push(figure::on_day(day)),
        (None, Some(users)) => place.push(figure::exact(users, Some(crate::outcome::Unit::Users))),
        (None, None) => {}
    }
    place.extend(it.fault.clone());
    place.join(", ")
}
