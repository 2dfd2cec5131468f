//! Queues of a broker: messages that wait, rest after a failed delivery, or are being delivered.
//!
//! State only; the engine owns the clock and sends the calls. All messages live in one slab, and
//! stand in lists that are linked through it. A queue measures itself, as pools do.

mod audit;

use super::meter::Meter;
use crate::ids::Table;
use crate::network::{self, ClassId, Network, QueueId};
use crate::units::{Span, Time};

/// No message.
const NONE: u32 = u32::MAX;

/// What a message takes along from whoever sent it.
#[derive(Clone, Copy)]
pub struct Content {
    /// What the luck of whatever is done with it hangs on.
    pub key: u64,
    /// Whose request sent it.
    pub class: ClassId,
    /// The same for all that the request leads to, however often it is delivered.
    pub origin: u32,
}

#[derive(Clone, Copy)]
pub struct Message {
    pub content: Content,
    pub sent: Time,
    /// When it began to wait, or may wait again.
    pub since: Time,
    /// Its place among all that were sent to the queue.
    number: u64,
    /// How often it was delivered.
    pub deliveries: u32,
    next: u32,
}

/// Messages one after the other.
#[derive(Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    len: u32,
}

impl Default for List {
    fn default() -> Self {
        List { head: NONE, tail: NONE, len: 0 }
    }
}

/// A call that is under way with some messages, until it ends; without any if they were taken back.
#[derive(Clone, Copy)]
struct Delivery {
    queue: QueueId,
    messages: List,
}

/// What became of a queue's messages since the run opened.
#[derive(Clone, Copy, Default)]
struct Counts {
    sent: u64,
    acknowledged: u64,
    dead: u64,
    dropped: u64,
}

struct Queue {
    line: List,
    resting: List,
    /// When the one that has waited longest began to, as far as that is known.
    oldest: Option<Time>,
    /// Who came back to the line last, if still there: whoever comes back next mostly stands behind.
    came_back: u32,
    /// Those in line, those being delivered, and all; calls under way.
    waiting: Meter,
    delivering: u32,
    inside: Meter,
    calls: Meter,
    waited_ns: u128,
    /// Sum of the stays of those that have gone.
    stayed_ns: u128,
    counts: Counts,
    at_opening: QueueArea,
    /// When it is looked at next, as far as that is planned.
    pub wake_at: Time,
}

/// Areas under the number of messages that wait and of calls under way, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueArea {
    pub line: u128,
    pub calls: u128,
}

/// What becomes of a message that goes for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Acknowledged,
    Dead,
    Dropped,
}

/// What is to be done about a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing before something else happens.
    Nothing,
    /// Look again then.
    Later(Time),
    /// Deliver so many.
    Deliver(u32),
}

pub struct Queues {
    queues: Table<QueueId, Queue>,
    messages: Vec<Message>,
    vacant: Vec<u32>,
    deliveries: Vec<Delivery>,
    over: Vec<u32>,
}

impl Queues {
    pub fn new(network: &Network) -> Queues {
        let capacity = if network.queues.is_empty() { 0 } else { 1024 };
        let queue = || Queue {
            line: List::default(),
            resting: List::default(),
            oldest: None,
            came_back: NONE,
            waiting: Meter::default(),
            delivering: 0,
            inside: Meter::default(),
            calls: Meter::default(),
            waited_ns: 0,
            stayed_ns: 0,
            counts: Counts::default(),
            at_opening: QueueArea::default(),
            wake_at: Time::NEVER,
        };
        Queues {
            queues: network.queues.map(|_, _| queue()),
            messages: Vec::with_capacity(capacity),
            vacant: Vec::with_capacity(capacity),
            deliveries: Vec::with_capacity(capacity),
            over: Vec::with_capacity(capacity),
        }
    }

    /// How many messages there are in all queues.
    pub fn alive(&self) -> u32 {
        (self.messages.len() - self.vacant.len()) as u32
    }

    /// How many of a queue's are neither acknowledged nor given up.
    pub fn unsettled(&self, queue: QueueId) -> u32 {
        self.queues[queue].inside.level()
    }

    pub fn is_full(&self, queue: QueueId, length: u32) -> bool {
        self.queues[queue].line.len >= length
    }

