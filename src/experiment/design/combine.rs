//! How levels are combined: all with all, one thing at a time, or drawn.

use super::levels::Levels;
use crate::experiment::file::Experiment;
use crate::experiment::sensitivity::By;
use crate::problem::{Code, Findings, suggest};
use crate::rng::{Keys, key_of};
use crate::stats::sensitivity::plan;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// How the levels of what is varied are combined.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Combine {
    /// A way that needs nothing more.
    Plain(Combination),
    /// A way with its parameters.
    With(CombinationWith),
}

/// A way to combine levels.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combination {
    /// Each level of each with every level of all others.
    All,
    /// Around the model as it is: each level of each, the others as they are.
    OneAtATime,
}

/// A way to combine levels, with its parameters.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CombinationWith {
    /// Around a base: each level of each, the others as there.
    OneAtATime(Around),
    /// So many points in which every part of each range is drawn equally often.
    LatinHypercube(LatinHypercube),
}

/// What is stayed at while something else is varied.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Around {
    /// The level of each, by its key in `vary`; of what is not named here the model's own.
    pub base: IndexMap<String, Value>,
}

/// Points drawn so that every part of each range is drawn equally often.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatinHypercube {
    /// How many points.
    #[schemars(range(min = 2, max = 10_000))]
    pub points: u32,
}

impl Default for Combine {
    fn default() -> Self {
        Combine::Plain(Combination::All)
    }
}

impl Combine {
    pub fn check(&self, experiment: &Experiment, findings: &mut Findings) {
        if experiment.vary.is_empty() && *self != Combine::default() {
            let rule = "nothing is varied that could be combined";
            findings.wrong(Code::E010, rule, "add \"vary\"");
        }
        if let Combine::With(CombinationWith::OneAtATime(Around { base })) = self {
            for key in base.keys().filter(|it| !experiment.vary.contains_key(*it)) {
                let known = experiment.vary.keys().map(String::as_str);
                let rule = format!("\"{key}\" is not varied");
                findings.inside("one_at_a_time", |it| {
                    it.inside("base", |it| it.wrong_at(key, Code::E008, rule, suggest(key, known)));
                });
            }
        }
    }
}

/// How the levels of an experiment are combined, in the end.
pub enum Way<'e> {
    All,
    OneAtATime(Option<&'e IndexMap<String, Value>>),
    LatinHypercube(usize),
    Trajectories { count: usize, levels: usize },
    Matrices(usize),
}

