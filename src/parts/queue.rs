//! Queues of a broker: work that nobody waits for, kept until a consumer has done it.
//!
//! At least once (G. Hohpe, B. Woolf, "Enterprise Integration Patterns", 2003: Point-to-Point
//! Channel, Competing Consumers, Dead Letter Channel): a message goes when a consumer has
//! acknowledged it, and comes back if that failed, died or took too long. The words are those of
//! RabbitMQ's queues and Amazon SQS.
//!
//! Simplified: the broker is a durable service outside the hosts. It never fails, takes no time,
//! and a message is in it as soon as it is sent; what publishing costs may be written as a step
//! before. It calls the operation as any caller does, through the balancer of the service.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// A queue: what becomes of the messages that steps `send` to it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// `service.operation` that is called with each message. If absent, messages stay where they
    /// are, as those in a dead-letter queue do that somebody will look at some day.
    #[serde(default)]
    pub call: Option<String>,
    /// How many such calls may be under way at a time. 1 if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub consumers: Option<u32>,
    /// How many messages may wait, those being delivered not counted. Any number if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub length: Option<u32>,
    /// What happens to a message that finds so many waiting. `refuse` if absent.
    #[serde(default)]
    pub full: Option<Full>,
    /// How many messages one call takes, at most. 1 if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub batch: Option<u32>,
    /// How long a message may wait for its batch to fill while a consumer is idle. Not at all if
    /// absent: a consumer takes what is there.
    #[serde(default)]
    pub linger: Option<Span>,
    /// How many messages are enough for a consumer not to linger. A full batch if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub enough: Option<u32>,
    /// When what is not acknowledged yet is delivered again. If absent, only when it failed, as it
    /// does when its consumer dies.
    #[serde(default)]
    #[schemars(example = "30s")]
    pub redeliver_after: Option<Span>,
    /// How long a message rests after a delivery failed, before it may be delivered again. Not at
    /// all if absent.
    #[serde(default)]
    #[schemars(example = "1s")]
    pub pause: Option<Span>,
    /// How often a message is delivered before it is given up as dead. 5 if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub attempts: Option<u32>,
    /// The queue that dead messages are put into, and those that a full queue drops, as RabbitMQ does
    /// with them. If absent they are counted, and gone.
    #[serde(default)]
    pub dead_letter: Option<String>,
}

/// What happens to a message that finds a queue full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Full {
    /// It is not taken, and the step that sends it fails.
    #[default]
    Refuse,
    /// It is taken, and the one that has waited longest goes for good, or to `dead_letter`.
    DropOldest,
}

const CONSUMERS_MAX: u32 = 1_000_000;
const BATCH_MAX: u32 = 100_000;
const ATTEMPTS_MAX: u32 = 1000;

impl Queue {
    pub fn batch(&self) -> u32 {
        self.batch.unwrap_or(1)
    }
    pub fn attempts(&self) -> u32 {
        self.attempts.unwrap_or(5)
    }

    pub fn check(&self, findings: &mut Findings) {
        let counts = [
            ("consumers", self.consumers, CONSUMERS_MAX),
            ("length", self.length, u32::MAX - 1),
            ("batch", self.batch, BATCH_MAX),
            ("enough", self.enough, self.batch()),
            ("attempts", self.attempts, ATTEMPTS_MAX),
        ];
        for (key, count, most) in counts {
            if let Some(count) = count.filter(|it| !(1..=most).contains(it)) {
                let rule = format!("must be from 1 to {most}, not {count}");
                findings.wrong_at(key, Code::E007, rule, "");
            }
        }
        if self.redeliver_after.is_some_and(|it| it.is_zero()) {
            let rule = "must be longer than nothing";
            findings.wrong_at("redeliver_after", Code::E007, rule, "\"30s\"");
        }
        if self.full.is_some() && self.length.is_none() {
            let rule = "a queue of any length is never full";
            findings.wrong_at("full", Code::E010, rule, "give \"length\" too");
        }
        if self.linger.is_some() && self.batch() == 1 {
            let rule = "there is nothing to wait for: a batch of one is full";
            findings.wrong_at("linger", Code::E010, rule, "give \"batch\" too");
        }
        if self.enough.is_some() && self.linger.is_none() {
            let rule = "has no effect: a consumer that does not linger takes what is there";
            findings.wrong_at("enough", Code::E010, rule, "give \"linger\" too");
        }
        let enough = self.enough.unwrap_or(self.batch());
        if self.linger.is_some() && self.length.is_some_and(|it| it < enough) {
            let rule = format!("{enough} messages, which a consumer lingers for, can never wait");
            findings.wrong_at("length", Code::E010, rule, "make it as long as a batch at least");
        }
        self.check_unconsumed(findings);
    }

    /// What says how messages are delivered, where none are.
    fn check_unconsumed(&self, findings: &mut Findings) {
        if self.call.is_some() {
            return;
        }
        let given = [
            ("consumers", self.consumers.is_some()),
            ("batch", self.batch.is_some()),
            ("linger", self.linger.is_some()),
            ("redeliver_after", self.redeliver_after.is_some()),
            ("pause", self.pause.is_some()),
            ("attempts", self.attempts.is_some()),
            ("dead_letter", self.dead_letter.is_some() && self.full != Some(Full::DropOldest)),
        ];
        for (key, _) in given.iter().filter(|it| it.1) {
            let rule = "has no effect: nothing is delivered from a queue without \"call\"";
            findings.wrong_at(*key, Code::E010, rule, "give \"call\" too");
        }
    }
}
