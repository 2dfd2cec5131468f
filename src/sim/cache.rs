//! What a cache holds: keys, until when each may be used, and which of them goes first.
//!
//! Keys are found by open addressing with linear probing (Knuth, "The Art of Computer Programming"
//! vol. 3, section 6.4, algorithms L and R). Entries stand in lists in the order in which they would
//! be evicted: one list for LRU and FIFO, and for LFU one for each count in a chain of ascending
//! counts, so that each of them takes a constant time (K. Shah, A. Mitra, D. Matani, "An O(1)
//! algorithm for implementing the LFU cache eviction scheme", 2010). All memory is taken when a run
//! opens.

use crate::network::{Contents, Keyed};
use crate::parts::cache::Evict;
use crate::rng::{Side, mix};
use crate::units::Time;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Entry {
    key: u64,
    until: Time,
    next: u32,
    prev: u32,
    list: u32,
}

/// Entries that are alike in what evicts them, the first to go first.
#[derive(Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
    /// How often each was used.
    count: u32,
    /// The list of the next higher count, and of the next lower.
    higher: u32,
    lower: u32,
}

/// One cache's contents.
pub struct Store {
    keyed: Keyed,
    /// Places of entries by the hash of their keys.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    lists: Vec<List>,
    vacant_lists: Vec<u32>,
    /// The list of the lowest count.
    lowest: u32,
    /// Entries stored so far; the n-th eviction has its own luck.
    stored: u64,
    key: u64,
    side: Side,
}

impl Store {
    /// The store of a cache that has contents; `key` is that of its luck.
    pub fn new(contents: &Contents, key: u64, side: Side) -> Option<Store> {
        let Contents::Keys(keyed) = contents else { return None };
        let capacity = keyed.capacity as usize;
        let lists = if keyed.evict == Evict::Lfu { capacity + 1 } else { 1 };
        let mut store = Store {
            keyed: *keyed,
            slots: vec![NONE; (2 * capacity).next_power_of_two()],
            entries: Vec::with_capacity(capacity),
            lists: Vec::with_capacity(lists),
            vacant_lists: Vec::with_capacity(lists),
            lowest: NONE,
            stored: 0,
            key,
            side,
        };
        if !keyed.cold {
            store.fill();
        }
        Some(store)
    }

    /// Begins with what is asked for most, the most popular used last, as old as may be.
    fn fill(&mut self) {
        for key in (0..u64::from(self.keyed.capacity)).rev() {
            let until = match self.keyed.ttl {
                None => Time::NEVER,
                Some(ttl) => Time::from_nanos(self.side.draw(self.key, key).below(ttl.nanos())),
            };
            self.put(Time::ZERO, key);
            let last = self.entries.len() - 1;
            self.entries[last].until = until;
        }
    }

    /// Whether the key is there and may still be used; if so that is a use of it.
    pub fn look(&mut self, now: Time, key: u64) -> bool {
        let place = self.slots[self.slot(key)];
        if place == NONE || self.entries[place as usize].until <= now {
            return false;
        }
        if let Some(ttl) = self.keyed.ttl.filter(|_| self.keyed.renew) {
            self.entries[place as usize].until = now + ttl;
        }
        match self.keyed.evict {
            Evict::Lru => self.move_up(place, 0),
            Evict::Lfu => self.move_up(place, 1),
            Evict::Fifo | Evict::Random => {}
        }
        true
    }

    /// Stores the key, in the place of another if there is no room.
    pub fn put(&mut self, now: Time, key: u64) {
        self.stored += 1;
        let until = self.keyed.ttl.map_or(Time::NEVER, |ttl| now + ttl);
        let known = self.slots[self.slot(key)];
        if known != NONE {
            self.entries[known as usize].until = until;
            return self.move_up(known, 0);
        }
        let entry = Entry { key, until, next: NONE, prev: NONE, list: NONE };
        let place = if self.entries.len() < self.keyed.capacity as usize {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        } else {
            let victim = self.victim();
            self.remove(victim);
            self.entries[victim as usize] = entry;
            victim
        };
        let slot = self.slot(key);
        self.slots[slot] = place;
        let list = self.list_of(1, NONE);
        self.append(list, place);
    }

