//! Databases in a cluster: a primary and its standbys.

use super::*;
use crate::network::{Acknowledged, Failover, Readers};
use crate::parts::replication::{Mode, Readers as WrittenReaders};

impl<'m> Compiler<'m> {
    /// Once all services are there.
    pub(super) fn replications(&mut self) {
        for (i, (name, service)) in self.model.services.iter().enumerate() {
            let id = ServiceId::new(i);
            let Some(spec) = &service.replication else { continue };
            let acknowledged = match spec.mode {
                Mode::Async => Acknowledged::ByNobody,
                Mode::Sync => Acknowledged::ByAll,
                Mode::Quorum(count) => Acknowledged::By(count),
            };
            let failover = service.failover.as_ref().map(|it| Failover {
                detection: it.detection.as_ref().map(|it| it.law()),
                promotion: it.promotion.law(),
                coverage: it.coverage,
                unfenced: it.noticed.as_ref().map(|it| it.law()),
            });
            let replication = self.network.replications.push(Replication {
                service: id,
                acknowledged,
                reads: !spec.reads.is_empty(),
                patience: spec.patience(),
                apply: spec.apply,
                failover,
                key: key_of(&format!("{name} replication")),
            });
            self.network.services[id].replication = Some(replication);
        }
    }

    /// Who answers calls of an operation.
    pub(super) fn readers(&self, operation: &Operation) -> Readers {
        let replication = operation.spec.replication.as_ref();
        match replication.and_then(|it| it.reads.get(operation.name)) {
            None => Readers::Primary,
            Some(WrittenReaders::Standbys) => Readers::Standbys,
            Some(WrittenReaders::Any) => Readers::Any,
        }
    }

    /// The programs by which standbys take in what comes from the primary.
    pub(super) fn receivers(&mut self) {
        for id in self.network.instances.ids() {
            let service = self.network.instances[id].service;
            if self.network.services[service].replication.is_none() {
                continue;
            }
            let first = StepId::new(self.network.steps.len());
            let log = self.network.instances[id].log.as_mut().expect("checked: it commits");
            log.receive = first;
            for step in [Step::Commit { depth: 0 }, Step::Received { depth: 0 }] {
                self.network.steps.push(step);
                self.network.unwind.push(first);
            }
        }
    }
}
