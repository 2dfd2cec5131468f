//! A primary and its standbys: how far each has come, and who waits for whom.
//!
//! Commits are numbered as they are flushed on the primary. All that is ever sent is "up to this
//! number", in order.

use super::line::Line;
use super::meter::Meter;
use super::token::{TokenId, Tokens, Wait};
use crate::network::{self, Acknowledged};
use crate::parts::balance::Candidate;
use crate::units::{Span, Time};
use std::collections::VecDeque;

pub struct Replication {
    acknowledged_by: Acknowledged,
    apply: Span,
    /// The place of the instance that callers send writes to.
    pub primary: usize,
    /// The place of the one that is about to be in its stead.
    pub promoting: Option<usize>,
    /// The place of the last primary before, which may not know.
    pub deposed: Option<usize>,
    /// The place of an old primary that still takes writes.
    pub pretender: Option<usize>,
    /// Whether a failover did not work: nobody takes over until the primary is back.
    pub gave_up: bool,
    /// Whether somebody is about to find out that the primary is gone.
    pub searching: bool,
    /// Grows with every change of mind: what was planned before is void.
    pub term: u32,
    /// How often the primary was looked for.
    pub searches: u64,
    /// Commits that the primary has flushed, and those that it has answered.
    committed: u64,
    acknowledged: u64,
    /// Those whose commits wait for standbys, in the order of their numbers.
    waiting: Line,
    pub members: Vec<Member>,
    /// Room for those among whom a read may choose.
    pub candidates: Vec<Candidate>,
    /// Level 1 while there is no primary to take writes.
    gone: Meter,
    seen: ReplicationUse,
    at_opening: ReplicationUse,
}

/// What became of a primary and its standbys in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReplicationUse {
    pub committed: u64,
    /// How long, and how often, there was no primary to take writes.
    pub gone_ns: u128,
    pub outages: u64,
    pub failovers: u64,
    /// Commits that had been answered, and that are in no log that counts: the promoted standby had not
    /// received them.
    pub lost: u64,
    /// Of those, what an old primary answered when there was a new one already.
    pub diverged: u64,
}

/// One of the instances.
pub struct Member {
    /// Takes in, as a standby, what comes from the primary.
    pub token: TokenId,
    /// Whether it is about to flush, and up to where.
    flushing: Option<u64>,
    pub connected: bool,
    /// Grows when the connection goes or comes: what was planned over it before is void.
    pub stamp: u32,
    /// From the primary, and back to it: up to which number, and when it arrives.
    there: VecDeque<Message>,
    there_last: Time,
    back: VecDeque<u64>,
    back_last: Time,
    /// What has come, and is not flushed.
    came: VecDeque<Message>,
    received: u64,
    flushed: u64,
    /// By when it will have applied all that it has flushed.
    applied_by: Time,
    /// How far the primary knows that it has come.
    acked: u64,
    /// Whether commits wait for it; and if not, from where on they do again.
    pub counts: bool,
    lacked: u64,
    /// Messages to it and from it so far; each has its own luck.
    pub messages: u64,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    number: u64,
    sent: Time,
    /// Whether it is what a standby has missed while it was away.
    catches_up: bool,
}

impl Member {
    fn new(token: TokenId) -> Member {
        Member {
            token,
            flushing: None,
            connected: false,
            stamp: 0,
            there: VecDeque::with_capacity(64),
            there_last: Time::ZERO,
            back: VecDeque::with_capacity(64),
            back_last: Time::ZERO,
            came: VecDeque::with_capacity(64),
            received: 0,
            flushed: 0,
            applied_by: Time::ZERO,
            acked: 0,
            counts: true,
            lacked: 0,
            messages: 0,
        }
    }

    /// The connection goes, with all that is on its way.
    pub fn disconnect(&mut self) {
        self.connected = false;
        self.stamp = self.stamp.wrapping_add(1);
        self.there.clear();
        self.back.clear();
        (self.there_last, self.back_last) = (Time::ZERO, Time::ZERO);
    }

    /// It is gone, with all that it had not flushed.
    pub fn dies(&mut self, now: Time) {
        self.came.clear();
        self.received = self.flushed;
        self.flushing = None;
        self.applied_by = now;
    }

    /// The log ends here: what goes beyond is thrown away.
    fn cut_off(&mut self, end: u64) {
        self.came.clear();
        self.flushed = self.flushed.min(end);
        self.received = self.flushed;
        self.flushing = self.flushing.map(|it| it.min(end));
        self.acked = self.acked.min(end);
    }
}

