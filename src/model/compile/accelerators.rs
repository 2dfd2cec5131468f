//! Accelerators of hosts, and the steps that ask them.

use super::program::Program;
use super::steps::Spot;
use super::*;
use crate::model::file::AcceleratorStep;
use crate::parts::device::accelerator::{Accelerator as Written, Admission, Batch, Generation};
use crate::parts::distribution::{Count, CountLaw};

impl<'m> Compiler<'m> {
    pub(super) fn accelerators(&mut self) {
        for (i, written) in self.model.hosts.values().enumerate() {
            let Some(written) = &written.accelerator else { continue };
            let group = GroupId::new(i);
            for host in self.network.groups[group].hosts.clone().map_ids() {
                let (count, serving) = (written.count, serving_of(written));
                let own = self.network.accelerators.push(Accelerator { group, count, serving });
                self.network.hosts[host].accelerator = Some(own);
            }
        }
    }

    pub(super) fn infer(
        &mut self,
        program: &mut Program,
        spot: &Spot<'m>,
        step: &'m AcceleratorStep,
    ) {
        let asked = &step.accelerator;
        let demand = match (&asked.prompt, &asked.output) {
            (Some(prompt), Some(output)) => {
                Demand::Tokens { prompt: prompt.law(), output: output.law() }
            }
            _ => Demand::Items(asked.items.as_ref().map_or(CountLaw::Constant(1), Count::law)),
        };
        let key = self.luck_key(step.luck.as_ref().unwrap_or(&spot.place.path));
        let inference = self.network.inferences.push(Inference { demand, key });
        self.emit(program, spot.holds, Step::Infer { inference, depth: spot.depth });
    }
}

fn serving_of(written: &Written) -> Serving {
    match (&written.batch, &written.continuous, &written.fixed) {
        (Some(batch), _, _) => Serving::Batches(batches(batch)),
        (_, Some(generation), _) => Serving::Sequences(sequences(generation, false)),
        (_, _, Some(generation)) => Serving::Sequences(sequences(generation, true)),
        _ => unreachable!("checked: one of them is given"),
    }
}

fn batches(batch: &Batch) -> Batches {
    Batches {
        most: batch.most,
        enough: batch.enough.unwrap_or(batch.most),
        wait: batch.wait.unwrap_or(Span::ZERO),
        base: batch.base.law(),
        per_item: batch.per_item,
    }
}

fn sequences(generation: &Generation, together: bool) -> Sequences {
    let reserve = together || generation.admission == Some(Admission::Reserve);
    Sequences {
        most: generation.most,
        memory: generation.memory.unwrap_or(u64::MAX),
        optimistic: !reserve && generation.memory.is_some(),
        together,
        base: generation.base,
        per_sequence: generation.per_sequence,
        per_prompt_token: generation.per_prompt_token,
    }
}
