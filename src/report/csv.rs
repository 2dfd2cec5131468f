//! An outcome as tidy CSV: one row for each metric of each point.
//!
//! Wickham, "Tidy data", Journal of Statistical Software 59(10), 2014.

use crate::outcome::{Estimate, Outcome, Point, Series, level_text};
use indexmap::IndexSet;

const BEFORE: [&str; 1] = ["model"];
const AFTER: [&str; 13] = [
    "day",
    "users",
    "fault",
    "metric",
    "value",
    "half_width",
    "low",
    "high",
    "confidence",
    "replications",
    "unit",
    "overloaded_by",
    "bottleneck",
];

/// The points of an outcome as CSV; what does not apply to a row is empty.
///
/// Each factor has a column under its path; one whose path is also the name of another column is
/// called `factor.` and its path.
pub fn text(outcome: &Outcome) -> String {
    let factors: IndexSet<&str> =
        outcome.points.iter().flat_map(|it| it.factors.keys()).map(String::as_str).collect();
    let mut rows = vec![header(&factors)];
    for point in &outcome.points {
        for (metric, estimate) in &point.metrics {
            rows.push(row(point, &factors, metric, estimate));
        }
    }
    written(rows.iter())
}

/// How all faults went, slice by slice, as CSV: one row for each value. Nothing if nothing failed.
pub fn series(outcome: &Outcome) -> Option<String> {
    let mut rows: Vec<[String; 7]> = Vec::new();
    for point in &outcome.points {
        let (Some(fault), Some(series)) = (&point.fault, &point.series) else { continue };
        let day = point.day.map(|it| it.to_string()).unwrap_or_default();
        for (name, unit, values) in columns(series) {
            for (at_s, value) in series.at_s.iter().zip(values) {
                rows.push([
                    outcome.label(&point.model, &point.factors),
                    day.clone(),
                    fault.what.clone(),
                    (at_s - fault.at_s).to_string(),
                    name.clone(),
                    value.map(|it| it.to_string()).unwrap_or_default(),
                    unit.to_owned(),
                ]);
            }
        }
    }
    let header = ["model", "day", "fault", "seconds_since", "what", "value", "unit"];
    (!rows.is_empty()).then(|| {
        let header = [header.map(str::to_owned)];
        written(header.iter().chain(&rows))
    })
}

/// What metrics depend on as CSV: one row for each measure of each factor. Nothing if nobody asked.
pub fn sensitivities(outcome: &Outcome) -> Option<String> {
    let number = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
    let mut rows: Vec<[String; 12]> = Vec::new();
    for of in &outcome.sensitivities {
        for (rank, (path, factor)) in of.factors.iter().enumerate() {
            for (measure, estimate) in factor.measures() {
                let unit = estimate.unit.and_then(|it| serde_json::to_value(it).ok());
                rows.push([
                    of.model.clone(),
                    number(of.day),
                    of.metric.clone(),
                    (rank + 1).to_string(),
                    path.clone(),
                    factor.from.clone(),
                    factor.to.clone(),
                    measure.to_owned(),
                    estimate.value.to_string(),
                    number(estimate.half_width),
                    estimate.confidence.to_string(),
                    unit.as_ref().map(level_text).unwrap_or_default(),
                ]);
            }
        }
    }
    let header = [
        "model",
        "day",
        "metric",
        "rank",
        "factor",
        "from",
        "to",
        "measure",
        "value",
        "half_width",
        "confidence",
        "unit",
    ];
    (!rows.is_empty()).then(|| {
        let header = [header.map(str::to_owned)];
        written(header.iter().chain(&rows))
    })
}

/// The columns of a series by name, with their units.
fn columns(series: &Series) -> Vec<(String, &'static str, Vec<Option<f64>>)> {
    let certain = |values: &[f64]| values.iter().map(|it| Some(*it)).collect();
    let mut all = vec![
        ("born".to_owned(), "1/s", certain(&series.born)),
        ("answered".to_owned(), "1/s", certain(&series.answered)),
        ("failed".to_owned(), "1/s", certain(&series.failed)),
        ("response.mean".to_owned(), "s", series.response_mean.clone()),
    ];
    for (name, values) in &series.response {
        all.push((format!("response.{name}"), "s", values.clone()));
    }
    for (name, instances) in &series.instances {
        all.push((format!("{name}.instances.up"), "", certain(&instances.up)));
        all.push((format!("{name}.instances.believed"), "", certain(&instances.believed)));
    }
    for (name, shares) in &series.cpu {
        all.push((format!("{name}.cpu.utilization"), "ratio", shares.clone()));
    }
    all
}

