//! Users who leave for good because requests failed, and what a story carries of that from one sampled
//! instant to the next.
//!
//! A sampled instant stands for the time until the next one, and its hour for the whole of each day: as large
//! a share of a day's requests fails as of those that come at that hour. So a sample at the busiest hour tells
//! of the most who may leave. Whoever is left makes as much traffic as before, and the story's curve of users
//! goes on for them: with a third gone, a third is missing from what it says later too.

use crate::model::file::Model;
use crate::network::{Arrival, Names, Network};
use serde::{Deserialize, Serialize};

/// What a sampled instant needs to begin with those who are still there. All of it is in the key under
/// which a store keeps a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaving {
    per_failed_request: f64,
    cap_per_day: f64,
    /// How much more traffic there is at the hour of the instant than in the mean of its day.
    hour: f64,
    /// By class, and after these by session, whether it is what each user does.
    by_users: Vec<bool>,
}

/// The users of a story who have not left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Staying {
    /// As a share of those that there would be.
    pub share: f64,
    /// Which share of them leaves in a day, as things are.
    pub leaving_per_day: f64,
}

impl Staying {
    /// So many days later. Who leaves from then on shows then.
    pub fn later(self, days: f64) -> Staying {
        let share = self.share * libm::pow(1.0 - self.leaving_per_day, days);
        Staying { share, leaving_per_day: 0.0 }
    }
}

impl Leaving {
    /// None where nobody leaves.
    pub fn of(file: &Model, names: &Names, hour: f64) -> Option<Leaving> {
        let churn = file.business.as_ref()?.churn.as_ref()?;
        if !churn.carried || churn.per_failed_request <= 0.0 || churn.cap_per_day <= 0.0 {
            return None;
        }
        let class = |it: &String| file.traffic.get(it).is_some_and(|it| it.per_user.is_some());
        let session = |it: &String| file.sessions.get(it).is_some_and(|it| it.per_user.is_some());
        let classes = names.classes.iter().map(class);
        let by_users = classes.chain(names.sessions.iter().map(session)).collect();
        Some(Leaving {
            per_failed_request: churn.per_failed_request,
            cap_per_day: churn.cap_per_day,
            hour,
            by_users,
        })
    }

    /// Leaves a share of what users do. Requests keep their numbers and so their work; they come later.
    pub fn thin(&self, network: &mut Network, share: f64) {
        let classes = network.classes.iter_mut().map(|it| &mut it.arrival);
        let all = classes.chain(network.sessions.iter_mut().map(|it| &mut it.arrival));
        for (arrival, _) in all.zip(&self.by_users).filter(|it| *it.1) {
            if let Arrival::Open { rates } = arrival {
                rates.iter_mut().for_each(|it| it.1 *= share);
            }
        }
    }

    /// Which share of so many users leaves in a day, if so many requests fail in a window.
    pub fn per_day(&self, failures: f64, window_s: f64, users: f64) -> f64 {
        // Where there is nobody, nobody leaves.
        let days = window_s / 86_400.0 * self.hour * users;
        let share = if days > 0.0 { failures * self.per_failed_request / days } else { 0.0 };
        share.min(self.cap_per_day)
    }

    /// The smallest share that can be left on a day of the story.
    pub fn least(&self, day: f64) -> f64 {
        libm::pow(1.0 - self.cap_per_day, day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaving(hour: f64) -> Leaving {
        Leaving { per_failed_request: 0.01, cap_per_day: 0.2, hour, by_users: vec![true, false] }
    }

    #[test]
    fn failures_of_the_busiest_hour_count_as_many_as_its_day_would_have() {
        // 900 users of whom each makes a request a second that fails would have 864 failures a day each.
        assert_eq!(leaving(1.0).per_day(900.0, 1.0, 900.0), 0.2);
        // Five failures in a minute are 7,200 a day, or 4,000 where the hour has 1.8 times the mean.
        assert!((leaving(1.0).per_day(5.0, 60.0, 900.0) - 0.08).abs() < 1e-12);
        assert!((leaving(1.8).per_day(5.0, 60.0, 900.0) - 0.08 / 1.8).abs() < 1e-12);
        assert_eq!(leaving(1.0).per_day(5.0, 60.0, 0.0), 0.0);
    }

    #[test]
    fn who_stays_is_what_is_left_day_by_day() {
        let now = Staying { share: 0.5, leaving_per_day: 0.2 };
        let later = now.later(3.0);
        assert!((later.share - 0.5 * 0.8 * 0.8 * 0.8).abs() < 1e-15);
        // A part of a day, and once more from where that ended, without leaving twice.
        assert!((now.later(0.5).share - 0.5 * 0.8_f64.sqrt()).abs() < 1e-15);
        assert_eq!(later.later(1.0), later);
        assert_eq!(now.later(0.0).share, 0.5);
        assert!((leaving(1.0).least(3.0) - 0.512).abs() < 1e-15);
    }
}