    /// A new message joins the line.
    pub fn put(&mut self, now: Time, queue: QueueId, content: Content) {
        let it = &mut self.queues[queue];
        let number = it.counts.sent;
        it.counts.sent += 1;
        it.inside.up(now);
        it.joins(now);
        let message = Message { content, sent: now, since: now, number, deliveries: 0, next: NONE };
        let place = match self.vacant.pop() {
            Some(place) => {
                self.messages[place as usize] = message;
                place
            }
            None => {
                self.messages.push(message);
                self.messages.len() as u32 - 1
            }
        };
        self.append(queue, |it| &mut it.line, place);
    }

    fn append(&mut self, queue: QueueId, list: fn(&mut Queue) -> &mut List, place: u32) {
        append(list(&mut self.queues[queue]), &mut self.messages, place);
    }

    /// What there is to do, given who is idle and what waits.
    pub fn next(&mut self, now: Time, queue: QueueId, spec: &network::Queue) -> Next {
        let it = &self.queues[queue];
        let mut oldest = it.oldest;
        let next = it.next(now, spec, || *oldest.get_or_insert_with(|| self.oldest_in(it.line)));
        self.queues[queue].oldest = oldest;
        next
    }

    /// When the one in a line that has waited longest began to. Only those that have been delivered
    /// before do not stand in the order in which they began to, and they stand before all others.
    fn oldest_in(&self, line: List) -> Time {
        let mut oldest = Time::NEVER;
        let at = |place: u32| self.messages.get(place as usize);
        for message in std::iter::successors(at(line.head), |it| at(it.next)) {
            oldest = oldest.min(message.since);
            if message.deliveries == 0 {
                break;
            }
        }
        oldest
    }

    /// Takes the first so many out of the line to deliver them in one call; answers which delivery
    /// it is.
    pub fn begin(&mut self, now: Time, queue: QueueId, count: u32) -> u32 {
        let mut messages = List::default();
        for _ in 0..count {
            let Some(place) = self.take_first(now, queue) else { break };
            self.messages[place as usize].deliveries += 1;
            append(&mut messages, &mut self.messages, place);
        }
        let it = &mut self.queues[queue];
        it.delivering += messages.len;
        it.calls.up(now);
        let delivery = Delivery { queue, messages };
        match self.over.pop() {
            Some(place) => {
                self.deliveries[place as usize] = delivery;
                place
            }
            None => {
                self.deliveries.push(delivery);
                self.deliveries.len() as u32 - 1
            }
        }
    }

    /// The messages of a delivery, which had begun to wait at `since`.
    pub fn delivered(&self, delivery: u32) -> impl Iterator<Item = &Message> {
        let head = self.deliveries[delivery as usize].messages.head;
        let at = |place: u32| self.messages.get(place as usize);
        std::iter::successors(at(head), move |it| at(it.next))
    }

    pub fn queue_of(&self, delivery: u32) -> QueueId {
        self.deliveries[delivery as usize].queue
    }

    /// The next message that the call was to be about, which it no longer is.
    pub fn take_back(&mut self, delivery: u32) -> Option<u32> {
        let Delivery { queue, messages } = &mut self.deliveries[delivery as usize];
        let place = pop(messages, &self.messages)?;
        self.queues[*queue].delivering -= 1;
        Some(place)
    }

    /// The call is over, and its messages have been taken back: a consumer is idle.
    pub fn end(&mut self, now: Time, delivery: u32) {
        let queue = std::mem::replace(&mut self.deliveries[delivery as usize].queue, QueueId::LAST);
        self.queues[queue].calls.down(now);
        self.over.push(delivery);
    }

    pub fn message(&self, place: u32) -> &Message {
        &self.messages[place as usize]
    }

    /// A message that was not acknowledged waits again, in its old place. Only those that have been
    /// delivered in vain too stand before it, and of its own batch all that came back already.
    pub fn wait_again(&mut self, now: Time, queue: QueueId, place: u32) {
        self.messages[place as usize].since = now;
        let number = self.messages[place as usize].number;
        let it = &mut self.queues[queue];
        it.joins(now);
        let last = self.messages.get(it.came_back as usize);
        let (mut before, mut at) = match last {
            Some(last) if last.number < number => (it.came_back, last.next),
            _ => (NONE, it.line.head),
        };
        it.came_back = place;
        while at != NONE && self.messages[at as usize].number < number {
            (before, at) = (at, self.messages[at as usize].next);
        }
        self.messages[place as usize].next = at;
        match before {
            NONE => it.line.head = place,
            before => self.messages[before as usize].next = place,
        }
        if at == NONE {
            it.line.tail = place;
        }
        it.line.len += 1;
    }

