//! What fails: names become hosts, instances, links and caches.

use super::*;
use crate::parts::fault::Fault as Written;

impl<'m> Compiler<'m> {
    pub(super) fn faults(&mut self) {
        let mut names: Vec<String> = Vec::new();
        for fault in &self.model.faults {
            for (name, what) in self.failing(fault) {
                let same = names.iter().filter(|it| **it == name).count();
                let key = key_of(&format!("{name} {same}"));
                let when = match &fault.every {
                    None if fault.for_good => When::ForGood { at: Time::ZERO + fault.at, key },
                    None => {
                        let at = Time::ZERO + fault.at;
                        When::Once { at, until: at + fault.length() }
                    }
                    Some(every) => {
                        When::AtRandom { every: every.law(), lasts: fault.duration.law(), key }
                    }
                };
                names.push(name);
                self.network.faults.push(Fault { what, when });
            }
        }
    }

    /// What fails by itself of what a fault names, with the name that its luck hangs on.
    fn failing(&self, fault: &Written) -> Vec<(String, Failing)> {
        let network = &self.network;
        if let Some(cache) = &fault.cache {
            let caches = network.caches.ids();
            let caches: Vec<CacheId> =
                caches.filter(|it| self.names.caches[it.index()] == *cache).collect();
            let service = cache.strip_suffix(".buffer").filter(|_| caches.is_empty());
            let instances = service.and_then(|it| self.instances_named(it)).unwrap_or_default();
            return vec![(format!("cache {cache}"), Failing::Caches { caches, instances })];
        }
        if let Some(ends) = fault.link.as_ref().or(fault.partition.as_ref()) {
            let between = [&ends[0], &ends[1]].map(|it| self.zones_at(it));
            let within = ends[0] == ends[1] && self.names.zones.contains(&ends[0]);
            let name = format!("link {} {}", ends[0], ends[1]);
            return vec![(name, Failing::Link { between, within, trouble: trouble(fault) })];
        }
        let apart = self.failing_apart(fault).into_iter();
        apart
            .map(|(name, hosts, instances)| (name, fail(network, fault, hosts, instances)))
            .collect()
    }

    /// The zones of a place: a zone itself, all of a region or a provider, or "*" for any.
    fn zones_at(&self, place: &str) -> Vec<ZoneId> {
        let zones = self.names.zones.iter().enumerate();
        let meant = zones.filter(|(_, name)| {
            let zone = self.model.zones.get(*name).cloned().unwrap_or_default();
            zone.closeness(name, place).is_some()
        });
        let outright = self.names.zones.iter().position(|it| it == place);
        match outright {
            Some(zone) => vec![ZoneId::new(zone)],
            None => meant.map(|(i, _)| ZoneId::new(i)).collect(),
        }
    }

    /// The hosts or instances that fail, those together that fail together.
    fn failing_apart(&self, fault: &Written) -> Vec<(String, Vec<HostId>, Vec<InstanceId>)> {
        let network = &self.network;
        if let Some(zone) = &fault.zone {
            let any = zone == "any" && fault.every.is_some();
            let zones = self.names.zones.iter().enumerate();
            let zones = zones.filter(|it| any || it.1 == zone).map(|(i, name)| {
                let hosts = network.hosts.ids();
                let hosts = hosts.filter(|it| network.hosts[*it].zone.index() == i).collect();
                (format!("zone {name}"), hosts, Vec::new())
            });
            return zones.filter(|it: &(_, Vec<_>, _)| !it.1.is_empty()).collect();
        }
        let numbered = |kind: &str, name: &str, i: usize| format!("{kind} {name}.{i}");
        if let Some(host) = &fault.host {
            let (group, one) = split_number(host);
            let group_id = self.names.groups.iter().position(|it| it == group);
            let hosts = group_id.map(|it| network.groups[GroupId::new(it)].hosts.clone());
            let hosts = hosts.into_iter().flat_map(MapIds::map_ids).enumerate();
            let meant = hosts.filter(|it| one.is_none_or(|one| one == it.0));
            return meant
                .map(|(i, it)| (numbered("host", group, i), vec![it], Vec::new()))
                .collect();
        }
        let Some(instance) = &fault.instance else { return Vec::new() };
        let (service, one) = split_number(instance);
        let instances = self.instances_named(service).unwrap_or_default().into_iter().enumerate();
        let meant = instances.filter(|it| one.is_none_or(|one| one == it.0));
        meant.map(|(i, it)| (numbered("instance", service, i), Vec::new(), vec![it])).collect()
    }

    fn instances_named(&self, service: &str) -> Option<Vec<InstanceId>> {
        let place = self.names.services.iter().position(|it| it == service)?;
        Some(self.network.services[ServiceId::new(place)].instances.clone().map_ids().collect())
    }

    /// Whether a device of this host is ever slower than usual.
    pub(super) fn slowed(&self, host: HostId, device: fn(&Slow) -> f64) -> bool {
        let slow = self
            .model
            .faults
            .iter()
            .filter(|it| it.slow.as_ref().is_some_and(|slow| device(slow) < 1.0));
        slow.flat_map(|it| self.failing_apart(it)).any(|(_, hosts, instances)| {
            let on = |it: &InstanceId| self.network.instances[*it].host;
            hosts.contains(&host) || instances.iter().any(|it| on(it) == host)
        })
    }

    /// Whether anything ever befalls what crosses from zone to zone.
    pub(super) fn links_fail(&self) -> bool {
        self.model.faults.iter().any(|it| it.link.is_some() || it.partition.is_some())
    }
}

/// `rack` and 0 of `rack.0`; no number of `rack`.
pub fn split_number(name: &str) -> (&str, Option<usize>) {
    let parts = name.rsplit_once('.').map(|(group, number)| (group, number.parse().ok()));
    match parts {
        Some((group, Some(number))) => (group, Some(number)),
        _ => (name, None),
    }
}

fn trouble(fault: &Written) -> LinkTrouble {
    match fault.partition {
        Some(_) => LinkTrouble::Cut(fault.style),
        None => LinkTrouble::Bad {
            added: fault.latency.as_ref().map(|it| it.law()),
            loss: fault.loss.map_or(0.0, |it| it.as_ratio()),
        },
    }
}

fn fail(
    network: &Network,
    fault: &Written,
    hosts: Vec<HostId>,
    instances: Vec<InstanceId>,
) -> Failing {
    match fault.slow {
        Some(speed) => {
            let here = hosts.iter().flat_map(|it| &network.hosts[*it].instances);
            let instances = here.copied().chain(instances).collect();
            Failing::Slow { instances, hosts, speed }
        }
        None if hosts.is_empty() => Failing::Instances(instances, fault.style),
        None => Failing::Hosts(hosts, fault.style),
    }
}
