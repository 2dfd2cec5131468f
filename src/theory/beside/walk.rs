//! What requests ask of each service and device on their way: visits, and the times held there.
//!
//! A program is followed once, forwards, with the chance to come by at each step and the first two
//! moments of the time held so far in each service that the request is inside of.

use crate::ids::{Id, MapIds};
use crate::network::{GuardId, HostId, Network, ServiceId, Step, StepId, WorkId};
use crate::parts::distribution::Law;
use std::collections::BTreeMap;

/// One way to visit a service, out of another or out of none.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub service: ServiceId,
    /// The visit out of which it is made.
    pub from: Option<usize>,
    /// So many a request.
    pub visits: f64,
    /// Time that nobody else can make longer, a visit: cores or delays of its own.
    pub own_s: f64,
    /// The second moment of the same.
    pub own_s2: f64,
    /// The mean, if it is one exponential time and no more.
    pub exponential_s: Option<f64>,
    /// Work on cores that it shares with others, a visit.
    pub shared_s: f64,
    /// Time on a core, shared or not, a visit.
    pub cpu_s: f64,
    /// Time at the disk, a visit.
    pub disk_s: f64,
    /// Whether it is one exponential transfer, for all that is known of it.
    pub disk_exponential_s: Option<f64>,
    times: u32,
}

/// Everything that one request of a class asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub visits: Vec<Visit>,
    /// Why it is not one visit after another, each waiting only for a worker, a core or a disk.
    pub odd: Option<&'static str>,
    /// Whether clients give up after a while; it is followed as if none did.
    pub has_timeout: bool,
}

#[derive(Clone)]
struct Here {
    chance: f64,
    /// The visits that it is inside of, each with the moments of the time held so far.
    inside: Vec<(usize, f64, f64)>,
}

/// The way of a request, or why it cannot be said how often it comes by anywhere.
pub(super) fn way(network: &Network, guard: GuardId) -> Result<Way, &'static str> {
    let guard = &network.guards[guard];
    if guard.policy.is_some() {
        return Err("a deadline or policy ends or repeats calls");
    }
    let way = Way { has_timeout: guard.timeout.is_some(), ..Way::default() };
    let mut walk = Walk { network, way, heres: BTreeMap::new() };
    walk.follow(guard.first, 1.0)?;
    Ok(walk.way)
}

struct Walk<'n> {
    network: &'n Network,
    way: Way,
    heres: BTreeMap<usize, Here>,
}