    /// A message that was not acknowledged rests until then; all of a queue rest equally long.
    pub fn rest(&mut self, until: Time, queue: QueueId, place: u32) {
        self.messages[place as usize].since = until;
        self.append(queue, |it| &mut it.resting, place);
    }

    /// When the first of those at rest may be delivered again.
    pub fn rested_at(&self, queue: QueueId) -> Time {
        let head = self.queues[queue].resting.head;
        self.messages.get(head as usize).map_or(Time::NEVER, |it| it.since)
    }

    /// The first of those at rest.
    pub fn wake(&mut self, queue: QueueId) -> Option<u32> {
        pop(&mut self.queues[queue].resting, &self.messages)
    }

    /// When the queue is to be looked at; whether that was not planned yet.
    pub fn plan(&mut self, queue: QueueId, at: Time) -> bool {
        let planned = &mut self.queues[queue].wake_at;
        let sooner = at < *planned;
        if sooner {
            *planned = at;
        }
        sooner
    }

    /// What was planned for now, or a time gone by, is no longer to come.
    pub fn looked_at(&mut self, now: Time, queue: QueueId) {
        let planned = &mut self.queues[queue].wake_at;
        if *planned <= now {
            *planned = Time::NEVER;
        }
    }

    /// A message goes for good; answers how long it was there.
    pub fn settle(&mut self, now: Time, queue: QueueId, place: u32, fate: Fate) -> Span {
        let stay = now - self.messages[place as usize].sent;
        let it = &mut self.queues[queue];
        it.inside.down(now);
        it.stayed_ns += u128::from(stay.nanos());
        match fate {
            Fate::Acknowledged => it.counts.acknowledged += 1,
            Fate::Dead => it.counts.dead += 1,
            Fate::Dropped => it.counts.dropped += 1,
        }
        self.vacant.push(place);
        stay
    }

    /// Takes the one that has waited longest out of the line.
    pub fn take_first(&mut self, now: Time, queue: QueueId) -> Option<u32> {
        let it = &mut self.queues[queue];
        let place = pop(&mut it.line, &self.messages)?;
        if place == it.came_back {
            it.came_back = NONE;
        }
        let since = self.messages[place as usize].since;
        if it.oldest.is_some_and(|oldest| since <= oldest) {
            it.oldest = None;
        }
        it.waiting.down(now);
        it.waited_ns += u128::from((now - since).nanos());
        Some(place)
    }

    pub fn open(&mut self, now: Time) {
        for it in self.queues.iter_mut() {
            it.at_opening = it.area(now);
        }
    }

    pub fn measured(&self, now: Time, queue: QueueId) -> QueueArea {
        let it = &self.queues[queue];
        let QueueArea { line, calls } = it.area(now);
        QueueArea { line: line - it.at_opening.line, calls: calls - it.at_opening.calls }
    }
}

impl Queue {
    /// One that begins to wait now is about to join the line.
    fn joins(&mut self, now: Time) {
        self.waiting.up(now);
        self.oldest = match self.line.len {
            0 => Some(now),
            _ => self.oldest.map(|it| it.min(now)),
        };
    }

    /// What there is to do, given when the one that has waited longest began to.
    fn next(&self, now: Time, spec: &network::Queue, oldest: impl FnOnce() -> Time) -> Next {
        if self.calls.level() >= spec.consumers || self.line.len == 0 {
            return Next::Nothing;
        }
        if self.line.len >= spec.enough || spec.linger.is_zero() {
            return Next::Deliver(self.line.len.min(spec.batch));
        }
        let due = oldest() + spec.linger;
        if due > now { Next::Later(due) } else { Next::Deliver(self.line.len.min(spec.batch)) }
    }

    fn area(&self, now: Time) -> QueueArea {
        QueueArea { line: self.waiting.area_ns(now), calls: self.calls.area_ns(now) }
    }
}

fn append(list: &mut List, messages: &mut [Message], place: u32) {
    messages[place as usize].next = NONE;
    match list.tail {
        NONE => list.head = place,
        tail => messages[tail as usize].next = place,
    }
    list.tail = place;
    list.len += 1;
}

fn pop(list: &mut List, messages: &[Message]) -> Option<u32> {
    let first = messages.get(list.head as usize)?;
    let place = list.head;
    list.head = first.next;
    if list.head == NONE {
        list.tail = NONE;
    }
    list.len -= 1;
    Some(place)
}
