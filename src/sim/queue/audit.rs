//! The laws that hold for the messages of every queue.

use super::{Counts, List, Message, Next, Queues};
use crate::network::{self, QueueId};
use crate::units::{Span, Time};

impl Queues {
    /// Whether every message is accounted for, and Little's law holds for those that wait and for
    /// all, with so many calls of the queue under way.
    pub fn audit(
        &self,
        now: Time,
        queue: QueueId,
        spec: &network::Queue,
        calls: u32,
    ) -> Result<(), &'static str> {
        let it = &self.queues[queue];
        let own = self.deliveries.iter().filter(|it| it.queue == queue);
        let delivering = own.map(|it| it.messages);
        let in_delivery: u32 = delivering.clone().map(|it| it.len).sum();
        let Counts { sent, acknowledged, dead, dropped } = it.counts;
        let still = u64::from(it.line.len + it.resting.len + in_delivery);
        let lists = [it.line, it.resting].into_iter().chain(delivering.clone());
        let stays: u128 = lists.map(|it| self.sum(it, |it| now - it.sent)).sum();
        let waits = self.sum(it.line, |it| now - it.since);
        let places = u128::from(spec.consumers) * u128::from(now.nanos());
        // What is due at the very end has not happened any more.
        let just_before = Time::from_nanos(now.nanos().saturating_sub(1));
        let oldest = self.longest_wait(it.line);
        let next = it.next(just_before, spec, || oldest);
        match () {
            () if sent != acknowledged + dead + dropped + still => Err("messages were lost"),
            () if it.inside.level() as u64 != still => Err("messages are miscounted"),
            () if it.waiting.level() != it.line.len => Err("the line of messages is miscounted"),
            () if it.delivering != in_delivery => Err("messages in delivery are miscounted"),
            () if it.waited_ns + waits != it.waiting.area_ns(now) => {
                Err("Little's law fails for the messages that wait")
            }
            () if it.stayed_ns + stays != it.inside.area_ns(now) => {
                Err("Little's law fails for the messages")
            }
            () if it.calls.level() != calls || delivering.count() as u32 != calls => {
                Err("calls of consumers are miscounted")
            }
            () if it.calls.area_ns(now) > places => Err("more consumers were busy than there are"),
            () if !self.is_in_order(it.line) => {
                Err("messages wait in another order than they came in")
            }
            () if it.line.len > 0 && it.oldest.is_some_and(|known| known != oldest) => {
                Err("the longest wait of a message is mistaken")
            }
            () if matches!(next, Next::Deliver(_)) => Err("a consumer is idle while messages wait"),
            () => Ok(()),
        }
    }

    /// The same as `oldest_in`, without any assumption.
    fn longest_wait(&self, line: List) -> Time {
        let at = |place: u32| self.messages.get(place as usize);
        let all = std::iter::successors(at(line.head), |it| at(it.next));
        all.map(|it| it.since).min().unwrap_or(Time::NEVER)
    }

    /// Whether those in a line stand as they were sent.
    fn is_in_order(&self, line: List) -> bool {
        let at = |place: u32| self.messages.get(place as usize);
        std::iter::successors(at(line.head), |it| at(it.next)).is_sorted_by_key(|it| it.number)
    }

    /// The sum over a list, in nanoseconds.
    fn sum(&self, list: List, of: impl Fn(&Message) -> Span) -> u128 {
        let at = |place: u32| self.messages.get(place as usize);
        let all = std::iter::successors(at(list.head), |it| at(it.next));
        all.map(|it| u128::from(of(it).nanos())).sum()
    }
}
