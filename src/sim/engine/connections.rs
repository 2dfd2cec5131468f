//! Connections that must be opened before they are used.

use super::steps::Flow;
use super::*;
use crate::network::Depth;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    fn connections_of(&self, id: TokenId, pool: u16, depth: Depth) -> ConnectionsId {
        let pool = self.network.instances[self.tokens[id].held(depth)].pool(pool);
        self.network.pools[pool].connections.expect("they are opened")
    }

    /// Goes on with a connection that is open already, or opens one.
    #[inline(never)]
    pub(super) fn connect(&mut self, id: TokenId, pool: u16, depth: Depth, to: StepId) -> Flow {
        let own = self.connections_of(id, pool, depth);
        let spec = &self.network.connections[own];
        let instances = &self.instances;
        if self.connections[own].take(spec, self.now, |it| instances[it].stamp) {
            self.tokens[id].step = to;
        } else {
            self.connections[own].opened();
        }
        Flow::On
    }

    #[inline(never)]
    pub(super) fn connected(&mut self, id: TokenId, pool: u16, depth: Depth) -> Flow {
        let own = self.connections_of(id, pool, depth);
        self.connections[own].begin();
        Flow::On
    }

    /// Lets the connection rest, unless its far end is gone.
    #[inline(never)]
    pub(super) fn disconnect(&mut self, id: TokenId, pool: u16, depth: Depth) -> Flow {
        let own = self.connections_of(id, pool, depth);
        let token = &self.tokens[id];
        let far = token.held(depth + 1);
        let Instance { state, stamp, .. } = self.instances[far];
        let lost = [Reason::Reset as u8, Reason::Unreachable as u8].contains(&token.failing);
        let to = (!lost && state == Health::Up).then_some((far, stamp));
        self.connections[own].end(&self.network.connections[own], self.now, to);
        self.after_giving_back(id)
    }
}
