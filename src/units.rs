//! Quantities with their units: whole nanoseconds inside, `"15ms"` and `"64GiB"` in files.
//!
//! Everything that a user writes with a unit is read here and printed here, so that a figure is
//! spelled in one way wherever it turns up.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de::Error as _};
use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

const NANOS_PER_SEC: f64 = 1e9;
const DAYS_MAX: u64 = 36_500;

/// An instant of simulated time, in whole nanoseconds since the run opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A length of simulated time, in whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// How often something happens, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(u64);

/// Bytes per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Bandwidth(f64);

/// Money per hour, in whatever currency the model is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Price(f64);

/// Money per byte, in whatever currency the model is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct DataPrice(f64);

/// A part of a whole, between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Time {
    pub const ZERO: Time = Time(0);
    /// Later than anything that happens.
    pub const NEVER: Time = Time(u64::MAX);

    #[inline(always)]
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }
    #[inline(always)]
    pub const fn nanos(self) -> u64 {
        self.0
    }
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    /// The longest span that a file may hold: a hundred years.
    pub const MAX: Span = Span(DAYS_MAX * 86_400 * 1_000_000_000);

    #[inline(always)]
    pub const fn from_nanos(nanos: u64) -> Span {
        Span(nanos)
    }
    pub const fn from_whole_secs(secs: u64) -> Span {
        Span(secs * 1_000_000_000)
    }
    /// Rounds to the nearest nanosecond; what is longer than [`Span::MAX`] becomes that.
    ///
    /// A draw of a heavy-tailed distribution may be longer than any run, and is then as good as
    /// endless.
    pub fn from_secs(secs: f64) -> Span {
        Span::from_nanos_f64(secs * NANOS_PER_SEC)
    }
    /// As [`Span::from_secs`], from nanoseconds.
    #[inline]
    pub fn from_nanos_f64(nanos: f64) -> Span {
        debug_assert!(nanos >= 0.0, "not a length of time: {nanos} ns");
        let nanos = nanos + 0.5;
        if (0.0..Span::MAX.0 as f64).contains(&nanos) {
            // SAFETY: it lies well within i64. To let `as` find that out takes three times as many
            // instructions, and there are two or three such spans in every request.
            Span(unsafe { nanos.to_int_unchecked::<i64>() } as u64)
        } else {
            Span::endless(nanos)
        }
    }
    /// What is no time within bounds: as long as may be, or none at all.
    #[cold]
    fn endless(nanos: f64) -> Span {
        if nanos > 0.0 { Span::MAX } else { Span(0) }
    }
    #[inline(always)]
    pub const fn nanos(self) -> u64 {
        self.0
    }
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<Span> for Time {
    type Output = Time;
    #[inline]
    fn add(self, span: Span) -> Time {
        Time(self.0 + span.0)
    }
}
impl Sub for Time {
    type Output = Span;
    #[inline]
    fn sub(self, earlier: Time) -> Span {
        debug_assert!(earlier <= self);
        Span(self.0 - earlier.0)
    }
}
impl Add for Span {
    type Output = Span;
    #[inline]
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}
impl AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        self.0 += other.0;
    }
}
impl Sub for Span {
    type Output = Span;
    fn sub(self, other: Span) -> Span {
        Span(self.0 - other.0)
    }
}
impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, times: u64) -> Span {
        Span(self.0 * times)
    }
}

impl Rate {
    pub fn per_s(per_s: f64) -> Rate {
        Rate(per_s)
    }
    pub fn as_per_s(self) -> f64 {
        self.0
    }
}
impl Bytes {
    pub const fn new(bytes: u64) -> Bytes {
        Bytes(bytes)
    }
    pub fn count(self) -> u64 {
        self.0
    }
}
impl Bandwidth {
    pub fn as_bytes_per_s(self) -> f64 {
        self.0
    }
}
impl Share {
    pub fn as_ratio(self) -> f64 {
        self.0
    }
}
impl DataPrice {
    pub fn as_per_byte(self) -> f64 {
        self.0 / 1e9
    }
}
impl Price {
    pub fn as_per_hour(self) -> f64 {
        self.0
    }
}

