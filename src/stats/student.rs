//! Student's t distribution.
//!
//! Written here rather than taken from `statrs`: a half-width must have the same bits on every
//! machine, and `statrs` 0.19 calls the C library's `exp` and `ln`. (It is also off in the fourth
//! digit at a million degrees of freedom.) The tests hold the two against each other.

/// The quantile of Student's t with `df` degrees of freedom (not necessarily whole) at `p`.
///
/// Newton's method on the upper tail, which falls and is convex right of zero, so that the steps
/// climb to the root from the left and stop when rounding ends the climb. Agrees with tables to
/// ten digits or better.
///
/// # Panics
/// If `p` is not inside (0, 1) or `df` is not positive.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "no quantile at {p}");
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    let mut t = 0.0;
    loop {
        let step = (t_tail(t, df) - (1.0 - p)) / density(t, df);
        let next = t + step;
        if next <= t || step < 1e-15 * next {
            return t;
        }
        t = next;
    }
}

/// The probability that Student's t with `df` degrees of freedom exceeds `t`.
///
/// P(T > t) = I_x(df/2, 1/2) / 2 with x = df / (df + t²), for t ≥ 0
/// (Abramowitz & Stegun, 26.7.1 and 26.5.27).
///
/// # Panics
/// If `df` is not positive.
pub fn t_tail(t: f64, df: f64) -> f64 {
    assert!(df > 0.0, "no t distribution with {df} degrees of freedom");
    if t < 0.0 {
        return 1.0 - t_tail(-t, df);
    }
    let whole = df + t * t;
    0.5 * incomplete_beta(0.5 * df, 0.5, df / whole, t * t / whole)
}

fn density(t: f64, df: f64) -> f64 {
    let log_scale = -log_beta(0.5 * df, 0.5) - 0.5 * libm::log(df);
    libm::exp(log_scale - 0.5 * (df + 1.0) * libm::log1p(t * t / df))
}

/// The regularized incomplete beta function I_x(a, b); `y` is 1 − x, apart to keep its digits.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) + b * libm::log(y) - log_beta(a, b));
    // The fraction converges fast on one side of the mean only; the other side is its complement.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, y) / b
    }
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method as
/// modified by Thompson and Barnett (J. Comput. Phys. 64, 1986).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

fn log_beta(a: f64, b: f64) -> f64 {
    libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT};

    #[track_caller]
    fn close(got: f64, expected: f64, relative: f64) {
        assert!((got - expected).abs() <= relative * expected.abs(), "{got} is not {expected}");
    }

    #[test]
    fn critical_values_agree_with_the_tables() {
        // Two-sided, by scipy.stats.t.ppf.
        for (level, df, critical) in [
            (0.90, 4.0, 2.13184678633),
            (0.95, 9.0, 2.2621571628),
            (0.95, 19.0, 2.09302405441),
            (0.99, 39.0, 2.70791318352),
            (0.95, 1.0, 12.7062047362),
            (0.95, 1000.0, 1.96233908083),
        ] {
            close(t_quantile(0.5 + level / 2.0, df), critical, 1e-11);
        }
    }

    #[test]
    fn one_and_two_degrees_of_freedom_agree_with_their_closed_forms() {
        for p in [0.5001, 0.6, 0.75, 0.9, 0.99, 0.999_999] {
            close(t_quantile(p, 1.0), (std::f64::consts::PI * (p - 0.5)).tan(), 1e-9);
            let a = 2.0 * p - 1.0;
            close(t_quantile(p, 2.0), a * (2.0 / (1.0 - a * a)).sqrt(), 1e-9);
        }
    }

    #[test]
    fn quantile_and_tail_agree_with_statrs() {
        for df in [1.0, 1.5, 3.0, 17.7764735162, 99.0, 1e3] {
            let reference = StudentsT::new(0.0, 1.0, df).unwrap();
            for p in [0.001, 0.3, 0.6, 0.9, 0.975, 0.999_9] {
                close(t_quantile(p, df), reference.inverse_cdf(p), 1e-7);
                let t = t_quantile(p, df);
                close(t_tail(t, df), reference.sf(t), 1e-8);
                close(t_tail(t, df), 1.0 - p, 1e-9);
            }
        }
    }

    #[test]
    fn with_many_degrees_of_freedom_it_nears_the_normal_as_the_expansion_says() {
        // Abramowitz & Stegun, 26.7.5, to the second term.
        let (z, df) = (1.2815515655446004f64, 1e6);
        close(t_quantile(0.9, df), z + (z.powi(3) + z) / (4.0 * df), 1e-9);
    }

    #[test]
    fn the_median_is_zero_and_the_halves_mirror_one_another() {
        assert_eq!(t_quantile(0.5, 7.0), 0.0);
        assert_eq!(t_quantile(0.25, 7.0), -t_quantile(0.75, 7.0));
    }
}
