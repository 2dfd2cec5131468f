//! The days of a whole story, each by itself.

use super::*;

/// A day of a story: what became of the requests of each class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DaySeen {
    pub length_s: f64,
    /// The length of all slices in which fewer than half of the requests were answered.
    pub down_s: f64,
    pub classes: Vec<OfDay>,
}

/// One class on one day: how many requests came and failed, how long it was down, and the responses of those
/// that were answered, in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OfDay {
    pub born: u64,
    pub failed: u64,
    pub down_s: f64,
    pub responses: Sparse,
}

impl Reading<'_> {
    /// The days of a whole story; the last may be a part of one.
    pub(super) fn days(&self) -> Vec<DaySeen> {
        let Some(days) = &self.seen.days else { return Vec::new() };
        let slices = &self.seen.slices;
        let last =
            (!slices.len().is_multiple_of(days.slices())).then(|| days.so_far(&self.seen.classes));
        let (mut from, mut before) = (self.seen.opened, None);
        let all = days.seen.iter().chain(&last).enumerate().map(|(day, responses)| {
            let own = day * days.slices()..((day + 1) * days.slices()).min(slices.len());
            let end = &slices[own.end - 1];
            let classes = self.network().classes.ids().map(|class| {
                let (now, then) = (end.classes[class], counters(before, class));
                OfDay {
                    born: now.born - then.born,
                    failed: now.failed - then.failed,
                    down_s: self.down_s(own.clone(), |it| it.classes[class]),
                    responses: responses[class].clone(),
                }
            });
            let seen = DaySeen {
                classes: classes.collect(),
                length_s: (end.at - from).as_secs(),
                down_s: self.down_s(own.clone(), |it| self.all_users(it)),
            };
            (from, before) = (end.at, Some(end));
            seen
        });
        all.collect()
    }
}

fn counters(at: Option<&Slice>, class: ClassId) -> Counters {
    at.map_or_else(Counters::default, |it| it.classes[class])
}

/// What objectives are held against, on one day of a whole story.
pub fn of_day(trial: &Trial, day: &DaySeen, point: &Point) -> Trial {
    let mut figures = Figures::default();
    let mut all = Decided::default();
    let classes = point.network.classes.ids().zip(&point.names.classes);
    for (seen, (class, name)) in day.classes.iter().zip(classes) {
        let answered = seen.responses.count();
        let decided = Decided { born: seen.born, answered, failed: seen.failed };
        let background = point.network.classes[class].background;
        if !background {
            all.born += decided.born;
            all.answered += decided.answered;
            all.failed += decided.failed;
        }
        let own = Steady::Class(class.index());
        let counts = [("arrivals", seen.born), ("goodput", answered), ("failed", seen.failed)];
        for (what, count) in counts {
            let per_s = count as f64 / day.length_s;
            figures.add(format!("{name}.{what}"), Unit::PerSecond, per_s);
        }
        figures.add_share(own, format!("{name}.failure_ratio"), &decided, true);
        if !background {
            figures.add_share(own, format!("{name}.availability"), &decided, false);
            figures.add(format!("{name}.downtime"), Unit::Seconds, seen.down_s);
        }
        let mut responses = Histogram::new();
        responses.add(&seen.responses);
        times(own, &format!("{name}.response"), &responses, &mut figures);
    }
    figures.add_share(Steady::System, "availability".to_owned(), &all, false);
    figures.add("downtime".to_owned(), Unit::Seconds, day.down_s);
    Trial { mirrored: trial.mirrored, figures: figures.0, ..Trial::default() }
}
