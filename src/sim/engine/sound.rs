//! Whether the ids that a network names are there, looked at once when a run opens.

use crate::ids::{Id, Table};
use crate::network::{
    Access, AccessId, Instance, InstanceId, Network, PoolId, Service, ServiceId, Step, Visit,
    VisitId, Work, WorkId,
};
use crate::sim::hot::{Hot, HotRef};

/// Tables of the visits, works and accesses that steps name, and of the services visited.
pub(super) struct Named<'n> {
    pub visits: HotRef<'n, VisitId, Visit>,
    pub services: HotRef<'n, ServiceId, Service>,
    pub works: HotRef<'n, WorkId, Work>,
    pub accesses: HotRef<'n, AccessId, Access>,
}

/// # Panics
/// If a step names what is not there: a bug of the compiler.
pub(super) fn named(network: &Network) -> Named<'_> {
    for step in network.steps.as_slice() {
        match *step {
            Step::Call { visit, .. } | Step::Seize { visit, .. } | Step::Leave { visit, .. } => {
                assert!(visit.index() < network.visits.len(), "a visit that is there");
            }
            Step::Delay { work, .. }
            | Step::Wake { work, .. }
            | Step::Compute { work, .. }
            | Step::Lock { work, .. }
            | Step::Wait { work } => {
                assert!(work.index() < network.works.len(), "a work that is there");
            }
            Step::Access { access, .. }
            | Step::Read { access, .. }
            | Step::Move { access, .. }
            | Step::Again { access }
            | Step::Transfer { access } => {
                assert!(access.index() < network.accesses.len(), "an access that is there");
            }
            // These are opened as other tables are, with a look at their length.
            Step::Borrow { .. }
            | Step::Return { .. }
            | Step::Connect { .. }
            | Step::Disconnect { .. }
            | Step::GiveWay { .. }
            | Step::Occupy { .. }
            | Step::Vacate { .. }
            | Step::Free { .. }
            | Step::Spawn { .. }
            | Step::Commit { .. }
            | Step::Replicate { .. }
            | Step::Received { .. }
            | Step::Infer { .. }
            | Step::Unlock { .. }
            | Step::Look { .. }
            | Step::Fill { .. }
            | Step::Send { .. }
            | Step::Choose { .. }
            | Step::Jump { .. }
            | Step::Guarded { .. }
            | Step::Fork { .. }
            | Step::Gather { .. }
            | Step::Ask { .. }
            | Step::Flush { .. }
            | Step::Flushed { .. }
            | Step::Due
            | Step::Fail { .. }
            | Step::TakeBack
            | Step::End => {}
        }
    }
    look_at_services(network);
    // SAFETY: they are opened by the ids in steps, and services by those in visits alone; these have
    // just been looked at.
    unsafe {
        Named {
            visits: HotRef::new(&network.visits),
            services: HotRef::new(&network.services),
            works: HotRef::new(&network.works),
            accesses: HotRef::new(&network.accesses),
        }
    }
}

/// # Panics
/// If a visit or an instance names a service that is not there.
fn look_at_services(network: &Network) {
    let visited = network.visits.as_slice().iter().map(|it| it.service);
    let of_instances = network.instances.as_slice().iter().map(|it| it.service);
    for service in visited.chain(of_instances) {
        assert!(service.index() < network.services.len(), "a service that is there");
    }
}

/// Something for each service.
///
/// # Panics
/// If a visit or an instance names a service that is not there.
pub(super) fn by_service<T>(network: &Network, items: Table<ServiceId, T>) -> Hot<ServiceId, T> {
    look_at_services(network);
    assert!(items.len() == network.services.len(), "one for each service");
    // SAFETY: the services of visits and of instances, which it is opened by, have just been looked at.
    unsafe { Hot::new(items) }
}

/// Something for each instance.
///
/// # Panics
/// If the network names an instance that is not there, or there is none at all.
pub(super) fn by_instance<T>(network: &Network, items: Table<InstanceId, T>) -> Hot<InstanceId, T> {
    let count = network.instances.len();
    let only = network.visits.as_slice().iter().filter_map(|it| it.only);
    let of_hosts = network.hosts.as_slice().iter().flat_map(|it| it.instances.iter().copied());
    let owners = network.connections.as_slice().iter().map(|it| it.owner);
    let failing = network.faults.iter().flat_map(|it| it.what.instances().iter().copied());
    for id in only.chain(of_hosts).chain(owners).chain(failing) {
        assert!(id.index() < count, "an instance that is there");
    }
    for service in network.services.as_slice() {
        let std::ops::Range { start, end } = &service.instances;
        assert!(start.index() < end.index() && end.index() <= count, "instances that are there");
    }
    assert!(count > 0 && items.len() == count, "one for each instance");
    // SAFETY: besides those looked at, balancers choose within the range of their service, and a
    // token that is inside of none holds the first.
    unsafe { Hot::new(items) }
}

/// Something for each pool.
///
/// # Panics
/// If the network names a pool that is not there.
pub(super) fn by_pool<T>(network: &Network, items: Table<PoolId, T>) -> Hot<PoolId, T> {
    let count = network.pools.len();
    let last = |it: &Instance| PoolId::new(it.workers.index() + usize::from(it.pools));
    let of_instances = network.instances.as_slice().iter().map(last);
    let hosts = network.hosts.as_slice().iter();
    let disks = hosts.flat_map(|it| it.disk.iter().chain(&it.log).copied());
    let places = network.volumes.as_slice().iter().map(|it| it.places);
    let connected = network.connections.as_slice().iter().map(|it| it.pool);
    for id in of_instances.chain(disks).chain(places).chain(connected) {
        assert!(id.index() < count, "a pool that is there");
    }
    assert!(items.len() == count, "one for each pool");
    // SAFETY: besides those looked at there are the named pools of an instance, of which
    // `Instance::pool` gives only those that it has.
    unsafe { Hot::new(items) }
}
