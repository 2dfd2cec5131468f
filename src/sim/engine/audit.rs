//! The laws that hold on every path, checked when a run closes.

use super::*;

impl<P: Probe> Engine<'_, P> {
    pub(super) fn audit(&mut self) -> Result<(), Failure> {
        let now = self.now;
        let broken = |law, what, index| Failure::Broken { law, what, index };
        let (holders, row_holders) = self.holders();
        for id in self.network.pools.ids() {
            let audit = self.pools[id].audit(&self.tokens, now, holders[id]);
            audit.map_err(|law| broken(law, "pool", id.index()))?;
        }
        self.audit_devices()?;
        self.audit_waits().map_err(|law| broken(law, "system", 0))?;
        self.audit_queues()?;
        self.audit_sessions()?;
        self.audit_admission()?;
        self.audit_accelerators()?;
        self.audit_scaling()?;
        self.audit_hosts()?;
        self.audit_replications()?;
        for id in self.network.locks.ids() {
            let audit = self.rows[id].audit(&self.tokens, now, row_holders[id]);
            audit.map_err(|law| broken(law, "lock", id.index()))?;
        }
        for id in self.network.cpus.ids() {
            self.cpus[id].audit(now).map_err(|law| broken(law, "cpu", id.index()))?;
        }
        self.audit_requests().map_err(|law| broken(law, "system", 0))
    }

    fn audit_devices(&self) -> Result<(), Failure> {
        let broken = |law, what, index| Failure::Broken { law, what, index };
        for id in self.network.volumes.ids() {
            let audit = self.volumes[id].audit(self.now);
            audit.map_err(|law| broken(law, "volume", id.index()))?;
        }
        for id in self.network.pipes.ids() {
            self.pipes[id].audit(self.now).map_err(|law| broken(law, "link", id.index()))?;
        }
        if self.network.connections.is_empty() {
            return Ok(());
        }
        let mut users = self.network.connections.map(|_, _| 0);
        self.each_to_give_back(|token, step| {
            let Step::Disconnect { pool, depth } = self.network.steps[step] else { return };
            let pool = self.network.instances[token.held(depth)].pool(pool);
            users[self.network.pools[pool].connections.expect("they are opened")] += 1;
        });
        for id in self.network.connections.ids() {
            let audit = self.connections[id].audit(&self.network.connections[id], users[id]);
            audit.map_err(|law| broken(law, "connections", id.index()))?;
            let to = self.network.connections[id].to;
            let most = self.network.connections_of(to);
            if most.is_some_and(|most| self.connections_to(to) > most) {
                let law = "more connections than the service takes";
                return Err(broken(law, "service", to.index()));
            }
        }
        Ok(())
    }

    /// How many tokens hold a place of each pool, and rows of each table.
    fn holders(&self) -> (Table<PoolId, u32>, Table<LockId, u32>) {
        let mut holders = self.network.pools.map(|_, _| 0);
        let mut rows = self.network.locks.map(|_, _| 0);
        self.each_to_give_back(|token, step| {
            if let Some(pool) = self.pool_given_back(token, step) {
                holders[pool] += 1;
            }
            if let Step::Unlock { lock, .. } = self.network.steps[step] {
                rows[lock] += 1;
            }
        });
        (holders, rows)
    }

    /// Looks at all that every token has yet to give back.
    fn each_to_give_back(&self, mut look: impl FnMut(&Token, StepId)) {
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.flags & (flag::THINKS | flag::WAITS_TO_RETRY) != 0 {
                continue;
            }
            let mut at = self.first_to_give_back(token);
            while let Some(step) = at {
                look(token, step);
                at = self.next_to_give_back(token, step);
            }
        }
    }

    /// The pool that a step gives back to, for a token there.
    fn pool_given_back(&self, token: &Token, step: StepId) -> Option<PoolId> {
        let instance = |depth| &self.network.instances[token.held(depth)];
        match self.network.steps[step] {
            Step::Leave { depth, .. } => Some(instance(depth).workers),
            Step::Return { pool, depth } => Some(instance(depth).pool(pool)),
            Step::Vacate { depth } | Step::Free { depth } => {
                self.network.hosts[instance(depth).host].disk
            }
            Step::Flushed { depth } => self.network.hosts[instance(depth).host].log,
            _ => None,
        }
    }

    /// Requests born = answered + failed + still inside, and Little's law for the whole system.
    fn audit_requests(&mut self) -> Result<(), &'static str> {
        let mut still = 0;
        let mut stays_ns = self.inside.stays_ns;
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.parent == NOBODY && self.is_asked_for(token) {
                still += 1;
                stays_ns += u128::from((self.now - token.born).nanos());
            }
        }
        match () {
            () if still != u64::from(self.inside.requests.level()) => Err("requests were lost"),
            () if stays_ns != self.inside.requests.area_ns(self.now) => {
                Err("Little's law fails for the system")
            }
            () => Ok(()),
        }
    }

    /// Whether a client is waiting for this very token.
    pub(super) fn is_asked_for(&self, token: &Token) -> bool {
        let others = flag::ORPHAN | flag::CUT | flag::LOG | flag::THINKS | flag::DELIVERS;
        token.flags & others == 0
    }
}
