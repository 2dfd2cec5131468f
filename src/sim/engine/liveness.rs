//! Probes that find out whether programs still answer, and have those killed that do not.
//!
//! A probe is no request: it takes no worker and no core from anybody. Whether it would have been answered is
//! told afterwards by what went on meanwhile: whether those who stood in line before it are still there, and
//! how far one of the instance's requests would have come with its computing.

use super::*;
use crate::network::FaultStyle;
use crate::parts::operation::liveness::Liveness;
use crate::sim::cpu::Progress;

/// What the draws of when the first probes come are for.
const PROBES: u64 = 4;

/// What a probe found when it came.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    at: Time,
    /// How long its workers have been held and waited for, in all.
    workers: (u128, u128),
    progress: Progress,
}

/// Of all instances; of none where nothing is probed.
#[derive(Default)]
pub(super) struct Probes {
    found: Table<InstanceId, Found>,
    failures: Table<InstanceId, u32>,
}

impl Probes {
    pub fn new(network: &Network) -> Probes {
        if network.services.as_slice().iter().all(|it| it.liveness.is_none()) {
            return Probes::default();
        }
        let instances = &network.instances;
        Probes { found: instances.map(|_, _| Found::default()), failures: instances.map(|_, _| 0) }
    }
}

impl<P: Probe> Engine<'_, P> {
    fn liveness_of(&self, instance: InstanceId) -> Liveness {
        let service = self.network.instances[instance].service;
        self.network.services[service].liveness.expect("it is probed")
    }

    /// Spread over the interval like the checks of balancers.
    pub(super) fn open_probes(&mut self) {
        for service in self.network.services.ids() {
            let spec = &self.network.services[service];
            let Some(liveness) = spec.liveness else { continue };
            let (first, end) = (spec.instances.start.index(), spec.instances.end.index());
            let interval = liveness.interval.nanos();
            let offset = self.keys.draw(self.keys.control(spec.key), PROBES).below(interval);
            for i in first..end {
                let begun = interval / (end - first) as u64 * (i - first) as u64 + offset;
                let at = Time::from_nanos(begun % interval);
                self.control(at, Control::ProbeAlive(InstanceId::new(i)));
            }
        }
    }

    pub(super) fn probe_alive(&mut self, instance: InstanceId) {
        let liveness = self.liveness_of(instance);
        if self.is_probed(instance) {
            self.probes.found[instance] = self.found(instance);
            self.control(self.now + liveness.timeout, Control::Probed(instance));
        }
        // It is judged before the next comes, even at the same instant.
        self.control(self.now + liveness.interval, Control::ProbeAlive(instance));
    }

    /// Where a program is gone, or its whole host is, there is nobody to probe it, or nothing to probe.
    fn is_probed(&self, instance: InstanceId) -> bool {
        self.instances[instance].state != Health::Down
            && self.is_host_up(self.network.instances[instance].host)
            && !self.is_not_wanted(instance)
    }

    fn found(&mut self, instance: InstanceId) -> Found {
        let own = &self.network.instances[instance];
        let now = self.now;
        let cpus = self.network.hosts[own.host].cpus.clone();
        let all = cpus.map_ids().map(|it| self.cpus[it].progress(now, own.claimant));
        // Where nobody can be in the way it computes at full speed.
        let idle = Progress { done_ns: 0.0, busy_ns: 0.0, pace: 1.0 };
        let progress = all.reduce(|a, b| if b.done_ns > a.done_ns { b } else { a }).unwrap_or(idle);
        let workers = self.pools[self.instances[instance].workers].held_and_waited(now);
        Found { at: now, workers, progress }
    }

    /// The patience of a probe is over.
    pub(super) fn probed(&mut self, instance: InstanceId) {
        if !self.is_probed(instance) {
            return;
        }
        let liveness = self.liveness_of(instance);
        if self.answers(instance, &liveness) {
            self.probes.failures[instance] = 0;
            return;
        }
        self.probes.failures[instance] += 1;
        if self.probes.failures[instance] >= liveness.failures {
            self.cure(instance);
            self.goes_down(instance, FaultStyle::Crash);
            self.crashed(instance);
            self.reset_the_dead();
        }
    }

    /// It runs anew, and nothing is held against it.
    pub(super) fn is_probed_anew(&mut self, instance: InstanceId) {
        if !self.probes.failures.is_empty() {
            self.probes.failures[instance] = 0;
        }
    }

    fn answers(&mut self, instance: InstanceId, liveness: &Liveness) -> bool {
        if self.instances[instance].state == Health::Silent {
            return false;
        }
        let (before, after) = (self.probes.found[instance], self.found(instance));
        let pool = &self.pools[self.instances[instance].workers];
        let passed = after.at - before.at;
        let (held, waited) =
            (after.workers.0 - before.workers.0, after.workers.1 - before.workers.1);
        if pool.keeps_waiting(&self.tokens, before.at, held, waited, passed) {
            return false;
        }
        let (was, is) = (before.progress, after.progress);
        let idle_ns = passed.nanos() as f64 - (is.busy_ns - was.busy_ns);
        let done_ns = is.done_ns - was.done_ns + idle_ns * is.pace;
        // Sums of floats may be off in their last digits.
        done_ns >= liveness.cpu.nanos() as f64 - 1.0
    }
}
