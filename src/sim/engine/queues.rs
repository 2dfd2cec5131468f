//! Sending messages, having them delivered, and what becomes of them after that.
//!
//! A delivery is a token without a client: it runs the consumer's program as a request would, and
//! when it ends the queue is told.

use super::steps::Flow;
use super::*;
use crate::network::{QueueId, Send, SendId};
use crate::parts::queue::Full;
use crate::sim::probe::Queued;
use crate::sim::queue::{Content, Fate, Next};
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    #[inline(never)]
    pub(super) fn send_message(&mut self, id: TokenId, send: SendId) -> Flow {
        let Send { queue, key } = self.network.sends[send];
        let Token { class, key: own, origin, .. } = self.tokens[id];
        let luck = if key == 0 { own } else { rng::mix(own ^ key) };
        match self.put_message(queue, Content { key: luck, class, origin }) {
            true => Flow::On,
            false => self.fail(id, Reason::Refused),
        }
    }

    /// Whether the queue takes the message.
    fn put_message(&mut self, queue: QueueId, content: Content) -> bool {
        let spec = &self.network.queues[queue];
        if self.queues.is_full(queue, spec.length) {
            match spec.full {
                Full::Refuse => {
                    self.probe.queued(self.now, queue, Queued::Refused);
                    return false;
                }
                Full::DropOldest => self.drop_oldest(queue),
            }
        }
        self.queues.put(self.now, queue, content);
        self.probe.queued(self.now, queue, Queued::Sent);
        if self.queues.alive() > ALIVE_MAX {
            self.give_up_run(Failure::TooManyInside { at: self.now });
        }
        self.deliver(queue);
        true
    }

    fn drop_oldest(&mut self, queue: QueueId) {
        if let Some(message) = self.queues.take_first(self.now, queue) {
            self.probe.queued(self.now, queue, Queued::Dropped);
            self.bury(queue, message, Fate::Dropped);
        }
    }

    /// Delivers what can be delivered, and sees to it that the rest is in time.
    fn deliver(&mut self, queue: QueueId) {
        let spec = &self.network.queues[queue];
        let mut later = self.queues.rested_at(queue);
        loop {
            match self.queues.next(self.now, queue, spec) {
                Next::Nothing => break,
                Next::Later(at) => {
                    later = later.min(at);
                    break;
                }
                Next::Deliver(count) => self.deliver_batch(queue, count),
            }
        }
        if later != Time::NEVER && self.queues.plan(queue, later) {
            self.control(later, Control::Queue(queue));
        }
    }

    /// One call with so many messages. It has the luck of the first, and other luck than when that
    /// was delivered before.
    fn deliver_batch(&mut self, queue: QueueId, count: u32) {
        let spec = &self.network.queues[queue];
        let delivery = self.queues.begin(self.now, queue, count);
        let mut first = None;
        for message in self.queues.delivered(delivery) {
            let again = message.deliveries > 1;
            first.get_or_insert(*message);
            let waited = self.now - message.since;
            self.probe.queued(self.now, queue, Queued::Delivered { waited, again });
        }
        let Some(message) = first else { return };
        let key = match message.deliveries {
            0 | 1 => message.content.key,
            tries => rng::attempt(message.content.key ^ spec.key, tries - 1),
        };
        let program = self.network.guards[spec.guard].first;
        let Content { class, origin, .. } = message.content;
        let id = self.tokens.admit(class, spec.guard, program, key, self.now);
        let token = &mut self.tokens[id];
        token.origin = origin;
        token.flags = flag::DELIVERS;
        token.user = delivery;
        self.set_patience(id, spec.guard);
        self.ready.push_back(id);
    }

    /// The time that the broker gives a consumer is over. The consumer is at work all the same,
    /// unless its instance has gone silent: then another takes its place.
    pub(super) fn delivery_timed_out(&mut self, id: TokenId) {
        let token = self.tokens[id];
        self.hand_back(&token, true);
        match self.is_silent_consumer(&token) {
            true => self.replace_consumer(id),
            false => self.deliver(self.queues.queue_of(token.user)),
        }
    }

    fn is_silent_consumer(&self, token: &Token) -> bool {
        token.depth > 0 && self.instances[token.held(0)].state == super::Health::Silent
    }

    /// The queue waits for it no longer.
    fn replace_consumer(&mut self, id: TokenId) {
        let delivery = self.tokens[id].user;
        let queue = self.queues.queue_of(delivery);
        self.tokens[id].flags &= !flag::DELIVERS;
        self.queues.end(self.now, delivery);
        self.deliver(queue);
    }

    /// Instances have gone silent: others take the places of consumers there whose time was over
    /// before that.
    pub(super) fn replace_silent_consumers(&mut self) {
        if self.network.queues.is_empty() {
            return;
        }
        let late = flag::ORPHAN | flag::DELIVERS;
        let is_lost = |id: &TokenId| {
            let token = &self.tokens[*id];
            token.flags & late == late && self.is_silent_consumer(token)
        };
        let lost: Vec<TokenId> = self.tokens.ids().filter(is_lost).collect();
        lost.into_iter().for_each(|id| self.replace_consumer(id));
    }

    /// A call is over.
    pub(super) fn delivery_ended(&mut self, token: &Token) {
        self.hand_back(token, token.failing != 0);
        let queue = self.queues.queue_of(token.user);
        self.queues.end(self.now, token.user);
        self.deliver(queue);
    }

    /// The messages of a delivery are acknowledged, or not.
    fn hand_back(&mut self, token: &Token, failed: bool) {
        let queue = self.queues.queue_of(token.user);
        while let Some(message) = self.queues.take_back(token.user) {
            if failed {
                self.not_acknowledged(queue, message);
            } else {
                let lag = self.queues.settle(self.now, queue, message, Fate::Acknowledged);
                self.probe.queued(self.now, queue, Queued::Acknowledged { lag });
            }
        }
    }

    /// It is delivered again, or dead.
    fn not_acknowledged(&mut self, queue: QueueId, place: u32) {
        let spec = &self.network.queues[queue];
        if self.queues.message(place).deliveries < spec.attempts {
            return match spec.pause.is_zero() {
                true => self.queues.wait_again(self.now, queue, place),
                false => self.queues.rest(self.now + spec.pause, queue, place),
            };
        }
        self.probe.queued(self.now, queue, Queued::Dead);
        self.bury(queue, place, Fate::Dead);
    }

    /// A message goes for good, to the queue for dead letters if there is one.
    fn bury(&mut self, queue: QueueId, place: u32, fate: Fate) {
        let spec = &self.network.queues[queue];
        let message = *self.queues.message(place);
        self.queues.settle(self.now, queue, place, fate);
        let Some(dead_letter) = spec.dead_letter else { return };
        let key = rng::attempt(message.content.key ^ spec.key, message.deliveries);
        // A queue for dead letters that is full and refuses has lost it: there is nobody to tell.
        self.put_message(dead_letter, Content { key, ..message.content });
    }

    /// Something was planned for a queue: messages have rested, or waited for others long enough.
    pub(super) fn look_at_queue(&mut self, queue: QueueId) {
        self.queues.looked_at(self.now, queue);
        while self.queues.rested_at(queue) <= self.now
            && let Some(message) = self.queues.wake(queue)
        {
            self.queues.wait_again(self.now, queue, message);
        }
        self.deliver(queue);
    }

    pub(super) fn audit_queues(&self) -> Result<(), Failure> {
        if self.network.queues.is_empty() {
            return Ok(());
        }
        let mut calls = self.network.queues.map(|_, _| 0);
        for id in self.tokens.ids().filter(|it| self.tokens[*it].is(flag::DELIVERS)) {
            calls[self.queues.queue_of(self.tokens[id].user)] += 1;
        }
        for id in self.network.queues.ids() {
            let audit = self.queues.audit(self.now, id, &self.network.queues[id], calls[id]);
            let broken = |law| Failure::Broken { law, what: "queue", index: id.index() };
            audit.map_err(broken)?;
        }
        Ok(())
    }
}
