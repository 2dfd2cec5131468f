//! Times in a recording: dates, or plain seconds, counted from a beginning.

use super::columns::shown;
use crate::units::Span;

/// Reads times of one kind, none of which may be before the one above it.
#[derive(Default)]
pub struct Clock {
    first: Option<Stamp>,
    last_ns: u64,
}

/// Nanoseconds, since 1970 for a date. In 128 bits, as a far date must not wrap around.
#[derive(Clone, Copy)]
struct Stamp {
    is_date: bool,
    ns: i128,
}

impl Clock {
    /// The time since the first row.
    pub fn read(&mut self, cell: &str) -> Result<Span, String> {
        let stamp = Stamp::read(cell)?;
        let first = *self.first.get_or_insert(stamp);
        if stamp.is_date != first.is_date {
            return Err(format!("\"{}\" mixes dates and seconds", shown(cell)));
        }
        let ns = stamp.ns - first.ns;
        if ns < i128::from(self.last_ns) {
            return Err(format!("\"{}\" is before the row above", shown(cell)));
        }
        if ns > i128::from(Span::MAX.nanos()) {
            return Err(format!("\"{}\" lies more than a hundred years on", shown(cell)));
        }
        self.last_ns = ns as u64;
        Ok(Span::from_nanos(self.last_ns))
    }
}

impl Stamp {
    fn read(cell: &str) -> Result<Stamp, String> {
        let stamp = match cell.parse::<f64>() {
            Ok(secs) if secs.abs() <= 1e15 => {
                // Whole seconds apart from the rest: one float would blur the nanoseconds.
                let ns =
                    secs.trunc() as i128 * 1_000_000_000 + (secs.fract() * 1e9).round() as i128;
                Some(Stamp { is_date: false, ns })
            }
            _ => date(cell).map(|ns| Stamp { is_date: true, ns }),
        };
        stamp.ok_or_else(|| {
            format!("\"{}\" is no time; such as 2024-02-29 13:45:00, or seconds", shown(cell))
        })
    }
}

/// `YYYY-MM-DD`, and after a blank or a T `HH:MM:SS`, with a fraction and a Z if need be.
fn date(cell: &str) -> Option<i128> {
    let cell = cell.strip_suffix('Z').unwrap_or(cell);
    let (day, time) = cell.split_once([' ', 'T']).unwrap_or((cell, "00:00:00"));
    let [year, month, day] = whole_numbers(day, '-', [4, 2, 2])?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = whole_numbers(time, ':', [2, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let exists = (1..=12).contains(&month)
        && (1..=last_day).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let digits = !fraction.is_empty() && fraction.bytes().all(|it| it.is_ascii_digit());
    if !exists || !digits {
        return None;
    }
    let fraction_ns: i128 = format!("{fraction:0<9}")[..9].parse().ok()?;
    let secs = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(i128::from(secs) * 1_000_000_000 + fraction_ns)
}

/// Three numbers of so many digits.
fn whole_numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// H. Hinnant, "chrono-compatible low-level date algorithms", 2013, `days_from_civil`.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days_since_1970(1970, 1, 1), 0);
        assert_eq!(days_since_1970(2000, 2, 29), 11_016);
    }
}
