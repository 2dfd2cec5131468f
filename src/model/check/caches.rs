//! Caches: that steps on one cache agree, that they fit into memory, and that fetching cannot lock up.

use super::*;
use crate::parts::cache::{Cache, ENTRIES_MAX};

impl Checker<'_> {
    pub(super) fn cache(&self, service: &Service, step: &CacheStep, findings: &mut Findings) {
        findings.inside("cache", |it| {
            step.cache.check(it);
            let copies =
                if step.cache.shared { 1 } else { u64::from(self.model.laid_out(service)) };
            let entries = step.cache.entries().saturating_mul(copies);
            if entries > ENTRIES_MAX {
                let rule = format!("{entries} entries in all; at most {ENTRIES_MAX} can be run");
                it.wrong(
                    Code::E012,
                    rule,
                    "give a smaller \"capacity\", and as many fewer \"keys\"",
                );
            }
        });
        findings.inside("miss", |it| self.steps(service, &step.miss, it));
    }

    /// Steps on one cache of a service must mean the same cache.
    pub(super) fn caches_agree(&self, service: &Service, findings: &mut Findings) {
        let mut caches: HashMap<&str, &Cache> = HashMap::new();
        for (operation, steps) in &service.operations {
            each_step(steps, &mut |step| {
                let Step::Cache(step) = step else { return };
                let name = step.cache.name.as_deref().unwrap_or(operation);
                let first = caches.entry(name).or_insert(&step.cache);
                if (Cache { name: None, ..(*first).clone() })
                    != (Cache { name: None, ..step.cache.clone() })
                {
                    let rule = format!("the steps on cache \"{name}\" say different things of it");
                    findings.wrong(Code::E010, rule, "say the same, or give it another \"name\"");
                }
            });
        }
    }

    /// Whoever fetches for others holds a key meanwhile. If fetching for one cache may look into
    /// another and the other way round, two requests could wait for each other for ever.
    pub(super) fn fetches_in_circles(&self, findings: &mut Findings) {
        let mut within: IndexMap<CacheName, Vec<CacheName>> = IndexMap::new();
        for (service, spec) in &self.model.services {
            for operation in spec.operations.keys() {
                let call = format!("{service}.{operation}");
                let Some(at) = Operation::find(self.model, &call) else { continue };
                each_step(at.steps, &mut |step| {
                    let Step::Cache(step) = step else { return };
                    if step.cache.coalesce {
                        let cache = cache_of(service, operation, &step.cache);
                        let inner = within.entry(cache).or_default();
                        self.coalesced_in(at, &step.miss, inner, &mut Vec::new());
                    }
                });
            }
        }
        for cache in within.keys() {
            if reaches(&within, cache, cache, &mut Vec::new()) {
                let (service, name) = cache;
                let rule = format!(
                    "fetching for cache \"{name}\" may wait for a fetch for the same cache"
                );
                let mend = "leave \"coalesce\" out at one of the caches on the way";
                findings.inside(service, |it| it.wrong(Code::E009, rule, mend));
                return;
            }
        }
    }

    /// The coalescing caches that these steps may look into, here or in what they call.
    fn coalesced_in(
        &self,
        at: Operation,
        steps: &[Step],
        found: &mut Vec<CacheName>,
        seen: &mut Vec<String>,
    ) {
        each_step(steps, &mut |step| match step {
            Step::Cache(it) if it.cache.coalesce => {
                let cache = cache_of(at.service_name, at.name, &it.cache);
                if !found.contains(&cache) {
                    found.push(cache);
                }
            }
            Step::Call(it) if !seen.contains(&it.call) => {
                seen.push(it.call.clone());
                if let Some(to) = Operation::find(self.model, &it.call) {
                    self.coalesced_in(to, to.steps, found, seen);
                }
            }
            _ => {}
        });
    }
}

/// The service and the name of a cache.
type CacheName = (String, String);

fn cache_of(service: &str, operation: &str, cache: &Cache) -> CacheName {
    (service.to_owned(), cache.name.clone().unwrap_or_else(|| operation.to_owned()))
}

/// Whether one leads to the other.
fn reaches(
    within: &IndexMap<CacheName, Vec<CacheName>>,
    from: &CacheName,
    to: &CacheName,
    seen: &mut Vec<CacheName>,
) -> bool {
    within.get(from).into_iter().flatten().any(|next| {
        let new = !seen.contains(next);
        seen.push(next.clone());
        next == to || new && reaches(within, next, to, seen)
    })
}
