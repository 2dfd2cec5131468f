//! How long something takes, and how much there is of it, as written in a file and compiled to be
//! drawn from.

mod count;
mod empirical;
mod family;
mod gamma;
mod hyperexponential;
mod lognormal;
mod misses;
mod pareto;
mod percentiles;
mod size;
mod uniform;
mod weibull;
mod zipf;

pub use count::{Count, CountLaw};
pub use empirical::{Empirical, Values};
pub use family::Family;
pub use gamma::{Gamma, Stages};
pub use hyperexponential::Hyperexponential;
pub use lognormal::Lognormal;
pub use misses::Misses;
pub use pareto::{Pareto, PowerLaw};
pub use percentiles::{Percentiles, Quantiles};
pub use size::Size;
pub use uniform::{Bounds, Uniform};
pub use weibull::{ShapeMean, Weibull};
pub use zipf::Zipf;

use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// A length of time: the same every time, or drawn from a distribution.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Distribution {
    /// The same length of time every time.
    Constant(Span),
    Random(Shape),
}

/// A length of time drawn at random.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Exponential with this mean: short times are common, long ones rare, and its coefficient of
    /// variation is 1.
    Exponential(Span),
    /// Lognormal: the product of many small influences, with a long tail.
    Lognormal(MeanCv),
    /// Mostly short, sometimes very long: a mixture of two exponentials of equal total work.
    Hyperexponential(MeanCv),
    /// Anything between two bounds, each as likely as the others.
    Uniform(Bounds),
    /// The sum of so many exponential stages: scatters less than one of them.
    Erlang(Stages),
    /// Gamma: with a coefficient of variation below 1 like an Erlang, above it with a longer tail.
    Gamma(MeanCv),
    /// Weibull: as the lives of machines, or of sessions, often are.
    Weibull(ShapeMean),
    /// Bounded Pareto: most are short, a few are very long.
    Pareto(PowerLaw),
    /// Measured values from a CSV file, drawn anew.
    Empirical(Empirical),
    /// The percentiles that a dashboard shows; each of them is met exactly, or a family is fitted.
    Percentiles(Box<Percentiles>),
}

/// A mean and how far the values scatter about it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeanCv {
    /// The mean length of time.
    pub mean: Span,
    /// The coefficient of variation: standard deviation divided by mean.
    pub cv: f64,
}

/// Beyond it a mean says nothing: ten million draws would not estimate it to within a tenth.
const CV_MAX: f64 = 100.0;

/// A distribution compiled to be drawn from, in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    Constant(Span),
    Exponential { mean_ns: f64 },
    Lognormal(Lognormal),
    Hyperexponential(Hyperexponential),
    Uniform(Uniform),
    Gamma(Gamma),
    Weibull(Weibull),
    Pareto(Pareto),
    Values(Values),
    Percentiles(Quantiles),
}

impl Distribution {
    pub fn check(&self, findings: &mut Findings) {
        let Distribution::Random(shape) = self else { return };
        match shape {
            Shape::Exponential(mean) => {
                findings.inside("exponential", |it| check_mean(*mean, it));
            }
            Shape::Lognormal(it) => findings.inside("lognormal", |f| it.check(0.0, f)),
            Shape::Hyperexponential(it) => {
                findings.inside("hyperexponential", |f| it.check(1.0, f))
            }
            Shape::Uniform(it) => findings.inside("uniform", |f| it.check(f)),
            Shape::Erlang(it) => findings.inside("erlang", |f| it.check(f)),
            Shape::Gamma(it) => findings.inside("gamma", |f| it.check(gamma::CV_MIN, f)),
            Shape::Weibull(it) => findings.inside("weibull", |f| it.check(f)),
            Shape::Pareto(it) => findings.inside("pareto", |f| it.check(f)),
            Shape::Empirical(it) => findings.inside("empirical", |f| it.check(f)),
            Shape::Percentiles(it) => findings.inside("percentiles", |f| it.check(f)),
        }
    }

