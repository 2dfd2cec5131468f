//! Hosts, instances, pools and links: what there is before anything happens.

use super::*;
use crate::model::file::{Disk, HostGroup};
use crate::model::places::any_step;
use crate::parts::distribution::Law;
use crate::units::Bytes;

impl<'m> Compiler<'m> {
    pub(super) fn lay_out(&mut self) {
        self.zones();
        for (name, group) in &self.model.hosts {
            self.group(name, group);
        }
        self.pool_groups();
        for (name, service) in &self.model.services {
            self.service(name, service);
        }
        self.disks();
        self.contention();
    }

    fn zones(&mut self) {
        self.names.zones = self.model.zones.keys().cloned().collect();
        if self.names.zones.is_empty() {
            self.names.zones.push("here".to_owned());
        }
        let zones = self.names.zones.len();
        self.network.zones = zones as u32;
        if self.model.links.is_empty() {
            return;
        }
        let name = |i: usize| self.names.zones[i].as_str();
        let laws = (0..zones * zones).map(|i| self.link(name(i / zones), name(i % zones)));
        self.network.links = laws.collect();
    }

    /// The law of crossing between two zones: the link that names most of them outright.
    fn link(&self, from: &str, to: &str) -> Option<Law> {
        let fits = |pattern: &str, zone: &str| pattern == "*" || pattern == zone;
        let named = |[a, b]: &[String; 2]| {
            let either = fits(a, from) && fits(b, to) || fits(a, to) && fits(b, from);
            // Within a zone only a link from it to itself applies, not one between different zones.
            let outright = [a, b].iter().filter(|it| it.as_str() != "*").count();
            (either && (from != to || outright == 2)).then_some(outright)
        };
        let links = self.model.links.iter().rev();
        let best = links.filter_map(|it| Some((named(&it.between)?, it))).max_by_key(|it| it.0)?;
        Some(best.1.latency.law())
    }

    fn group(&mut self, name: &str, group: &HostGroup) {
        let id = GroupId::new(self.network.groups.len());
        let first = HostId::new(self.network.hosts.len());
        let all: Vec<usize> = (0..self.names.zones.len()).collect();
        let named = |zone: &String| self.names.zones.iter().position(|it| it == zone);
        let zones: Vec<usize> = group.zones.iter().filter_map(named).collect();
        let zones = if zones.is_empty() { all } else { zones };
        for i in 0..group.count as usize {
            self.network.hosts.push(Host {
                group: id,
                zone: ZoneId::new(zones[i % zones.len()]),
                cores: group.cores,
                contended: false,
                cpus: CpuId::default()..CpuId::default(),
                affinity: group.affinity,
                wake: group.wake.as_ref().map(|it| Wake { delay: it.delay.law(), cpu: it.cpu }),
                switch: group.switch,
                disk: None,
                boot: group.boot,
                instances: Vec::new(),
            });
        }
        let hosts = first..HostId::new(self.network.hosts.len());
        let price_per_hour = group.price.map_or(0.0, |price| price.as_per_hour());
        self.network.groups.push(Group { hosts, disks: None, price_per_hour });
        self.names.groups.push(name.to_owned());
    }

    /// Workers of each service first, then named pools, then disks: the names of what is reported.
    fn pool_groups(&mut self) {
        let services = &self.model.services;
        self.names.services = services.keys().cloned().collect();
        self.names.pool_groups = self.names.services.clone();
        for (name, service) in services {
            let pools = service.pools.keys().map(|pool| format!("{name}.pool.{pool}"));
            self.names.pool_groups.extend(pools);
        }
        for (name, group) in &self.model.hosts {
            if group.disk.is_some() {
                self.names.pool_groups.push(format!("{name}.disk"));
            }
        }
        self.network.pool_groups = self.names.pool_groups.len() as u32;
    }

    fn pool_group(&self, name: &str) -> PoolGroupId {
        let place = self.names.pool_groups.iter().position(|it| it == name);
        PoolGroupId::new(place.expect("every pool has a group"))
    }

    fn service(&mut self, name: &str, service: &'m Service) {
        let id = ServiceId::new(self.network.services.len());
        let first = InstanceId::new(self.network.instances.len());
        for _ in 0..service.instances {
            self.instance(id, name, service, first);
        }
        self.network.services.push(crate::network::Service {
            instances: first..InstanceId::new(self.network.instances.len()),
            balance: service.balance,
            health: service.health,
            start: service.start,
            key: key_of(name),
        });
    }

    fn instance(&mut self, id: ServiceId, name: &str, service: &'m Service, first: InstanceId) {
        let host = self.least_used_host(service, first);
        let workers = self.workers(id, service);
        for (pool, spec) in &service.pools {
            let group = self.pool_group(&format!("{name}.pool.{pool}"));
            let patience = spec.patience.map(|span| self.delay(DelayUse::Patience, span));
            let line_max = spec.line.unwrap_or(UNLIMITED);
            self.network.pools.push(Pool { group, size: spec.size, line_max, patience });
        }
        let commits = any_step(service, |step| matches!(step, Written::Commit(_)));
        let place = self.network.instances.len() - first.index();
        let log = commits.then(|| Log {
            sync: sync_law(self.disk_of(service).expect("checked: there is a disk to commit to")),
            key: key_of(&format!("{name} log {place}")),
            first: StepId::default(),
        });
        let instance = self.network.instances.push(Instance {
            service: id,
            host,
            claimant: self.network.hosts[host].instances.len() as u32,
            workers,
            pools: service.pools.len() as u16,
            cpu_weight: service.cpu.map_or(1.0, |cpu| cpu.request),
            cpu_limit: service.cpu.and_then(|cpu| cpu.limit).unwrap_or(f64::INFINITY),
            log,
        });
        self.network.hosts[host].instances.push(instance);
    }

