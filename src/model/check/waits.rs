//! Nobody who holds a row may wait, however indirectly, for somebody who waits for that row.
//!
//! Whoever holds something waits for what it takes meanwhile. If what may be waited for never leads
//! back to where one started, nobody waits in a circle (E. G. Coffman, M. J. Elphick, A. Shoshani,
//! "System deadlocks", Computing Surveys 3(2), 1971: ordered resources).

use super::*;
use std::collections::{HashSet, VecDeque};

/// Tables beyond which no more circles are looked for: the first few tell enough.
const ASKED_MAX: usize = 100;

/// Who or what somebody may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Awaited<'m> {
    /// A row of a table of a service.
    Table(&'m str, &'m str),
    /// A worker of a service that has only so many, and a line in front of them.
    Worker(&'m str),
    /// A connection of a service's pool.
    Connection(&'m str, &'m str),
    /// What somebody else fetches for a cache of a service.
    Fetch(&'m str, &'m str),
    /// The answer of an operation.
    Answer(&'m str, &'m str),
}

/// For each, what may have to be waited for before it is there.
type Waits<'m> = HashMap<Awaited<'m>, Vec<Awaited<'m>>>;

/// Where a step stands, and what is held there.
struct Holding<'m, 'h> {
    service: (&'m str, &'m Service),
    operation: &'m str,
    held: &'h [Awaited<'m>],
}

impl<'m> Checker<'m> {
    pub(super) fn waits(&self, findings: &mut Findings) {
        let mut waits = Waits::new();
        for (name, service) in &self.model.services {
            for (operation, steps) in &service.operations {
                let answer = Awaited::Answer(name, operation);
                let held = [answer];
                let holding = Holding { service: (name, service), operation, held: &held };
                waits.entry(Awaited::Worker(name)).or_default().push(answer);
                self.gather(steps, &holding, &mut waits);
            }
        }
        if !all_can_end(&waits) {
            self.tell(&waits, findings);
        }
    }

    /// Tells of each table, where a row of it is first locked, whose holders may wait in a circle.
    fn tell(&self, waits: &Waits<'m>, findings: &mut Findings) {
        let mut asked = HashSet::new();
        for (name, service) in &self.model.services {
            for (operation, steps) in &service.operations {
                let mut circles = Vec::new();
                each_step(steps, &mut |step| {
                    let Step::Lock(lock) = step else { return };
                    let own = table(name, operation, lock);
                    if asked.len() < ASKED_MAX && asked.insert(own) {
                        let path = way_back(own, waits);
                        asked.extend(path.iter().flatten());
                        circles.extend(path.map(|path| (own, path)));
                    }
                });
                findings.inside(name, |it| {
                    it.inside("operations", |it| {
                        it.inside(operation, |it| circles.iter().for_each(|at| told(at, it)));
                    });
                });
            }
        }
    }

    /// Whoever holds something there may wait for what each of the steps takes.
    fn gather(&self, steps: &'m [Step], holding: &Holding<'m, '_>, waits: &mut Waits<'m>) {
        for step in steps {
            let mut taken = Vec::new();
            match step {
                Step::Lock(it) => taken.push(table(holding.service.0, holding.operation, it)),
                Step::Cache(it) if it.cache.coalesce => taken.push(fetch(holding, it)),
                Step::Call(it) => taken = self.taken_by(it, holding.service),
                _ => {}
            }
            for held in holding.held {
                waits.entry(*held).or_default().extend(&taken);
            }
            let (mut held, through) = (holding.held.to_vec(), taken.first().copied());
            match (step, through) {
                (Step::Lock(_) | Step::Cache(_), Some(taken)) => held.push(taken),
                (Step::Call(_), Some(connection @ Awaited::Connection(..))) => {
                    waits.entry(connection).or_default().extend(&taken[1..]);
                }
                _ => {}
            }
            for inner in inner_steps(step) {
                self.gather(inner, &Holding { held: &held, ..*holding }, waits);
            }
        }
    }

