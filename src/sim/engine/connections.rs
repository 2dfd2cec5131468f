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

    /// Goes on with a connection that is open already, or opens one, unless the other end has all that
    /// it takes.
    #[inline(never)]
    pub(super) fn connect(&mut self, id: TokenId, pool: u16, depth: Depth, to: StepId) -> Flow {
        let own = self.connections_of(id, pool, depth);
        self.close(own);
        let instances = &self.instances;
        if self.connections[own].take(|it| instances[it].stamp) {
            self.tokens[id].step = to;
            return Flow::On;
        }
        if self.is_full(self.network.connections[own].to) {
            return self.fail(id, Reason::Refused);
        }
        self.connections[own].begin();
        Flow::On
    }

    /// Closes what has rested too long.
    fn close(&mut self, own: ConnectionsId) {
        let (spec, instances) = (&self.network.connections[own], &self.instances);
        self.connections[own].close(spec, self.now, |it| instances[it].stamp);
    }

    /// Whether a service has as many connections as it takes, those at rest included.
    fn is_full(&mut self, service: ServiceId) -> bool {
        let Some(most) = self.network.connections_of(service) else { return false };
        if self.connections_to(service) < most {
            return false;
        }
        // Nobody has looked lately at what others left at rest.
        for id in self.network.connections.ids() {
            if self.network.connections[id].to != service {
                continue;
            }
            self.close(id);
            let instances = &self.instances;
            self.connections[id].forget_the_broken(|it| instances[it].stamp);
        }
        self.connections_to(service) >= most
    }

    /// How many connections to a service there are, those at rest included.
    pub(super) fn connections_to(&self, service: ServiceId) -> u32 {
        let all = self.network.connections.ids();
        let own = all.filter(|it| self.network.connections[*it].to == service);
        own.map(|it| self.connections[it].open()).sum()
    }

    /// Lets the connection rest, unless something failed over it or its far end is gone.
    #[inline(never)]
    pub(super) fn disconnect(&mut self, id: TokenId, pool: u16, depth: Depth) -> Flow {
        let own = self.connections_of(id, pool, depth);
        let token = &self.tokens[id];
        let far = token.held(depth + 1);
        let Instance { state, stamp, .. } = self.instances[far];
        let rests = token.failing == 0 && state == Health::Up;
        self.connections[own].end(self.now, rests.then_some((far, stamp)));
        self.close(own);
        self.after_giving_back(id)
    }
}