fn written<'r, R>(rows: impl Iterator<Item = &'r R>) -> String
where
    R: AsRef<[String]> + 'r,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.as_ref()).expect("rows of one length, written to memory");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("made of text")
}

fn header(factors: &IndexSet<&str>) -> Vec<String> {
    let is_taken = |name: &str| BEFORE.contains(&name) || AFTER.contains(&name);
    let column = |path: &&str| match is_taken(path) {
        true => format!("factor.{path}"),
        false => (*path).to_owned(),
    };
    let fixed = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    [fixed(&BEFORE), factors.iter().map(column).collect(), fixed(&AFTER)].concat()
}

fn row(point: &Point, factors: &IndexSet<&str>, metric: &str, estimate: &Estimate) -> Vec<String> {
    let number = |it: Option<f64>| it.map(|it| it.to_string()).unwrap_or_default();
    let unit = estimate.unit.and_then(|it| serde_json::to_value(it).ok());
    let mut row = vec![point.model.clone()];
    row.extend(factors.iter().map(|it| point.factors.get(*it).map(level_text).unwrap_or_default()));
    row.extend([
        number(point.day),
        number(point.users),
        point.fault.as_ref().map(|it| it.what.clone()).unwrap_or_default(),
        metric.to_owned(),
        estimate.value.to_string(),
        number(estimate.half_width),
        number(estimate.ends().map(|it| it.0)),
        number(estimate.ends().map(|it| it.1)),
        estimate.confidence.to_string(),
        point.replications.to_string(),
        unit.as_ref().map(level_text).unwrap_or_default(),
        point.overloaded.as_ref().map(|it| it.by.clone()).unwrap_or_default(),
        point.bottleneck.as_ref().map(|it| it.name.clone()).unwrap_or_default(),
    ]);
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn each_metric_of_each_point_is_a_row_with_its_factors() {
        let outcome = fixture::sweep();
        let text = text(&outcome);
        let mut lines = text.lines();
        assert_eq!(
            lines.next().unwrap(),
            "model,services.content.instances,day,users,fault,metric,value,half_width,low,high,\
             confidence,replications,unit,overloaded_by,bottleneck"
        );
        assert_eq!(
            lines.next().unwrap(),
            "microservices,4,,62500,,login.arrivals,8.680555555555555,0.06944444444444445,\
             8.61111111111111,8.75,0.95,12,/s,,inference"
        );
        let metrics: usize = outcome.points.iter().map(|it| it.metrics.len()).sum();
        assert_eq!(lines.count() + 1, metrics);
    }

    #[test]
    fn each_measure_of_what_a_metric_depends_on_is_a_row_with_its_rank() {
        let text = sensitivities(&fixture::sensitivity()).unwrap();
        let mut lines = text.lines();
        assert_eq!(
            lines.next().unwrap(),
            "model,day,metric,rank,factor,from,to,measure,value,half_width,confidence,unit"
        );
        assert_eq!(
            lines.next().unwrap(),
            "microservices,,generate.response.p95,1,services.content.instances,4,64,effect,0.84,0.21,0.95,s"
        );
        assert_eq!(lines.count(), 10);
        assert_eq!(sensitivities(&fixture::sweep()), None);
    }

    #[test]
    fn a_factor_named_like_a_column_is_told_apart_from_it() {
        let mut outcome = fixture::sweep();
        outcome.points[0].factors.insert("users".into(), 5.into());
        let text = text(&outcome);
        assert!(text.starts_with("model,services.content.instances,factor.users,day,users,"));
        let records: Result<Vec<_>, _> =
            csv::Reader::from_reader(text.as_bytes()).records().collect();
        assert!(records.is_ok(), "every row has every column");
    }

    #[test]
    fn numbers_are_read_back_to_the_same_bits() {
        let outcome = fixture::blitz();
        let text = text(&outcome);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let values: Vec<f64> = reader.records().map(|it| it.unwrap()[5].parse().unwrap()).collect();
        let expected: Vec<f64> =
            outcome.points.iter().flat_map(|it| it.metrics.values()).map(|it| it.value).collect();
        assert_eq!(values, expected);
    }
}
