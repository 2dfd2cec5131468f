//! How large something is that is moved: bytes, the same every time or drawn at random.
//!
//! The laws are those of times, with a byte in the place of a nanosecond. Sizes of files and of what web
//! servers answer have a lognormal body and a Pareto tail: M. E. Crovella, A. Bestavros,
//! "Self-similarity in World Wide Web traffic", IEEE/ACM Transactions on Networking 5(6), 1997.

use super::{Bounds, CV_MAX, Law, Lognormal, MeanCv, Pareto, PowerLaw, Uniform};
use crate::problem::{Code, Findings};
use crate::units::{Bytes, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// A size: the same every time, or drawn from a distribution.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Size {
    /// The same size every time.
    Constant(Bytes),
    Random(Shape),
}

/// A size drawn at random.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SizeShape")]
pub enum Shape {
    /// Exponential with this mean.
    Exponential(Bytes),
    /// Lognormal: most are small, some are large.
    Lognormal(SizeMeanCv),
    /// Anything between two bounds, each as likely as the others.
    Uniform(SizeBounds),
    /// Bounded Pareto: most are small, a few are very large.
    Pareto(SizePowerLaw),
}

/// A mean and how far the sizes scatter about it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeMeanCv {
    /// The mean size.
    pub mean: Bytes,
    /// The coefficient of variation: standard deviation divided by mean.
    pub cv: f64,
}

/// The bounds of a uniform distribution of sizes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeBounds {
    /// The smallest size.
    pub min: Bytes,
    /// The largest size.
    pub max: Bytes,
}

/// A power law of sizes between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizePowerLaw {
    /// The exponent of the tail: the smaller, the more of all bytes lie in few large draws.
    pub alpha: f64,
    /// The smallest size.
    pub min: Bytes,
    /// The largest size.
    pub max: Bytes,
}

impl Size {
    pub fn check(&self, findings: &mut Findings) {
        let Size::Random(shape) = self else { return };
        match shape {
            Shape::Exponential(mean) => {
                findings.inside("exponential", |at| not_empty(*mean, at));
            }
            Shape::Lognormal(it) => findings.inside("lognormal", |at| {
                at.inside("mean", |at| not_empty(it.mean, at));
                if !(0.0..=CV_MAX).contains(&it.cv) {
                    let rule = format!(
                        "a coefficient of variation must be between 0 and {CV_MAX}, not {}",
                        it.cv
                    );
                    at.wrong_at("cv", Code::E007, rule, "");
                }
            }),
            Shape::Uniform(it) => {
                findings.inside("uniform", |at| between(it.min, it.max, at));
            }
            Shape::Pareto(it) => findings.inside("pareto", |at| {
                if !(0.01..=100.0).contains(&it.alpha) {
                    let rule = format!("must be from 0.01 to 100, not {}", it.alpha);
                    at.wrong_at("alpha", Code::E007, rule, "\"alpha\": 1.2");
                }
                at.inside("min", |at| not_empty(it.min, at));
                between(it.min, it.max, at);
            }),
        }
    }

    /// What to draw from, bytes as nanoseconds; only where [`Size::check`] found nothing.
    pub fn law(&self) -> Law {
        let shape = match self {
            Size::Constant(bytes) => return Law::Constant(as_span(*bytes)),
            Size::Random(shape) => shape,
        };
        match shape {
            Shape::Exponential(mean) => Law::exponential(as_span(*mean)),
            Shape::Lognormal(it) if it.cv == 0.0 => Law::Constant(as_span(it.mean)),
            Shape::Lognormal(it) => {
                Law::Lognormal(Lognormal::new(&MeanCv { mean: as_span(it.mean), cv: it.cv }))
            }
            Shape::Uniform(it) => {
                Law::Uniform(Uniform::new(&Bounds { min: as_span(it.min), max: as_span(it.max) }))
            }
            Shape::Pareto(it) => {
                let (min, max) = (as_span(it.min), as_span(it.max));
                Law::Pareto(Pareto::new(&PowerLaw { alpha: it.alpha, min, max }))
            }
        }
    }
}

fn as_span(bytes: Bytes) -> Span {
    Span::from_nanos(bytes.count())
}

fn not_empty(size: Bytes, findings: &mut Findings) {
    if size.count() == 0 {
        findings.wrong(Code::E007, "must be at least 1B", "write a bare \"0B\" for nothing");
    }
}

fn between(min: Bytes, max: Bytes, findings: &mut Findings) {
    if max <= min {
        let rule = format!("must be larger than min, {min}, not {max}");
        findings.wrong_at("max", Code::E010, rule, "write a bare size for what is always as large");
    }
}