    /// What a call waits for: a connection first, if it goes through a pool.
    fn taken_by(&self, call: &'m CallStep, from: (&'m str, &'m Service)) -> Vec<Awaited<'m>> {
        let Some(operation) = Operation::find(self.model, &call.call) else { return Vec::new() };
        let pool = call.through.as_ref().filter(|pool| from.1.pools.contains_key(*pool));
        let connection = pool.map(|pool| Awaited::Connection(from.0, pool));
        // Who finds all connections taken is refused, and does not wait.
        let waits = operation.spec.workers.is_some() && operation.spec.line != Some(0);
        let worker = waits.then_some(Awaited::Worker(operation.service_name));
        let answer = Awaited::Answer(operation.service_name, operation.name);
        connection.into_iter().chain(worker).chain([answer]).collect()
    }
}

fn table<'m>(service: &'m str, operation: &'m str, lock: &'m LockStep) -> Awaited<'m> {
    Awaited::Table(service, lock.lock.table.as_deref().unwrap_or(operation))
}

fn fetch<'m>(holding: &Holding<'m, '_>, step: &'m CacheStep) -> Awaited<'m> {
    let name = step.cache.name.as_deref().unwrap_or(holding.operation);
    Awaited::Fetch(holding.service.0, name)
}

/// Whether nothing leads into a circle: what waits for nothing ends, then what waits for that.
fn all_can_end(waits: &Waits) -> bool {
    let mut waiting_for: HashMap<Awaited, Vec<Awaited>> = HashMap::new();
    let mut left: HashMap<Awaited, usize> = HashMap::new();
    for (who, awaited) in waits {
        left.insert(*who, awaited.len());
        awaited.iter().for_each(|it| waiting_for.entry(*it).or_default().push(*who));
    }
    let none = |it: &&Awaited| left.get(*it).is_none_or(|count| *count == 0);
    let mut ended: Vec<Awaited> = waits
        .keys()
        .chain(waiting_for.keys())
        .collect::<HashSet<_>>()
        .into_iter()
        .filter(none)
        .copied()
        .collect();
    while let Some(it) = ended.pop() {
        for who in waiting_for.remove(&it).unwrap_or_default() {
            let count = left.get_mut(&who).expect("it waits for something");
            *count -= 1;
            if *count == 0 {
                ended.push(who);
            }
        }
    }
    left.values().all(|count| *count == 0)
}

fn told((own, path): &(Awaited, Vec<Awaited>), findings: &mut Findings) {
    let path: Vec<String> = path.iter().map(Awaited::told).collect();
    let path = path.join(", and so for ");
    let rule = format!("whoever holds {} may come to wait for {path}", own.told());
    let mend = "then nobody would ever go on: take rows in one order, and call before or after";
    findings.wrong(Code::E009, rule, mend);
}

/// The shortest way from something to itself: what is waited for, one after the other.
fn way_back<'m>(from: Awaited<'m>, waits: &Waits<'m>) -> Option<Vec<Awaited<'m>>> {
    let mut came_from: HashMap<Awaited, Awaited> = HashMap::new();
    let mut seen = VecDeque::from([from]);
    while let Some(at) = seen.pop_front() {
        for next in waits.get(&at).into_iter().flatten() {
            if *next == from {
                let back = std::iter::successors(Some(at), |it| came_from.get(it).copied());
                let mut path: Vec<Awaited> = back.take_while(|it| *it != from).collect();
                path.reverse();
                path.push(from);
                return Some(path);
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, at);
                seen.push_back(*next);
            }
        }
    }
    None
}

impl Awaited<'_> {
    fn told(&self) -> String {
        match self {
            Awaited::Table(service, table) => format!("a row of {service}.lock.{table}"),
            Awaited::Worker(service) => format!("a worker of {service}"),
            Awaited::Connection(service, pool) => format!("a connection of {service}.pool.{pool}"),
            Awaited::Fetch(service, cache) => format!("a fetch for {service}.cache.{cache}"),
            Awaited::Answer(service, operation) => format!("{service}.{operation}"),
        }
    }
}
