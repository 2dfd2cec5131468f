//! Quantiles from tails.

/// The least `t` ≥ 0 at which the falling `tail` (the chance to exceed `t`) is down to 1 − q.
///
/// `scale` is any time of the right order. Bisection: it needs nothing but monotony, and ends at
/// neighbouring floats.
///
/// # Panics
/// If `q` is not inside [0, 1).
pub(super) fn quantile(q: f64, scale: f64, tail: impl Fn(f64) -> f64) -> f64 {
    assert!((0.0..1.0).contains(&q), "no quantile at {q}");
    let beyond = 1.0 - q;
    if tail(0.0) <= beyond {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, scale);
    while tail(high) > beyond {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return high;
        }
        if tail(middle) > beyond { low = middle } else { high = middle }
    }
}

/// Σ P(J = j) w(j) for J ~ Poisson(`mean`) and weights within 0 to 1 that never rise.
///
/// What still lasts after j events of a Poisson process lasts to a time by which `mean` events are
/// expected with this probability: uniformization (Jensen, 1953). All terms are positive, so
/// nothing cancels.
pub(super) fn poisson_mixture(mean: f64, weights: impl Iterator<Item = f64>) -> f64 {
    let mut sum = 0.0;
    let mut log_chance = -mean;
    for (j, weight) in weights.enumerate() {
        let term = weight * libm::exp(log_chance);
        sum += term;
        if j as f64 > mean && term <= 1e-17 * sum {
            break;
        }
        log_chance += libm::log(mean / (j + 1) as f64);
    }
    sum
}
