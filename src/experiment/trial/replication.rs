//! Figures of primaries and standbys: what a commit pays for them, how far behind they are, and what an
//! outage of the primary cost.

use super::*;
use crate::sim::ReplicationUse;
use crate::units::Time;

impl Reading<'_> {
    pub(super) fn replications(&self, figures: &mut Figures) {
        let network = self.network();
        if network.replications.is_empty() {
            return;
        }
        if !network.faults.is_empty() {
            let lost: u64 = self.usage.replications.as_slice().iter().map(|it| it.lost).sum();
            figures.add("lost_writes".to_owned(), Unit::Count, lost as f64);
        }
        for id in network.replications.ids() {
            let spec = &network.replications[id];
            let name = &self.names().services[spec.service.index()];
            let seen = self.seen.replications[spec.service].as_ref().expect("it has standbys");
            let used = self.usage.replications[id];
            let per_s = used.committed as f64 / self.window_s();
            figures.add(format!("{name}.commits"), Unit::PerSecond, per_s);
            times(Steady::System, &format!("{name}.standby_wait"), &seen.waits, figures);
            times(Steady::System, &format!("{name}.standby_lag"), &seen.lags, figures);
            if spec.reads {
                let stale = share(seen.stale, seen.reads);
                figures.add(format!("{name}.reads.stale"), Unit::Ratio, stale);
            }
            if !network.faults.is_empty() {
                self.failovers(name, used, figures);
                self.course_of_failover(name, seen, figures);
            }
        }
    }

    /// After a fault at a known time, of each primary.
    pub(super) fn courses_of_failovers(&self, figures: &mut Figures) {
        let (services, names) = (self.network().services.ids(), &self.names().services);
        for (service, name) in services.zip(names) {
            if let Some(seen) = &self.seen.replications[service] {
                self.course_of_failover(name, seen, figures);
            }
        }
    }

    fn failovers(&self, name: &str, used: ReplicationUse, figures: &mut Figures) {
        let gone = used.gone_ns as f64 / self.window.nanos() as f64;
        figures.add(format!("{name}.primary.up"), Unit::Ratio, 1.0 - gone);
        for (what, count) in [
            ("primary.outages", used.outages),
            ("failovers", used.failovers),
            ("commits.diverged", used.diverged),
        ] {
            figures.add(format!("{name}.{what}"), Unit::Count, count as f64);
        }
    }

    /// After a fault at a known time.
    fn course_of_failover(
        &self,
        name: &str,
        seen: &crate::sim::ReplicationSeen,
        figures: &mut Figures,
    ) {
        let Some(failing) = self.failing else { return };
        let begun = self.seen.opened + failing.at;
        for (what, at) in [
            ("failover.detected", seen.detected),
            ("failover.promoted", seen.promoted),
            ("failover.first_commit", seen.resumed),
        ] {
            let since = |at: Time| (at.max(begun) - begun).as_secs();
            figures.add(format!("{name}.{what}"), Unit::Seconds, at.map(since));
        }
    }
}
