//! Queues, what is sent to them, and the programs of their consumers.

use super::program::Program;
use super::steps::Spot;
use super::*;
use crate::model::file::SendStep;

impl<'m> Compiler<'m> {
    pub(super) fn lay_out_queues(&mut self) {
        for (name, queue) in &self.model.queues {
            let dead_letter =
                queue.dead_letter.as_ref().and_then(|it| self.model.queues.get_index_of(it));
            let batch = queue.batch();
            let consumers = queue.consumers.unwrap_or(1);
            let luck = queue_luck(name);
            let guard = self.guard(&Caller::queue(&luck, queue.redeliver_after), false);
            self.network.queues.push(Queue {
                length: queue.length.unwrap_or(UNLIMITED),
                full: queue.full.unwrap_or_default(),
                consumers: if queue.call.is_some() { consumers } else { 0 },
                batch,
                enough: queue.enough.unwrap_or(batch),
                linger: queue.linger.unwrap_or(Span::ZERO),
                guard,
                attempts: queue.attempts(),
                pause: queue.pause.unwrap_or(Span::ZERO),
                dead_letter: dead_letter.map(QueueId::new),
                key: key_of(&queue_luck(name)),
            });
            self.names.queues.push(name.clone());
        }
    }

    /// What a consumer does with a message. Its luck has the names that it would have in a call, so
    /// that a request's work is the same whether it is waited for or not.
    pub(super) fn consumers(&mut self) {
        for (i, (name, queue)) in self.model.queues.iter().enumerate() {
            let Some(call) = &queue.call else { continue };
            self.luck.clear();
            let call = self.callee(call, None, queue_luck(name));
            let guard = self.network.queues[QueueId::new(i)].guard;
            self.pending.push_back(Pending {
                what: Sent::Call { guard, call },
                depth: 0,
                due: false,
            });
            while let Some(pending) = self.pending.pop_front() {
                self.program(pending);
            }
        }
    }

    pub(super) fn send(&mut self, program: &mut Program, spot: &Spot<'m>, send: &'m SendStep) {
        let queue = self.model.queues.get_index_of(&send.send).expect("checked: it is there");
        let skip = self.skip(program, spot, send.share);
        for _ in 0..send.times {
            let name = queue_luck(&send.send);
            let first = !self.luck.contains_key(&name);
            let luck = self.luck_key(&name);
            let key = if first { 0 } else { luck };
            let send = self.network.sends.push(Send { queue: QueueId::new(queue), key });
            self.emit(program, spot.holds, Step::Send { send });
        }
        self.skip_to_here(skip);
    }
}

/// The name of a queue among those for luck.
fn queue_luck(name: &str) -> String {
    format!("queue {name}")
}
