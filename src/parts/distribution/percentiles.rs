//! A distribution through the percentiles that people read off their dashboards.
//!
//! Between two given percentiles the logarithm of the time is linear in the normal deviate, as it
//! is everywhere in a lognormal; so two percentiles make a lognormal, and more make one whose
//! width changes on the way, since a single lognormal misses measured triples by 15 % and more.
//! Beyond the outermost percentiles it goes on with the slope from the first to the last: the
//! slope of the last stretch alone may be so steep that what nobody measured carries the mean.

use super::{CV_MAX, Family, Law, normal_below};
use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Two to six percentiles, such as a dashboard shows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Percentiles {
    /// 1 % take at most so long.
    pub p1: Option<Span>,
    /// 5 % take at most so long.
    pub p5: Option<Span>,
    /// 10 % take at most so long.
    pub p10: Option<Span>,
    /// 25 % take at most so long.
    pub p25: Option<Span>,
    /// The median: half take at most so long.
    pub p50: Option<Span>,
    /// 75 % take at most so long.
    pub p75: Option<Span>,
    /// 80 % take at most so long.
    pub p80: Option<Span>,
    /// 90 % take at most so long.
    pub p90: Option<Span>,
    /// 95 % take at most so long.
    pub p95: Option<Span>,
    /// 98 % take at most so long.
    pub p98: Option<Span>,
    /// 99 % take at most so long.
    pub p99: Option<Span>,
    /// 99.5 % take at most so long.
    pub p995: Option<Span>,
    /// 99.9 % take at most so long.
    pub p999: Option<Span>,
    /// 99.99 % take at most so long.
    pub p9999: Option<Span>,
    /// A family that is fitted to them. If absent, each of them is met exactly.
    pub family: Option<Family>,
}

const FAR_APART: &str = "the percentiles lie so far apart that the rare long times, which they do \
                         not tell, would decide the mean";
/// A fit that misses a percentile by more than this is refused.
const MISS_MAX: f64 = 0.05;

const KNOWN: usize = 14;
const GIVEN_MAX: usize = 6;

/// The standard normal deviate of each percentile.
const DEVIATE: [f64; KNOWN] = [
    -2.326347874040841,
    -1.6448536269514726,
    -1.2815515655446004,
    -0.6744897501960817,
    0.0,
    0.6744897501960817,
    0.8416212335729142,
    1.2815515655446004,
    1.6448536269514726,
    2.053748910631823,
    2.326347874040841,
    2.575829303548901,
    3.0902323061678136,
    3.7190164854556804,
];

impl Percentiles {
    fn all(&self) -> [(&'static str, Option<Span>); KNOWN] {
        [
            ("p1", self.p1),
            ("p5", self.p5),
            ("p10", self.p10),
            ("p25", self.p25),
            ("p50", self.p50),
            ("p75", self.p75),
            ("p80", self.p80),
            ("p90", self.p90),
            ("p95", self.p95),
            ("p98", self.p98),
            ("p99", self.p99),
            ("p995", self.p995),
            ("p999", self.p999),
            ("p9999", self.p9999),
        ]
    }

    /// Name, place in [`DEVIATE`] and value of those given.
    fn given(&self) -> Vec<(&'static str, usize, Span)> {
        let all = self.all().into_iter().enumerate();
        all.filter_map(|(at, (name, span))| Some((name, at, span?))).collect()
    }

    pub fn check(&self, findings: &mut Findings) {
        self.check_as("longer than zero", |it| it.to_string(), findings);
    }

    /// The same for percentiles of whole numbers, a nanosecond for each.
    pub fn check_counts(&self, findings: &mut Findings) {
        self.check_as("at least 1", |it| it.nanos().to_string(), findings);
    }

    fn check_as(&self, least: &str, shown: fn(Span) -> String, findings: &mut Findings) {
        let given = self.given();
        if !(2..=GIVEN_MAX).contains(&given.len()) {
            let rule = format!("takes 2 to {GIVEN_MAX} percentiles, not {}", given.len());
            findings.wrong(Code::E007, rule, "such as p50, p95 and p99");
            return;
        }
        let mut orderly = true;
        for &(name, _, span) in given.iter().filter(|it| it.2.is_zero()) {
            findings.wrong_at(
                name,
                Code::E007,
                format!("{name} must be {least}, not {}", shown(span)),
                "",
            );
            orderly = false;
        }
        for pair in given.windows(2) {
            let [(lower, _, short), (name, _, long)] = [pair[0], pair[1]];
            if long < short {
                let (long, short) = (shown(long), shown(short));
                let rule = format!("{name} must be at least {lower}: {long} is below {short}");
                findings.wrong_at(name, Code::E010, rule, "");
                orderly = false;
            }
        }
        if let Some(family) = self.family.filter(|_| orderly) {
            let points = self.points();
            let worst = family.fit(&points).worst(&points);
            if worst > MISS_MAX {
                let name = if family == Family::Lognormal { "lognormal" } else { "Weibull" };
                let rule = format!(
                    "the {name} that fits best misses one of them by {:.1} %",
                    worst * 100.0
                );
                let mend = "leave \"family\" out, and each of them is met exactly";
                findings.wrong_at("family", Code::E010, rule, mend);
            } else if !(0.0..=CV_MAX * CV_MAX).contains(&family.fit(&points).law().cv2()) {
                findings.wrong_at(
                    "family",
                    Code::E007,
                    FAR_APART,
                    "leave the highest percentile out",
                );
            }
            return;
        }
        // What is too large to be a number is not in the range either.
        if orderly && !(0.0..=CV_MAX * CV_MAX).contains(&self.quantiles().cv2()) {
            findings.wrong(Code::E007, FAR_APART, "leave the highest percentile out");
        }
    }

    /// Normal deviates and nanoseconds.
    fn points(&self) -> Vec<(f64, f64)> {
        self.given().iter().map(|(_, at, span)| (DEVIATE[*at], span.nanos() as f64)).collect()
    }

    /// Only for percentiles in which [`Percentiles::check`] found nothing.
    pub fn law(&self) -> Law {
        match self.family {
            Some(family) => family.fit(&self.points()).law(),
            None => Law::Percentiles(self.quantiles()),
        }
    }

    /// Only for percentiles in which [`Percentiles::check`] found nothing.
    pub fn quantiles(&self) -> Quantiles {
        let given = self.given();
        let given = &given[..given.len().min(GIVEN_MAX)];
        let mut it = Quantiles { count: Count::of(given.len()), at: [0; _], ln_ns: [0.0; _] };
        for (knot, &(_, at, span)) in given.iter().enumerate() {
            it.at[knot] = at as u8;
            it.ln_ns[knot] = libm::log(span.nanos() as f64) as f32;
        }
        it
    }
}

/// How many are given. An enum, as its unused values let [`super::Law`] do without a tag.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    Two = 2,
    Three,
    Four,
    Five,
    Six,
}

