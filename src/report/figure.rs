//! Figures as people read them: `1.23 ± 0.04 s`.
//!
//! The half-width decides how many digits are shown, by the rule of the Particle Data Group
//! ("Review of Particle Physics", introduction, section 5.3): of its three leading digits, 100 to
//! 354 round to two digits, 355 to 949 to one, 950 to 999 up to 1000 with two.

use crate::outcome::{Estimate, Unit};

/// No figure has more digits than these, however narrow its interval.
const DIGITS_MAX: i32 = 6;
/// Digits of a figure whose uncertainty is unknown.
const DIGITS_ALONE: i32 = 3;

const BOTH: &str = " ± ";

/// Marks figures for which the runs were too short.
pub const TOO_SHORT: &str = "†";

/// A figure in the parts that a column aligns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    pub value: String,
    /// What stands between the value and the half-width: ` ± `, or the side to which the interval
    /// reaches, and of two that differ the upper.
    pub sign: &'static str,
    /// Empty where there was one replication; `2.1 - 1.4` if it reaches less far down than up.
    pub half_width: String,
    /// With the blank in front of it; empty for counts.
    pub unit: String,
}

/// How far an interval may reach.
#[derive(Clone, Copy)]
enum Bounds {
    /// As a difference, to either side of nothing.
    None,
    /// Of what cannot be less than nothing, and of a share also not more than all.
    Natural,
}

/// An estimate in the unit that suits its size.
///
/// Its interval is shown without what lies below nothing and, of a share, above all: the true value
/// is never there, so that what is left holds it just as often as the whole. An estimate that itself
/// lies beyond such a bound is shown as it is.
pub fn figure(estimate: &Estimate) -> Figure {
    within(estimate, Bounds::Natural)
}

/// A difference of two estimates, which may be more or less than nothing.
pub fn difference(estimate: &Estimate) -> Figure {
    within(estimate, Bounds::None)
}

fn within(estimate: &Estimate, bounds: Bounds) -> Figure {
    let (scale, unit) = scale(estimate.unit, estimate.value.abs());
    let value = estimate.value * scale;
    let is_a_sum =
        matches!(estimate.unit, Some(Unit::Money | Unit::MoneyPerHour | Unit::MoneyPerMonth));
    // A price that is the same in every replication is a bill, not a measurement.
    let half_width = estimate.half_width.filter(|it| !(is_a_sum && *it == 0.0));
    let (value, half_width) = match half_width.map(|it| it * scale) {
        None => (rounded(value, decimals(value, DIGITS_ALONE).max(0)), String::new()),
        Some(half_width)
            if estimate.unit == Some(Unit::Ratio)
                && [0.0, 1.0].contains(&estimate.value)
                && half_width > 0.0 =>
        {
            all_or_nothing(value, half_width)
        }
        Some(half_width) => with_half_width(value, half_width),
    };
    let (sign, half_width) = match bounds {
        _ if half_width.is_empty() => ("", half_width),
        Bounds::Natural => cut(estimate, scale, &value, half_width),
        Bounds::None => (BOTH, half_width),
    };
    let mark = if estimate.too_short { TOO_SHORT } else { "" };
    Figure { value, sign, half_width, unit: format!("{unit}{mark}") }
}

/// A number that is exactly known, in the unit that suits its size: a bound, a setting.
pub fn exact(value: f64, unit: Option<Unit>) -> String {
    // Minutes that are no short decimal have seconds instead.
    if unit == Some(Unit::Seconds)
        && (120.0..7200.0).contains(&value)
        && value.fract() == 0.0
        && value % 6.0 != 0.0
    {
        return format!("{} min {} s", (value / 60.0).floor(), value % 60.0);
    }
    let (scale, suffix) = match unit {
        Some(Unit::Seconds) => whole_unit(value).unwrap_or_else(|| scale(unit, value.abs())),
        _ => scale(unit, value.abs()),
    };
    let value = value * scale;
    let decimals = decimals(value, 5).max(0);
    format!("{}{suffix}", trimmed(rounded(value, decimals)))
}

