//! What callers do to live with failure: guards, and what stands around them.

use super::*;
use crate::model::file::CallStep;
use crate::parts::policy::breaker::Breaker;
use crate::parts::policy::budget::Budget;
use crate::parts::policy::hedge::{After, Answers, Hedge};
use crate::parts::policy::retry::{Retry, Tries};

/// Who calls what, and all that the file says of how.
pub(super) struct Caller<'a> {
    /// The name of the class, or the path of the call.
    name: &'a str,
    /// The service that calls; none for clients.
    service: Option<ServiceId>,
    call: &'a str,
    timeout: Option<Span>,
    retry: Option<&'a Retry>,
    hedge: Option<&'a Hedge>,
    breaker: Option<&'a Breaker>,
    deadline: Option<&'a Distribution>,
    cancel: bool,
    fallback: bool,
}

impl<'a> Caller<'a> {
    pub fn client(name: &'a str, class: &'a TrafficClass) -> Caller<'a> {
        Caller {
            name,
            service: None,
            call: &class.call,
            timeout: class.timeout,
            retry: class.retry.as_ref(),
            hedge: class.hedge.as_ref(),
            breaker: class.breaker.as_ref(),
            deadline: class.deadline.as_ref(),
            cancel: class.cancel,
            fallback: false,
        }
    }

    /// A queue, which waits so long for its consumer.
    pub fn queue(name: &'a str, timeout: Option<Span>) -> Caller<'a> {
        Caller {
            name,
            service: None,
            call: "",
            timeout,
            retry: None,
            hedge: None,
            breaker: None,
            deadline: None,
            cancel: false,
            fallback: false,
        }
    }

    pub fn service(place: &'a Place, call: &'a CallStep) -> Caller<'a> {
        Caller {
            name: &place.path,
            service: Some(place.service),
            call: &call.call,
            timeout: call.timeout,
            retry: call.retry.as_ref(),
            hedge: call.hedge.as_ref(),
            breaker: call.breaker.as_ref(),
            deadline: call.deadline.as_ref(),
            cancel: call.cancel,
            fallback: call.fallback.is_some(),
        }
    }

    /// Whether its attempts are more than the caller's own way there and back.
    pub fn is_guarded(&self) -> bool {
        self.timeout.is_some() || self.retry.is_some() || self.has_policy()
    }

    fn has_policy(&self) -> bool {
        self.has_state() || self.deadline.is_some() || self.cancel || self.fallback
    }

    fn has_state(&self) -> bool {
        self.hedge.is_some() || self.breaker.is_some()
    }

    /// Whether attempts must have somebody whose attempts they are.
    fn is_wrapped(&self) -> bool {
        self.has_state() || self.retry.is_some_and(Retry::is_one_of_many)
    }

    fn budget(&self) -> Option<&'a Budget> {
        let of_retry = self.retry.and_then(|it| it.budget.as_ref());
        of_retry.or(self.hedge.and_then(|it| it.budget.as_ref()))
    }

    fn called_service(&self) -> &'a str {
        self.call.split_once('.').map_or(self.call, |it| it.0)
    }
}

impl<'m> Compiler<'m> {
    /// The guard of a class, and what is still to be written for it.
    pub(super) fn client_guard(&mut self, caller: &Caller, call: Callee<'m>) -> GuardId {
        let due = caller.deadline.is_some();
        if !caller.is_wrapped() {
            let guard = self.guard(caller, due);
            self.pending.push_back(Pending { what: Sent::Call { guard, call }, depth: 0, due });
            return guard;
        }
        let deadline = self.deadline(caller);
        let attempts = self.guard(&Caller { deadline: None, ..*caller }, due);
        self.pending.push_back(Pending {
            what: Sent::Call { guard: attempts, call },
            depth: 0,
            due,
        });
        let policy =
            deadline.map(|it| Policy { due, deadline: Some(it), wraps: true, ..Policy::default() });
        let policy = policy.map(|it| self.network.policies.push(it));
        let guard = self.network.guards.push(Guard {
            first: StepId::default(),
            timeout: None,
            tries: Tries::default(),
            budget: None,
            key: key_of(caller.name),
            policy,
        });
        let what = Sent::Attempts { guard, attempts };
        self.pending.push_back(Pending { what, depth: 0, due });
        guard
    }