impl Count {
    fn of(count: usize) -> Count {
        use Count::*;
        [Two, Two, Two, Three, Four, Five, Six][count]
    }
}

/// The quantile function as a line through known points. In 32 bytes, so in single precision,
/// which is finer (one in a million) than anything that is read off a dashboard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    count: Count,
    at: [u8; GIVEN_MAX],
    ln_ns: [f32; GIVEN_MAX],
}

impl Quantiles {
    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Quantiles {
        Quantiles { ln_ns: self.ln_ns.map(|it| it + libm::log(by) as f32), ..self }
    }

    #[inline]
    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        libm::exp(self.ln_at(draw.normal()))
    }

    /// Normal deviate, and logarithm of the nanoseconds there.
    #[inline]
    fn knot(&self, knot: usize) -> (f64, f64) {
        (DEVIATE[self.at[knot] as usize], self.ln_ns[knot] as f64)
    }

    /// The slope from the first to the last.
    #[inline]
    fn slope(&self) -> f64 {
        let ((z0, v0), (z1, v1)) = (self.knot(0), self.knot(self.count as usize - 1));
        (v1 - v0) / (z1 - z0)
    }

    #[inline]
    fn ln_at(&self, z: f64) -> f64 {
        let count = self.count as usize;
        let next = (0..count).find(|&knot| z < self.knot(knot).0).unwrap_or(count);
        if next == 0 || next == count {
            let (z0, v0) = self.knot(next.min(count - 1));
            return v0 + self.slope() * (z - z0);
        }
        let ((z0, v0), (z1, v1)) = (self.knot(next - 1), self.knot(next));
        v0 + (v1 - v0) / (z1 - z0) * (z - z0)
    }

    pub fn mean_ns(&self) -> f64 {
        self.moment(1.0)
    }

    pub fn cv2(&self) -> f64 {
        let mean = self.moment(1.0);
        let cv2 = self.moment(2.0) / (mean * mean) - 1.0;
        // Rounding may take it below zero; what is no number stays so.
        if cv2 < 0.0 { 0.0 } else { cv2 }
    }

    /// E xᵐ: the tails by the partial moments of a lognormal, exp(m a + (m b)² / 2) Φ(± (z − m b))
    /// for a + b z (Johnson, Kotz, Balakrishnan 1994, § 14.3), the stretches between by Simpson.
    fn moment(&self, m: f64) -> f64 {
        let count = self.count as usize;
        let (b, (z0, v0), (z1, v1)) = (self.slope(), self.knot(0), self.knot(count - 1));
        let tail = |z: f64, v: f64, sign: f64| {
            libm::exp(m * (v - b * z) + m * b * m * b / 2.0) * normal_below(sign * (z - m * b))
        };
        let value = |z: f64| libm::exp(m * self.ln_at(z) - z * z / 2.0);
        let between = |(z0, z1): (f64, f64)| {
            const STEPS: usize = 200;
            let step = (z1 - z0) / STEPS as f64;
            let weight = |i| if i == 0 || i == STEPS { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
            let sum: f64 = (0..=STEPS).map(|i| weight(i) * value(z0 + step * i as f64)).sum();
            sum * step / 3.0 / std::f64::consts::TAU.sqrt()
        };
        let inner: f64 =
            (1..count).map(|knot| between((self.knot(knot - 1).0, self.knot(knot).0))).sum();
        tail(z0, v0, 1.0) + inner + tail(z1, v1, -1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{findings, follows, read};
    use super::*;

    fn percentiles(text: &str) -> Percentiles {
        serde_json::from_str(text).unwrap()
    }

    const MEASURED: [&str; 4] = [
        r#"{"p50": "3ms", "p95": "20ms", "p99": "60ms"}"#,
        r#"{"p10": "1ms", "p999": "2s"}"#,
        r#"{"p50": "5ms", "p75": "5ms", "p95": "5ms", "p98": "9ms", "p99": "80ms", "p999": "1s"}"#,
        r#"{"p1": "1ms", "p50": "2ms", "p9999": "2500us"}"#,
    ];

    #[test]
    fn each_deviate_is_that_of_its_percentile() {
        let shares =
            [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.99];
        for (z, percent) in DEVIATE.iter().zip(shares) {
            assert!((normal_below(*z) - percent / 100.0).abs() < 1e-15, "{percent}");
        }
    }

    #[test]
    fn every_percentile_given_is_met() {
        for text in MEASURED {
            let it = percentiles(text);
            for (name, at, span) in it.given() {
                let ns = libm::exp(it.quantiles().ln_at(DEVIATE[at]));
                assert!((ns / span.nanos() as f64 - 1.0).abs() < 2e-6, "{text} {name}: {ns}");
            }
        }
    }

    #[test]
    fn draws_follow_their_law() {
        // Those without two equal percentiles, where the distribution function would jump.
        for text in [MEASURED[0], MEASURED[3]] {
            let it = percentiles(text).quantiles();
            follows(&format!("{{\"percentiles\": {text}}}"), |x| {
                let (mut low, mut high) = (-9.0, 9.0);
                for _ in 0..30 {
                    let middle = 0.5 * (low + high);
                    let above = libm::exp(it.ln_at(middle)) > x;
                    if above { high = middle } else { low = middle }
                }
                normal_below(low)
            });
        }
    }

    #[test]
    fn two_percentiles_make_a_lognormal() {
        let law = read(r#"{"percentiles": {"p50": "3ms", "p95": "20ms"}}"#).law();
        let sigma = libm::log(20.0 / 3.0) / DEVIATE[8];
        assert!((law.mean_ns() / (3e6 * libm::exp(sigma * sigma / 2.0)) - 1.0).abs() < 1e-6);
        assert!((law.cv2() / libm::expm1(sigma * sigma) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn the_moments_are_those_of_the_quantile_function() {
        for text in MEASURED {
            let it = percentiles(text).quantiles();
            let sum = |m: f64| {
                let density = |z: f64| libm::exp(m * it.ln_at(z) - z * z / 2.0);
                (-200_000..300_000).map(|i| density(i as f64 * 1e-4)).sum::<f64>() * 1e-4
                    / std::f64::consts::TAU.sqrt()
            };
            let (mean, second) = (sum(1.0), sum(2.0));
            assert!((it.mean_ns() / mean - 1.0).abs() < 1e-6, "{text}");
            assert!((it.cv2() / (second / mean / mean - 1.0) - 1.0).abs() < 1e-5, "{text}");
        }
    }

    #[test]
    fn what_is_no_set_of_percentiles_is_told() {
        let found = |text: &str| findings(&format!("{{\"percentiles\": {text}}}")).join("; ");
        assert_eq!(found("{}"), "percentiles: takes 2 to 6 percentiles, not 0");
        assert_eq!(found(r#"{"p50": "1s"}"#), "percentiles: takes 2 to 6 percentiles, not 1");
        assert_eq!(
            found(r#"{"p50": "3ms", "p95": "2ms"}"#),
            "percentiles.p95: p95 must be at least p50: 2ms is below 3ms"
        );
        assert_eq!(
            found(r#"{"p50": "0s", "p95": "2ms"}"#),
            "percentiles.p50: p50 must be longer than zero, not 0ns"
        );
        assert!(found(r#"{"p98": "1us", "p99": "100d"}"#).contains("would decide the mean"));
        let same = r#"{"p25": "7ms", "p50": "7ms", "p99": "7ms"}"#;
        for text in MEASURED.into_iter().chain([same]) {
            assert_eq!(found(text), "", "{text}");
        }
    }
}
