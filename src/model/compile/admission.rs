//! By what rules requests get a worker.

use super::*;
use crate::parts::discipline::Discipline;
use crate::parts::distribution::Distribution;
use crate::parts::policy::rate_limit::RateLimit as WrittenLimit;
use crate::parts::policy::shed::Shed as WrittenShed;

impl<'m> Compiler<'m> {
    /// None if whoever comes first is served first, whatever happens.
    pub(super) fn admission(&mut self, service: &'m Service) -> Option<AdmissionId> {
        let patience = self.patience(service);
        let admission = Admission {
            order: self.order(&service.discipline),
            patience,
            codel: service.codel,
            discard_expired: service.discard_expired,
            limits: service.rate_limits.iter().map(|it| self.rate_limit(it)).collect(),
            sheds: service.shed.iter().map(|it| self.shed(it, service)).collect(),
        };
        let plain = admission.order == Order::First
            && admission.patience.is_none()
            && admission.codel.is_none()
            && !admission.discard_expired
            && admission.limits.is_empty()
            && admission.sheds.is_empty();
        (!plain).then(|| self.network.admissions.push(admission))
    }

    fn class_names(&self) -> impl Iterator<Item = &'m str> + use<'m> {
        self.model.traffic.keys().map(String::as_str)
    }

    fn order(&self, discipline: &Discipline) -> Order {
        match discipline {
            Discipline::Fifo => Order::First,
            Discipline::Lifo => Order::Last { above: 0 },
            Discipline::AdaptiveLifo(it) => Order::Last { above: it.above },
            Discipline::Priority(it) => {
                let (of, count) = it.levels(self.class_names());
                Order::Levels { of, count, preemptive: it.preemptive }
            }
            Discipline::Fair(it) => {
                Order::Fair { weights: self.class_names().map(|name| it.weight(name)).collect() }
            }
            Discipline::ShortestFirst => Order::Shortest,
        }
    }

    fn patience(&mut self, service: &Service) -> Option<Patience> {
        if let Some(adaptive) = &service.adaptive_patience {
            let [long, short] =
                [adaptive.long, adaptive.short].map(|it| self.delay(DelayUse::Patience, it));
            return Some(Patience::Adaptive(long, short));
        }
        Some(match service.patience.as_ref()? {
            Distribution::Constant(span) => {
                Patience::Constant(self.delay(DelayUse::Patience, *span))
            }
            drawn => Patience::Drawn(drawn.law()),
        })
    }

    fn rate_limit(&self, limit: &WrittenLimit) -> RateLimit {
        RateLimit {
            bucket: limit.bucket(),
            shared: limit.shared,
            classes: self.class_names().map(|it| concerns(&limit.classes, it)).collect(),
        }
    }

    fn shed(&self, shed: &WrittenShed, service: &Service) -> Shed {
        let workers = service.connections.or(service.workers).unwrap_or(UNLIMITED);
        let share = |name| if concerns(&shed.classes, name) { shed.share } else { 0.0 };
        Shed { from: shed.from(workers), shares: self.class_names().map(share).collect() }
    }
}

/// Whether a list of classes, or none for all, holds a class.
fn concerns(classes: &[String], class: &str) -> bool {
    classes.is_empty() || classes.iter().any(|it| it == class)
}
