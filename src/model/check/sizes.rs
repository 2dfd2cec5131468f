//! Circles of calls, how deep they nest, and how long programs get once calls are written out.

use super::*;

/// Steps of all programs together, once calls are written out.
const STEPS_MAX: u64 = 1_000_000;
/// How far a chain of calls is followed in search of circles.
const CHAIN_MAX: usize = 100;

impl Checker<'_> {
    /// No operation may call itself, however indirectly: with workers held, that would never end.
    pub(super) fn circles(&self, findings: &mut Findings) {
        let mut state: HashMap<String, bool> = HashMap::new();
        for (service, spec) in &self.model.services {
            for operation in spec.operations.keys() {
                let mut path = Vec::new();
                self.walk(&format!("{service}.{operation}"), &mut path, &mut state, findings);
            }
        }
    }

    /// Depth-first search; `done` says of an operation whether it is finished or on the path.
    fn walk(
        &self,
        call: &str,
        path: &mut Vec<String>,
        done: &mut HashMap<String, bool>,
        findings: &mut Findings,
    ) {
        let Some(operation) = Operation::find(self.model, call) else { return };
        match done.get(call) {
            Some(true) => return,
            Some(false) => {
                let from = path.iter().position(|it| it == call).unwrap_or(0);
                let circle = [&path[from..], &[call.to_owned()]].concat().join(" → ");
                let rule = format!("calls go round in a circle: {circle}");
                let mend = "a call waits for its answer, so a circle would never end";
                return findings.inside(operation.service_name, |it| {
                    it.inside("operations", |it| {
                        it.wrong_at(operation.name, Code::E009, rule, mend)
                    });
                });
            }
            None if path.len() == CHAIN_MAX => {
                let rule = format!("calls go more than {CHAIN_MAX} deep");
                return findings.wrong(Code::E012, rule, "merge some services");
            }
            None => {}
        }
        done.insert(call.to_owned(), false);
        path.push(call.to_owned());
        each_step(operation.steps, &mut |step| {
            if let Step::Call(it) = step {
                self.walk(&it.call, path, done, findings);
                if let Some(connect) = opening(operation.spec, it) {
                    self.walk(connect, path, done, findings);
                }
            }
        });
        path.pop();
        done.insert(call.to_owned(), true);
    }

    /// How deep calls nest and how long the programs get once all calls are written out.
    pub(super) fn sizes(&self, findings: &mut Findings) {
        let mut known = HashMap::new();
        let mut total = 0u64;
        for (name, class) in &self.model.traffic {
            let size = self.size_of(&class.call, &mut known);
            total = total.saturating_add(size.steps);
            if size.depth > DEPTH_MAX {
                findings.inside("traffic", |it| it.inside(name, |it| too_deep(size.depth, it)));
            }
        }
        for (name, queue) in &self.model.queues {
            let Some(call) = &queue.call else { continue };
            let size = self.size_of(call, &mut known);
            total = total.saturating_add(size.steps);
            if size.depth > DEPTH_MAX {
                findings.inside("queues", |it| it.inside(name, |it| too_deep(size.depth, it)));
            }
        }
        if total > STEPS_MAX {
            let rule = format!("{total} steps once all calls are written out; at most {STEPS_MAX}");
            findings.inside("services", |it| it.wrong(Code::E012, rule, "lower \"times\""));
        }
    }

    fn size_of(&self, call: &str, known: &mut HashMap<String, Size>) -> Size {
        if let Some(size) = known.get(call) {
            return *size;
        }
        let Some(operation) = Operation::find(self.model, call) else { return Size::default() };
        let inner = self.size_of_steps(operation.spec, operation.steps, known);
        let size = Size { steps: inner.steps.saturating_add(6), depth: inner.depth + 1 };
        known.insert(call.to_owned(), size);
        size
    }

    fn size_of_steps(
        &self,
        service: &Service,
        steps: &[Step],
        known: &mut HashMap<String, Size>,
    ) -> Size {
        let mut sum = Size::default();
        for step in steps {
            let steps = if matches!(step, Step::Disk(_)) { 7 } else { 5 };
            let mut size = Size { steps, depth: 0 };
            if let Step::Call(it) = step {
                let one = self.size_of(&it.call, known);
                let opening = opening(service, it).map_or(Size::default(), |connect| {
                    let size = self.size_of(connect, known);
                    Size { steps: size.steps.saturating_add(3), ..size }
                });
                let each = one.steps.saturating_add(opening.steps);
                size.steps += each.saturating_mul(u64::from(it.times));
                size.depth = one.depth.max(opening.depth);
            }
            if let Step::Send(it) = step {
                size.steps = size.steps.saturating_add(u64::from(it.times));
            }
            let times = if let Step::Call(it) = step { u64::from(it.times) } else { 1 };
            for inner in inner_steps(step) {
                let inner = self.size_of_steps(service, inner, known);
                let steps = inner.steps.saturating_add(2).saturating_mul(times);
                size.steps = size.steps.saturating_add(steps);
                size.depth = size.depth.max(inner.depth);
            }
            sum.steps = sum.steps.saturating_add(size.steps);
            sum.depth = sum.depth.max(size.depth);
        }
        sum
    }
}

fn too_deep(depth: usize, findings: &mut Findings) {
    let rule = format!("its calls nest {depth} deep; at most {DEPTH_MAX} can be run");
    findings.wrong_at("call", Code::E012, rule, "merge some services");
}

/// What is asked to open the connection that a call goes through.
pub(super) fn opening<'m>(service: &'m Service, call: &CallStep) -> Option<&'m str> {
    let pool = service.pools.get(call.through.as_ref()?)?;
    pool.connect.as_ref().map(|it| it.call.as_str())
}

#[derive(Clone, Copy, Default)]
struct Size {
    steps: u64,
    depth: usize,
}
