//! Instances whose request moves: those that have one far off are evicted, and others start with the new.
//!
//! Whoever finds no host with room for what it would request is pending, and looks again with every look of
//! its controller and whenever somebody goes; the others go on meanwhile.

use super::*;
use crate::network::ScalerId;
use crate::parts::scaling::vertical::{Advice, Urgency, Vertical};
use crate::sim::scaling::Phase;

impl<P: Probe> Engine<'_, P> {
    /// What is recommended goes for whoever starts from now on, and those who are far from it are stopped
    /// as far as enough are left; true if some are gone at once.
    pub(super) fn evict_the_ill_sized(&mut self, scaler: ScalerId) -> bool {
        let network = self.network;
        let Some(spec) = network.scalers[scaler].spec.vertical() else { return false };
        let controller = &self.scalers[scaler].controller;
        let Some(advice) = controller.advice(&network.scalers[scaler].spec) else { return false };
        self.scalers[scaler].request = advice.target;
        if self.scalers[scaler].rollout.since.is_some() {
            return false;
        }
        let mut gone = false;
        while let Some(next) = self.most_ill_sized(scaler, spec, advice) {
            self.scalers[scaler].evicted += 1;
            gone |= self.stop(scaler, next);
        }
        gone
    }

    /// The next to be evicted, if one may be.
    fn most_ill_sized(
        &self,
        scaler: ScalerId,
        spec: &Vertical,
        advice: Advice,
    ) -> Option<InstanceId> {
        let state = &self.scalers[scaler];
        let ready = state.ready.level();
        if !spec.spares_one(state.wanted.level(), ready) {
            return None;
        }
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        let mut next: Option<(Urgency, InstanceId)> = None;
        for it in all.map_ids().filter(|it| self.lives[*it].phase == Phase::Running) {
            let life = &self.lives[it];
            let runs_for = self.now - life.runs_since.unwrap_or(Time::ZERO);
            let may_go = !life.ready || ready > self.least_ready(scaler);
            if let Some(urgency) = spec.urgency(life.request, runs_for, advice).filter(|_| may_go)
                && next.is_none_or(|(most, _)| urgency > most)
            {
                next = Some((urgency, it));
            }
        }
        next.map(|it| it.1)
    }

    /// An instance requests what its controller says; its limit keeps its ratio to that.
    pub(super) fn takes_its_request(&mut self, scaler: ScalerId, instance: InstanceId) {
        let request = self.scalers[scaler].request;
        let own = &self.network.instances[instance];
        let told = self.network.services[own.service].request;
        // Nobody has ever been in a place whose request is 0: there it is what the file says.
        let before = match self.lives[instance].request {
            0 => told,
            request => request,
        };
        self.lives[instance].request = request;
        if request == before {
            return;
        }
        let factor = request as f64 / (1000.0 * own.cpu_weight);
        let claim = (own.cpu_weight * factor, own.cpu_limit * factor);
        for cpu in self.network.hosts[own.host].cpus.clone().map_ids() {
            let next = self.cpus[cpu].set_claim(self.now, own.claimant, claim);
            self.date_cpu(cpu, next);
        }
    }

    /// Whether one requests what it may not.
    pub(super) fn any_ill_sized(&self, scaler: ScalerId) -> bool {
        let Some(spec) = self.network.scalers[scaler].spec.vertical() else { return false };
        let (min, max) = spec.bounds();
        let all = self.network.services[self.network.scalers[scaler].service].instances.clone();
        let mut there = all.map_ids().filter(|it| self.lives[*it].phase != Phase::Off);
        there.any(|it| !(min..=max).contains(&self.lives[it].request))
    }
}