impl Replication {
    pub fn new(spec: &network::Replication, tokens: impl Iterator<Item = TokenId>) -> Replication {
        let members: Vec<Member> = tokens.map(Member::new).collect();
        Replication {
            acknowledged_by: spec.acknowledged,
            apply: spec.apply,
            primary: 0,
            promoting: None,
            deposed: None,
            pretender: None,
            gave_up: false,
            searching: false,
            term: 0,
            searches: 0,
            committed: 0,
            acknowledged: 0,
            waiting: Line::default(),
            candidates: Vec::with_capacity(members.len()),
            members,
            gone: Meter::default(),
            seen: ReplicationUse::default(),
            at_opening: ReplicationUse::default(),
        }
    }

    pub fn waits_for_standbys(&self) -> bool {
        self.acknowledged_by != Acknowledged::ByNobody
    }

    /// The primary has flushed one more commit; its number.
    pub fn commit(&mut self) -> u64 {
        self.committed += 1;
        self.seen.committed += 1;
        self.committed
    }

    /// One that is no primary any more has answered a commit, which nobody else will ever have.
    pub fn diverge(&mut self) {
        self.seen.committed += 1;
        self.seen.lost += 1;
        self.seen.diverged += 1;
    }

    /// Whether the commit that was flushed last must wait.
    pub fn must_wait(&self) -> bool {
        self.enough() < self.committed
    }

    pub fn wait(&mut self, tokens: &mut Tokens, id: TokenId, number: u64) {
        tokens[id].left = number as u32;
        self.waiting.join(tokens, id, Wait::Flush);
    }

    /// Up to which number commits may be answered.
    fn enough(&self) -> u64 {
        let standbys = self.members.iter().enumerate();
        let counted = || {
            let counted = standbys.clone().filter(|(i, it)| *i != self.primary && it.counts);
            counted.map(|(_, it)| it.acked)
        };
        let needed = match self.acknowledged_by {
            Acknowledged::ByNobody => 0,
            Acknowledged::ByAll => counted().count(),
            Acknowledged::By(count) => counted().count().min(count as usize),
        };
        let reached = |number: u64| counted().filter(|it| *it >= number).count() >= needed;
        match needed {
            0 => self.committed,
            _ => counted().filter(|it| reached(*it)).max().unwrap_or(0),
        }
    }

    /// One of those whose commits can be answered, until there are none.
    pub fn answered(&mut self, tokens: &mut Tokens) -> Option<TokenId> {
        let enough = self.enough();
        self.acknowledged = self.acknowledged.max(enough);
        let first = self.waiting.first()?;
        let ahead = (enough as u32).wrapping_sub(tokens[first].left);
        if ahead >> 31 == 0 { self.waiting.pop(tokens) } else { None }
    }

    /// Those who wait are set free, to hang or to fail with the instance that they are in.
    pub fn stop(&mut self, tokens: &mut Tokens) {
        while self.waiting.pop(tokens).is_some() {}
    }

    /// What a standby lacks sets out for it, over a link that takes this long; when it arrives, if it
    /// does not go along with what has set out at this very moment.
    pub fn ship(&mut self, place: usize, now: Time, takes: Span, catches_up: bool) -> Option<Time> {
        let number = self.committed;
        let member = &mut self.members[place];
        if let Some(last) = member.there.back_mut().filter(|it| it.sent == now) {
            last.number = number;
            return None;
        }
        member.there.push_back(Message { number, sent: now, catches_up });
        member.there_last = member.there_last.max(now + takes);
        Some(member.there_last)
    }

    /// A standby is connected to the primary; true if it lacks anything.
    pub fn connect(&mut self, place: usize) -> bool {
        let committed = self.committed;
        let member = &mut self.members[place];
        member.connected = true;
        member.stamp = member.stamp.wrapping_add(1);
        member.lacked = committed;
        member.received < committed
    }

    /// What was first on its way has come; true if the standby must begin to flush.
    pub fn came(&mut self, place: usize) -> bool {
        let member = &mut self.members[place];
        let Some(message) = member.there.pop_front() else { return false };
        member.received = member.received.max(message.number);
        member.came.push_back(message);
        if member.flushing.is_some() {
            return false;
        }
        member.flushing = Some(member.received);
        true
    }

