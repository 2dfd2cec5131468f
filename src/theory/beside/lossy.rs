//! A service that refuses requests or that they leave.

use super::flows::{Flows, Load};
use super::{Holds, Told, nothing};
use crate::ids::Id;
use crate::network::{ServiceId, UNLIMITED};
use crate::theory::erlang_a::ErlangA;
use crate::theory::{Mmck, erlang_b};

/// One station that refuses requests or that they leave, and nothing else to wait for.
pub(super) struct Lossy {
    service: ServiceId,
    load: Load,
    arrivals_per_s: f64,
    alone: bool,
}

impl Lossy {
    pub fn of(flows: &Flows) -> Option<Lossy> {
        let loses = |load: &Load| load.line_max != UNLIMITED || load.patience_s.is_some();
        let all = flows.network.services.ids();
        let mut lossy = all.filter_map(|it| Some((it, flows.load(it).filter(loses)?)));
        let (service, load) = lossy.next()?;
        let poisson = flows.classes.iter().all(|it| it.is_poisson() && it.way.odd.is_none());
        let single = flows.classes.iter().all(|it| it.way.visits.len() == 1);
        let alone = lossy.next().is_none() && poisson && single && flows.classes.len() == 1;
        Some(Lossy { service, arrivals_per_s: load.flow_per_s, load, alone })
    }

    pub fn told(&self, flows: &Flows) -> Vec<Told> {
        let name = &flows.names.services[self.service.index()];
        let Load { servers, line_max, own_s, exponential_s, instances, .. } = self.load;
        let plain = self.load.plain && self.load.in_order && self.load.ruled.is_none();
        if !self.alone || !plain || instances > 1 || servers == UNLIMITED {
            let why = "it refuses requests or they leave it, so that what reaches other parts is not known";
            return vec![nothing(name, why)];
        }
        let class = &flows.classes[0].name;
        let failed = format!("{class}.failure_ratio");
        let utilization = format!("{name}.utilization");
        let told = |method, because: &str, figures| {
            let part = name.clone();
            vec![Told { part, method, holds: Holds::Exactly, because: because.to_owned(), figures }]
        };
        if line_max == 0 && self.load.patience_s.is_none() {
            let refused = erlang_b(self.arrivals_per_s * own_s, servers);
            let busy = self.arrivals_per_s * own_s * (1.0 - refused) / f64::from(servers);
            let why = "Poisson arrivals, no line, times of any law";
            return told("Erlang B", why, vec![(failed, refused), (utilization, busy)]);
        }
        let line = format!("{name}.line");
        match (exponential_s, self.load.patience_s) {
            (Some(mean_s), Some(patience_s)) if line_max == UNLIMITED => {
                let Some(it) = ErlangA::new(self.arrivals_per_s, mean_s, servers, patience_s)
                else {
                    return vec![nothing(name, "a time is zero")];
                };
                let why = "Poisson arrivals, exponential times and patience";
                let figures = vec![
                    (failed, it.abandoned()),
                    (utilization, it.utilization()),
                    (line, it.in_line_mean()),
                ];
                told("Erlang A", why, figures)
            }
            (Some(mean_s), None) => {
                let Some(it) = Mmck::new(self.arrivals_per_s, mean_s, servers, line_max) else {
                    return vec![nothing(name, "a time is zero")];
                };
                let why = "Poisson arrivals, exponential times, a line of so many places";
                let figures = vec![
                    (failed, it.refused()),
                    (format!("{name}.waiting.mean"), it.waiting_mean_s()),
                    (utilization, it.utilization()),
                    (line, it.in_line_mean()),
                ];
                told("M/M/c/K", why, figures)
            }
            _ => vec![nothing(
                name,
                "its times are not exponential, or both its line and patience end",
            )],
        }
    }
}
