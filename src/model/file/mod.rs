//! The model file as written: names, units and nested steps. No arithmetic happens here.

mod aims;
mod disks;
mod hosts;
mod services;
mod sessions;
mod steps;
mod traffic;

pub use aims::*;
pub use disks::*;
pub use hosts::*;
pub use services::*;
pub use sessions::*;
pub use steps::*;
pub use traffic::*;

use crate::parts::distribution::Distribution;
use crate::parts::fault::Fault;
use crate::parts::queue::Queue;
use crate::units::{Bandwidth, DataPrice};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Things by name, in the order of the file.
pub type Named<T> = IndexMap<String, T>;

/// A model of an architecture: where it runs, what it consists of, and who uses it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "outgrow model")]
pub struct Model {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// A short name, used in tables and charts.
    pub name: String,
    /// What is modelled, and where its numbers come from.
    #[serde(default)]
    pub about: String,
    /// Failure domains by name. If none is given, there is one.
    #[serde(default)]
    pub zones: Named<Zone>,
    /// What the network between zones takes. Where nothing is said, it takes no time.
    #[serde(default)]
    pub links: Vec<Link>,
    /// Groups of equal machines by name.
    pub hosts: Named<HostGroup>,
    /// Programs by name.
    pub services: Named<Service>,
    /// Queues of messages by name, in a broker that stands outside the hosts and never fails.
    #[serde(default)]
    pub queues: Named<Queue>,
    /// How many users there are, for traffic that is given per user.
    #[serde(default)]
    pub users: Option<f64>,
    /// The kinds of request that users make, by name.
    pub traffic: Named<TrafficClass>,
    /// The kinds of session in which users make requests one after the other, by name.
    #[serde(default)]
    pub sessions: Named<Session>,
    /// What must hold, by traffic class.
    #[serde(default)]
    pub objectives: Named<Objective>,
    /// What fails again and again, at random: each with `every` and `for`. What fails once, at a time,
    /// is for an experiment to say.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What failed requests cost.
    #[serde(default)]
    pub business: Option<Business>,
}

/// A failure domain: what is in it can fail together.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Who runs it, such as "aws" or "own".
    #[serde(default)]
    pub provider: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub region: Option<String>,
    /// What data costs that leaves it for the clients, as providers bill it. Nothing if absent.
    #[serde(default)]
    pub egress: Option<DataPrice>,
}

impl Zone {
    /// How closely a name means this zone, called `own`: by itself, its region, its provider, or as one
    /// of all; none if it does not.
    pub fn closeness(&self, own: &str, place: &str) -> Option<u32> {
        let (provider, region) = (self.provider.as_deref(), self.region.as_deref());
        let both =
            || place.split_once('/').is_some_and(|(a, b)| provider == Some(a) && region == Some(b));
        match place {
            "*" => Some(0),
            _ if place == own => Some(Self::OUTRIGHT),
            _ if region == Some(place) || both() => Some(2),
            _ if provider == Some(place) => Some(1),
            _ => None,
        }
    }

    /// More than two names of regions: who names a zone means it.
    pub const OUTRIGHT: u32 = 5;
}

/// What it takes to cross from one zone to another, in either direction.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Two zones, or places of several: a provider, a region, "provider/region", or "*" for any. Of
    /// several links that fit, the one that names more closely goes first: a zone before a region, a
    /// region before a provider, a provider before "*". Places stand for ways between different zones:
    /// only a link from a zone to itself, named outright, applies within one.
    pub between: [String; 2],
    /// The time to cross once, one way.
    #[schemars(example = "1ms")]
    pub latency: Distribution,
    /// Bytes per second in each direction, of all zones at either end together. Messages are sent one
    /// after the other, each bit for bit, and then take the latency. Unlimited if absent.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
    /// What data costs that leaves a place over the link, by place: a zone, a region, a provider,
    /// "provider/region" or "*" for any. The closest name counts; what leaves elsewhere costs nothing.
    #[serde(default)]
    pub egress: Named<DataPrice>,
}

fn yes() -> bool {
    true
}
fn one() -> u32 {
    1
}
fn unity() -> f64 {
    1.0
}
