//! Values with what is known of their uncertainty.

use super::is_no;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value with what is known of its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The mean over replications.
    pub value: f64,
    /// Half the width of the confidence interval, or how far its farther end lies from the value;
    /// absent with one replication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
    /// The lower end of the interval, where it is not symmetric about the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper end of the interval, where it is not symmetric about the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The probability that the interval holds the true value.
    pub confidence: f64,
    /// The unit of value and half-width; absent where it is a bare factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The runs were too short for this figure: its interval holds the true value less often than it
    /// says.
    #[serde(default, skip_serializing_if = "is_no")]
    pub too_short: bool,
    /// How many replications without control variates, or antithetic pairs, would tell as much; absent where
    /// there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<f64>,
}

/// What an estimate counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "/s")]
    PerSecond,
    #[serde(rename = "B/s")]
    BytesPerSecond,
    /// A share between 0 and 1.
    #[serde(rename = "ratio")]
    Ratio,
    /// A count.
    #[serde(rename = "1")]
    Count,
    #[serde(rename = "users")]
    Users,
    #[serde(rename = "d")]
    Days,
    #[serde(rename = "money")]
    Money,
    #[serde(rename = "money/h")]
    MoneyPerHour,
    #[serde(rename = "money/mo")]
    MoneyPerMonth,
}

impl Estimate {
    /// A value in `unit`; a half-width that is no number counts as none.
    pub fn new(value: f64, half_width: Option<f64>, confidence: f64, unit: Unit) -> Self {
        let half_width = half_width.filter(|it| it.is_finite());
        let (low, high) = (None, None);
        Estimate {
            value,
            half_width,
            low,
            high,
            confidence,
            unit: Some(unit),
            too_short: false,
            worth: None,
        }
    }

    /// With an interval that is not symmetric about the value.
    pub fn within(self, low: f64, high: f64) -> Self {
        let half_width = Some((self.value - low).max(high - self.value));
        Estimate { half_width, low: Some(low), high: Some(high), ..self }
    }

    /// Both ends of the interval.
    pub fn ends(&self) -> Option<(f64, f64)> {
        let half_width = self.half_width?;
        let symmetric = (self.value - half_width, self.value + half_width);
        Some((self.low.unwrap_or(symmetric.0), self.high.unwrap_or(symmetric.1)))
    }

    /// The same in another measure: both value and half-width times `factor`.
    pub fn scaled(self, factor: f64, unit: Unit) -> Self {
        let half_width = self.half_width.map(|it| it * factor.abs());
        let scaled = Estimate::new(self.value * factor, half_width, self.confidence, unit);
        let (low, high) = (self.low.map(|it| it * factor), self.high.map(|it| it * factor));
        let (low, high) = if factor < 0.0 { (high, low) } else { (low, high) };
        Estimate { too_short: self.too_short, worth: self.worth, low, high, ..scaled }
    }

    /// One minus a share, with the same uncertainty.
    pub fn complement(self) -> Self {
        let (low, high) = (self.high.map(|it| 1.0 - it), self.low.map(|it| 1.0 - it));
        Estimate { value: 1.0 - self.value, low, high, ..self }
    }
}
