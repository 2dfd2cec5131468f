//! Numbers as they are written, without rounding where none is needed, and their ranges.

use serde_json::{Map, Number, Value};
use std::cmp::Ordering::{self, Equal, Greater, Less};

/// The number that a JSON literal stands for; nothing if it is larger than a double can hold.
///
/// `3`, `3.0` and `3e0` are all the whole number 3, up to 64 bits and exactly; what is not whole,
/// or larger, becomes the nearest double.
pub fn of_literal(text: &str) -> Option<Number> {
    match whole(text) {
        Some((false, digits)) => Some(digits.into()),
        Some((true, digits)) if digits <= 1 << 63 => {
            Some(digits.wrapping_neg().cast_signed().into())
        }
        _ => text.parse::<f64>().ok().and_then(Number::from_f64),
    }
}

/// The same number, as a whole one if it is whole.
pub fn whole_if_it_is(number: Number) -> Number {
    of_literal(&number.to_string()).unwrap_or(number)
}

/// Sign and magnitude of a literal whose value is a whole number below 2^64.
fn whole(text: &str) -> Option<(bool, u64)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [before, after].concat();
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Some((false, 0));
    }
    // digits × 10^power, and once more without the zeros at the end
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let power = exponent.parse::<i32>().ok()?.checked_sub(after.len().try_into().ok()?)?;
    let power = power.checked_add(zeros.try_into().ok()?)?;
    let scale = 10u64.checked_pow(power.try_into().ok()?)?;
    Some((negative, significant.parse::<u64>().ok()?.checked_mul(scale)?))
}

/// What a number must be whose schema it does not keep: `at least 1 and at most 9`.
///
/// The limits of the larger Rust types stand only in the schema's format. A whole number that such a
/// type can hold is left to the check of the sense, which knows its limits more closely, how to mend
/// it, and what else is wrong with the file.
pub fn range_missed(number: &Number, schema: &Map<String, Value>) -> Option<String> {
    let limit = |name: &str| schema.get(name).and_then(Value::as_number);
    let typed = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some((0.into(), u32::MAX.into())),
        Some("uint64" | "uint") => Some((0.into(), u64::MAX.into())),
        Some("int32") => Some((i32::MIN.into(), i32::MAX.into())),
        Some("int64" | "int") => Some((i64::MIN.into(), i64::MAX.into())),
        _ => None,
    };
    let (type_least, type_most): (Option<Number>, Option<Number>) = typed.unzip();
    let least = limit("minimum").or(type_least.as_ref());
    let most = limit("maximum").or(type_most.as_ref());
    let (above, below) = (limit("exclusiveMinimum"), limit("exclusiveMaximum"));

    let is = |orders: &[Ordering], limit: Option<&Number>| {
        limit.is_none_or(|limit| orders.contains(&compare(number, limit)))
    };
    let held = type_least.is_some()
        && is(&[Greater, Equal], type_least.as_ref())
        && is(&[Less, Equal], type_most.as_ref());
    let kept = is(&[Greater, Equal], least)
        && is(&[Less, Equal], most)
        && is(&[Greater], above)
        && is(&[Less], below);
    if held || kept {
        return None;
    }
    let from = above.map(|it| format!("above {}", whole_if_it_is(it.clone())));
    let from = from.or(least.map(|it| format!("at least {}", whole_if_it_is(it.clone()))));
    let to = below.map(|it| format!("below {}", whole_if_it_is(it.clone())));
    let to = to.or(most.map(|it| format!("at most {}", whole_if_it_is(it.clone()))));
    Some([from, to].into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

/// Exact between whole numbers, which a double of 64 bits cannot always tell apart.
fn compare(a: &Number, b: &Number) -> Ordering {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_exact_however_they_are_written() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e99999999999", "0"),
            ("3.0", "3"),
            ("1e9", "1000000000"),
            ("1.50E+1", "15"),
            ("100e-2", "1"),
            ("2.5", "2.5"),
            ("1e-7", "1e-7"),
            ("9007199254740993.0", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("-9223372036854775809", "-9.223372036854776e+18"),
            ("1e300", "1e+300"),
            ("1e-99999999999", "0.0"),
        ] {
            assert_eq!(of_literal(text).unwrap().to_string(), expected, "{text}");
        }
        assert_eq!(of_literal("1e999"), None);
        assert_eq!(of_literal("-1e99999999999"), None);
    }
}