    /// What to draw from; only for a distribution in which [`Distribution::check`] found nothing.
    pub fn law(&self) -> Law {
        let shape = match self {
            Distribution::Constant(span) => return Law::Constant(*span),
            Distribution::Random(shape) => shape,
        };
        match shape {
            Shape::Exponential(mean) => Law::exponential(*mean),
            Shape::Lognormal(it) if it.cv == 0.0 => Law::Constant(it.mean),
            Shape::Lognormal(it) => Law::Lognormal(Lognormal::new(it)),
            Shape::Hyperexponential(it) if it.cv == 1.0 => Law::exponential(it.mean),
            Shape::Hyperexponential(it) => Law::Hyperexponential(Hyperexponential::new(it)),
            Shape::Uniform(it) => Law::Uniform(Uniform::new(it)),
            Shape::Erlang(it) if it.stages == 1 => Law::exponential(it.mean),
            Shape::Erlang(it) => Law::Gamma(Gamma::erlang(it)),
            Shape::Gamma(it) => Law::Gamma(Gamma::new(it)),
            Shape::Weibull(it) => Law::Weibull(Weibull::new(it)),
            Shape::Pareto(it) => Law::Pareto(Pareto::new(it)),
            Shape::Empirical(it) => {
                let values = it.values_ns.clone().expect("checked: its file was read");
                Law::Values(Values::new(values))
            }
            Shape::Percentiles(it) => it.law(),
        }
    }
}

fn check_mean(mean: Span, findings: &mut Findings) {
    if mean.is_zero() {
        let mend = "write a bare \"0s\" for what takes no time";
        findings.wrong(Code::E007, "a mean must be longer than zero", mend);
    }
}

impl MeanCv {
    fn check(&self, cv_min: f64, findings: &mut Findings) {
        findings.inside("mean", |it| check_mean(self.mean, it));
        if !(cv_min..=CV_MAX).contains(&self.cv) {
            let rule = format!(
                "a coefficient of variation must be between {cv_min} and {CV_MAX}, not {}",
                self.cv
            );
            let below_one = cv_min == 1.0 && self.cv < 1.0;
            let mend = if below_one { "a lognormal may scatter less" } else { "" };
            findings.wrong_at("cv", Code::E007, rule, mend);
        }
    }
}

impl Law {
    fn exponential(mean: Span) -> Law {
        Law::Exponential { mean_ns: mean.nanos() as f64 }
    }

    /// The same, with every draw multiplied by a factor, as on a slower machine.
    pub fn scaled(self, by: f64) -> Law {
        match self {
            law if by == 1.0 => law,
            Law::Exponential { mean_ns } => Law::Exponential { mean_ns: mean_ns * by },
            Law::Constant(span) => Law::Constant(Span::from_nanos_f64(span.nanos() as f64 * by)),
            Law::Lognormal(it) => Law::Lognormal(it.scaled(by)),
            Law::Hyperexponential(it) => Law::Hyperexponential(it.scaled(by)),
            Law::Uniform(it) => Law::Uniform(it.scaled(by)),
            Law::Gamma(it) => Law::Gamma(it.scaled(by)),
            Law::Weibull(it) => Law::Weibull(it.scaled(by)),
            Law::Pareto(it) => Law::Pareto(it.scaled(by)),
            Law::Values(it) => Law::Values(it.scaled(by)),
            Law::Percentiles(it) => Law::Percentiles(it.scaled(by)),
        }
    }

    /// The exponential stands apart: it is the most common by far, and short enough to be put in
    /// line wherever something is drawn.
    #[inline]
    pub fn draw(&self, draw: &mut Draw) -> Span {
        match self {
            Law::Exponential { mean_ns } => Span::from_nanos_f64(mean_ns * draw.exponential()),
            other => other.draw_other(draw),
        }
    }

    #[inline(never)]
    fn draw_other(&self, draw: &mut Draw) -> Span {
        let nanos = match self {
            Law::Exponential { mean_ns } => mean_ns * draw.exponential(),
            Law::Constant(span) => return *span,
            Law::Lognormal(it) => it.draw_ns(draw),
            Law::Hyperexponential(it) => it.draw_ns(draw),
            Law::Uniform(it) => it.draw_ns(draw),
            Law::Gamma(it) => it.draw_ns(draw),
            Law::Weibull(it) => it.draw_ns(draw),
            Law::Pareto(it) => it.draw_ns(draw),
            Law::Values(it) => it.draw_ns(draw),
            Law::Percentiles(it) => it.draw_ns(draw),
        };
        Span::from_nanos_f64(nanos)
    }

