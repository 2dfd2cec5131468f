//! Caches: what is asked for again soon is found nearby, and the rest of the work is saved.
//!
//! Either a bare share of lookups that hit, or real contents: so many keys, asked for by Zipf's law
//! (L. Breslau et al., "Web caching and Zipf-like distributions", INFOCOM 1999), room for some of
//! them, and a rule for which goes when room is needed.

use crate::problem::{Code, Findings};
use crate::units::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// A cache that is looked into: give `hit`, or `keys` with what else is known of its contents.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The share of lookups that hit, between 0 and 1, whatever was asked for before.
    #[serde(default)]
    pub hit: Option<f64>,
    /// How many different things may be asked for.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub keys: Option<u64>,
    /// The exponent of Zipf's law by which they are asked for; 0 asks for all alike.
    #[serde(default)]
    pub skew: Option<f64>,
    /// How many fit in. All of them if absent.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub capacity: Option<u32>,
    /// Which one goes when another needs its room.
    #[serde(default)]
    pub evict: Option<Evict>,
    /// How long an entry may be used after it was stored. For ever if absent.
    #[serde(default)]
    #[schemars(example = "5m")]
    pub ttl: Option<Span>,
    /// Whether each hit starts the time to live anew.
    #[serde(default)]
    pub renew: bool,
    /// Whether all instances of the service look into one cache, which outlives them. If not, each
    /// has its own, which is empty after a restart.
    #[serde(default)]
    pub shared: bool,
    /// Whether it is empty when a run begins. If not, it begins with what is asked for most.
    #[serde(default)]
    pub cold: bool,
    /// Whether requests that miss what another is fetching already wait for that, in place of all
    /// fetching it (a stampede). If the fetch fails the next of them tries.
    #[serde(default)]
    pub coalesce: bool,
    /// A name by which several operations of the service look into the same cache. If absent, the
    /// operation's own.
    #[serde(default)]
    pub name: Option<String>,
}

/// Which entry makes room for a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evict {
    /// The least recently used.
    #[default]
    Lru,
    /// The least frequently used while it was there; of several, the least recently used.
    Lfu,
    /// The one that was stored first.
    Fifo,
    /// Any, each as likely as the others.
    Random,
}

/// Keys, and entries of all instances together, beyond which a model is refused.
const KEYS_MAX: u64 = 1_000_000_000_000;
pub const ENTRIES_MAX: u64 = 5_000_000;

impl Cache {
    pub fn check(&self, findings: &mut Findings) {
        match (self.hit, self.keys) {
            (Some(hit), None) if !(0.0..=1.0).contains(&hit) => {
                findings.wrong_at("hit", Code::E007, format!("must be from 0 to 1, not {hit}"), "");
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => {
                let rule = "give either hit or keys";
                findings.wrong(
                    Code::E010,
                    rule,
                    "\"hit\": 0.9, or \"keys\": 100000, \"skew\": 0.9",
                );
            }
        }
        if self.keys.is_some_and(|it| !(1..=KEYS_MAX).contains(&it)) {
            findings.wrong_at("keys", Code::E007, format!("must be from 1 to {KEYS_MAX}"), "");
        }
        if self.skew.is_some_and(|it| !(0.0..=10.0).contains(&it)) {
            findings.wrong_at("skew", Code::E007, "must be from 0 to 10", "\"skew\": 0.9");
        }
        if self.capacity == Some(0) {
            findings.wrong_at("capacity", Code::E007, "must be at least 1, not 0", "");
        }
        if self.ttl.is_some_and(|it| it.is_zero()) {
            findings.wrong_at("ttl", Code::E007, "must be longer than nothing", "\"60s\"");
        }
        if self.renew && self.ttl.is_none() && self.hit.is_none() {
            let rule = "there is no time to live that could be renewed";
            findings.wrong_at("renew", Code::E010, rule, "give \"ttl\" too");
        }
        if self.evict.is_some() && self.capacity.is_none() && self.hit.is_none() {
            let rule = "nothing is ever evicted from a cache that holds everything";
            findings.wrong_at("evict", Code::E010, rule, "give \"capacity\" too");
        }
        self.check_bare(findings);
    }

    /// What says something of contents that a bare share of hits does not have.
    fn check_bare(&self, findings: &mut Findings) {
        if self.hit.is_none() {
            return;
        }
        let given = [
            ("skew", self.skew.is_some()),
            ("capacity", self.capacity.is_some()),
            ("evict", self.evict.is_some()),
            ("ttl", self.ttl.is_some()),
            ("renew", self.renew),
            ("shared", self.shared),
            ("cold", self.cold),
            ("coalesce", self.coalesce),
        ];
        for (key, _) in given.iter().filter(|it| it.1) {
            let rule = "has no effect beside hit, which says nothing of contents";
            findings.wrong_at(*key, Code::E010, rule, "give \"keys\" in place of \"hit\"");
        }
    }

    /// The most entries that one such cache may have.
    pub fn entries(&self) -> u64 {
        let keys = self.keys.unwrap_or(0);
        self.capacity.map_or(keys, |it| u64::from(it).min(keys))
    }
}
