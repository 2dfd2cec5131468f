//! Where a token is, and in whose line.

use super::*;
use crate::network::Depth;

impl<P: Probe> Engine<'_, P> {
    /// The tokens inside instances in this state, each with the innermost such depth of its own. A
    /// branch or an attempt sits in its parent's instance too, and dies with it.
    pub(super) fn those_inside(&self, state: Health) -> Vec<(TokenId, Depth)> {
        let innermost = |id: TokenId| {
            let token = &self.tokens[id];
            let waits = flag::LOG | flag::THINKS | flag::WAITS_TO_RETRY;
            if token.flags & waits != 0 {
                return None;
            }
            let entered = token.depth - u8::from(self.is_on_its_way(id));
            let lowest = token.base.saturating_sub(u8::from(!token.is(flag::CUT)));
            let mut own = (lowest..entered).rev();
            own.find(|depth| self.instances[token.held(*depth)].state == state)
                .map(|depth| (id, depth))
        };
        self.tokens.ids().filter_map(innermost).collect()
    }

    /// The step that the token is waiting in.
    pub(super) fn step_of(&self, id: TokenId) -> Step {
        self.network.steps[StepId::new(self.tokens[id].step.index() - 1)]
    }

    /// Whether it is crossing over to an instance, and not there yet.
    pub(super) fn is_on_its_way(&self, id: TokenId) -> bool {
        let token = &self.tokens[id];
        token.wait == Wait::Crossing
            && token.failing == 0
            && matches!(self.step_of(id), Step::Call { .. })
    }

    /// The pool in whose line the token stands, if it stands in one.
    pub(super) fn line_of(&self, id: TokenId) -> Option<PoolId> {
        let instance = |depth| &self.network.instances[self.tokens[id].held(depth)];
        match self.step_of(id) {
            _ if self.is_out_of_work(&self.tokens[id]) => {
                Some(instance(self.tokens[id].depth - 1).workers)
            }
            Step::Seize { depth, .. } => Some(instance(depth).workers),
            Step::Borrow { pool, depth } => Some(instance(depth).pool(pool)),
            Step::Occupy { depth } => self.disk_of(id, depth),
            Step::Ask { depth } => Some(self.log_disk(self.tokens[id].held(depth))),
            _ => None,
        }
    }
}