    /// A guard; `due` says whether a deadline may travel with what it guards.
    pub(super) fn guard(&mut self, caller: &Caller, due: bool) -> GuardId {
        let timeout = caller.timeout.map(|span| self.delay(DelayUse::Timeout, span));
        let tries = caller.retry.map_or_else(Tries::default, Retry::tries);
        let key = key_of(&format!("{} retries", caller.name));
        let policy = (due || caller.has_policy()).then(|| self.policy(caller, due, timeout));
        let timeout = timeout.filter(|_| !due);
        let budgets = &mut self.network.budgets;
        // A call is written out for every class that makes it, and has one budget for all.
        let budget = caller.budget().map(|budget| {
            let of_clients = caller.service.is_none();
            let new = || budgets.push(RetryBudget { budget: *budget, of_clients });
            *self.budgets.entry(key).or_insert_with(new)
        });
        let first = StepId::default();
        self.network.guards.push(Guard { first, timeout, tries, budget, key, policy })
    }

    fn policy(&mut self, caller: &Caller, due: bool, timeout: Option<DelayId>) -> PolicyId {
        let policy = Policy {
            caller: caller.service,
            due,
            timeout: timeout.filter(|_| due),
            deadline: self.deadline(caller),
            wraps: false,
            cancel: caller.cancel,
            breaker: caller.breaker.map(|it| self.breaker(caller, it)),
            hedge: caller.hedge.map(|it| self.hedge(caller, it)),
            fallback: None,
        };
        self.network.has_families |= policy.cancel || policy.hedge.is_some();
        self.cancels |= policy.cancel;
        self.network.policies.push(policy)
    }

    fn deadline(&mut self, caller: &Caller) -> Option<Work> {
        let key = self.luck_key(&format!("{} deadline", caller.name));
        caller.deadline.map(|it| Work { law: it.law(), key })
    }

    fn breaker(&mut self, caller: &Caller, spec: &Breaker) -> BreakerId {
        let name = self.kept_name(caller, "breaker", caller.called_service());
        let known = self.names.breakers.iter().position(|it| *it == name);
        known.map(BreakerId::new).unwrap_or_else(|| {
            self.names.breakers.push(name);
            self.network.breakers.push(Kept { caller: caller.service, spec: *spec })
        })
    }

    fn hedge(&mut self, caller: &Caller, spec: &Hedge) -> Hedged {
        let name = self.kept_name(caller, "hedge", caller.call);
        let known = self.names.hedges.iter().position(|it| *it == name);
        let hedge = known.map(HedgeId::new).unwrap_or_else(|| {
            self.names.hedges.push(name);
            self.network.hedges.push(Kept { caller: caller.service, spec: () })
        });
        let after = match spec.after {
            After::Delay(span) => HedgeAfter::Delay(self.delay(DelayUse::Hedge, span)),
            After::Seen(Answers::Percentile(share)) => HedgeAfter::Percentile(share),
        };
        Hedged { after, most: spec.most, hedge }
    }

    /// `web.breaker.db`, or `browse.breaker` for clients.
    fn kept_name(&self, caller: &Caller, what: &str, of: &str) -> String {
        match caller.service {
            None => format!("{}.{what}", caller.name),
            Some(service) => format!("{}.{what}.{of}", self.names.services[service.index()]),
        }
    }

    /// What whoever takes work back does, and whether there can be work in vain.
    pub(super) fn families(&mut self) {
        let network = &mut self.network;
        let patient = |it: &Guard| it.timeout.is_some() || it.policy.is_some();
        network.may_waste = network.guards.as_slice().iter().any(patient)
            || network.forks.as_slice().iter().any(|it| it.branches.len() > 1);
        if self.cancels {
            let first = StepId::new(network.steps.len());
            network.steps.push(Step::TakeBack);
            network.unwind.push(first);
            network.take_back = Some(first);
        }
    }
}
