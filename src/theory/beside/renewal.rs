//! Services that requests come to with independent gaps of one law: G/M/1.

use super::flows::{Flows, Load, Stream};
use super::walk::Visit;
use crate::network::{ServiceId, UNLIMITED};
use crate::theory::Gm1;

/// The queue at each instance of a service, if it is one: one class alone visits it, with independent
/// gaps of a law whose transform is known, and no time passes before that could change these; each
/// instance has one worker, who is held for an exponential time. What comes as a Poisson process is told
/// as such, unless instances take turns and so see gaps that are less random.
pub(super) fn queue(flows: &Flows, service: ServiceId, load: &Load) -> Option<Gm1> {
    let visits = |class: &Stream| class.way.visits.iter().any(|it| it.service == service);
    let mut visitors = flows.classes.iter().filter(|it| visits(it));
    let (Some(class), None) = (visitors.next(), visitors.next()) else { return None };
    let in_turn = load.in_turn && load.instances > 1;
    let alone = load.servers == 1 && load.plain && load.in_order && load.line_max == UNLIMITED;
    let plain = flows.network.links.iter().all(Option::is_none) && class.way.odd.is_none();
    if !alone || !plain || !(load.random || in_turn) || class.is_poisson() && !in_turn {
        return None;
    }
    let (own, others): (Vec<_>, Vec<_>) =
        class.way.visits.iter().partition(|it| it.service == service);
    let [visit] = own[..] else { return None };
    let takes_time = |it: &&Visit| flows.is_bounded(it.service) || !it.is_plain() || it.own_s > 0.0;
    // Whoever calls takes turns of its own, and so do all of its instances.
    if others.iter().any(takes_time) || in_turn && visit.from.is_some() {
        return None;
    }
    let (gap, service_s) = (class.gap.as_ref()?, load.exponential_s?);
    gap.transform(0.0)?;
    let instances = f64::from(load.instances);
    let share = if in_turn { visit.visits } else { visit.visits / instances };
    let gap_s = instances / load.flow_per_s;
    Gm1::new(gap_s, service_s, |s| {
        let all = gap.transform(s * 1e-9).unwrap_or(1.0);
        // Of independent gaps so many are added up as it takes for a share of the requests to come by.
        let own = share * all / (1.0 - (1.0 - share) * all);
        if in_turn { libm::pow(own, instances) } else { own }
    })
}

/// Where requests of a class wait and nowhere else, if that is such a queue; no time passes elsewhere.
pub(super) fn alone(flows: &Flows, class: &Stream) -> Option<(ServiceId, Gm1)> {
    class.way.visits.iter().filter(|it| it.visits >= 1.0).find_map(|visit| {
        let load = flows.load(visit.service)?;
        Some((visit.service, queue(flows, visit.service, &load)?))
    })
}
