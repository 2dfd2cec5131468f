//! Zones, links, host groups and their disks.

use super::*;
use crate::units::DataPrice;

/// Hosts beyond which a model is refused.
const HOSTS_MAX: u64 = 100_000;
/// Cores of a host group that programs can stick to.
const STICKY_CORES_MAX: u64 = 1000;
/// The same of accelerators, each of which keeps a record of what it serves.
const ACCELERATORS_MAX: u64 = 10_000;

impl Checker<'_> {
    fn zone(&self, name: &str, findings: &mut Findings) {
        let zones = &self.model.zones;
        if !zones.contains_key(name) {
            let rule = format!("no zone is named \"{name}\"");
            findings.wrong(Code::E008, rule, suggest(name, zones.keys().map(String::as_str)));
        }
    }

    fn place(&self, name: &str, findings: &mut Findings) {
        if name != "*" && !is_place(self.model, name) {
            let rule = format!("no zone, region or provider is named \"{name}\"");
            findings.wrong(Code::E008, rule, suggest(name, places(self.model)));
        }
    }

    /// A service with a rule about where it may run has hosts nowhere else.
    pub(super) fn only_in(&self, service: &Service, findings: &mut Findings) {
        let Some(allowed) = &service.only_in else { return };
        if allowed.is_empty() {
            findings.wrong(Code::E007, "must name at least one place", "leave it out for anywhere");
            return;
        }
        for (i, place) in allowed.iter().enumerate() {
            findings.inside(i, |it| self.place(place, it));
        }
        let Some(group) = self.model.hosts.get(&service.hosts) else { return };
        let has_hosts = |own: &String| group.zones.is_empty() || group.zones.contains(own);
        let forbidden = self.model.zones.iter().filter(|(own, zone)| {
            has_hosts(own) && allowed.iter().all(|it| zone.closeness(own, it).is_none())
        });
        let forbidden: Vec<String> = forbidden.map(|(own, _)| format!("\"{own}\"")).collect();
        if !forbidden.is_empty() {
            let rule = format!(
                "its hosts \"{}\" are in zones where it may not run: {}",
                service.hosts,
                forbidden.join(", ")
            );
            let mend = "run it on hosts whose zones are all allowed, or allow these";
            findings.wrong(Code::E010, rule, mend);
        }
    }

    pub(super) fn links(&self, findings: &mut Findings) {
        for (i, link) in self.model.links.iter().enumerate() {
            findings.inside(i, |it| {
                for (side, place) in link.between.iter().enumerate() {
                    it.inside("between", |it| it.inside(side, |it| self.place(place, it)));
                }
                it.inside("latency", |it| link.latency.check(it));
                if link.bandwidth.is_some_and(|it| it.as_bytes_per_s() < 1.0) {
                    it.wrong_at("bandwidth", Code::E007, "must be at least 1B/s", "");
                }
                it.inside("egress", |it| {
                    for (place, price) in &link.egress {
                        it.inside(place, |it| {
                            self.place(place, it);
                            data_price(*price, it);
                        });
                    }
                });
            });
        }
    }

    pub(super) fn zones(&self, findings: &mut Findings) {
        for (name, zone) in &self.model.zones {
            if let Some(price) = zone.egress {
                findings.inside(name, |it| it.inside("egress", |it| data_price(price, it)));
            }
        }
    }

    pub(super) fn hosts(&self, findings: &mut Findings) {
        if self.model.hosts.is_empty() {
            let mend = "add one: \"machine\": { \"cores\": 4 }";
            findings.wrong(Code::E004, "there must be at least one host group", mend);
        }
        let counts = self.model.hosts.iter().map(|(name, it)| (name, "count", it.most()));
        all_together(counts, HOSTS_MAX, "hosts", findings);
        let accelerators = self.model.hosts.iter().filter_map(|(name, group)| {
            let each = group.accelerator.as_ref()?.count;
            Some((name, "accelerator", each.saturating_mul(group.most())))
        });
        all_together(accelerators, ACCELERATORS_MAX, "accelerators", findings);
        for (name, group) in &self.model.hosts {
            findings.inside(name, |it| self.host_group(group, it));
        }
    }

    fn host_group(&self, group: &HostGroup, findings: &mut Findings) {
        for (i, zone) in group.zones.iter().enumerate() {
            findings.inside("zones", |it| it.inside(i, |it| self.zone(zone, it)));
        }
        findings.inside("count", |it| at_least_one(group.count, it));
        if let Some(scaling) = &group.autoscaling {
            findings.inside("autoscaling", |it| scaling.check(group.count, it));
        }
        if let Some(provision) = &group.provision {
            findings.inside("provision", |it| provision.check(it));
        }
        findings.inside("cores", |it| {
            at_least_one(group.cores, it);
            at_most(f64::from(group.cores), 1e6, it);
        });
        findings.inside("speed", |it| within(group.speed, 1e-6, 1e6, it));
        if group.affinity.is_some() && group.cores > 0 {
            let cores = u64::from(group.cores) * u64::from(group.most());
            if cores > STICKY_CORES_MAX {
                let rule = format!(
                    "{cores} cores in all; at most {STICKY_CORES_MAX} can be run one by one"
                );
                findings.wrong_at(
                    "affinity",
                    Code::E012,
                    rule,
                    "leave it out: with many cores it matters little",
                );
            }
        }
        if let Some(wake) = &group.wake {
            findings.inside("wake", |it| wake.check(it));
        }
        if let Some(switch) = &group.switch {
            findings.inside("switch", |it| switch.check(it));
        }
        if let Some(price) = group.price {
            findings.inside("price", |it| at_most(price.as_per_hour(), 1e9, it));
        }
        if let Some(accelerator) = &group.accelerator {
            findings.inside("accelerator", |it| accelerator.check(it));
        }
        for (key, disk) in [("disk", &group.disk), ("log", &group.log)] {
            if let Some(disk) = disk {
                findings.inside(key, |it| self.disk(disk, it));
            }
        }
    }

    fn disk(&self, disk: &Disk, findings: &mut Findings) {
        findings.inside("depth", |it| at_least_one(disk.depth, it));
        if let Some(iops) = disk.iops {
            findings.inside("iops", |it| within(iops, 1e-3, 1e12, it));
        }
        if disk.bandwidth.is_some_and(|it| it.as_bytes_per_s() < 1.0) {
            findings.wrong_at("bandwidth", Code::E007, "must be at least 1B/s", "");
        }
        if disk.access.is_none() && disk.iops.is_none() && disk.bandwidth.is_none() {
            let rule = "says nothing about how fast it is";
            findings.wrong(Code::E004, rule, "give \"iops\": 3000, or \"access\": \"0.3ms\"");
        }
        if let Some(burst) = &disk.burst {
            findings.inside("burst", |it| burst.check(disk.iops, disk.bandwidth, it));
        }
        for (key, law) in [("access", &disk.access), ("sync", &disk.sync)] {
            if let Some(law) = law {
                findings.inside(key, |it| law.check(it));
            }
        }
    }
}

fn data_price(price: DataPrice, findings: &mut Findings) {
    within(price.as_per_byte() * 1e9, 0.0, 1e9, findings);
}

/// Whether a zone, or a region or provider of one, has this name.
pub(super) fn is_place(model: &Model, name: &str) -> bool {
    model.zones.iter().any(|(own, zone)| zone.closeness(own, name).is_some())
}

/// The names of zones, regions and providers.
pub(super) fn places(model: &Model) -> Vec<&str> {
    let names = model.zones.iter().flat_map(|(own, zone)| {
        let parts = [Some(own.as_str()), zone.region.as_deref(), zone.provider.as_deref()];
        parts.into_iter().flatten()
    });
    names.collect()
}
