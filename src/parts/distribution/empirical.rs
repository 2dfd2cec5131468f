//! Values as they were measured, drawn anew: each as likely as the others.
//! B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7(1), 1979.
//!
//! Nothing is made up between or beyond them: a time that was never measured is never drawn.

use crate::problem::{Code, Findings};
use crate::rng::Draw;
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// Measured values in a column of a CSV file.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empirical {
    /// A CSV file with a header, beside the model file.
    pub file: String,
    /// The column of values.
    pub column: String,
    /// What a value of 1 stands for: "1ms".
    #[schemars(example = "1ms")]
    pub unit: Span,
    /// The values in nanoseconds, once the file has been read.
    #[serde(skip)]
    #[schemars(skip)]
    pub values_ns: Option<Arc<[f64]>>,
}

/// More values than this are refused; a percentile needs no more.
const VALUES_MAX: usize = 10_000_000;

impl Empirical {
    pub fn check(&self, findings: &mut Findings) {
        if self.values_ns.is_none() {
            let rule = "measured values cannot stand here";
            findings.wrong(Code::E010, rule, "give their \"percentiles\"");
        }
        if self.unit.is_zero() {
            findings.wrong_at("unit", Code::E007, "must be longer than nothing", "\"1ms\"");
        }
    }

    /// Takes the values of the column, which are not negative.
    pub fn take(&mut self, values: &[f64], findings: &mut Findings) {
        let unit_ns = self.unit.nanos() as f64;
        if values.is_empty() || values.len() > VALUES_MAX {
            let rule = format!("must have from 1 to {VALUES_MAX} values, not {}", values.len());
            return findings.wrong_at("column", Code::E012, rule, "");
        }
        let values_ns: Vec<f64> = values.iter().map(|it| it * unit_ns).collect();
        if values_ns.iter().any(|it| *it > Span::MAX.nanos() as f64) {
            let rule = format!("a value is longer than {}", Span::MAX);
            return findings.wrong_at("unit", Code::E007, rule, "");
        }
        self.values_ns = Some(values_ns.into());
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    values_ns: Arc<[f64]>,
    scale: f64,
}

impl Values {
    pub fn new(values_ns: Arc<[f64]>) -> Values {
        Values { values_ns, scale: 1.0 }
    }

    /// The same, with every draw multiplied by a factor.
    pub fn scaled(self, by: f64) -> Values {
        Values { scale: self.scale * by, ..self }
    }

    pub fn draw_ns(&self, draw: &mut Draw) -> f64 {
        self.values_ns[draw.below(self.values_ns.len() as u64) as usize] * self.scale
    }

    pub fn mean_ns(&self) -> f64 {
        self.values_ns.iter().sum::<f64>() / self.values_ns.len() as f64 * self.scale
    }

    pub fn cv2(&self) -> f64 {
        let mean = self.mean_ns() / self.scale;
        let square = |it: &f64| (it - mean) * (it - mean);
        let variance = self.values_ns.iter().map(square).sum::<f64>() / self.values_ns.len() as f64;
        if mean > 0.0 { variance / (mean * mean) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Values as Drawn;
    use super::*;

    #[test]
    fn draws_are_the_values_each_as_often() {
        let law = Values::new(vec![1e6, 2e6, 2e6, 7e6].into());
        let drawn: Drawn = Drawn::of(|draw| law.draw_ns(draw));
        let share =
            |ns: f64| drawn.0.iter().filter(|it| **it == ns).count() as f64 / drawn.0.len() as f64;
        for (ns, expected) in [(1e6, 0.25), (2e6, 0.5), (7e6, 0.25)] {
            let error = (expected * (1.0 - expected) / drawn.0.len() as f64).sqrt();
            assert!((share(ns) - expected).abs() < 4.0 * error, "{ns}");
        }
        assert_eq!(law.mean_ns(), 3e6);
        assert!((law.cv2() - 5.5 / 9.0).abs() < 1e-12);
        assert_eq!(law.scaled(2.0).mean_ns(), 6e6);
    }
}
