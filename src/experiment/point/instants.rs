//! The instants of a story that are sampled.

use super::{Point, point};
use crate::experiment::design::Design;
use crate::experiment::file::{At, Experiment, Hour, Story};
use crate::units::Span;

/// One sampled instant: its day, its users, and how many users' worth of traffic they make then.
pub(super) struct Instant {
    pub(super) day: Option<f64>,
    pub(super) users: Option<f64>,
    pub(super) load: Option<f64>,
}

pub(super) fn instants(experiment: &Experiment, design: &Design) -> Vec<Instant> {
    let Some(story) = &experiment.growth else {
        let users = design.model.file.users;
        return vec![Instant { day: None, users, load: users }];
    };
    let samples = story.over.nanos() / story.sample.every.nanos();
    (0..=samples).map(|i| instant(experiment, story.sample.every * i)).collect()
}

pub(super) fn instant(experiment: &Experiment, at: Span) -> Instant {
    let Some(story) = &experiment.growth else {
        return Instant { day: None, users: None, load: None };
    };
    // People come whole.
    let users = story.users.users_at(at, story.over).round();
    let factor = hour_factor(story);
    let day = at.as_secs() / 86_400.0;
    Instant { day: Some(day), users: Some(users), load: Some(users * factor) }
}

/// How much more traffic there is at the hour that is looked at than in the mean of the day.
pub(super) fn hour_factor(story: &Story) -> f64 {
    match (&story.daily, story.sample.at) {
        (None, _) | (_, At::Hour(Hour::Mean)) => 1.0,
        (Some(daily), At::Hour(Hour::Peak)) => daily.peak_to_mean,
        (Some(daily), At::Time(time)) => daily.factor(time),
    }
}

/// The instant of a story on a day, or with so many users on no day in particular, at the hour that
/// its samples are taken at; nothing after the end of the story.
pub fn at_instant(
    experiment: &Experiment,
    design: usize,
    of: &Design,
    day: Option<f64>,
    users: Option<f64>,
) -> Option<Point> {
    let over = experiment.growth.as_ref()?.over;
    let instant = match (day, users) {
        (Some(day), _) if (0.0..=over.as_secs() / 86_400.0).contains(&day) => {
            instant(experiment, Span::from_secs(day * 86_400.0))
        }
        (None, Some(users)) if users >= 0.0 => {
            let factor = experiment.growth.as_ref().map_or(1.0, hour_factor);
            Instant { day: None, users: Some(users), load: Some(users * factor) }
        }
        _ => return None,
    };
    Some(point(experiment, design, of, &instant))
}
