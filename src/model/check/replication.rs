//! Databases in a cluster: that there are standbys, and that reads are reads.

use super::*;
use crate::parts::balance::Balance;
use crate::parts::replication::{INSTANCES_MAX, Replication};

impl Checker<'_> {
    pub(super) fn replication(&self, service: &Service, findings: &mut Findings) {
        let Some(replication) = &service.replication else {
            if service.failover.is_some() {
                let rule = "nothing can take over: the instances are all alike";
                findings.wrong_at("failover", Code::E010, rule, "give \"replication\" too");
            }
            return;
        };
        if !(2..=INSTANCES_MAX).contains(&service.instances) {
            let rule = format!(
                "a primary and its standbys are from 2 to {INSTANCES_MAX} instances, not {}",
                service.instances
            );
            findings.wrong_at("instances", Code::E007, rule, "\"instances\": 2");
        }
        self.stays(service, findings);
        if let Some(failover) = &service.failover {
            let has_health = service.health.is_some();
            findings.inside("failover", |it| {
                failover.check(has_health, it);
                if replication.strict && !failover.fencing {
                    let rule =
                        "a strict primary that no standby follows answers no commit by itself";
                    it.wrong_at("fencing", Code::E010, rule, "leave it out");
                }
            });
        }
        findings.inside("replication", |it| {
            if !any_step(service, |step| matches!(step, Step::Commit(_))) {
                let rule = "nothing commits in this service, so there is nothing to replicate";
                it.wrong(Code::E010, rule, "add a { \"commit\": {} } step to what writes");
            }
            replication.check(service.instances, it);
            it.inside("reads", |it| self.reads(service, replication, it));
        });
        self.chooses_readers(service, replication, findings);
    }

    /// Who follows whom is settled among those that are there from the start.
    fn stays(&self, service: &Service, findings: &mut Findings) {
        if service.scaling.is_some() {
            let rule = "a primary and its standbys are a fixed number of instances";
            findings.wrong_at("scaling", Code::E010, rule, "leave it out");
        }
        let given = [
            ("deploy", service.deploy.is_some()),
            ("restart", service.restart.is_some()),
            ("reschedule", service.reschedule.is_some()),
        ];
        for (key, given) in given {
            if given {
                let rule = "what becomes of a primary and its standbys is for \"failover\" to say";
                findings.wrong_at(key, Code::E010, rule, "leave it out");
            }
        }
        if self.model.hosts.get(&service.hosts).is_some_and(|it| it.autoscaling.is_some()) {
            let rule = "these hosts come and go, and a primary and its standbys stay";
            findings.wrong_at("hosts", Code::E010, rule, "give it hosts of its own");
        }
    }

    /// Standbys take no writes.
    fn reads(&self, service: &Service, replication: &Replication, findings: &mut Findings) {
        for name in replication.reads.keys() {
            let Some(steps) = service.operations.get(name) else {
                let rule = format!("no operation is named \"{name}\"");
                let known = service.operations.keys().map(String::as_str);
                findings.wrong_at(name, Code::E008, rule, suggest(name, known));
                continue;
            };
            let mut writes = false;
            each_step(steps, &mut |step| {
                writes |= match step {
                    Step::Commit(_) | Step::Lock(_) => true,
                    Step::Disk(it) => it.disk.write.is_some(),
                    _ => false,
                };
            });
            if writes {
                let rule = "it commits, locks or writes, which only the primary can";
                findings.wrong_at(name, Code::E010, rule, "leave it out");
            }
        }
    }

    /// Callers choose among standbys, and they know the primary.
    fn chooses_readers(
        &self,
        service: &Service,
        replication: &Replication,
        findings: &mut Findings,
    ) {
        let rule = "callers do not choose the primary by how they fare with it";
        for (key, given) in [
            ("subset", service.subset.is_some()),
            ("outlier_ejection", service.outlier_ejection.is_some()),
        ] {
            if given {
                findings.wrong_at(key, Code::E010, rule, "leave it out");
            }
        }
        if service.balance.is_some() && replication.reads.is_empty() {
            let rule = "everything goes to the primary";
            findings.wrong_at("balance", Code::E010, rule, "say which \"reads\" standbys answer");
        } else if service.balance == Some(Balance::None) {
            let rule = "would never choose a standby";
            findings.wrong_at("balance", Code::E010, rule, "\"balance\": \"round_robin\"");
        }
    }
}
