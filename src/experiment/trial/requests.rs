//! Figures of traffic classes and of the system as a whole: what became of requests, and what it cost.

use super::*;
use std::ops::Range;

/// What became of the requests of a class in a tenth of a window.
struct Tenth {
    length_s: f64,
    born: f64,
    answered: f64,
    failed: f64,
}

impl Tenth {
    /// The share of its requests that were answered; none where none was answered or failed.
    fn availability(&self) -> Option<f64> {
        let all = self.answered + self.failed;
        (all > 0.0).then(|| self.answered / all)
    }

    fn add(&mut self, other: &Tenth) {
        self.born += other.born;
        self.answered += other.answered;
        self.failed += other.failed;
    }
}

impl Reading<'_> {
    /// What became of the requests of each class.
    pub(super) fn decided(&self) -> impl Iterator<Item = Decided> + '_ {
        self.seen.classes.as_slice().iter().map(|it| Decided {
            born: it.born,
            answered: it.response.count(),
            failed: it.failed.iter().sum(),
        })
    }

    pub(super) fn class(&self, class: ClassId, figures: &mut Figures) {
        let seen = &self.seen.classes[class];
        let name = &self.names().classes[class.index()];
        let per_s = |count: u64| count as f64 / self.window_s();
        let failed: u64 = seen.failed.iter().sum();
        let answered = seen.response.count();
        let batches = self.batches(class);
        let in_batches =
            |count: fn(&Tenth) -> f64| batches.iter().map(move |it| Some(count(it) / it.length_s));
        figures.add(format!("{name}.arrivals"), Unit::PerSecond, per_s(seen.born));
        figures.in_batches(in_batches(|it| it.born));
        figures.add(format!("{name}.goodput"), Unit::PerSecond, per_s(answered));
        figures.in_batches(in_batches(|it| it.answered));
        figures.add(format!("{name}.failed"), Unit::PerSecond, per_s(failed));
        figures.in_batches(in_batches(|it| it.failed));
        for (reason, count) in Reason::NAMES.iter().zip(seen.failed) {
            if *reason == Reason::NAMES[Reason::Error.index()] && !self.has_errors() {
                continue;
            }
            figures.add(format!("{name}.failed.{reason}"), Unit::PerSecond, per_s(count));
        }
        if self.has_fallbacks() {
            figures.add(format!("{name}.degraded"), Unit::PerSecond, per_s(seen.degraded));
        }
        let decided = Decided { born: seen.born, answered, failed };
        let own = Steady::Class(class.index());
        figures.add_share(own, format!("{name}.failure_ratio"), &decided, true);
        figures.in_batches(batches.iter().map(|it| it.availability().map(|it| 1.0 - it)));
        if !self.is_background(class) {
            figures.add_share(own, format!("{name}.availability"), &decided, false);
            figures.in_batches(batches.iter().map(Tenth::availability));
        }
        let attempts = share(seen.born + seen.retries, seen.born);
        figures.add(format!("{name}.attempts"), Unit::Count, attempts);
        if !self.is_background(class) {
            figures.add(format!("{name}.downtime"), Unit::Seconds, self.downtime_s(class));
        }
        times(own, &format!("{name}.response"), &seen.response, figures);
        let levels = std::iter::once(None).chain(QUANTILES.iter().map(|it| Some(it.1)));
        // The maximum, which was added last, is no estimate of anything.
        let added = figures.0.iter_mut().rev().skip(1).take(1 + QUANTILES.len());
        for (figure, quantile) in added.rev().zip(levels) {
            figure.response = Some(Response { class: class.index(), quantile });
        }
    }

    /// What became of the requests of a class in each of the window's batches.
    fn batches(&self, class: ClassId) -> Vec<Tenth> {
        let slices = &self.seen.slices;
        let length = slices.len() / BATCHES;
        let (mut from, mut before) = (self.seen.opened, Counters::default());
        let ends =
            (1..=if length > 0 { BATCHES } else { 0 }).map(|batch| &slices[batch * length - 1]);
        let batches = ends.map(|end| {
            let now = end.classes[class];
            let batch = Tenth {
                length_s: (end.at - from).as_secs(),
                born: (now.born - before.born) as f64,
                answered: (now.answered - before.answered) as f64,
                failed: (now.failed - before.failed) as f64,
            };
            (from, before) = (end.at, now);
            batch
        });
        batches.collect()
    }

    /// The same of all classes together in which users wait.
    fn batches_of_users(&self) -> Vec<Tenth> {
        let classes = self.network().classes.ids().filter(|it| !self.is_background(*it));
        let add = |mut sum: Vec<Tenth>, more: Vec<Tenth>| {
            sum.iter_mut().zip(&more).for_each(|(sum, more)| sum.add(more));
            sum
        };
        classes.map(|it| self.batches(it)).reduce(add).unwrap_or_default()
    }

    /// The length of all slices in which fewer than half as many requests of a class were answered
    /// as were born.
    fn downtime_s(&self, class: ClassId) -> f64 {
        self.down_s(0..self.seen.slices.len(), |it| it.classes[class])
    }

    /// The same over some of the slices, for what these counters count.
    pub(super) fn down_s(
        &self,
        slices: Range<usize>,
        counters: impl Fn(&Slice) -> Counters,
    ) -> f64 {
        let all = &self.seen.slices;
        let earlier = slices.start.checked_sub(1).map(|it| &all[it]);
        let mut from = earlier.map_or(self.seen.opened, |it| it.at);
        let mut before = earlier.map_or_else(Counters::default, &counters);
        let mut down_s = 0.0;
        for slice in &all[slices] {
            let now = counters(slice);
            if 2 * (now.answered - before.answered) < now.born - before.born {
                down_s += (slice.at - from).as_secs();
            }
            (from, before) = (slice.at, now);
        }
        down_s
    }

    pub(super) fn system(&self, slices: &[SliceSeen], figures: &mut Figures) {
        self.all_together(slices, figures);
        self.costs(figures);
        self.losses(figures);
    }

    /// All classes together in which users wait.
    pub(super) fn all_together(&self, slices: &[SliceSeen], figures: &mut Figures) {
        let users = self.network().classes.ids().zip(self.decided());
        let users = users.filter(|it| !self.is_background(it.0)).map(|it| it.1);
        let all = users.fold(Decided::default(), |sum, it| Decided {
            born: sum.born + it.born,
            answered: sum.answered + it.answered,
            failed: sum.failed + it.failed,
        });
        figures.add_share(Steady::System, "availability".to_owned(), &all, false);
        figures.in_batches(self.batches_of_users().iter().map(Tenth::availability));
        let down = slices.iter().filter(|it| 2.0 * it.answered < it.born).map(|it| it.length_s);
        figures.add("downtime".to_owned(), Unit::Seconds, down.sum::<f64>());
        if let Some(failing) = self.failing {
            let recovery = recovery_s(slices, failing.at.as_secs(), failing.duration.as_secs());
            figures.add("recovery".to_owned(), Unit::Seconds, recovery);
        }
    }

    fn costs(&self, figures: &mut Figures) {
        let groups = self.network().groups.as_slice();
        let hosts: f64 = groups.iter().map(|it| self.hosts_there(it) * it.price_per_hour).sum();
        let egress = self.egress_per_hour();
        if let Some(per_hour) = egress {
            let per_month = per_hour * HOURS_PER_MONTH;
            figures.add("cost.egress".to_owned(), Unit::MoneyPerMonth, per_month);
        }
        let per_hour = hosts + egress.unwrap_or(0.0);
        if per_hour > 0.0 {
            figures.add("cost.hour".to_owned(), Unit::MoneyPerHour, per_hour);
            figures.add("cost.month".to_owned(), Unit::MoneyPerMonth, per_hour * HOURS_PER_MONTH);
        }
    }

    pub(super) fn losses(&self, figures: &mut Figures) {
        let Some(business) = self.business else { return };
        let failed =
            |class: usize| -> u64 { self.seen.classes.as_slice()[class].failed.iter().sum() };
        if let Some(revenue) = &business.revenue
            && let Some(class) = self.names().classes.iter().position(|it| *it == revenue.per)
        {
            let lost = failed(class) as f64 * revenue.amount;
            figures.add("revenue.lost".to_owned(), Unit::Money, lost);
        }
        if let (Some(churn), Some(users)) = (&business.churn, self.users) {
            if self.point.leaving.is_some() {
                figures.add("users.left".to_owned(), Unit::Users, users);
            }
            let days = self.window_s() / 86_400.0;
            let most = users * churn.cap_per_day * days.max(1.0);
            let lost = (self.failures() as f64 * churn.per_failed_request).min(most);
            figures.add("users.lost".to_owned(), Unit::Users, lost);
        }
    }

    /// Requests that failed in which users wait.
    fn failures(&self) -> u64 {
        let own = self.network().classes.ids().filter(|it| !self.is_background(*it));
        own.map(|it| self.seen.classes[it].failed.iter().sum::<u64>()).sum()
    }

    /// Who is there, and who leaves, if anybody does.
    pub(super) fn users_left(&self) -> Option<Staying> {
        let (leaving, users) = (self.point.leaving.as_ref()?, self.users?);
        let leaving_per_day = leaving.per_day(self.failures() as f64, self.window_s(), users);
        Some(Staying { share: self.staying, leaving_per_day })
    }
}

/// From the end of the fault until the first slice after which as large a share is answered as
/// before it, less one twentieth; nothing if that does not happen in the window, nor if fewer than
/// half were answered before it: then there is nothing to come back to.
fn recovery_s(slices: &[SliceSeen], at_s: f64, for_s: f64) -> Option<f64> {
    let answered = |slices: &mut dyn Iterator<Item = &SliceSeen>| {
        let (good, all) = slices.fold((0.0, 0.0), |(good, all), it| {
            (good + it.answered, all + it.answered + it.failed)
        });
        (all > 0.0).then(|| good / all)
    };
    let before = answered(&mut slices.iter().filter(|it| it.at_s + it.length_s <= at_s))?;
    if before < 0.5 {
        return None;
    }
    let end_s = at_s + for_s;
    let after: Vec<&SliceSeen> = slices.iter().filter(|it| it.at_s >= end_s).collect();
    let bad = |it: &&SliceSeen| {
        answered(&mut std::iter::once(*it)).is_none_or(|share| share < before - 0.05)
    };
    match after.iter().rposition(bad) {
        None => Some(0.0),
        Some(last) => after.get(last + 1).map(|it| it.at_s - end_s),
    }
}
