//! A family of distributions fitted to percentiles: by least squares on the logarithm of the quantile
//! function, which is a straight line for both families.
//!
//! Lognormal: ln x = μ + σ z, with the normal deviate z. Weibull: ln x = ln λ + ln(−ln(1 − p)) / k.
//! J. F. Lawless, "Statistical models and methods for lifetime data", 2003, section 3.3.

use super::{Law, Lognormal, Weibull, normal_below};
use schemars::JsonSchema;
use serde::Deserialize;

/// A family of distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Lognormal.
    Lognormal,
    /// Weibull.
    Weibull,
}

/// A straight line through the logarithms of quantiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    family: Family,
    intercept: f64,
    slope: f64,
}

impl Family {
    /// Where a normal deviate lies on the axis on which the family is a straight line.
    fn axis(self, deviate: f64) -> f64 {
        match self {
            Family::Lognormal => deviate,
            // 1 − p is the upper tail, which keeps its digits for high percentiles.
            Family::Weibull => libm::log(-libm::log(normal_below(-deviate))),
        }
    }

    /// The best line through normal deviates and nanoseconds, of which there are two or more.
    pub fn fit(self, points: &[(f64, f64)]) -> Fit {
        let points: Vec<(f64, f64)> =
            points.iter().map(|(z, ns)| (self.axis(*z), libm::log(*ns))).collect();
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|it| it.0), mean(|it| it.1));
        let along: f64 = points.iter().map(|it| (it.0 - x) * (it.1 - y)).sum();
        let wide: f64 = points.iter().map(|it| (it.0 - x) * (it.0 - x)).sum();
        let slope = along / wide;
        Fit { family: self, intercept: y - slope * x, slope }
    }
}

impl Fit {
    /// By which factor less one the fit misses the worst of these points.
    pub fn worst(&self, points: &[(f64, f64)]) -> f64 {
        let miss = |(z, ns): &(f64, f64)| {
            let fitted = libm::exp(self.intercept + self.slope * self.family.axis(*z));
            (fitted / ns - 1.0).abs()
        };
        points.iter().map(miss).fold(0.0, f64::max)
    }

    pub fn law(&self) -> Law {
        match self.family {
            Family::Lognormal => Law::Lognormal(Lognormal::from_logs(self.intercept, self.slope)),
            Family::Weibull => {
                Law::Weibull(Weibull::from_scale(1.0 / self.slope, libm::exp(self.intercept)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{findings, read};

    #[test]
    fn percentiles_of_a_family_give_that_member_of_it() {
        // The percentiles of a lognormal with a median of 10 ms and sigma 0.5.
        let at = |z: f64| 10.0 * (0.5 * z).exp();
        let json = format!(
            r#"{{"percentiles": {{"p50": "10ms", "p90": "{}ms", "p99": "{}ms", "family": "lognormal"}}}}"#,
            at(1.2815515655446004),
            at(2.326347874040841)
        );
        let law = read(&json).law();
        assert!((law.mean_ns() / (10e6 * 0.125f64.exp()) - 1.0).abs() < 1e-6);
        assert!((law.cv2() - (0.25f64.exp() - 1.0)).abs() < 1e-6);
        // And of a Weibull with shape 2 and scale 10 ms.
        let at = |p: f64| 10.0 * (-(1.0 - p).ln()).sqrt();
        let json = format!(
            r#"{{"percentiles": {{"p50": "{}ms", "p90": "{}ms", "p99": "{}ms", "family": "weibull"}}}}"#,
            at(0.5),
            at(0.9),
            at(0.99)
        );
        let law = read(&json).law();
        assert!((law.mean_ns() / (10e6 * std::f64::consts::PI.sqrt() / 2.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_fit_that_misses_by_more_than_a_twentieth_is_told_with_its_size() {
        let found = findings(
            r#"{"percentiles": {"p50": "3ms", "p95": "20ms", "p99": "60ms", "family": "lognormal"}}"#,
        );
        assert_eq!(
            found,
            ["percentiles.family: the lognormal that fits best misses one of them by 15.0 %"]
        );
    }
}
