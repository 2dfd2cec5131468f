//! Figures of devices and pools: how busy they are, who waits for them, and how long.

use super::*;

impl Reading<'_> {
    /// Lines, holders and waits of workers, named pools and disks.
    pub(super) fn pools(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (i, name) in self.names().pool_groups.iter().enumerate() {
            let group = PoolGroupId::new(i);
            let (mut busy, mut line, mut places, mut fullest) = (0u128, 0u128, 0u64, 0.0);
            let mut members = 0;
            let mean = |area: u128| area as f64 / self.window.nanos() as f64;
            for pool in self.network().pools.ids() {
                let spec = &self.network().pools[pool];
                if spec.group == group {
                    members += 1;
                    busy += self.usage.pools[pool].busy;
                    line += self.usage.pools[pool].line;
                    let full = mean(self.usage.pools[pool].busy) / f64::from(spec.size);
                    fullest = f64::max(fullest, full);
                    places = match spec.size {
                        UNLIMITED => u64::MAX,
                        size => places.saturating_add(u64::from(size)),
                    };
                }
            }
            figures.add_steady(Steady::System, format!("{name}.line"), Unit::Count, mean(line));
            figures.add(format!("{name}.busy"), Unit::Count, mean(busy));
            if places < u64::MAX {
                let used = (mean(busy) / places as f64, fullest);
                figures.add_used(name.clone(), members, used, utilizations);
            }
            times(Steady::System, &format!("{name}.waiting"), &self.seen.waits[group], figures);
        }
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
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
            let (mut used_ns, mut lost_ns, mut cores, mut busiest) = (0.0, 0.0, 0.0, 0.0);
            let mut loses = false;
            for host in hosts.clone().map_ids() {
                let own = f64::from(self.network().hosts[host].cores);
                let spec = &self.network().hosts[host];
                loses |= spec.wake.is_some() || spec.switch.is_some();
                used_ns += self.usage.cpus[host];
                lost_ns += self.usage.cpus_lost[host];
                cores += own;
                busiest = f64::max(busiest, self.usage.cpus[host] / own);
            }
            let window_ns = self.window.nanos() as f64;
            let used = (used_ns / (cores * window_ns), busiest / window_ns);
            let name = format!("{name}.cpu");
            if loses {
                let overhead = lost_ns / (cores * window_ns);
                figures.add(format!("{name}.overhead"), Unit::Ratio, overhead);
            }
            figures.add_used(name, hosts.map_ids().count(), used, utilizations);
        }
        self.limits(figures, utilizations);
    }

    /// How much of their CPU limits containers use.
    fn limits(&self, figures: &mut Figures, utilizations: &mut Vec<(String, f64)>) {
        for (service, name) in self.network().services.ids().zip(&self.names().services) {
            let instances = self.network().services[service].instances.clone();
            let limit = self.network().instances[instances.start].cpu_limit;
            if limit.is_infinite() {
                continue;
            }
            let of = |id| self.usage.instances[id] / (limit * self.window.nanos() as f64);
            let shares: Vec<f64> = instances.map_ids().map(of).collect();
            let mean = shares.iter().sum::<f64>() / shares.len() as f64;
            let busiest = shares.iter().copied().fold(0.0, f64::max);
            let used = (mean, busiest);
            figures.add_used(format!("{name}.cpu"), shares.len(), used, utilizations);
        }
    }
}
