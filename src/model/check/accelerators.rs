//! What steps ask of accelerators: that there are some, and that it fits into them.

use super::*;
use crate::parts::device::accelerator::{Accelerator, Batch, Generation};
use crate::parts::distribution::Count;

impl Checker<'_> {
    pub(super) fn inference(&self, service: &Service, asked: &Inference, findings: &mut Findings) {
        for (key, count) in
            [("items", &asked.items), ("prompt", &asked.prompt), ("output", &asked.output)]
        {
            if let Some(count) = count {
                findings.inside(key, |it| count.check(it));
            }
        }
        let Some(group) = self.model.hosts.get(&service.hosts) else { return };
        match &group.accelerator {
            None => {
                let rule = format!("its hosts \"{}\" have no accelerator", service.hosts);
                let mend = "give the host group one: \"accelerator\": { \"batch\": { \"most\": 16, \"base\": \"20ms\" } }";
                findings.wrong(Code::E013, rule, mend);
            }
            Some(Accelerator { batch: Some(batch), .. }) => items_fit(asked, batch, findings),
            Some(accelerator) => {
                if let Some(generation) = accelerator.generation() {
                    tokens_fit(asked, generation, findings);
                }
            }
        }
    }
}

fn items_fit(asked: &Inference, batch: &Batch, findings: &mut Findings) {
    for (key, count) in [("prompt", &asked.prompt), ("output", &asked.output)] {
        if count.is_some() {
            let rule = "the accelerator serves batches of items, not token by token";
            findings.wrong_at(key, Code::E010, rule, "\"items\": 1");
        }
    }
    let most = asked.items.as_ref().map_or(1, Count::most);
    if most > batch.most {
        let rule = format!("up to {most} items never fit into a batch of at most {}", batch.most);
        findings.wrong_at("items", Code::E013, rule, "");
    }
}

fn tokens_fit(asked: &Inference, generation: &Generation, findings: &mut Findings) {
    if asked.items.is_some() {
        let rule = "the accelerator generates token by token, not in batches of items";
        findings.wrong_at("items", Code::E010, rule, "give \"prompt\" and \"output\"");
    }
    let (Some(prompt), Some(output)) = (&asked.prompt, &asked.output) else {
        let rule = "must say how long its prompt and its output are, in tokens";
        let mend =
            "\"prompt\": 500, \"output\": { \"geometric\": { \"mean\": 200, \"most\": 1000 } }";
        return findings.wrong(Code::E004, rule, mend);
    };
    let longest = u64::from(prompt.most()) + u64::from(output.most());
    if let Some(memory) = generation.memory
        && longest > memory
    {
        let rule = format!("up to {longest} tokens never fit into a memory of {memory}");
        findings.wrong(Code::E013, rule, "lower the \"most\" of its prompt and output");
    }
}
