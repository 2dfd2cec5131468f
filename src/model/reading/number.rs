//! Numbers as they are written, without rounding where none is needed.

use serde_json::Number;

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