/// A number directly followed by one of `units`, in the first unit listed.
fn quantity(text: &str, units: &[(&str, f64)], what: &str) -> Result<f64, String> {
    let expected = || {
        let names: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
        format!("{what} is a number and one of {}", names.join(", "))
    };
    let text = text.trim();
    let split = text
        .char_indices()
        .find(|&(i, c)| {
            let exponent = matches!(c, 'e' | 'E')
                && text[i + 1..].starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+');
            !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+') || exponent)
        })
        .map_or(text.len(), |(i, _)| i);
    let (number, unit) = (&text[..split], text[split..].trim_start());
    let Ok(number) = number.parse::<f64>() else {
        return Err(expected());
    };
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(if unit.is_empty() {
            format!("the unit is missing: {}", expected())
        } else {
            format!("\"{unit}\" is no unit here: {}", expected())
        });
    };
    if !number.is_finite() || number < 0.0 {
        return Err(format!("{what} cannot be negative or endless"));
    }
    // A unit below one is the inverse of a whole number, and dividing by that rounds only once.
    Ok(if *scale < 1.0 { number / (1.0 / scale).round() } else { number * scale })
}

const SPAN_UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
];
const PER_TIME_UNITS: &[(&str, f64)] =
    &[("/s", 1.0), ("/m", 1.0 / 60.0), ("/h", 1.0 / 3600.0), ("/d", 1.0 / 86_400.0)];
const BYTE_UNITS: &[(&str, f64)] = &[
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
];
const BANDWIDTH_UNITS: &[(&str, f64)] = &[
    ("B/s", 1.0),
    ("KiB/s", 1024.0),
    ("MiB/s", 1_048_576.0),
    ("GiB/s", 1_073_741_824.0),
    ("kB/s", 1e3),
    ("MB/s", 1e6),
    ("GB/s", 1e9),
];
/// Hours in a month, as in the `cost.month` metric.
pub const HOURS_PER_MONTH: f64 = 730.0;
const PRICE_UNITS: &[(&str, f64)] =
    &[("/h", 1.0), ("/d", 1.0 / 24.0), ("/mo", 1.0 / HOURS_PER_MONTH)];
/// What is moved is billed by the thousand million bytes.
const DATA_PRICE_UNITS: &[(&str, f64)] = &[("/GB", 1.0), ("/TB", 1e-3)];

const SHARE_UNITS: &[(&str, f64)] = &[("%", 0.01)];

/// Declares how a quantity is read from and written to text, and its place in the schema.
macro_rules! written {
    ($name:ident, $units:ident, $what:literal, $examples:expr, $from:expr) => {
        impl $name {
            /// Reads the quantity from a file's text; the error says what would be right.
            pub fn parse(text: &str) -> Result<Self, String> {
                quantity(text, $units, $what).and_then($from)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(from)?;
                $name::parse(&text).map_err(D::Error::custom)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let units: Vec<&str> = $units.iter().map(|(name, _)| *name).collect();
                json_schema!({
                    "type": "string",
                    "description": format!("{}: a number and one of {}.", $what, units.join(", ")),
                    "pattern": format!(r"^\s*[0-9.]+([eE][-+]?[0-9]+)?\s*({})\s*$", units.join("|")),
                    "examples": $examples,
                    "x-unit": stringify!($name),
                })
            }
        }
    };
}

written!(Span, SPAN_UNITS, "a length of time", ["15ms", "30s", "21d"], |nanos: f64| {
    if nanos > Span::MAX.0 as f64 {
        return Err(format!("a length of time is at most {DAYS_MAX} days"));
    }
    Ok(Span(nanos.round() as u64))
});
written!(Rate, PER_TIME_UNITS, "a rate", ["200/s", "6/h"], |per_s: f64| Ok(Rate(per_s)));
written!(Bytes, BYTE_UNITS, "a size", ["8KiB", "64GiB"], |bytes: f64| {
    if bytes > 1e18 {
        return Err("a size is at most 1e18 bytes".to_owned());
    }
    Ok(Bytes(bytes.round() as u64))
});
written!(Bandwidth, BANDWIDTH_UNITS, "a bandwidth", ["250MiB/s"], |it: f64| Ok(Bandwidth(it)));
written!(Price, PRICE_UNITS, "a price", ["0.95/h", "120/mo"], |it: f64| Ok(Price(it)));
written!(DataPrice, DATA_PRICE_UNITS, "a price of data", ["0.09/GB"], |it: f64| Ok(DataPrice(it)));
written!(Share, SHARE_UNITS, "a share", ["5%"], |share: f64| {
    if share > 1.0 { Err("a share is at most 100%".to_owned()) } else { Ok(Share(share)) }
});

