//! What happens to the system rather than to a request.

use super::*;

/// What happens to the system rather than to a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control {
    Open,
    Slice,
    FaultBegins(u32),
    FaultEnds(u32),
    HostUp(HostId, u32),
    /// Another has been provisioned in its place.
    Replaced(HostId),
    InstanceUp(InstanceId, u32),
    Check(InstanceId),
    CheckTimedOut(InstanceId),
    Queue(QueueId),
    TakeBack(InstanceId),
    Scrape(ScalerId),
    Scale(ScalerId),
    Started(InstanceId, u32),
    Killed(InstanceId, u32),
    Deploy(ScalerId),
    GoesOn(ScalerId),
    /// A step of a canary has been held for long enough.
    Held(ScalerId, u32),
    Restart(InstanceId, u32),
    ProbeAlive(InstanceId),
    Probed(InstanceId),
    /// Of a host's outage: its instances of a service get no requests any more, or are given up.
    HostMissed(ScalerId, HostId, u32),
    Evict(ScalerId, HostId, u32),
    LookForRoom(ProvisionerId),
    Provisioned(ProvisionerId, HostId),
    /// Of a standby, over its present connection: something has come for it, or from it to the
    /// primary, or the primary waits for it no longer.
    Shipped(InstanceId, u32),
    Acknowledged(InstanceId, u32),
    GoesOnWithout(InstanceId, u32),
    Detected(ReplicationId, u32),
    Promoted(ReplicationId, u32),
    Noticed(InstanceId, u32),
}

impl<P: Probe> Engine<'_, P> {
    pub(super) fn control(&mut self, at: Time, control: Control) {
        let order = self.order(Rank::Control);
        self.controls.push(at, order, control);
        self.date_controls();
    }

    /// What happens to the system among what finishes at that time.
    pub(super) fn finish(&mut self, at: Time, control: Control) {
        let order = self.order(Rank::Finish);
        self.controls.push(at, order, control);
        self.date_controls();
    }

    fn date_controls(&mut self) {
        let (at, order) = self.controls.peek();
        self.lanes.set(self.slots.len() - 1, at, order);
    }

    #[inline(never)]
    pub(super) fn carry_out_control(&mut self) {
        let control = self.controls.pop().expect("its lane was due").event;
        match control {
            Control::Open => self.open_window(),
            Control::Slice => self.slice(),
            Control::FaultBegins(fault) => self.fault_begins(fault as usize),
            Control::FaultEnds(fault) => self.fault_ends(fault as usize),
            Control::HostUp(host, stamp) => self.host_up(host, stamp),
            Control::Replaced(host) => self.hosts_come_back(&[host], false),
            Control::InstanceUp(instance, stamp) => self.instance_up(instance, stamp),
            Control::Check(instance) => self.check(instance),
            Control::CheckTimedOut(instance) => self.checked(instance, false),
            Control::Queue(queue) => self.look_at_queue(queue),
            Control::TakeBack(instance) => self.take_back(instance),
            Control::Scrape(scaler) => self.scrape(scaler),
            Control::Scale(scaler) => self.scale(scaler),
            Control::Started(instance, round) => self.started(instance, round),
            Control::Killed(instance, round) => self.killed(instance, round),
            Control::Deploy(scaler) => self.deploy(scaler),
            Control::GoesOn(scaler) => self.deploy_goes_on(scaler),
            Control::Held(scaler, holds) => self.held(scaler, holds),
            Control::ProbeAlive(instance) => self.probe_alive(instance),
            Control::Probed(instance) => self.probed(instance),
            Control::Restart(instance, stamp) => self.restart(instance, stamp),
            Control::HostMissed(scaler, host, outage) => self.host_missed(scaler, host, outage),
            Control::Evict(scaler, host, outage) => self.evict(scaler, host, outage),
            Control::LookForRoom(id) => self.look_for_room(id),
            Control::Provisioned(id, host) => self.provisioned(id, host),
            Control::Shipped(member, stamp) => self.shipped(member, stamp),
            Control::Acknowledged(member, stamp) => self.acknowledged(member, stamp),
            Control::GoesOnWithout(member, stamp) => self.goes_on_without(member, stamp),
            Control::Detected(replication, term) => self.detected(replication, term),
            Control::Promoted(replication, term) => self.promoted(replication, term),
            Control::Noticed(member, stamp) => self.noticed(member, stamp),
        }
        self.date_controls();
    }
}
