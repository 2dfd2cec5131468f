//! Retry budgets: of the clients of a class, and of each instance that calls.

use super::*;
use crate::network::{BudgetId, RetryBudget};
use crate::parts::policy::budget::Bucket;

/// What there is of a budget, by calling instance; once for all clients.
pub(super) fn buckets(network: &Network, budget: &RetryBudget) -> Vec<Bucket> {
    let callers = if budget.of_clients { 1 } else { network.instances.len() };
    vec![Bucket::full(&budget.budget); callers]
}

impl<P: Probe> Engine<'_, P> {
    /// The token was sent for the first time.
    #[inline(never)]
    pub(super) fn deposit(&mut self, id: TokenId) {
        let token = self.tokens[id];
        if let Some(budget) = self.network.guards[token.guard].budget {
            let spec = self.network.budgets[budget].budget;
            self.bucket(budget, &token).deposit(&spec);
        }
    }

    /// Whether the budget, if there is one, allows another try of what this token tried.
    pub(super) fn may_retry(&mut self, token: &Token) -> bool {
        let Some(budget) = self.network.guards[token.guard].budget else { return true };
        let (spec, now) = (self.network.budgets[budget].budget, self.now);
        self.bucket(budget, token).withdraw(&spec, now)
    }

    /// What is left of a budget for whoever sent the token.
    fn bucket(&mut self, budget: BudgetId, token: &Token) -> &mut Bucket {
        let caller = match self.network.budgets[budget].of_clients {
            true => 0,
            false => token.held(token.base - 1).index(),
        };
        &mut self.budgets[budget][caller]
    }
}
