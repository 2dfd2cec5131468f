//! When pilots have settled: the end of the warm-up, by several signals.

use super::point::{Point, slice_of};
use super::trial::Trial;
use crate::stats::{Truncation, slowest};
use crate::units::Span;

/// Into how many slices a pilot's window is cut: 40 batches of five.
pub const PILOT_SLICES: u64 = 200;

/// When a run has settled, if it does in time, and the signal by which that is known.
pub struct Transient {
    pub at: Option<Span>,
    pub by: String,
}

/// When the slowest of several signals, each averaged over the pilots, has settled; to the next whole
/// slice of a run. One alone may settle early: a line keeps growing while the device is full.
pub fn end_of_transient(pilots: &[Trial], point: &Point) -> Option<Transient> {
    let responses = |pilot: &Trial| -> Vec<f64> {
        let slices = pilot.slices.iter();
        slices.map(|it| if it.answered > 0.0 { it.response_s / it.answered } else { 0.0 }).collect()
    };
    let all_classes = |pilot: &Trial| -> Vec<f64> {
        let slices = 0..pilot.slices.len();
        slices.map(|slice| pilot.backlog.iter().map(|class| class[slice]).sum()).collect()
    };
    let signal = |of: &dyn Fn(&Trial) -> Vec<f64>| pilots.iter().map(of).collect();
    let mut signals = vec![signal(&all_classes), signal(&responses)];
    let mut names = vec!["requests inside".to_owned(), "response".to_owned()];
    if let Some(group) = busiest(pilots) {
        signals.push(signal(&|pilot| utilization(pilot, group)));
        names.push(format!("{}.cpu.utilization", point.names.groups[group]));
    }
    let (which, cut) = slowest(&signals)?;
    let at = match cut {
        Truncation::NotReached => None,
        Truncation::At(latest) => {
            let slice = slice_of(point.window).nanos();
            let end = point.window.nanos() / PILOT_SLICES * latest as u64;
            Some(Span::from_nanos(end.div_ceil(slice) * slice))
        }
    };
    Some(Transient { at, by: names.swap_remove(which) })
}

/// The host group whose processors have the most to do in the pilots.
fn busiest(pilots: &[Trial]) -> Option<usize> {
    let groups = pilots.first()?.course.as_ref()?.cpus.len();
    let mean = |group: usize| -> f64 { pilots.iter().flat_map(|it| utilization(it, group)).sum() };
    let busier = |a: usize, b: usize| if mean(b) > mean(a) { b } else { a };
    (0..groups).reduce(busier).filter(|it| mean(*it) > 0.0)
}

/// How busy the processors of a host group were in each slice.
fn utilization(pilot: &Trial, group: usize) -> Vec<f64> {
    let slices = pilot.course.iter().flat_map(|it| &it.cpus[group]);
    slices.map(|[used, all]| if *all > 0.0 { used / all } else { 0.0 }).collect()
}