    pub fn clear(&mut self) {
        self.slots.fill(NONE);
        self.entries.clear();
        self.lists.clear();
        self.vacant_lists.clear();
        self.lowest = NONE;
    }

    fn victim(&self) -> u32 {
        match self.keyed.evict {
            Evict::Random => {
                self.side.draw(self.key, !self.stored).below(self.entries.len() as u64) as u32
            }
            Evict::Lru | Evict::Lfu | Evict::Fifo => self.lists[self.lowest as usize].head,
        }
    }

    /// The slot of the key, or the empty one in which it would be.
    fn slot(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = mix(key) as usize & mask;
        while self.slots[at] != NONE && self.entries[self.slots[at] as usize].key != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn remove(&mut self, place: u32) {
        self.detach(place);
        let mask = self.slots.len() - 1;
        let mut hole = self.slot(self.entries[place as usize].key);
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let moved = self.slots[at];
            if moved == NONE {
                break;
            }
            // What would no longer be found behind the hole moves into it.
            let home = mix(self.entries[moved as usize].key) as usize & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.slots[hole] = moved;
                hole = at;
            }
        }
        self.slots[hole] = NONE;
    }

    /// Makes the entry the last to go of those used as often as it, plus so many times.
    fn move_up(&mut self, place: u32, more: u32) {
        let from = self.entries[place as usize].list;
        let List { count: used, tail, .. } = self.lists[from as usize];
        let count = used.saturating_add(more);
        if count == used && tail == place {
            return;
        }
        // Looked up before it leaves, as its list may vanish with it.
        let to = self.list_of(count, from);
        self.detach(place);
        self.append(to, place);
    }

    /// The list of this count, which stands at or right behind `near`, or is the lowest.
    fn list_of(&mut self, count: u32, near: u32) -> u32 {
        let next = if near == NONE { self.lowest } else { self.lists[near as usize].higher };
        for known in [near, next] {
            if known != NONE && self.lists[known as usize].count == count {
                return known;
            }
        }
        let new = List { head: NONE, tail: NONE, count, higher: next, lower: near };
        let id = match self.vacant_lists.pop() {
            Some(id) => {
                self.lists[id as usize] = new;
                id
            }
            None => {
                self.lists.push(new);
                self.lists.len() as u32 - 1
            }
        };
        self.chain(near, id);
        self.chain(id, next);
        id
    }

    /// Makes two lists neighbours.
    fn chain(&mut self, lower: u32, higher: u32) {
        match lower {
            NONE => self.lowest = higher,
            lower => self.lists[lower as usize].higher = higher,
        }
        if higher != NONE {
            self.lists[higher as usize].lower = lower;
        }
    }

    fn append(&mut self, list: u32, place: u32) {
        let tail = std::mem::replace(&mut self.lists[list as usize].tail, place);
        let entry = &mut self.entries[place as usize];
        (entry.list, entry.prev, entry.next) = (list, tail, NONE);
        match tail {
            NONE => self.lists[list as usize].head = place,
            tail => self.entries[tail as usize].next = place,
        }
    }

    /// Takes the entry out of its list; a list without entries is given up.
    fn detach(&mut self, place: u32) {
        let Entry { list, prev, next, .. } = self.entries[place as usize];
        match prev {
            NONE => self.lists[list as usize].head = next,
            prev => self.entries[prev as usize].next = next,
        }
        match next {
            NONE => self.lists[list as usize].tail = prev,
            next => self.entries[next as usize].prev = prev,
        }
        let List { head, lower, higher, .. } = self.lists[list as usize];
        if head == NONE {
            self.chain(lower, higher);
            self.vacant_lists.push(list);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::distribution::Zipf;
    use crate::rng::Draw;
    use crate::units::Span;

    fn store(capacity: u32, evict: Evict) -> Store {
        let keys = Zipf::new(1_000_000, 0.0);
        let keyed = Keyed { keys, capacity, evict, ttl: None, renew: false, cold: true };
        Store::new(&Contents::Keys(keyed), 7, Side::PLAIN).unwrap()
    }

    /// Looks for each key and stores it if it is not there; returns what was there.
    fn hits(store: &mut Store, keys: &[u64]) -> Vec<bool> {
        let look = |key: &u64| {
            let hit = store.look(Time::ZERO, *key);
            if !hit {
                store.put(Time::ZERO, *key);
            }
            hit
        };
        keys.iter().map(look).collect()
    }

    #[test]
    fn each_rule_evicts_as_its_name_says() {
        // 1 2 3 fill it; 1 is used twice more, 2 once; 4 takes the place of one of them.
        let keys = [1, 2, 3, 1, 1, 2, 4];
        for (evict, gone, kept) in
            [(Evict::Lru, 3, [1, 2, 4]), (Evict::Lfu, 3, [1, 2, 4]), (Evict::Fifo, 1, [2, 3, 4])]
        {
            let mut store = store(3, evict);
            assert_eq!(hits(&mut store, &keys), [false, false, false, true, true, true, false]);
            assert!(kept.iter().all(|it| store.look(Time::ZERO, *it)), "{evict:?}");
            assert!(!store.look(Time::ZERO, gone), "{evict:?}");
        }
        // Used most, though not of late.
        let mut often = store(2, Evict::Lfu);
        hits(&mut often, &[1, 1, 1, 2, 3, 4, 5]);
        assert!(often.look(Time::ZERO, 1));
        let mut lately = store(2, Evict::Lru);
        hits(&mut lately, &[1, 1, 1, 2, 3, 4, 5]);
        assert!(!lately.look(Time::ZERO, 1));
    }

    #[test]
    fn it_agrees_with_a_plain_list_whatever_is_asked_for() {
        for evict in [Evict::Lru, Evict::Lfu, Evict::Fifo] {
            for capacity in [1, 2, 7, 64] {
                let mut store = store(capacity, evict);
                // Key, count, and when last moved; the least of (count, moved) goes.
                let mut plain: Vec<(u64, u64, u64)> = Vec::new();
                for n in 0..20_000 {
                    let key = Zipf::new(200, 0.9).draw(&mut Draw::at(3, n));
                    let known = plain.iter_mut().find(|it| it.0 == key);
                    assert_eq!(hits(&mut store, &[key]), [known.is_some()], "{evict:?} {n}");
                    match (known, evict) {
                        (Some(it), Evict::Lru) => it.2 = n,
                        (Some(it), Evict::Lfu) => (it.1, it.2) = (it.1 + 1, n),
                        (Some(_), _) => {}
                        (None, _) => {
                            if plain.len() == capacity as usize {
                                let least =
                                    (0..plain.len()).min_by_key(|i| (plain[*i].1, plain[*i].2));
                                plain.remove(least.unwrap());
                            }
                            plain.push((key, 1, n));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn it_begins_with_what_is_asked_for_most() {
        let keys = Zipf::new(100, 1.0);
        let ttl = Some(Span::from_whole_secs(10));
        let keyed = Keyed { keys, capacity: 5, evict: Evict::Lru, ttl, renew: false, cold: false };
        let mut store = Store::new(&Contents::Keys(keyed), 7, Side::PLAIN).unwrap();
        let there: Vec<u64> = (0..100).filter(|key| store.look(Time::ZERO, *key)).collect();
        assert_eq!(there, [0, 1, 2, 3, 4]);
        let later = Time::ZERO + Span::from_whole_secs(10);
        assert!(
            (0..100).all(|key| !store.look(later, key)),
            "none is younger than its time to live"
        );
        store.clear();
        assert!(!store.look(Time::ZERO, 0));
        store.put(Time::ZERO, 3);
        assert!(store.look(Time::ZERO, 3));
    }
}
