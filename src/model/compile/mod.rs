//! From a checked model to a network: names become ids, hosts and instances are laid out.

mod accelerators;
mod admission;
mod balancing;
mod caches;
mod disks;
mod faults;
mod layout;
mod policies;
mod program;
mod queues;
mod replication;
mod scaling;
mod sessions;
mod spread;
mod steps;

pub use faults::split_number;

use super::file::{DiskStep, Model, RecordedCounts, Service, Step as Written, TrafficClass};
use super::places::Operation;
use crate::ids::{Id, MapIds};
use crate::network::*;
use crate::parts::distribution::{Count, Distribution, Size};
use crate::rng::key_of;
use crate::units::{Span, Time};
use policies::Caller;
use spread::Spread;
use std::collections::{HashMap, VecDeque};

/// Counts read from the files of `recorded` classes, by class name.
pub type Recorded = HashMap<String, Vec<f64>>;

/// The network of a checked model, with this many users.
pub fn compile(model: &Model, users: Option<f64>, recorded: &Recorded) -> (Network, Names) {
    let mut compiler = Compiler {
        model,
        network: Network { users, ..Network::default() },
        names: Names { model: model.name.clone(), ..Names::default() },
        delays: HashMap::new(),
        locks: HashMap::new(),
        caches: HashMap::new(),
        budgets: HashMap::new(),
        pending: VecDeque::new(),
        luck: HashMap::new(),
        cancels: false,
    };
    compiler.lay_out();
    compiler.lay_out_queues();
    for (name, class) in &model.traffic {
        compiler.class(name, class, recorded.get(name).map_or(&[], |counts| counts));
    }
    compiler.sessions(recorded);
    compiler.consumers();
    compiler.logs();
    compiler.receivers();
    compiler.families();
    compiler.faults();
    (compiler.network, compiler.names)
}

struct Compiler<'m> {
    model: &'m Model,
    network: Network,
    names: Names,
    /// Constant delays by what they are for and how long they are.
    delays: HashMap<(DelayUse, Span), DelayId>,
    /// Tables of rows, by service and name.
    locks: HashMap<(ServiceId, String), LockId>,
    /// Caches, by service and name.
    caches: HashMap<(ServiceId, String), CacheId>,
    /// Retry budgets, by the key of the guards that share them.
    budgets: HashMap<u64, BudgetId>,
    /// Programs that are still to be written: what is sent to run them refers to them by then.
    pending: VecDeque<Pending<'m>>,
    /// How often each name for luck was used in the program of the class at hand.
    luck: HashMap<String, u64>,
    /// Whether any work is ever taken back.
    cancels: bool,
}

/// Delays of one length are one ring only if they are for the same thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum DelayUse {
    Timeout,
    Patience,
    Hedge,
}

struct Pending<'m> {
    what: Sent<'m>,
    depth: Depth,
    /// Whether a deadline may travel with it.
    due: bool,
}

/// What a program of its own is sent to do.
enum Sent<'m> {
    Call {
        guard: GuardId,
        call: Callee<'m>,
    },
    /// The guarded attempts of a client that must know of them.
    Attempts {
        guard: GuardId,
        attempts: GuardId,
    },
    Branch {
        fork: ForkId,
        branch: usize,
        owner: Place<'m>,
        steps: &'m [Written],
    },
    /// Writes that nobody waits for.
    Writes {
        fork: ForkId,
        owner: Place<'m>,
        disk: &'m DiskStep,
    },
}

/// An operation being called, through which of the caller's pools, and the call's name for luck.
#[derive(Clone)]
struct Callee<'m> {
    operation: Operation<'m>,
    through: Option<u16>,
    /// What opens a connection of that pool.
    connect: Option<Operation<'m>>,
    luck: String,
    messages: Option<MessagesId>,
}

impl Callee<'_> {
    fn service(&self) -> ServiceId {
        ServiceId::new(self.operation.service)
    }
}

/// The operation whose steps are being written, and where in it.
#[derive(Clone)]
struct Place<'m> {
    service: ServiceId,
    spec: &'m Service,
    /// `service.operation[1].do`, the root of the names for luck.
    path: String,
}

impl Place<'_> {
    /// The name of the operation.
    fn operation(&self) -> &str {
        let path = self.path.split('[').next().unwrap_or(&self.path);
        path.rsplit('.').next().unwrap_or(path)
    }
}

impl<'m> Compiler<'m> {
    fn class(&mut self, name: &'m str, class: &'m TrafficClass, counts: &[f64]) {
        self.luck.clear();
        let mut call = self.callee(&class.call, None, "client".to_owned());
        call.messages = self.messages(&None, &class.answer);
        let guard = self.client_guard(&Caller::client(name, class), call);
        while let Some(pending) = self.pending.pop_front() {
            self.program(pending);
        }
        let arrival = match &class.closed {
            Some(closed) => Arrival::Closed { users: closed.users, think: closed.think.law() },
            None if class.coming().given() == 0 => Arrival::InSessions,
            None => class.coming().arrival(self.network.users, counts),
        };
        let batch = class.batch.as_ref().map(Count::law);
        let background = class.background;
        self.network.classes.push(Class { background, arrival, batch, guard, key: key_of(name) });
        self.names.classes.push(name.to_owned());
    }

    /// The sizes of what is sent there and back, if it has any.
    fn messages(&mut self, request: &Option<Size>, answer: &Option<Size>) -> Option<MessagesId> {
        let law = |it: &Option<Size>| it.as_ref().map(Size::law);
        let (request, answer) = (law(request), law(answer));
        let has_any = request.is_some() || answer.is_some();
        has_any.then(|| self.network.messages.push(Messages { request, answer }))
    }

    fn delay(&mut self, of: DelayUse, span: Span) -> DelayId {
        let delays = &mut self.network.delays;
        *self.delays.entry((of, span)).or_insert_with(|| delays.push(span))
    }

    fn callee(&self, call: &str, through: Option<u16>, luck: String) -> Callee<'m> {
        let operation = Operation::find(self.model, call).expect("checked: it is there");
        Callee { operation, through, connect: None, luck, messages: None }
    }

    /// The programs of the logs: queue at the disk, flush, answer.
    fn logs(&mut self) {
        for id in self.network.instances.ids() {
            let first = StepId::new(self.network.steps.len());
            let Some(log) = &mut self.network.instances[id].log else { continue };
            log.first = first;
            let gather = log.gather.map(|_| Step::Gather { depth: 0 });
            let flush =
                [Step::Ask { depth: 0 }, Step::Flush { depth: 0 }, Step::Flushed { depth: 0 }];
            for step in gather.into_iter().chain(flush) {
                self.network.steps.push(step);
                self.network.unwind.push(first);
            }
        }
    }
}

/// The rates behind counts per interval; nothing comes after the last.
fn recorded_rates(recorded: &RecordedCounts, counts: &[f64]) -> Vec<(Time, f64)> {
    let per_s = recorded.scale / recorded.every.as_secs();
    let starts = (0..).map(|i| Time::ZERO + recorded.every * i);
    let rates = counts.iter().map(|count| count * per_s).chain([0.0]);
    starts.zip(rates).collect()
}
