//! Figures of sessions: how many came, stayed to their end or left, and how long they lasted.

use super::*;

impl Reading<'_> {
    pub(super) fn sessions(&self, figures: &mut Figures) {
        for (session, name) in self.network().sessions.ids().zip(&self.names().sessions) {
            let seen = &self.seen.sessions[session];
            let ended = seen.lasted.count();
            let mut rate = |what: &str, count: u64| {
                let per_s = count as f64 / self.window_s();
                figures.add(format!("{name}.{what}"), Unit::PerSecond, per_s);
            };
            rate("begun", seen.begun);
            rate("completed", ended - seen.left);
            rate("abandoned", seen.left);
            let own = Steady::System;
            let abandoned = share(seen.left, ended);
            figures.add_steady(own, format!("{name}.abandoned_ratio"), Unit::Ratio, abandoned);
            let requests = share(seen.requests, ended);
            figures.add_steady(own, format!("{name}.requests"), Unit::Count, requests);
            let inside = self.usage.sessions[session] as f64 / self.window.nanos() as f64;
            figures.add_steady(own, format!("{name}.inside"), Unit::Count, inside);
            times(own, &format!("{name}.duration"), &seen.lasted, figures);
        }
    }
}