    pub fn mean_ns(&self) -> f64 {
        match self {
            Law::Exponential { mean_ns } => *mean_ns,
            Law::Constant(span) => span.nanos() as f64,
            Law::Lognormal(it) => it.mean_ns(),
            Law::Hyperexponential(it) => it.mean_ns(),
            Law::Uniform(it) => it.mean_ns(),
            Law::Gamma(it) => it.mean_ns(),
            Law::Weibull(it) => it.mean_ns(),
            Law::Pareto(it) => it.mean_ns(),
            Law::Values(it) => it.mean_ns(),
            Law::Percentiles(it) => it.mean_ns(),
        }
    }

    /// The squared coefficient of variation: variance / mean².
    pub fn cv2(&self) -> f64 {
        match self {
            Law::Exponential { .. } => 1.0,
            Law::Constant(_) => 0.0,
            Law::Lognormal(it) => it.cv2(),
            Law::Hyperexponential(it) => it.cv2(),
            Law::Uniform(it) => it.cv2(),
            Law::Gamma(it) => it.cv2(),
            Law::Weibull(it) => it.cv2(),
            Law::Pareto(it) => it.cv2(),
            Law::Values(it) => it.cv2(),
            Law::Percentiles(it) => it.cv2(),
        }
    }

    /// The Laplace–Stieltjes transform, the mean of e^(−s X) with `s` for each nanosecond; none of laws
    /// of which it has no closed form.
    pub fn transform(&self, s: f64) -> Option<f64> {
        match self {
            Law::Exponential { mean_ns } => Some(1.0 / (1.0 + s * mean_ns)),
            Law::Constant(span) => Some(libm::exp(-s * span.nanos() as f64)),
            Law::Hyperexponential(it) => Some(it.transform(s)),
            Law::Uniform(it) => Some(it.transform(s)),
            Law::Gamma(it) => Some(it.transform(s)),
            Law::Lognormal(_)
            | Law::Weibull(_)
            | Law::Pareto(_)
            | Law::Values(_)
            | Law::Percentiles(_) => None,
        }
    }

    /// The span that every draw gives, if all give the same.
    pub fn constant(&self) -> Option<Span> {
        match self {
            Law::Constant(span) => Some(*span),
            _ => None,
        }
    }
}