    fn workers(&mut self, id: ServiceId, service: &Service) -> PoolId {
        let (size, line_max) = match (service.connections, service.workers) {
            (Some(connections), _) => (connections, 0),
            (None, workers) => (workers.unwrap_or(UNLIMITED), service.line.unwrap_or(UNLIMITED)),
        };
        let group = PoolGroupId::new(id.index());
        self.network.pools.push(Pool { group, size, line_max, patience: None })
    }

    /// Spreads a service's instances: first over zones, then over hosts, then where there is room.
    fn least_used_host(&self, service: &Service, first: InstanceId) -> HostId {
        let network = &self.network;
        let (group, _, _) =
            self.model.hosts.get_full(&service.hosts).expect("checked: it is there");
        let hosts = network.groups[GroupId::new(group)].hosts.clone();
        let own = |id: &InstanceId| id.index() >= first.index();
        let crowd = |host: HostId| {
            let it = &network.hosts[host];
            let here = it.instances.iter().filter(|id| own(id)).count();
            let zone_mates =
                network.hosts[hosts.clone()].iter().filter(|mate| mate.zone == it.zone);
            let in_zone: usize =
                zone_mates.map(|it| it.instances.iter().filter(|id| own(id)).count()).sum();
            (in_zone, here, it.instances.len(), host)
        };
        let all = (hosts.start.index()..hosts.end.index()).map(HostId::new);
        all.min_by_key(|host| crowd(*host)).expect("checked: a group has hosts")
    }

    pub(super) fn group_of(&self, service: &Service) -> &'m HostGroup {
        self.model.hosts.get(&service.hosts).expect("checked: it is there")
    }

    pub(super) fn disk_of(&self, service: &Service) -> Option<&'m Disk> {
        self.group_of(service).disk.as_ref()
    }

    fn disks(&mut self) {
        for (i, (name, group)) in self.model.hosts.iter().enumerate() {
            let Some(disk) = &group.disk else { continue };
            let places = self.pool_group(&format!("{name}.disk"));
            self.network.groups[GroupId::new(i)].disks = Some(places);
            for host in self.network.groups[GroupId::new(i)].hosts.clone().map_ids() {
                let pool =
                    Pool { group: places, size: disk.depth, line_max: UNLIMITED, patience: None };
                self.network.hosts[host].disk = Some(self.network.pools.push(pool));
            }
        }
    }

    /// A host's CPU need not be shared out if all that can ever compute there has a core each.
    fn contention(&mut self) {
        let wanted: Vec<f64> = self.model.services.values().map(most_computing).collect();
        for host in self.network.hosts.ids() {
            let instances = &self.network.hosts[host].instances;
            let of = |id: &InstanceId| {
                let it = &self.network.instances[*id];
                (wanted[it.service.index()], it.cpu_limit)
            };
            let limited = instances.iter().map(of).any(|(wants, limit)| wants > limit);
            let wants: f64 = instances.iter().map(of).map(|(wants, _)| wants).sum();
            let it = &mut self.network.hosts[host];
            let costs = it.wake.is_some() || it.switch.is_some() || it.affinity.is_some();
            it.contended = limited || costs || wants > f64::from(it.cores);
        }
        // A service's steps are the same on all hosts of its group, though the last of them may
        // have fewer instances than the others.
        for group in self.network.groups.ids() {
            let hosts = self.network.groups[group].hosts.clone();
            let contended = self.network.hosts[hosts.clone()].iter().any(|it| it.contended);
            hosts.map_ids().for_each(|host| self.network.hosts[host].contended = contended);
        }
        for host in self.network.hosts.ids() {
            let it = &mut self.network.hosts[host];
            if it.contended {
                let first = CpuId::new(self.network.cpus.len());
                (0..it.cores / it.cores_each()).for_each(|_| {
                    self.network.cpus.push(host);
                });
                it.cpus = first..CpuId::new(self.network.cpus.len());
            }
        }
    }
}

/// How many requests of one instance can compute at a time.
fn most_computing(service: &Service) -> f64 {
    let computes = any_step(service, |step| matches!(step, Written::Cpu(_)));
    let branches = any_step(service, |step| matches!(step, Written::Parallel(_)));
    match service.connections.or(service.workers) {
        _ if !computes => 0.0,
        Some(most) if !branches => f64::from(most),
        _ => f64::INFINITY,
    }
}

/// The time of one access of so many bytes: what limits it, operations or bytes per second.
pub(super) fn access_law(disk: &Disk, bytes: Bytes) -> Law {
    if let Some(access) = &disk.access {
        return access.law();
    }
    let turn_s = disk.iops.map_or(0.0, |iops| f64::from(disk.depth) / iops);
    let move_s = disk.bandwidth.map_or(0.0, |it| bytes.count() as f64 / it.as_bytes_per_s());
    Law::Constant(Span::from_secs(turn_s.max(move_s)))
}

fn sync_law(disk: &Disk) -> Law {
    match &disk.sync {
        Some(sync) => sync.law(),
        None => access_law(disk, Bytes::new(8192)),
    }
}
