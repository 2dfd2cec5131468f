//! The rise and fall of traffic over a day, as a factor whose mean over the day is 1.
//!
//! Up to twice the mean it is 1 + (peak − 1) cos θ, the angle counted from the peak. Higher peaks
//! are powers of the raised cosine, peak × ((1 + cos θ) / 2)ᵏ, which never fall below zero and
//! narrow as they rise; at twice the mean both are the same curve. The mean of such a power is
//! Γ(k + ½) / (√π Γ(k + 1)) (Wallis; DLMF 5.12.1, <https://dlmf.nist.gov/5.12>).

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use std::f64::consts::PI;

/// How traffic differs over the hours of a day.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Daily {
    /// Traffic of the busiest moment divided by the day's mean.
    pub peak_to_mean: f64,
    /// The time of day of the busiest moment; the story begins at midnight.
    #[schemars(example = "20h")]
    pub peak_at: Span,
}

const DAY: Span = Span::from_whole_secs(86_400);

/// Beyond it, the whole day's traffic would come within an hour and a half.
const PEAK_MAX: f64 = 20.0;

impl Daily {
    pub fn check(&self, findings: &mut Findings) {
        if !(1.0..=PEAK_MAX).contains(&self.peak_to_mean) {
            let rule = format!("must be between 1 and {PEAK_MAX}, not {}", self.peak_to_mean);
            findings.wrong_at("peak_to_mean", Code::E007, rule, "1 is the same load all day");
        }
        if self.peak_at > DAY {
            let rule = format!("must be a time of day, up to 24h, not {}", self.peak_at);
            findings.wrong_at("peak_at", Code::E007, rule, "");
        }
    }

    pub fn profile(&self) -> Profile {
        let peak_at_ns = self.peak_at.nanos() % DAY.nanos();
        Profile { peak: self.peak_to_mean, power: power(self.peak_to_mean), peak_at_ns }
    }

    /// The factor at one instant; [`Daily::profile`] is quicker for many.
    pub fn factor(&self, at: Span) -> f64 {
        self.profile().factor(at)
    }
}

/// A day's curve, ready to be looked up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    peak: f64,
    power: f64,
    peak_at_ns: u64,
}

impl Profile {
    /// What the mean load is multiplied with at `at`, counted from the first midnight.
    pub fn factor(&self, at: Span) -> f64 {
        let after_ns = (at.nanos() % DAY.nanos() + DAY.nanos() - self.peak_at_ns) % DAY.nanos();
        let angle = 2.0 * PI * after_ns as f64 / DAY.nanos() as f64;
        if self.peak <= 2.0 {
            return 1.0 + (self.peak - 1.0) * libm::cos(angle);
        }
        // (1 + cos θ) / 2 = cos² (θ / 2), without the cancellation.
        let cosine = libm::cos(angle / 2.0);
        self.peak * libm::pow(cosine * cosine, self.power)
    }
}

/// The power of the raised cosine whose peak is `peak` times its mean, by bisection.
fn power(peak: f64) -> f64 {
    let peak_of = |k: f64| PI.sqrt() * libm::exp(libm::lgamma(k + 1.0) - libm::lgamma(k + 0.5));
    // The peak grows as √(π k), so that it lies below this.
    let (mut low, mut high) = (1.0, peak * peak);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if peak_of(middle) < peak { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(peak_to_mean: f64, peak_at: &str) -> Daily {
        Daily { peak_to_mean, peak_at: Span::parse(peak_at).unwrap() }
    }

    #[test]
    fn the_mean_over_a_day_is_one_and_the_peak_where_it_is_written() {
        for peak in [1.0, 1.8, 2.0, 2.001, 5.0, 20.0] {
            let profile = daily(peak, "20h").profile();
            let factors: Vec<f64> = (0..1440)
                .map(|minute| profile.factor(Span::from_whole_secs(minute * 60)))
                .collect();
            let mean = factors.iter().sum::<f64>() / 1440.0;
            // The rectangle rule is exact for waves that repeat less often than it samples.
            assert!((mean - 1.0).abs() < 1e-9, "{peak}: {mean}");
            assert!((factors[20 * 60] - peak).abs() < 1e-12, "{peak}: {}", factors[20 * 60]);
            assert!(factors.iter().all(|it| (0.0..=peak + 1e-12).contains(it)), "{peak}");
        }
    }

    #[test]
    fn each_day_is_like_the_one_before() {
        let daily = daily(1.8, "0s");
        for hour in 0..24 {
            let at = Span::from_whole_secs(hour * 3600);
            assert_eq!(daily.factor(at), daily.factor(at + DAY * 21));
        }
    }

    #[test]
    fn twice_the_mean_belongs_to_both_curves() {
        let at = Span::from_whole_secs(5 * 3600);
        let [below, above] = [2.0, 2.0 + 1e-9].map(|peak| daily(peak, "20h").factor(at));
        assert!((below - above).abs() < 1e-8, "{below} {above}");
    }

    #[test]
    fn impossible_days_are_wrong() {
        let mut findings = Findings::default();
        daily(0.5, "25h").check(&mut findings);
        daily(f64::NAN, "24h").check(&mut findings);
        let rules: Vec<String> = findings.into_vec().into_iter().map(|it| it.rule).collect();
        assert_eq!(
            rules,
            [
                "must be between 1 and 20, not 0.5",
                "must be a time of day, up to 24h, not 1.04167d",
                "must be between 1 and 20, not NaN",
            ]
        );
    }
}
