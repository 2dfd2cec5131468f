//! The order of designs to which others are added.

use super::Design;
use super::refinement::Ran;
use crate::experiment::conduct::Conducted;
use crate::experiment::point::Point;
use crate::outcome::level_number;
use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

/// By model, and then by the levels of one factor after the other.
pub struct Order {
    models: IndexSet<String>,
    /// The path whose levels are ordered as numbers.
    axis: String,
    /// The levels of all others in their order, by model and path.
    levels: IndexMap<(String, String), IndexSet<String>>,
}

impl Order {
    /// The order in which designs stand already.
    pub fn of(axis: &str, designs: &[Design]) -> Order {
        let models = designs.iter().map(|it| it.name().to_owned()).collect();
        let mut order = Order { models, axis: axis.to_owned(), levels: IndexMap::new() };
        for design in designs {
            for (path, level) in &design.factors {
                let key = (design.name().to_owned(), path.clone());
                order.levels.entry(key).or_default().insert(level.to_string());
            }
        }
        order
    }

    /// What orders a design: the first number in which two differ decides.
    fn place(&self, design: &Design) -> Vec<f64> {
        let model = self.models.get_index_of(design.name());
        let of_level = |(path, level): (&String, &Value)| {
            if *path == self.axis {
                return level_number(level).map_or(0.0, |it| it.0);
            }
            let all = self.levels.get(&(design.name().to_owned(), path.clone()));
            all.and_then(|it| it.get_index_of(&level.to_string())).unwrap_or(0) as f64
        };
        let model = model.unwrap_or(0) as f64;
        std::iter::once(model).chain(design.factors.iter().map(of_level)).collect()
    }

    /// What was run, with what was run in a further round among it.
    pub fn merged(&self, before: Ran, new: Ran) -> Ran {
        let parted = |(designs, points, conducted): Ran| {
            let mut own: Vec<Vec<(Point, Conducted)>> =
                designs.iter().map(|_| Vec::new()).collect();
            for (point, it) in points.into_iter().zip(conducted) {
                own[point.design].push((point, it));
            }
            designs.into_iter().zip(own)
        };
        let mut all: Vec<_> = parted(before)
            .chain(parted(new))
            .map(|(design, own)| (self.place(&design), design, own))
            .collect();
        all.sort_by(|a, b| {
            let mut each = a.0.iter().zip(&b.0).map(|(a, b)| a.total_cmp(b));
            each.find(|it| it.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut merged: Ran = (Vec::new(), Vec::new(), Vec::new());
        for (i, (_, design, own)) in all.into_iter().enumerate() {
            merged.0.push(design);
            for (point, it) in own {
                merged.1.push(Point { design: i, ..point });
                merged.2.push(it);
            }
        }
        merged
    }
}