/// The standard normal distribution function.
fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Keys, key_of, request};

    pub fn read(json: &str) -> Distribution {
        serde_json::from_str(json).unwrap()
    }

    pub fn findings(json: &str) -> Vec<String> {
        let mut findings = Findings::default();
        read(json).check(&mut findings);
        let text = |it: crate::problem::Finding| {
            format!("{}: {}", crate::problem::path_text(&it.path), it.rule)
        };
        findings.into_vec().into_iter().map(text).collect()
    }

    /// A million draws, each the first of its key, against mean, variance, the transform where there is
    /// one, and the distribution function `below` (of nanoseconds).
    pub fn follows(json: &str, below: impl Fn(f64) -> f64) {
        const DRAWS: u64 = 1_000_000;
        assert_eq!(findings(json), [""; 0]);
        let law = read(json).law();
        let class = Keys::new(1, 0).class(key_of(json));
        let drawn = |n| law.draw(&mut Draw::at(request(class, n), 2)).nanos() as f64;
        let mut all: Vec<f64> = (0..DRAWS).map(drawn).collect();
        let count = DRAWS as f64;
        let (mean, variance) = (law.mean_ns(), law.cv2() * law.mean_ns().powi(2));
        let moment = |k| all.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / count;
        let z = moment(1) / (variance / count).sqrt();
        assert!(z.abs() < 4.0, "{json}: the mean is {z:.1} standard errors away");
        let z = (moment(2) - variance) / ((moment(4) - moment(2).powi(2)) / count).sqrt();
        assert!(z.abs() < 4.0, "{json}: the variance is {z:.1} standard errors away");

        if let Some(expected) = law.transform(1.0 / mean) {
            let each: Vec<f64> = all.iter().map(|x| libm::exp(-x / mean)).collect();
            let own = each.iter().sum::<f64>() / count;
            let variance = each.iter().map(|x| (x - own).powi(2)).sum::<f64>() / count;
            let z = (own - expected) / (variance / count).sqrt();
            assert!(z.abs() < 4.0, "{json}: the transform is {z:.1} standard errors away");
        }

        all.sort_by(f64::total_cmp);
        let far = |(n, &x): (usize, &f64)| (below(x) - n as f64 / count).abs();
        let distance = all.iter().enumerate().map(far).fold(0.0, f64::max);
        // Kolmogorov (1933): exceeded by chance once in 3,000.
        assert!(distance * count.sqrt() < 2.1, "{json}: the distance is {distance}");
    }

    /// A million draws, each the first of its key.
    pub struct Values(pub Vec<f64>);

    impl Values {
        pub fn of(mut drawn: impl FnMut(&mut Draw) -> f64) -> Values {
            let class = Keys::new(1, 0).class(key_of("values"));
            Values((0..1_000_000).map(|n| drawn(&mut Draw::at(request(class, n), 2))).collect())
        }
    }

    #[test]
    fn a_bare_length_of_time_is_drawn_every_time() {
        let law = read("\"15ms\"").law();
        let span = Span::parse("15ms").unwrap();
        assert_eq!((law.draw(&mut Draw::at(1, 1)), law.constant()), (span, Some(span)));
        assert_eq!((law.mean_ns(), law.cv2()), (15e6, 0.0));
        assert!(findings("\"0s\"").is_empty());
    }

    #[test]
    fn exponential_draws_follow_their_law() {
        follows(r#"{"exponential": "4ms"}"#, |x| -libm::expm1(-x / 4e6));
        assert_eq!(read(r#"{"exponential": "4ms"}"#).law().constant(), None);
    }

    #[test]
    fn what_takes_no_time_at_random_is_wrong() {
        for shape in ["exponential", "lognormal", "hyperexponential"] {
            let (inner, path) = match shape {
                "exponential" => ("\"0s\"".to_owned(), shape.to_owned()),
                _ => (r#"{"mean": "0s", "cv": 1.5}"#.to_owned(), format!("{shape}.mean")),
            };
            assert_eq!(
                findings(&format!("{{\"{shape}\": {inner}}}")),
                [format!("{path}: a mean must be longer than zero")]
            );
        }
    }

    #[test]
    fn impossible_scatter_is_wrong() {
        for (shape, cv, range) in [
            ("lognormal", "-1", "0 and 100, not -1"),
            ("lognormal", "101", "0 and 100, not 101"),
            ("hyperexponential", "0.5", "1 and 100, not 0.5"),
        ] {
            let found = findings(&format!("{{\"{shape}\": {{\"mean\": \"1s\", \"cv\": {cv}}}}}"));
            let rule = "a coefficient of variation must be between";
            assert_eq!(found, [format!("{shape}.cv: {rule} {range}")]);
        }
    }

    #[test]
    fn what_scatters_as_a_simpler_law_is_compiled_to_that() {
        let law = read(r#"{"lognormal": {"mean": "2ms", "cv": 0}}"#).law();
        assert_eq!(law.constant(), Some(Span::from_nanos(2_000_000)));
        let law = read(r#"{"hyperexponential": {"mean": "2ms", "cv": 1}}"#).law();
        assert_eq!(law, Law::Exponential { mean_ns: 2e6 });
    }

    #[test]
    fn a_law_takes_half_a_cache_line() {
        assert!(size_of::<Law>() <= 32, "{} bytes", size_of::<Law>());
    }

    #[test]
    fn the_same_key_draws_the_same_time() {
        for json in [
            r#"{"exponential": "4ms"}"#,
            r#"{"lognormal": {"mean": "4ms", "cv": 1.2}}"#,
            r#"{"hyperexponential": {"mean": "4ms", "cv": 2}}"#,
            r#"{"percentiles": {"p50": "3ms", "p95": "20ms", "p99": "60ms"}}"#,
        ] {
            let law = read(json).law();
            assert_eq!(law.draw(&mut Draw::at(7, 3)), law.draw(&mut Draw::at(7, 3)), "{json}");
        }
    }
}
