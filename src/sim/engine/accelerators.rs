//! Asking accelerators, and what happens to them.

use super::steps::Flow;
use super::*;
use crate::network::{Demand, Depth, InferenceId};
use crate::sim::accelerator::{Asked, Next};
use crate::sim::token::Wait;

/// The draw of the batch that begins with a token: the luck of the step that it is in.
fn luck(network: &Network, keys: Keys, token: &Token) -> Draw {
    let step = network.steps[StepId::new(token.step.index() - 1)];
    let Step::Infer { inference, .. } = step else { unreachable!("it waits for an accelerator") };
    keys.draw(token.key, network.inferences[inference].key)
}

impl<P: Probe> Engine<'_, P> {
    #[inline(never)]
    pub(super) fn infer(&mut self, id: TokenId, inference: InferenceId, depth: Depth) -> Flow {
        let spec = &self.network.inferences[inference];
        let draw = |more: u64| self.draw(id, spec.key.wrapping_add(more));
        let asked = match &spec.demand {
            Demand::Items(items) => Asked::Items(items.draw(&mut draw(1))),
            Demand::Tokens { prompt, output } => Asked::Tokens {
                prompt: prompt.draw(&mut draw(1)),
                output: output.draw(&mut draw(2)),
            },
        };
        let device = self.accelerator_of(self.tokens[id].held(depth));
        let device = device.expect("checked: there is an accelerator");
        let (network, keys, probe) = (self.network, self.keys, &mut self.probe);
        let group = network.accelerators[device].group;
        self.accelerators[device].join(
            &mut self.tokens,
            self.now,
            id,
            asked,
            |token| luck(network, keys, token),
            |told| probe.inferred(group, told),
        );
        self.after_inference(device);
        Flow::Stay
    }

    fn accelerator_of(&self, instance: InstanceId) -> Option<AcceleratorId> {
        self.network.hosts[self.network.instances[instance].host].accelerator
    }

    #[inline(never)]
    pub(super) fn accelerator_due(&mut self, device: AcceleratorId) {
        let (network, keys, probe) = (self.network, self.keys, &mut self.probe);
        let group = network.accelerators[device].group;
        self.accelerators[device].due(
            &mut self.tokens,
            self.now,
            |token| luck(network, keys, token),
            |told| probe.inferred(group, told),
        );
        self.after_inference(device);
    }

    /// Those that are done go on; what comes next is dated.
    fn after_inference(&mut self, device: AcceleratorId) {
        while let Some(done) = self.accelerators[device].answered(&mut self.tokens) {
            self.inferred(done, device);
            self.go_on(done);
        }
        self.date_accelerator(device);
    }

    fn date_accelerator(&mut self, device: AcceleratorId) {
        let (at, rank) = match self.accelerators[device].next(&self.tokens) {
            Next::Done(at) => (at, Rank::Finish),
            Next::Waited(at) => (at, Rank::Timeout),
        };
        let order = self.order(rank);
        let slot = self.slots.len() - 1 - self.accelerators.len() + device.index();
        self.lanes.set(slot, at, order);
    }

    pub(super) fn leave_accelerator(&mut self, id: TokenId) {
        let device = self.accelerator_of(self.tokens[id].held(self.tokens[id].depth - 1));
        let device = device.expect("it waits for one");
        if self.accelerators[device].leave(&mut self.tokens, self.now, id) {
            self.inferred(id, device);
        }
        self.date_accelerator(device);
    }

    /// The accelerators of a host stop when all there is dead.
    pub(super) fn reset_accelerator(&mut self, instance: InstanceId) {
        let Some(device) = self.accelerator_of(instance) else { return };
        let host = &self.network.hosts[self.network.instances[instance].host];
        if host.instances.iter().all(|it| self.instances[*it].state == Health::Down) {
            self.accelerators[device].reset(self.now);
            self.date_accelerator(device);
        }
    }

    pub(super) fn freeze_accelerator(&mut self, instance: InstanceId) {
        let Some(device) = self.accelerator_of(instance) else { return };
        self.accelerators[device].freeze(self.now);
        self.date_accelerator(device);
    }

    /// All that wait for accelerators are known to them, and what was asked of these has been done.
    pub(super) fn audit_accelerators(&mut self) -> Result<(), Failure> {
        if self.network.accelerators.is_empty() {
            return Ok(());
        }
        let mut here = self.network.accelerators.map(|_, _| 0);
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.wait == Wait::Accelerator {
                let device = self.accelerator_of(token.held(token.depth - 1));
                here[device.expect("it waits for one")] += 1;
            }
        }
        for id in self.network.accelerators.ids() {
            let audit = self.accelerators[id].audit(&self.tokens, self.now, here[id]);
            let what = "accelerator";
            audit.map_err(|law| Failure::Broken { law, what, index: id.index() })?;
        }
        Ok(())
    }
}
