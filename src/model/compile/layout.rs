//! Hosts, instances, pools and links: what there is before anything happens.

use super::disks::{FLUSH, costs, disks_of, sync_law};
use super::*;
use crate::model::file::{Disk, HostGroup, Link, Pool as WrittenPool, Zone};
use crate::model::places::any_step;
use crate::parts::device::buffer::HitCurve;
use crate::parts::scaling::metric::requested;
use std::cmp::Ordering;

/// The link that is crossed from one zone to another, and whether from its first end to its second.
#[derive(Clone, Copy)]
struct Crossed {
    link: usize,
    ahead: Ordering,
}

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
        self.replications();
        self.balancers();
        self.disks();
        self.accelerators();
        self.contention();
    }

    fn zones(&mut self) {
        self.names.zones = self.model.zones.keys().cloned().collect();
        if self.names.zones.is_empty() {
            self.names.zones.push("here".to_owned());
        }
        let zones = self.names.zones.len();
        self.network.zones = zones as u32;
        let sells = self.model.zones.values().any(|it| it.egress.is_some());
        if self.model.links.is_empty() && !self.links_fail() && !sells {
            return;
        }
        let name = |i: usize| self.names.zones[i].as_str();
        let pairs = (0..zones * zones).map(|i| self.link(name(i / zones), name(i % zones)));
        let pairs: Vec<Option<Crossed>> = pairs.collect();
        let law = |it: &Option<Crossed>| Some(self.model.links[(*it)?.link].latency.law());
        self.network.links = pairs.iter().map(law).collect();
        self.ways(&pairs);
    }

    /// The link that names two zones most closely.
    fn link(&self, from: &str, to: &str) -> Option<Crossed> {
        let zone = |name: &str| self.model.zones.get(name).cloned().unwrap_or_default();
        let (from_zone, to_zone) = (zone(from), zone(to));
        let named = |[a, b]: &[String; 2]| {
            let sum = |there: &str, back: &str| {
                Some(from_zone.closeness(from, there)? + to_zone.closeness(to, back)?)
            };
            let (ahead, back) = (sum(a, b), sum(b, a));
            let closest = ahead.max(back)?;
            // Within a zone only a link from it to itself applies, not one between different zones.
            (from != to || closest == 2 * Zone::OUTRIGHT).then_some((closest, ahead.cmp(&back)))
        };
        let links = self.model.links.iter().enumerate().rev();
        let fits = links.filter_map(|(link, it)| Some((named(&it.between)?, link)));
        let ((_, ahead), link) = fits.max_by_key(|it| it.0.0)?;
        Some(Crossed { link, ahead })
    }

    /// The two directions of each link with a bandwidth, and what goes through which at what price.
    fn ways(&mut self, pairs: &[Option<Crossed>]) {
        let name = |it: &Link| format!("{}-{}.link", it.between[0], it.between[1]);
        self.names.links = self.model.links.iter().map(name).collect();
        let used = |i: usize| pairs.iter().flatten().any(|it| it.link == i);
        let pipes = self.model.links.iter().enumerate().map(|(i, link)| {
            let bandwidth = link.bandwidth.filter(|_| used(i))?;
            let pipe = Pipe { ns_per_byte: 1e9 / bandwidth.as_bytes_per_s(), link: i as u32 };
            Some([(); 2].map(|()| self.network.pipes.push(pipe)))
        });
        let pipes: Vec<Option<[PipeId; 2]>> = pipes.collect();
        let zones = self.network.zones as usize;
        let between = pairs.iter().enumerate().map(|(i, crossed)| {
            let (crossed, from, to) = ((*crossed)?, i / zones, i % zones);
            let link = &self.model.links[crossed.link];
            // Where both orders fit alike, those named first are at the first end.
            let ahead = crossed.ahead.then(to.cmp(&from)).is_gt();
            let pipe = pipes[crossed.link].map(|it| it[usize::from(!ahead)]);
            let price_per_byte = self.egress(link, &self.names.zones[from]);
            let matters = pipe.is_some() || price_per_byte > 0.0;
            matters.then_some(Way { link: Some(crossed.link as u32), pipe, price_per_byte })
        });
        let out = self.names.zones.iter().map(|it| {
            let price_per_byte = self.model.zones.get(it)?.egress?.as_per_byte();
            Some(Way { link: None, pipe: None, price_per_byte })
        });
        let ways: Vec<Option<Way>> = between.chain(out).collect();
        if ways.iter().any(Option::is_some) {
            self.network.ways = ways;
        }
    }

    /// What a byte costs that leaves a zone over the link: as the closest name says.
    fn egress(&self, link: &Link, from: &str) -> f64 {
        let zone = self.model.zones.get(from).cloned().unwrap_or_default();
        let fits = link.egress.iter().rev();
        let fits = fits.filter_map(|(place, price)| Some((zone.closeness(from, place)?, price)));
        fits.max_by_key(|it| it.0).map_or(0.0, |it| it.1.as_per_byte())
    }

    fn group(&mut self, name: &str, group: &HostGroup) {
        let id = GroupId::new(self.network.groups.len());
        let first = HostId::new(self.network.hosts.len());
        let all: Vec<usize> = (0..self.names.zones.len()).collect();
        let named = |zone: &String| self.names.zones.iter().position(|it| it == zone);
        let zones: Vec<usize> = group.zones.iter().filter_map(named).collect();
        let zones = if zones.is_empty() { all } else { zones };
        for i in 0..group.most() as usize {
            self.network.hosts.push(Host {
                group: id,
                zone: ZoneId::new(zones[i % zones.len()]),
                cores: group.cores,
                contended: false,
                cpus: CpuId::default()..CpuId::default(),
                affinity: group.affinity,
                costly: group.wake.is_some() || group.switch.is_some() || group.affinity.is_some(),
                wake: group.wake.as_ref().map(|it| Wake { delay: it.delay.law(), cpu: it.cpu }),
                switch: group.switch,
                disk: None,
                volume: None,
                log: None,
                log_volume: None,
                accelerator: None,
                boot: group.boot,
                instances: Vec::new(),
            });
        }
        let hosts = first..HostId::new(self.network.hosts.len());
        let price_per_hour = group.price.map_or(0.0, |price| price.as_per_hour());
        let provisioner = self.provisioner(id, name, group);
        let provision = group.provision.as_ref().map(|it| it.law());
        let disks = None;
        self.network.groups.push(Group { hosts, disks, price_per_hour, provision, provisioner });
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
            for (kind, _) in disks_of(group) {
                self.names.pool_groups.push(format!("{name}.{kind}"));
            }
        }
        self.network.pool_groups = self.names.pool_groups.len() as u32;
    }

    pub(super) fn pool_group(&self, name: &str) -> PoolGroupId {
        let place = self.names.pool_groups.iter().position(|it| it == name);
        PoolGroupId::new(place.expect("every pool has a group"))
    }

    fn service(&mut self, name: &str, service: &'m Service) {
        let id = ServiceId::new(self.network.services.len());
        let first = InstanceId::new(self.network.instances.len());
        let (group, _, _) =
            self.model.hosts.get_full(&service.hosts).expect("checked: it is there");
        let each = self.model.each_host(service);
        // Whoever may have to go elsewhere has its places on every host, and not only in every zone.
        let most =
            each.filter(|_| service.reschedule.is_some()).map_or(usize::MAX, |it| it as usize);
        let mut spread = Spread::over(&self.network, GroupId::new(group), each.is_some(), most);
        for _ in 0..self.model.laid_out(service) {
            self.instance(id, name, service, (first, spread.next_host()));
        }
        let admission = self.admission(service);
        let scaler = self.scaler(id, service);
        self.network.services.push(crate::network::Service {
            admission,
            instances: first..InstanceId::new(self.network.instances.len()),
            balance: service.balancer().rule(),
            careful: None,
            health: service.health,
            ejection: service.outlier_ejection,
            replication: None,
            start: service.start.law(),
            scaler,
            restart: service.restart,
            liveness: service.liveness,
            readiness: service.readiness,
            request: service.cpu.map_or(0, |it| requested(it.request)),
            key: key_of(name),
        });
    }

    fn instance(
        &mut self,
        id: ServiceId,
        name: &str,
        service: &'m Service,
        (first, host): (InstanceId, HostId),
    ) {
        let workers = self.workers(id, service);
        for (pool, spec) in &service.pools {
            self.pool(&format!("{name}.pool.{pool}"), spec);
        }
        let commits = any_step(service, |step| matches!(step, Written::Commit(_)));
        let place = self.network.instances.len() - first.index();
        let log = commits.then(|| {
            let group = self.group_of(service);
            let disk = group.log.as_ref().or(group.disk.as_ref());
            let disk = disk.expect("checked: there is a disk to commit to");
            Log {
                sync: sync_law(disk),
                key: key_of(&format!("{name} log {place}")),
                costs: costs(disk, FLUSH),
                gather: service.group_commit.map(|it| (it.delay, it.siblings)),
                first: StepId::default(),
                receive: StepId::default(),
            }
        });
        let buffer = service.buffer.map(|it| {
            let hits = HitCurve::new(&it);
            self.network.buffers.push(Buffer { service: id, hits, cold: it.cold })
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
            buffer,
        });
        self.network.hosts[host].instances.push(instance);
    }

    fn workers(&mut self, id: ServiceId, service: &Service) -> PoolId {
        let (size, line_max) = match (service.connections, service.workers) {
            (Some(connections), _) => (connections, 0),
            (None, workers) => (workers.unwrap_or(UNLIMITED), service.line.unwrap_or(UNLIMITED)),
        };
        let group = PoolGroupId::new(id.index());
        self.network.pools.push(Pool { group, size, line_max, patience: None, connections: None })
    }

    fn pool(&mut self, name: &str, spec: &WrittenPool) {
        let group = self.pool_group(name);
        let patience = spec.patience.map(|span| self.delay(DelayUse::Patience, span));
        let line_max = spec.line.unwrap_or(UNLIMITED);
        let pool = PoolId::new(self.network.pools.len());
        let connections = spec.connect.as_ref().map(|connect| {
            self.network.connections.push(Connections {
                pool,
                owner: InstanceId::new(self.network.instances.len()),
                to: self.callee(&connect.call, None, String::new()).service(),
                size: spec.size,
                minimum: connect.minimum,
                idle: connect.idle,
            })
        });
        self.network.pools.push(Pool { group, size: spec.size, line_max, patience, connections });
    }

    fn is_preemptive(&self, instance: InstanceId) -> bool {
        let service = &self.network.services[self.network.instances[instance].service];
        service.admission.is_some_and(|it| self.network.admissions[it].order.preempts())
    }

    pub(super) fn group_of(&self, service: &Service) -> &'m HostGroup {
        self.model.hosts.get(&service.hosts).expect("checked: it is there")
    }

    pub(super) fn disk_of(&self, service: &Service) -> Option<&'m Disk> {
        self.group_of(service).disk.as_ref()
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
            // Whoever may be interrupted must be seen to compute.
            let interrupted = instances.iter().any(|it| self.is_preemptive(*it));
            // How much of a CPU each uses is looked at while it runs.
            let scaled = instances.iter().any(|it| {
                let service = self.network.instances[*it].service;
                self.network.services[service].scaler.is_some()
            });
            let wants: f64 = instances.iter().map(of).map(|(wants, _)| wants).sum();
            let slowed = self.slowed(host, |it| it.cpu);
            let it = &mut self.network.hosts[host];
            it.contended = limited
                || interrupted
                || scaled
                || slowed
                || it.costly
                || wants > f64::from(it.cores);
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
