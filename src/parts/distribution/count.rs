//! How many of something there are: whole numbers from one up, such as the tokens of a prompt.
//!
//! What is drawn from a law with a tail is cut to a stated `most`, as serving systems do: a request
//! says how many tokens it wants at most, and a model can hold only so many. The geometric counts
//! trials up to the first success (W. Feller, "An Introduction to Probability Theory" 1, 1968, VI.8);
//! the lognormal and the percentiles are those of times, rounded to the nearest whole number.

use super::{CV_MAX, Percentiles, Quantiles};
use crate::problem::{Code, Findings};
use crate::rng::{Draw, mix};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// How many: the same number every time, or drawn at random.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Count {
    /// The same number every time, at least 1.
    Constant(#[schemars(range(min = 1))] u32),
    Random(Shape),
}

/// A number drawn at random, at least 1.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Every number from the least to the most is as likely.
    Uniform(Range),
    /// Geometric from 1 up: whether it goes on depends on nothing that came before.
    Geometric(MeanMost),
    /// Lognormal: the product of many small influences, with a long tail.
    Lognormal(MeanCvMost),
    /// Percentiles as measured; each of them is met.
    Percentiles(PercentilesMost),
}

/// From one number to another.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least there can be.
    #[schemars(range(min = 1))]
    pub least: u32,
    /// The most there can be.
    #[schemars(range(min = 1))]
    pub most: u32,
}

/// A mean, and where larger numbers are cut.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanMost {
    /// The mean, before anything is cut.
    pub mean: f64,
    /// Larger numbers are cut to this.
    #[schemars(range(min = 1))]
    pub most: u32,
}

/// A mean, how far the numbers scatter about it, and where larger ones are cut.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanCvMost {
    /// The mean, before anything is cut.
    pub mean: f64,
    /// The coefficient of variation: standard deviation divided by mean.
    pub cv: f64,
    /// Larger numbers are cut to this.
    #[schemars(range(min = 1))]
    pub most: u32,
}

/// Two to six percentiles, and where larger numbers are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PercentilesMost {
    /// 1 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p1: Option<u32>,
    /// 5 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p5: Option<u32>,
    /// 10 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p10: Option<u32>,
    /// 25 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p25: Option<u32>,
    /// The median: half are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p50: Option<u32>,
    /// 75 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p75: Option<u32>,
    /// 90 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p90: Option<u32>,
    /// 95 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p95: Option<u32>,
    /// 99 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p99: Option<u32>,
    /// 99.9 % are at most so many.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub p999: Option<u32>,
    /// Larger numbers are cut to this.
    #[schemars(range(min = 1))]
    pub most: u32,
}

/// What can be counted in one request.
pub const COUNT_MAX: u32 = 10_000_000;

/// A law compiled to be drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CountLaw {
    Constant(u32),
    Uniform {
        least: u32,
        most: u32,
    },
    /// Failures come at this rate per unit of an exponential draw.
    Geometric {
        rate: f64,
        most: u32,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
        most: u32,
    },
    Percentiles {
        quantiles: Quantiles,
        most: u32,
    },
}

impl Count {
    pub fn check(&self, findings: &mut Findings) {
        let shape = match self {
            Count::Constant(count) => return check_count(*count, 1, findings),
            Count::Random(shape) => shape,
        };
        match shape {
            Shape::Uniform(it) => findings.inside("uniform", |at| {
                at.inside("least", |at| check_count(it.least, 1, at));
                at.inside("most", |at| check_count(it.most, it.least, at));
            }),
            Shape::Geometric(it) => {
                findings.inside("geometric", |at| check_mean(it.mean, it.most, at));
            }
            Shape::Lognormal(it) => findings.inside("lognormal", |at| {
                check_mean(it.mean, it.most, at);
                if !(0.0..=CV_MAX).contains(&it.cv) {
                    let rule = format!(
                        "a coefficient of variation must be between 0 and {CV_MAX}, not {}",
                        it.cv
                    );
                    at.wrong_at("cv", Code::E007, rule, "");
                }
            }),
            Shape::Percentiles(it) => findings.inside("percentiles", |at| it.check(at)),
        }
    }

    /// The most there can be.
    pub fn most(&self) -> u32 {
        match self {
            Count::Constant(count) => *count,
            Count::Random(Shape::Uniform(it)) => it.most,
            Count::Random(Shape::Geometric(it)) => it.most,
            Count::Random(Shape::Lognormal(it)) => it.most,
            Count::Random(Shape::Percentiles(it)) => it.most,
        }
    }

