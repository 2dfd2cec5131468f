//! Where to look: points in the unit cube, drawn by a key.

use crate::rng::{Draw, attempt, request};

/// Points of which each n-th part of every axis holds exactly one: M. D. McKay, R. J. Beckman and
/// W. J. Conover, "A comparison of three methods for selecting values of input variables", Technometrics
/// 21(2), 1979.
pub fn latin_hypercube(points: usize, factors: usize, key: u64) -> Vec<Vec<f64>> {
    let mut rows = vec![vec![0.0; factors]; points];
    for factor in 0..factors {
        let mut draw = Draw::at(request(key, factor as u64), 0);
        for (row, part) in rows.iter_mut().zip(shuffled(points, &mut draw)) {
            row[factor] = (part as f64 + draw.unit()) / points as f64;
        }
    }
    rows
}

/// Trajectories of one step along each axis, on a grid of an even number of levels; a step is a little
/// more than half the axis, so that all levels are equally likely: M. D. Morris, "Factorial sampling
/// plans for preliminary computational experiments", Technometrics 33(2), 1991.
///
/// Each takes `factors + 1` rows.
pub fn trajectories(count: usize, factors: usize, levels: usize, key: u64) -> Vec<Vec<f64>> {
    let step = levels as f64 / (2.0 * (levels - 1) as f64);
    let mut rows = Vec::with_capacity(count * (factors + 1));
    for trajectory in 0..count {
        let mut draw = Draw::at(attempt(key, trajectory as u32), 0);
        let mut at = Vec::with_capacity(factors);
        let mut rises = Vec::with_capacity(factors);
        for _ in 0..factors {
            let low = draw.below(levels as u64 / 2) as f64 / (levels - 1) as f64;
            let rising = draw.below(2) == 0;
            at.push(if rising { low } else { low + step });
            rises.push(rising);
        }
        rows.push(at.clone());
        for factor in shuffled(factors, &mut draw) {
            at[factor] += if rises[factor] { step } else { -step };
            // A sum of thirds and two thirds may miss the end by a last bit.
            at[factor] = at[factor].clamp(0.0, 1.0);
            rows.push(at.clone());
        }
    }
    rows
}

/// Rows of two matrices A and B and of those that are A with one column of B, row by row: `factors + 2`
/// rows for each of theirs. Both are halves of one Latin hypercube.
pub fn matrices(rows: usize, factors: usize, key: u64) -> Vec<Vec<f64>> {
    let mut all = Vec::with_capacity(rows * (factors + 2));
    for row in latin_hypercube(rows, 2 * factors, key) {
        let (a, b) = row.split_at(factors);
        all.push(a.to_vec());
        all.push(b.to_vec());
        for factor in 0..factors {
            let mut mixed = a.to_vec();
            mixed[factor] = b[factor];
            all.push(mixed);
        }
    }
    all
}

/// The numbers below `count` in any order: R. Durstenfeld, "Algorithm 235: random permutation", CACM
/// 7(7), 1964.
fn shuffled(count: usize, draw: &mut Draw) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    for i in (1..count).rev() {
        all.swap(i, draw.below(i as u64 + 1) as usize);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_every_axis_of_a_latin_hypercube_holds_one_point() {
        let rows = latin_hypercube(50, 4, 99);
        for factor in 0..4 {
            let mut parts: Vec<usize> =
                rows.iter().map(|row| (row[factor] * 50.0) as usize).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..50).collect::<Vec<_>>());
        }
        assert_ne!(rows[0], latin_hypercube(50, 4, 100)[0]);
    }

    #[test]
    fn a_trajectory_takes_one_step_along_each_axis_and_uses_all_levels_equally() {
        let (count, factors, levels) = (4000, 3, 4);
        let rows = trajectories(count, factors, levels, 5);
        let mut counts = vec![0; levels];
        for trajectory in rows.chunks(factors + 1) {
            let mut moved = vec![0; factors];
            for pair in trajectory.windows(2) {
                let changed: Vec<usize> =
                    (0..factors).filter(|it| pair[0][*it] != pair[1][*it]).collect();
                assert_eq!(changed.len(), 1);
                let by = (pair[1][changed[0]] - pair[0][changed[0]]).abs();
                assert!((by - 2.0 / 3.0).abs() < 1e-12);
                moved[changed[0]] += 1;
            }
            assert_eq!(moved, [1; 3]);
            for x in &trajectory[0] {
                counts[(x * 3.0).round() as usize] += 1;
            }
        }
        let expected = (count * factors) as f64 / levels as f64;
        for it in counts {
            let z = (f64::from(it) - expected) / (expected * 0.75).sqrt();
            assert!(z.abs() < 4.0, "{z} standard errors");
        }
    }

    #[test]
    fn mixed_rows_are_those_of_a_with_one_column_of_b() {
        for block in matrices(8, 3, 1).chunks(5) {
            let (a, b) = (&block[0], &block[1]);
            for factor in 0..3 {
                for column in 0..3 {
                    let from = if column == factor { b } else { a };
                    assert_eq!(block[2 + factor][column], from[column]);
                }
            }
        }
    }
}
