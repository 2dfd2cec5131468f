//! Crossing from zone to zone, and what befalls messages on the way.
//!
//! A message that is lost is silence: its token hangs until whoever sent it has no more patience, or
//! the link is well again; then the connection is found broken, and reset.

use super::steps::Flow;
use super::*;
use crate::network::{Depth, Failing, FaultStyle, LinkTrouble, VisitId, ZoneId};
use crate::sim::token::{Reason, Wait};

/// Set the luck of what befalls a message apart from that of the time it takes.
const LOST: u64 = 0x1057_0000_0E55_A6E5;
const LATER: u64 = 0x1A7E_0000_0E55_A6E5;

/// How a message gets across.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Crossing {
    AtOnce,
    /// It is on its way, or lost.
    Away,
    /// There is no way, and whoever sends it learns so.
    NoWay,
}

/// What befalls a message on a bad link.
#[derive(Clone, Copy, Default)]
struct Trouble {
    no_way: bool,
    lost: bool,
    added: Option<Span>,
}

impl<P: Probe> Engine<'_, P> {
    /// Sets out between the instances at `depth` and above it. Clients stand right in front of the
    /// system.
    #[inline(never)]
    pub(super) fn cross(
        &mut self,
        id: TokenId,
        depth: Depth,
        visit: VisitId,
        inward: bool,
    ) -> Crossing {
        let token = &self.tokens[id];
        if token.is(flag::TAKEN_BACK) {
            return Crossing::AtOnce;
        }
        let below = self.network.zone_of(token.held(depth));
        if depth == 0 {
            if !inward {
                self.send_over(id, self.network.way(below, None), visit, inward);
            }
            return Crossing::AtOnce;
        }
        let above = self.network.zone_of(token.held(depth - 1));
        let (from, to) = if inward { (above, below) } else { (below, above) };
        let luck = self.named.visits.at(visit).key.wrapping_add(if inward { 1 } else { 2 });
        let law = self.network.link(from, to);
        let usual = law.map(|it| it.draw(&mut self.draw(id, luck)));
        let trouble = match self.troubles.bad_links {
            0 => Trouble::default(),
            _ => self.trouble(id, (from, to), luck),
        };
        if trouble.no_way {
            return Crossing::NoWay;
        }
        let sent = self.send_over(id, self.network.way(from, Some(to)), visit, inward);
        if trouble.lost {
            let token = &mut self.tokens[id];
            token.wait = Wait::Crossing;
            token.flags |= flag::HUNG | flag::LOST;
            return Crossing::Away;
        }
        match (usual, trouble.added) {
            (None, None) => Crossing::AtOnce,
            (usual, added) => {
                self.be_away(id, usual.unwrap_or_default() + sent + added.unwrap_or_default())
            }
        }
    }

    /// Sends what a call or an answer carries; returns how long it is until all of it has gone. What only
    /// tells of a failure carries nothing.
    fn send_over(&mut self, id: TokenId, way: usize, visit: VisitId, inward: bool) -> Span {
        let Some(Some(spec)) = self.network.ways.get(way) else { return Span::ZERO };
        let visit = self.named.visits.at(visit);
        let size = visit.messages.and_then(|it| {
            let messages = &self.network.messages[it];
            if inward { messages.request.as_ref() } else { messages.answer.as_ref() }
        });
        let size = size.filter(|_| inward || self.tokens[id].failing == 0);
        let luck = visit.key.wrapping_add(if inward { 3 } else { 4 });
        let bytes = size.map_or(0, |it| it.draw(&mut self.draw(id, luck)).nanos());
        self.moved[way] += bytes;
        spec.pipe.map_or(Span::ZERO, |it| self.pipes[it].send(self.now, bytes))
    }

    fn be_away(&mut self, id: TokenId, span: Span) -> Crossing {
        self.tokens[id].wait = Wait::Crossing;
        self.schedule(span, Rank::Finish, Kind::Done, id);
        Crossing::Away
    }

    /// What the faults of links do to a message.
    #[inline(never)]
    fn trouble(&self, id: TokenId, (from, to): (ZoneId, ZoneId), luck: u64) -> Trouble {
        let mut met = Trouble::default();
        for (i, fault) in self.network.faults.iter().enumerate() {
            let Failing::Link { trouble, .. } = &fault.what else { continue };
            if !self.troubles.lasting[i] || !fault.what.is_between(from, to) {
                continue;
            }
            let draw = |of: u64| self.draw(id, luck.wrapping_add(of).wrapping_add(i as u64));
            match trouble {
                LinkTrouble::Cut(FaultStyle::Crash) => met.no_way = true,
                LinkTrouble::Cut(FaultStyle::Silence) => met.lost = true,
                LinkTrouble::Bad { added, loss } => {
                    met.lost |= draw(LOST).unit() < *loss;
                    if let Some(added) = added {
                        let later = added.draw(&mut draw(LATER));
                        met.added = Some(met.added.unwrap_or_default() + later);
                    }
                }
            }
        }
        met
    }

    /// A call cannot set out to the instance that was chosen for it, and fails where it is.
    #[inline(never)]
    pub(super) fn call_fails_here(&mut self, id: TokenId, reason: Reason) -> Flow {
        let token = &mut self.tokens[id];
        token.depth -= 1;
        let instance = token.held(token.depth);
        self.candidates[instance].outstanding -= 1;
        if self.instances[instance].ruled {
            self.notice_answer(id, instance, true);
            self.look_whether_drained(instance);
        }
        self.fail(id, reason)
    }

    /// An answer cannot set out: the caller finds its connection broken.
    #[inline(never)]
    pub(super) fn answer_fails(&mut self, id: TokenId) -> Flow {
        if self.tokens[id].failing == 0 { self.fail(id, Reason::Reset) } else { Flow::On }
    }

    /// Whoever waited for a lost message gives up: what it holds for that is given back.
    #[inline(never)]
    pub(super) fn give_up_on_lost(&mut self, id: TokenId) {
        let is_call = self.is_on_its_way(id);
        let token = &mut self.tokens[id];
        if token.depth - u8::from(is_call) != token.base {
            return;
        }
        token.flags &= !(flag::HUNG | flag::LOST);
        token.wait = Wait::Moving;
        match is_call {
            true => self.call_fails_here(id, Reason::Timeout),
            false => self.answer_fails(id),
        };
        self.ready.push_back(id);
    }

    /// Messages that a link has lost are found to be lost when it is well again.
    pub(super) fn link_is_well_again(&mut self, fault: usize) {
        self.troubles.bad_links -= 1;
        self.links_changed();
        let network = self.network;
        let lost = |id: &TokenId| {
            let token = &self.tokens[*id];
            let below = token.depth - u8::from(self.is_on_its_way(*id));
            let zone = |depth| network.zone_of(token.held(depth));
            token.is(flag::LOST)
                && network.faults[fault].what.is_between(zone(below - 1), zone(below))
        };
        let all: Vec<TokenId> = self.tokens.ids().filter(lost).collect();
        for id in all {
            let is_call = self.is_on_its_way(id);
            let token = &mut self.tokens[id];
            token.flags &= !(flag::HUNG | flag::LOST);
            token.wait = Wait::Moving;
            let depth = token.depth - u8::from(is_call);
            let stays = |it: &mut Self| {
                it.tokens[id].flags & (flag::CUT | flag::HANGS_BELOW) != 0
                    && it.back_to_nobody(id, depth)
            };
            if is_call {
                self.call_fails_here(id, Reason::Reset);
            }
            if stays(self) {
                continue;
            }
            if !is_call {
                self.answer_fails(id);
            }
            self.ready.push_back(id);
        }
    }
}