    /// What to draw from; only for what [`Count::check`] found nothing wrong with.
    pub fn law(&self) -> CountLaw {
        let shape = match self {
            Count::Constant(count) => return CountLaw::Constant(*count),
            Count::Random(shape) => shape,
        };
        match shape {
            Shape::Uniform(Range { least, most }) => {
                CountLaw::Uniform { least: *least, most: *most }
            }
            Shape::Geometric(it) if it.mean == 1.0 => CountLaw::Constant(1),
            Shape::Geometric(it) => {
                CountLaw::Geometric { rate: -libm::log1p(-1.0 / it.mean), most: it.most }
            }
            Shape::Lognormal(it) => {
                let variance = libm::log1p(it.cv * it.cv);
                let mu = libm::log(it.mean) - variance / 2.0;
                CountLaw::Lognormal { mu, sigma: variance.sqrt(), most: it.most }
            }
            Shape::Percentiles(it) => {
                CountLaw::Percentiles { quantiles: it.as_times().quantiles(), most: it.most }
            }
        }
    }
}

fn check_count(count: u32, least: u32, findings: &mut Findings) {
    if !(least.max(1)..=COUNT_MAX).contains(&count) {
        let rule = format!("must be from {} to {COUNT_MAX}, not {count}", least.max(1));
        findings.wrong(Code::E007, rule, "");
    }
}

fn check_mean(mean: f64, most: u32, findings: &mut Findings) {
    findings.inside("most", |at| check_count(most, 1, at));
    if !(1.0..=f64::from(most)).contains(&mean) {
        let rule = format!("must be from 1 to the most, {most}, not {mean}");
        findings.wrong_at("mean", Code::E007, rule, "");
    }
}

impl PercentilesMost {
    fn check(&self, findings: &mut Findings) {
        findings.inside("most", |at| check_count(self.most, 1, at));
        let highest =
            self.all().into_iter().filter_map(|(name, count)| Some((name, count?))).next_back();
        self.as_times().check_counts(findings);
        if let Some((name, count)) = highest
            && count > self.most
        {
            let rule = format!("must be at most the most, {}, not {count}", self.most);
            findings.wrong_at(name, Code::E010, rule, "");
        }
    }

    fn all(&self) -> [(&'static str, Option<u32>); 10] {
        [
            ("p1", self.p1),
            ("p5", self.p5),
            ("p10", self.p10),
            ("p25", self.p25),
            ("p50", self.p50),
            ("p75", self.p75),
            ("p90", self.p90),
            ("p95", self.p95),
            ("p99", self.p99),
            ("p999", self.p999),
        ]
    }

    /// The same as percentiles of time, a nanosecond for each.
    fn as_times(&self) -> Percentiles {
        let span = |count: Option<u32>| count.map(|it| Span::from_nanos(u64::from(it)));
        Percentiles {
            p1: span(self.p1),
            p5: span(self.p5),
            p10: span(self.p10),
            p25: span(self.p25),
            p50: span(self.p50),
            p75: span(self.p75),
            p90: span(self.p90),
            p95: span(self.p95),
            p99: span(self.p99),
            p999: span(self.p999),
            ..Percentiles::default()
        }
    }
}

impl CountLaw {
    /// The mean, near enough to tell how much work a run will be.
    pub fn roughly(&self) -> f64 {
        const DRAWS: u64 = 500;
        let of = |n| f64::from(self.draw(&mut Draw::at(mix(n), 0)));
        if let CountLaw::Constant(count) = self {
            return f64::from(*count);
        }
        (0..DRAWS).map(of).sum::<f64>() / DRAWS as f64
    }

