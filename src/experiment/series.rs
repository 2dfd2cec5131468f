//! How a fault went, slice by slice, averaged over replications.

use super::trial::{CourseSeen, SliceSeen, Trial};
use crate::network::Names;
use crate::outcome::{Instances, Series};

/// What happened slice by slice, averaged over replications.
pub fn series(trials: &[Trial], names: &Names) -> Series {
    let slices = trials.iter().map(|it| it.slices.len()).min().unwrap_or(0);
    let mut series = Series::default();
    for i in 0..slices {
        let of = |value: fn(&SliceSeen) -> f64| {
            trials.iter().map(|it| value(&it.slices[i])).sum::<f64>()
        };
        let length_s = of(|it| it.length_s);
        if length_s <= 0.0 {
            continue;
        }
        if i == 0 {
            series.slice_s = length_s / trials.len() as f64;
        }
        series.at_s.push(trials[0].slices[i].at_s);
        series.born.push(of(|it| it.born) / length_s);
        series.answered.push(of(|it| it.answered) / length_s);
        series.failed.push(of(|it| it.failed) / length_s);
        let answered = of(|it| it.answered);
        series.response_mean.push((answered > 0.0).then(|| of(|it| it.response_s) / answered));
    }
    courses(trials, names, &mut series);
    series
}

/// How long answers took, who was there, and how busy the rest were.
fn courses(trials: &[Trial], names: &Names, series: &mut Series) {
    let courses: Vec<&CourseSeen> = trials.iter().filter_map(|it| it.course.as_ref()).collect();
    let slices = series.at_s.len();
    for (q, name) in ["p50", "p95", "p99"].into_iter().enumerate() {
        let of = |i: usize| {
            let all = courses.iter().filter_map(|it| it.responses.get(i)?[q]);
            mean(all).map(|ns| ns / 1e9)
        };
        series.response.insert(name.to_owned(), (0..slices).map(of).collect());
    }
    for (service, name) in names.services.iter().enumerate() {
        let of = |which: usize| -> Option<Vec<f64>> {
            let at = |i: usize| {
                let all = courses.iter().filter_map(|it| it.instances[service].get(i));
                mean(all.map(|it| f64::from(it[which])))
            };
            (0..slices).map(at).collect()
        };
        if let (Some(up), Some(believed)) = (of(0), of(1)) {
            series.instances.insert(name.clone(), Instances { up, believed });
        }
    }
    for (group, name) in names.groups.iter().enumerate() {
        let of = |i: usize| {
            let all = courses.iter().filter_map(|it| it.cpus[group].get(i));
            let (used, up) = all.fold((0.0, 0.0), |sum, it| (sum.0 + it[0], sum.1 + it[1]));
            (up > 0.0).then(|| used / up)
        };
        let shares: Vec<Option<f64>> = (0..slices).map(of).collect();
        if shares.iter().any(Option::is_some) {
            series.cpu.insert(name.clone(), shares);
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), it| (sum + it, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
