//! Columns of numbers in the text of a CSV file, for parts that follow a recording.

use crate::problem::{Code, Findings, suggest};

/// More rows than that are no recording that a run can follow.
pub const ROWS_MAX: usize = 10_000_000;

/// So many bad rows are told; the rest is likely of the same kind.
const TOLD_MAX: usize = 5;

/// Reads the columns `wanted` of a CSV text with a header, each named by the key that asks for it
/// and its own name. `take` gets the cells of a row, in the order of `wanted`, and says what is
/// wrong with them.
///
/// What is wrong with the text is found at the key `file`; then the answer is false.
pub fn read<const N: usize>(
    csv: &str,
    wanted: [(&str, &str); N],
    findings: &mut Findings,
    mut take: impl FnMut([&str; N]) -> Result<(), String>,
) -> bool {
    let text = csv.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let Some(places) = find(&mut reader, wanted, findings) else { return false };

    let (mut told, mut rows) = (0, 0);
    let mut record = csv::StringRecord::new();
    loop {
        let wrong = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) if rows == ROWS_MAX => {
                let rule = format!("has more than {ROWS_MAX} rows");
                findings.wrong_at("file", Code::E012, rule, "record less often");
                return false;
            }
            Ok(true) => take(places.map(|place| &record[place])).err(),
            Err(error) => Some(unequal(&error)),
        };
        rows += 1;
        if let Some(wrong) = wrong {
            let line = record.position().map_or(0, |it| it.line());
            findings.wrong_at("file", Code::E011, format!("line {line}: {wrong}"), "");
            told += 1;
            if told == TOLD_MAX {
                break;
            }
        }
    }
    if rows == 0 {
        findings.wrong_at("file", Code::E011, "has no rows below its header", "");
    }
    told == 0 && rows > 0
}

/// One column of numbers that are not negative.
pub fn read_one(csv: &str, key: &str, name: &str, findings: &mut Findings) -> Option<Vec<f64>> {
    let mut numbers = Vec::new();
    let whole = read(csv, [(key, name)], findings, |[cell]| {
        numbers.push(number(cell)?);
        Ok(())
    });
    whole.then_some(numbers)
}

/// A finite number, not negative.
pub fn number(cell: &str) -> Result<f64, String> {
    match cell.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        Ok(number) if number < 0.0 => Err(format!("{cell} is negative")),
        _ if cell.is_empty() => Err("a cell is empty where a number should be".to_owned()),
        _ => Err(format!("\"{}\" is no number", shown(cell))),
    }
}

/// The beginning of a cell, for messages.
pub fn shown(cell: &str) -> String {
    let mut text: String = cell.chars().take(40).collect();
    if text.len() < cell.len() {
        text.push('…');
    }
    text
}

fn find<const N: usize>(
    reader: &mut csv::Reader<&[u8]>,
    wanted: [(&str, &str); N],
    findings: &mut Findings,
) -> Option<[usize; N]> {
    let header = match reader.headers() {
        Ok(header) if !header.is_empty() => header,
        Ok(_) => {
            findings.wrong_at("file", Code::E011, "is empty", "it needs a header and rows");
            return None;
        }
        Err(error) => {
            findings.wrong_at("file", Code::E011, format!("has no header: {error}"), "");
            return None;
        }
    };
    let places = wanted.map(|(key, name)| {
        let place = header.iter().position(|column| column == name);
        if place.is_none() {
            let rule = format!("the file has no column \"{name}\"");
            findings.wrong_at(key, Code::E008, rule, suggest(name, header.iter()));
        } else if header.iter().filter(|column| *column == name).count() > 1 {
            let rule = format!("the file has several columns \"{name}\"");
            findings.wrong_at(key, Code::E002, rule, "give each another name in its header");
            return None;
        }
        place
    });
    places.iter().all(Option::is_some).then(|| places.map(|it| it.unwrap_or_default()))
}

fn unequal(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells under a header of {expected_len}")
        }
        _ => format!("cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::path_text;

    fn found(csv: &str, column: &str) -> Vec<String> {
        let mut findings = Findings::default();
        let read = read_one(csv, "column", column, &mut findings);
        assert_eq!(read.is_none(), !findings.is_empty());
        let text = |it: crate::problem::Finding| format!("{}: {}", path_text(&it.path), it.rule);
        findings.into_vec().into_iter().map(text).collect()
    }

    #[test]
    fn a_column_is_found_by_its_name() {
        let csv = "\u{feff}when, requests ,x\n1,2.5,a\n2, 3e2 ,\"b,\n\"\n";
        let mut findings = Findings::default();
        let numbers = read_one(csv, "column", "requests", &mut findings);
        assert_eq!(numbers.unwrap(), [2.5, 300.0]);
    }

    #[test]
    fn bad_rows_are_named_by_their_line() {
        assert_eq!(
            found("n\n1\nmany\n-3\n\"\"\nNaN\n1e999\n2\n?\n", "n"),
            [
                "file: line 3: \"many\" is no number",
                "file: line 4: -3 is negative",
                "file: line 5: a cell is empty where a number should be",
                "file: line 6: \"NaN\" is no number",
                "file: line 7: \"1e999\" is no number",
            ]
        );
        assert_eq!(found("a,n\n1,1\n2\n", "n"), ["file: line 3: has 1 cells under a header of 2"]);
    }

    #[test]
    fn what_is_no_table_is_told() {
        assert_eq!(found("", "n"), ["file: is empty"]);
        assert_eq!(found("n\n", "n"), ["file: has no rows below its header"]);
        assert_eq!(found("m\n1\n", "n"), ["column: the file has no column \"n\""]);
        let twice = "column: the file has several columns \"n\"";
        assert_eq!(found("n,m,n\n1,2,3\n", "n"), [twice]);
        let mut findings = Findings::default();
        assert_eq!(read_one("n,m,n\n1,2,3\n", "column", "m", &mut findings), Some(vec![2.0]));
    }
}