/// A day as a column or an axis of days tells it: `10`, and where it is not a whole one with its
/// hour and minute, `1d 15h`; on the first day `4h 30m`.
pub fn day(day: f64) -> String {
    let minutes = (day * 1440.0).round();
    if !(0.0..1e12).contains(&minutes) || minutes % 1440.0 == 0.0 {
        return trimmed(rounded(day, 2));
    }
    let parts = [minutes / 1440.0, minutes % 1440.0 / 60.0, minutes % 60.0].map(f64::floor);
    let told = parts.iter().zip(["d", "h", "m"]).filter(|it| *it.0 > 0.0);
    told.map(|(n, unit)| format!("{n}{unit}")).collect::<Vec<_>>().join(" ")
}

/// A day in a sentence: `day 10`, `1d 15h`.
pub fn on_day(it: f64) -> String {
    let text = day(it);
    if text.ends_with(['d', 'h', 'm']) { text } else { format!("day {text}") }
}

/// A number of people: whole, unless there are very few.
pub fn users(number: f64) -> f64 {
    if number.abs() >= 10.0 { number.round() } else { number }
}

/// A share of one in whole per cents, but never so that what is nearly full seems full: `97 %`,
/// `99.7 %`.
pub fn share(value: f64) -> String {
    let percent = value * 100.0;
    let decimals = usize::from((0.985..0.9995).contains(&value));
    format!("{percent:.decimals$} %")
}

/// `number` with `decimals` places, thousands set apart by commas; fewer than none rounds to tens,
/// hundreds, and so on. What would be very long is written with its power of ten.
pub fn rounded(number: f64, decimals: i32) -> String {
    if number.abs() >= 1e15 || decimals > 9 {
        return format!("{number:.2e}");
    }
    let tens = 10f64.powi((-decimals).max(0));
    let text = format!("{:.*}", decimals.max(0) as usize, round_to(number, tens));
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if digits.bytes().any(|it| (b'1'..=b'9').contains(&it)) => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.half_width.as_str() {
            "" => write!(f, "{}{}", self.value, self.unit),
            half_width => write!(f, "{}{}{half_width}{}", self.value, self.sign, self.unit),
        }
    }
}

/// What to multiply by, and the unit to write after it, for a quantity of about `size`.
pub fn scale(unit: Option<Unit>, size: f64) -> (f64, &'static str) {
    match unit {
        Some(Unit::Seconds) => match size {
            0.0 => (1.0, " s"),
            it if it < 999.5e-9 => (1e9, " ns"),
            it if it < 999.5e-6 => (1e6, " µs"),
            it if it < 999.5e-3 => (1e3, " ms"),
            it if it < 120.0 => (1.0, " s"),
            it if it < 7200.0 => (1.0 / 60.0, " min"),
            it if it < 172_800.0 => (1.0 / 3600.0, " h"),
            _ => (1.0 / 86_400.0, " d"),
        },
        Some(Unit::PerSecond) => match size {
            it if it == 0.0 || it >= 0.1 => (1.0, " /s"),
            it if it >= 0.1 / 60.0 => (60.0, " /min"),
            _ => (3600.0, " /h"),
        },
        Some(Unit::BytesPerSecond) => match size {
            it if it < 999.5 => (1.0, " B/s"),
            it if it < 999.5e3 => (1e-3, " kB/s"),
            it if it < 999.5e6 => (1e-6, " MB/s"),
            _ => (1e-9, " GB/s"),
        },
        Some(Unit::Ratio) => (100.0, " %"),
        Some(Unit::Users) => (1.0, " users"),
        Some(Unit::Days) => (1.0, " d"),
        Some(Unit::MoneyPerHour) => (1.0, " /h"),
        Some(Unit::MoneyPerMonth) => (1.0, " /mo"),
        Some(Unit::Count | Unit::Money) | None => (1.0, ""),
    }
}

