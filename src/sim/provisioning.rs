//! Hosts that come and go: which are there, and for how long they were.
//!
//! State only; the engine asks for them and gives them up.

use super::meter::Meter;
use crate::ids::{MapIds, Table};
use crate::network::{HostId, Network, ProvisionerId};
use crate::units::Time;

/// Where a host is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Instances may run on it.
    #[default]
    There,
    /// It has been asked for.
    Coming,
    /// Its instances finish; then it goes.
    Leaving,
    /// There is none.
    Absent,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct HostLife {
    pub stage: Stage,
    /// Since when it has hardly been used.
    pub idle_since: Option<Time>,
    present: Meter,
    present_at_opening_ns: u128,
}

impl HostLife {
    pub fn turn(&mut self, stage: Stage, now: Time) {
        let there = |it| matches!(it, Stage::There | Stage::Leaving);
        match (there(self.stage), there(stage)) {
            (false, true) => self.present.up(now),
            (true, false) => self.present.down(now),
            _ => {}
        }
        (self.stage, self.idle_since) = (stage, None);
    }
}

/// Hosts and how many came and went; empty where none does.
#[derive(Default)]
pub struct Hosts {
    pub lives: Table<HostId, HostLife>,
    pub of: Table<ProvisionerId, Provisioning>,
}

/// One group at work.
#[derive(Clone, Copy, Debug, Default)]
pub struct Provisioning {
    /// How many were ever asked for: what draws are keyed by.
    pub asked: u64,
    pub last_added: Option<Time>,
    pub used: HostsUse,
}

/// Hosts that came and went since the window opened, and the most that there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostsUse {
    pub added: u32,
    pub removed: u32,
    pub most: u32,
}

impl Hosts {
    pub fn new(network: &Network) -> Hosts {
        if network.provisioners.is_empty() {
            return Hosts::default();
        }
        let mut lives = network.hosts.map(|_, _| {
            let mut life = HostLife::default();
            life.present.up(Time::ZERO);
            life
        });
        for spec in network.provisioners.as_slice() {
            let all = network.groups[spec.group].hosts.clone().map_ids();
            for host in all.skip(spec.first as usize) {
                lives[host].turn(Stage::Absent, Time::ZERO);
            }
        }
        Hosts { lives, of: network.provisioners.map(|_, _| Provisioning::default()) }
    }

    /// How many of a group are at a stage.
    pub fn count(&self, network: &Network, id: ProvisionerId, stage: Stage) -> u32 {
        let all = network.groups[network.provisioners[id].group].hosts.clone().map_ids();
        all.filter(|it| self.lives[*it].stage == stage).count() as u32
    }

    /// Notes the most that there have been.
    pub fn note_most(&mut self, network: &Network, id: ProvisionerId) {
        let there = self.count(network, id, Stage::There) + self.count(network, id, Stage::Leaving);
        let used = &mut self.of[id].used;
        used.most = used.most.max(there);
    }

    pub fn open(&mut self, network: &Network, now: Time) {
        for life in self.lives.iter_mut() {
            life.present_at_opening_ns = life.present.area_ns(now);
        }
        for id in network.provisioners.ids() {
            self.of[id].used = HostsUse::default();
            self.note_most(network, id);
        }
    }

    /// Nanoseconds that each host was there since the window opened.
    pub fn present_ns(&self, now: Time) -> Table<HostId, u128> {
        self.lives.map(|_, it| it.present.area_ns(now) - it.present_at_opening_ns)
    }
}
