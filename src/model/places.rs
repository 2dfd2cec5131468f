//! Finding things of a model file by name.

use super::file::{Model, Service, Step};

/// An operation of a service, found by `service.operation`.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'m> {
    /// The place of the service in the file.
    pub service: usize,
    pub service_name: &'m str,
    pub spec: &'m Service,
    pub name: &'m str,
    pub steps: &'m [Step],
}

impl<'m> Operation<'m> {
    pub fn find(model: &'m Model, call: &str) -> Option<Operation<'m>> {
        let (service, operation) = call.split_once('.')?;
        let (index, service_name, spec) = model.services.get_full(service)?;
        let (name, steps) = spec.operations.get_key_value(operation)?;
        Some(Operation { service: index, service_name, spec, name, steps })
    }

    /// `service.operation`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.service_name, self.name)
    }
}

/// Visits every step of a list and of the lists within.
pub fn each_step<'m>(steps: &'m [Step], look: &mut dyn FnMut(&'m Step)) {
    for step in steps {
        look(step);
        for inner in inner_steps(step) {
            each_step(inner, look);
        }
    }
}

/// The lists of steps within a step.
pub fn inner_steps(step: &Step) -> Vec<&[Step]> {
    match step {
        Step::Parallel(it) => it.parallel.iter().map(Vec::as_slice).collect(),
        Step::Choose(it) => it.choose.iter().map(|choice| choice.steps.as_slice()).collect(),
        Step::Lock(it) => vec![&it.steps],
        Step::Cache(it) => vec![&it.miss],
        Step::Call(it) => it.fallback.iter().map(Vec::as_slice).collect(),
        Step::Cpu(_)
        | Step::Wait(_)
        | Step::Disk(_)
        | Step::Commit(_)
        | Step::Send(_)
        | Step::Accelerator(_)
        | Step::Fail(_) => Vec::new(),
    }
}

/// Whether any step of the service is as `wanted`.
pub fn any_step(service: &Service, wanted: impl Fn(&Step) -> bool) -> bool {
    let mut found = false;
    for steps in service.operations.values() {
        each_step(steps, &mut |step| found |= wanted(step));
    }
    found
}
