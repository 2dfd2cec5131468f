//! Figures of devices and pools: how busy they are, who waits for them, and how long.

use super::*;
use crate::network::{Instance, InstanceId, ScalerId};

impl Reading<'_> {
    /// Lines, holders and waits of workers, named pools and disks.
    pub(super) fn pools(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        let there = self.pools_there();
        for (i, name) in self.names().pool_groups.iter().enumerate() {
            let group = PoolGroupId::new(i);
            let (mut busy, mut line, mut places) = (0u128, 0u128, 0.0);
            let mut each = Vec::new();
            let mean = |area: u128| area as f64 / self.window.nanos() as f64;
            for pool in self.network().pools.ids() {
                let spec = &self.network().pools[pool];
                if spec.group == group {
                    busy += self.usage.pools[pool].busy;
                    line += self.usage.pools[pool].line;
                    let size = match spec.size {
                        UNLIMITED => f64::INFINITY,
                        size => f64::from(size) * there[pool],
                    };
                    each.push((mean(self.usage.pools[pool].busy) / size, there[pool]));
                    places += size;
                }
            }
            figures.add_steady(Steady::System, format!("{name}.line"), Unit::Count, mean(line));
            figures.add(format!("{name}.busy"), Unit::Count, mean(busy));
            if places > 0.0 && places < f64::INFINITY {
                let mean = mean(busy) / places;
                let used = (mean, scaling::fullest(each.iter().copied(), mean));
                figures.add_used(name.clone(), each.len(), used, utilizations);
            }
            times(Steady::System, &format!("{name}.waiting"), &self.seen.waits[group], figures);
        }
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            if self.network().services[service].restart.is_some() {
                let restarts = f64::from(self.usage.restarts[service]);
                figures.add(format!("{name}.restarts"), Unit::Count, restarts);
            }
            if let Some(scaler) = self.network().services[service].scaler {
                self.scaling(scaler, name, figures);
                continue;
            }
            let instances = self.network().services[service].instances.clone().map_ids().count();
            figures.add(format!("{name}.instances"), Unit::Count, instances as f64);
        }
    }

    /// How many rows are held and waited for, and how much of the time the busiest row is held: a
    /// hot row binds as a device does.
    pub(super) fn rows(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (i, name) in self.names().locks.iter().enumerate() {
            let lock = LockId::new(i);
            let seen = self.usage.rows[lock];
            let mean = |area: u128| area as f64 / self.window.nanos() as f64;
            let busiest = mean(u128::from(seen.busiest_ns));
            figures.add_steady(
                Steady::System,
                format!("{name}.line"),
                Unit::Count,
                mean(seen.line_ns),
            );
            // Keys that are being fetched for a cache are rows too, but told with the cache.
            if name.contains(".lock.") {
                figures.add(format!("{name}.busy"), Unit::Count, mean(seen.held_ns));
                figures.add(format!("{name}.utilization"), Unit::Ratio, busiest);
                utilizations.push((name.clone(), busiest));
            }
            let waits = &self.seen.row_waits[lock];
            times(Steady::System, &format!("{name}.waiting"), waits, figures);
        }
    }

    /// How often caches were looked into, and what came of it.
    pub(super) fn caches(&self, figures: &mut Figures) {
        for (i, name) in self.names().caches.iter().enumerate() {
            let CacheSeen { hits, misses, waited } = self.seen.caches[CacheId::new(i)];
            let all = hits + misses;
            let per_s = |count: u64| count as f64 / self.window_s();
            figures.add(format!("{name}.lookups"), Unit::PerSecond, per_s(all));
            figures.add(format!("{name}.hit_ratio"), Unit::Ratio, share(hits, all));
            // Those who waited have not fetched it themselves.
            figures.add(
                format!("{name}.fetches"),
                Unit::PerSecond,
                per_s(misses.saturating_sub(waited)),
            );
        }
    }

    pub(super) fn cpus(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (i, name) in self.names().groups.iter().enumerate() {
            let hosts = self.network().groups[GroupId::new(i)].hosts.clone();
            let (mut used_ns, mut lost_ns, mut cores) = (0.0, 0.0, 0.0);
            let mut each = Vec::new();
            let mut loses = false;
            for host in hosts.map_ids() {
                let there = self.host_there(host);
                let own = f64::from(self.network().hosts[host].cores) * there;
                let spec = &self.network().hosts[host];
                loses |= spec.wake.is_some() || spec.switch.is_some();
                used_ns += self.usage.cpus[host];
                lost_ns += self.usage.cpus_lost[host];
                cores += own;
                each.push((self.usage.cpus[host] / own, there));
            }
            let window_ns = self.window.nanos() as f64;
            let mean = used_ns / (cores * window_ns);
            let shares = each.iter().map(|it| (it.0 / window_ns, it.1));
            let used = (mean, scaling::fullest(shares, mean));
            let name = format!("{name}.cpu");
            if loses {
                let overhead = lost_ns / (cores * window_ns);
                figures.add(format!("{name}.overhead"), Unit::Ratio, overhead);
            }
            figures.add_used(name, each.len(), used, utilizations);
        }
        self.limits(figures, utilizations);
    }

    /// How much of their CPU limits containers use.
    fn limits(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            let instances = self.network().services[service].instances.clone();
            if self.network().instances[instances.start].cpu_limit.is_infinite() {
                continue;
            }
            let window_ns = self.window.nanos() as f64;
            let of = |id| {
                let there = self.there(id);
                let used = self.usage.instances[id] / (self.limit_of(id) * window_ns);
                (if there > 0.0 { used / there } else { 0.0 }, there)
            };
            let each: Vec<(f64, f64)> = instances.map_ids().map(of).collect();
            let all: f64 = each.iter().map(|it| it.1).sum();
            if all == 0.0 {
                continue;
            }
            let mean = each.iter().map(|it| it.0 * it.1).sum::<f64>() / all;
            let used = (mean, scaling::fullest(each.iter().copied(), mean));
            figures.add_used(format!("{name}.cpu"), each.len(), used, utilizations);
        }
    }

    /// The CPU limit of an instance, in cores; where its request is moved, and the limit with it, the mean
    /// over the time that it was there.
    fn limit_of(&self, id: InstanceId) -> f64 {
        let Instance { service, cpu_weight, cpu_limit, .. } = self.network().instances[id];
        let scaler = self.network().services[service].scaler;
        let moves = |it: ScalerId| self.network().scalers[it].spec.vertical().is_some();
        match scaler.is_some_and(moves) && self.usage.present_ns[id] > 0 {
            true => {
                let there_ns = self.usage.present_ns[id] as f64;
                let mean = self.usage.requested[id] as f64 / 1000.0 / there_ns;
                cpu_limit * mean / cpu_weight
            }
            false => cpu_limit,
        }
    }
}
