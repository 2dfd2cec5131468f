//! Requests that come several at once, and those of users in the course of a session.

use super::*;
use crate::network::{SessionId, Stage};
use crate::sim::sessions::Visitor;

/// What draws of a session are for: keys of how many come at once, of thinking, of whether to leave,
/// of what comes next and how often.
const BATCH: u64 = rng::key_of("batch");
const THINK: u64 = rng::key_of("think");
const LEAVE: u64 = rng::key_of("leave");
const TURN: u64 = rng::key_of("turn");
const SHARE: u64 = rng::key_of("share");
const TIMES: u64 = rng::key_of("times");

/// How sessions of a kind come, and what their keys are made from.
pub(super) struct Comings<'n> {
    arrivals: Arrivals<'n>,
    key: u64,
    luck: u64,
}

impl<'n> Comings<'n> {
    pub(super) fn new(keys: Keys, session: &'n network::Session) -> Self {
        let luck = keys.arrivals(session.key);
        let arrivals = Arrivals::new(luck, keys.side(), &session.arrival);
        Comings { arrivals, key: keys.class(session.key), luck: rng::mix(luck) }
    }
}

impl<P: Probe> Engine<'_, P> {
    /// Several requests come in at one instant. The first has the luck that it would have alone.
    pub(super) fn arrive_together(&mut self, class: ClassId) {
        let Source { arrivals, key, birth } = &mut self.sources[class];
        let number = arrivals.number - 1;
        let (first, birth) = (rng::request(*key, number), *birth);
        self.expect_arrival(class);
        let class_of = &self.network.classes[class];
        let Some(batch) = &class_of.batch else { return };
        let luck = rng::request(self.keys.arrivals(class_of.key), number);
        let count = batch.draw(&mut self.keys.draw(luck, BATCH));
        for place in 0..u64::from(count) {
            let key = if place == 0 { first } else { rng::request(first, place) };
            let token = self.be_born(class, birth, key, NOBODY);
            self.ready.push_back(token);
            // Millions may come at one instant, between two looks at how many there are.
            if place % 1024 == 1023 && self.is_too_crowded() {
                return;
            }
        }
    }

    /// Where the next arrival of a class of which several come at once is dated: before the sessions.
    pub(super) fn batch_slot(&self, class: ClassId) -> usize {
        let classes = &self.network.classes;
        let later = classes.ids().filter(|it| *it >= class && classes[*it].batch.is_some());
        self.first_session - later.count()
    }

    pub(super) fn expect_session(&mut self, session: SessionId) {
        let at = self.comings[session].arrivals.next();
        let order = self.order(Rank::Arrive);
        self.lanes.set(self.first_session + session.index(), at, order);
    }

    /// A user comes, and begins a session.
    pub(super) fn session_begins(&mut self, of: SessionId) {
        let Comings { arrivals, key, luck } = &self.comings[of];
        let number = arrivals.number - 1;
        let (key, luck) = (rng::request(*key, number), rng::request(*luck, number));
        self.expect_session(of);
        let begun = self.now;
        let visitor = Visitor { of, key, luck, begun, stage: 0, left: 0, asked: 0, turns: 0 };
        let place = self.sessions.begin(visitor);
        self.probe.session_begun(begun, of);
        self.enter(place, 0);
    }

    /// A request of the session was answered, or has failed for good.
    pub(super) fn session_goes_on(&mut self, place: u32, failed: bool) {
        let visitor = self.sessions.visitor(place);
        let session = &self.network.sessions[visitor.of];
        let luck = rng::request(visitor.luck, u64::from(visitor.asked));
        if failed && self.keys.draw(luck, LEAVE).unit() < session.leave_on_failure {
            return self.session_ends(place, true);
        }
        if visitor.left > 0 {
            return self.think_ahead(place);
        }
        match self.what_next(place) {
            Some(stage) => self.enter(place, stage),
            None => self.session_ends(place, false),
        }
    }

    /// What the session is about next; nothing if it ends.
    fn what_next(&mut self, place: u32) -> Option<u32> {
        let visitor = self.sessions.visitor(place);
        let luck = rng::request(visitor.luck, u64::from(visitor.turns));
        visitor.turns = visitor.turns.wrapping_add(1);
        let then = &self.network.sessions[visitor.of].stages[visitor.stage as usize].then;
        match then[..] {
            [] => None,
            [(1.0, only)] => Some(only),
            _ => {
                let chance = self.keys.draw(luck, TURN).unit();
                then.iter().find(|it| chance < it.0).map(|it| it.1)
            }
        }
    }

    /// The session turns to a stage, or to the first after it that it does not leave out.
    fn enter(&mut self, place: u32, mut at: u32) {
        loop {
            let visitor = self.sessions.visitor(place);
            visitor.stage = at;
            let luck = rng::request(visitor.luck, u64::from(visitor.turns));
            let stage = &self.network.sessions[visitor.of].stages[at as usize];
            if stage.share >= 1.0 || self.keys.draw(luck, SHARE).unit() < stage.share {
                visitor.left = stage.times.draw(&mut self.keys.draw(luck, TIMES));
                return self.think_ahead(place);
            }
            match self.what_next(place) {
                Some(next) => at = next,
                None => return self.session_ends(place, false),
            }
        }
    }

    /// The user thinks about the next request, which is born thereafter.
    fn think_ahead(&mut self, place: u32) {
        let visitor = self.sessions.visitor(place);
        let number = u64::from(visitor.asked);
        let (key, luck) = (rng::request(visitor.key, number), rng::request(visitor.luck, number));
        visitor.asked = visitor.asked.wrapping_add(1);
        visitor.left -= 1;
        let stages = &self.network.sessions[visitor.of].stages;
        let Stage { ask: class, think, .. } = &stages[visitor.stage as usize];
        let span = think.draw(&mut self.keys.draw(luck, THINK));
        let Birth { guard, first, .. } = self.sources[*class].birth;
        let token = self.tokens.admit(*class, guard, first, key, self.now);
        self.tokens[token].user = place;
        self.tokens[token].flags = flag::THINKS;
        if span.is_zero() {
            self.watch_the_restless();
        }
        self.schedule(span, Rank::Arrive, Kind::Send, token);
    }

    fn session_ends(&mut self, place: u32, left: bool) {
        let (of, ended) = self.sessions.end(place, self.now, left);
        self.probe.session_ended(self.now, of, ended);
    }

    /// Every session is in the midst of one request: its user thinks, or waits for the answer.
    pub(super) fn audit_sessions(&self) -> Result<(), Failure> {
        if self.network.sessions.is_empty() {
            return Ok(());
        }
        let asks = |token: &Token| {
            let in_session =
                matches!(self.network.classes[token.class].arrival, Arrival::InSessions);
            let own = token.parent == NOBODY && token.user != NOBODY;
            in_session && own && (token.is(flag::THINKS) || self.is_asked_for(token))
        };
        let asking = self.tokens.ids().filter(|id| asks(&self.tokens[*id])).count() as u32;
        let audit = self.sessions.audit(self.now, asking);
        audit.map_err(|law| Failure::Broken { law, what: "session", index: 0 })
    }
}
