//! Instants as people write them.

use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-03-14 15:09`, of the universal time.
pub fn written(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (year, month, day) = date((since / 86_400) as i64);
    let (hour, minute) = (since % 86_400 / 3600, since % 3600 / 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// Year, month and day from the days since 1970.
///
/// Counted in years that begin in March, so that a leap day is the last of its year: E. G. Richards,
/// "Calendars", in Explanatory Supplement to the Astronomical Almanac, 3rd ed., 2013, §15.11.
fn date(days: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097; // days in 400 years
    let since_march = days + 719_468; // from 1 March of the year 0
    let (era, of_era) = (since_march.div_euclid(ERA), since_march.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = 400 * era + year_of_era + i64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn days_of_leap_years_and_ends_of_years_have_their_dates() {
        let check = |since: u64, expected: &str| {
            assert_eq!(written(UNIX_EPOCH + Duration::from_secs(since)), expected);
        };
        check(0, "1970-01-01 00:00");
        check(951_782_400 - 60, "2000-02-28 23:59");
        check(951_782_400, "2000-02-29 00:00");
        check(1_709_251_199, "2024-02-29 23:59");
        check(1_798_761_599, "2026-12-31 23:59");
        check(1_798_761_600, "2027-01-01 00:00");
        check(4_107_542_400, "2100-03-01 00:00");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = date(-1);
        for day in 0..200_000 {
            let (year, month, number) = date(day);
            let next_day = (year, month) == (before.0, before.1) && number == before.2 + 1;
            let next_month = number == 1 && before.2 >= 28;
            assert!(next_day || next_month, "{before:?} before {year}-{month}-{number}");
            before = (year, month, number);
        }
    }
}
