//! A window opens, is told of slice by slice, and closes: what is measured.

use super::*;
use crate::sim::accelerator::Served;
use crate::sim::buffer::Reads;
use crate::sim::policies::PoliciesSeen;
use crate::sim::pool::Area;
use crate::sim::presence::Present;
use crate::sim::provisioning::HostsUse;
use crate::sim::queue::QueueArea;
use crate::sim::replication::ReplicationUse;
use crate::sim::rows::RowsUse;
use crate::sim::scaling::ScalingUse;
use crate::sim::volume::Limited;

/// What the devices and pools did in the window.
#[derive(Clone, Debug)]
pub struct Usage {
    pub pools: Table<PoolId, Area>,
    /// Core-nanoseconds.
    pub cpus: Table<HostId, f64>,
    /// Core-nanoseconds lost to waking cores and switching them.
    pub cpus_lost: Table<HostId, f64>,
    pub rows: Table<LockId, RowsUse>,
    /// Core-nanoseconds of each instance.
    pub instances: Table<InstanceId, f64>,
    pub volumes: Table<VolumeId, Limited>,
    pub buffers: Table<BufferId, Reads>,
    pub accelerators: Table<AcceleratorId, Served>,
    /// Connections that were opened.
    pub connects: Table<ConnectionsId, u64>,
    pub replications: Table<ReplicationId, ReplicationUse>,
    pub queues: Table<QueueId, QueueArea>,
    pub scalers: Table<ScalerId, ScalingUse>,
    /// How often instances were started again after they had crashed.
    pub restarts: Table<ServiceId, u32>,
    /// Nanoseconds that each instance was there; none if nobody came or went.
    pub present_ns: Table<InstanceId, u128>,
    /// What was requested in the place of each instance: thousandths of a core, over nanoseconds.
    pub requested: Table<InstanceId, u128>,
    pub hosts: Table<ProvisionerId, HostsUse>,
    /// Nanoseconds that each host was there; none if none came or went.
    pub hosts_present_ns: Table<HostId, u128>,
    /// Areas under the number of sessions, in nanoseconds.
    pub sessions: Table<SessionId, u128>,
    pub policies: PoliciesSeen,
    pub wasted: Wasted,
    /// Instances up, and believed to be.
    pub presence: Table<ServiceId, Present>,
    /// How many instances each controller wanted at the end, and how many hosts of each group there were.
    pub wanted: Table<ScalerId, u32>,
    /// What each controller has whoever is started request, in thousandths of a core.
    pub advised: Table<ScalerId, u64>,
    pub hosts_left: Table<ProvisionerId, u32>,
    /// Nanoseconds that each direction of a link was busy.
    pub pipes: Table<PipeId, u64>,
    /// Bytes that were sent each way.
    pub moved: Vec<u64>,
    pub events: u64,
}