/// The half-width as it is shown, with its sign and without what reaches beyond the bounds of such a
/// quantity.
fn cut(estimate: &Estimate, scale: f64, value: &str, half_width: String) -> (&'static str, String) {
    let most = if estimate.unit == Some(Unit::Ratio) { 1.0 } else { f64::INFINITY };
    let width = estimate.half_width.unwrap_or(0.0);
    if !(0.0..=most).contains(&estimate.value) || width == 0.0 {
        return (BOTH, half_width);
    }
    if let Some(told) = lopsided(estimate, scale, &half_width, most) {
        return told;
    }
    let places = value.split_once('.').map_or(0, |it| it.1.len() as i32);
    // Down to nothing it reaches as far as the value itself, up to all what is missing to that.
    let (up, down) = (most - estimate.value, estimate.value);
    match (width > up, width > down) {
        (false, false) => (BOTH, half_width),
        _ if down == 0.0 => (" + ", half_width),
        _ if up == 0.0 => (" - ", half_width),
        (cut_up, cut_down) => {
            let up = if cut_up { rounded(up * scale, places) } else { half_width.clone() };
            let down = if cut_down { value.to_owned() } else { half_width };
            (" + ", format!("{up} - {down}"))
        }
    }
}

/// The two sides of an interval that reaches much less far to the one than to the other, or where its
/// longer half would not fit on the other; the shorter to a digit of its own.
fn lopsided(
    estimate: &Estimate,
    scale: f64,
    half_width: &str,
    most: f64,
) -> Option<(&'static str, String)> {
    let (low, high) = (estimate.low?, estimate.high?);
    let (up, down) = (high - estimate.value, estimate.value - low);
    let (shorter, longer) = (up.min(down), up.max(down));
    let fits = estimate.value - longer >= 0.0 && estimate.value + longer <= most;
    if shorter <= 0.0 || fits && shorter > 0.5 * longer {
        return None;
    }
    let one: f64 = format!("{:.0e}", shorter * scale).parse().unwrap_or(shorter * scale);
    let shorter = trimmed(rounded(one, (-decade(one)).max(0)));
    let (up, down) =
        if up < down { (shorter.as_str(), half_width) } else { (half_width, shorter.as_str()) };
    Some((" + ", format!("{up} - {down}")))
}

/// All or nothing, in per cent: it was so in every replication, and the half-width tells how
/// rare an exception may be. One digit of that is enough: `100 - 0.02`.
fn all_or_nothing(value: f64, half_width: f64) -> (String, String) {
    let one: f64 = format!("{half_width:.0e}").parse().unwrap_or(half_width);
    (rounded(value, 0), trimmed(rounded(one, -decade(one))))
}

fn with_half_width(value: f64, half_width: f64) -> (String, String) {
    let most = decimals(value, DIGITS_MAX).max(0);
    if half_width == 0.0 {
        let decimals = decimals(value, DIGITS_ALONE).max(0);
        return (trimmed(rounded(value, decimals)), "0".to_owned());
    }
    let decimals = decimals_of_half_width(half_width);
    if decimals <= most {
        return (rounded(value, decimals), rounded(half_width, decimals));
    }
    // Narrower than the last digit shown: it is widened to one of that, never shown as nothing.
    let last = 10f64.powi(-most);
    (rounded(value, most), rounded((half_width / last).ceil() * last, most))
}

/// The nearest multiple of `step`, where that is more than one.
fn round_to(number: f64, step: f64) -> f64 {
    if step > 1.0 { (number / step).round() * step } else { number }
}

/// The largest unit of time of which it is a whole number, where that is more than seconds.
fn whole_unit(seconds: f64) -> Option<(f64, &'static str)> {
    let units = [(86_400.0, " d"), (3600.0, " h"), (60.0, " min")];
    let fits = |it: &&(f64, &str)| seconds >= it.0 && seconds % it.0 == 0.0;
    units.iter().find(fits).map(|it| (1.0 / it.0, it.1))
}

/// Zeros behind the point say nothing where nothing is uncertain.
fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Decimal places that show `digits` digits of `number`.
fn decimals(number: f64, digits: i32) -> i32 {
    let shown = format!("{number:.*e}", (digits - 1) as usize);
    let number = shown.parse().unwrap_or(number);
    if number == 0.0 { 0 } else { digits - 1 - decade(number) }
}

