//! Axes: which values they span, and at which round values their ticks stand.

use crate::outcome::Unit;
use crate::report::figure;

/// Values beyond this are drawn at it; nothing that is measured comes near.
const HUGE: f64 = 1e15;
/// Times below this are drawn at the low end.
const TINY: f64 = 1e-12;
/// From this ratio of largest to smallest on an axis is logarithmic.
const LOG_FROM: f64 = 20.0;

#[derive(Clone, Debug)]
pub struct Axis {
    low: f64,
    high: f64,
    pub is_log: bool,
    /// The most important first.
    candidates: Vec<Tick>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub value: f64,
    pub label: String,
}

impl Axis {
    /// An axis of times in seconds, which are above zero.
    pub fn of_times(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = span(values.filter(|it| *it > TINY)).unwrap_or((0.001, 1.0));
        let is_log = high / low > LOG_FROM;
        let (low, high) = if is_log { (low / 1.4, high * 1.5) } else { (0.0, high * 1.12) };
        let label = |it: f64| figure::exact(it, Some(Unit::Seconds));
        let values = if is_log { round_times(low, high) } else { round_steps(low, high, true) };
        Axis { low, high, is_log, candidates: ticks(values, label) }
    }

    /// An axis from zero.
    pub fn from_zero(values: impl Iterator<Item = f64>) -> Self {
        let high = span(values).map_or(1.0, |it| it.1);
        let high = if high > 0.0 { high * 1.08 } else { 1.0 };
        Axis {
            low: 0.0,
            high,
            is_log: false,
            candidates: ticks(round_steps(0.0, high, false), short),
        }
    }

    /// An axis from `beside` before the first to as much behind the last of some places, with
    /// ticks at them only.
    pub fn at_places(places: &[f64], beside: f64, label: impl Fn(f64) -> String) -> Self {
        let (low, high) = span(places.iter().copied()).unwrap_or((0.0, 0.0));
        let beside = if high > low && beside > 0.0 { beside } else { 1.0 };
        // Every eighth place first, then every fourth: what is thinned out is thinned evenly.
        let mut ranked: Vec<(u32, f64)> = Vec::new();
        for (i, place) in places.iter().enumerate() {
            ranked.push((3 - (i as u32).trailing_zeros().min(3), *place));
        }
        ranked.sort_by_key(|it| it.0);
        let candidates = ticks(ranked.into_iter().map(|it| it.1).collect(), label);
        Axis { low: low - beside, high: high + beside, is_log: false, candidates }
    }

    /// An axis that shows all from `low` to `high`.
    pub fn between(low: f64, high: f64, label: impl Fn(f64) -> String) -> Self {
        let (low, high) = span([low, high].into_iter()).unwrap_or((0.0, 1.0));
        let high = if high > low { high } else { low + 1.0 };
        Axis { low, high, is_log: false, candidates: ticks(round_steps(low, high, false), label) }
    }

    /// Where a value lies: 0 at the low end, 1 at the high end.
    pub fn share(&self, value: f64) -> f64 {
        let value = if value.is_nan() { self.low } else { value.clamp(-HUGE, HUGE) };
        let share = match self.is_log {
            true => {
                let log = |it: f64| libm::log(it / self.low);
                log(value.max(self.low)) / log(self.high)
            }
            false => (value - self.low) / (self.high - self.low),
        };
        share.clamp(0.0, 1.0)
    }

    /// What stands on the axis, and how, where that is not the usual way.
    pub fn titled(&self, what: &str) -> String {
        match self.is_log {
            true => format!("{what} · logarithmic: equal steps are equal ratios"),
            false => what.to_owned(),
        }
    }

    /// The ticks for which there is room: each takes `room(label)` of `length`.
    pub fn ticks(&self, length: f64, room: impl Fn(&str) -> f64) -> Vec<&Tick> {
        let mut kept: Vec<&Tick> = Vec::new();
        let inside = |it: &&Tick| (self.low..=self.high).contains(&it.value);
        for tick in self.candidates.iter().filter(inside) {
            let apart = |it: &&&Tick| {
                let distance = (self.share(it.value) - self.share(tick.value)).abs() * length;
                distance < (room(&it.label) + room(&tick.label)) / 2.0
            };
            if !kept.iter().any(|it| apart(&it)) {
                kept.push(tick);
            }
        }
        kept.sort_by(|a, b| a.value.total_cmp(&b.value));
        kept
    }
}

fn ticks(values: Vec<f64>, label: impl Fn(f64) -> String) -> Vec<Tick> {
    values.into_iter().map(|value| Tick { value, label: label(value) }).collect()
}

/// The smallest and the largest, huge ones cut.
fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let values = values.filter(|it| it.is_finite()).map(|it| it.clamp(-HUGE, HUGE));
    values.fold(None, |span, it| match span {
        None => Some((it, it)),
        Some((low, high)) => Some((f64::min(low, it), f64::max(high, it))),
    })
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten that divide the span into four to nine parts; of
/// times above a minute, of whole minutes and hours.
fn round_steps(low: f64, high: f64, are_times: bool) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let decade = libm::pow(10.0, libm::log10(rough).floor());
    let mut steps: Vec<f64> = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|it| it * decade).collect();
    if are_times && rough > 10.0 {
        steps =
            [20.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0, 86_400.0].into();
        steps.extend((1..10).map(|it| 86_400.0 * 10f64.powi(it)));
    }
    let step = steps.iter().copied().find(|it| *it >= rough * 0.85).unwrap_or(rough);
    let first = (low / step).ceil();
    (0..20).map(|i| (first + f64::from(i)) * step).take_while(|it| *it <= high).collect()
}

