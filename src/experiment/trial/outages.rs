//! Figures of outages: how many instances there were, and how long it took to notice and come back.

use super::*;
use crate::sim::{Present, Turns};
use crate::units::Time;

impl Reading<'_> {
    /// Where something fails.
    pub(super) fn outages(&self, figures: &mut Figures) {
        if self.network().faults.is_empty() {
            return;
        }
        let window_ns = self.window.nanos() as f64;
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            let Present { up, believed } = self.usage.presence[service];
            let mut add = |what: &str, area_ns: u128| {
                let mean = area_ns as f64 / window_ns;
                figures.add(format!("{name}.instances.{what}"), Unit::Count, mean);
            };
            add("up", up);
            add("believed", believed);
        }
        self.turns(figures);
    }

    /// How long it took until those that went down were missed, were back, and were found to be.
    pub(super) fn turns(&self, figures: &mut Figures) {
        let (Some(failing), Some(course)) = (self.failing, &self.seen.course) else { return };
        let begun = self.seen.opened + failing.at;
        let ended = begun + failing.duration;
        let failed = |it: &&Turns| it.down.is_some_and(|it| it >= begun);
        let gone: Vec<&Turns> = course.turns.as_slice().iter().filter(failed).collect();
        if gone.is_empty() {
            return;
        }
        let mut add = |name: &str, from: Time, of: fn(&Turns) -> Option<Time>| {
            figures.add(name.to_owned(), Unit::Seconds, last(&gone, from, of));
        };
        add("detection", begun, |it| it.ejected);
        add("restart", ended, |it| it.up);
        add("return", ended, |it| it.back);
    }

    pub(super) fn course(&self) -> Option<CourseSeen> {
        let course =
            self.seen.course.as_ref().filter(|_| self.failing.is_some() || self.is_pilot)?;
        Some(CourseSeen {
            responses: course.responses.clone(),
            instances: course.instances.as_slice().to_vec(),
            cpus: course.cpus.as_slice().to_vec(),
        })
    }
}

/// From a time until the last of those that went down has come so far; nothing if one has not.
fn last(gone: &[&Turns], from: Time, of: fn(&Turns) -> Option<Time>) -> Option<f64> {
    let all: Option<Vec<Time>> = gone.iter().map(|it| of(it)).collect();
    let last = all?.into_iter().max()?;
    Some((last.max(from) - from).as_secs())
}
