//! A new version that is tried on a part of the instances: how they fare, and whether it goes on or back.

use super::*;
use crate::network::{ScalerId, VisitId};
use crate::parts::operation::canary::{Canary, CanaryObjective, Tried};
use crate::parts::operation::deploy::Changes;
use crate::sim::scaling::{Census, Stage};
use crate::sim::token::Reason;

/// What the draws are for that say whether a new version answers with an error.
const FAILS: u64 = 0x6661_696c;

impl<'n, P: Probe> Engine<'n, P> {
    pub(super) fn canary(&self, scaler: ScalerId) -> Option<&'n Canary> {
        self.network.scalers[scaler].deploy.as_ref()?.strategy.canary()
    }

    fn objective(&self, scaler: ScalerId) -> Option<&'n CanaryObjective> {
        self.canary(scaler)?.objective.as_ref()
    }

    pub(super) fn first_stage(&mut self, scaler: ScalerId) {
        if self.canary(scaler).is_some() {
            self.scalers[scaler].rollout.stage = Some(Stage::default());
        }
    }

    /// How many are to be of the newest version now.
    pub(super) fn of_new(&self, scaler: ScalerId) -> u32 {
        let state = &self.scalers[scaler];
        let wanted = state.wanted.level();
        let step = state.rollout.stage.map(|it| it.step);
        let deploy = self.network.scalers[scaler].deploy.as_ref();
        deploy.map_or(wanted, |it| it.strategy.of_new(step, wanted))
    }

    /// A step is held from when all are ready that it asks for, and as many of the others have gone.
    pub(super) fn hold(&mut self, scaler: ScalerId, census: Census, of_new: u32) {
        let (Some(canary), now) = (self.canary(scaler), self.now) else { return };
        let state = &mut self.scalers[scaler];
        let wanted = state.wanted.level();
        let rollout = &mut state.rollout;
        let Some(stage) = &mut rollout.stage else { return };
        if stage.held || census.new_ready < of_new || census.old + of_new > wanted {
            return;
        }
        stage.held = true;
        rollout.holds += 1;
        let (at, holds) = (now + canary.steps[stage.step].hold, rollout.holds);
        self.control(at, Control::Held(scaler, holds));
    }

    /// A step has been held for long enough, if those it asks for have had enough requests.
    pub(super) fn held(&mut self, scaler: ScalerId, holds: u32) {
        let (Some(canary), objective) = (self.canary(scaler), self.objective(scaler)) else {
            return;
        };
        let rollout = &mut self.scalers[scaler].rollout;
        let Some(stage) = rollout.stage.as_mut().filter(|it| it.held && rollout.holds == holds)
        else {
            return;
        };
        stage.is_over = true;
        let tried = stage.tried;
        if objective.is_some_and(|it| tried.requests < it.requests) {
            return;
        }
        if objective.is_some_and(|it| it.is_missed(&tried)) {
            rollout.go_back(self.now);
        } else {
            let step = stage.step + 1;
            rollout.stage =
                (step < canary.steps.len()).then_some(Stage { step, ..Stage::default() });
        }
        self.deploy_goes_on(scaler);
    }

    /// An instance is done with a request, well or not.
    pub(super) fn try_out(&mut self, id: TokenId, instance: InstanceId, failed: bool) {
        let Some(scaler) = self.canary_of(instance) else { return };
        let Some(objective) = self.objective(scaler) else { return };
        let token = &self.tokens[id];
        let gone = token.flags & (flag::ORPHAN | flag::CUT) != 0 && token.depth == token.base;
        let answered = (!failed && !gone).then_some(self.now - token.born);
        let now = self.now;
        let rollout = &mut self.scalers[scaler].rollout;
        let Some(stage) = rollout.stage.as_mut().filter(|it| it.held) else { return };
        objective.note(&mut stage.tried, answered);
        let Tried { requests, failed, .. } = &mut rollout.tried;
        *requests += 1;
        *failed += u64::from(answered.is_none());
        if stage.is_over && stage.tried.requests == objective.requests {
            let holds = rollout.holds;
            self.control(now, Control::Held(scaler, holds));
        }
    }

    /// The service whose newest version an instance is of, while that is tried out.
    fn canary_of(&self, instance: InstanceId) -> Option<ScalerId> {
        if self.lives.is_empty() {
            return None;
        }
        let scaler = self.scaler_of(instance)?;
        let rollout = &self.scalers[scaler].rollout;
        let is_new = self.lives[instance].version == rollout.newest;
        (is_new && rollout.stage.is_some()).then_some(scaler)
    }

    /// What is different in the version that an instance is of.
    fn changes(&self, instance: InstanceId) -> Option<&'n Changes> {
        if self.lives.is_empty() || self.lives[instance].version == 0 {
            return None;
        }
        let deploy = self.network.scalers[self.scaler_of(instance)?].deploy.as_ref()?;
        Some(&deploy.changes)
    }

    /// How much more CPU time its version takes, as a multiple.
    pub(super) fn cost_of_version(&self, instance: InstanceId) -> f64 {
        self.changes(instance).map_or(1.0, |it| it.cpu)
    }

    /// An instance of some version comes into being where one of another may have been.
    pub(super) fn change_version(&mut self, scaler: ScalerId, instance: InstanceId) {
        let deploy = self.network.scalers[scaler].deploy.as_ref();
        if deploy.is_some_and(|it| it.changes.cpu != 1.0) {
            self.change_speeds(&[instance], &[]);
        }
    }

    /// Whether somebody has to look at how each request ends in an instance of a new version.
    pub(super) fn is_tried_out(&self, instance: InstanceId) -> bool {
        let fails = self.changes(instance).is_some_and(|it| it.fails.as_ratio() > 0.0);
        fails || self.scaler_of(instance).is_some_and(|it| self.objective(it).is_some())
    }

    /// A new version that has done all its work for a request may answer with an error.
    pub(super) fn may_answer_with_error(
        &mut self,
        id: TokenId,
        instance: InstanceId,
        visit: VisitId,
    ) {
        let Some(changes) = self.changes(instance) else { return };
        let share = changes.fails.as_ratio();
        let key = self.network.visits[visit].key.wrapping_add(FAILS);
        if share > 0.0 && self.tokens[id].failing == 0 && self.draw(id, key).unit() < share {
            self.tokens[id].failing = Reason::Error as u8;
        }
    }
}
