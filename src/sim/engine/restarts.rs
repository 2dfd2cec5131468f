//! Programs that crash and are started again where they were, after ever longer pauses.
//!
//! What brought one down may last: then it crashes again as soon as it has started, and when the cause is
//! gone at last the pause it is in has yet to end. A host that comes back knows nothing of earlier crashes,
//! nor does one that a new instance is placed on.

use super::*;
use crate::parts::operation::restart::Restart;

/// The crashes of an instance in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Crashes {
    in_row: u32,
    /// Since when it runs, if it does.
    up_since: Option<Time>,
    /// It has crashed and does not run yet, and those who send requests know.
    is_known: bool,
}

/// Of all instances; of none where nobody restarts anything.
pub(super) struct Restarts {
    crashes: Table<InstanceId, Crashes>,
    /// How often the instances of each service were restarted since the window opened.
    pub counted: Table<ServiceId, u32>,
}

impl Restarts {
    pub fn new(network: &Network) -> Restarts {
        let up = Crashes { up_since: Some(Time::ZERO), ..Crashes::default() };
        let any = network.services.as_slice().iter().any(|it| it.restart.is_some());
        Restarts {
            crashes: if any { network.instances.map(|_, _| up) } else { Table::default() },
            counted: network.services.map(|_, _| 0),
        }
    }
}

impl<P: Probe> Engine<'_, P> {
    pub(super) fn restart_of(&self, instance: InstanceId) -> Option<Restart> {
        self.network.services[self.network.instances[instance].service].restart
    }

    /// Whether a program can be tried to start where its host is there.
    pub(super) fn may_start(&self, instance: InstanceId) -> bool {
        self.troubles.down[instance] == 0 || self.restart_of(instance).is_some()
    }

    /// Whether it is left out because it has crashed and does not run yet.
    pub(super) fn is_restarting(&self, instance: InstanceId) -> bool {
        !self.restarts.crashes.is_empty() && self.restarts.crashes[instance].is_known
    }

    /// A program that is to be restarted has crashed.
    pub(super) fn crashed(&mut self, instance: InstanceId) {
        if self.is_not_wanted(instance) {
            return;
        }
        let restart = self.restart_of(instance).expect("it is restarted");
        let service = self.network.instances[instance].service;
        let crashes = &mut self.restarts.crashes[instance];
        if crashes.up_since.take().is_some_and(|since| since + restart.reset <= self.now) {
            crashes.in_row = 0;
        }
        crashes.in_row += 1;
        crashes.is_known = self.network.services[service].readiness;
        let pause = restart.pause(crashes.in_row);
        self.believe(instance);
        let stamp = self.instances[instance].stamp;
        self.control(self.now + pause, Control::Restart(instance, stamp));
    }

    pub(super) fn restart(&mut self, instance: InstanceId, stamp: u32) {
        if self.instances[instance].stamp == stamp && !self.is_not_wanted(instance) {
            self.restarts.counted[self.network.instances[instance].service] += 1;
            self.start(instance);
        }
    }

    /// Whether it crashes as soon as it has started, since what brought it down lasts.
    pub(super) fn crashes_again(&mut self, instance: InstanceId) -> bool {
        if self.troubles.down[instance] == 0 || self.restart_of(instance).is_none() {
            return false;
        }
        self.instances[instance].stamp += 1;
        self.crashed(instance);
        true
    }

    /// It runs, and has to pass a check before it gets requests if there is one.
    pub(super) fn runs_again(&mut self, instance: InstanceId) {
        if self.restarts.crashes.is_empty() {
            return;
        }
        let crashes = &mut self.restarts.crashes[instance];
        crashes.up_since = Some(self.now);
        if std::mem::take(&mut crashes.is_known) {
            let service = self.network.instances[instance].service;
            let checked = self.network.services[service].health.is_some();
            self.instances[instance].belief =
                if checked { Belief::unproven() } else { Belief::default() };
        }
    }

    /// Its host comes back, and knows nothing of earlier crashes.
    pub(super) fn forget_crashes(&mut self, instance: InstanceId) {
        if !self.restarts.crashes.is_empty() {
            (self.restarts.crashes[instance].in_row, self.restarts.crashes[instance].up_since) =
                (0, None);
        }
    }

    /// A new instance is placed there.
    pub(super) fn restarts_anew(&mut self, instance: InstanceId) {
        if !self.restarts.crashes.is_empty() {
            self.restarts.crashes[instance] = Crashes::default();
        }
    }
}
