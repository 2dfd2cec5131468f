//! Runs that need not be run: what a store has is taken from there, and what it has not is put there.

use super::conduct::Settings;
use super::design::Design;
use super::point::Point;
use super::store::{Label, PointKey, Store};
use super::trial::{Left, Trial, pilot, story, trial, trial_after};
use crate::sim::{Failure, Plan};
use crate::stats::sparse::Sparse;
use crate::units::Span;
use std::sync::{Arc, OnceLock};

/// Where finished replications are kept.
#[derive(Clone, Debug)]
pub struct Keeping {
    pub store: Arc<Store>,
    /// The experiment that they are run for.
    pub experiment: String,
}

/// A point that is run several times, whose key is made once if it is needed.
pub struct Site<'a> {
    pub point: &'a Point,
    pub design: &'a Design,
    key: OnceLock<PointKey>,
}

impl<'a> Site<'a> {
    pub fn new(point: &'a Point, design: &'a Design) -> Site<'a> {
        Site { point, design, key: OnceLock::new() }
    }

    /// One replication, perhaps beginning with what another left, or one that looks for the end of the
    /// warm-up. A whole story tells how far it has come.
    pub fn run(
        &self,
        settings: &Settings,
        plan: &Plan,
        left: Option<&Left>,
        is_pilot: bool,
        tell: &dyn Fn(Span),
    ) -> Result<Trial, Failure> {
        // Only a run that is alone tells by its batches how sure it is; of several they tell how what is
        // beyond a quantile clusters, and need not be exact for that.
        let with_batches = settings.replications.min <= 1;
        let simulate = || {
            let mut trial = match left {
                _ if is_pilot => pilot(self.point, self.design, plan),
                _ if self.point.is_whole_story() => story(self.point, self.design, plan, tell),
                Some(left) => trial_after(left, self.point, self.design, plan),
                None => trial(self.point, self.design, plan),
            }?;
            if !with_batches {
                let batches = trial.responses.iter_mut().flat_map(|it| &mut it.batches);
                batches.for_each(Sparse::coarsen);
            }
            Ok(trial)
        };
        let Some(Keeping { store, experiment }) = &settings.keeping else { return simulate() };
        let point = self.key.get_or_init(|| PointKey::of(self.point, self.design));
        let key = point.run(plan, left, is_pilot, with_batches);
        if let Some(trial) = store.get(&key, plan.events_max) {
            return Ok(trial);
        }
        let trial = simulate()?;
        store.put(&key, self.label(experiment, point, plan, is_pilot), &trial);
        Ok(trial)
    }

    fn label(&self, experiment: &str, point: &PointKey, plan: &Plan, pilot: bool) -> Label {
        Label {
            experiment: experiment.to_owned(),
            model: self.design.name().to_owned(),
            factors: self.design.factors.clone(),
            day: self.point.day,
            users: self.point.users,
            fault: self.point.fault.as_ref().map(|it| it.what.clone()),
            point: point.to_string(),
            pilot,
            seed: plan.seed,
            replication: plan.replication,
            warm_up_s: plan.warm_up.as_secs(),
            window_s: plan.window.as_secs(),
        }
    }
}
