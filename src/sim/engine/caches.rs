//! Looking into caches, and storing what was fetched.

use super::steps::Flow;
use super::*;
use crate::network::{Cache, Contents, Look, LookId};
use crate::sim::probe::Looked;

/// What a cache holds when a run opens: by instance, or once for all.
pub(super) fn stores(network: &Network, cache: &Cache, keys: Keys) -> Vec<Store> {
    let instances = network.services[cache.service].instances.clone();
    let count = instances.end.index() - instances.start.index();
    let key = |i: usize| rng::mix(keys.control(cache.key).wrapping_add(i as u64));
    let stores = if cache.shared { 1 } else { count };
    (0..stores).filter_map(|i| Store::new(&cache.contents, key(i), keys.side())).collect()
}

impl<P: Probe> Engine<'_, P> {
    #[inline(never)]
    pub(super) fn look(&mut self, id: TokenId, look: LookId) -> Flow {
        let Look { cache, found, again, .. } = self.network.looks[look];
        let hit = match self.network.caches[cache].contents {
            Contents::Unknown { hit } => self.draw(id, self.network.looks[look].key).unit() < hit,
            Contents::Keys(_) => {
                let (place, key) = self.place_and_key(id, look);
                self.stores[cache][place].look(self.now, key)
            }
        };
        let seen = match (hit, again) {
            (true, false) => Some(Looked::Hit),
            (false, false) => Some(Looked::Missed),
            (true, true) => Some(Looked::Waited),
            // It was counted as a miss when it was first looked for.
            (false, true) => None,
        };
        if let Some(seen) = seen {
            self.probe.looked(cache, seen);
        }
        if hit {
            self.tokens[id].step = found;
        }
        Flow::On
    }

    #[inline(never)]
    pub(super) fn fill(&mut self, id: TokenId, look: LookId) -> Flow {
        let (place, key) = self.place_and_key(id, look);
        let cache = self.network.looks[look].cache;
        self.stores[cache][place].put(self.now, key);
        Flow::On
    }

    /// Which of the cache's stores the token looks into, and what for.
    fn place_and_key(&self, id: TokenId, look: LookId) -> (usize, u64) {
        let Look { cache, key, .. } = self.network.looks[look];
        let cache = &self.network.caches[cache];
        let Contents::Keys(keyed) = &cache.contents else { return (0, 0) };
        let token = &self.tokens[id];
        let first = self.network.services[cache.service].instances.start.index();
        let place = if cache.shared { 0 } else { token.held(token.depth - 1).index() - first };
        (place, keyed.keys.draw(&mut self.draw(id, key)))
    }

    /// An instance that comes back knows nothing of what it had stored.
    pub(super) fn forget(&mut self, instance: InstanceId) {
        let service = self.network.instances[instance].service;
        let place = instance.index() - self.network.services[service].instances.start.index();
        for cache in self.network.caches.ids() {
            let spec = &self.network.caches[cache];
            if spec.service == service && !spec.shared {
                self.stores[cache].iter_mut().skip(place).take(1).for_each(Store::clear);
            }
        }
    }
}
