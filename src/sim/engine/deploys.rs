//! New versions of services that take the place of old ones.
//!
//! Whenever something changes of what it depends on, a deploy goes as far as its strategy lets it: new
//! instances are started while there may be more, and old ones stopped while enough are ready.

use super::*;
use crate::network::ScalerId;
use crate::parts::operation::deploy::Strategy;
use crate::sim::scaling::{Census, Phase, Rollout};

impl<P: Probe> Engine<'_, P> {
    pub(super) fn expect_deploy(&mut self, scaler: ScalerId) {
        if let Some(deploy) = &self.network.scalers[scaler].deploy {
            let at = Time::ZERO + self.plan.warm_up + deploy.at;
            self.control(at, Control::Deploy(scaler));
        }
    }

    /// A new version is there to be brought out.
    pub(super) fn deploy(&mut self, scaler: ScalerId) {
        let deploy = self.network.scalers[scaler].deploy.as_ref().expect("a deploy was expected");
        if let Some(every) = deploy.every {
            self.control(self.now + every, Control::Deploy(scaler));
        }
        self.scalers[scaler].rollout.begin(self.now);
        self.first_stage(scaler);
        if deploy.strategy == Strategy::BlueGreen {
            self.give_up_unfinished(scaler);
        }
        self.deploy_goes_on(scaler);
    }

    /// A version that requests never went to goes before the next comes.
    fn give_up_unfinished(&mut self, scaler: ScalerId) {
        let Rollout { newest, live, .. } = self.scalers[scaler].rollout;
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        for it in all.map_ids() {
            let life = &self.lives[it];
            if life.counts() && life.version != live && life.version != newest {
                self.stop(scaler, it);
            }
        }
    }

    /// How many more would be started if there were room for them.
    pub(super) fn missing(&self, scaler: ScalerId) -> u32 {
        let since = self.scalers[scaler].rollout.since;
        let census = self.census(scaler);
        let wanted = self.scalers[scaler].wanted.level();
        let there = census.new + census.old;
        match since {
            None => wanted.saturating_sub(there),
            Some(_) => {
                let of_new = self.of_new(scaler);
                let new = of_new.saturating_sub(census.new);
                let others = (wanted - of_new).saturating_sub(census.old);
                (wanted + self.surge(scaler)).saturating_sub(there).min(new + others)
            }
        }
    }

    /// One has come to be ready, or is so no more: the deploy looks as soon as the clock has caught up.
    pub(super) fn tell_deploy(&mut self, scaler: ScalerId) {
        if self.scalers[scaler].rollout.since.is_some() {
            self.control(self.now, Control::GoesOn(scaler));
        }
    }

    pub(super) fn deploy_goes_on(&mut self, scaler: ScalerId) {
        if self.scalers[scaler].rollout.since.is_some() {
            let gone = self.come_to_wanted(scaler);
            debug_assert!(!gone, "during a deploy nobody is gone at once");
        }
    }

    /// How many more than are wanted there may be now.
    pub(super) fn surge(&self, scaler: ScalerId) -> u32 {
        let state = &self.scalers[scaler];
        match &self.network.scalers[scaler].deploy {
            Some(deploy) if state.rollout.since.is_some() => {
                deploy.strategy.slack(state.wanted.level()).0
            }
            _ => 0,
        }
    }

    /// Whether requests go to instances of this one's version.
    pub(super) fn is_live(&self, scaler: ScalerId, instance: InstanceId) -> bool {
        match &self.network.scalers[scaler].deploy {
            Some(deploy) if deploy.strategy == Strategy::BlueGreen => {
                self.lives[instance].version == self.scalers[scaler].rollout.live
            }
            _ => true,
        }
    }

    fn census(&self, scaler: ScalerId) -> Census {
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        let newest = self.scalers[scaler].rollout.newest;
        let mut census = Census::default();
        all.map_ids().for_each(|it| census.take(&self.lives[it], newest));
        census
    }

    /// Goes as far as it can now.
    pub(super) fn roll(&mut self, scaler: ScalerId) {
        let network = self.network;
        let strategy = &network.scalers[scaler].deploy.as_ref().expect("it is deployed").strategy;
        let wanted = self.scalers[scaler].wanted.level();
        let Rollout { newest, stable, stage, .. } = self.scalers[scaler].rollout;
        let (surge, unavailable) = strategy.slack(wanted);
        let of_new = self.of_new(scaler);
        let least = (wanted - unavailable).max(self.least_ready(scaler));
        let is_old = |version: u32| version != newest;
        self.count_crowds(network.services[network.scalers[scaler].service].instances.clone());
        loop {
            let census = self.census(scaler);
            let Census { new, new_ready, old, old_ready, leaving } = census;
            let ready = new_ready + old_ready;
            // What cannot be missed as soon as the new ones are ready that are not so yet.
            let spare = (new_ready + old).saturating_sub(least);
            let unready = old - old_ready;
            let waits = *strategy == Strategy::Recreate && old + leaving > 0;
            let held = *strategy == Strategy::BlueGreen && old > 0 && new_ready < wanted;
            let may_start = new < of_new && new + old < wanted + surge && !waits;
            // While a canary is watched others of the old version take the place of those that go.
            let lacks_old = new >= of_new && new + old < wanted;
            let gives_way = old + of_new > wanted;
            if new + old > wanted + surge && old > 0 {
                self.stop_one(scaler, is_old);
            } else if new > of_new {
                self.stop_one(scaler, |version| stage.is_none() || version == newest);
            } else if may_start && self.launch_one(scaler, newest)
                || lacks_old && self.launch_one(scaler, stable)
            {
                continue;
            } else if held {
                return;
            } else if old > 0 && *strategy == Strategy::BlueGreen {
                self.switch_over(scaler);
                self.stop_one(scaler, is_old);
            } else if gives_way && (unready > 0 && spare > 0 || unready == 0 && ready > least) {
                self.stop_one(scaler, is_old);
            } else {
                self.hold(scaler, census, of_new);
                if stage.is_none() && old == 0 && new_ready >= wanted {
                    self.switch_over(scaler);
                    self.scalers[scaler].rollout.end(self.now);
                }
                return;
            }
        }
    }

    /// How many of a service must be left ready by whoever stops some of them.
    pub(super) fn least_ready(&self, scaler: ScalerId) -> u32 {
        let wanted = self.scalers[scaler].wanted.level();
        self.network.scalers[scaler].disruption.map_or(0, |it| it.least(wanted))
    }

    /// Requests go to the newest version from now on.
    fn switch_over(&mut self, scaler: ScalerId) {
        let rollout = &mut self.scalers[scaler].rollout;
        if rollout.live == rollout.newest {
            return;
        }
        rollout.live = rollout.newest;
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        for it in all.map_ids() {
            if self.lives[it].phase == Phase::Running {
                self.believe(it);
            }
        }
    }
}