    /// A standby has flushed what had come when it began to; true if it must do so again. Tells the lag
    /// of each commit: from the primary's flush until the standby's readers see it.
    pub fn flushed(&mut self, place: usize, now: Time, mut tell: impl FnMut(Span)) -> bool {
        let apply = self.apply;
        let member = &mut self.members[place];
        let Some(number) = member.flushing.take() else { return false };
        let mut seen = member.applied_by.max(now);
        while let Some(message) = member.came.front().filter(|it| it.number <= number).copied() {
            member.came.pop_front();
            let commits = message.number.saturating_sub(member.flushed);
            if message.catches_up {
                seen = seen + apply * commits;
            } else {
                for _ in 0..commits {
                    seen = seen + apply;
                    tell(seen - message.sent);
                }
            }
            member.flushed = member.flushed.max(message.number);
        }
        member.applied_by = seen;
        let goes_on = member.received > member.flushed;
        if goes_on {
            member.flushing = Some(member.received);
        }
        goes_on
    }

    /// A standby says how far it has come; when the primary hears of it.
    pub fn say(&mut self, place: usize, now: Time, takes: Span) -> Time {
        let member = &mut self.members[place];
        member.back.push_back(member.flushed);
        member.back_last = member.back_last.max(now + takes);
        member.back_last
    }

    /// The primary hears what was said first.
    pub fn hear(&mut self, place: usize) {
        let member = &mut self.members[place];
        let Some(number) = member.back.pop_front() else { return };
        member.acked = member.acked.max(number);
        member.counts |= member.acked >= member.lacked;
    }

    /// Whether a read there, now, misses anything that a commit was answered for.
    pub fn is_stale(&self, place: usize, now: Time) -> bool {
        let member = &self.members[place];
        if place == self.primary {
            return false;
        }
        let left = if member.applied_by > now { member.applied_by - now } else { Span::ZERO };
        let unapplied = match self.apply.nanos() {
            0 => 0,
            apply => left.nanos().div_ceil(apply),
        };
        member.flushed - unapplied.min(member.flushed) < self.acknowledged
    }

    /// The standby that is to take over: the one with the most of the log among those that may. Where
    /// commits wait for standbys, it must have all that was answered.
    pub fn successor(&self, may: impl Fn(usize) -> bool) -> Option<usize> {
        let all = (0..self.members.len()).filter(|it| *it != self.primary && may(*it));
        let most = all.rev().max_by_key(|it| self.members[*it].received)?;
        let enough = self.members[most].received >= self.acknowledged;
        (enough || !self.waits_for_standbys()).then_some(most)
    }

    /// A standby is the primary from now on; how many answered commits it does not have.
    pub fn promote(&mut self, place: usize, tokens: &mut Tokens) -> u64 {
        self.stop(tokens);
        let old = &mut self.members[self.primary];
        (old.received, old.flushed) = (self.committed, self.committed);
        let end = self.members[place].received;
        let lost = self.acknowledged.saturating_sub(end);
        self.seen.lost += lost;
        self.seen.failovers += 1;
        self.committed = end;
        self.acknowledged = self.acknowledged.min(end);
        self.primary = place;
        for (i, member) in self.members.iter_mut().enumerate() {
            if i == place {
                member.came.clear();
                member.flushed = end;
            } else {
                member.cut_off(end);
            }
        }
        lost
    }

    /// Whether there is a primary to take writes.
    pub fn has_primary(&mut self, now: Time, has: bool) {
        match (self.gone.level(), has) {
            (0, false) => {
                self.gone.up(now);
                self.seen.outages += 1;
            }
            (1, true) => self.gone.down(now),
            _ => {}
        }
    }

    fn seen(&self, now: Time) -> ReplicationUse {
        ReplicationUse { gone_ns: self.gone.area_ns(now), ..self.seen }
    }

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        self.at_opening = self.seen(now);
    }

    pub fn measured(&self, now: Time) -> ReplicationUse {
        let (seen, before) = (self.seen(now), self.at_opening);
        ReplicationUse {
            committed: seen.committed - before.committed,
            gone_ns: seen.gone_ns - before.gone_ns,
            outages: seen.outages - before.outages,
            failovers: seen.failovers - before.failovers,
            lost: seen.lost - before.lost,
            diverged: seen.diverged - before.diverged,
        }
    }

    /// Nobody is ahead of the primary, nothing is flushed that has not come, nothing is answered that
    /// was not flushed, and all who wait are in its line.
    pub fn audit(&self, waiting: u32) -> Result<(), &'static str> {
        let standbys = self.members.iter().enumerate().filter(|(i, _)| *i != self.primary);
        let mut standbys = standbys.map(|it| it.1);
        match () {
            () if self.acknowledged > self.committed => Err("more is answered than committed"),
            () if standbys.clone().any(|it| it.flushed > it.received) => {
                Err("a standby has flushed what has not come")
            }
            () if standbys.any(|it| it.connected && it.received > self.committed) => {
                Err("a standby is ahead of its primary")
            }
            () if waiting != self.waiting.len() => Err("commits that wait are miscounted"),
            () => Ok(()),
        }
    }
}