impl<'e> Way<'e> {
    pub fn of(experiment: &'e Experiment) -> Way<'e> {
        match experiment.sensitivity.as_ref().and_then(|it| it.by.as_ref()) {
            Some(By::ElementaryEffects(it)) => {
                Way::Trajectories { count: it.trajectories as usize, levels: it.levels as usize }
            }
            Some(By::Indices(it)) => Way::Matrices(it.points as usize),
            None => match &experiment.combine {
                Combine::Plain(Combination::All) => Way::All,
                Combine::Plain(Combination::OneAtATime) => Way::OneAtATime(None),
                Combine::With(CombinationWith::OneAtATime(it)) => Way::OneAtATime(Some(&it.base)),
                Combine::With(CombinationWith::LatinHypercube(it)) => {
                    Way::LatinHypercube(it.points as usize)
                }
            },
        }
    }

    /// Whether levels are drawn from all of a range.
    pub fn draws(&self) -> bool {
        !matches!(self, Way::All | Way::OneAtATime(_))
    }

    /// How many combinations there are, duplicates counted.
    pub fn count(&self, levels: &[&Levels]) -> usize {
        let factors = levels.len();
        match self {
            Way::All => levels.iter().map(|it| it.all().len()).fold(1, usize::saturating_mul),
            Way::OneAtATime(_) => 1 + levels.iter().map(|it| it.all().len()).sum::<usize>(),
            _ if factors == 0 => 1,
            Way::LatinHypercube(points) => *points,
            Way::Trajectories { count, .. } => count.saturating_mul(factors + 1),
            Way::Matrices(rows) => rows.saturating_mul(factors + 2),
        }
    }

    /// The combinations in their order; what is drawn may hold some of them several times. `base` is
    /// what is stayed at, one at a time.
    pub fn combinations(&self, levels: &[&Levels], base: &[Value], seed: u64) -> Vec<Vec<Value>> {
        let key = |of: &str| Keys::new(seed, 0).control(key_of(of));
        let factors = levels.len();
        if factors == 0 {
            return vec![Vec::new()];
        }
        match *self {
            Way::All => all(levels),
            Way::OneAtATime(_) => one_at_a_time(levels, base),
            Way::LatinHypercube(points) => {
                drawn(levels, &plan::latin_hypercube(points, factors, key("latin hypercube")))
            }
            Way::Matrices(rows) => drawn(levels, &plan::matrices(rows, factors, key("matrices"))),
            Way::Trajectories { count, levels: grid } => {
                let all = plan::trajectories(count, factors, grid, key("trajectories"));
                let at = |row: &Vec<f64>| levels.iter().zip(row).map(|(it, x)| it.at(*x)).collect();
                all.iter().map(at).collect()
            }
        }
    }
}

fn drawn(levels: &[&Levels], units: &[Vec<f64>]) -> Vec<Vec<Value>> {
    let of = |row: &Vec<f64>| levels.iter().zip(row).map(|(it, unit)| it.drawn(*unit)).collect();
    units.iter().map(of).collect()
}

/// All with all, the last factor changing fastest.
fn all(levels: &[&Levels]) -> Vec<Vec<Value>> {
    let mut all = vec![Vec::new()];
    for own in levels.iter().map(|it| it.all()) {
        let longer = all.iter().flat_map(|head: &Vec<Value>| {
            own.iter().map(|it| [head.as_slice(), std::slice::from_ref(it)].concat())
        });
        all = longer.collect();
    }
    all
}

/// The base, and then each level of each in its place.
fn one_at_a_time(levels: &[&Levels], base: &[Value]) -> Vec<Vec<Value>> {
    let mut all = vec![base.to_vec()];
    for (i, own) in levels.iter().enumerate() {
        for level in own.all() {
            let mut changed = base.to_vec();
            changed[i] = level;
            all.push(changed);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lists() -> Vec<Levels> {
        let lists = [json!([1, 2]), json!(["a", "b", "c"])];
        lists.into_iter().map(|it| serde_json::from_value(it).unwrap()).collect()
    }

    fn combined(way: &Way, base: &[Value]) -> Vec<Vec<Value>> {
        let lists = lists();
        let levels: Vec<&Levels> = lists.iter().collect();
        let all = way.combinations(&levels, base, 7);
        assert_eq!(all.len(), way.count(&levels));
        all
    }

    #[test]
    fn the_last_of_all_combinations_changes_fastest() {
        let all = combined(&Way::All, &[]);
        assert_eq!(json!(all[..4]), json!([[1, "a"], [1, "b"], [1, "c"], [2, "a"]]));
    }

    #[test]
    fn one_at_a_time_leaves_all_others_at_the_base() {
        let all = combined(&Way::OneAtATime(None), &[json!(1), json!("z")]);
        let expected = json!([[1, "z"], [1, "z"], [2, "z"], [1, "a"], [1, "b"], [1, "c"]]);
        assert_eq!(json!(all), expected);
    }

    #[test]
    fn a_latin_hypercube_has_every_level_of_a_list_equally_often() {
        let all = combined(&Way::LatinHypercube(12), &[]);
        for (factor, times) in [(0, 6), (1, 4)] {
            for level in lists()[factor].all() {
                let count = all.iter().filter(|it| it[factor] == level).count();
                assert_eq!(count, times, "{level}");
            }
        }
    }
}
