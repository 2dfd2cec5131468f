//! Figures of queues: what was sent, how long it took until it was done, and what never was.

use super::*;
use crate::network::QueueId;

impl Reading<'_> {
    pub(super) fn queues(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (queue, name) in self.network().queues.ids().zip(&self.names().queues) {
            let seen = &self.seen.queues[queue];
            let used = self.usage.queues[queue];
            let own = Steady::Queue(queue.index());
            let mean = |area: u128| area as f64 / self.window.nanos() as f64;
            let mut rate = |what: &str, count: u64| {
                let per_s = count as f64 / self.window_s();
                figures.add(format!("{name}.{what}"), Unit::PerSecond, per_s);
            };
            rate("sent", seen.sent);
            rate("acknowledged", seen.lags.count());
            rate("redelivered", seen.redelivered);
            rate("dead", seen.dead);
            rate("dropped", seen.dropped);
            rate("refused", seen.refused);
            figures.add_steady(own, format!("{name}.length"), Unit::Count, mean(used.line));
            let consumers = self.network().queues[queue].consumers;
            if consumers == 0 {
                continue;
            }
            let utilization = mean(used.calls) / f64::from(consumers);
            figures.add(format!("{name}.busy"), Unit::Count, mean(used.calls));
            figures.add(format!("{name}.utilization"), Unit::Ratio, utilization);
            utilizations.push((name.clone(), utilization));
            times(own, &format!("{name}.waiting"), &seen.waits, figures);
            times(own, &format!("{name}.lag"), &seen.lags, figures);
            // An outage has no usual lag to tell, but a longest.
            if self.failing.is_some()
                && let Some(longest) = figures.0.last_mut()
            {
                longest.steady = None;
            }
        }
    }

    /// How many messages a queue held at the end of each slice. What nobody takes out piles up as it
    /// should.
    pub(super) fn unsettled(&self, queue: QueueId) -> Vec<f64> {
        let consumed = self.network().queues[queue].consumers > 0;
        let seen = self.seen.queues[queue].unsettled.iter();
        seen.map(|it| if consumed { f64::from(*it) } else { 0.0 }).collect()
    }
}