    pub fn draw(&self, draw: &mut Draw) -> u32 {
        let (count, most) = match self {
            CountLaw::Constant(count) => return *count,
            CountLaw::Uniform { least, most } => {
                return least + draw.below(u64::from(most - least) + 1) as u32;
            }
            // An exponential, rounded up.
            CountLaw::Geometric { rate, most } => (1.0 + (draw.exponential() / rate).floor(), most),
            CountLaw::Lognormal { mu, sigma, most } => {
                ((libm::exp(mu + sigma * draw.normal()) + 0.5).floor(), most)
            }
            CountLaw::Percentiles { quantiles, most } => {
                ((quantiles.draw_ns(draw) + 0.5).floor(), most)
            }
        };
        count.clamp(1.0, f64::from(*most)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::super::normal_below;
    use super::*;
    use crate::problem::path_text;
    use crate::rng::{Keys, key_of, request};

    fn read(json: &str) -> Count {
        serde_json::from_str(json).unwrap()
    }

    fn found(json: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read(json).check(&mut findings);
        let text = |it: crate::problem::Finding| format!("{}: {}", path_text(&it.path), it.rule);
        findings.into_vec().into_iter().map(text).collect()
    }

    /// A million draws against the distribution function `below` of whole numbers: Kolmogorov's
    /// distance, which is smaller still where a law has steps.
    fn follows(json: &str, below: impl Fn(f64) -> f64) {
        const DRAWS: u64 = 1_000_000;
        assert_eq!(found(json), [""; 0]);
        let law = read(json).law();
        let class = Keys::new(1, 0).class(key_of(json));
        let mut counts = std::collections::BTreeMap::new();
        for n in 0..DRAWS {
            *counts.entry(law.draw(&mut Draw::at(request(class, n), 2))).or_insert(0u64) += 1;
        }
        let (mut up_to, mut distance) = (0, 0.0);
        for (count, times) in counts {
            up_to += times;
            let seen = up_to as f64 / DRAWS as f64;
            distance = f64::max(distance, (below(f64::from(count)) - seen).abs());
        }
        let far = distance * (DRAWS as f64).sqrt();
        assert!(far < 2.1, "{json}: {far}");
    }

    #[test]
    fn draws_follow_their_law() {
        follows("7", |x| f64::from(x >= 7.0));
        follows(r#"{"uniform": {"least": 3, "most": 12}}"#, |x| (x - 2.0) / 10.0);
        follows(r#"{"geometric": {"mean": 20, "most": 100000}}"#, |x| 1.0 - 0.95f64.powf(x));
        follows(r#"{"geometric": {"mean": 20, "most": 30}}"#, |x| {
            if x < 30.0 { 1.0 - 0.95f64.powf(x) } else { 1.0 }
        });
        let variance = libm::log1p(1.44);
        let mu = libm::log(200.0) - variance / 2.0;
        follows(r#"{"lognormal": {"mean": 200, "cv": 1.2, "most": 100000}}"#, |x| {
            normal_below((libm::log(x + 0.5) - mu) / variance.sqrt())
        });
    }

    #[test]
    fn percentiles_are_met() {
        let text = r#"{"percentiles": {"p25": 90, "p50": 200, "p95": 900, "most": 4000}}"#;
        let law = read(text).law();
        let mut all: Vec<u32> =
            (0..100_000).map(|n| law.draw(&mut Draw::at(request(7, n), 2))).collect();
        all.sort();
        for (at, count) in [(25_000, 90.0), (50_000, 200.0), (95_000, 900.0)] {
            let seen = f64::from(all[at]);
            assert!((seen / count - 1.0).abs() < 0.02, "{seen}, not {count}");
        }
        assert!(*all.last().unwrap() <= 4000 && all[0] >= 1);
    }

    #[test]
    fn what_is_no_count_is_told() {
        assert_eq!(found("0"), [".: must be from 1 to 10000000, not 0"]);
        assert_eq!(
            found(r#"{"uniform": {"least": 5, "most": 4}}"#),
            ["uniform.most: must be from 5 to 10000000, not 4"]
        );
        assert_eq!(
            found(r#"{"geometric": {"mean": 0.5, "most": 10}}"#),
            ["geometric.mean: must be from 1 to the most, 10, not 0.5"]
        );
        assert_eq!(
            found(r#"{"lognormal": {"mean": 20, "cv": -1, "most": 10}}"#),
            [
                "lognormal.mean: must be from 1 to the most, 10, not 20",
                "lognormal.cv: a coefficient of variation must be between 0 and 100, not -1",
            ]
        );
        assert_eq!(
            found(r#"{"percentiles": {"p50": 20, "p95": 15, "most": 10}}"#),
            [
                "percentiles.p95: p95 must be at least p50: 15 is below 20",
                "percentiles.p95: must be at most the most, 10, not 15",
            ]
        );
        assert_eq!(
            found(r#"{"percentiles": {"p50": 20, "most": 40}}"#),
            ["percentiles: takes 2 to 6 percentiles, not 1"]
        );
    }

    #[test]
    fn what_is_always_one_is_compiled_to_that() {
        let law = read(r#"{"geometric": {"mean": 1, "most": 5}}"#).law();
        assert_eq!(law, CountLaw::Constant(1));
    }
}
