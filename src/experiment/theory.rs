//! What theory says of each part of a point, beside what was simulated.

use super::point::Point;
use crate::outcome::{self, Outcome, TheoryOfPart};
use crate::theory::{Holds, Told, beside};

/// Adds to each point of the outcome what theory says of it, in the order of `points`.
pub fn add_theory(outcome: &mut Outcome, points: &[Point]) {
    for (told, point) in outcome.points.iter_mut().zip(points) {
        told.parts = beside(&point.network, &point.names).into_iter().map(part).collect();
    }
}

fn part(told: Told) -> TheoryOfPart {
    TheoryOfPart {
        part: told.part,
        method: told.method.to_owned(),
        holds: match told.holds {
            Holds::Exactly => outcome::Holds::Exactly,
            Holds::Roughly => outcome::Holds::Roughly,
            Holds::AsBound => outcome::Holds::AsBound,
            Holds::Not => outcome::Holds::Not,
        },
        because: told.because,
        values: told.figures.into_iter().collect(),
    }
}
