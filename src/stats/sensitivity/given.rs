//! First-order indices from points that were drawn anyhow, such as a Latin hypercube.
//!
//! The points are sorted by one factor and cut into classes; the share of the variance that lies between
//! the classes is the correlation ratio, without what classes differ by chance (T. L. Kelley, "An unbiased
//! correlation ratio measure", PNAS 21(9), 1935; for indices E. Plischke, E. Borgonovo and C. L. Smith,
//! "Global sensitivity measures from given data", European Journal of Operational Research 226(3), 2013).
//! What varies inside a class by the factor itself is missed, which with k classes is about 1/k² of an
//! effect that goes evenly up or down.

use super::{Estimate, Means, Seen, jackknifed};

/// Points in a class, at least.
const CLASS_LEAST: usize = 6;

/// The share of the variance that each factor alone brings; nothing of fewer than four classes' worth of
/// points, or of levels that are all alike.
pub fn first_order(at: &[Vec<f64>], seen: &Seen, confidence: f64) -> Vec<Option<Estimate>> {
    let factors = at.first().map_or(0, Vec::len);
    let Some(means) = Means::of(seen) else { return vec![None; factors] };
    let known: Vec<usize> = (0..at.len()).filter(|it| means.all[*it].is_some()).collect();
    let of_factor = |factor: usize| {
        let classes = classes(at, &known, factor);
        let (least, count) = (2 * CLASS_LEAST, classes.iter().max()? + 1);
        if known.len() < least || count < 2 {
            return None;
        }
        let places: Vec<usize> = (0..known.len()).collect();
        jackknifed(&means, &places, confidence, |values, without| {
            let kept = places.iter().filter(|it| Some(**it) != without);
            let pairs = kept.map(|it| Some((classes[*it], values[known[*it]]?)));
            between(&pairs.collect::<Option<Vec<_>>>()?, count)
        })
    };
    (0..factors).map(of_factor).collect()
}

/// The class of each known point: equally many in each, but equal levels in one.
fn classes(at: &[Vec<f64>], known: &[usize], factor: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..known.len()).collect();
    let x = |place: usize| at[known[place]][factor];
    order.sort_by(|a, b| x(*a).total_cmp(&x(*b)).then(a.cmp(b)));
    let mut levels = order.clone();
    levels.dedup_by(|a, b| x(*a) == x(*b));
    // As many classes as points in each: more would tell of finer bends, and less surely of all.
    let most = (known.len() / CLASS_LEAST).min(known.len().isqrt()).max(1);
    let mut classes = vec![0; known.len()];
    // Few levels are the classes; of many each lies in the class of its first point.
    let few = levels.len() <= most;
    let (mut class, mut first) = (0, 0);
    for (rank, place) in order.iter().enumerate() {
        if rank > 0 && x(*place) != x(order[rank - 1]) {
            first = rank;
            if few {
                class += 1;
            }
        }
        classes[*place] = if few { class } else { first * most / known.len() };
    }
    packed(classes)
}

/// The same classes, counted without gaps.
fn packed(mut classes: Vec<usize>) -> Vec<usize> {
    let mut used = classes.clone();
    used.sort_unstable();
    used.dedup();
    classes.iter_mut().for_each(|it| *it = used.binary_search(it).unwrap_or(0));
    classes
}

/// The share of the variance between classes, of pairs of class and value.
fn between(pairs: &[(usize, f64)], classes: usize) -> Option<f64> {
    let n = pairs.len() as f64;
    let mean = pairs.iter().map(|it| it.1).sum::<f64>() / n;
    let mut sums = vec![(0.0, 0.0); classes];
    for (class, value) in pairs {
        sums[*class].0 += value - mean;
        sums[*class].1 += 1.0;
    }
    let filled = sums.iter().filter(|it| it.1 > 0.0);
    let (k, between) = filled.fold((0.0, 0.0), |(k, sum), it| (k + 1.0, sum + it.0 * it.0 / it.1));
    let all: f64 = pairs.iter().map(|it| (it.1 - mean) * (it.1 - mean)).sum();
    let inside = (all - between) / (n - k);
    (all > 0.0 && n > k).then(|| (between - (k - 1.0) * inside) / all)
}
