//! Accelerators that serve many requests at once: GPUs and their like.
//!
//! `batch`: dynamic batching as in NVIDIA Triton ("Batchers": a largest batch size, and how long a
//! request may be delayed so that others join it) and TensorFlow Serving ("Batching": a batch closes
//! when it is full or its oldest task has waited long enough). In queueing words it is a queue with
//! bulk service, M/G^\[a,b\]/c, whose service time grows with the batch (M. F. Neuts, "A general class
//! of bulk queues with Poisson input", Annals of Mathematical Statistics 38(3), 1967; Y. Inoue,
//! "Queueing analysis of GPU-based inference servers with dynamic batching", Performance Evaluation
//! 147, 2021).
//!
//! `continuous`: token by token, where requests join and leave between two iterations (G.-I. Yu et
//! al., "Orca: a distributed serving system for transformer-based generative models", OSDI 2022) as
//! memory for their keys and values allows (W. Kwon et al., "Efficient memory management for large
//! language model serving with PagedAttention", SOSP 2023). `static` is what that replaced: a batch
//! that nobody joins or leaves until its longest output is done.
//!
//! What is simplified: an iteration takes no longer when its contexts are long; a prompt is
//! prefilled whole in one iteration, together with the decoding of those who are already at it;
//! memory is counted in tokens rather than blocks of them; equal beginnings of prompts share nothing.

use super::super::distribution::Distribution;
use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Accelerators of a host, such as GPUs, with one line for all of them. Give one of `batch`,
/// `continuous` and `static`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accelerator {
    /// How many a host has. Several that work on one request together (tensor parallel) are one.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub count: u32,
    /// Whole batches: what was asked together is done together.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Token by token; requests join and leave between two iterations.
    #[serde(default)]
    pub continuous: Option<Generation>,
    /// Token by token; nobody joins or leaves a batch until all its outputs are done.
    #[serde(default, rename = "static")]
    pub fixed: Option<Generation>,
}

/// How a batch comes about and how long it takes: `base` + `per_item` × items.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The most items in one batch: Triton's and TensorFlow Serving's `max_batch_size`.
    #[schemars(range(min = 1))]
    pub most: u32,
    /// How long the oldest request waits for a batch to fill while an accelerator is free. If absent,
    /// whatever is there is taken at once.
    #[serde(default)]
    pub wait: Option<Span>,
    /// So many items are not kept waiting any longer; a batch may still take up to `most`. If absent,
    /// `most`.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub enough: Option<u32>,
    /// The time that a batch takes whatever its size; a random one is drawn for each batch.
    pub base: Distribution,
    /// What each item adds to it.
    #[serde(default)]
    pub per_item: Span,
}

/// Generation token by token. An iteration takes `base` + `per_sequence` for each that is being
/// decoded + `per_prompt_token` for each token of the prompts that it begins with, and gives one
/// token to each that is in it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The most sequences at a time on one accelerator: vLLM's `max_num_seqs`.
    #[schemars(range(min = 1))]
    pub most: u32,
    /// Tokens whose keys and values fit into its memory, prompts and outputs together. If absent, all.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub memory: Option<u64>,
    /// When a request is let in, if memory is limited. If absent, `optimistic`; `static` always
    /// reserves.
    #[serde(default)]
    pub admission: Option<Admission>,
    /// The time of an iteration, however much is in it: reading the weights.
    pub base: Span,
    /// What each sequence that is being decoded adds to it: reading its keys and values.
    #[serde(default)]
    pub per_sequence: Span,
    /// What each token of a prompt adds to the iteration in which it is prefilled.
    #[serde(default)]
    pub per_prompt_token: Span,
}

/// What memory must be free for a request to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// That of its whole prompt and output; so nothing is ever put off again.
    Reserve,
    /// That of what it has so far. When memory runs out, the last to be let in goes back to the front
    /// of the line and computes what it had anew, as in vLLM.
    Optimistic,
}

fn one() -> u32 {
    1
}

const ACCELERATORS_MAX: u32 = 1000;
const ITEMS_MAX: u32 = 1_000_000;
const SEQUENCES_MAX: u32 = 100_000;
const TOKENS_MAX: u64 = 1_000_000_000_000;
/// The longest that one item, token or iteration may take.
const STEP_MAX: Span = Span::from_whole_secs(86_400);

impl Accelerator {
    pub fn check(&self, findings: &mut Findings) {
        range("count", self.count, 1, ACCELERATORS_MAX, findings);
        let given = [self.batch.is_some(), self.continuous.is_some(), self.fixed.is_some()];
        if given.iter().filter(|it| **it).count() != 1 {
            let rule = "give one of batch, continuous and static";
            let mend = "\"batch\": { \"most\": 16, \"base\": \"20ms\", \"per_item\": \"3ms\" }";
            findings.wrong(Code::E010, rule, mend);
        }
        if let Some(batch) = &self.batch {
            findings.inside("batch", |it| batch.check(it));
        }
        if let Some(generation) = &self.continuous {
            findings.inside("continuous", |it| generation.check(it));
        }
        if let Some(generation) = &self.fixed {
            findings.inside("static", |it| {
                generation.check(it);
                if generation.admission.is_some() {
                    let rule = "a static batch reserves what it needs";
                    it.wrong_at("admission", Code::E010, rule, "leave it out");
                }
            });
        }
    }

    /// How it generates token by token, if it does.
    pub fn generation(&self) -> Option<&Generation> {
        self.continuous.as_ref().or(self.fixed.as_ref())
    }
}

impl Batch {
    fn check(&self, findings: &mut Findings) {
        range("most", self.most, 1, ITEMS_MAX, findings);
        if let Some(enough) = self.enough {
            range("enough", enough, 1, self.most.max(1), findings);
            if self.wait.is_none() {
                let rule = "has no effect where nobody is kept waiting";
                findings.wrong_at("enough", Code::E010, rule, "give a \"wait\": \"5ms\"");
            }
        }
        findings.inside("base", |it| self.base.check(it));
        short("per_item", self.per_item, findings);
    }
}

impl Generation {
    fn check(&self, findings: &mut Findings) {
        range("most", self.most, 1, SEQUENCES_MAX, findings);
        if let Some(memory) = self.memory
            && !(1..=TOKENS_MAX).contains(&memory)
        {
            let rule = format!("must be from 1 to {TOKENS_MAX}, not {memory}");
            findings.wrong_at("memory", Code::E007, rule, "");
        }
        if self.memory.is_none() && self.admission.is_some() {
            let rule = "has no effect where memory is not limited";
            findings.wrong_at("admission", Code::E010, rule, "give a \"memory\" in tokens");
        }
        if self.base.is_zero() {
            findings.wrong_at("base", Code::E007, "must be longer than nothing", "\"20ms\"");
        }
        short("base", self.base, findings);
        short("per_sequence", self.per_sequence, findings);
        short("per_prompt_token", self.per_prompt_token, findings);
    }
}

fn range(key: &str, value: u32, least: u32, most: u32, findings: &mut Findings) {
    if !(least..=most).contains(&value) {
        let rule = format!("must be from {least} to {most}, not {value}");
        findings.wrong_at(key, Code::E007, rule, "");
    }
}

fn short(key: &str, span: Span, findings: &mut Findings) {
    if span > STEP_MAX {
        findings.wrong_at(key, Code::E007, format!("must be at most {STEP_MAX}, not {span}"), "");
    }
}
