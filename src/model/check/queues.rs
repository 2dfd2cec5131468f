//! Queues: that their names are found, and that messages do not go round in circles.

use super::sizes::opening;
use super::steps::COUNT_MAX;
use super::*;

impl Checker<'_> {
    pub(super) fn queues(&self, findings: &mut Findings) {
        for (name, queue) in &self.model.queues {
            findings.inside(name, |it| {
                if name.contains('.') {
                    it.wrong(Code::E007, "a queue's name cannot hold a dot", "");
                }
                if self.model.services.contains_key(name) {
                    let rule = "a service has this name too: no table could tell them apart";
                    it.wrong(Code::E010, rule, "give it another name");
                }
                queue.check(it);
                if let Some(call) = &queue.call {
                    it.inside("call", |it| self.operation(call, it));
                }
                if let Some(dead) = &queue.dead_letter {
                    it.inside("dead_letter", |it| self.queue_named(dead, it));
                }
            });
        }
        self.messages_in_circles(findings);
    }

    fn queue_named(&self, name: &str, findings: &mut Findings) {
        let queues = &self.model.queues;
        if !queues.contains_key(name) {
            let rule = format!("no queue is named \"{name}\"");
            findings.wrong(Code::E008, rule, suggest(name, queues.keys().map(String::as_str)));
        }
    }

    pub(super) fn send(&self, send: &SendStep, findings: &mut Findings) {
        findings.inside("send", |it| self.queue_named(&send.send, it));
        findings.inside("times", |it| {
            at_least_one(send.times, it);
            at_most(f64::from(send.times), f64::from(COUNT_MAX), it);
        });
        findings.inside("share", |it| within(send.share, 0.0, 1.0, it));
    }

    /// What is done with a message may not send another to the same queue, however indirectly, nor
    /// may it end there as a dead letter: once begun, that would go on for ever.
    fn messages_in_circles(&self, findings: &mut Findings) {
        let mut next: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for (name, queue) in &self.model.queues {
            let mut to: Vec<&str> = queue.dead_letter.iter().map(String::as_str).collect();
            if let Some(call) = &queue.call {
                self.sent_by(call, &mut to, &mut Vec::new());
            }
            next.insert(name, to);
        }
        for name in self.model.queues.keys() {
            if let Some(circle) = circle_from(name, &next) {
                let rule = format!("messages go round in a circle: {}", circle.join(" → "));
                let mend = "what is done with a message may not lead to another in the same queue";
                return findings.wrong_at(name, Code::E009, rule, mend);
            }
        }
    }

    /// The queues that an operation sends to, itself or by what it calls.
    fn sent_by<'m>(&'m self, call: &'m str, found: &mut Vec<&'m str>, seen: &mut Vec<&'m str>) {
        if seen.contains(&call) {
            return;
        }
        seen.push(call);
        let Some(operation) = Operation::find(self.model, call) else { return };
        each_step(operation.steps, &mut |step| match step {
            Step::Send(it) if !found.contains(&it.send.as_str()) => found.push(&it.send),
            Step::Call(it) => {
                self.sent_by(&it.call, found, seen);
                if let Some(connect) = opening(operation.spec, it) {
                    self.sent_by(connect, found, seen);
                }
            }
            _ => {}
        });
    }
}

/// The shortest way from a queue back to itself.
fn circle_from<'m>(start: &'m str, next: &IndexMap<&'m str, Vec<&'m str>>) -> Option<Vec<&'m str>> {
    let mut ways = vec![vec![start]];
    let mut seen = Vec::new();
    let mut at = 0;
    while let Some(way) = ways.get(at).cloned() {
        for to in next.get(way[way.len() - 1]).into_iter().flatten() {
            let longer = [way.as_slice(), &[*to]].concat();
            if *to == start {
                return Some(longer);
            }
            if !seen.contains(to) {
                seen.push(*to);
                ways.push(longer);
            }
        }
        at += 1;
    }
    None
}