/// Whether two texts say the same quantity, such as `"5s"` and `"5000ms"`.
pub fn same_quantity(text: &str, other: &str) -> bool {
    fn same<T: PartialEq>(read: fn(&str) -> Result<T, String>, text: &str, other: &str) -> bool {
        matches!((read(text), read(other)), (Ok(one), Ok(two)) if one == two)
    }
    same(Span::parse, text, other)
        || same(Rate::parse, text, other)
        || same(Bytes::parse, text, other)
        || same(Bandwidth::parse, text, other)
        || same(Price::parse, text, other)
        || same(DataPrice::parse, text, other)
        || same(Share::parse, text, other)
}

/// Writes `amount` in the largest unit that keeps it at or above one.
fn write_quantity(f: &mut fmt::Formatter, amount: f64, units: &[(&str, f64)]) -> fmt::Result {
    let fits = |scale: f64| amount >= scale;
    let (name, scale) = units.iter().rev().find(|(_, s)| fits(*s)).unwrap_or(&units[0]);
    write!(f, "{}{name}", significant(amount / scale))
}

/// The shortest of the usual spellings of `number` to about six digits.
pub fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return format!("{number}");
    }
    let decimals = (5 - number.abs().log10().floor() as i32).clamp(0, 17) as usize;
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        const SHOWN: &[(&str, f64)] = &[
            ("ns", 1.0),
            ("us", 1e3),
            ("ms", 1e6),
            ("s", 1e9),
            ("m", 60e9),
            ("h", 3600e9),
            ("d", 86_400e9),
        ];
        write_quantity(f, self.0 as f64, SHOWN)
    }
}
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write_quantity(
            f,
            self.0 * 86_400.0,
            &[("/d", 1.0), ("/h", 24.0), ("/m", 1440.0), ("/s", 86_400.0)],
        )
    }
}
impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write_quantity(f, self.0 as f64, &BYTE_UNITS[..5])
    }
}
impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write_quantity(f, self.0, &BANDWIDTH_UNITS[..4])
    }
}
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}%", significant(self.0 * 100.0))
    }
}
impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/h", significant(self.0))
    }
}
impl fmt::Display for DataPrice {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/GB", significant(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_unit_and_printed_shortest() {
        for (text, nanos, shown) in [
            ("15ms", 15_000_000, "15ms"),
            ("1.5 ms", 1_500_000, "1.5ms"),
            ("0.6us", 600, "600ns"),
            ("90s", 90_000_000_000, "1.5m"),
            ("21d", 21 * 86_400_000_000_000, "21d"),
            ("1e3ms", 1_000_000_000, "1s"),
            ("0s", 0, "0ns"),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!((span.nanos(), span.to_string().as_str()), (nanos, shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_says_what_would_be() {
        let wrong = |text| Span::parse(text).unwrap_err();
        assert!(wrong("15").starts_with("the unit is missing"));
        assert!(wrong("15 lightyears").starts_with("\"lightyears\" is no unit here"));
        assert!(wrong("-1s").contains("cannot be negative"));
        assert!(wrong("").contains("a number and one of"));
        assert!(wrong("NaNs").contains("a number and one of"));
        assert!(wrong("1e300d").contains("at most"));
        assert!(wrong("é5s").contains("a number and one of"));
    }

    #[test]
    fn rates_sizes_and_prices_have_their_own_units() {
        assert_eq!(Rate::parse("6/h").unwrap().as_per_s(), 6.0 / 3600.0);
        assert_eq!(Rate::parse("90/m").unwrap().to_string(), "1.5/s");
        assert_eq!(Bytes::parse("8KiB").unwrap().count(), 8192);
        assert_eq!(Bandwidth::parse("250MiB/s").unwrap().to_string(), "250MiB/s");
        assert_eq!(Price::parse("730/mo").unwrap().as_per_hour(), 1.0);
    }
}
