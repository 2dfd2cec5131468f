//! Work done in vain: time of CPUs, disks and accelerators for answers that nobody waits for.
//!
//! A piece of work (a `cpu` step, one access to a disk, one turn at an accelerator) counts when it ends, done or broken off: in vain
//! if by then somebody on the way from the client to it no longer waits, because patience ended, another
//! try or enough other branches were sooner, or the caller died. Pieces that ended while everybody
//! waited were not in vain, even if the request failed later. Writes that nobody ever waited for
//! are not in vain either.

use super::*;
use crate::network::{AcceleratorId, GroupId};

/// Nanoseconds of work done in vain.
#[derive(Clone, Debug, Default)]
pub struct Wasted {
    /// Of CPUs, by whose instances they worked for.
    pub cpu_ns: Table<ServiceId, f64>,
    /// Of places at disks.
    pub disk_ns: Table<GroupId, f64>,
    /// Of requests in the batches of accelerators.
    pub inference_ns: Table<GroupId, f64>,
}

impl Wasted {
    pub(super) fn new(network: &Network) -> Wasted {
        Wasted {
            cpu_ns: network.services.map(|_, _| 0.0),
            disk_ns: network.groups.map(|_, _| 0.0),
            inference_ns: network.groups.map(|_, _| 0.0),
        }
    }

    pub(super) fn clear(&mut self) {
        let of_groups = self.disk_ns.iter_mut().chain(self.inference_ns.iter_mut());
        self.cpu_ns.iter_mut().chain(of_groups).for_each(|it| *it = 0.0);
    }
}

impl<P: Probe> Engine<'_, P> {
    /// Whether nobody waits for what the token does, though somebody did.
    fn is_in_vain(&self, token: &Token) -> bool {
        if token.is(flag::ORPHAN) && token.guard == GuardId::LAST && !token.is(flag::TAKEN_BACK) {
            return false;
        }
        let mut token = token;
        loop {
            if token.flags & (flag::ORPHAN | flag::CUT) != 0 {
                return true;
            }
            if token.parent == NOBODY {
                return false;
            }
            if !self.is_waiting_for(token) {
                return true;
            }
            token = &self.tokens[TokenId::from_raw(token.parent)];
        }
    }

    /// The token has computed what its step asks for, but for what is left.
    #[inline(never)]
    pub(super) fn computed(&mut self, id: TokenId, left: Span) {
        if !self.wastes || !self.is_in_vain(&self.tokens[id]) {
            return;
        }
        let (Step::Delay { work, .. } | Step::Compute { work, .. }) = self.step_of(id) else {
            return;
        };
        let work = &self.network.works[work];
        // Drawn once more, rather than kept for the few that need it.
        let span = work.law.draw(&mut self.draw(id, work.key));
        let token = &self.tokens[id];
        let service = self.network.instances[token.held(token.depth - 1)].service;
        // What a core lost to waking or switching for it is left to do too, and is no part of its work.
        let done_ns = span.nanos().saturating_sub(left.nanos());
        self.wasted.cpu_ns[service] += done_ns as f64;
    }

    /// The token has used a disk since it began.
    #[inline(never)]
    pub(super) fn used_disk(&mut self, id: TokenId, depth: crate::network::Depth) {
        let token = &self.tokens[id];
        if self.wastes && self.is_in_vain(token) {
            let host = self.network.instances[token.held(depth)].host;
            let group = self.network.hosts[host].group;
            self.wasted.disk_ns[group] += (self.now - token.begun()).nanos() as f64;
        }
    }

    /// The token has been in a batch of an accelerator since it was let in; one that was put off, since
    /// the last time.
    #[inline(never)]
    pub(super) fn inferred(&mut self, id: TokenId, device: AcceleratorId) {
        let token = &self.tokens[id];
        if self.wastes && self.is_in_vain(token) {
            let group = self.network.accelerators[device].group;
            self.wasted.inference_ns[group] += (self.now - token.joined).nanos() as f64;
        }
    }
}