impl Walk<'_> {
    fn follow(&mut self, first: StepId, chance: f64) -> Result<(), &'static str> {
        self.heres.insert(first.index(), Here { chance, inside: Vec::new() });
        // Jumps only ever go forwards, so that all ways to a step have been followed before it.
        while let Some((at, mut here)) = self.heres.pop_first() {
            let step = self.network.steps[StepId::new(at)];
            match step {
                Step::End => {}
                Step::Jump { to } => self.arrive(to.index(), here),
                Step::Choose { choice } => {
                    let mut below = 0.0;
                    for (up_to, to) in &self.network.choices[choice].options {
                        let chance = (up_to - below).max(0.0);
                        self.arrive(to.index(), here.scaled(chance));
                        below = *up_to;
                    }
                }
                _ => {
                    self.step(step, &mut here)?;
                    self.arrive(at + 1, here);
                }
            }
        }
        Ok(())
    }

    fn arrive(&mut self, at: usize, here: Here) {
        if here.chance <= 0.0 {
            return;
        }
        let Some(there) = self.heres.get_mut(&at) else {
            self.heres.insert(at, here);
            return;
        };
        there.chance += here.chance;
        for (there, here) in there.inside.iter_mut().zip(here.inside) {
            there.1 += here.1;
            there.2 += here.2;
        }
    }

    fn step(&mut self, step: Step, here: &mut Here) -> Result<(), &'static str> {
        match step {
            Step::Call { .. } | Step::Occupy { .. } | Step::GiveWay { .. } => {}
            Step::Seize { visit, .. } => {
                let from = here.inside.last().map(|it| it.0);
                let service = self.network.visits[visit].service;
                here.inside.push((self.way.visits.len(), 0.0, 0.0));
                self.way.visits.push(Visit::begun(service, from, here.chance));
            }
            Step::Leave { .. } => {
                let (visit, own_s, own_s2) =
                    here.inside.pop().ok_or("it leaves what it is not in")?;
                self.way.visits[visit].ended(here.chance, own_s, own_s2);
            }
            Step::Delay { work, .. } => {
                self.delay(work, here);
                let cpu_s = self.mean_s(work) * here.chance;
                self.inside(here).cpu_s += cpu_s;
            }
            Step::Wait { work } => self.delay(work, here),
            Step::Compute { work, .. } => {
                let shared_s = self.mean_s(work) * here.chance;
                let visit = self.inside(here);
                visit.shared_s += shared_s;
                visit.cpu_s += shared_s;
            }
            Step::Access { access, .. } => self.access(access, here),
            Step::Transfer { .. } | Step::Vacate { .. } => {}
            Step::Read { .. } | Step::Move { .. } | Step::Free { .. } | Step::Again { .. } => {
                return Err("the disk has limits or a cache of its own");
            }
            Step::Borrow { .. } | Step::Return { .. } => {
                self.way.odd.get_or_insert("calls wait for connections");
            }
            Step::Lock { .. } | Step::Unlock { .. } => {
                self.way.odd.get_or_insert("requests wait for rows that others have locked");
            }
            Step::Fork { .. } => return Err("branches run in parallel"),
            Step::Look { .. } | Step::Fill { .. } => {
                return Err("a cache answers part of the calls");
            }
            Step::Send { .. } | Step::Spawn { .. } => return Err("work goes on after the answer"),
            Step::Infer { .. } => return Err("an accelerator serves several at a time"),
            Step::Guarded { .. } | Step::Due | Step::Ask { .. } => {
                return Err("a timeout, deadline or policy ends or repeats calls");
            }
            Step::Wake { .. } => return Err("cores fall asleep"),
            Step::Fail { .. } => return Err("calls fail by chance"),
            _ => return Err("it does what no closed form covers"),
        }
        Ok(())
    }

    fn mean_s(&self, work: WorkId) -> f64 {
        self.network.works[work].law.mean_ns() / 1e9
    }

    /// The innermost visit.
    fn inside(&mut self, here: &Here) -> &mut Visit {
        let innermost = here.inside.last().expect("steps stand inside of visits").0;
        &mut self.way.visits[innermost]
    }

    fn delay(&mut self, work: WorkId, here: &mut Here) {
        let law = &self.network.works[work].law;
        let (mean, cv2) = (law.mean_ns() / 1e9, law.cv2());
        let certain = here.chance;
        let exponential = matches!(law, Law::Exponential { .. }).then_some(mean);
        let (visit, m1, m2) = here.inside.last_mut().expect("steps stand inside of visits");
        *m2 += 2.0 * *m1 * mean + certain * (1.0 + cv2) * mean * mean;
        *m1 += certain * mean;
        let visit = &mut self.way.visits[*visit];
        // One exponential time that every visit takes; anything beside it makes it another law.
        visit.times += 1;
        let alone = visit.times == 1 && certain >= visit.visits * (1.0 - 1e-12);
        visit.exponential_s = exponential.filter(|_| alone);
    }

    fn access(&mut self, access: crate::network::AccessId, here: &Here) {
        let access = &self.network.accesses[access];
        let time_s = access.time.mean_ns() / 1e9 * access.misses.mean();
        let once = access.misses.count() == 1 && access.misses.mean() >= 1.0;
        let exponential = matches!(access.time, Law::Exponential { .. });
        let (chance, visit) = (here.chance, self.inside(here));
        visit.disk_exponential_s = (once && exponential && visit.disk_s == 0.0).then_some(time_s);
        visit.disk_s += chance * time_s;
    }
}

impl Here {
    fn scaled(&self, by: f64) -> Here {
        let inside = self.inside.iter().map(|it| (it.0, it.1 * by, it.2 * by)).collect();
        Here { chance: self.chance * by, inside }
    }
}

impl Visit {
    fn begun(service: ServiceId, from: Option<usize>, visits: f64) -> Visit {
        Visit {
            service,
            from,
            visits,
            own_s: 0.0,
            own_s2: 0.0,
            exponential_s: None,
            shared_s: 0.0,
            cpu_s: 0.0,
            disk_s: 0.0,
            disk_exponential_s: None,
            times: 0,
        }
    }

    /// From sums weighted with the chance to come by to means of one visit.
    fn ended(&mut self, chance: f64, own_s: f64, own_s2: f64) {
        self.own_s = own_s / chance;
        self.own_s2 = own_s2 / chance;
        self.shared_s /= chance;
        self.cpu_s /= chance;
        self.disk_s /= chance;
    }

    /// Whether nothing but the time of its own keeps the request in it.
    pub fn is_plain(&self) -> bool {
        self.shared_s == 0.0 && self.disk_s == 0.0
    }
}

/// The hosts of a service's instances, one for each.
pub(super) fn hosts_of(network: &Network, service: ServiceId) -> impl Iterator<Item = HostId> {
    network.services[service].instances.clone().map_ids().map(|it| network.instances[it].host)
}