/// Round times on a logarithmic axis: powers of ten of a second, minute and hour, then between.
fn round_times(low: f64, high: f64) -> Vec<f64> {
    let mut ranked: Vec<(u8, f64)> = Vec::new();
    for exponent in -12..2 {
        let decade = 10f64.powi(exponent);
        ranked.extend([(0, decade), (1, 5.0 * decade), (2, 2.0 * decade)]);
    }
    ranked.retain(|it| it.1 < 60.0);
    let minutes = [(0, 60.0), (2, 120.0), (1, 300.0), (0, 600.0), (1, 1800.0)];
    let hours = [(0, 3600.0), (1, 10_800.0), (2, 21_600.0), (0, 86_400.0)];
    ranked.extend(minutes.into_iter().chain(hours));
    ranked.extend((1..10).map(|it| (0, 86_400.0 * 10f64.powi(it))));
    ranked.retain(|it| (low..=high).contains(&it.1));
    ranked.sort_by_key(|it| it.0);
    ranked.into_iter().map(|it| it.1).collect()
}

/// A number in few letters: `800`, `12k`, `1.2M`.
pub fn short(value: f64) -> String {
    // Less than half a thousandth is lost.
    let (scale, suffix) = match value.abs() {
        it if it >= 1e12 => (1e12, "T"),
        it if it >= 1e9 => (1e9, "G"),
        it if it >= 1e6 => (1e6, "M"),
        it if it >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let value = if scale > 1.0 { rounded(value / scale) } else { value };
    format!("{}{suffix}", figure::exact(value, None))
}

/// Three digits of a number.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks(400.0, |_| 26.0).into_iter().map(|it| it.label.as_str()).collect()
    }

    #[test]
    fn times_that_span_much_stand_on_a_logarithmic_axis_at_round_values() {
        let axis = Axis::of_times([0.02, 30.0].into_iter());
        assert!(axis.is_log);
        assert_eq!(
            labels(&axis),
            ["20 ms", "50 ms", "100 ms", "200 ms", "500 ms", "1 s", "2 s", "5 s", "10 s", "20 s"]
        );
        let axis = Axis::of_times([0.5, 4000.0].into_iter());
        assert_eq!(
            labels(&axis),
            [
                "500 ms", "1 s", "2 s", "5 s", "10 s", "20 s", "1 min", "2 min", "5 min", "10 min",
                "30 min", "1 h"
            ]
        );
    }

    #[test]
    fn times_of_a_size_stand_on_an_axis_from_zero() {
        let axis = Axis::of_times([0.3, 0.9].into_iter());
        assert!(!axis.is_log);
        assert_eq!(labels(&axis), ["0 s", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]);
        assert_eq!(axis.share(0.0), 0.0);
    }

    #[test]
    fn places_are_thinned_evenly_where_there_is_little_room() {
        let days: Vec<f64> = (0..16).map(|it| f64::from(it) * 2.0).collect();
        let axis = Axis::at_places(&days, 0.75, |it| it.to_string());
        let few: Vec<f64> = axis.ticks(400.0, |_| 60.0).iter().map(|it| it.value).collect();
        assert_eq!(few, [0.0, 8.0, 16.0, 24.0, 30.0]);
        assert_eq!(axis.ticks(1000.0, |_| 20.0).len(), 16);
    }

    #[test]
    fn short_labels_leave_room_for_every_second_day() {
        let days = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 21.0];
        let axis = Axis::at_places(&days, 0.5, figure::day);
        let shown: Vec<&str> =
            axis.ticks(894.0, |_| 42.0).iter().map(|it| it.label.as_str()).collect();
        assert_eq!(
            shown,
            ["0", "2", "4", "6", "8", "10", "12", "14", "16", "18", "20"],
            "the last, at half the distance, is left out"
        );
    }

    #[test]
    fn no_value_breaks_an_axis() {
        for values in
            [vec![], vec![0.0], vec![f64::NAN], vec![f64::MAX, 1e-300], vec![-1.0, f64::INFINITY]]
        {
            for axis in [
                Axis::of_times(values.iter().copied()),
                Axis::from_zero(values.iter().copied()),
                Axis::at_places(&values, 0.75, |it| it.to_string()),
                Axis::between(0.0, values.first().copied().unwrap_or(0.0), short),
            ] {
                axis.ticks(400.0, |_| 30.0);
                for value in [0.0, 1.0, f64::MAX, f64::NAN, f64::NEG_INFINITY] {
                    let share = axis.share(value);
                    assert!((0.0..=1.0).contains(&share), "{share} of {values:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 800.0, 9_500.0, 12_000.0, 119_756.0, 1.2e6, 3e9].map(short);
        assert_eq!(shown, ["0", "800", "9,500", "12k", "120k", "1.2M", "3G"]);
    }
}
