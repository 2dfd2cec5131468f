//! From nested steps to flat programs, each step with the place to go on if it fails.

use super::steps::Spot;
use super::*;
use crate::rng::mix;

/// A program being written: where its steps begin, and what each must give back if it fails.
pub(super) struct Program {
    /// For each step so far, the innermost thing held there.
    holds: Vec<usize>,
    /// For each thing held, the step that gives it back; the first is the end of the program.
    releases: Vec<StepId>,
    start: StepId,
    /// Whether a deadline may travel with it: then it is looked at before each step.
    pub(super) due: bool,
}

impl<'m> Compiler<'m> {
    /// Writes one program, and tells those who send it where it starts.
    pub(super) fn program(&mut self, pending: Pending<'m>) {
        let start = StepId::new(self.network.steps.len());
        let mut program =
            Program { holds: Vec::new(), releases: vec![StepId::LAST], start, due: pending.due };
        match pending.what {
            Sent::Call { guard, call } => {
                self.network.guards[guard].first = start;
                self.call_through(&mut program, 0, call, pending.depth);
            }
            Sent::Attempts { guard, attempts } => {
                self.network.guards[guard].first = start;
                self.emit(&mut program, 0, Step::Guarded { guard: attempts, depth: CLIENT });
            }
            Sent::Branch { fork, branch, owner, steps } => {
                self.network.forks[fork].branches[branch] = start;
                let spot = Spot { place: owner, holds: 0, depth: pending.depth, gives_way: None };
                self.steps(&mut program, &spot, steps);
            }
            Sent::Writes { fork, owner, disk } => {
                self.network.forks[fork].branches[0] = start;
                let spot = Spot { place: owner, holds: 0, depth: pending.depth, gives_way: None };
                self.accesses(&mut program, &spot, disk);
            }
        }
        program.releases[0] = self.emit(&mut program, 0, Step::End);
        for holds in &program.holds {
            self.network.unwind.push(program.releases[*holds]);
        }
    }

    pub(super) fn emit(&mut self, program: &mut Program, holds: usize, step: Step) -> StepId {
        program.holds.push(holds);
        debug_assert_eq!(self.network.steps.len(), program.start.index() + program.holds.len() - 1);
        self.network.steps.push(step)
    }

    /// What is begun after the deadline is not begun.
    pub(super) fn look_at_deadline(&mut self, program: &mut Program, holds: usize) {
        if program.due {
            self.emit(program, holds, Step::Due);
        }
    }

    /// Something is held from here on; to be given back by `release`.
    pub(super) fn hold(&self, program: &mut Program) -> usize {
        program.releases.push(StepId::LAST);
        program.releases.len() - 1
    }

    pub(super) fn release(&mut self, program: &mut Program, outer: usize, held: usize, step: Step) {
        program.releases[held] = self.emit(program, outer, step);
    }

    /// A call from an instance at `depth - 1`, holding one of its connections if it says so.
    pub(super) fn call_through(
        &mut self,
        program: &mut Program,
        holds: usize,
        call: Callee<'m>,
        depth: Depth,
    ) {
        let Some(pool) = call.through else {
            return self.visit(program, holds, call, depth);
        };
        let owner = depth - 1;
        self.emit(program, holds, Step::Borrow { pool, depth: owner });
        let held = self.hold(program);
        self.look_at_deadline(program, held);
        match &call.connect {
            None => self.visit(program, held, call, depth),
            Some(_) => self.over_a_connection(program, held, call, depth),
        }
        self.release(program, holds, held, Step::Return { pool, depth: owner });
    }

    /// Opens a connection, unless one is open, and calls over it.
    fn over_a_connection(
        &mut self,
        program: &mut Program,
        holds: usize,
        mut call: Callee<'m>,
        depth: Depth,
    ) {
        let (Some(pool), Some(connect)) = (call.through, call.connect.take()) else { return };
        let owner = depth - 1;
        let connect_step = self.emit(program, holds, Step::Jump { to: StepId::LAST });
        let held = self.hold(program);
        let luck = format!("{} connect", call.luck);
        let opening =
            Callee { operation: connect, through: None, connect: None, luck, messages: None };
        self.visit(program, held, opening, depth);
        let to = StepId::new(self.network.steps.len());
        self.network.steps[connect_step] = Step::Connect { pool, depth: owner, to };
        self.visit(program, held, call, depth);
        self.release(program, holds, held, Step::Disconnect { pool, depth: owner });
    }

    /// The operation's steps between taking a worker and giving it back.
    fn visit(&mut self, program: &mut Program, holds: usize, call: Callee<'m>, depth: Depth) {
        let service = call.service();
        let key = self.luck_key(&call.luck);
        let instances = self.network.services[service].instances.clone();
        let only = (instances.clone().map_ids().count() == 1).then_some(instances.start);
        let readers = self.readers(&call.operation);
        let visit = self.network.visits.push(Visit {
            service,
            only,
            readers,
            key,
            messages: call.messages,
        });
        self.emit(program, holds, Step::Call { visit, depth });
        self.emit(program, holds, Step::Seize { visit, depth });
        let held = self.hold(program);
        let place = Place { service, spec: call.operation.spec, path: call.operation.path() };
        let gives_way = call.operation.spec.discipline.preempts().then_some(held);
        let spot = Spot { place, holds: held, depth, gives_way };
        self.steps(program, &spot, call.operation.steps);
        self.release(program, holds, held, Step::Leave { visit, depth });
    }

    /// A new key for every use of a name in the class's program: the visits of one request differ.
    pub(super) fn luck_key(&mut self, name: &str) -> u64 {
        let uses = self.luck.entry(name.to_owned()).or_insert(0);
        *uses += 1;
        mix(key_of(name).wrapping_add(*uses))
    }
}
