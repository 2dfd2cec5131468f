//! Lookups in caches, and what is done on a miss.

use super::program::Program;
use super::steps::Spot;
use super::*;
use crate::model::file::CacheStep;
use crate::parts::cache::Cache as Written;
use crate::parts::distribution::{Law, Zipf};

impl<'m> Compiler<'m> {
    pub(super) fn cache(&mut self, program: &mut Program, spot: &Spot<'m>, step: &'m CacheStep) {
        let cache = self.cache_of(spot, &step.cache);
        let key = self.luck_key(step.luck.as_ref().unwrap_or(&spot.place.path));
        let look = Look { cache, key, found: StepId::LAST, again: false };
        let look = self.network.looks.push(look);
        self.emit(program, spot.holds, Step::Look { look });
        if step.cache.coalesce {
            self.fetch_together(program, spot, step, look);
        } else {
            self.steps(program, &spot.inside(format_args!(".miss")), &step.miss);
            if step.cache.keys.is_some() {
                self.emit(program, spot.holds, Step::Fill { look });
            }
        }
        self.network.looks[look].found = StepId::new(self.network.steps.len());
    }

    /// Those who want the same key hold it one after the other; whoever has waited for it looks once
    /// more before fetching. The fetch is a branch of its own, so that it may hold what it likes.
    fn fetch_together(
        &mut self,
        program: &mut Program,
        spot: &Spot<'m>,
        step: &'m CacheStep,
        look: LookId,
    ) {
        let Look { cache, key, .. } = self.network.looks[look];
        let lock = self.lock_of_cache(cache);
        let work = self.network.works.push(Work { law: Law::Constant(Span::ZERO), key });
        self.emit(program, spot.holds, Step::Lock { lock, work });
        let held = self.hold(program);
        let again = Look { again: true, ..self.network.looks[look] };
        let again = self.network.looks.push(again);
        self.emit(program, held, Step::Look { look: again });
        let fork =
            self.network.forks.push(Fork { branches: vec![StepId::LAST], need: 1, cancel: false });
        self.emit(program, held, Step::Fork { fork, depth: spot.depth });
        let owner = spot.inside(format_args!(".miss")).place;
        let what = Sent::Branch { fork, branch: 0, owner, steps: &step.miss };
        self.pending.push_back(Pending { what, depth: spot.depth, due: program.due });
        self.emit(program, held, Step::Fill { look });
        self.network.looks[again].found = StepId::new(self.network.steps.len());
        self.release(program, spot.holds, held, Step::Unlock { lock, depth: spot.depth });
    }

    /// The keys that are being fetched, as rows that exclude one another's holders.
    fn lock_of_cache(&mut self, cache: CacheId) -> LockId {
        let name = self.names.caches[cache.index()].clone();
        if let Some(known) = self.names.locks.iter().position(|it| *it == name) {
            return LockId::new(known);
        }
        let Cache { service, shared, ref contents, .. } = self.network.caches[cache];
        let Contents::Keys(Keyed { keys, .. }) = *contents else {
            unreachable!("checked: only what has keys is fetched together")
        };
        self.names.locks.push(name);
        self.network.locks.push(Lock { service, count: keys.count(), rows: keys, apart: !shared })
    }

    fn cache_of(&mut self, spot: &Spot, cache: &Written) -> CacheId {
        let service = spot.place.service;
        let name = cache.name.clone().unwrap_or_else(|| spot.place.operation().to_owned());
        if let Some(known) = self.caches.get(&(service, name.clone())) {
            return *known;
        }
        let contents = match (cache.hit, cache.keys) {
            (Some(hit), _) => Contents::Unknown { hit },
            (None, keys) => Contents::Keys(Keyed {
                keys: Zipf::new(keys.expect("checked: one of both"), cache.skew.unwrap_or(0.0)),
                capacity: cache.entries() as u32,
                evict: cache.evict.unwrap_or_default(),
                ttl: cache.ttl,
                renew: cache.renew,
                cold: cache.cold,
            }),
        };
        let full = format!("{}.cache.{name}", self.names.services[service.index()]);
        let key = key_of(&full);
        self.names.caches.push(full);
        let id = self.network.caches.push(Cache { service, shared: cache.shared, contents, key });
        self.caches.insert((service, name), id);
        id
    }
}
