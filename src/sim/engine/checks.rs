//! Health checks find out who is down.

use super::*;

impl<P: Probe> Engine<'_, P> {
    /// The checks of a service's instances are spread evenly over the interval, from a moment that
    /// differs from run to run: an outage knows nothing of when it will be noticed.
    pub(super) fn open_checks(&mut self) {
        for service in self.network.services.ids() {
            let spec = &self.network.services[service];
            let Some(health) = spec.health else { continue };
            let (first, end) = (spec.instances.start.index(), spec.instances.end.index());
            let mut luck = self.keys.draw(self.keys.control(spec.key), 0);
            let offset = luck.below(health.interval.nanos());
            for i in first..end {
                let share = health.interval.nanos() / (end - first) as u64;
                let begun = share * (i - first) as u64 + offset;
                let at = Time::from_nanos(begun % health.interval.nanos());
                self.control(at, Control::Check(InstanceId::new(i)));
            }
        }
    }

    pub(super) fn check(&mut self, instance: InstanceId) {
        let service = self.network.instances[instance].service;
        let health = self.network.services[service].health.expect("it is checked");
        self.control(self.now + health.interval, Control::Check(instance));
        match self.instances[instance].state {
            Health::Up => self.checked(instance, true),
            Health::Down => self.checked(instance, false),
            Health::Silent => {
                self.control(self.now + health.timeout, Control::CheckTimedOut(instance));
            }
        }
    }

    pub(super) fn checked(&mut self, instance: InstanceId, passed: bool) {
        let service = self.network.instances[instance].service;
        let health = self.network.services[service].health.expect("it is checked");
        if self.instances[instance].belief.checked(&health, passed) {
            self.believe(instance);
        }
    }
}