fn decimals_of_half_width(half_width: f64) -> i32 {
    let three: f64 = format!("{half_width:.2e}").parse().unwrap_or(half_width);
    let leading = (three * 10f64.powi(2 - decade(three))).round() as u32;
    // From 950 on it rounds up to 1000, whose two digits end where one of 950 does.
    if leading <= 354 { 1 - decade(three) } else { -decade(three) }
}

/// The exponent of ten; taken from the printed form, since a logarithm may round to its neighbour.
fn decade(number: f64) -> i32 {
    format!("{:e}", number.abs()).split('e').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: f64, half_width: impl Into<Option<f64>>, unit: Unit) -> String {
        figure(&Estimate::new(value, half_width.into(), 0.95, unit)).to_string()
    }

    #[test]
    fn the_half_width_decides_how_many_digits_are_shown() {
        let count = |value, half_width| shown(value, half_width, Unit::Count);
        assert_eq!(count(1.234, 0.041), "1.23 ± 0.04");
        assert_eq!(count(1.2345, 0.0123), "1.234 ± 0.012");
        assert_eq!(count(1.2345, 0.0354), "1.234 ± 0.035");
        assert_eq!(count(1.2345, 0.0356), "1.23 ± 0.04");
        assert_eq!(count(12.345, 0.96), "12.3 ± 1.0");
        assert_eq!(count(12.345, 0.9996), "12.3 ± 1.0");
        assert_eq!(count(61_234.0, 1234.0), "61,200 ± 1,200");
        assert_eq!(count(-0.8, 0.1), "-0.80 ± 0.10");
        assert_eq!(count(-0.001, 0.5), "0.0 ± 0.5");
    }

    #[test]
    fn a_very_narrow_interval_is_never_shown_as_none_and_never_shown_to_the_last_bit() {
        assert_eq!(shown(1.234_567_89, 1e-9, Unit::Count), "1.23457 ± 0.00001");
        assert_eq!(shown(123_456_789.0, 0.2, Unit::Count), "123,456,789 ± 1");
    }

    #[test]
    fn without_an_interval_three_digits_are_shown_and_with_none_of_width_no_zeros() {
        assert_eq!(shown(1.2345, None, Unit::Count), "1.23");
        assert_eq!(shown(12_345.6, None, Unit::Count), "12,346");
        assert_eq!(shown(1.0, 0.0, Unit::Ratio), "100 ± 0 %");
        assert_eq!(shown(0.0, 0.0, Unit::PerSecond), "0 ± 0 /s");
    }

    #[test]
    fn a_share_that_was_all_or_nothing_shows_how_rare_an_exception_may_be() {
        assert_eq!(shown(1.0, 0.000_2, Unit::Ratio), "100 - 0.02 %");
        assert_eq!(shown(1.0, 0.000_123_4, Unit::Ratio), "100 - 0.01 %");
        assert_eq!(shown(0.0, 0.003, Unit::Ratio), "0 + 0.3 %");
        assert_eq!(shown(0.0, 0.2, Unit::Ratio), "0 + 20 %");
        assert_eq!(shown(1.0, 3e-7, Unit::Ratio), "100 - 0.00003 %");
        assert_eq!(shown(0.999_9, 0.000_2, Unit::Ratio), "99.990 + 0.010 - 0.020 %");
    }

    #[test]
    fn an_interval_that_is_not_symmetric_tells_both_its_sides() {
        let share = |value: f64, low, high| {
            figure(&Estimate::new(value, None, 0.95, Unit::Ratio).within(low, high)).to_string()
        };
        assert_eq!(share(0.9999, 0.9991, 0.999_97), "99.99 + 0.007 - 0.08 %");
        assert_eq!(share(0.002, 0.0004, 0.008), "0.2 + 0.6 - 0.2 %");
        assert_eq!(share(0.98, 0.97, 0.984), "98.0 + 0.4 - 1.0 %");
        assert_eq!(share(0.98, 0.97, 0.989), "98.0 ± 1.0 %");
        assert_eq!(share(1.0, 0.9998, 1.0), "100 - 0.02 %");
        assert_eq!(share(0.0, 0.0, 0.003), "0 + 0.3 %");
    }

    #[test]
    fn no_interval_reaches_below_nothing_or_above_all() {
        assert_eq!(shown(54.0, 57.0, Unit::Seconds), "50 + 60 - 50 s");
        assert_eq!(shown(1.4, 2.1, Unit::Count), "1.4 + 2.1 - 1.4");
        assert_eq!(shown(0.98, 0.05, Unit::Ratio), "98 + 2 - 5 %");
        assert_eq!(shown(0.5, 0.8, Unit::Ratio), "50 + 50 - 50 %");
        assert_eq!(shown(0.0, 3.0, Unit::Seconds), "0 + 3 s");
        assert_eq!(shown(-0.2, 0.5, Unit::Ratio), "-20 ± 50 %");
        let change = Estimate::new(54.0, Some(57.0), 0.95, Unit::Seconds);
        assert_eq!(difference(&change).to_string(), "50 ± 60 s");
    }

    #[test]
    fn a_day_that_is_not_whole_has_an_hour() {
        let shown = [0.0, 10.0, 1.625, 0.166_67, 0.1875, 2.999_99, 1.99, 0.02, 1.0e-5].map(day);
        assert_eq!(shown, ["0", "10", "1d 15h", "4h", "4h 30m", "3", "1d 23h 46m", "29m", "0"]);
        assert_ne!(day(1.37), day(1.38));
        assert_eq!(on_day(10.0), "day 10");
        assert_eq!(on_day(1.625), "1d 15h");
    }

    #[test]
    fn the_unit_suits_the_size() {
        for (seconds, expected) in [
            (0.0, "0 s"),
            (4.5e-8, "45.0 ns"),
            (0.000_25, "250 µs"),
            (0.0412, "41.2 ms"),
            (0.9996, "1.00 s"),
            (3.0, "3.00 s"),
            (1290.0, "21.5 min"),
            (9000.0, "2.50 h"),
            (1e6, "11.6 d"),
        ] {
            assert_eq!(shown(seconds, None, Unit::Seconds), expected);
        }
        assert_eq!(shown(0.05, None, Unit::PerSecond), "3.00 /min");
        assert_eq!(shown(0.001, None, Unit::PerSecond), "3.60 /h");
        assert_eq!(shown(0.999_31, 0.000_12, Unit::Ratio), "99.931 ± 0.012 %");
        assert_eq!(shown(693.5, None, Unit::MoneyPerMonth), "694 /mo");
        assert_eq!(shown(693.5, 0.0, Unit::MoneyPerMonth), "694 /mo");
    }

    #[test]
    fn what_is_exactly_known_is_shown_without_padding() {
        assert_eq!(exact(3.0, Some(Unit::Seconds)), "3 s");
        assert_eq!(exact(60.0, Some(Unit::Seconds)), "1 min");
        assert_eq!(exact(90.0, Some(Unit::Seconds)), "90 s");
        assert_eq!(exact(150.0, Some(Unit::Seconds)), "2.5 min");
        assert_eq!(exact(370.0, Some(Unit::Seconds)), "6 min 10 s");
        assert_eq!(exact(0.3, Some(Unit::Seconds)), "300 ms");
        assert_eq!(exact(0.999, Some(Unit::Ratio)), "99.9 %");
        assert_eq!(exact(61_234.0, Some(Unit::Users)), "61,234 users");
        assert_eq!(share(0.9712), "97 %");
        assert_eq!(share(0.997), "99.7 %");
        assert_eq!(share(0.5), "50 %");
        assert_eq!(share(1.0), "100 %");
        assert_eq!(share(0.0), "0 %");
    }

    #[test]
    fn no_number_is_too_large_or_too_small() {
        for value in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1e15, 1e300, -1e-300, 5e-324] {
            for unit in [Unit::Count, Unit::Seconds, Unit::PerSecond, Unit::Ratio] {
                for half_width in [None, Some(0.0), Some(1e-300), Some(f64::MAX), Some(value.abs())]
                {
                    let text = shown(value, half_width, unit);
                    assert!(text.len() < 60, "{text}");
                }
            }
        }
    }
}