impl<P: Probe> Engine<'_, P> {
    pub(super) fn open_window(&mut self) {
        let now = self.now;
        self.pools.iter_mut().for_each(|it| it.open(now));
        self.cpus.iter_mut().for_each(|it| it.open(now));
        self.rows.iter_mut().for_each(|it| it.open(now));
        self.volumes.iter_mut().for_each(|it| it.open(now));
        self.buffers.iter_mut().for_each(Buffer::open);
        self.accelerators.iter_mut().for_each(|it| it.open(now));
        self.connections.iter_mut().for_each(Connections::open_window);
        self.pipes.iter_mut().for_each(|it| it.open(now));
        self.moved.fill(0);
        self.replications.iter_mut().for_each(|it| it.open(now));
        self.queues.open(now);
        self.lives.iter_mut().for_each(|it| it.open(now));
        self.scalers.iter_mut().for_each(|it| it.open(now));
        self.restarts.counted.iter_mut().for_each(|it| *it = 0);
        self.hosts.open(self.network, now);
        self.sessions.open(now);
        self.presence.iter_mut().for_each(|it| it.open(now));
        self.troubles.open(now);
        self.computed_at_opening_ns = self.computed_ns();
        self.policies.open_window(now);
        self.wasted.clear();
        self.probe.opened(now);
        self.control(now + self.plan.slice, Control::Slice);
    }

    pub(super) fn slice(&mut self) {
        self.end_slice();
        self.control(self.now + self.plan.slice, Control::Slice);
    }

    /// Tells what is counted slice by slice.
    fn end_slice(&mut self) {
        for pool in self.pools.iter_mut() {
            self.probe.seized_at_once(pool.group, pool.tell_at_once());
        }
        self.count_backlog();
        self.probe.sliced(self.now, &self.backlog);
        self.tell_unsettled();
        self.tell_course();
    }

    /// Attempts under way, whether or not anybody still waits for them, class by class.
    fn count_backlog(&mut self) {
        self.backlog.iter_mut().for_each(|count| *count = 0);
        for id in self.tokens.ids() {
            let token = &self.tokens[id];
            if token.flags & (flag::LOG | flag::THINKS | flag::DELIVERS) == 0 {
                self.backlog[token.class] += 1;
            }
        }
    }

    /// Messages that are neither acknowledged nor given up, queue by queue.
    fn tell_unsettled(&mut self) {
        for queue in self.network.queues.ids() {
            self.probe.unsettled(queue, self.queues.unsettled(queue));
        }
    }

    /// Measures what there is to measure and checks the laws that hold on every path.
    pub(super) fn close_run(mut self) -> Result<(P, Usage), Failure> {
        self.end_slice();
        self.audit()?;
        let now = self.now;
        let computed_ns = self.computed_in_window_ns();
        let usage = Usage {
            pools: self.network.pools.map(|id, _| self.pools[id].measured(now)),
            cpus: self.network.hosts.map(|id, _| self.cpu_used_ns(id, &computed_ns)),
            cpus_lost: self.network.hosts.map(|_, host| {
                self.cpus[host.cpus.clone()].iter().map(Cpu::measured_lost_ns).sum()
            }),
            rows: self.network.locks.map(|id, _| self.rows[id].measured(now)),
            instances: self.network.instances.map(|id, _| self.instance_used_ns(id, &computed_ns)),
            volumes: self.volumes.map(|_, it| it.measured(now)),
            buffers: self.buffers.map(|_, it| it.measured()),
            accelerators: {
                let devices = &mut self.accelerators;
                self.network.accelerators.map(|id, _| devices[id].measured(now))
            },
            connects: self.connections.map(|_, it| it.measured()),
            replications: self.replications.map(|_, it| it.measured(now)),
            queues: self.network.queues.map(|id, _| self.queues.measured(now, id)),
            scalers: self.scalers.map(|_, it| it.measured(now)),
            restarts: self.restarts.counted.clone(),
            present_ns: self.lives.map(|_, it| it.present_ns(now)),
            requested: self.lives.map(|_, it| it.requested(now)),
            hosts: self.hosts.of.map(|_, it| it.used),
            hosts_present_ns: self.hosts.present_ns(now),
            sessions: self.network.sessions.map(|id, _| self.sessions.area_ns(now, id)),
            policies: self.policies.measured(now),
            wasted: self.wasted,
            presence: self.presence.map(|_, it| it.measured(now)),
            wanted: self.scalers.map(|_, it| it.wanted.level()),
            advised: self.scalers.map(|_, it| it.request),
            hosts_left: {
                let hosts = &self.hosts;
                let network = self.network;
                network.provisioners.map(|id, _| hosts.count(network, id, Stage::There))
            },
            pipes: self.pipes.map(|_, it| it.measured_ns(now)),
            moved: self.moved,
            events: self.granted - (self.left - 1),
        };
        Ok((self.probe, usage))
    }

    /// Core-nanoseconds of each instance on cores that nobody else wants.
    pub(super) fn computed_in_window_ns(&self) -> Table<InstanceId, f64> {
        let computed_ns = self.computed_ns();
        let before = &self.computed_at_opening_ns;
        computed_ns.map(|id, all| (all - before[id]) as f64)
    }

    pub(super) fn cpu_used_ns(
        &mut self,
        host: HostId,
        computed_ns: &Table<InstanceId, f64>,
    ) -> f64 {
        let spec = &self.network.hosts[host];
        if spec.contended {
            return spec.cpus.clone().map_ids().map(|it| self.cpus[it].measured_ns(self.now)).sum();
        }
        spec.instances.iter().map(|it| computed_ns[*it]).sum()
    }

    fn instance_used_ns(&self, instance: InstanceId, computed_ns: &Table<InstanceId, f64>) -> f64 {
        let spec = &self.network.instances[instance];
        let host = &self.network.hosts[spec.host];
        if host.contended {
            let cpus = self.cpus[host.cpus.clone()].iter();
            return cpus.map(|it| it.measured_of_ns(spec.claimant)).sum();
        }
        computed_ns[instance]
    }
}
